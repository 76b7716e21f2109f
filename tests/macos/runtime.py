"""A runtime of Objective-C that writes down what it is asked: C functions, called as a Mac's are."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from itertools import count

from studio.macos.objc import ObjectiveC

_POINTER = ctypes.c_void_p
_FUNCTION = [ctypes.CFUNCTYPE(_POINTER, *[_POINTER] * many) for many in range(6)]


class StandIn:
    """Has every class that is asked for but the `missing`, and an object for every message.

    `heard` are the messages in the order in which they came, as words. An object is called by what made it,
    a text by what it says. `answers` says what a selector gives instead, as text.
    """

    def __init__(self, *missing: str, answers: dict[str, str] | None = None) -> None:
        self.heard: list[str] = []
        self.pools: list[int] = []
        self.blocks: list[int] = []
        self._missing, self._answers = missing, answers or {}
        self._names: dict[int, str] = {0: "nil"}
        self._ids, self._kept = count(0x1000, 16), list[ctypes.Array[ctypes.c_char]]()
        self.objc_getClass = _FUNCTION[1](self._class_named)
        self.sel_registerName = _FUNCTION[1](self._selector)
        self.objc_msgSend = _FUNCTION[5](self._take)
        self.objc_autoreleasePoolPush = _FUNCTION[0](self._push)
        self.objc_autoreleasePoolPop = _FUNCTION[1](self._pop)

    def runtime(self) -> ObjectiveC:
        """What speaks to this one as to a Mac's."""
        return ObjectiveC(self, 0xB10C)

    def answer_block(self, yes: bool) -> None:
        """Call the block that was handed over last, as the system would, from its address."""
        start = self.blocks[-1] + 16  # behind isa, flags and reserved
        invoke = ctypes.c_void_p.from_address(start).value
        called: Callable[..., None] = ctypes.CFUNCTYPE(None, _POINTER, ctypes.c_bool, _POINTER)(invoke or 0)
        called(self.blocks[-1], yes, None)

    def _new(self, name: str) -> int:
        made = next(self._ids)
        self._names[made] = name
        return made

    def _class_named(self, name: int) -> int:
        word = _string(name)
        return 0 if word in self._missing else self._new(word)

    def _selector(self, name: int) -> int:
        return self._new(_string(name))

    def _take(self, receiver: int | None, chosen: int, *rest: int | None) -> int:
        selector = self._names[chosen]
        given = rest[: selector.count(":")]
        if selector == "stringWithUTF8String:":
            return self._new(f"“{_string(given[0] or 0)}”")
        who = self._names[receiver or 0]
        if selector == "UTF8String":
            self._kept.append(ctypes.create_string_buffer(who.strip("“”").encode()))
            return ctypes.addressof(self._kept[-1])
        self.blocks += [each for each in given if each and each not in self._names and each > 0xFFFFFFFF]
        words = [self._names.get(each or 0, "block" if each in self.blocks else str(each)) for each in given]
        self.heard.append(f"{who} {selector} {', '.join(words)}".strip())
        answer = self._answers.get(selector)
        if answer is not None:
            return self._new(f"“{answer}”") if answer else 0
        return (receiver or 0) if selector == "retain" else self._new(f"{who}.{selector}")

    def _push(self) -> int:
        self.pools.append(next(self._ids))
        return self.pools[-1]

    def _pop(self, pool: int) -> int:
        assert self.pools.pop() == pool
        return 0


def _string(place: int) -> str:
    return ctypes.string_at(place).decode()
