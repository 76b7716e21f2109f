"""Pictures of the models pane: the shelf, a search, downloads in each state, the list, and its questions.

The Hub is a server on this machine, which sends half of a file and then waits.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from studio.paths import STARTER_MODEL, model_folder
from studio.ui.panes.models.pane import LOCAL, ONLINE
from studio.ui.widgets.states import EmptyState, FailedState
from tests.hub.models import BASE, GATED, SMOL, TINY, model_of, some_models
from tests.hub.server import Hub, hub_server

if TYPE_CHECKING:
    from screens import Photographer

_SETTINGS = ("HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_HOME")


def models(to: Photographer) -> None:
    """An empty machine, the Hub, downloads, and what is here after them."""
    folder = model_folder(STARTER_MODEL)
    before = {name: os.environ.get(name) for name in _SETTINGS}
    more = [model_of(f"ada/Assistant-{number}", folder, downloads=40 * number) for number in range(1, 19)]
    with hub_server(Hub(models=[*some_models(folder), *more])) as hub:
        os.environ |= {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HOME": str(to.home / "models-hf")}
        _find(to, hub)
        _download(to, hub)
        _at_home(to)
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    to.studio.models.local.refresh()
    to.wait_idle()


def _find(to: Photographer, hub: Hub) -> None:
    """The shelf, while it is searched, what is found, nothing, and a Hub that does not answer."""
    pane = to.studio.panes.models
    to.window.show_pane("models")
    to.wait(lambda: pane.local.models())
    to.wait_idle()
    to.show("models", "empty")
    pane.show_place(ONLINE)
    to.show("models", "shelf")
    pane.online.search("a")
    to.shoot("models-searching")
    to.wait(lambda: pane.online.chosen())
    to.wait_idle()
    to.show("models", "found")
    pane.online.details.tabs.choose("card")
    to.show("models", "card")
    pane.online.details.tabs.choose("about")
    pane.online.search("no such model")
    to.wait(lambda: isinstance(pane.online.state, EmptyState))
    to.show("models", "nothing")
    hub.fault = (400, "")
    pane.online.search("tiny")
    to.wait(lambda: isinstance(pane.online.state, FailedState))
    to.show("models", "offline")
    hub.fault = None


def _download(to: Photographer, hub: Hub) -> None:
    """Half of one is there, another waits, one is paused; one needs access; one fails."""
    downloads, pane = to.studio.models.downloads, to.studio.panes.models
    pane.show_place(LOCAL)
    hub.held = threading.Event()
    downloads.get(SMOL)
    downloads.get(TINY)
    downloads.get(BASE)
    downloads.pause(BASE)
    to.wait(lambda: downloads.transfers[SMOL].done > 10**6)
    pane.downloads.rows[SMOL].toggle.click()
    to.show("models", "downloading")
    downloads.cancel(BASE)
    downloads.cancel(TINY)
    hub.held.set()
    to.wait(lambda: not downloads.transfers)
    hub.held = None
    downloads.get(GATED)
    to.wait(lambda: downloads.transfers[GATED].page)
    to.show("models", "gated")
    downloads.cancel(GATED)
    hub.fault = (400, "")
    downloads.get(TINY)
    to.wait(lambda: downloads.transfers[TINY].sentence)
    to.show("models", "failed")
    hub.fault = None
    downloads.resume(TINY)
    to.wait(lambda: not downloads.transfers)


def _at_home(to: Photographer) -> None:
    """Several models, one in full, and the question before one goes."""
    pane = to.studio.panes.models
    to.wait(lambda: len(pane.local.models()) > 2)
    to.wait_idle()
    to.window.notice("models").close_message()
    to.show("models", "full")
    to.window.resize(1040, 680)
    to.show("models", "small")
    to.resize()
    pane.local.choose(to.studio.models.online.place_of(TINY))
    pane.perform("delete")
    if (question := to.studio.models.changes.question) is not None:
        to.shoot("models-delete", question)
        question.reject()
    pane.perform("convert")
    if (dialog := to.studio.models.changes.dialog) is not None:
        to.shoot("models-convert", dialog)
        dialog.agree.click()
        to.wait(lambda: dialog.agree.isHidden())
        to.shoot("models-converted", dialog)
        dialog.reject()
