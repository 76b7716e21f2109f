"""The look of the whole application: Fusion, its fonts, one palette and one style sheet from the tokens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, QSettings, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from studio.paths import resource
from studio.ui import icons
from studio.ui.tokens import DARK, LIGHT, ThemeColours, contrast

BODY = 13
MAC = sys.platform == "darwin"


def use_body_font(app: QApplication) -> None:
    """Give the application its font: 13 px with tabular figures."""
    font = QFont(app.font())
    if sys.platform != "darwin":
        for file in sorted(resource("fonts").glob("*.[ot]tf")):
            QFontDatabase.addApplicationFont(str(file))
        font = QFont("Inter")
    font.setPixelSize(BODY)
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)


def fixed_font(size: int = 12) -> QFont:
    """The font of tokens and logs, `size` pixels high."""
    if sys.platform == "darwin":
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    else:
        font = QFont("JetBrains Mono")
        font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(size)
    return font


def body_font(size: int = BODY, *, strong: bool = False) -> QFont:
    """The application's font in another size, for what is painted in code."""
    font = QFont(QApplication.font())
    font.setPixelSize(size)
    if strong:
        font.setWeight(QFont.Weight.DemiBold)
    return font


__all__ = ["DARK", "LIGHT", "MODES", "Theme", "ThemeColours", "contrast"]

STILL = "still"
"""The property of the application that says whether nothing may move but what tells something."""

EFFECTS = (Qt.UIEffect.UI_AnimateMenu, Qt.UIEffect.UI_AnimateCombo, Qt.UIEffect.UI_AnimateTooltip)
MODES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}
MARKS = {
    "chevron-down": ("chevron-down", "dim"),
    "chevron-down-on-fill": ("chevron-down", "on_fill"),
    "chevron-up": ("chevron-up", "dim"),
    "chevron-right": ("chevron-right", "dim"),
    "check": ("check", "on_fill"),
    "checked": ("check", "text"),
    "minus": ("minus", "on_fill"),
}
"""What the style sheet draws by address: the icon, and the token that tints it."""


class Theme(QObject):
    """Light or dark, by the person's wish or the system's; `changed` tells painters to fetch colours anew."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None, *, wears_accent: bool = MAC) -> None:
        """With `wears_accent` buttons and curves have the accent that the person chose in the system."""
        super().__init__(parent)
        self._wears_accent = wears_accent
        self._app: QApplication | None = None
        self._accent: str | None = None
        self._marks = QTemporaryDir()
        self.mode = "system"
        self.is_dark = False
        self.tokens = LIGHT

    def apply(self, app: QApplication) -> None:
        """Dress the application now, and again whenever the system turns light or dark."""
        self._app = app
        self._look_at_accent()
        app.setStyle("Fusion")
        use_body_font(app)
        app.styleHints().colorSchemeChanged.connect(self._follow)
        self._follow()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Build many widgets in here: with a style sheet Qt styles a subtree anew at every change of parent,
        which takes longer than all else; here it is done once, at the end.
        """
        if self._app is None:
            yield
            return
        sheet = self._app.styleSheet()
        # With the last style sheet Qt throws away its notes on widgets, but not the mark on one that says
        # that its end will be told: the next notes then hold widgets that are gone, and Qt crashes on them.
        # So one widget, never shown, keeps a sheet of its own meanwhile.
        keeper = QWidget()
        keeper.setStyleSheet("QWidget {}")
        self._app.setStyleSheet("")
        try:
            yield
        finally:
            self._app.setStyleSheet(sheet)

    def set_mode(self, mode: str) -> None:
        """Follow the "system", or stay "light" or "dark"."""
        scheme = MODES[mode]
        self.mode = mode
        QGuiApplication.styleHints().setColorScheme(scheme)
        self._follow()

    def look_again(self) -> None:
        """The system's colours are others now, perhaps: wear its accent of today."""
        self._look_at_accent()
        self._follow()

    def set_still(self, still: bool) -> None:
        """Whether nothing moves but what tells something: as is wished here, or in the system's settings."""
        asked = still or _system_is_still()
        for effect in EFFECTS:
            QApplication.setEffectEnabled(effect, not asked and sys.platform != "darwin")
        if self._app is not None:
            self._app.setProperty(STILL, asked)

    def icon(self, name: str, tone: str = "dim") -> QIcon:
        """The Lucide icon `name` in a token's colour. Fetch it again after `changed`."""
        tokens = self.tokens
        return icons.icon(name, getattr(tokens, tone), tokens.faint, tokens.text)

    def style_sheet(self) -> str:
        """The style sheet with every token filled in."""
        template = Template(resource("styles/studio.qss").read_text(encoding="utf-8"))
        return template.substitute(self.tokens.named(), marks=self._draw_marks().as_posix())

    def _look_at_accent(self) -> None:
        if self._wears_accent:
            self._accent = QGuiApplication.palette().color(QPalette.ColorRole.Accent).name().upper()

    def _follow(self) -> None:
        dark = self.mode == "dark"
        if self.mode == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        base = DARK if dark else LIGHT
        tokens = base.with_accent(self._accent) if self._accent else base
        if self._app is None or (tokens == self.tokens and self._app.styleSheet()):
            self.tokens, self.is_dark = tokens, dark
            return
        self.tokens, self.is_dark = tokens, dark
        self._app.setPalette(_palette(tokens, with_accent=not self._wears_accent))
        self._app.setStyleSheet(self.style_sheet())
        self.changed.emit()

    def _draw_marks(self) -> Path:
        """Style sheets take images by file only: the tinted marks go to a folder living with the theme."""
        folder = Path(self._marks.path()) / ("dark" if self.is_dark else "light")
        folder.mkdir(exist_ok=True)
        for name, (icon, token) in MARKS.items():
            (folder / f"{name}.svg").write_bytes(icons.svg(icon, getattr(self.tokens, token)))
        return folder


def _system_is_still() -> bool:
    """Whether the person asked the Mac to reduce motion; elsewhere Qt does not say."""
    if sys.platform == "darwin":
        form, scope = QSettings.Format.NativeFormat, QSettings.Scope.UserScope
        return bool(
            QSettings(form, scope, "apple.com", "universalaccess").value("reduceMotion", False, type=bool)
        )
    return False


def _palette(tokens: ThemeColours, *, with_accent: bool) -> QPalette:
    """Our colours; without the accent, that of the system stays in its place, and is seen when it changes."""
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.bg,
        role.Base: tokens.panel,
        role.AlternateBase: tokens.hover,
        role.Button: tokens.panel,
        role.ToolTipBase: tokens.panel,
        role.WindowText: tokens.text,
        role.Text: tokens.text,
        role.ButtonText: tokens.text,
        role.ToolTipText: tokens.text,
        role.BrightText: tokens.on_fill,
        role.PlaceholderText: tokens.faint,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Highlight: tokens.tint("accent", 0.3),
        role.HighlightedText: tokens.text,
        role.Light: tokens.panel,
        role.Midlight: tokens.line,
        role.Mid: tokens.dim,
        role.Dark: tokens.edge,
        role.Shadow: tokens.side,
    }
    if with_accent:
        colours[role.Accent] = tokens.accent
    palette = QPalette()
    for key, colour in colours.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(tokens.faint))
    return palette
