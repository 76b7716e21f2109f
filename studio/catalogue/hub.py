"""What is said of the Hugging Face Hub: what it gives, and what it takes."""

HUB: dict[str, str] = {
    # What it gives.
    "hub.no_name": "“{name}” is no name of a dataset. It looks like user/name.",
    "hub.no_model_name": "“{name}” is no name of a model. It looks like owner/name.",
    "hub.no_dataset": "There is no dataset {name} on the Hub, or it is private. Check the spelling; for a "
    "private one, enter your Hub token.",
    "hub.no_model": "There is no model {name} on the Hub, or it is private. Check the spelling; for a "
    "private one, enter your Hub token.",
    "hub.gated": "{name} is gated. Ask for access at {page}, then enter your Hub token.",
    "hub.not_given": "The Hub does not give {name} to you. Enter a Hub token that may read it.",
    "hub.token_refused": "The Hub does not accept the token. Make a new one at {page}.",
    "hub.no_revision": "{name} has no revision “{revision}”.",
    "hub.unreadable": "{name} cannot be read ({kind}: {fault:clause}). Try again: what was fetched is kept.",
    "hub.answers": "The Hub answers {status} for {name}. Try again: what was fetched is kept.",
    "hub.wait": "The Hub asks to wait, because there were too many requests. Try again in some minutes: "
    "what was fetched is kept.",
    "hub.out_of_reach": "The Hub cannot be reached at {address}. Is this Mac online? Try again: what was "
    "fetched is kept.",
    "hub.slow": "The Hub at {address} takes too long to answer. Try again: what was fetched is kept.",
    "hub.offline": "{name} cannot be had while the Hub is switched off by HF_HUB_OFFLINE. Unset it, and try "
    "again.",
    "hub.moved": "{name} is called {now} on the Hub by now.",
    "hub.no_file": "{name} has no file {file}. Of GGUF files there are: {names}.",
    "hub.several_files": "{name} holds several GGUF files; choose one of them: {names}.",
    "hub.no_weights": "{name} has no weights as safetensors or GGUF. Others, which can hold code, are not "
    "read here: look for a version in safetensors.",
    "hub.unknown_kind": "{name} is of the kind {kind}, and mlx-lm has no such family, so that it cannot be "
    "used here.",
    "hub.no_space": "{name} needs {needed}, and the disk of {folder} has {free} free. Make room, or set "
    "HF_HOME to a folder on another disk.",
    "hub.corrupt": "{file} of {name} came damaged twice: its checksum is not what the Hub says. What is "
    "whole is kept; try again later, or over another network.",
    "hub.fetched_elsewhere": "{name} is being downloaded by another program on this Mac. Wait for it, then "
    "try again.",
    "hub.not_searched": "The Hub could not be searched. Try again.",
    "hub.not_looked_up": "{name} could not be looked up. Try again.",
    "hub.not_downloaded": "{name} could not be downloaded. Try again: what was fetched is kept.",
    "hub.ended": "The Hub's process ended without a word; perhaps the memory or the disk was full. Try "
    "again: what was fetched is kept.",
    # What it takes.
    "upload.no_name": "“{name}” is not a name on the Hub. Name it as owner/name.",
    "upload.refused_name": "“{name}” is not a name on the Hub: {fault:clause}.",
    "upload.no_token": "There is no token for the Hub. Make one with the right to write at {page}.",
    "upload.token_refused": "The Hub does not accept the token. Make a new one with the right to write at "
    "{page}.",
    "upload.may_not_write": "The token may not write to {name}. Give it that right for {owner} at {page}.",
    "upload.not_made": "The Hub has no {name}, and it could not be made. Check the name.",
    "upload.wait": "The Hub asks to wait, because there were too many requests. Upload again in some "
    "minutes.",
    "upload.refused": "The Hub refused the upload ({status}): {fault:clause}.",
    "upload.offline": "The Hub is switched off by HF_HUB_OFFLINE. Unset it, and upload again.",
    "upload.out_of_reach": "The Hub cannot be reached ({fault}). Check the network, and upload again; "
    "nothing is lost.",
}
