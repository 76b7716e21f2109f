"""Notifications of a Mac's own, in the name of the app in the Dock.

The system knows only apps in bundles, and raises what nobody could catch when another process asks for its
notifications: so only the app that was built asks.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from studio.macos.objc import ObjectiveC

log = logging.getLogger(__name__)

_BADGE, _SOUND, _ALERT = 1, 2, 4
ASKED = _BADGE | _SOUND | _ALERT
"""UNAuthorizationOptions. Without the badge among them the Dock would show none, either."""


class Notifications:
    """Asks the person once whether it may, and says a title and a sentence."""

    def __init__(self, runtime: ObjectiveC | None) -> None:
        self._runtime = runtime if runtime is not None and _is_app(runtime) else None
        self._asked = False

    def ask(self) -> None:
        """Have the system ask the person; it does so once in the life of an installed app."""
        runtime = self._runtime
        if runtime is None or self._asked:
            return
        self._asked = True
        with runtime.pool():
            heard = runtime.answer(_note_answer)
            options = "requestAuthorizationWithOptions:completionHandler:"
            runtime.send(_center(runtime), options, ASKED, heard)

    def tell(self, title: str, sentence: str) -> None:
        """Show a notification; a later one takes the place of an earlier one that still stands."""
        runtime = self._runtime
        if runtime is None:
            return
        with runtime.pool():
            content = runtime.send(runtime.named("UNMutableNotificationContent"), "new")
            runtime.send(content, "setTitle:", runtime.text(title))
            runtime.send(content, "setBody:", runtime.text(sentence))
            sound = runtime.send(runtime.named("UNNotificationSound"), "defaultSound")
            runtime.send(content, "setSound:", sound)
            made = "requestWithIdentifier:content:trigger:"
            parts: tuple[Any, ...] = (runtime.text("run"), content, 0)  # nil: at once
            request = runtime.send(runtime.named("UNNotificationRequest"), made, *parts)
            runtime.send(_center(runtime), "addNotificationRequest:withCompletionHandler:", request, 0)
            runtime.send(content, "release")


def _is_app(runtime: ObjectiveC) -> bool:
    """Whether this process is the app that was built, with an identifier that the system knows."""
    if not getattr(sys, "frozen", False) or not runtime.named("UNUserNotificationCenter"):
        return False
    with runtime.pool():
        bundle = runtime.send(runtime.named("NSBundle"), "mainBundle")
        place = runtime.words(runtime.send(bundle, "bundlePath"))
        return place.endswith(".app") and runtime.send(bundle, "bundleIdentifier") != 0


def _center(runtime: ObjectiveC) -> int:
    return runtime.send(runtime.named("UNUserNotificationCenter"), "currentNotificationCenter")


def _note_answer(yes: bool) -> None:
    log.info("Notifications are %s", "allowed" if yes else "not allowed")
