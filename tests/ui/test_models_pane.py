from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.catalogue import phrase
from studio.events import (
    ModelFacts,
    ModelFile,
    ModelShown,
    ModelsListed,
    ModelUse,
    OnlineModel,
)
from studio.ui.panes.models.downloads import FAILED, GATED, PAUSED, RUNNING, WAITING, Transfer
from studio.ui.panes.models.pane import LOCAL, ONLINE, ModelsPane
from studio.ui.panes.models.shelf import ShelfForm, ShelfItem
from studio.ui.panes.models.table import FACTS
from studio.ui.theme import Theme
from studio.ui.widgets.states import BusyState, EmptyState, FailedState

GB = 2**30


def uses(**fits: tuple[str, float]) -> tuple[ModelUse, ...]:
    return tuple(ModelUse(use, how, round(size * GB)) for use, (how, size) in fits.items())


STARTER = ModelFacts("starter", "/app/model", "starter", "safetensors", "llama", 3_410_000, 16, 6_900_000)
QWEN = ModelFacts(
    "Qwen/Qwen3-0.6B",
    "/hub/qwen",
    "hub",
    "safetensors",
    "qwen3",
    596_000_000,
    16.0,
    1_200_000_000,
    40_960,
    "apache-2.0",
    True,
    uses(chat=("fits", 1.4), lora=("fits", 2.1), qlora=("fits", 1.1), full=("tight", 9)),
)
LLAMA = replace(
    QWEN,
    name="meta-llama/Llama-3.1-8B",
    place="/hub/llama",
    architecture="llama",
    parameters=8_030_000_000,
    size=16_060_000_000,
    uses=uses(chat=("too_large", 16), lora=("too_large", 19), qlora=("tight", 9.5), full=("too_large", 80)),
)
GGUF = replace(QWEN, name="gemma-Q4_K_M", place="/ollama/gemma", source="ollama", form="gguf")
WRONG = replace(
    QWEN,
    name="odd",
    place="/here/odd",
    source="folder",
    uses=(),
    problem=phrase("model.no_config", folder="/here/odd"),
)
MODELS = (STARTER, QWEN, LLAMA, GGUF, WRONG)


@pytest.fixture
def pane(theme: Theme, qtbot: QtBot) -> ModelsPane:
    pane = ModelsPane(theme)
    qtbot.addWidget(pane)
    pane.show_models(MODELS)
    return pane


def column(title: str) -> int:
    return next(number for number, each in enumerate(FACTS) if each.title == title)


def shown(pane: ModelsPane, title: str) -> list[str]:
    order = pane.local.table.order
    return [order.index(row, column(title)).data() for row in range(order.rowCount())]


def found(facts: ModelFacts = QWEN, **more: object) -> OnlineModel:
    return replace(OnlineModel(replace(facts, place="", source="online"), "abc", 1200, 8), **more)  # type: ignore[arg-type]


def test_a_list_says_what_each_model_is(pane: ModelsPane) -> None:
    assert shown(pane, "Name") == ["Starter", "Qwen3-0.6B", "Llama-3.1-8B", "gemma-Q4_K_M", "odd"]
    assert shown(pane, "Size")[:3] == ["6.9 MB", "1.2 GB", "16 GB"]
    assert shown(pane, "Found in")[1:4:2] == ["Hugging Face", "Ollama"]
    assert pane.header.subtitle() == "5 models on this Mac, 20 GB"


def test_what_fits_is_said_in_words_with_the_bytes_in_the_tooltip(pane: ModelsPane) -> None:
    index = pane.local.table.order.index(2, len(FACTS) - 1)
    told = "\n".join(
        (
            "Chat: too large, 16.0 GB",
            "LoRA: too large, 19.0 GB",
            "QLoRA: tight, 9.5 GB",
            "Full: too large, 80.0 GB",
        )
    )
    assert index.data(Qt.ItemDataRole.ToolTipRole) == told
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == told
    pane.local.choose("/hub/llama")
    words = [label.text() for label in pane.local.details.uses.findChildren(QLabel)]
    assert words[-12:] == [
        *("Chat", "Too large", "16.0 GB", "LoRA", "Too large", "19.0 GB"),
        *("QLoRA", "Tight", "9.5 GB", "Full", "Too large", "80.0 GB"),
    ]


