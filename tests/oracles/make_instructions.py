"""Writes fixtures/instructions.json: what IFEval's checkers say of answers, as lm-eval 0.4.13 ships them.

To renew it, in an environment of its own (the test suite needs none of it):

    python -m venv oracle && oracle/bin/pip install lm-eval==0.4.13 langdetect==1.0.9 immutabledict nltk
    oracle/bin/python tests/oracles/make_instructions.py

Sentences are left out: counting them there needs a download. A word is divided as nltk divides it in a text
of one sentence. Where they look at the language too, an answer is asked about that is long enough for it and
clearly of one language; not loosely, since a part without letters is of any language there.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

FILE = Path(__file__).parent / "fixtures" / "instructions.json"
LONG_ENOUGH, SURE = 60, 0.99

FOREIGN = (
    "Der Himmel ist heute sehr blau, und die Kinder spielen am Nachmittag im Garten hinter dem Haus.",
    "Le chat dort sur la chaise pendant que la pluie tombe doucement sur les toits de la ville.",
    "El perro corre por la playa mientras los niños construyen un castillo de arena junto al mar.",
    "Il gatto guarda il pescatore che torna al porto con la barca piena di pesci freschi.",
    "De fietsband is lek en daarom loop ik vandaag met mijn fiets aan de hand naar huis toe.",
    "A bicicleta é um meio de transporte barato e saudável para quem vive na cidade grande.",
)

PARTS = (
    *FOREIGN,
    "The harbour was quiet, and only one boat came in.",
    "I think that NASA, the USA and COVID-19 are written in capitals; so is B.",
    "a small house stands by the river and nobody lives there any more",
    "Bread rises because yeast makes gas. Gas lifts the dough!",
    "Yes, it is.",
    "My answer is no.",
    "No commas here. Just words, well, almost.",
    "<<A Quiet Morning>>",
    "<< >>",
    "<<<Too many>>>",
    "* one\n- two\n* three\n- four",
    "* one thing\n* another thing\n* a third one",
    "- first\n- second\n\n- third, after an empty line",
    "  * indented\n** no bullet\n---",
    "1. numbered\n2. list",
    "This is *important* and this is **very important**, but ** ** is nothing.",
    "*Three* parts *are* **marked**, and *a fourth*.",
    "SECTION 1\nIt begins.\nSECTION 2\nIt goes on.\nSECTION3 It ends.",
    "Section 1: the beginning. Section 22 - the end.",
    "P.S. Bring an umbrella.",
    "P. S. Bring two.",
    "p.p.s. And a hat.",
    "P.P.S. And boots.",
    "Dear [name], we meet at [place] on [date] [].",
    "An open [bracket\nis closed] here.",
    '{"name": "Mira", "age": 34, "cities": ["Riga", null]}',
    '```json\n{"a": [1, 2.5, true]}\n```',
    "```\n[1, 2\n```",
    '```JSON\n"a text"```',
    "Paragraph one.\n\n***\n\nParagraph two.\n***\nParagraph three.",
    "***\nIt begins with a divider.\n***\nAnd ends with one.\n***",
    "One ****** Two",
    "The same ****** The same",
    "One answer ****** ****** Another answer",
    'Brakes first, then the chain.\n\nBrakes matter. "Brakes" are checked twice.\n\n\'Finally, the bell.',
    "Morning comes early.\n\nEvening, too.",
    '"A quotation that holds everything."',
    '"A quotation" and something else',
    "What is the difference between a frog and a toad? A toad is drier.",
    "what is the difference between a frog and a toad? who knows.",
    "That is all.",
    'and he said: "That is all."',
    "That is all. Or is it?",
    "Refund, please: a refund is a REFUND, and refunds are refundable.",
    "The zebra and the zoo: ZZZ, puzzle, fuzzy, jazz.",
    "DO NOT ENTER, THE FLOOR IS WET AND VERY SLIPPERY TODAY, SO PLEASE USE THE OTHER DOOR.",
    "please water the plants on friday, and leave the key under the mat when you go home again",
    "don't, can't, won't: it's well-known that contractions aren't counted alike",
    "",
    "   \n ",
    "...",
    "42",
)

CASES: tuple[tuple[str, dict[str, Any], str, dict[str, Any]], ...] = (
    ("keywords", {"words": ["boat", "harbour"]}, "keywords:existence", {"keywords": ["boat", "harbour"]}),
    ("keywords", {"words": ["refund"]}, "keywords:existence", {"keywords": ["refund"]}),
    *(
        (
            "keyword_count",
            ours,
            "keywords:frequency",
            {"keyword": "refund", "frequency": 3, "relation": relation},
        )
        for ours, relation in (
            ({"word": "refund", "at_least": 3}, "at least"),
            ({"word": "refund", "at_most": 2}, "less than"),
        )
    ),
    (
        "forbidden_words",
        {"words": ["one", "the"]},
        "keywords:forbidden_words",
        {"forbidden_words": ["one", "the"]},
    ),
    *(
        (
            "letter_count",
            {"letter": letter, **ours},
            "keywords:letter_frequency",
            {"letter": letter, "let_frequency": 6, "let_relation": relation},
        )
        for letter in "ez"
        for ours, relation in (({"at_least": 6}, "at least"), ({"at_most": 5}, "less than"))
    ),
    *(
        ("language", {"language": code}, "language:response_language", {"language": code})
        for code in ("en", "de", "fr", "es", "it", "pt")
    ),
    *(
        ("words", ours, "length_constraints:number_words", {"num_words": 12, "relation": relation})
        for ours, relation in (({"at_least": 12}, "at least"), ({"at_most": 11}, "less than"))
    ),
    *(
        ("paragraphs", {"exactly": count}, "length_constraints:number_paragraphs", {"num_paragraphs": count})
        for count in (1, 2, 3)
    ),
    *(
        (
            "paragraph_begins",
            {"paragraphs": of, "number": number, "word": word},
            "length_constraints:nth_paragraph_first_word",
            {"num_paragraphs": of, "nth_paragraph": number, "first_word": word},
        )
        for of, number, word in ((3, 2, "Brakes"), (3, 3, "finally"), (2, 2, "evening"), (1, 1, "the"))
    ),
    *(
        ("placeholders", {"at_least": n}, "detectable_content:number_placeholders", {"num_placeholders": n})
        for n in (1, 3, 4)
    ),
    *(
        ("postscript", {"marker": marker}, "detectable_content:postscript", {"postscript_marker": marker})
        for marker in ("P.S.", "P.P.S")
    ),
    *(
        ("bullets", {"exactly": n}, "detectable_format:number_bullet_lists", {"num_bullets": n})
        for n in (1, 2, 3, 4)
    ),
    (
        "choice",
        {"choices": ["My answer is yes.", "My answer is no.", "My answer is maybe."]},
        "detectable_format:constrained_response",
        {},
    ),
    *(
        (
            "highlights",
            {"at_least": n},
            "detectable_format:number_highlighted_sections",
            {"num_highlights": n},
        )
        for n in (1, 2, 3, 4)
    ),
    *(
        (
            "sections",
            {"marker": marker, "at_least": n},
            "detectable_format:multiple_sections",
            {"section_spliter": marker, "num_sections": n},
        )
        for marker, n in (("SECTION", 2), ("SECTION", 3), ("Section", 2))
    ),
    ("json", {}, "detectable_format:json_format", {}),
    ("title", {}, "detectable_format:title", {}),
    ("two_answers", {}, "combination:two_responses", {}),
    (
        "repeat_prompt",
        {"prompt": "What is the difference between a frog and a toad?"},
        "combination:repeat_prompt",
        {"prompt_to_repeat": "What is the difference between a frog and a toad?"},
    ),
    ("ends_with", {"phrase": "That is all."}, "startend:end_checker", {"end_phrase": "That is all."}),
    *(
        (
            "capital_words",
            ours,
            "change_case:capital_word_frequency",
            {"capital_frequency": 3, "capital_relation": relation},
        )
        for ours, relation in (({"at_least": 3}, "at least"), ({"at_most": 2}, "less than"))
    ),
    ("upper_case", {}, "change_case:english_capital", {}),
    ("lower_case", {}, "change_case:english_lowercase", {}),
    ("no_commas", {}, "punctuation:no_comma", {}),
    ("quoted", {}, "startend:quotation", {}),
)


def answers() -> list[str]:
    """The parts alone, and drawn ones together, in other cases, and between quotation marks."""
    random = Random(3)
    made = list(PARTS)
    while len(made) < 220:
        chosen = random.sample(PARTS, random.choice([2, 2, 3, 4]))
        text = random.choice(["\n", "\n\n", " ", "\n***\n", "\n******\n"]).join(chosen)
        change = random.choice([str, str, str, str.upper, str.lower, lambda text: f'"{text}"'])
        made.append(change(text))
    return list(dict.fromkeys(made))


def verdicts(texts: list[str], instruction: str, values: dict[str, Any], told: list[str]) -> tuple[str, str]:
    """What the harness says of each answer, strictly and loosely; a hyphen where it is not asked."""
    from lm_eval.tasks.ifeval.utils import InputExample
    from lm_eval.tasks.ifeval.utils import test_instruction_following_loose as loosely
    from lm_eval.tasks.ifeval.utils import test_instruction_following_strict as strictly

    asked = InputExample(0, [instruction], "", [values])
    strict, loose = (
        "".join("01"[check(asked, text).follow_all_instructions] for text in texts)
        for check in (strictly, loosely)
    )
    if instruction.startswith("language"):
        strict = _where([bool(name) for name in told], strict)
    if instruction.startswith("change_case:english"):
        strict = _where([name == "en" for name in told], strict)
    return strict, loose if "-" not in strict else "-" * len(texts)


def _where(kept: list[bool], marks: str) -> str:
    return "".join(mark if keep else "-" for keep, mark in zip(kept, marks, strict=True))


def language_of(text: str) -> str:
    """The language as they tell it; nothing of what is short, unsure or mixed."""
    import langdetect

    letters = re.findall(r"[^\W\d_]", text)
    mixed = text not in FOREIGN and any(part.lower() in text.lower() for part in FOREIGN)
    if mixed or "```" in text or len(letters) < LONG_ENOUGH:
        return ""
    likely = langdetect.detect_langs(text)[0]
    return str(likely.lang) if likely.prob > SURE else ""


def main() -> None:
    """Write the fixture."""
    import langdetect
    import nltk
    from lm_eval.tasks.ifeval import instructions_util

    langdetect.DetectorFactory.seed = 0
    divided = nltk.word_tokenize
    instructions_util.nltk.word_tokenize = lambda text: divided(text, preserve_line=True)
    texts = answers()
    told = [language_of(text) for text in texts]
    cases = []
    for kind, ours, instruction, theirs in CASES:
        strict, loose = verdicts(texts, instruction, theirs, told)
        cases.append({"kind": kind, "values": ours, "strict": strict, "loose": loose})
        print(f"{kind:16} {strict.count('1'):4} strictly, {loose.count('1'):4} loosely")  # noqa: T201
    FILE.write_text(
        json.dumps({"answers": texts, "cases": cases}, ensure_ascii=False, indent=0), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
