"""How busy the machine is while it trains: a line of gauges below the run's figures."""

from __future__ import annotations

import contextlib
import threading

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from studio import words
from studio.gauges import Gauges, read_gauges
from studio.language import tr
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, dim
from studio.ui.widgets.layout import column, row

EVERY_SECONDS = 2.0
BAR_HEIGHT = 4


class MachineWatch(QObject):
    """Looks at the machine every two seconds, on a thread of its own, and only while it is asked to."""

    looked = Signal(object)  # Gauges

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ended: threading.Event | None = None

    @property
    def is_watching(self) -> bool:
        return self._ended is not None

    def set_watching(self, watching: bool) -> None:
        """Begin to look, or end it."""
        if watching == self.is_watching:
            return
        if self._ended is not None:
            self._ended.set()
            self._ended = None
            return
        self._ended = threading.Event()
        threading.Thread(target=self._look, args=(self._ended,), name="gauges", daemon=True).start()

    def _look(self, ended: threading.Event) -> None:
        with contextlib.suppress(RuntimeError):  # the window is gone
            while not ended.wait(EVERY_SECONDS):
                found = read_gauges()
                if not ended.is_set():
                    self.looked.emit(found)


class _Gauge(QWidget):
    """What it measures, its value in words, and a bar for the share."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._value, self._bar = name, ElidedLabel("—"), QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(BAR_HEIGHT)
        self._bar.setRange(0, 100)
        self._bar.setAccessibleName(name)
        column(row(dim(name), (self._value, 1), gap=6), self._bar, on=self, gap=5)

    def show_share(self, share: float | None, value: str) -> None:
        """Show it; what the machine does not tell is hidden."""
        self.setVisible(share is not None)
        if share is not None:
            self._bar.setValue(round(100 * share))
            self._value.setText(value)
            self._bar.setAccessibleDescription(f"{self._name} {value}")


class MachineCard(Card):
    """Hidden until something trains; then processor, GPU and memory, and in words what else is told."""

    def __init__(self) -> None:
        super().__init__()
        self.cpu, self.gpu, self.memory = _Gauge("CPU"), _Gauge("GPU"), _Gauge(tr("Memory"))
        self.others = ElidedLabel()
        self.others.setProperty("tone", "dim")
        self.body.addLayout(row((self.cpu, 2), (self.gpu, 2), (self.memory, 3), self.others, gap=20))
        self.watch = MachineWatch(self)
        self.watch.looked.connect(self.show_gauges)
        self.gpu.hide()
        self.hide()

    def set_watched(self, watched: bool) -> None:
        """Whether something trains and is on show: only then the machine is looked at."""
        self.watch.set_watching(watched)
        self.setVisible(watched)

    def show_gauges(self, gauges: Gauges) -> None:
        """Show one look at the machine."""
        self.cpu.show_share(gauges.cpu, f"{100 * gauges.cpu:.0f} %")
        self.gpu.show_share(gauges.gpu, f"{100 * (gauges.gpu or 0):.0f} %")
        total = words.memory(gauges.memory_total)
        share = gauges.memory / gauges.memory_total if gauges.memory_total else None
        pressure = (
            tr(", {pressure} pressure", pressure=gauges.pressure)
            if gauges.pressure not in ("", "normal")
            else ""
        )
        self.memory.show_share(
            share,
            tr(
                "{memory} of {total}{pressure}",
                memory=words.memory(gauges.memory),
                total=total,
                pressure=pressure,
            ),
        )
        self.others.setText(_others(gauges))
        self.others.setVisible(bool(self.others.text()))


def _others(gauges: Gauges) -> str:
    told = (
        "" if gauges.power is None else f"{gauges.power:.0f} W",
        ""
        if gauges.battery_heat is None
        else tr("battery {battery_heat:.0f} °C", battery_heat=gauges.battery_heat),
    )
    return "  ·  ".join(filter(None, told))