def test_models_sort_by_what_fits_and_numbers_as_numbers(pane: ModelsPane) -> None:
    pane.local.table.sortByColumn(column("Size"), Qt.SortOrder.DescendingOrder)
    assert shown(pane, "Name")[0] == "Llama-3.1-8B"
    pane.local.table.sortByColumn(column("Fits here"), Qt.SortOrder.DescendingOrder)
    names = shown(pane, "Name")
    assert names.index("Qwen3-0.6B") < names.index("Llama-3.1-8B") < names.index("odd")


def test_a_search_goes_through_names_licences_and_places(pane: ModelsPane) -> None:
    pane.search.setText("meta-llama")
    assert shown(pane, "Name") == ["Llama-3.1-8B"]
    assert pane.header.subtitle() == "1 of 5 models on this Mac, 20 GB"
    assert pane.local.chosen() == LLAMA
    pane.search.setText("nothing like this")
    assert pane.local.chosen() is None
    assert pane.offers() == set()


def test_each_model_offers_what_can_be_done_with_it(pane: ModelsPane) -> None:
    offers = {}
    for facts in MODELS:
        pane.local.choose(facts.place)
        offers[facts.name] = pane.offers()
    assert offers["starter"] == {"reveal", "train", "chat", "convert"}
    assert offers[QWEN.name] == {"reveal", "delete", "train", "chat", "convert"}
    assert offers[GGUF.name] == {"reveal", "delete", "trainable"}
    assert offers["odd"] == {"reveal", "delete"}


def test_keys_train_and_delete(pane: ModelsPane, qtbot: QtBot) -> None:
    pane.show()
    pane.local.choose(QWEN.place)
    with qtbot.waitSignal(pane.train_requested) as train:
        qtbot.keyClick(pane.local.table, Qt.Key.Key_Return)
    with qtbot.waitSignal(pane.delete_requested) as delete:
        qtbot.keyClick(pane.local.table, Qt.Key.Key_Delete)
    assert (train.args, delete.args) == ([QWEN], [QWEN])


def test_a_model_that_cannot_be_used_says_why(pane: ModelsPane) -> None:
    pane.local.choose(WRONG.place)
    assert pane.local.details.problem.text() == str(WRONG.problem)
    assert not pane.local.details.problem.isHidden()


def test_the_details_keep_what_the_list_knows_of_uses(pane: ModelsPane) -> None:
    pane.local.choose(QWEN.place)
    read = ModelShown(
        replace(QWEN, uses=()),
        "# Qwen\n\nA model.",
        '{"model_type":"qwen3"}',
        '{"top_k":20}',
        "{{ messages }}",
        files=(ModelFile("model.safetensors", 1_190_000_000),),
    )
    pane.local.show_model(read)
    details = pane.local.details
    assert "A model." in details.card.toPlainText()
    assert '"model_type": "qwen3"' in details.config.toPlainText()
    assert '"top_k": 20' in details.config.toPlainText()
    assert details.template.toPlainText() == "{{ messages }}"
    assert not details.uses.isHidden()
    pane.local.choose(LLAMA.place)
    assert details.card.toPlainText() == "Reading…"
    pane.local.show_model(read)  # too late: another one is chosen
    assert details.card.toPlainText() == "Reading…"


def test_who_stood_on_a_model_stands_on_it_when_the_list_is_read_again(pane: ModelsPane) -> None:
    pane.local.choose(LLAMA.place)
    pane.show_models((STARTER, LLAMA, QWEN))
    assert pane.local.chosen() == LLAMA
    pane.show_models((STARTER, QWEN))
    assert pane.local.chosen() == STARTER


