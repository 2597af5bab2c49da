"""The sheet of a report upward: filled from what the wall knows, each element with its source."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from commandwall import codes, reporting
from commandwall.clock import day
from commandwall.reporting import DRAFT, ELEMENTS, FOLLOW, SENT, Elements, Report, Statement
from commandwall.reports.fill import Facts, Filled, fill
from commandwall.store.written import TEXT_LIMIT
from widgets.acts import ActBar
from widgets.base import Command, Context
from widgets.courier import Courier
from widgets.fields import choice, dress, value, words
from widgets.i18n import language, named, tr
from widgets.own_keys import OwnKeys
from widgets.paper import Ink, Paper
from widgets.sheet import HEAD, MARGIN
from widgets.speech import speech
from widgets.text import ElidedLabel

WIDTH, TOP, LINE = 1240, 64, 26
TALL = {"trend": 2, "measures": 4, "advice": 2}
"""Elements that take several lines, over the whole width."""
WHOLE = (*TALL, "leaders")
KEYS = {
    (Qt.Key.Key_Return, True): "Ctrl+Return",
    (Qt.Key.Key_Enter, True): "Ctrl+Return",
    (Qt.Key.Key_S, True): "Ctrl+S",
    (Qt.Key.Key_R, True): "Ctrl+R",
    (Qt.Key.Key_Escape, False): "Esc",
}
"""Key, and whether Ctrl is held -> the act of the bar."""
Field = QLineEdit | QPlainTextEdit


class ReportSheet(QWidget):
    """Writes the next report of an incident, or with `corrects` another version of one.

    What is typed outlives the sheet and the program until it is sent; what nobody touched is
    filled anew when the sheet is opened again.
    """

    def __init__(
        self, context: Context, facts: Facts, parent: QWidget, corrects: Report | None = None,
        told: Callable[[str], object] = lambda line: None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._context, self._facts, self._told = context, facts, told
        incident, written = facts.incident, context.picture.reports.values()
        self._reports = [r for r in written if r.incident == incident.id]
        self._corrects = corrects
        self._kind = corrects.kind if corrects else reporting.next_kind(self._reports, incident)
        self._before = reporting.last_sent(self._reports, incident.id)
        self._draft = next((r for r in self._reports if r.state == DRAFT and not corrects), None)
        self._said = ""
        self._courier = Courier(self, self._say)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fields: dict[str, Field] = {name: _field(name) for name in ELEMENTS}
        self._captions = {name: ElidedLabel() for name in ELEMENTS}
        self._to, self._way = words(limit=200), choice(_ways())
        self._filled = self._begin()
        self.setAccessibleName(self._title())
        self._lay_out()
        self.setFocusProxy(self._fields["nature"])

    # What it begins with.

    def _begin(self) -> dict[str, Filled]:
        """A draft or the version to correct goes on as it stands; else every element is filled."""
        going = self._corrects or self._draft
        if going is None:
            return fill(self._facts)
        tr_ = "更正第 {n} 版" if self._corrects else "拟稿 {by}"
        source = tr(tr_, n=going.version, by=going.by or named("post", going.post, "full"))
        return {name: Filled(getattr(going, name), source) for name in ELEMENTS}

    def _title(self) -> str:
        sent = [r for r in self._reports if r.state == SENT]
        no = self._corrects.no if self._corrects else 0
        if self._kind == FOLLOW and not no:
            no = 1 + max((r.no for r in sent), default=0)
        return f"{speech().report(self._kind, no)}　{self._facts.incident.title}"

    # What it shows.

    def _lay_out(self) -> None:
        px, parent = self._context.look.px, self.parentWidget()
        column, grid = QVBoxLayout(self), QGridLayout()
        column.setContentsMargins(px(MARGIN), px(HEAD), px(MARGIN), px(MARGIN + LINE))
        grid.setVerticalSpacing(px(4))
        grid.setHorizontalSpacing(px(20))
        self._add_address(grid, 0)
        row, side = 2, 0
        for name, field in self._fields.items():
            wide = name in WHOLE
            self._put(grid, (row, side, wide), self._captions[name], field)
            row, side = (row + 2, 0) if wide or side else (row, 1)
            self._follow(name, field)
        self.bar = ActBar(self._acts(), self)
        self.bar.allow([command.key for command in self._acts()])
        column.addLayout(grid)
        column.addWidget(self.bar)
        dress(self, self._context.look, OwnKeys(self))
        for name, lines in TALL.items():
            self._fields[name].setFixedHeight(px(lines * LINE + 16))
        assert parent is not None
        width = min(px(WIDTH), parent.width() - 2 * px(MARGIN))
        self.setGeometry((parent.width() - width) // 2, px(TOP), width, self.sizeHint().height())
        self._look_over()

    def _put(
        self, grid: QGridLayout, at: tuple[int, int, bool], caption: QWidget, field: QWidget
    ) -> None:
        row, side, wide = at
        span = 2 if wide else 1
        grid.addWidget(caption, row, side, 1, span)
        grid.addWidget(field, row + 1, side, 1, span)

    def _add_address(self, grid: QGridLayout, row: int) -> None:
        self._context.drafts.follow(self._to, self._key("recipients"))
        if not self._to.text():
            _put_quietly(self._to, self._proposed())
        for side, (name, field) in enumerate(((tr("报送对象"), self._to), (tr("方式"), self._way))):
            caption = ElidedLabel(name)
            field.setAccessibleName(name)
            self._put(grid, (row, side, False), caption, field)

    def _proposed(self) -> str:
        """Those who had the last report, else who gets the first by the list."""
        if self._before is not None:
            return self._before.recipients
        found = reporting.recipients(self._facts.incident, day(self._facts.picture.now))
        return tr("、").join(code.name(language()) for code in found)

    def _follow(self, name: str, field: Field) -> None:
        """What is typed is kept; what was filled in is not, and so is filled anew next time."""
        field.setAccessibleName(named("report_element", name))
        self._context.drafts.follow(field, self._key(name))
        if not _text(field):
            _put_quietly(field, self._filled[name].text)
        field.textChanged.connect(partial(self._caption, name))

    def _look_over(self) -> None:
        for name in ELEMENTS:
            self._caption(name)

    def _caption(self, name: str, *_: object) -> None:
        """The name of an element, where it is from, and what the last report said instead."""
        text, filled = _text(self._fields[name]), self._filled[name]
        source = filled.source if text == filled.text else tr("本岗填写")
        told = tr("来自 {source}", source=source) if source else ""
        parts = [named("report_element", name), told]
        before = getattr(self._before, name) if self._before is not None else text
        if before != text:
            parts.append(tr("改，原 {text}", text=before or tr("空")))
        self._captions[name].setText("　".join(filter(None, parts)))

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._context.look)
        paper.face("p")
        room = paper.width - 2 * MARGIN
        paper.write(MARGIN, 48, self._title(), Ink("item"), room=room)
        if self._said:
            base = paper.height - MARGIN + 4
            paper.write(MARGIN, base, self._said, Ink("label", "t1"), room=room)
        paper.end()

    # What it does.

    def _acts(self) -> list[Command]:
        return [
            Command("Ctrl+Return", "报出", self.send),
            Command("Ctrl+S", "存拟稿", self.keep),
            Command("Ctrl+R", "重新填", self.refill),
            Command("Esc", "关闭", self.close),
        ]

    def send(self) -> None:
        """报出: it is frozen from then on."""
        self._do(
            reporting.send_report, self._sent, statement=self._statement(),
            recipients=self._to.text().strip(), way=str(value(self._way)),
        )  # fmt: skip

    def keep(self) -> None:
        """Keep it as a draft that other posts see and go on with."""
        self._do(reporting.draft_report, self._kept, statement=self._statement())

    def refill(self) -> None:
        """Every element anew from what the wall knows now."""
        self._filled = fill(self._facts)
        for name, field in self._fields.items():
            _put_quietly(field, self._filled[name].text)
            self._context.drafts.done(self._key(name))
        self._look_over()

    def _statement(self) -> Statement:
        said = {name: _text(field).strip() for name, field in self._fields.items()}
        untouched = [n for n, text in said.items() if text and text == self._filled[n].text]
        return Statement(
            self._facts.incident.id, self._kind, Elements(**said), ",".join(untouched),
            self._draft.id if self._draft else "", self._corrects.id if self._corrects else "",
        )  # fmt: skip

    def _do(self, act: Any, then: Callable[[Any], None], **args: Any) -> None:
        self._courier.follow(self._context.desk.do(act, **args), then)

    def _sent(self, done: Any) -> None:
        for name in (*ELEMENTS, "recipients"):
            self._context.drafts.done(self._key(name))
        for report in done.of(Report):
            self._told(tr("{report} 已报出", report=speech().report(report.kind, report.no)))
        self.close()

    def _kept(self, done: Any) -> None:
        for name in ELEMENTS:
            self._context.drafts.done(self._key(name))
        self._told(tr("拟稿已存盘"))
        self.close()

    def _say(self, why: str) -> None:
        self._said = why
        self.update()

    def _key(self, name: str) -> str:
        """A draft of its own for each report of each incident, and for each correction."""
        number = sum(r.state == SENT for r in self._reports)
        which = self._corrects.id if self._corrects else str(number)
        return f"report/{self._facts.incident.id}/{which}/{name}"

    # Keys.

    def event(self, event: QEvent) -> bool:
        """Its own keys are no shortcuts of the page while it is open."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = KEYS.get((Qt.Key(event.key()), held))
        act = next((command for command in self._acts() if command.key == key), None)
        if act is not None:
            act.run()


def _ways() -> dict[str, str]:
    return {k: c.name(language()) for k, c in codes.load("report_way").items()}


def _field(name: str) -> Field:
    if name not in TALL:
        return words(limit=TEXT_LIMIT)
    field = QPlainTextEdit()
    field.setTabChangesFocus(True)
    return field


def _text(field: Field) -> str:
    return field.text() if isinstance(field, QLineEdit) else field.toPlainText()


def _put_quietly(field: Field, text: str) -> None:
    """Put a text that nobody typed, and that therefore is no draft."""
    before = field.blockSignals(True)
    if isinstance(field, QLineEdit):
        field.setText(text)
    else:
        field.setPlainText(text)
    field.blockSignals(before)
