"""Personal data, keys and template tokens: what is found, what is not, and what is put in its place."""

from __future__ import annotations

import random

import pytest

from studio.dataset.checks.check import Subject
from studio.dataset.checks.personal_data import PATTERNS, _digits, masked, personal
from studio.dataset.record import Call, Message, Record
from tests.dataset.checks.conftest import answers, fixed, found, rows

KEY = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Write to jane.doe+news@mail.acme.co.uk today.", "Write to [e-mail] today."),
        ("Call +49 30 901820-44 now", "Call [phone] now"),
        ("Call +1 (212) 736-5001.", "Call [phone]."),
        ("Ring (212) 736-5001 or 212-736-5001.", "Ring [phone] or [phone]."),
        ("Appelez le 06 12 34 58 79 !", "Appelez le [phone] !"),
        ("IBAN DE89 3704 0044 0532 0130 00, please", "IBAN [account], please"),
        ("GB29NWBK60161331926819", "[account]"),
        ("Card 4111 1111 1111 1111.", "Card 4111 1111 1111 1111."),  # everybody's example, two digits only
        ("Card 4539 1488 0343 6467.", "Card [card]."),
        ("From 93.184.215.14, port 80", "From [address], port 80"),
        ("Amex 3782 822463 10005.", "Amex [card]."),
        ("Tel. 030 / 901820-44, Handy 0171 1934567", "Tel. [phone], Handy [phone]"),
        ("Phone number: (020) 7946 0958.", "Phone number: [phone]."),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.dozjgNryP4J3jVmN", "Bearer [key]"),
        (f"key=sk-proj-{KEY}", "key=[key]"),
        (f"token: ghp_{KEY}", "token: [key]"),
        ("id AKIAQ7ZT5BX3WLMN2PRS.", "id [key]."),
    ],
)
def test_what_is_personal_gets_a_mark(text, mended):
    assert masked(text) == mended
    assert masked(mended) == mended


@pytest.mark.parametrize(
    "text",
    [
        "It costs $1,299.99 or 2 345 678,90 EUR.",
        "On 2024-01-15 at 12:30:45, and from 1914-1918.",
        "ISBN 978-3-16-148410-0 has 13 digits.",
        "Pi is 3.14159265358979 and 10 000 000 is large.",
        "Version 10.4.2.1 follows 10.4.1.9; see section 4.1.2.3.",
        "Chapter 4.12.35.60, v2.31.40.5 and § 33.4.1.2",
        "He paid by phone 20 dollars; the mobile 3310 sold 126 million.",
        "Ping 192.168.1.20, 127.0.0.1, 8.8.8.8 and 300.1.2.3.",
        "Write to user@example.com or name@domain.com.",
        "Clone git@github.com:user/repo.git and use logo@2x.png with @app.route.",
        "The card number 4539 1488 0343 6468 fails its checksum.",
        "DE89 3704 0044 0532 0130 01 fails too.",
        "Order 1234567890123456 was sent.",
        "Call 555-0123 or (800) 555-0199, or 123-456-7890.",
        "The class sk-learn-style-button-primary-large is CSS.",
        "Set OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIAIOSFODNN7EXAMPLE is in the manual.",
        "2 + 3456789 = 3456791, and x = +1 000 000 000",
        "The years 2001 2002 2003 2004 and 4 8 15 16 23 42.",
        "-----BEGIN PUBLIC KEY-----",
        "SW1A 1AA and NCC1701 ABCD EFGH IJKL",
    ],
)
def test_prices_dates_versions_and_examples_are_not(text):
    assert list(personal(text)) == []


def test_a_private_key_goes_whole():
    body = "\n".join("MIIEowIBAAKCAQEAv3z" + KEY for _ in range(5))
    text = f"Here:\n-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\nbye"
    assert masked(text) == "Here:\n[private key]\nbye"
    assert masked(text.split("-----END")[0]) == "Here:\n[private key]"


