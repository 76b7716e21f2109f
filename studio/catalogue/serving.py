"""What the local server says: why it does not start, and why a request is not answered."""

SERVING: dict[str, str] = {
    # Starting.
    "serve.port_taken": "Port {port} is taken by another program. Choose another, or stop that program.",
    "serve.no_port": "Port {port} cannot be used ({fault}). Choose another.",
    "serve.nothing": "There is nothing to serve: no run has learned anything yet, and no model was named.",
    "serve.no_folder": "There is no model in {folder}: it has no config.json. Name another folder.",
    "serve.broken": "This could not be answered ({fault}). Please report it.",
    "serve.run_elsewhere": "{folder} is not among the runs in {runs}, and only those are served. Name one of "
    "them, or their home with --home.",
    "serve.unlearned": "{name} has learned nothing yet that could answer. Name another run.",
    "serve.key_not_kept": "The keychain took no key ({fault}), so it has to be entered again next time.",
    "serve.ended": "The server ended by itself. Start it again.",
    # Whom it does not listen to.
    "serve.host": "The Host header names {host}, and this server answers to 127.0.0.1 and localhost alone.",
    "serve.origin": "A page from {origin} has no access: this server is for programs on this machine.",
    "serve.no_key": "The API key is missing or wrong. Send it as “Authorization: Bearer KEY”.",
    "serve.busy": "{count} requests are waiting already. Try again when some are answered.",
    "serve.stopped": "The server was stopped before this was answered.",
    # What it cannot take.
    "serve.no_path": "There is nothing at {path}. This server has /v1/models, /v1/chat/completions, "
    "/v1/completions and /health.",
    "serve.no_method": "{path} does not take {method}.",
    "serve.too_large": "The request is larger than {size}.",
    "serve.too_slow": "The request took longer than {seconds} seconds to arrive.",
    "serve.no_json": "The request is no JSON ({fault}).",
    "serve.no_object": "an object is needed here",
    "serve.unknown": "This server knows no {name}. Leave it out.",
    "serve.missing": "{name} is missing.",
    "serve.value": "{name}: {reason}.",
    "serve.unsupported": "{name} cannot be had like this: {reason}.",
    "serve.no_model": "There is no model {name} here. There is {names}.",
    "serve.stops": "up to {most} texts, none of them empty",
    "serve.needs_logprobs": "it needs logprobs to be true",
    "serve.no_text": "{name} is of the kind {kind}, and only text can be read here.",
    "serve.prompts": "between 1 and {most} replies can be asked for at once",
    "serve.no_tokens": "there is no token in it",
    "serve.no_token": "The prompt holds the token {token}, and this model has those from 0 to below {most}.",
    "serve.too_long": "The prompt has {tokens:,} tokens, and the model's context holds {context:,}, of "
    "which one at least is for the reply.",
    "serve.form_and_tools": "a reply cannot both keep to a form and call tools",
    "serve.tool_choice": "it can be auto or none, as no reply can be made to call a tool",
    "serve.no_tools": "The chat template of this model shows no tools and no calls of them, so it would not "
    "know of these. Ask a model that was made for tools.",
    "serve.strict_tools": "strict calls are not enforced here",
    "serve.no_function": "each tool needs a function with a name",
    "form.refused": "The form of the reply cannot be kept to: {reason}.",
}
