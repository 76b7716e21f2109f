"""What a report consists of, whichever way it is written: sections of text, tables, figures and examples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prose:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Subtitle:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class TableBlock:
    """A table of texts; in the columns `right` are figures."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A figure: an SVG of its own, with a name for its file and a title."""

    name: str
    title: str
    svg: str


@dataclass(frozen=True)
class ExampleBlock:
    """What was asked, what one would like to read, and what each contestant answered: (who, text, mark)."""

    prompt: str
    ideal: str
    answers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Verbatim:
    """Text that is shown as it stands: a template, a command."""

    text: str


type ReportBlock = Prose | Subtitle | Bullets | TableBlock | Picture | ExampleBlock | Verbatim


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True)
class EvaluationReport:
    """The whole: its title, the verdict, and the sections in order."""

    title: str
    headline: str
    verdict: tuple[str, ...]
    sections: tuple[Section, ...]
    made: str

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All figures, in order."""
        return tuple(
            block for section in self.sections for block in section.blocks if isinstance(block, Picture)
        )
