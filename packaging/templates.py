"""Write the template of a translation: every clause of the catalogue under its code, for gettext."""

from __future__ import annotations

import json

from studio.catalogue import CLAUSES, LANGUAGES

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'


def template() -> str:
    """The .pot: of each clause the code as its context, the clause, and room for another language's."""
    entries = (
        f'#, python-brace-format\nmsgctxt {_quoted(code)}\nmsgid {_quoted(clause)}\nmsgstr ""\n'
        for code, clause in CLAUSES.items()
    )
    return "\n".join([_HEAD, *entries])


def _quoted(text: str) -> str:
    """A text as gettext's files write it, which is as C and JSON do."""
    return json.dumps(text, ensure_ascii=False)


def main() -> None:
    LANGUAGES.mkdir(parents=True, exist_ok=True)
    file = LANGUAGES / "studio.pot"
    file.write_text(template(), encoding="utf-8")
    print(f"Wrote {len(CLAUSES):,} clauses to {file}.")


if __name__ == "__main__":
    main()
