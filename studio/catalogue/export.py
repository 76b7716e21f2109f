"""What is said of taking a run's result elsewhere, and of bringing an adapter from elsewhere."""

EXPORT: dict[str, str] = {
    "export.nothing_trained": "{title} has nothing that was trained. Export a run.",
    "export.taken": "{folder} is not empty (it holds {name}). Name another folder.",
    "export.no_one_adapter": "This result is a chain of {count} adapters, one of them of {kind}, and no "
    "single adapter does the same. Export it as a whole model.",
    "export.other_answers": "What was written answers unlike the run's model (its logits are off by "
    "{difference:.2%}), so it was thrown away. Try a whole model; and please report this.",
    "export.unreadable": "What was written cannot be read back ({fault}), so it was thrown away. Please "
    "report this.",
    "export.requantized": "Quantizing the weights again loses {lost:.1%} of what the run learned.",
    "export.dequantized": "Quantizing the weights again would lose {lost:.1%} of what the run learned, "
    "so they are de-quantized, and larger. Ask for quantized weights to have them all the same.",
    "export.rounded": "Rounding the weights moves the logits by {lost:.1%} of what the run changed in them.",
    "export.merged": "{count} adapters that the run is made of were merged into one.",
    "export.peft_full": "This run trained the model's own weights, which no adapter holds. Export it as "
    "a whole model.",
    "export.peft_experts": "PEFT's LoRA has no form for the experts of a mixture ({name}). Export it as "
    "a whole model.",
    "export.peft_dora_table": "DoRA on embeddings ({name}) is another thing in PEFT. Export it as a "
    "whole model.",
    "export.peft_names": "Transformers has no layer called {name} in this model, so a PEFT adapter "
    "could not be read. Export it as a whole model.",
    "export.peft_base": "The base is quantized in MLX's own form, which transformers cannot read. Load "
    "the adapter onto the original in 16 bits: its answers will be near, not the same.",
    "export.gguf_family": "GGUF files are written for {names}, and this model is of the family {kind}. "
    "Export it as a whole model, which llama.cpp's own convert_hf_to_gguf.py may know.",
    "export.gguf_rope": "How this model scales positions ({kind}) has no form in the GGUF files written "
    "here. Export it as a whole model.",
    "export.gguf_tokenizer": "The tokenizer in {folder} ({kind}) has no form in the GGUF files written here "
    "in which llama.cpp would make the same tokens of a text, and other ones give bad answers. Export a "
    "whole model, and convert that with llama.cpp's own convert_hf_to_gguf.py.",
    "export.gguf_scale": "This model divides its attention's scores by the root of {wanted:g}, and "
    "llama.cpp takes {known:g} for every model of its size, so its answers would be others. Export it as a "
    "whole model.",
    "export.gguf_chats": "llama.cpp reads conversations with slightly other tokens than this model's own "
    "tokenizer (a space or a first token more or less), so its answers may be a little worse there.",
    "export.gguf_texts": "llama.cpp reads conversations with the model's own tokens, and plain text without "
    "the space that the model's own tokenizer puts before it.",
    "export.gguf_array": "GGUF has no name for the array {name} of {kind} models. Export it as a whole "
    "model.",
    "export.gguf_apart": "The array {name} was not stored as it is (off by {apart:.1%}), so the file "
    "was thrown away. Try to store it otherwise.",
    "export.no_quantizer": "Only llama.cpp's llama-quantize makes GGUF files of this type, and it is not "
    "installed here. Install it (brew install llama.cpp), or choose f16, bf16, q8_0 or q4_0.",
    "export.program": "{name} could not do its part ({fault}).",
    "export.ollama_name": "Ollama takes no model by the name {name!r}. Use letters, digits, dots and dashes, "
    "as in my-model:v1.",
    "export.only_ollama": "Only what is exported for Ollama can be created in it as {name}.",
    "export.ollama_none": "Ollama is not installed here, so nothing was created in it. Install it from "
    "ollama.com, then: ollama create {name} -f Modelfile, in the folder that was written.",
    "export.ollama_created": "Ollama has it as {name}. Asked {question!r} it answered: {answer}",
    "export.ollama_failed": "Nothing is in Ollama under {name}, or it does not answer: {fault} The files are "
    "complete; start Ollama and create it by hand: ollama create {name} -f Modelfile.",
    "export.ollama_form": "The model's chat template does more than Ollama's can be told here, so the "
    "Modelfile names none, and Ollama takes what it knows of the family. Compare `ollama show "
    "--template` with the model's own before you rely on it.",
    "export.ollama_no_system": "The model was made without system prompts, so Ollama leaves out any that it "
    "is given.",
    "export.template": "The run was trained with {template}, and what was written does not say so: ask "
    "it in the same form elsewhere.",
    "export.quantized_here": "The run trained on a copy of the model that was quantized to {bits} bits "
    "here. On the original the adapter answers a little otherwise; the whole model is exact.",
    # Adapters from elsewhere.
    "import.none": "{folder} holds no adapter: it has no adapter_config.json. Name the folder that PEFT "
    "saved.",
    "import.kind": "The adapter in {folder} is of the kind {kind}, and only PEFT's LoRA (with its "
    "rank-stabilized form and DoRA) is brought in. An adapter of mlx-lm's needs no import: name it as "
    "base.adapter.",
    "import.no_weights": "{folder} has no {file}. Save the adapter as safetensors; pickled files are "
    "not read, as they can run code.",
    "import.setting": "The adapter in {folder} uses {name}, which has no form here. Merge it into its "
    "model with PEFT's merge_and_unload(), and train that model.",
    "import.changed_base": "The adapter in {folder} began with {start}, which changes the base model as "
    "well, so the adapter alone is not enough. Convert it with PEFT's "
    "path_initial_model_for_weight_conversion, or merge it into its model.",
    "import.array": "The adapter in {folder} holds an array that is none of LoRA's: {name}.",
    "import.no_layer": "The adapter in {folder} does not fit this model: there is no layer {name} of "
    "that shape. Name the model that it was trained on with --model.",
    "import.config": "The adapter in {folder} is damaged ({fault}). Save or download it again.",
    "import.tied": "This model's embeddings are its head, too, and the adapter in {folder} changes only "
    "one of the two. Merge it into its model with PEFT's merge_and_unload(), and train that model.",
    "import.empty": "The adapter in {folder} changes no layer.",
    "import.no_model": "There is no model at {base}, which the adapter in {folder} was trained on. Name "
    "its folder with --model.",
}