def test_an_empty_machine_shows_the_shelf(pane: ModelsPane, qtbot: QtBot) -> None:
    item = ShelfItem(
        "Qwen3 0.6B",
        "Qwen, 596 M",
        "Small.",
        (ShelfForm("mlx/Qwen3-4bit", "4-bit, 351 MB"), ShelfForm("Qwen/Qwen3", "16-bit", is_here=True)),
        is_gated=True,
    )
    pane.show_shelf((item,))
    pane.show()
    assert not pane.local.shelf.isVisible()
    pane.show_models((STARTER,))
    assert pane.local.shelf.isVisible()
    (card,) = pane.local.shelf.cards
    with qtbot.waitSignal(pane.download_requested) as get:
        card.buttons["mlx/Qwen3-4bit"].click()
    with qtbot.waitSignal(pane.here_requested) as show:
        card.buttons["Qwen/Qwen3"].click()
    assert (get.args, show.args) == (["mlx/Qwen3-4bit"], ["Qwen/Qwen3"])


def test_what_is_typed_is_looked_for_on_the_hub_with_its_filters(pane: ModelsPane, qtbot: QtBot) -> None:
    pane.show_place(ONLINE)
    with qtbot.waitSignal(pane.online.wanted) as wanted:
        pane.search.setText("qwen")
        qtbot.keyClick(pane.search, Qt.Key.Key_Return)
    assert (wanted.args[0].text, wanted.args[0].page) == ("qwen", 0)
    with qtbot.waitSignal(pane.online.wanted) as wanted:
        pane.online.mlx.click()
    assert wanted.args[0].mlx
    pane.online.show_found(ModelsListed("qwen", (found(), found(LLAMA)), more=True))
    with qtbot.waitSignal(pane.online.wanted) as wanted:
        pane.online.next.click()
    assert wanted.args[0].page == 1
    assert wanted.args[0].text == "qwen"


def test_a_found_model_is_downloaded_or_shown_where_it_is(pane: ModelsPane, qtbot: QtBot) -> None:
    pane.show_place(ONLINE)
    pane.online.show_found(ModelsListed("q", (found(), found(LLAMA, gated=True))))
    with qtbot.waitSignal(pane.download_requested) as get:
        pane.perform("download")
    assert get.args == [QWEN.name]
    pane.online.table.choose(1)
    assert not pane.online.details.gated.isHidden()
    pane.online.mark_here({LLAMA.name: "/hub/llama"})
    assert pane.offers() == {"here", "hub_page"}
    with qtbot.waitSignal(pane.here_requested) as show:
        qtbot.keyClick(pane.online.table, Qt.Key.Key_Return)
    assert show.args == [LLAMA.name]


def test_one_of_several_gguf_files_is_chosen_before_it_is_downloaded(pane: ModelsPane, qtbot: QtBot) -> None:
    pane.show()
    pane.show_place(ONLINE)
    facts = replace(GGUF, name="ada/Tiny-GGUF", place="", source="online")
    pane.online.show_found(ModelsListed("q", (OnlineModel(facts),)))
    files = (ModelFile("tiny-q4_0.gguf", 10), ModelFile("tiny-q8_0.gguf", 20))
    pane.online.show_model(ModelShown(facts, files=files))
    with qtbot.assertNotEmitted(pane.download_requested):
        pane.perform("download")
    assert pane.choice is not None
    assert [action.text() for action in pane.choice.actions()] == ["tiny-q4_0.gguf", "tiny-q8_0.gguf"]
    with qtbot.waitSignal(pane.file_requested) as wanted:
        pane.choice.actions()[1].trigger()
    assert wanted.args == ["ada/Tiny-GGUF", "tiny-q8_0.gguf"]
    pane.choice.close()


