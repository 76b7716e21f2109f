"""Numbers as people read them: with unit and sense, and no more digits than mean something."""

from __future__ import annotations

import re
from datetime import datetime

from studio.language import plural, tr

GIB = 1024**3
_TELLING = 8  # characters of a key that give it away


def printable(words: str) -> str:
    """Words that can be written anywhere: half characters are spelled out."""
    return words.encode("utf-8", "backslashreplace").decode()


_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys rather than shows: control codes (C0 but tab and line end, and C1), changes of the
writing direction, line and paragraph separators; and half characters, which cannot be written."""


def visible(words: str) -> str:
    """Words for a terminal or a log: what either would obey is spelled out, as \\x1b."""
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode(), words)


def visible_line(words: str) -> str:
    """`visible`, on one line."""
    return visible(words).replace("\n", "\\n").replace("\t", "\\t")


_MARKDOWN = re.compile(r"[\\`*_\[\]<>#|~$&@]|:(?=//)|(?<=www)\.|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")


def markdown(words: str) -> str:
    """Words as themselves in a line of Markdown, in which nothing is a heading, a link, code or HTML."""
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(visible(words).split()))


def memory(bytes_: float) -> str:
    """Memory in MB below one GB: 312 MB, 5.1 GB."""
    if bytes_ < GIB:
        return tr("{value:,.0f} MB", value=bytes_ / 1024**2)
    return tr("{value:,.1f} GB", value=bytes_ / GIB)


def file_size(bytes_: float) -> str:
    """A file's size: 812 bytes, 14 KB, 6.2 MB."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if bytes_ >= size:
            return f"{bytes_ / size:,.0f} {unit}" if bytes_ >= 10 * size else f"{bytes_ / size:.1f} {unit}"
    return tr("{bytes:,.0f} bytes", bytes=bytes_)


def parameters(count: int) -> str:
    """A count of parameters in millions: 0.69 M, 20.2 M, 1,562 M."""
    millions = count / 1e6
    return f"{millions:,.2f} M" if millions < 10 else f"{millions:,.{1 if millions < 100 else 0}f} M"


def percent(share: float) -> str:
    """A share as a percentage: 0.52 %, 3.3 %, 22 %."""
    value = 100 * share
    return f"{value:.{2 if value < 1 else 1 if value < 10 else 0}f} %"


def share(part: float, whole: float) -> str:
    """A part of a whole to a hundredth of a percent, as parameter counts are published: 3.28 %, 0.05 %."""
    return f"{100 * part / whole if whole else 0:.2f} %"


def trained(trainable: int, model: int, together: int) -> str:
    """How much of a model trains, as such figures are published: of model and adapter `together`."""
    if together > model:
        with_adapter = tr(
            "{share} of {together:,} with the adapter", share=share(trainable, together), together=together
        )
        return tr(
            "{trainable:,} parameters train: {with_adapter}, {model:,} without it.",
            trainable=trainable,
            with_adapter=with_adapter,
            model=model,
        )
    if trainable == model:
        return tr("All {model:,} parameters train.", model=model)
    return tr(
        "{trainable:,} of {model:,} parameters train ({share}).",
        trainable=trainable,
        model=model,
        share=share(trainable, model),
    )


def duration(seconds: float) -> str:
    """A span of time in its two largest units at most: 45 s, 6 min, 1 h 20 min."""
    if seconds < 90:
        return tr("{seconds:.0f} s", seconds=max(seconds, 0))
    minutes = round(seconds / 60)
    return (
        tr("{minutes} min", minutes=minutes)
        if minutes < 60
        else tr("{value} h {value2:02d} min", value=minutes // 60, value2=minutes % 60)
    )


def when(moment: datetime) -> str:
    """A date as a table shows it, in local time: 21 Nov, 08:31."""
    here = moment.astimezone() if moment.tzinfo else moment
    return here.strftime(tr("%-d %b, %H:%M"))


def loss(value: float | None) -> str:
    """A loss with the digits that mean something, or a dash before there is one."""
    return "—" if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def rate(value: float) -> str:
    """A learning rate: 0.0002, 1e-05."""
    return f"{value:.2g}"


def whole_characters(text: str) -> str:
    """The text with halves of characters (lone surrogates) joined, or replaced where the other half lacks."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def redacted(text: str, *secrets: str) -> str:
    """The text without the secrets, also where it holds only the beginning of one and goes on otherwise."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[key]")
        if len(secret) > _TELLING:
            text = re.sub(re.escape(secret[:_TELLING]) + r"[!-~]*", "[key]", text)
    return text


_KEY_LIKE = re.compile(
    r"\bhf_[A-Za-z0-9]{12,}|\bsk-[A-Za-z0-9_-]{12,}|\bwandb_v\d_[A-Za-z0-9_-]{12,}|\bgithub_pat_\w{12,}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|(?<=bearer )[!-~]{6,}"
    r"|(?:(?<=api_key)|(?<=api-key)|(?<=apikey)|(?<=token)|(?<=password)|(?<=secret)|(?<=authorization))"
    r"(?P<between>[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?)[^\s\"',;&)}\]]{6,}",
    re.IGNORECASE,
)
"""What looks like a key: by how it begins, as part of an address, or behind a word for one."""


def without_keys(text: str) -> str:
    """The text without what looks like a key."""
    return _KEY_LIKE.sub(lambda found: f"{found['between'] or ''}[key]", text)


def counted(count: int, noun: str) -> str:
    """How many there are of what a plain noun names: 1 row, 1,234 rows."""
    return plural(count, f"{{count:,}} {noun}", f"{{count:,}} {noun}s")


def short_count(count: float) -> str:
    """A large number in three digits: 812, 14.2 k, 3.1 M."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:,.{1 if count < 100 * size else 0}f} {unit}"
    return f"{count:,.0f}"
