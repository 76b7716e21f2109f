"""What was asked for that cannot be: values of fields, recipes that contradict themselves, command lines."""

ASKED: dict[str, str] = {
    # The value of a field.
    "value.at_least": "{title} must be at least {limit:,.10g}.",
    "value.more_than": "{title} must be more than {limit:,.10g}.",
    "value.at_most": "{title} must be at most {limit:,.10g}.",
    "value.less_than": "{title} must be less than {limit:,.10g}.",
    "value.whole_number": "{title} must be a whole number.",
    "value.number": "{title} must be a number.",
    "value.true_or_false": "{title} must be true or false.",
    "value.missing": "{title} needs a value.",
    "value.too_many_lines": "{title} can have at most {limit:,} lines.",
    "value.choice": "{title} must be {choices}.",
    "value.template": "{title} must be {choices} or the path of a .jinja file.",
    "value.wanted": "{title} must be {wanted}.",
    "value.reason": "{title}: {reason}.",
    "value.told": "{title}: {sentence}",
    "value.empty_stop": "a text to stop at has at least one character",
    "field.of": "{title} ({path})",
    "field.option": "--{name}",
    # Several things in one sentence.
    "choice": "'{name}'",
    "list.more": "{one}, {other}",
    "list.and": "{one} and {other}",
    "list.then": "{one}; {other}",
    "list.or": "{one} or {other}",
    "list.rest": "{names} and {more:,} more",
    "sentences": "{one} {other}",
    "files.one": "1 file",
    "files.more": "{count:,} files",
    # Recipes that contradict themselves.
    "recipe.mode_bits": "The mode {mode} has {bits} bits. Set Quantize to {quantize}, or Mode to affine.",
    "recipe.prefix_layers": "The prefix cache needs frozen layers below the trained ones. Set Layers, or "
    "switch it off.",
    "recipe.prefix_noise": "NEFTune's noise changes what the prefix cache keeps. Switch one of them off.",
    "recipe.prefix_embeddings": "Trained embeddings change what the prefix cache keeps. Switch one of them "
    "off.",
    # On the command line.
    "command.no_json": "The window prints no JSON. Name a command beside --json.",
    "command.empty_prompt": 'The prompt is empty. Ask something, for example --prompt "What is a star?"',
    "command.nobody_to_ask": "Name a run to ask, a model with --model, or whom to ask with --with.",
    "command.no_own_preset": "{model} brings no way of drawing along (generation_config.json). Name another "
    "preset.",
    "command.no_sweep": "studio sweep needs a dataset, or --resume with the name of a sweep.",
    "command.set_form": "--set takes FIELD=VALUE, for example --set rank=8; {change} has no value.",
    "command.set_bytes": "--set {name} has bytes in it that are no UTF-8 text. Type it anew.",
    "command.language": "{name} is no language that is spoken here. Choose one of {languages}.",
    "command.home_is_file": "{home} is a file, and --home needs a folder. Name another.",
    "command.step_form": "--step {text} cannot be read: {fault}. Write it as 'cap rows=1000'.",
    "command.unusable_example": "Line {line} of {file} holds no usable example: {reason}.",
    "command.no_key": "There was no key. Type it when asked, or pipe it in.",
    "command.no_dataset_name": "{name} is not a dataset name (owner/name).",
    "command.no_rows": "{part} names no rows. Write numbers as 1,4-7, or all.",
    "command.here": "{reason} Here that is {command}",
    # In the settings.
    "settings.value": "{name} cannot be {value}",
    "settings.recent": "recent is no list of paths",
    "settings.models": "model_places is no list of paths",
    "settings.damaged": "{file} is damaged, and the defaults are used ({fault}).",
    "settings.fields_damaged": "{file} is damaged: {faults}. What is by default is used instead.",
    # In the window.
    "sweep.field_without_values": "Give {title} values, with commas between.",
    "synth.not_like_this": "Rows cannot be made like this: {reason}.",
}
