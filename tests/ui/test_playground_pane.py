"""The playground: prompts go out, answers stream in, nothing is lost on the way."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from studio.dataset.record import Message
from studio.events import AnswerEnded, AnswerPiece, AnswersBegin
from studio.generate.presets import BUILT_IN
from studio.generate.sampling import Sampling
from studio.ui.chat.sampling import SamplingPanel
from studio.ui.form.editors import NumberField
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.theme import Theme


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme) -> PlaygroundPane:
    pane = PlaygroundPane(theme)
    qtbot.addWidget(pane)
    pane.resize(1076, 820)
    pane.show()
    pane.show_run("Starter", "capitals")
    pane.send_requested.connect(lambda asked: pane.show_busy())
    return pane


def ask(qtbot: QtBot, pane: PlaygroundPane, prompt: str) -> None:
    qtbot.keyClicks(pane.prompt, prompt)
    qtbot.keyClick(pane.prompt, Qt.Key.Key_Return)


def ended(who: str, text: str, reason: str = "stop") -> AnswerEnded:
    return AnswerEnded(who, text, 10, 41, 116.2, 0.09, reason)


def test_without_a_run_training_is_offered(qtbot: QtBot, theme: Theme) -> None:
    pane = PlaygroundPane(theme)
    qtbot.addWidget(pane)
    pane.show()
    assert pane.state is not None
    buttons = {each.text(): each for each in pane.state.findChildren(QPushButton)}
    ways = {
        "Train a model": pane.train_requested,
        "Choose a model folder…": pane.menu.model_requested,
        "Talk to Starter": pane.starter_requested,
    }
    for words, asked in ways.items():
        with qtbot.waitSignal(asked):
            buttons[words].click()


def test_enter_sends_the_prompt_with_the_sampling(qtbot: QtBot, pane: PlaygroundPane) -> None:
    temperature = pane.panel.control("temperature")
    temperature.set_value(0.25)
    temperature.edited.emit()
    with qtbot.waitSignal(pane.send_requested) as sent:
        ask(qtbot, pane, "Hello")
    asked = sent.args[0]
    assert [talk.contestant.key for talk in asked.talks] == ["base", "tuned"]
    assert {talk.turns for talk in asked.talks} == {(Message("user", "Hello"),)}
    assert asked.sampling == Sampling.model_validate({"temperature": 0.25})
    assert pane.prompt.toPlainText() == ""


def test_typed_tokens_are_text_unless_switched_on(qtbot: QtBot, pane: PlaygroundPane) -> None:
    sent: list[bool] = []
    pane.send_requested.connect(lambda asked: sent.append(asked.typed_tokens))
    ask(qtbot, pane, "Hello")
    pane.show_idle()
    qtbot.mouseClick(pane.panel.typed_tokens, Qt.MouseButton.LeftButton)
    ask(qtbot, pane, "Hello")
    pane.show_idle()
    pane.panel._reset.click()
    ask(qtbot, pane, "Hello")
    assert sent == [False, True, False]


def test_shift_enter_starts_a_line_and_the_field_grows_to_five(qtbot: QtBot, pane: PlaygroundPane) -> None:
    one, line = pane.prompt.height(), pane.prompt.fontMetrics().lineSpacing()
    for _ in range(4):
        qtbot.keyClicks(pane.prompt, "x")
        qtbot.keyClick(pane.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: one + 3 * line <= pane.prompt.height() <= one + 4 * line)
    five = pane.prompt.height()
    for _ in range(3):
        qtbot.keyClick(pane.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.wait(50)
    assert pane.prompt.toPlainText() == "x\n" * 4 + "\n" * 3
    assert pane.prompt.height() == five


def test_nothing_is_sent_without_words_or_while_busy(qtbot: QtBot, pane: PlaygroundPane) -> None:
    assert not pane.send_button.isEnabled()
    sent: list[str] = []
    pane.send_requested.connect(lambda asked: sent.append(asked.talks[0].turns[-1].content))
    ask(qtbot, pane, "   ")
    ask(qtbot, pane, "One")
    ask(qtbot, pane, "Two")
    assert sent == ["One"]
    assert pane.prompt.toPlainText() == "Two"


def test_stop_is_shown_while_busy(qtbot: QtBot, pane: PlaygroundPane) -> None:
    ask(qtbot, pane, "Hello")
    assert pane.stop_button.isVisible()
    assert not pane.send_button.isVisible()
    assert "training step" in pane.note.text()
    with qtbot.waitSignal(pane.stop_requested):
        pane.stop_button.click()
    pane.show_stopped()
    assert pane.send_button.isVisible()
    assert not pane.stop_button.isVisible()
    assert pane.columns.exchanges[-1].foot("tuned") == "Stopped"


def test_every_piece_arrives_in_order_in_its_column(qtbot: QtBot, pane: PlaygroundPane) -> None:
    ask(qtbot, pane, "Count")
    exchange = pane.columns.exchanges[-1]
    for number in range(500):
        pane.show_event(AnswerPiece("base" if number % 2 else "tuned", f"{number} "))
    assert exchange.text("base") == ""  # drawn by the timer, not by the piece
    odd = "".join(f"{number} " for number in range(1, 500, 2))
    even = "".join(f"{number} " for number in range(0, 500, 2))
    qtbot.waitUntil(lambda: exchange.text("base") == odd)
    assert exchange.text("tuned") == even


def test_an_ended_answer_says_what_it_cost(qtbot: QtBot, pane: PlaygroundPane) -> None:
    ask(qtbot, pane, "Hello")
    pane.show_event(AnswerPiece("tuned", "Hi"))
    pane.show_event(ended("tuned", "Hi there"))
    pane.show_event(ended("base", "…", "length"))
    exchange = pane.columns.exchanges[-1]
    assert exchange.text("tuned") == "Hi there"
    assert exchange.foot("tuned") == "41 tokens · 116 tok/s · first after 0.09 s"
    assert exchange.foot("base").endswith("cut at the maximum length")
    assert not exchange.is_same


def test_equal_answers_are_marked(qtbot: QtBot, pane: PlaygroundPane) -> None:
    ask(qtbot, pane, "12 times 12?")
    pane.show_event(ended("base", "144"))
    pane.show_event(ended("tuned", "144\n"))
    assert pane.columns.exchanges[-1].is_same


def test_exchanges_stand_under_each_other_whichever_run_is_asked(qtbot: QtBot, pane: PlaygroundPane) -> None:
    for prompt in ("One", "Two"):
        ask(qtbot, pane, prompt)
        pane.show_event(ended("base", "a"))
        pane.show_event(ended("tuned", "b"))
        pane.show_idle()
    assert [exchange.prompt for exchange in pane.columns.exchanges] == ["One", "Two"]
    pane.show_run("Starter", "another")
    assert len(pane.columns.exchanges) == 2
    pane.show_no_run()
    assert pane.columns.exchanges == ()


def test_an_answer_says_for_good_which_run_gave_it_and_at_which_step(
    qtbot: QtBot, pane: PlaygroundPane
) -> None:
    for run, step in (("capitals", 120), ("capitals", 240), ("an-older-one", 0)):
        ask(qtbot, pane, "Hello")
        pane.show_event(AnswersBegin("starter", "", 0, "base"))
        pane.show_event(AnswersBegin("starter", run, step, "tuned"))
        assert pane.columns.exchanges[-1].foot("tuned").endswith(" · Waiting…")
        for who in ("base", "tuned"):
            pane.show_event(ended(who, "Hi"))
        pane.show_idle()
    first, second, third = pane.columns.exchanges
    assert first.foot("tuned").startswith("capitals, step 120 · 41 tokens")
    assert second.foot("tuned").startswith("capitals, step 240 · 41 tokens")
    assert third.foot("tuned").startswith("an-older-one · 41 tokens")
    assert {each.foot("base").partition(" · ")[0] for each in (first, second, third)} == {"Starter"}


def test_a_long_word_wraps_inside_its_column(qtbot: QtBot, pane: PlaygroundPane) -> None:
    ask(qtbot, pane, "Repeat")
    before = pane.width()
    pane.show_event(ended("base", "a" * 3000))
    qtbot.wait(1)
    assert pane.width() == before
    assert pane.minimumSizeHint().width() <= 1040 - 204


def test_a_failure_is_told_and_the_next_prompt_can_be_sent(qtbot: QtBot, pane: PlaygroundPane) -> None:
    ask(qtbot, pane, "Hello")
    pane.show_failure("The model needs 5 GB.")
    assert pane.note.text() == "The model needs 5 GB."
    assert pane.columns.exchanges[-1].foot("base") == "No answer"
    with qtbot.waitSignal(pane.send_requested):
        ask(qtbot, pane, "Again")


def test_a_prompt_can_be_put_in(qtbot: QtBot, pane: PlaygroundPane) -> None:
    pane.set_prompt("From the golden set")
    assert pane.send_button.isEnabled()
    assert pane.prompt.toPlainText() == "From the golden set"


def test_every_sampling_field_has_a_control_with_its_bounds_and_help(qtbot: QtBot, theme: Theme) -> None:
    panel = SamplingPanel()
    qtbot.addWidget(panel)
    for name, field in Sampling.model_fields.items():
        if name == "stop":
            continue
        row = panel.form.rows[name]
        low, high = row.entry.bounds
        assert low is not None
        assert high is not None
        assert row.editor.toolTip() == field.description
        assert float(row.value()) == field.default
        for beyond in (low - 1, high + 1):
            row.set_value(beyond)
            assert row.shown_problem().startswith(f"{field.title} must be ")
        row.reset()
    assert panel.sampling() == Sampling.model_validate({})


def test_a_bad_value_is_told_and_the_last_good_one_counts(qtbot: QtBot, theme: Theme) -> None:
    panel = SamplingPanel()
    qtbot.addWidget(panel)
    editor = panel.control("temperature")
    assert isinstance(editor, NumberField)
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert panel.sampling().temperature == 0.75
    editor.selectAll()
    qtbot.keyClicks(editor, "9")
    assert panel.form.problem() == "Temperature must be at most 2."
    assert panel.sampling().temperature == 0.75
    panel.reset()
    assert panel.form.is_valid()


def test_reset_brings_the_defaults_back(qtbot: QtBot, theme: Theme) -> None:
    panel = SamplingPanel()
    qtbot.addWidget(panel)
    panel.set_sampling(Sampling.model_validate({"temperature": 0.0, "seed": 7}))
    assert panel.sampling().seed == 7
    panel.reset()
    assert panel.sampling() == Sampling.model_validate({})


def test_another_part_of_the_app_can_put_in_and_send(qtbot: QtBot, pane: PlaygroundPane) -> None:
    pane.set_prompt("From the golden set")
    with qtbot.waitSignal(pane.send_requested) as sent:
        pane.send()
    assert sent.args[0].talks[0].turns[-1].content == "From the golden set"


def test_texts_to_stop_at_stand_one_in_a_line(qtbot: QtBot, theme: Theme) -> None:
    panel = SamplingPanel()
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.changed) as said:
        panel.stop.setPlainText("User:\n\n\\n\\n\n")
    assert said.args[0].stop == ("User:", "\n\n")
    panel.set_sampling(Sampling.model_validate({"stop": ("a\nb", "\\")}))
    assert panel.stop.toPlainText() == "a\\nb\n\\\\"
    assert panel.sampling().stop == ("a\nb", "\\")
    panel.stop.setPlainText("\n".join("abcdefghijklmnopqrst"))
    assert len(panel.sampling().stop) == 16
    panel.reset()
    assert panel.stop.toPlainText() == ""


def test_keys_copy_the_answers_which_the_tab_key_reaches_in_order(qtbot: QtBot, pane: PlaygroundPane) -> None:
    for prompt in ("One?", "Two?"):
        ask(qtbot, pane, prompt)
        for who in ("base", "tuned"):
            pane.show_event(ended(who, f"{prompt} {who}"))
        pane.show_idle()
    qtbot.waitUntil(lambda: pane.columns.exchanges[-1].isVisible())
    pane.activateWindow()
    pane.prompt.setFocus()
    qtbot.waitUntil(pane.prompt.hasFocus)
    seen = []
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
        answer = QApplication.focusWidget()
        qtbot.keyClick(answer, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(answer, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        seen.append(QApplication.clipboard().text())
    assert seen == ["Two? tuned", "Two? base", "One? tuned", "One? base"]


def test_a_preset_sets_every_control_but_the_seed(qtbot: QtBot, theme: Theme) -> None:
    panel = SamplingPanel()
    qtbot.addWidget(panel)
    panel.set_sampling(Sampling.model_validate({"seed": 7}))
    panel.offer({preset.name: preset.sampling for preset in BUILT_IN})
    assert panel.presets.currentText() == "Balanced"
    place = panel.presets.findText("Creative")
    panel.presets.setCurrentIndex(place)
    panel.presets.activated.emit(place)
    creative = next(preset.sampling for preset in BUILT_IN if preset.name == "Creative")
    assert panel.sampling() == creative.model_copy(update={"seed": 7})
    temperature = panel.control("temperature")
    temperature.set_value(0.25)
    temperature.edited.emit()
    assert panel.presets.currentText() == "As set below"


def test_golden_prompts_are_put_into_the_field(qtbot: QtBot, pane: PlaygroundPane) -> None:
    pane.suggest(["R&D in\none line?", "Two?"])
    entries = pane.golden.actions()
    assert [entry.text() for entry in entries] == ["R&&D in one line?", "Two?"]
    entries[0].trigger()
    assert pane.prompt.toPlainText() == "R&D in\none line?"


def test_a_mix_and_what_is_being_trained_can_be_added(pane: PlaygroundPane) -> None:
    chosen: list[str] = []
    pane.menu.chosen.connect(lambda contestant: chosen.append(contestant.key))
    pane.offer((4,), ("other",), run=True, training="live")

    entries = {action.text(): action for action in pane.menu.actions()}
    entries["live, as it is now"].trigger()
    submenu = entries["Half and half with another run"].menu()
    assert isinstance(submenu, QMenu)
    submenu.actions()[0].trigger()
    assert chosen == ["run:live@now", "mix:tuned*0.5,run:other*0.5"]
    pane.offer((), (), run=True)
    assert not any("now" in action.text() for action in pane.menu.actions())