def test_searching_nothing_found_and_offline_are_told_apart(pane: ModelsPane, qtbot: QtBot) -> None:
    pane.show_place(ONLINE)
    pane.online.search("zzz")
    pane.online.show_busy()
    assert isinstance(pane.online.state, BusyState)
    pane.online.show_found(ModelsListed("zzz", ()))
    assert isinstance(pane.online.state, EmptyState)
    assert "“zzz”" in pane.online.state.accessibleDescription()
    pane.online.show_failed("The Hub cannot be reached.")
    assert isinstance(pane.online.state, FailedState)
    with qtbot.waitSignal(pane.online.wanted):
        pane.online.state.chosen.emit()
    assert pane.offers() == set()


def test_each_place_keeps_what_was_typed_in_it(pane: ModelsPane) -> None:
    pane.search.setText("llama")
    pane.places.choose(ONLINE)
    assert pane.search.text() == ""
    pane.places.choose(LOCAL)
    assert pane.search.text() == "llama"


def test_a_download_says_how_far_it_is_and_what_can_be_done(pane: ModelsPane, qtbot: QtBot) -> None:
    card = pane.downloads
    running = Transfer("a/b", RUNNING, {"m": (10**9, 3 * 10**9), "t": (10**6, 10**6)}, rate=10**8)
    card.show_transfers((running, Transfer("c/d", WAITING)))
    row = card.rows["a/b"]
    assert row.amount.text() == "1.0 GB of 3.0 GB, 100 MB/s, 20 s left"
    assert (row.bar.value(), row.bar.maximum()) == (334, 1000)
    assert card.value() == "1 download running, 1 waiting"
    with qtbot.waitSignal(card.pause_requested) as pause:
        row.pause.click()
    assert pause.args == ["a/b"]
    row.toggle.click()
    assert [label.text() for label in row.files.findChildren(QLabel)][:2] == ["m", "1.0 GB of 3.0 GB"]
    card.show_transfers(
        (replace(running, state=PAUSED), Transfer("c/d", FAILED, sentence="The disk is full."))
    )
    assert row.pause.isHidden()
    assert not row.resume.isHidden()
    assert card.rows["c/d"].sentence.text() == "The disk is full."
    with qtbot.waitSignal(card.resume_requested) as again:
        card.rows["c/d"].resume.click()
    assert again.args == ["c/d"]
    card.show_transfers(())
    assert card.isHidden()


def test_a_gated_download_takes_a_token_and_leads_to_the_licence(pane: ModelsPane, qtbot: QtBot) -> None:
    card = pane.downloads
    card.show_transfers((Transfer("meta/l", GATED, sentence="Ask for access.", page="https://hf.co/meta/l"),))
    row = card.rows["meta/l"]
    row.access.token.setText("hf_abc")
    with qtbot.waitSignal(card.token_given) as given:
        qtbot.keyClick(row.access.token, Qt.Key.Key_Return)
    assert given.args == ["meta/l", "hf_abc"]
    assert row.access.token.text() == ""
    with qtbot.waitSignal(pane.page_requested) as page:
        row.access._ask.click()
    assert page.args == ["https://hf.co/meta/l"]


HOSTILE = "<b>R&D</b> <img src='file:x.png'> ![p](http://x/p.png) [l](javascript:x)\n\n<script>i</script>"


def test_a_card_and_a_name_of_others_are_only_text(pane: ModelsPane, qtbot: QtBot) -> None:
    facts = replace(QWEN, name=f"x/{HOSTILE}", license=HOSTILE)
    pane.show_models((facts,))
    card = pane.local.details.card
    asked: list[object] = []
    card.loadResource = lambda *wanted: asked.append(wanted)  # type: ignore[method-assign,assignment]
    pane.local.show_model(ModelShown(facts, f"# {HOSTILE}\n\n[page](https://hf.co)", HOSTILE, "", HOSTILE))
    assert asked == []
    assert "￼" not in card.toPlainText()  # no picture
    assert pane.local.details.config.toPlainText() == HOSTILE
    with qtbot.assertNotEmitted(card.page_requested):
        card.anchorClicked.emit("javascript:x")
    with qtbot.waitSignal(card.page_requested):
        card.anchorClicked.emit("https://hf.co")
