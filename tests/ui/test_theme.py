from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QSpinBox, QStyle, QWidget

from studio.paths import resource
from studio.ui.theme import DARK, LIGHT, Theme, ThemeColours, contrast
from studio.ui.window import MainWindow, PaneEntry

TEXTS = ("text", "dim", "faint", "accent", "good", "warn", "bad")
GROUNDS = ("bg", "panel")


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", TEXTS)
def test_text_reaches_a_contrast_of_four_and_a_half(tokens: ThemeColours, name: str, ground: str) -> None:
    assert contrast(getattr(tokens, name), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_sidebar_and_the_primary_button_are_readable(tokens: ThemeColours) -> None:
    assert contrast(tokens.faint, tokens.side) >= 4.5
    assert contrast(tokens.text, tokens.named()["selected"]) >= 4.5
    assert contrast(tokens.on_fill, tokens.fill) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["good", "warn", "bad", "accent"])
def test_words_on_a_tint_of_their_own_colour_are_readable(tokens: ThemeColours, name: str) -> None:
    assert contrast(tokens.text, tokens.tint(name)) >= 4.5
    assert contrast(getattr(tokens, name), tokens.tint(name)) >= 3.9  # badges: bold, and never alone


@pytest.mark.parametrize("accent", ["#FFC600", "#62BA46", "#A550A7", "#FF5257", "#0A84FF"])
@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_any_system_accent_is_made_readable(tokens: ThemeColours, accent: str) -> None:
    worn = tokens.with_accent(accent)
    assert contrast(worn.on_fill, worn.fill) >= 4.5
    assert contrast(worn.accent, worn.panel) >= 4.5


def test_a_grey_system_accent_is_not_taken() -> None:
    assert LIGHT.with_accent("#8C8C8C") == LIGHT


def test_turning_dark_changes_palette_and_tells_painters(theme: Theme, qapp: QApplication, qtbot) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.set_mode("dark")
    assert theme.is_dark
    assert qapp.palette().window().color() == QColor(DARK.bg)
    with qtbot.waitSignal(theme.changed):
        theme.set_mode("light")
    assert theme.tokens == LIGHT


def test_the_accent_of_the_system_is_followed_while_the_window_stands(
    qapp: QApplication, theme: Theme, qtbot
) -> None:
    worn = Theme(qapp, wears_accent=True)
    window = MainWindow(worn, [PaneEntry("one", "One", "database", QWidget())])
    qtbot.addWidget(window)
    worn._app, worn._accent = qapp, "#A550A7"  # as it was when the app began
    worn.set_mode("light")
    purple = worn.tokens.accent
    window.show()
    QApplication.sendEvent(window.windowHandle(), QEvent(QEvent.Type.ThemeChange))  # as a Mac tells it
    qtbot.waitUntil(lambda: worn.tokens.accent != purple)
    own = qapp.style().standardPalette().color(QPalette.ColorRole.Accent).name().upper()
    assert worn.tokens == LIGHT.with_accent(own)
    assert qapp.palette().color(QPalette.ColorRole.Link) == QColor(worn.tokens.accent)
    assert worn.tokens.accent in qapp.styleSheet()
    theme.set_mode("dark")  # back in the look of the other tests
    theme.set_mode("light")


def test_the_style_sheet_has_no_colour_but_the_tokens(theme: Theme) -> None:
    template = resource("styles/studio.qss").read_text(encoding="utf-8")
    words = template.replace("{", " ").replace(";", " ").split()
    assert not [
        word
        for word in words
        if word.startswith("#")
        and word[1:].isalnum()
        and len(word) == 7
        and all(c in "0123456789abcdefABCDEF" for c in word[1:])
    ]
    assert "$" not in theme.style_sheet()


def test_icons_are_tinted_from_the_tokens(theme: Theme) -> None:
    image = theme.icon("play", "bad").pixmap(32, 32).toImage()
    colours = {
        image.pixelColor(x, y).name().upper()
        for x in range(32)
        for y in range(32)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert LIGHT.bad in colours


def test_every_icon_carries_its_licence() -> None:
    assert resource("icons/LICENSE").read_text(encoding="utf-8").startswith("ISC License")
    assert sum(file.stat().st_size for file in resource("fonts").iterdir()) < 1_500_000


def test_a_widget_that_was_asked_for_its_style_may_go_after_many_were_built(theme: Theme) -> None:
    """Qt went on with widgets that were gone: a crash of the process, when the theme changed much later."""
    spins = [QSpinBox() for _ in range(200)]
    for spin in spins:
        spin.style().pixelMetric(QStyle.PixelMetric.PM_DefaultFrameWidth, None, spin)
    with theme.suspended():
        pass
    for spin in spins:
        spin.ensurePolished()
    del spins, spin
    was_dark = theme.is_dark
    theme.set_mode("light" if was_dark else "dark")
    assert theme.is_dark is not was_dark
