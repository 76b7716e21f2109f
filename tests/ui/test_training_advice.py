from __future__ import annotations

import re

import pytest

from studio.advice.advice import KINDS
from studio.catalogue import phrase
from studio.events import Advice
from studio.recipe.recipe import Recipe
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.panes.training.ready import NextData
from studio.ui.panes.training.remedies import linked, proposal, spoken
from studio.ui.panes.training.watch import AdviceCard
from studio.ui.theme import Theme
from studio.ui.widgets.label import WrapLabel


@pytest.fixture
def pane(theme: Theme, qtbot) -> TrainingPane:
    pane = TrainingPane(theme)
    qtbot.addWidget(pane)
    pane.resize(836, 680)
    pane.show_dataset(NextData("invoices", 218, 27))
    return pane


HIGH = Advice(
    48,
    "rate too high",
    "Training loss <rose>.",
    "Lower the Learning rate (optimizer.learning_rate) to a third, or warm up for longer "
    "(optimizer.warmup). Nothing <b>else</b> (as it was) helps (lora.nothing).",
)


REMEDIES = [str(phrase(kind.remedy)) for kind in KINDS]


def test_advice_names_fields_as_links_and_never_by_their_paths() -> None:
    assert linked(HIGH.remedy) == (
        'Lower the <a href="optimizer.learning_rate">Learning rate</a> to a third, or warm up for longer '
        '(<a href="optimizer.warmup">Warmup</a>). '
        "Nothing &lt;b&gt;else&lt;/b&gt; (as it was) helps (lora.nothing)."
    )
    assert spoken(HIGH.remedy).startswith(
        "Lower the Learning rate to a third, or warm up for longer (Warmup)."
    )


def test_every_field_that_advice_names_is_a_link(pane: TrainingPane) -> None:
    paths = {path for remedy in REMEDIES for path in re.findall(r"\(([a-z_]+\.[a-z_]+)\)", remedy)}
    assert len(paths) >= 10
    for path in paths:
        assert f'href="{path}"' in "".join(linked(remedy) for remedy in REMEDIES)
        assert pane.form.lead_to(path).entry.path == path
    assert not any(re.search(r"[a-z]+\.[a-z]+_?[a-z]*\)", spoken(remedy)) for remedy in REMEDIES)


def test_a_link_in_advice_sets_its_field_and_shows_it(pane: TrainingPane, qtbot) -> None:
    pane.set_recipe(Recipe().with_values({"learning_rate": 0.0015}))
    pane.show_event(HIGH)
    pane.show()
    pane.recipe_card.search("beta")
    (remedy,) = [label for label in pane.advice.findChildren(WrapLabel) if "href" in label.text()]
    with qtbot.waitSignal(pane.recipe_changed):
        remedy.linkActivated.emit("optimizer.learning_rate")
    assert pane.recipe().optimizer.learning_rate == 0.0005
    remedy.linkActivated.emit("optimizer.warmup")
    assert pane.recipe().optimizer.warmup == 0.1
    assert pane.form.rows["optimizer.warmup"].isVisible()
    assert pane.recipe_card._search.text() == ""


def test_links_in_advice_follow_the_theme(pane: TrainingPane, theme: Theme, qtbot) -> None:
    pane.advice.add(HIGH)
    pane.show()
    theme.set_mode("dark")
    born_dark = AdviceCard(theme)
    qtbot.addWidget(born_dark)
    born_dark.add(HIGH)
    pictures = []
    for card in (pane.advice, born_dark):
        remedy = [label for label in card.findChildren(WrapLabel) if "href" in label.text()][-1]
        remedy.setFixedSize(400, 60)
        pictures.append(remedy.grab().toImage())
    assert pictures[0] == pictures[1]


def test_a_link_in_advice_only_leads_to_its_field_while_a_run_holds_the_recipe(pane: TrainingPane) -> None:
    pane.show()
    pane.show_state("running")
    pane.follow_advice("overfitting", "loop.patience")
    assert pane.recipe() == Recipe()
    assert pane.form.rows["loop.patience"].isVisible()


@pytest.mark.parametrize(
    ("advice", "path", "value"),
    [
        ("rate too low", "optimizer.learning_rate", 0.006),
        ("divergence", "optimizer.learning_rate", 0.00067),
        ("divergence", "optimizer.clip", 0.5),
        ("divergence", "base.precision", None),
        ("overfitting", "loop.epochs", 2.0),
        ("overfitting", "loop.patience", 3),
        ("overfitting", "lora.dropout", 0.1),
        ("overfitting", "lora.rank", 8),
        ("underfitting", "loop.epochs", 6.0),
        ("underfitting", "lora.rank", 32),
        ("forgetting", "scope.layers", None),
    ],
)
def test_what_a_link_sets_is_what_the_advice_says(advice: str, path: str, value: float | None) -> None:
    found = proposal(advice, path, Recipe(), 0.002)
    assert found == value
    if found is not None:
        Recipe().with_values({path: found})
