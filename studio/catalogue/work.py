"""Why the disk or a server did not do as asked, and nothing can be compared, foreseen or generated."""

WORK: dict[str, str] = {
    # The disk.
    "disk.full": "The disk is full ({free:,} MB free): {path} could not be written. Free some space and try "
    "again; what was saved before is intact, and a run can be resumed.",
    "file.newer": "{file} is of version {written}, and this app reads up to version {known}: a newer Tuning "
    "Studio wrote it. Update the app, or move the file away. It was left as it is.",
    "file.not_ours": "it is of another kind",
    "disk.low": "Only {free:,} MB are free where {path} lies, and a run keeps {least:,} MB free. Free some "
    "space and try again.",
    "disk.low_while_training": "The disk is nearly full.",
    "disk.paused": "The disk is nearly full ({free:,} MB free), so the run has paused. {saved} Free some "
    "space, then resume: it goes on as if it had never stopped.",
    "disk.paused_saved": "It is saved at step {step:,}.",
    "disk.paused_at_last": "There was no room to save step {step:,}: it goes on from step {last:,}.",
    "disk.paused_at_start": "Nothing was saved yet: it begins again.",
    "disk.no_room": "{what} takes {needed:,} MB, and {free:,} MB are free where {path} lies. Free some "
    "space, or choose a place on another disk.",
    "disk.prefix_cache": "The prefix cache",
    "disk.export": "This export",
    "disk.no_leave": "{path} may not be written. Choose another place (on the command line with --home).",
    "disk.file_there": "{path} cannot be made: {file} is a file, and a folder is needed there. Choose "
    "another folder; --home moves all of the app's own.",
    "disk.folder_gone": "{path} could not be written: its folder is gone or cannot be made. Put it back "
    "where it was, or choose another.",
    "disk.unreadable": "{file} cannot be read ({fault}).",
    "disk.no_json": "{file} cannot be read ({fault}).{advice}",
    "disk.advice": " {advice}",
    "disk.no_object": "{file} cannot be read (it holds no object).{advice}",
    "disk.no_trash": "{path} cannot be moved to the Trash ({fault}).",
    "disk.no_proof": "{file} is damaged ({fault}), so nothing proves what lies beside it.",
    "disk.changed": "{file} is not as it was written: its checksum differs. Restore it from a copy.",
    "target.same": "{target} is the same as {source}, which is read for this, and a source is never touched. "
    "Choose another place.",
    "target.holds": "{target} holds {source}, which is read for this, and a source is never touched. Choose "
    "another place.",
    "target.inside": "{target} lies in {source}, which is read for this, and a source is never touched. "
    "Choose another place.",
    # Comparing.
    "compare.nothing": "There is nothing to compare on: the run has no validation or test examples and no "
    "golden set. Choose a golden set, or train with a validation share above 0.",
    "questions.missing": "There are no questions at {file}. Choose a file that exists.",
    "questions.unreadable": "The questions {file} cannot be read: {fault}. Choose a .jsonl file.",
    "questions.empty": "The file of questions {file} is empty. Give it lines like {wanted}.",
    "questions.no_row": "Line {line} of {file} is not a question of this kind; it must be {wanted}.",
    "prompts.no_text": "{file} is not UTF-8 text. Choose a text with one prompt in a line, or a .jsonl file.",
    "prompts.not_kept": "Write a prompt of at most {most:,} characters into the field, then keep it.",
    "prompts.empty": "{file} is empty. Give it one prompt in a line.",
    "prompts.no_row": 'Row {line} of {file} asks nothing. Give it a "prompt", or "messages" in which a user '
    "asks.",
    "golden.missing": "There is no golden set at {file}. Choose a file that exists.",
    "golden.no_text": "The golden set {file} is not UTF-8 text. Choose a .jsonl file.",
    "golden.unreadable": "The golden set {file} cannot be read: {fault}.",
    "golden.empty": 'The golden set {file} is empty. Give it lines like {{"prompt": "…", "ideal": "…"}}.',
    "golden.no_pair": 'Line {line} of {file} is not a golden pair; it must be {{"prompt": "…", '
    '"ideal": "…"}}.',
    # Foreseeing.
    "forecast.other_layers": "This family keeps its layers in a way of its own.",
    "forecast.no_layers": "The model's config.json does not say how many layers it has.",
    "forecast.takes": "This run takes {peak} of memory, and this machine gives {limit}. {advice}",
    "forecast.would_take": "This run would take about {peak} of memory, and this machine gives {limit}. "
    "{advice}",
    "forecast.any_change": "Any one of these makes it fit: {changes}",
    "forecast.smaller_model": "Choose a smaller model.",
    # Servers and their keys.
    "key.no_address": "No key can be kept for this address: {fault}.",
    "key.not_kept": "The keychain took no key ({fault}). Set {variable} instead.",
    "key.none": "The API key cannot be one: character {place} of {length} is {what}, and keys are made of "
    "plain letters, digits and signs. Copy the key again.",
    "key.character": "“{character}”",
    "key.space": "white space",
    "address.none": "it is none",
    "address.white_space": "it holds white space",
    "address.no_scheme": "a server's address begins with http:// or https://",
    "address.no_host": "it names no host",
    "address.password": "an address with a password would be written down; use the API key instead",
    "address.query": "an address with a query (what follows a ?) would be written down, and a key in it, "
    "too; end it before that, and use the API key instead",
    "server.no_address": "The server cannot be asked at this address: {fault}.",
    "server.no_reply": "The server at {server} gave no reply in {attempts} attempts: {fault}. What was made "
    "is kept; go on when it works again.",
    "server.answered": "it answered {status}{reason}",
    "server.too_slow": "it took longer than {seconds} seconds",
    "server.closed": "it closed the connection",
    "server.endless": "it sends from one address to the next without an end",
    "server.no_completion": "its reply is not an OpenAI chat completion",
    "server.elsewhere": "The server at {server} sends what is asked on to another one, {where}; nothing was "
    "sent there. If you trust it, enter that address.",
    "server.too_large": "The server at {server} sends more than {size} as one reply, which was broken off. "
    "Is this the address of a model?",
    "server.silent": "Nothing answers at {server}. Is the server running, and is this its address?",
    "server.out_of_reach": "No way leads to {server}. Is it on, and in the same network? On a Mac, Tuning "
    "Studio (for a command, the terminal) must be allowed to use that: System Settings, Privacy & Security, "
    "Local Network. Then try again.",
    "server.impossible": "{server} cannot be asked ({fault}). Check the address.",
    "server.key_refused": "The server at {server} did not take the key{reason}. Enter its API key again."
    "{more}",
    "server.no_key_sent": " None was sent: the one in {key} goes to the address in {address}, or to one that "
    "is typed with it; `studio data key` keeps one for an address.",
    "server.no_model": "The server at {server} knows no model “{model}”, or the address is not whole (most "
    "end in /v1){reason}.",
    "server.refused": "The server at {server} refused with {status}{reason}.",
    # Generating rows.
    "synth.no_state": "A made row is {states}; not {state}.",
    "synth.edited_empty": "An edited row needs a prompt and an answer. Reject it if there is none.",
    "synth.none_accepted": "None of the rows is accepted yet. Accept some first.",
    "synth.none_accepted_in": "No row in {folder} is accepted yet. Accept some first.",
    "synth.other_plan": "{folder} holds rows that were made in another way. Choose a new folder.",
    "synth.damaged": "{file} is damaged ({fault}).",
    "synth.missing": "{folder} holds no made rows: it has no making.json.",
    "synth.busy": "Rows are being made in {folder} already. Stop that first.",
    "synth.no_row": "There is no row {row} in {folder}.",
    "synth.no_examples": "“{title}” needs examples: a dataset with requests and answers. There is nothing to "
    "start from.",
    "synth.no_passages": "“{title}” needs documents to take passages from. There is nothing to start from.",
    "synth.neither": "“{title}” needs examples with answers, or documents. There is nothing to start from.",
    "synth.not_both": "“{title}” needs examples with questions, and documents that answer them. There is "
    "nothing to start from.",
    "synth.no_seeds": "“{title}” needs a few examples to show the model. There is nothing to start from.",
    "synth.unconfirmed": "Nobody on this machine has asked for what {folder} would do: it sends the text of "
    "{files} to {server}: {names}. If you want that, confirm the server.",
}
