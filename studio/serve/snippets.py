"""What a person copies to ask the server: for a terminal, and for Python with OpenAI's client."""

from __future__ import annotations

import json
import shlex

from studio.serve.refusal import JsonBody

_NO_KEY = "none"
"""OpenAI's client wants some key also where a server asks for none."""
QUESTION = "What is a star?"


def curl(address: str, model: str, key: str = "") -> str:
    """A command that asks the model one question."""
    lines = [f"curl {address}/chat/completions"]
    lines += [f"-H {shlex.quote(f'Authorization: Bearer {key}')}"] if key else []
    lines += [
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps(_body(model), ensure_ascii=False))}",
    ]
    return " \\\n  ".join(lines)


def python(address: str, model: str, key: str = "") -> str:
    """A program that asks the model one question, and prints the answer."""
    return "\n".join(
        (
            "from openai import OpenAI",
            "",
            f"client = OpenAI(base_url={_quoted(address)}, api_key={_quoted(key or _NO_KEY)})",
            "reply = client.chat.completions.create(",
            f"    model={_quoted(model)},",
            f'    messages=[{{"role": "user", "content": {_quoted(QUESTION)}}}],',
            "    temperature=0,",
            ")",
            "print(reply.choices[0].message.content)",
        )
    )


def _body(model: str) -> JsonBody:
    return {"model": model, "messages": [{"role": "user", "content": QUESTION}], "temperature": 0}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
