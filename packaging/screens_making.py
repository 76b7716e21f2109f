"""Pictures of making rows: a handbook, and a server on this machine that answers from it as a model would."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from studio.paths import resource
from tests.jobs.openai_server import Body, openai_server

if TYPE_CHECKING:
    from screens import Photographer

SECTIONS = {
    "Before the first flight": (
        "Charge the battery until the light at its side stays green, which takes about two hours. Screw the "
        "four propellers on by hand, each one to the motor with the same colour. A propeller that is cracked "
        "must never be used again, however small the crack is.\n\nPut the drone on level ground, two metres "
        "away from people, and wait until it has found at least six satellites before you take off. It "
        "remembers this place and comes back to it by itself when it loses the connection. For the first "
        "flight choose a meadow without trees and a day without wind, stay below ten metres, and try what "
        "each of the sticks does before you go any further."
    ),
    "Flying in wind": (
        "The drone holds its place in winds of up to eight metres a second. In stronger gusts it leans into "
        "the wind and its battery lasts only half as long. Fly against the wind first, so that it carries "
        "you home when the battery is low.\n\nIf the drone drifts although you have let go of the sticks, "
        "come down to ten metres, where the wind is usually weaker, and land. Near houses and at the edge of "
        "a wood the wind turns in circles and presses the drone down without warning, so keep away from "
        "both. In rain do not fly at all: the motors bear it, but the camera and the battery do not."
    ),
    "Storing the battery": (
        "Store the battery half full and at room temperature. A full battery that lies in a drawer for more "
        "than ten days swells, and one that lies empty may never charge again. After ten days the battery "
        "therefore discharges itself to sixty percent; it gets warm while it does so, and that is normal.\n\n"
        "Never leave it in a car in summer. A battery whose sides are no longer flat belongs to the shop "
        "that sold it, which takes it back for nothing, and neither into the drone nor into the dustbin."
    ),
}
PAIRS = {
    "Before the first flight": [
        ("How long does the battery take to charge?", "About two hours, until the light stays green."),
        (
            "May I fly with a propeller that has a small crack?",
            "No. A cracked propeller must never be used again, however small the crack is.",
        ),
        ("How many satellites are needed before take-off?", "Wait until it has found at least six."),
    ],
    "Flying in wind": [
        ("How much wind can the drone bear?", "It holds its place in winds of up to eight metres a second."),
        ("Why should I fly against the wind first?", "So that it carries you home when the battery is low."),
        (
            "What do I do when the drone drifts by itself?",
            "Come down to ten metres, where the wind is usually weaker, and land.",
        ),
    ],
    "Storing the battery": [
        ("How should the battery be stored?", "Half full and at room temperature."),
        ("Why is the battery warm after ten days?", "It discharges itself to sixty percent. That is normal."),
        ("Who made the battery?", "A company in the mountains of Norway founded it long ago."),
    ],
}


def making(to: Photographer) -> None:
    """Make more: the form, rows that come in, and their review; from the sample and from documents alone."""
    handbook = to.home / "drone handbook.md"
    chapters = (f"# {title}\n\n{said}" for title, said in SECTIONS.items())
    handbook.write_text("\n\n".join(chapters), encoding="utf-8")
    studio, pane = to.studio, to.studio.panes.dataset
    studio.open_path(str(resource("starter/instructions.jsonl")))
    to.wait(lambda: studio.state.dataset and studio.state.dataset.path.endswith("instructions.jsonl"))
    to.window.show_pane("dataset")
    pane.tabs.choose("synthesis")
    _both_sizes(to, "dataset-making")
    pane.synthesis.add_documents([str(handbook)])
    waits, may_answer = threading.Event(), threading.Event()

    def answer(body: Body, number: int) -> str:
        if number == 3:
            waits.set()
            may_answer.wait(60)
        said = body["messages"][0]["content"]
        title = next(title for title in SECTIONS if title in said)
        return json.dumps([{"question": q, "answer": a} for q, a in PAIRS[title]])

    with openai_server(answer) as served:
        form = pane.synthesis.form
        form.models.set_model("server")
        form.choose_way("passages")
        form.server.setText(served.url)
        form.server.setCursorPosition(0)
        form.name.setText("qwen3-32b")
        _both_sizes(to, "dataset-making-server")
        pane.synthesis.card.make.click()
        to.wait(waits.is_set)
        _both_sizes(to, "dataset-synthesizing")
        may_answer.set()
        to.wait(lambda: not studio.dataset.synthesis.busy)
    review = pane.synthesis.review
    for command in ("accept", "accept", "reject", "accept"):
        review.do(command)
    _both_sizes(to, "dataset-review")
    review.do("edit")
    to.show("dataset", "review-editing")
    review.do("leave")
    review.add.click()
    to.wait(lambda: studio.state.dataset and studio.state.dataset.counts)
    to.show("dataset", "review-added")
    studio.open_path(str(resource("starter/messy.jsonl")))
    to.wait(lambda: studio.state.dataset and studio.state.dataset.name == "messy.jsonl")
    studio.dataset.datasets.open_sample()
    to.wait(lambda: studio.state.dataset and studio.state.dataset.path.endswith("instructions.jsonl"))
    pane.tabs.choose("synthesis")
    to.show("dataset", "making-earlier")
    form.choose_way("noise")
    details = form.sections[""]
    details.set_open(True)
    _both_sizes(to, "dataset-making-details")
    details.set_open(False)
    form.choose_way("passages")
    pane.synthesis.card.make.click()  # the server is gone by now
    to.wait(lambda: not studio.dataset.synthesis.busy)
    to.show("dataset", "making-failed")
    _alone(to, handbook)
    studio.dataset.datasets.open_sample()
    to.wait(lambda: studio.state.dataset)
    pane.tabs.choose("rows")


def _alone(to: Photographer, handbook: Path) -> None:
    """Documents dropped where there is no dataset."""
    page = to.home / "drone handbook.html"
    page.write_text(f"<body><p>{handbook.read_text(encoding='utf-8')}</p></body>", encoding="utf-8")
    to.studio.state.turn_to("", "")
    to.studio.panes.dataset.show_empty()
    to.studio.open_path(str(page))
    to.show("dataset", "making-documents")


def _both_sizes(to: Photographer, name: str) -> None:
    to.rest()
    to.shoot(name)
    to.window.resize(1040, 680)
    to.rest()
    to.shoot(f"{name}-small")
    to.resize()
