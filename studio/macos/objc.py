"""The Objective-C runtime of a Mac through ctypes: classes by name, messages, texts, a pool and a block.

Receivers, arguments and results are addresses and whole numbers of 64 bits; nothing here takes or gives
floating point numbers or structures, which are passed in another way. What Objective-C raises cannot be
caught from here and would end the process, so whoever sends a message makes sure that it may be sent.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

RUNTIME = "/usr/lib/libobjc.A.dylib"
FRAMEWORKS = tuple(
    f"/System/Library/Frameworks/{name}.framework/{name}" for name in ("Foundation", "UserNotifications")
)
_GLOBAL, _SIGNED = 1 << 28, 1 << 30  # flags of the blocks' ABI: lives for ever; says what it takes
_ANSWER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_bool, ctypes.c_void_p)


class _Descriptor(ctypes.Structure):
    _fields_ = (
        ("reserved", ctypes.c_ulong),
        ("size", ctypes.c_ulong),
        ("signature", ctypes.c_char_p),
    )


class _Block(ctypes.Structure):
    _fields_ = (
        ("isa", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("invoke", _ANSWER),
        ("descriptor", ctypes.POINTER(_Descriptor)),
    )


class ObjectiveC:
    """Speaks to one runtime; 0 stands for nil."""

    def __init__(self, library: Any, block_class: int) -> None:
        """`library` has the runtime's functions as attributes; `block_class` is that of blocks that stay."""
        self._library, self._block_class = library, block_class
        self._blocks: list[object] = []  # which the system may call at any time

    def named(self, name: str) -> int:
        """The class of this name; 0 where the system has none."""
        return self._call("objc_getClass", _text(name))

    def send(self, receiver: int, selector: str, *arguments: int) -> int:
        """Send a message, and give what comes back."""
        chosen = self._call("sel_registerName", _text(selector))
        return self._call("objc_msgSend", receiver, chosen, *arguments)

    def text(self, words: str) -> int:
        """These words as an NSString, which lives as long as the pool around it."""
        return self.send(self.named("NSString"), "stringWithUTF8String:", _text(words))

    def words(self, text: int) -> str:
        """What an NSString says; nothing for nil."""
        start = self.send(text, "UTF8String") if text else 0
        return ctypes.string_at(start).decode("utf-8", "replace") if start else ""

    @contextmanager
    def pool(self) -> Iterator[None]:
        """What is made inside and not retained is given back at the end."""
        pool = self._call("objc_autoreleasePoolPush")
        try:
            yield
        finally:
            self._call("objc_autoreleasePoolPop", pool)

    def answer(self, heard: Callable[[bool], object]) -> int:
        """A block that takes yes or no and an error, for what is answered later, on any thread."""
        invoke = _ANSWER(lambda _block, yes, _error: heard(yes))
        about = _Descriptor(0, ctypes.sizeof(_Block), b"v@?B@")
        block = _Block(self._block_class, _GLOBAL | _SIGNED, 0, invoke, ctypes.pointer(about))
        self._blocks.append((invoke, about, block))
        return ctypes.addressof(block)

    def _call(self, name: str, *arguments: object) -> int:
        """Call a function that takes pointers and whole numbers and gives one: never as a variadic one."""
        kind = ctypes.CFUNCTYPE(ctypes.c_void_p, *[ctypes.c_void_p] * len(arguments))
        place = ctypes.cast(getattr(self._library, name), ctypes.c_void_p).value
        return kind(place)(*arguments) or 0  # type: ignore[arg-type]


@cache
def here() -> ObjectiveC | None:
    """The runtime of this process; None on other systems, and where a library is missing."""
    return _loaded() if sys.platform == "darwin" else None


def _loaded() -> ObjectiveC | None:
    try:
        library = ctypes.CDLL(RUNTIME)
        for framework in FRAMEWORKS:
            ctypes.CDLL(framework)
        block_class = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "_NSConcreteGlobalBlock")
    except (OSError, ValueError):
        log.exception("This Mac's libraries cannot be used")
        return None
    return ObjectiveC(library, ctypes.addressof(block_class))


def _text(words: str) -> Any:
    return ctypes.c_char_p(words.encode("utf-8", "replace"))
