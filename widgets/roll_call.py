"""点名: the sheet of a roll call; each answer is on disk the moment it is ticked."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from commandwall import rollcall
from commandwall.clock import SECOND, Ms
from commandwall.reports import shift_log
from commandwall.rollcall import Called, RollAnswer, RollCall
from commandwall.store.store import Reader
from widgets import age, text
from widgets.base import Context, Panel
from widgets.courier import Courier
from widgets.fields import Field, Ticks
from widgets.i18n import named, rows, tr
from widgets.sheet import Answers, Sheet
from widgets.words import place


@dataclass(frozen=True, slots=True)
class Known:
    """What is read before the sheet is shown."""

    roll: RollCall | None
    answers: Sequence[RollAnswer]
    called: Sequence[Called]


def begin(panel: Panel) -> None:
    """Go on with the roll call that runs, else begin one."""
    over, now = panel.context.later(), panel.picture.now

    def known(reader: Reader) -> Known:
        roll = rollcall.running(reader, shift_log.begun(reader, now))
        answers = rollcall.answers(reader, roll.id) if roll is not None else []
        return Known(roll, answers, rollcall.to_call(reader, now))

    def show(found: Known) -> None:
        if found.roll is not None:
            over(RollSheet(panel.context, panel.window(), found.roll, found.answers))
        else:
            panel.do(rollcall.call_roll, lambda done: begin(panel), called=list(found.called))

    panel.ask(known, show)


class RollSheet(Sheet):
    """Space marks who answers; Ctrl Enter ends it. Left with Esc, it goes on."""

    def __init__(
        self, context: Context, window: QWidget, roll: RollCall, answers: Sequence[RollAnswer]
    ) -> None:
        self._context, self._roll = context, roll
        roles = {role: n for n, role in enumerate(rows("duty_role"))}
        order = sorted(answers, key=lambda a: (a.area, roles.get(a.role, len(roles)), a.id))
        self._all = {a.id: a for a in order}
        self._said = {a.id for a in answers if a.answered_at is not None}
        self._asked = set(self._said)
        self._ticks = Ticks({id_: self._line(a) for id_, a in self._all.items()})
        self._ticks.tick(list(self._said))
        fields: dict[str, tuple[str, Field]] = {"answered": (tr("应到"), self._ticks)}
        title = tr("点名　{at} 起", at=age.clock(roll.called_at))
        super().__init__(context.look, title, "结束点名", fields, window)
        self.telling(self._told_of)
        self.then(self._end)

    def _line(self, one: RollAnswer) -> str:
        picture = self._context.live.picture
        role = named("person_role" if one.area else "duty_role", one.role)
        where = place(picture, one.area) if one.area else ""
        return "　".join(filter(None, (where, role, text.person(one.name))))

    def _told_of(self, told: Answers) -> str:
        """Mark who was ticked just now, and say who is missing by what is on disk."""
        for answer in told["answered"]:
            if answer not in self._asked:
                self._asked.add(answer)
                written = self._context.desk.do(rollcall.answer_roll, present=answer)
                courier = Courier(self, partial(self._lost, answer))
                courier.follow(written, partial(self._kept, answer))
        missing = [a for id_, a in self._all.items() if id_ not in self._said]
        names = tr("、").join(self._line(a) for a in missing[: Ticks.LINES])
        counted = tr("应 {n} / {all}", n=len(self._said), all=len(self._all))
        return counted + ("\n" + tr("未应：{names}", names=names) if missing else "")

    def _kept(self, answer: str, done: object) -> None:
        self._said.add(answer)
        self._tell(self._told_of(self._answers()))

    def _lost(self, answer: str, why: str) -> None:
        """It was not written: he is not ticked either."""
        self._asked.discard(answer)
        self._ticks.item(list(self._all).index(answer)).setCheckState(Qt.CheckState.Unchecked)
        self._refused(why)

    def _end(self, told: Answers) -> Future[Any]:
        return self._context.desk.do(rollcall.end_roll, roll=self._roll.id)


def line(roll: RollCall | None, answers: Sequence[RollAnswer], now: Ms) -> str:
    """点名 08:05　应 12 / 15　最慢 94 秒: for who comes; "" where nobody was called."""
    if roll is None:
        return ""
    took = [a.answered_at - roll.called_at for a in answers if a.answered_at is not None]
    parts = [
        tr("点名 {at}", at=age.stamp(now, roll.called_at)),
        tr("应 {n} / {all}", n=len(took), all=len(answers)),
        tr("最慢 {n} 秒", n=max(took) // SECOND) if took else "",
    ]
    return "　".join(filter(None, parts))
