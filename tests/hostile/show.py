"""Shows a hostile city on the real wall, with a real agent, in a process of its own: a hang, an
abort or a fault then fails a test instead of ending the run.

`python -m hostile.show FOLDER URL SECRET COUNTS [--long]`; the last line is what was found.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from html import unescape
from pathlib import Path
from typing import Any

from hostile.corpus import NUMBERS, WITHOUT_LONG
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QGraphicsTextItem,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QToolTip,
    QWidget,
)  # fmt: skip

import main as program
from commandwall.config import Settings
from commandwall.plain import plain
from commandwall.saved_views import ALL, POOL, ROWS, Filter
from commandwall.store.schema import MIRROR, WALL, kinds
from widgets import startup
from widgets.base import Panel, Subject
from widgets.rows import RowList
from widgets.wall import ON_MAP

STEPS = (
    "pages", "lists", "cards", "map", "hovers", "search", "overlays", "fields", "sheets", "english",
)  # fmt: skip
KINDS = {**kinds(WALL), **kinds(MIRROR)}
SOME = 12
"""Of the texts for the fields of sheets one in so many, in short form."""
STEP_S = 60
"""No single step of a person may take as long as this."""


class Faults(logging.Handler):
    """What the program itself noted as a fault."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        why = record.exc_info[1] if record.exc_info else ""
        self.told.append(f"{record.name}: {record.getMessage()[:200]} {why!r:.300}")


def arm() -> None:
    faulthandler.dump_traceback_later(STEP_S, exit=True)


@contextmanager
def step(name: str, report: dict[str, Any]) -> Iterator[None]:
    arm()
    began = time.monotonic()
    yield
    faulthandler.cancel_dump_traceback_later()
    report["steps"][name] = round(time.monotonic() - began, 2)
    print(name, report["steps"][name], file=sys.stderr, flush=True)


