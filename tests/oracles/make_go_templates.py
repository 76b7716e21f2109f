"""Writes fixtures/go_templates.json: what Go's text/template makes of the conversation forms for Ollama.

Ollama's templates are Go's. To renew it, with Go on PATH:

    .venv/bin/python -m tests.oracles.make_go_templates
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studio.export.ollama import form_of
from studio.models.tokenizer import load_tokenizer
from studio.paths import resource

HERE = Path(__file__).parent
TEMPLATES = HERE.parent / "dataset" / "templates"
FORMATS = ("gemma", "llama3", "mistral", "phi3", "qwen2.5")
TALKS = (
    (("user", "Hi"),),
    (("system", "Be brief."), ("user", "Hi, <you> & 'them'!")),
    (("system", "S"), ("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4"), ("user", "5")),
)
PROGRAM = """
package main

import (
    "encoding/json"
    "os"
    "strings"
    "text/template"
)

type Turn struct{ Role, Content string }

type Case struct {
    Format   string
    Go       string
    Messages []Turn
    Text     string
}

func main() {
    var cases []Case
    if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
        panic(err)
    }
    for i := range cases {
        var out strings.Builder
        made := template.Must(template.New("").Parse(cases[i].Go))
        if err := made.Execute(&out, map[string]any{"Messages": cases[i].Messages}); err != nil {
            panic(err)
        }
        cases[i].Text = out.String()
    }
    encoder := json.NewEncoder(os.Stdout)
    encoder.SetEscapeHTML(false)
    encoder.SetIndent("", " ")
    encoder.Encode(cases)
}
"""


def cases() -> Iterator[dict[str, Any]]:
    """Each published format's form, with each conversation that it takes."""
    tokenizer: Any = load_tokenizer(resource("starter/model"))
    for name in FORMATS:
        tokenizer.chat_template = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
        form = form_of(tokenizer)
        for turns in TALKS:
            if form.system or turns[0][0] != "system":
                led = (("system", form.default), *turns) if form.default and turns[0][0] == "user" else turns
                messages = [{"role": role, "content": text} for role, text in led]
                yield {"format": name, "go": form.as_go(), "messages": messages}


def main() -> None:
    """Have Go fill in every form."""
    with TemporaryDirectory() as made:
        program = Path(made) / "main.go"
        program.write_text(PROGRAM)
        command = ["go", "run", str(program)]
        asked = json.dumps([*cases()]).encode()
        found = subprocess.run(command, input=asked, stdout=subprocess.PIPE, check=True).stdout
    (HERE / "fixtures" / "go_templates.json").write_bytes(found)


if __name__ == "__main__":
    main()
