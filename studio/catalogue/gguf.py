"""Why a GGUF file is not made into a model that can be trained, and what was left out where it is."""

GGUF: dict[str, str] = {
    # The file.
    "gguf.gone": "{file} is not there any more. Look for models again.",
    "gguf.not_one": "{file} is no GGUF file. Choose a .gguf file, or a folder with config.json and "
    "*.safetensors.",
    "gguf.damaged": "{file} is damaged: what it says before its weights cannot be read. Download it again.",
    "gguf.version": "{file} is GGUF of version {version}, and versions 2 and 3 are read. Download a newer "
    "file of this model.",
    "gguf.other_order": "{file} is made for computers that store numbers the other way round. Download the "
    "usual file of this model.",
    # Its parts.
    "gguf.parts_missing": "{file} is one of {count:,} parts, and {name} is missing beside it. Download all "
    "parts into one folder.",
    "gguf.parts_unnamed": "{file} is one of {count:,} parts and is not called as they are "
    "(…-00001-of-{count:05}.gguf). Give the parts their names back.",
    "gguf.part_of_another": "{file} is not a part of the same model as {first}. Download all parts again "
    "into one folder.",
    # What it holds.
    "gguf.projector": "{file} is the part of a model that sees images, not the model itself. Choose the file "
    "beside it that has no mmproj in its name.",
    "gguf.no_model": "{file} holds no model ({kind}). Choose the model's own file.",
    "gguf.family": "{file} holds a model of the kind {kind}. GGUF files are made trainable of {names}. "
    "Download this model as safetensors.",
    "gguf.experts": "{file} holds a mixture of {count} experts. GGUF files are made trainable of {names}, "
    "without experts. Download this model as safetensors.",
    "gguf.kind": "{file} stores {name} in a way that cannot be read here ({kind}). Choose another "
    "quantization of the model: Q8_0, or F16.",
    "gguf.array": "{file} holds {name}, which a {kind} model of transformers has no place for. Download this "
    "model as safetensors.",
    "gguf.array_missing": "{file} has no {name}, which this model needs. Download it again.",
    "gguf.value_missing": "{file} does not say {name}, which this model needs. Download a newer file of it.",
    "gguf.rope": "{file} scales positions in a way that has no form here ({kind}). Download this model as "
    "safetensors.",
    "gguf.tokenizer": "{file} has a tokenizer of the kind {kind}, and BPE (gpt2) and SentencePiece (llama) "
    "are read. Download this model as safetensors.",
    "gguf.split_text": "{file} splits text in a way that is not known here (tokenizer.ggml.pre is {kind}), "
    "and a wrong one gives wrong tokens. Download this model as safetensors, or a newer file of it.",
    # Its conversion.
    "gguf.no_room": "The model needs {needed:,} MB at {folder}, and {free:,} MB are free. Free some "
    "space, or choose another folder.",
    "gguf.taken": "{folder} is not empty (it holds {name}). Choose another folder for the model.",
    "gguf.not_whole": "{file} does not make a whole model. {reason}",
    "gguf.beyond_half": "{file} holds numbers in {name} that float16 cannot hold. Choose bfloat16 as "
    "precision.",
    "gguf.tokens": "The vocabulary in {file} is damaged ({fault}). Download it again.",
    # What the folder lacks.
    "gguf.no_template": "The file has no chat template, so the form of its conversations is not known. "
    "Choose one as the recipe's chat template.",
    "gguf.go_template": "The file itself has no chat template: Ollama keeps one beside it in a form of its "
    "own (see `ollama show --template`), which is not brought along. Choose the same as the recipe's chat "
    "template.",
    "gguf.rounded": "The file stored {bits:.1f} bits a weight: the weights are no more exact than that here. "
    "Where the original can be had as safetensors, train that.",
}
