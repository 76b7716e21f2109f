"""Several runs chosen at once are drawn over each other, and told apart by what they were asked."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt

from studio.recipe.recipe import Recipe, find_field
from studio.runs.store import RunCurves, RunSummary
from studio.ui.panes.runs.compare import RunsComparison
from studio.ui.panes.runs.differences import differing, labels, number_in, plottable, value_text
from studio.ui.panes.runs.pane import RunsPane
from studio.ui.panes.runs.table import COLUMNS, SWEEP
from studio.ui.theme import DARK, LIGHT, Theme, contrast
from studio.ui.tokens import DARK_HUES, LIGHT_HUES, MOST, dash, hue
from tests.ui.conftest import summary

RANKS = {"s-rank-8": (8, 0.5), "s-rank-16": (16, 0.3), "s-rank-64": (64, 0.4)}


def run(name: str, values: dict[str, object], best: float | None = 0.3, sweep: str = "s") -> RunSummary:
    recipe = Recipe().with_values(values).model_dump()
    return replace(
        summary(name, best_loss=best), recipe=recipe, sweep=sweep, seconds=75.0, learning_rate=0.002
    )


def curves(name: str, best: float = 0.3) -> RunCurves:
    steps = tuple(range(1, 41))
    validated = (0, 20, 40)
    return RunCurves(name, steps, tuple(2.0 / s + best for s in steps), validated, (2.0, best + 0.1, best))


def members() -> list[RunSummary]:
    """Three runs of a sweep, in the order in which they were made."""
    made = [run(name, {"rank": rank}, best) for name, (rank, best) in RANKS.items()]
    return [replace(each, created=made[0].created + timedelta(minutes=n)) for n, each in enumerate(made)]


ALONE = run("alone", {"method": "dora"}, None, "")


@pytest.fixture
def pane(theme: Theme, qtbot) -> RunsPane:
    pane = RunsPane(theme)
    qtbot.addWidget(pane)
    pane.show_runs([*members(), ALONE])
    return pane


@pytest.fixture
def comparison(theme: Theme, qtbot) -> RunsComparison:
    comparison = RunsComparison(theme)
    qtbot.addWidget(comparison)
    comparison.show_runs(members(), [curves(name, best) for name, (_, best) in RANKS.items()])
    return comparison


def cells(comparison: RunsComparison, title: str) -> list[str]:
    model = comparison.model
    return [model.index(row, model.titles().index(title)).data() for row in range(model.rowCount())]


def test_several_chosen_runs_are_announced_together_oldest_first(pane: RunsPane, qtbot) -> None:
    with qtbot.assertNotEmitted(pane.run_chosen), qtbot.waitSignal(pane.runs_chosen) as chosen:
        pane.select_several(["s-rank-64", "s-rank-8"])
    assert chosen.args == [["s-rank-8", "s-rank-64"]]
    assert pane.chosen() == ""
    assert pane.header.subtitle() == "4 runs, 2 selected and overlaid"
    assert pane.details.isHidden()


def test_a_second_run_added_by_hand_makes_a_comparison_of_two(pane: RunsPane, qtbot) -> None:
    pane.select("alone")
    index = next(
        pane.table.model().index(row, 0)
        for row in range(4)
        if pane.table.model().index(row, 0).data() == "s-rank-8"
    )
    flag = QItemSelectionModel.SelectionFlag
    with qtbot.waitSignal(pane.runs_chosen) as chosen:
        pane.table.selectionModel().select(index, flag.Select | flag.Rows)
    assert set(chosen.args[0]) == {"alone", "s-rank-8"}


def test_a_comparison_stays_while_the_list_is_read_again_and_goes_with_the_choice(pane: RunsPane) -> None:
    names = list(RANKS)
    pane.select_several(names)
    pane.show_comparison(members(), [curves(name) for name in names])
    assert not pane.comparison.isHidden()
    pane.show_runs([*members(), ALONE, summary("newer")])
    assert not pane.comparison.isHidden()
    pane.select("alone")
    assert pane.comparison.isHidden()
    assert not pane.details.isHidden()


def test_a_comparison_that_comes_too_late_is_not_shown(pane: RunsPane) -> None:
    pane.select("alone")
    pane.show_comparison(members(), [curves(name) for name in RANKS])
    assert pane.comparison.isHidden()


def test_one_click_chooses_the_whole_sweep_of_a_run(pane: RunsPane, qtbot) -> None:
    pane.select("alone")
    assert pane._whole_sweep.isHidden()
    pane.select("s-rank-16")
    with qtbot.waitSignal(pane.runs_chosen) as chosen:
        pane._whole_sweep.click()
    assert chosen.args == [list(RANKS)]


def test_several_runs_are_deleted_only_after_a_second_yes(pane: RunsPane, qtbot) -> None:
    deleted: list[str] = []
    pane.delete_requested.connect(deleted.append)
    pane.select_several(["s-rank-8", "s-rank-64"])
    pane._delete.click()
    assert deleted == []
    pane._confirm.agree.click()
    assert deleted == ["s-rank-8", "s-rank-64"]


def test_the_sweep_column_is_there_only_for_sweeps(pane: RunsPane) -> None:
    pane.resize(1500, 900)
    pane.show()
    assert not pane.table.isColumnHidden(SWEEP)
    assert COLUMNS[SWEEP].text(members()[0]) == "s"
    pane.show_runs([ALONE])
    assert pane.table.isColumnHidden(SWEEP)


def test_only_the_fields_that_differ_are_in_the_table(comparison: RunsComparison) -> None:
    assert comparison.model.titles() == ["Run", "Rank", "Best loss", "At step", "Steps", "Time"]
    assert cells(comparison, "Run") == ["rank-8", "rank-16", "rank-64"]
    assert cells(comparison, "Rank") == ["8", "16", "64"]
    assert cells(comparison, "Best loss") == ["0.500", "0.300", "0.400"]
    assert cells(comparison, "Time") == ["75 s"] * 3


def test_numbers_of_the_table_sort_as_numbers(comparison: RunsComparison) -> None:
    order = comparison.table.model()
    comparison.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert [order.index(row, 1).data() for row in range(3)] == ["64", "16", "8"]


def test_the_plot_and_the_table_name_the_same_runs_in_the_same_hues(
    comparison: RunsComparison, theme: Theme
) -> None:
    assert comparison.overlay is not None
    assert comparison.overlay.labels() == cells(comparison, "Run")
    for place, drawn in enumerate(comparison.overlay._runs):
        assert drawn.solid.opts["pen"].color().name().upper() == hue(theme.tokens, place)
        swatch = comparison.model.index(place, 0).data(Qt.ItemDataRole.DecorationRole).toImage()
        assert swatch.pixelColor(20, 10).name().upper() == hue(theme.tokens, place)


def test_the_crosshair_gives_every_run_s_loss_the_best_first(comparison: RunsComparison) -> None:
    assert comparison.overlay is not None
    step, said = comparison.overlay.describe(19.0) or (0, "")
    assert step == 20
    assert [part.split("</span> ")[1] for part in said.split("<br>")[1:]] == [
        "0.400  rank-16",
        "0.500  rank-64",
        "0.600  rank-8",
    ]


def test_pointing_at_a_row_lets_its_curve_stand_out(comparison: RunsComparison, theme: Theme) -> None:
    assert comparison.overlay is not None
    colours = lambda: [d.solid.opts["pen"].color().name().upper() for d in comparison.overlay._runs]  # noqa: E731
    before = colours()
    comparison.table.entered.emit(comparison.table.model().index(1, 0))
    assert [a == b for a, b in zip(before, colours(), strict=True)] == [False, True, False]
    comparison._highlight("")
    assert colours() == before


def test_a_rank_is_drawn_against_the_best_loss_in_powers_of_two(comparison: RunsComparison) -> None:
    assert comparison.by_field is not None
    assert [comparison.choice.itemText(n) for n in range(comparison.choice.count())] == ["Rank"]
    assert comparison.by_field.axes["bottom"]._tickLevels == [[(3.0, "8"), (4.0, "16"), (6.0, "64")]]
    marks = comparison.by_field._marks.getData()
    assert [list(values) for values in marks] == [[3.0, 4.0, 6.0], [0.5, 0.3, 0.4]]
    assert comparison.by_field.describe(3.9) == (
        4.0,
        f'Rank 16<br><span style="color:{LIGHT_HUES[1]}">●</span> 0.300  rank-16',
    )


def test_a_field_in_a_narrow_range_is_drawn_as_it_is(comparison: RunsComparison) -> None:
    runs = [run(f"e{n}", {"epochs": n}) for n in (1, 2, 3)]
    comparison.show_runs(runs, [curves(each.name) for each in runs])
    assert comparison.by_field is not None
    assert comparison.by_field.axes["bottom"]._tickLevels == [[(1.0, "1"), (2.0, "2"), (3.0, "3")]]


def test_only_runs_on_the_same_rows_are_joined_and_that_is_said(comparison: RunsComparison) -> None:
    assert comparison.by_field is not None
    assert comparison.remark.isHidden()
    assert comparison.model.columns[2].tone_of(comparison.model.rows[1]) == "good"
    rows = ["one", "one", "other", "other"]
    runs = [run(f"r{n}", {"rank": 2**n}, 0.5 - 0.1 * n) for n in range(1, 5)]
    apart = [replace(curves(each.name), rows=on) for each, on in zip(runs, rows, strict=True)]
    comparison.show_runs(runs, apart)
    assert not comparison.remark.isHidden()
    assert comparison.remark.text() in comparison.by_field.accessibleDescription()
    xs, losses = comparison.by_field._line.getData()
    gaps = [n for n, loss in enumerate(losses) if loss != loss]
    assert gaps == [2, 5]
    assert {tuple(map(float, part)) for part in (xs[:2], xs[3:5])} == {(1.0, 2.0), (3.0, 4.0)}
    assert {comparison.model.columns[2].tone_of(each) for each in runs} == {"text"}


def test_without_a_number_that_differs_there_is_no_plot_of_a_field(comparison: RunsComparison) -> None:
    runs = [run("a", {"method": "lora"}), run("b", {"method": "dora"})]
    comparison.show_runs(runs, [curves("a"), curves("b")])
    assert comparison.field_card.isHidden()
    assert cells(comparison, "Method") == ["LoRA", "DoRA"]


def test_a_field_that_was_chosen_stays_chosen_while_it_can_be_drawn(comparison: RunsComparison) -> None:
    grid = [(8, 1e-4), (8, 1e-3), (16, 1e-4)]
    runs = [run(f"g{n}", {"rank": r, "learning_rate": v}) for n, (r, v) in enumerate(grid)]
    comparison.show_runs(runs, [curves(each.name) for each in runs])
    comparison.choice.setCurrentIndex(1)
    comparison.choice.activated.emit(1)
    assert comparison.by_field is not None
    assert comparison.by_field.accessibleName() == "Best validation loss by Learning rate"
    comparison.show_runs(runs[:2], [curves(each.name) for each in runs[:2]])
    assert comparison.choice.currentText() == "Learning rate"


def test_runs_without_a_loss_and_curves_without_a_point_are_no_trouble(comparison: RunsComparison) -> None:
    runs = [run("a", {"rank": 2}, None), run("b", {"rank": 4}, None)]
    comparison.show_runs(runs, [RunCurves(r.name, (), (), (), ()) for r in runs])
    assert comparison.overlay is not None
    assert comparison.overlay.describe(3.0) is None
    assert cells(comparison, "Best loss") == ["—", "—"]
    assert comparison.field_card.isHidden()


def test_a_rate_left_open_is_drawn_where_it_was_chosen() -> None:
    rate = find_field("learning_rate")
    runs = [run("a", {}), run("b", {"learning_rate": 1e-4})]
    assert differing(runs) == (rate,)
    assert [value_text(each, rate) for each in runs] == ["auto, 0.002", "1e-4"]
    assert [number_in(each, rate) for each in runs] == [0.002, 1e-4]
    assert plottable(runs) == (rate,)


def test_runs_keep_their_names_unless_all_are_of_one_sweep() -> None:
    assert labels([*members(), ALONE])[0] == "s-rank-8"
    assert labels(members())[0] == "rank-8"


@pytest.mark.parametrize(("hues", "tokens"), [(LIGHT_HUES, LIGHT), (DARK_HUES, DARK)], ids=["light", "dark"])
def test_hues_are_seen_on_a_card_and_told_apart_by_every_colour_vision(
    hues: tuple[str, ...], tokens: object
) -> None:
    assert all(contrast(each, tokens.panel) >= 3 for each in hues)  # type: ignore[attr-defined]
    for seen in (np.eye(3), *VISIONS):
        labs = [_oklab(np.clip(seen @ _linear(each), 0, 1)) for each in hues]
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(labs, 2)) > 0.085


def test_as_many_lines_as_are_drawn_differ_in_hue_or_dashes() -> None:
    assert len({(hue(LIGHT, place), dash(place)) for place in range(MOST)}) == MOST


VISIONS = (  # Machado, Oliveira and Fernandes 2009, severity 1.0: protan, deutan, tritan
    np.array([[0.1522, 1.0525, -0.2048], [0.1145, 0.7862, 0.0992], [-0.0038, -0.0481, 1.052]]),
    np.array([[0.3673, 0.8606, -0.2279], [0.2800, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9688]]),
    np.array([[1.2555, -0.0767, -0.1787], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6913, 0.3039]]),
)


def _linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _oklab(linear: np.ndarray) -> np.ndarray:
    """Ottosson 2020, "A perceptual color space for image processing"."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    mixed = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return mixed @ np.cbrt(cones @ linear)
