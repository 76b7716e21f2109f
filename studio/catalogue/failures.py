"""What is said of failures of libraries and of the system, and of what can be done about a failure."""

FAILURES: dict[str, str] = {
    "failure.unknown": "Something failed in a way that Tuning Studio does not know ({kind}: {words}). What "
    "was saved before is kept; the whole story is in the log.",
    "failure.said": "{words}",
    "failure.silent": "without a word",
    "failure.a_file": "a file",
    # Memory and the GPU.
    "failure.array_too_large": "One array would take {size}, and the GPU takes {most} at once at most. "
    "Choose a smaller Max length, Tokens at once or Batch.",
    "failure.too_many_arrays": "The GPU holds {most} arrays at most, and the work needed more. Choose a "
    "smaller Batch or Tokens at once, or train fewer Layers.",
    "failure.gpu_hang": "The GPU hung, and macOS began it afresh. Go on from the last checkpoint; if it "
    "happens again, choose a smaller Tokens at once, and update macOS.",
    "failure.gpu_disturbed": "The GPU was begun afresh, because of another program or of what ran there "
    "before, and this work was lost with it. Go on from the last checkpoint.",
    "failure.no_gpu": "macOS offers no GPU here, as in a virtual machine or a session without a screen. "
    "Start Tuning Studio on the Mac itself.",
    "failure.no_metallib": "MLX does not find its programs for the GPU (mlx.metallib): the installation is "
    "not whole. Install Tuning Studio again.",
    "failure.no_kernel": "A program for the GPU could not be made ready. Update macOS; if it happens again, "
    "install Tuning Studio again.",
    "failure.no_memory": "The memory of this machine does not suffice. Close other programs; if it happens "
    "again, choose a smaller Max length, Tokens at once or model, or Gradient checkpointing.",
    # Weights and models.
    "failure.weights_cut_short": "A file of weights is cut short (in {name}), as after a download that was "
    "broken off. Download the model again.",
    "failure.weights_damaged": "A file of weights is damaged, or is something else. Download the model "
    "again.",
    "failure.weights_missing": "The weights {file} cannot be opened. Put the file back, or download the "
    "model again.",
    "failure.weights_kind": "The weights are numbers of the kind {kind}, which MLX does not read. Choose a "
    "form of the model in 16 or 32 bits.",
    "failure.other_weights": "The weights are not those of the model that config.json describes. Download "
    "the model again, or choose another.",
    "failure.quantize_groups": "A layer of the shape {shape} cannot be divided into groups of {size}. "
    "Choose smaller groups, or set Quantize to no.",
    "failure.unsupported_model": "This version of mlx-lm knows no models of the kind {kind}. Choose another "
    "model, or update Tuning Studio.",
    "failure.no_model_type": "The model's config.json does not say of which kind it is (model_type). "
    "Download the model again, whole.",
    "failure.own_code": "This model needs code of its own, which is not run here. Choose another.",
    # Tokenizers and templates.
    "failure.no_tokenizer": "The model's folder holds no tokenizer that can be read. Download the model "
    "again, whole, or add its tokenizer.json.",
    "failure.tokenizer_damaged": "The tokenizer.json of the model is damaged at line {line}, or of a newer "
    "form than can be read. Download the model again.",
    "failure.no_chat_template": "The model has no chat template, so it does not say how a conversation is "
    "written. Set Template to chatml or alpaca.",
    "failure.roles_alternate": "The model's chat template wants user and assistant to speak in turn, and a "
    "conversation does otherwise. Mend those rows, or set Template to chatml.",
    "failure.no_system_role": "The model's chat template takes no system message, and a conversation begins "
    "with one. Take those out, or set Template to chatml.",
    "failure.template_unsafe": "The chat template asks for what no template may reach, so it is not used. "
    "Set Template to chatml, or choose another model.",
    "failure.template_faulty": "The chat template cannot be carried out ({words:clause}). Set Template to "
    "chatml, or mend it.",
    # The disk.
    "failure.disk_full": "The disk is full: {file} could not be written. Free some space and try again; what "
    "was saved before is intact.",
    "failure.file_too_large": "{file:sentence} became larger than the disk takes, as a disk in the form "
    "FAT32 takes 4 GB at most. Choose a place on another disk.",
    "failure.read_only": "{file:sentence} lies on a disk that can only be read. Choose another place.",
    "failure.not_allowed": "{file:sentence} may not be opened or written. Allow it in the Finder (Get "
    "Info, Sharing & Permissions), or choose another place.",
    "failure.disk_fails": "The disk failed at {file}. Make a copy of what matters, and check the disk with "
    "Disk Utility.",
    "failure.too_many_files": "More files are open than the system allows. Quit Tuning Studio and open it "
    "again.",
    "failure.name_too_long": "The name {file} is longer than the disk takes. Choose a shorter one.",
    # The network.
    "failure.certificate": "The other side's certificate is not trusted, as behind a company's proxy. Name "
    "its certificates in SSL_CERT_FILE, or try another network.",
    "failure.no_name": "The name of the other side cannot be found, as without a network. Is this Mac "
    "online? Then try again.",
    "failure.refused": "The other side refuses to be spoken with: nothing listens at this address. Start the "
    "server, or check the address.",
    "failure.out_of_reach": "The other side cannot be reached. Are both in the same network, and may Tuning "
    "Studio use it (System Settings, Privacy & Security, Local Network)?",
    "failure.too_slow": "The other side took too long to answer. Try again.",
    "failure.ranks": "The processes of a run that trains on several Macs could not meet ({words:clause}). "
    "Start them all again.",
    # Data.
    "failure.not_parquet": "The file is no Parquet or Arrow file, or is damaged. Download or export it "
    "again.",
    "failure.not_text": "The file is not UTF-8 text (at byte {place}). Save it as UTF-8.",
    "failure.not_json": "The file is no JSON: line {line}, column {column} cannot be read. Mend it there.",
    "failure.nested": "The file is nested too deep to be read. Make its objects flatter.",
    # Keys.
    "failure.keychain_locked": "The keychain is locked, or did not let Tuning Studio in. Unlock it in "
    "Keychain Access and allow the app, or set the key in the environment.",
    "failure.no_keychain": "This system has no keychain that keys could be kept in. Set the key in the "
    "environment instead (HF_TOKEN, STUDIO_SERVER_KEY).",
    "failure.wandb_signed_out": "Nobody is signed in to Weights & Biases. Run `wandb login` in a terminal, "
    "or empty the field W&B project.",
    "failure.wandb": "Weights & Biases failed ({words:clause}). Empty the field W&B project, or set "
    "WANDB_MODE=offline to send the curves later.",
    # What can be done, on a button and behind a failure on the command line.
    "fix.checkpointing": "Use gradient checkpointing",
    "fix.smaller_portions": "Compute {tokens:,} tokens at once",
    "fix.halve_batch": "Halve the batch to {batch:,}",
    "fix.foreseen": "Set {changes}",
    "fix.four_bits": "Use 4-bit weights",
    "fix.no_quantize": "Leave the weights as they are",
    "fix.groups": "Quantize in groups of {size}",
    "fix.lower_rate": "Lower the learning rate to {rate}",
    "fix.bfloat16": "Compute in bfloat16",
    "fix.float32": "Compute in float32",
    "fix.shorten": "Shorten to {tokens:,} tokens",
    "fix.lengthen": "Allow {tokens:,} tokens",
    "fix.cut_end": "Cut what is too long",
    "fix.lora": "Train a LoRA adapter",
    "fix.chatml": "Use the template ChatML",
    "fix.no_packing": "Switch packing off",
    "fix.no_prefix_cache": "Switch the prefix cache off",
    "fix.no_embeddings": "Leave embeddings and head out",
    "fix.no_wandb": "Train without Weights & Biases",
    "fix.no_tensorboard": "Train without TensorBoard",
    "fix.no_parent": "Start from the model itself",
    "fix.hold_out": "Hold out 10 % for validation",
    "fix.downloads": "Delete downloads",
    "fix.models": "Open Models",
    "fix.dataset": "Open the dataset",
    "fix.sign_in": "Sign in to Hugging Face",
    "fix.resume": "Resume",
    "fix.log": "Show the log",
    "fix.checkpoints": "Delete old checkpoints",
    "fix.hint": "{title}: {command}",
    "fix.hints": "Try: {hints}",
}