def test_every_text_of_a_row_is_looked_at_and_mended():
    mail = "jane@acme.org"
    turns = (
        Message("system", f"You work for {mail}."),
        Message("user", "Who?", input=mail),
        Message("assistant", "I ask.", calls=(Call("mail", f'{{"to": "{mail}"}}'),)),
        Message("assistant", f"It is {mail}."),
    )
    record = Record(3, turns, rejected=f"No: {mail}")
    result = found("personal data", [*rows(("Hi", "Ho")), record])
    assert result.lines == (3,)
    assert "5 x e-mail" in result.summary
    evidence = result.evidence[0]
    assert evidence.quote[evidence.start : evidence.end] == mail
    (mended,) = fixed(Subject([record]), "personal data")
    assert mail not in repr(mended)
    assert mended.messages[2].calls[0].arguments == '{"to": "[e-mail]"}'
    assert mended.line == 3


def test_the_quote_points_at_the_finding_in_a_long_text():
    text = "word " * 200 + "jane@acme.org" + " word" * 200
    (evidence,) = found("personal data", [Record(1, text=text)]).evidence
    assert evidence.quote[evidence.start : evidence.end] == "jane@acme.org"
    assert len(evidence.quote) < 200


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Paris.<|im_end|>", "Paris."),
        ("[INST] Where? [/INST] There.", "Where?  There."),
        ("A good answer.</s>", "A good answer."),
        ("Fine.\n### Response:\nIt is.", "Fine.\n\nIt is."),
        ("Yes<end_of_turn>\n", "Yes"),
    ],
)
def test_template_tokens_are_taken_out(text, mended):
    records = answers("Fine.", text)
    assert found("template tokens", records).lines == (2,)
    assert fixed(Subject(records), "template tokens")[1].answer == mended


@pytest.mark.parametrize(
    "text",
    [
        "The price is <s>10</s>",
        "Strike it: <s>old</s> new",
        "Llama ends a turn with `</s>` and ChatML with `<|im_end|>`.",
        '```python\nprompt = "<|im_start|>user"\n```',
        "### Responses\nThere were ten.",
        "The form has the line: ### Response:",
        "a <| b |> c",
        "[INSTALL] it",
        "### Input\nTwo numbers.",
    ],
)
def test_code_html_and_headings_are_left_alone(text):
    assert found("template tokens", answers(text)).lines == ()


def test_the_tokenizers_own_tokens_count_in_code_too():
    records = answers("The price is <s>10</s> euros.", "In code: `</s>`", "Fine.")
    assert found("template tokens", records, special=("</s>",)).lines == (1, 2)
    assert fixed(Subject(records, special=("<s>", "</s>")), "template tokens")[0].answer == (
        "The price is 10 euros."
    )


def test_a_row_of_nothing_but_tokens_is_dropped():
    records = answers("<|endoftext|>", "Fine.")
    assert fixed(Subject(records), "template tokens") == (records[1],)


def test_no_pattern_matches_where_nobody_looks() -> None:
    chance = random.Random(1)
    pieces = (
        "+49 30 901820-44",
        "4539 1488 0343 6467",
        "DE89 3704 0044 0532 0130 00",
        "93.184.215.14",
        "٣٤.1.2.3",
    )
    pieces += (
        "ghp_" + KEY,
        "sk_live_" + KEY,
        "xoxb-" + KEY,
        "eyJ" + KEY + ".eyJ" + KEY + "." + KEY,
        *(begin + KEY for begin in ("sk-", "hf_", "github_pat_", "glpat-", "AIza")),
        "AKIAQ7ZT5BX3WLMN2PRS",
        "a@b.de",
        "3782 822463 10005",
        "tel 0171 ",
    )
    for _ in range(4_000):
        text = " ".join(chance.choices(pieces, k=2))
        text = text[chance.randrange(12) : len(text) - chance.randrange(12)]
        digits = _digits(text)
        assert digits == sum(letter.isdecimal() for letter in text)
        for pattern in PATTERNS:
            likely = digits >= pattern.digits and pattern.hint(text)
            assert likely or not any(map(pattern.confirmed, pattern.expression.finditer(text))), text
