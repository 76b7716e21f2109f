"""LineMap that a template left open are found in whatever way they are written, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.dataset.checks.check import Subject
from studio.dataset.record import Message, Record
from tests.dataset.checks.conftest import fixed, found, rows


@pytest.mark.parametrize(
    "place",
    [
        *("{{name}}", "{{ first_name }}", "{{user.name}}", "{{Company Name}}", "{name}", "{first_name}"),
        *("${name}", "%(name)s", "[NAME]", "[Name]", "[Your Name]", "[INSERT DATE HERE]", "[COMPANY_NAME]"),
        *("[Insert the name of your product]", "[company]", "[Recipient's Name]", "<NAME>", "<your name>"),
        *("<%= name %>", "[DATE]", "<USER_NAME>"),
    ],
)
@pytest.mark.parametrize("side", ["prompt", "answer"])
def test_an_open_place_is_found(place: str, side: str) -> None:
    text = f"Dear {place}, your parcel has arrived."
    pair = (text, "Thank you.") if side == "prompt" else ("Tell the customer that it is here.", text)
    result = found("placeholders", rows(("Who wrote it?", "A friend."), pair))
    assert result.lines == (2,)
    quote = result.evidence[0]
    assert quote.quote[quote.start : quote.end] == place


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Write a template for a reminder.", "Dear {{name}}, please pay."),
        ("Which placeholder stands for the city?", "It is [CITY]."),
        ("How do I greet a user in Jinja?", "Hello {{ user.name }}"),
        ("How do I print a name?", 'Write this:\n```python\nprint(f"Hello {name}")\n```'),
        ("How do I print a name?", 'print(f"Hello {name}")'),
        ("How do I print a name?", "Use `{name}` in the string."),
        ("Which set is it?", "The set {a} holds one element, and {a, b} two."),
        ("Write it in TeX.", r"It is \frac{{a}}{b} and \text{name} and x_{max} and $\mathbb{{R}}$."),
        ("What is the address?", "Call GET /users/{id}/posts of the interface."),
        ("Where is it written?", "See [the name](https://example.org) and [1] and [sic]."),
        ("Make it JSON.", '{"name": "Ada", "tags": ["a"], "empty": {}}'),
        ("What does it do?", "It takes items[name] and returns rows[date]."),
        ("What is the mark?", "<b>Name</b> stands in <name> elements."),
        ("Who said so?", "[Interviewer] Tell us more. [LAUGHTER] It was in [NASA]."),
        ("And then?", "See also [see below] and [a note]."),
    ],
)
def test_what_is_asked_for_or_means_something_else_is_none(prompt: str, answer: str) -> None:
    assert found("placeholders", rows((prompt, answer))).lines == ()


def test_every_text_of_a_row_is_looked_at_and_the_fix_leaves_it_out() -> None:
    records = [
        Record(
            1,
            (
                Message("system", "You work for {{company}}."),
                Message("user", "Hi"),
                Message("assistant", "Hi"),
            ),
        ),
        Record(2, (Message("user", "Say"), Message("assistant", "It is."))),
        Record(3, (Message("user", "Say"), Message("assistant", "It is.")), rejected="Dear [NAME], no."),
        Record(4, text="Dear {{name}}, welcome."),
        Record(5, (Message("user", "Read this", input="From: {sender}"), Message("assistant", "It is."))),
    ]
    assert found("placeholders", records).lines == (1, 3, 4, 5)
    assert [record.line for record in fixed(Subject(records), "placeholders")] == [2]


def test_the_command_line_tells_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    made = [{"prompt": f"Greet number {n}", "completion": f"Hello {n}."} for n in range(20)]
    made.append({"prompt": "Greet {{name}}", "completion": "Hello, {{name}}!"})
    path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
    assert run(["data", str(path), "--health", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["health"]
    finding = next(each for each in findings if each["check"] == "placeholders")
    assert (finding["lines"], finding["severity"], finding["fix"]) == ([21], "look", "drop")
