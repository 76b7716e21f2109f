"""Why a model, its weights, its tokenizer or an adapter cannot be used, and what a model cannot take."""

MODELS: dict[str, str] = {
    # The folder and its config.json.
    "model.missing": "There is no model at {folder}. Choose a folder with config.json and *.safetensors.",
    "model.file": "{folder} is a file. Choose the folder that holds config.json and *.safetensors.",
    "model.gguf": "{folder} is a GGUF file, which cannot be trained as it is. Convert it first: in Models, "
    "or by studio models convert {folder}",
    "model.no_config": "{folder} is not a model folder: it has no config.json.",
    "model.no_type": "{file} does not name a model_type, so we cannot tell what kind of model it is.",
    "model.no_width": "The model's config.json does not say its hidden_size.",
    "model.config_unclear": "config.json in {folder} cannot be understood ({fault}). Download the model "
    "again.",
    "model.own_code": "The model in {folder} is built by code of its own ({code}), which is not run here. "
    "Choose a model of a family that mlx-lm has.",
    "model.unknown_kind": "The model in {folder} is of the kind {kind}: mlx-lm has no such family, so that "
    "it cannot be trained or asked here. Choose another model.",
    "model.gaps": "config.json in {folder} does not say {names}, which mlx-lm's model of the kind {kind} "
    "needs. Take the config.json that it was published with.",
    "model.unread": "config.json in {folder} says {key} = {value}, which mlx-lm's model of the kind {kind} "
    "does not read: it would be trained as another model than it is. Choose another model.",
    "model.unread_head": "config.json in {folder} says tie_word_embeddings = True, and a tied head of a "
    "minicpm3 has its logits divided by hidden_size / dim_model_base ({size} / {base}), which mlx-lm leaves "
    "out: it would be trained as another model than it is. Choose another model.",
    "model.not_built": "The model in {folder} cannot be built as its config.json says ({fault}). Download "
    "the model again.",
    "model.download_again": "Download the model again.",
    "model.not_loaded": "The model in {folder} could not be loaded: {fault}",
    # Weights.
    "weights.missing": "{folder} has no weights: no model*.safetensors. Download the model as safetensors.",
    "weights.other_format": "{folder} has no weights: no model*.safetensors. It has {file}, which MLX cannot "
    "train. Download the model as safetensors.",
    "weights.adapter": "{folder} holds an adapter, not a model. Choose the folder of the model that it was "
    "made for.",
    "weights.twice": "{folder} holds {name} in two weight files, one of them {file}: one does not belong to "
    "this model. Remove it, or download the model again into an empty folder.",
    "weights.empty": "{file} holds no weights. Download the model again.",
    "weights.damaged": "{file} is damaged: it is no safetensors file. Download the model again.",
    "weights.cut_short": "{file} is cut short: {there:,} of {whole:,} bytes are there. Download the model "
    "again.",
    "weights.not_file": "{file} is not a file. Download the model again.",
    "weights.pointer": "{file} is a Git LFS pointer: the file itself was not downloaded. Run `git lfs pull` "
    "in that folder, or download the model again.",
    "weights.incomplete": "{folder} is incomplete: of its {count:,} weight files {found} are there. Download "
    "the model again.",
    "weights.index": "{index} cannot be read: it does not say which file holds which weights. Download the "
    "model again.",
    "weights.one_missing": "{folder} is incomplete: {name} is missing. Download the model again.",
    "weights.more_missing": "{folder} is incomplete: {name} and {more} more are missing. Download the model "
    "again.",
    "weights.packed": "The weights in {folder} are packed by {library} (such as {name}), which cannot be "
    "trained or read here. Choose the model they were made from, with weights in 16 or 32 bits: Quantize "
    "makes them 4 or 8 bits here.",
    "weights.floats8": "The weights in {folder} are in 8-bit floats ({dtype}) (such as {name}), which cannot "
    "be trained or read here. Choose the model they were made from, with weights in 16 or 32 bits: Quantize "
    "makes them 4 or 8 bits here.",
    "weights.other_kind": "The weights in {folder} are not those of a {kind} as mlx-lm builds it from "
    "config.json ({fault}). Download the model again, or choose another.",
    "weights.other_shape": "{reason} ({fault})",
    "weights.corrections": "The weights in {folder} correct the choice of experts ({name}), which mlx-lm's "
    "{kind} leaves out: it would be trained as another model than it is. Choose another model.",
    # The models on this machine.
    "library.unreadable": "{place} cannot be looked into: {fault}",
    "library.manifest": "{file} cannot be read as a manifest of Ollama's: its model is left out.",
    "library.incomplete": "{name} was not downloaded to its end. Download it again: what is here is kept.",
    "library.ships": "The starter ships with the app, and stays.",
    "library.of_ollama": "{name} is Ollama's, which knows what else uses its files. Delete it there: "
    "ollama rm {name}",
    "library.elsewhere": "{place} is in none of the folders that models are kept in, so it is not deleted "
    "from here. Delete it in the Finder.",
    "library.gone": "{place} is gone already. Look for models again.",
    "library.damaged": "The cache of the Hub is damaged at {place}, so nothing is deleted there from here. "
    "Delete that folder in the Finder.",
    "library.in_use": "{name} is the model of the run {run}, which is at work. Stop the run, or wait until "
    "it has ended.",
    "library.not_here": "{name} is not on this machine. Download it: studio models download {name}",
    "library.unknown": "There is no model called {name} on this machine. See which there are: studio models "
    "list",
    "library.several": "{name} names several models: {names}. Name its folder instead.",
    # Models made into another form.
    "convert.no_form": "Say what to make of {name}: --bits 4 (or 2, 3, 6, 8) quantizes its weights, and "
    "--plain de-quantizes them.",
    "convert.no_room": "The model needs {needed:,} MB at {path}, and {free:,} MB are free. Free some space, "
    "or choose another folder.",
    "convert.worse": "Its loss on ordinary text rose from {before:.2f} to {after:.2f}: it may answer worse. "
    "More bits, or smaller groups, keep more.",
    "convert.other_weights": "What was written to {folder} is not what is read there. Nothing was kept: see "
    "to the disk, and try again.",
    "convert.same": "The model in {folder} is as asked for already. Choose other bits.",
    # Quantizing.
    "quantize.bits": "The mode {mode} has {fixed} bits, not {bits}. Change one of them.",
    "quantize.impossible": "This model cannot be quantized here ({fault}). Set Quantize to no.",
    "quantize.groups": "No layer of this model can be quantized in groups of {size}: no width is a multiple "
    "of that. Choose a smaller group size, or set Quantize to no.",
    # Tokenizers.
    "tokenizer.no_folder": "There is no model folder at {folder}. Choose the folder that holds config.json.",
    "tokenizer.unreadable": "The tokenizer in {folder} cannot be read: {fault}",
    "tokenizer.slow": "The tokenizer in {folder} is of the slow kind. Add the model's tokenizer.json.",
    "tokenizer.missing": "{folder} holds no tokenizer (no tokenizer.json). Download the model again, whole.",
    "tokenizer.own_code": "The tokenizer in {folder} is made by code of its own (auto_map in "
    "tokenizer_config.json), which is not run here. Add a tokenizer.json, as other forms of a model have, or "
    "choose another.",
    # Who competes, where models are compared.
    "contestant.unknown": "There is no contestant called {key}. Name base, tuned, tuned@500 (the checkpoint "
    "of step 500), tuned*0.5 (half its strength), parent, run:NAME, model:FOLDER "
    "server:ADDRESS#MODEL or mix:tuned*0.5,run:NAME*0.5 (two adapters by weight).",
    "contestant.twice": "{key} is named twice. Name each contestant once.",
    "contestant.server": "{key} is a server, and here only models can be asked whose weights are on this "
    "computer. Leave it out, or let it compete in an evaluation.",
    "contestant.not_training": "{run} is not training at this moment. Ask its result, or one of its "
    "checkpoints.",
    "contestant.other_base": "{key} is of adapters on different models, or on one in different forms. Only "
    "adapters on the same weights can be mixed.",
    "contestant.not_mixed": "{key} cannot be mixed: {name} trained the model's own weights, or layers that "
    "take no part in a mix. Mix LoRA or DoRA adapters.",
    "contestant.no_run": "{key} is part of a run, and no run is named. Name one, or a model by its folder: "
    "model:FOLDER.",
    "contestant.no_model_name": "The server at {server} needs the name of its model. Write it behind the "
    "address: server:{server}#NAME.",
    "contestant.no_checkpoint": "The run {run} has no checkpoint of step {step:,}. It has {there}.",
    "contestant.not_original": "{key} without its adapters is not the model in {folder} any more: what it "
    "was compared with would be another. Open the models again, and report this.",
    "preset.unknown": "There is no preset called {name}. There are {names}.",
    "preset.no_name": "Give the preset a name of at most {most} characters.",
    "preset.built_in": "{name} comes with Tuning Studio and stays as it is. Take another name.",
    # Adapters, and the layers they go on.
    "adapter.none": "{folder} holds no adapter yet: train the run to its first checkpoint.",
    "adapter.does_not_fit": "The adapter in {folder} does not fit this model: {fault}",
    "adapter.no_tensor": "the model has no {name}.",
    "adapter.other_shape": "{name} is {shape}, and in the model {mine}.",
    "arrays.unnamed": "{file} holds no named arrays",
    "arrays.not_finite": "{name} in {file} holds NaN or infinity, which no training leaves there",
    "adapter.second": "This model bears an adapter already. Open the model again, and start from there.",
    "adapter.not_carried": "No run can go on from an adapter on {name}, which this family makes in a way of "
    "its own. Start from the model itself.",
    "adapter.needs_parents": "The adapter in {folder} was trained on top of others than are here (it names "
    "{count} in {config}). Its run keeps them in parents/: name the run, or the run's folder, instead.",
    "adapter.full_on_quantized": "What was trained in {folder} are the model's own weights, and those of a "
    "quantized model cannot be replaced. Set Quantize to no, or choose the model that is not quantized.",
    "adapter.dora_experts": "DoRA cannot go on {name}: it is a mixture of experts. Choose LoRA, or name "
    "other layers as Targets.",
    "adapter.dora_joined": "DoRA cannot go on {name}: it is several layers in one. Choose LoRA, or name "
    "other layers as Targets.",
    "adapter.quantized": "The weights of a quantized model cannot be trained themselves. Choose the method "
    "LoRA, or a model that is not quantized.",
    "layers.unknown": "This model has no linear layer called {name}. It has {names}.",
    "layers.no_embeddings": "This model's embeddings could not be found. Switch Embeddings and Head off.",
    # What a model cannot take.
    "model.token_beyond": 'The token "{token}" has the id {id:,}, but the embedding of this model has '
    "{vocabulary:,} rows and its tokenizer {tokens:,} tokens; they do not belong together: choose the model "
    "that the tokenizer was made for, or take the token out of the rows.",
    "prompt.typed_text": "the prompt contains {marks}, read as text here, not as the model's control token",
    "prompt.typed_tokens": "the prompt contains {marks}, read as the model's control token here, not as text",
    "model.prompt_beyond": "the prompt has {tokens:,} tokens, and the model's context {context:,}; it cannot "
    "follow all of it: shorten the prompt",
    "model.prompts_beyond": "{prompts:,} prompts are longer than the model's context of {context:,} tokens "
    "(the longest has {tokens:,}); it cannot follow them: shorten them",
    "model.answer_beyond": "the prompt has {tokens:,} tokens and the answer may have {answer:,}, more "
    "together than the model's context of {context:,}; what it says beyond is not to be relied on: shorten "
    "the prompt or the answer",
    "model.positions": "The prompt and its answer ({tokens:,} tokens and up to {answer:,}) do not fit into "
    "the {context:,} positions that this model has: shorten the prompt or the answer.",
}
