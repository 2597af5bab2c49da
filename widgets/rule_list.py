"""The sheet of proposed rules: what is in force and what is proposed side by side, to be approved,
refused or taken back."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from commandwall import rule_rows
from commandwall.alarms import Rule
from commandwall.clock import Ms
from commandwall.picture import Picture
from commandwall.rule_rows import RuleRow, Tried, approve_rule, refuse_rule, withdraw_rule
from commandwall.rulebook import LIGHTS, chosen
from widgets import age, rule_words
from widgets.base import Panel
from widgets.fields import Field, choice, words
from widgets.i18n import named, tr
from widgets.look import Look
from widgets.paper import RIGHT, Ink, Paper
from widgets.sheet import Answers, Sheet
from widgets.text import person, plain

APPROVE, REFUSE, WITHDRAW = "approve", "refuse", "withdraw"
STEP, HEAD, MIDDLE, END = 30.0, 26.0, 430.0, 672.0
"""Design pixels: of a row, of the heads, and where the two columns of values end."""


def open_list(panel: Panel) -> None:
    """Of all proposals that wait."""
    waiting = rule_words.waiting(panel.picture)
    if waiting:
        panel.context.over(ProposalSheet(panel, waiting))
    else:
        panel.refused(tr("没有待批准的规则"))


class ProposalSheet(Sheet):
    """Which one, what is done with it, and the words for it."""

    def __init__(self, panel: Panel, waiting: list[RuleRow]) -> None:
        self._panel, self._rows = panel, {row.id: row for row in waiting}
        self._beside = Beside(panel.look, panel.picture, panel.window())
        fields: dict[str, tuple[str, Field]] = {
            "proposal": (tr("提议"), choice({row.id: _line(row) for row in waiting})),
            "do": (tr("做什么"), choice(_ways())),
            "words": (tr("理由"), words()),
        }
        title = tr("待批准的报警规则 {n} 条", n=len(waiting))
        super().__init__(panel.look, title, "执行", fields, panel.window())
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(1, self._beside)
        self.telling(self._told_of)

    def accept(self) -> None:
        told = self._answers()
        key, said = told["proposal"], told["words"]
        asks: Mapping[str, tuple[object, dict[str, str]]] = {
            APPROVE: (approve_rule, {"proposal": key, "answer": said}),
            REFUSE: (refuse_rule, {"proposal": key, "reason": said}),
            WITHDRAW: (withdraw_rule, {"proposal": key}),
        }
        act, args = asks[told["do"]]
        self.waits = True
        asked = self._panel.desk.do(act, **args)  # type: ignore[arg-type]
        self._courier.follow(asked, lambda done: self.close())

    def _told_of(self, told: Answers) -> str:
        """Who proposed it, why, from when, and what the dry run said."""
        row, now = self._rows[told["proposal"]], self._panel.picture.now
        self._beside.show_row(row)
        who = " ".join(filter(None, (named("post", row.post), person(row.by))))
        begins = tr("批准后即起用") if row.asked <= now else age.stamp(now, row.asked)
        return "\n".join((
            tr("{who} {when} 提议：{why}", who=who, when=age.stamp(now, row.at),
               why=plain(row.reason)),
            tr("起用：{begins}", begins=begins),
            rule_words.tried(Tried(row.tried_days, row.tried, row.tried_now), row.mode),
        ))  # fmt: skip


class Beside(QWidget):
    """A table: field, in force, proposed; what differs is bold and has a mark before it."""

    def __init__(self, look: Look, picture: Picture, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._picture = look, picture
        self._row: RuleRow | None = None
        self.setMinimumHeight(self.sizeHint().height())

    def show_row(self, row: RuleRow) -> None:
        self._row = row
        self.update()

    def sizeHint(self) -> QSize:
        tall = HEAD + STEP * len(rule_words.SHOWN) + 8
        return QSize(self._look.px(END), self._look.px(tall))

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._look)
        if self._row is not None:
            self._draw(paper, self._row)
        paper.end()
        self.setAccessibleDescription(" ".join(paper.said))

    def _draw(self, paper: Paper, row: RuleRow) -> None:
        was = self._was(row)
        then = None if row.retired else rule_rows.rule_of(row)
        for word, at in (("现行", MIDDLE), ("提议", END)):
            paper.write(at, 16, tr(word), Ink("head"), RIGHT)
        paper.line(0, HEAD, END, HEAD)
        for i, key in enumerate(rule_words.SHOWN):
            base = HEAD + STEP * i + 22
            old, new = rule_words.value(was, key), rule_words.value(then, key)
            ink = Ink("label", "t1", True) if old != new else Ink("label", "t2")
            paper.write(0, base, f"{'≠' if old != new else '　'} {rule_words.field(key)}", ink)
            paper.write(MIDDLE, base, old, Ink("label", "t2"), RIGHT)
            paper.write(END, base, new, ink, RIGHT)

    def _was(self, row: RuleRow) -> Rule | None:
        """What counts in its place as long as it does not."""
        at = Ms(max(row.asked, self._picture.now))
        table = rule_rows.in_force(self._picture.rule_rows.values(), at)
        if (same := table.get(row.rule)) is not None:
            return same
        kind, light = (row.cls, row.unit), row.light or LIGHTS[0]
        return chosen(table.values(), kind, light, row.mode)[row.severity - 1]


def _ways() -> dict[str, str]:
    return {APPROVE: tr("批准"), REFUSE: tr("不予"), WITHDRAW: tr("撤回")}


def _line(row: RuleRow) -> str:
    return f"{plain(row.rule, 20)}　{rule_words.titled(rule_rows.rule_of(row))}"