def until(ready: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(ready.__name__)
        QApplication.processEvents()
        time.sleep(0.01)


def settle(ms: int = 30) -> None:
    QTest.qWait(ms)


class Tour:
    """Everything that a person can bring before the eyes."""

    def __init__(self, wall: Any, report: dict[str, Any], long: bool) -> None:
        self.wall, self.report, self.long = wall, report, long
        self.said: set[str] = set()
        self.store = wall.desk._store

    def run(self) -> None:
        for name in STEPS:
            with step(name, self.report):
                getattr(self, name)()
            self.look_for_markup(name)

    def pages(self) -> None:
        for info in self.wall.file.pages:
            self.wall.open_page(info.id)
            settle()
            self.wall.snapshot(1920, 1080)
            self.hear()

    def lists(self) -> None:
        for panel in self.each(RowList):
            for first in range(0, len(panel.keys), 8):
                arm()
                panel._first = first
                panel.grab()
                self.said.add(panel.accessibleDescription())

    def cards(self) -> None:
        """Each thing is opened on the page on which it is worked on."""
        for kind in sorted({kind for page in self.wall.file.pages for kind in page.opens}):
            some = self.store.read(lambda r, kind=kind: r.columns(KINDS[kind], ("id",)))["id"]
            for key in self.share(some):
                arm()
                self.wall.work_on(Subject(KINDS[kind], key))
                settle(5)
                self.hear()

    def map(self) -> None:
        """Whatever stands on the map is chosen and pointed at, at four scales."""
        self.wall.open_page(next(p.id for p in self.wall.file.pages if p.id in ("map", "wall")))
        view = self.wall.map
        for mpp in (60.0, 12.0, 3.0, 0.6):
            arm()
            view.look_at(120.2, 31.15, mpp)
            # With each thing of a large city under one window the next tick may come before all
            # is written: it is enough that the screen goes on.
            with suppress(TimeoutError):
                until(lambda: view.board.idle, STEP_S / 3)
            view.grab()
            for x in range(20, view.width(), max(1, view.width() // 12)):
                QTest.mouseMove(view, QPoint(x, view.height() // 2))
                settle(1)
            view.grab()
        names = view.scene.sprites._known
        self.report["names"] = [k[1] for k in names if isinstance(k, tuple) and k[0] == "text"]

    def hovers(self) -> None:
        """The card beside the pointer, of everything that may lie under it."""
        view, card = self.wall.map, self.wall.hover
        view.look_at(120.2, 31.15, 3.0)
        card._pinned, shown = True, 0
        for name, kind in ON_MAP.items():
            for record in self.share(self.store.read(lambda r, kind=kind: r.find(kind))):
                arm()
                view.select(name, record.id)
                card.renew()
                card.grab()
                shown += not card.isHidden()
                self.look_at(card, f"hover of {name}")
        card._pinned = False
        self.report["hovers"] = shown

    def search(self) -> None:
        found: dict[str, list[str]] = {}
        for queue in self.each(RowList):
            if queue.id == "event_queue":
                for text in [*WITHOUT_LONG, "长" * 30_000, "a " * 16_000, "停\x00", "停\ud800"]:
                    self.ask(queue, text, found)
        self.report["found"] = found

    def ask(self, queue: Any, text: str, found: dict[str, list[str]]) -> None:
        arm()
        before = queue.filter
        queue.apply(Filter(ALL))
        queue._field.setText(text)
        queue.search()
        if queue._field.text().strip():  # what is an open event's number lists that one
            until(lambda: queue.filter.share in (POOL, ROWS) or queue.line != "", STEP_S)
        queue.grab()
        self.said.add(queue.accessibleDescription())
        found[text[:60].encode("utf-8", "replace").decode()] = sorted(queue._found)
        queue.apply(before)

    def overlays(self) -> None:
        self.wall.open_keys()
        self.wall.grab()
        self.wall.open_palette()
        for text in WITHOUT_LONG:
            self.wall._overlay.field.setText(text)
            self.wall.grab()
        self.wall._overlay.close()
        settle()

    def fields(self) -> None:
        """Hostile texts typed into every field there is."""
        for info in self.wall.file.pages:
            self.wall.open_page(info.id)
            for field in self.wall.page.findChildren(QLineEdit):
                for text in WITHOUT_LONG:
                    field.setText(text)
                    field.grab()
                field.clear()

    def sheets(self) -> None:
        """Hostile texts in each sheet that a key of a panel brings up."""
        for info in self.wall.file.pages:
            self.wall.open_page(info.id)
            settle()
            for command in [c for p in self.wall.page.shown() for c in p.commands()]:
                arm()
                command.run()
                settle(1)
                self.fill(command.name)

    def fill(self, command: str) -> None:
        shown = [w for w in self.wall.findChildren(QWidget) if type(w).__name__.endswith("Sheet")]
        for sheet in (w for w in shown if w.isVisible()):
            self.report["sheets"].add(command)
            for field in sheet.findChildren(QLineEdit) + sheet.findChildren(QPlainTextEdit):
                for text in WITHOUT_LONG if self.long else WITHOUT_LONG[::SOME]:
                    (field.setText if isinstance(field, QLineEdit) else field.setPlainText)(text)
                sheet.grab()
            self.look_at(sheet, "fields")
            sheet.close()
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QDialog):
                dialog.close()

    def english(self) -> None:
        self.wall.set_language("en")
        self.wall.set_theme("day")
        self.pages()

    def share(self, keys: list[Any]) -> list[Any]:
        return keys if self.long else keys[:: max(1, len(keys) // 25)]

    def each(self, kind: type[Any]) -> Iterator[Any]:
        for info in self.wall.file.pages:
            self.wall.open_page(info.id)
            settle()
            yield from (p for p in self.wall.page.shown() if isinstance(p, kind))

    def hear(self) -> None:
        for panel in self.wall.page.shown():
            panel.grab()
            self.said.add(panel.accessibleDescription())

    def look_for_markup(self, where: str) -> None:
        """Every widget there is: nothing of it may read its text as markup."""
        for widget in self.wall.findChildren(QWidget):
            self.look_at(widget, where)

    def look_at(self, widget: QWidget, where: str) -> None:
        self.report["rich"] += [f"{where}: {widget!r} {what}" for what in markup(widget)]
        if where != "fields" and (bare := [t for t in texts(widget) if personal(t)]):
            self.report["bare"].append(f"{where}: {widget!r} {bare[0][:200]!r}")


def markup(widget: QWidget) -> Iterator[str]:
    """What of a widget could be read as markup, or is too long or unfit to be read out."""
    if isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.PlainText:
        yield f"a label of format {widget.textFormat()}"
    if isinstance(widget, QTextEdit):
        yield "a rich text field"
    yield from (f"a tip {told[:80]!r}" for told in tips(widget))
    for name in (widget.accessibleName(), widget.accessibleDescription()):
        # Qt joins an Arabic letter to the … that cuts it with U+200D.
        if not "".join(name.replace("\u200d…", "…").split()).isprintable():
            yield f"an accessible name {name[:80]!r}"
    if len(widget.accessibleName()) > 4000:
        yield "a long accessible name"
    if isinstance(widget, QGraphicsView):
        texts = (i for i in widget.items() if isinstance(i, QGraphicsTextItem))
        yield from (f"a text item {item.toPlainText()[:40]!r}" for item in texts)


def texts(widget: QWidget) -> Iterator[str]:
    """Whatever a person could read on it."""
    yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
    if isinstance(widget, QLineEdit | QLabel | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(i) for i in range(widget.count()))


def personal(text: str) -> bool:
    """Whether it holds a number of a person, whatever stands between its digits."""
    digits = "".join(c for c in text if c.isdigit() or c == "*" or c.isalpha())
    return any(number in digits for number in NUMBERS)


def tips(widget: QWidget) -> Iterator[str]:
    """Tips that hold more than one element of escaped text; each one is shown on the way."""
    for told in (widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.windowTitle()):
        inside = told.removeprefix("<p style='white-space:pre-wrap'>").removesuffix("</p>")
        if "<" in inside or len(unescape(inside)) > 4000:
            yield told
    if widget.toolTip():
        at = QPoint(1, 1)
        tip = QHelpEvent(QHelpEvent.Type.ToolTip, at, widget.mapToGlobal(at))
        QApplication.sendEvent(widget, tip)
        QToolTip.hideText()


def counts_of(store: Any, names: list[str]) -> dict[str, int]:
    return store.read(lambda r: {n: r.value(f"SELECT count(*) FROM {n}") for n in names})


def main(folder: str, url: str, secret: str, counts: str, *more: str) -> int:
    faults, wanted = Faults(), json.loads(counts)
    logging.getLogger().addHandler(faults)
    report: dict[str, Any] = {
        "steps": {}, "rich": [], "bare": [], "failures": [], "sheets": set(),
    }  # fmt: skip
    app = startup.application(offscreen=True)
    settings = Settings(Path(folder), pool=url, secret_file=secret)
    with ExitStack() as parts:
        wall = program.build(settings, parts)
        wall.resize(1920, 1080)
        wall.show()
        store = wall.desk._store
        with step("arrive", report):
            until(lambda: counts_of(store, list(wanted)) == wanted, STEP_S)
            until(lambda: len(wall.picture.indicators) >= wanted["indicator"], STEP_S)
            until(wall.is_alive, STEP_S)
        tour = Tour(wall, report, "--long" in more)
        tour.run()
        report["failures"] = [
            f"{page.info.id}/{p.id}: {p.failures}" for page in wall._pages
            for p in page.panels.values() if p.failures
        ]  # fmt: skip
        with step("close", report):
            wall.close()
            wall.deleteLater()
            app.processEvents()
    report["said"], report["sheets"] = sorted(tour.said), sorted(report["sheets"])
    report["faults"] = faults.told
    report["titles"] = [plain(t) for t in WITHOUT_LONG]
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    assert Panel
    raise SystemExit(main(*sys.argv[1:]))
