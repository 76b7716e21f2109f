"""Text that comes in pieces, up to the first of some texts that end it."""

from __future__ import annotations

from collections.abc import Sequence


class Until:
    """Hands on what comes, but for a text that ends it and for what may be the beginning of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops, self._held = stops, ""
        self.text = ""
        self.ended = False

    def take(self, piece: str) -> str:
        """What can be shown now that this piece has come; nothing any more after the end."""
        if self.ended:
            return ""
        held = self._held + piece
        found = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        self.ended = bool(found)
        self._held = "" if found else held[len(held) - self._doubtful(held) :]
        return self._shown(held[: min(found)] if found else held[: len(held) - len(self._held)])

    def rest(self) -> str:
        """What was held back, now that nothing comes any more."""
        held, self._held = self._held, ""
        return self._shown(held)

    def _shown(self, text: str) -> str:
        self.text += text
        return text

    def _doubtful(self, text: str) -> int:
        """How many characters at its end may be the beginning of a text that ends it."""
        longest = min(len(text), max(map(len, self._stops), default=1) - 1)
        ends = (count for count in range(longest, 0, -1) if self._begins(text[len(text) - count :]))
        return next(ends, 0)

    def _begins(self, text: str) -> bool:
        return any(stop.startswith(text) for stop in self._stops)
