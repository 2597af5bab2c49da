"""Re-entry of what was written on paper: one sheet for each line of it, by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtWidgets import QWidget

from commandwall import reentry
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.reentry import EVENT, LINE, STEPS, OnPaper, PaperEntry
from commandwall.store.store import Reader
from commandwall.store.written import TEXT_LIMIT, TITLE_LIMIT
from widgets import age, moment, text
from widgets.base import Command, Context
from widgets.fields import Field, choice, words
from widgets.i18n import named, tr
from widgets.sheet import Answers, Sheet
from widgets.words import event_place

Step = tuple[Any, str, str, str, str]
Register = Callable[[OnPaper, str], object]


class Reentry:
    """Belongs to the wall. Who wrote stays for the next line."""

    def __init__(self, context: Context, window: QWidget, register: Register) -> None:
        """`register`: opens the form of an event that was taken in on paper, with its words."""
        self._context, self._window, self.register = context, window, register
        self._writer, self._done = "", 0

    def commands(self) -> list[Command]:
        return [Command("Ctrl+Shift+O", tr("纸上补录"), self.begin)]

    def begin(self) -> None:
        self._context.over(PaperSheet(self._context, self._window, self, self._writer, self._done))

    def entered(self, writer: str) -> None:
        """One more; the next line of that writer comes."""
        self._writer, self._done = writer, self._done + 1
        self.begin()


class PaperSheet(Sheet):
    """A line: its moment, who wrote it, what was done, to which event, in which words."""

    def __init__(
        self, context: Context, window: QWidget, reentry_: Reentry, writer: str, done: int
    ) -> None:
        self._context, self._reentry = context, reentry_
        steps = {EVENT: tr("登记事件"), **{s: named("act", s) for s in STEPS}, LINE: tr("只记日志")}
        fields: dict[str, tuple[str, Field]] = {
            "at": (tr("纸上时刻"), words("", 20)),
            "writer": (tr("纸上记录人"), words(writer, TITLE_LIMIT)),
            "step": (tr("办了什么"), choice(steps)),
            "event": (tr("事件编号"), words("", 40)),
            "text": (tr("内容、单位、结果"), words("", TEXT_LIMIT)),
            "reason": (tr("交班后才补的原因"), words("", TITLE_LIMIT)),
        }
        title = tr("纸上补录　已补 {n} 条", n=done) if done else tr("纸上补录")
        super().__init__(context.look, title, "补录", fields, window)
        self.telling(self._line)
        self.then(self._enter)

    def _line(self, told: Answers) -> str:
        """As what it will be kept: the moment as it is read, and the event that is meant."""
        picture = self._context.live.picture
        at = moment.typed(told["at"], picture.now)
        read = tr("记为 {at}，时限从此起算", at=age.moment(picture.now, at)) if at else tr(
            "时刻如 14:20、11-25 08:30，或 40（分钟前）")  # fmt: skip
        if told["step"] not in STEPS:
            return read
        view = _meant(picture, told["event"])
        if not told["event"]:
            return read
        if view is None:
            return f"{read}\n{tr('没有这件在办事件')}"
        return f"{read}\n{text.plain(view.event.headline, 60)}　{event_place(view, picture)}"

    def accept(self) -> None:
        """What the sheet itself can see is said at once, over what was typed."""
        told, picture = self._answers(), self._context.live.picture
        if moment.typed(told["at"], picture.now) is None:
            self._refused(tr("先写纸上的时刻"))
        elif told["step"] in STEPS and _meant(picture, told["event"]) is None:
            self._refused(tr("没有这件在办事件"))
        else:
            super().accept()

    def _enter(self, told: Answers) -> Future[Any] | None:
        picture, do = self._context.live.picture, self._context.desk.do
        at, view = moment.typed(told["at"], picture.now), _meant(picture, told["event"])
        assert at is not None
        paper = OnPaper(at, told["writer"], told["reason"])
        if told["step"] == EVENT:
            self._reentry.register(paper, told["text"])
            return None
        if told["step"] == LINE:
            asked = do(reentry.enter_line, paper=paper, text=told["text"])
        else:
            assert view is not None
            asked = do(
                reentry.enter_step, paper=paper, event=view.event.id, step=told["step"],
                text=told["text"],
            )  # fmt: skip
        self._courier.follow(asked, lambda done: self._reentry.entered(paper.writer))
        return asked


def history(reader: Reader, event: str) -> list[Step]:
    """What was done to an event on paper, at the moment it was done, marked as re-entered."""
    found = reader.find(PaperEntry, subject=event)
    return [(e.told_at, e.post, e.by, e.step, _marked(e)) for e in found]


def _marked(entry: PaperEntry) -> str:
    """补录：王五纸上记，11-26 15:20 录　燃气公司"""
    told = tr("补录：{who} 纸上记，{at} 录", who=text.person(entry.writer) or age.UNKNOWN,
              at=age.clock(entry.at))  # fmt: skip
    said = entry.text if entry.step in ("dispatch", "feed_back") else ""
    return "　".join(filter(None, (told, text.plain(said))))


def _meant(picture: Picture, number: str) -> EventView | None:
    """The open event of a number, or of the only one that ends so."""
    typed = number.strip().upper()
    found = [v for v in picture.events.values() if typed and v.number.upper().endswith(typed)]
    whole = [v for v in found if v.number.upper() == typed]
    return (whole or found)[0] if len(whole or found) == 1 else None
