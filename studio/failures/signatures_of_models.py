"""What mlx-lm, transformers, tokenizers and Jinja say of a model, its tokenizer and its chat template."""

from __future__ import annotations

from studio.failures.signature import KnownFailure, kinds, sign

MODELS: tuple[KnownFailure, ...] = (
    KnownFailure(
        "failure.unsupported_model",
        "mlx_lm/utils.py",
        sign(r"Model type (?P<kind>.+?) not supported"),
        kinds("ValueError"),
    ),
    KnownFailure("failure.no_model_type", "mlx_lm/utils.py", sign(r"^'model_type'$"), kinds("KeyError")),
    KnownFailure(
        "failure.own_code",
        "transformers/dynamic_module_utils.py",
        sign(r"trust_remote_code|contains custom code"),
        kinds("ValueError", "OSError"),
    ),
    KnownFailure(
        "failure.no_tokenizer",
        "transformers/tokenization_utils_base.py",
        sign(
            r"Couldn't instantiate the backend tokenizer|Can't load tokenizer for"
            r"|requires the (?:protobuf|SentencePiece|tiktoken) library|need to have sentencepiece"
        ),
    ),
    KnownFailure(
        "failure.tokenizer_damaged",
        "tokenizers (Rust, serde): a bare Exception",
        sign(
            r"^(?:Model missing|EOF while parsing|data did not match any variant|expected .+"
            r"|missing field .+|invalid type: .+|unknown variant .+|key must be a string)"
            r".* at line (?P<line>\d+) column \d+"
        ),
        kinds("Exception"),
    ),
    KnownFailure(
        "failure.no_chat_template",
        "transformers/tokenization_utils_base.py",
        sign(r"Cannot use chat template functions because tokenizer\.chat_template is not set"),
        kinds("ValueError"),
    ),
    KnownFailure(
        "failure.roles_alternate",
        "chat templates of Gemma, Mistral and others",
        sign(r"roles? must alternate|After the optional system message"),
        kinds("TemplateError"),
    ),
    KnownFailure(
        "failure.no_system_role",
        "chat templates of Gemma and others",
        sign(r"System role not supported"),
        kinds("TemplateError"),
    ),
    KnownFailure(
        "failure.template_unsafe", "jinja2", kinds=kinds("SecurityError"), fill=lambda error, match: {}
    ),
    KnownFailure(
        "failure.template_faulty",
        "jinja2",
        sign(r"(?P<words>[^\n]+)"),
        kinds("TemplateSyntaxError", "UndefinedError", "TemplateError"),
    ),
)
