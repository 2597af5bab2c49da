"""Handing a post over 交接: the sheet of who goes, and the sheet in which his relief reads back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from commandwall import (
    alarm_lists,
    deadlines,
    handover,
    instructions,
    rollcall,
    rota,
    selfcheck,
    studies,
)
from commandwall.alarms import Alarm
from commandwall.clock import MINUTE, Ms
from commandwall.directives import Directive
from commandwall.handover import DRAFTED, OWES, WAITS, Handover, Item
from commandwall.incidents import Incident
from commandwall.instructions import Instruction
from commandwall.ladders import Case
from commandwall.modes import Mode
from commandwall.owed import Debt
from commandwall.people import LONGEST
from commandwall.picture import Picture
from commandwall.rollcall import RollAnswer, RollCall
from commandwall.rota import DutyTurn
from commandwall.selfcheck import SelfCheck
from commandwall.store.store import Reader
from commandwall.whistles import Muster
from widgets import (
    age,
    duty_line,
    instructing,
    ladder_words,
    lamp_words,
    links,
    roll_call,
    self_check,
    study_waiting,
    text,
    whistle_words,
)
from widgets import words as need_words
from widgets.base import Context
from widgets.courier import Courier
from widgets.fallback import FallbackSheet
from widgets.fields import Field, Lines, Ticks, value, words
from widgets.i18n import named, tr
from widgets.sheet import Sheet

TOLD = 60
"""Letters of a text that are told."""
WORST = 3
"""Things that need a person and that are told by name."""
KINDS = {OWES: "欠答", WAITS: "待答", DRAFTED: "草稿"}


def told(item: Item, picture: Picture) -> str:
    """欠答　3 号　封控港五路　未接令: one open item in a line."""
    about = item.record
    if isinstance(about, Incident):
        return tr("突发事件　{title}　{place}", title=text.plain(about.title, TOLD),
                  place=text.plain(about.place, TOLD))  # fmt: skip
    if isinstance(about, Mode):
        return tr("模式　{mode}　{reason}", mode=named("mode", about.mode),
                  reason=text.plain(about.reason, TOLD))  # fmt: skip
    if isinstance(about, Muster):
        number, matter = _number(about.whistle.event, picture), about.whistle.matter
        owed = whistle_words.handed(about, picture.now)
        return "　".join(filter(None, (tr("吹哨"), number, text.plain(matter, TOLD), owed)))
    if isinstance(about, Case):
        return ladder_words.handed(about, _number(about.event, picture))
    if isinstance(about, Debt):
        return "　".join(
            (tr(KINDS[OWES]), _words(about.record), named("directive_limit", about.step))
        )
    return "　".join((tr(KINDS[item.kind]), _words(about), named("directive_state", about.state)))


def _number(event: str, picture: Picture) -> str:
    """Of an open event, as its list tells it; "" of none and of one that is over."""
    view = picture.events.get(event)
    return view.number if view is not None else ""


def stands(context: Context) -> list[str]:
    """How the city stands at this moment, for who comes: what is due, what calls, what is put
    aside, what is not heard, and the worst. It is told, not read back: it changes by the minute."""
    picture, needs = context.live.picture, context.live.needs
    now, minutes = picture.now, deadlines.soon_minutes()
    aside = alarm_lists.sort_out(picture.alarms.values(), now).aside
    back = min((alarm.until for alarm in aside if alarm.until is not None), default=None)
    late = [la for la in picture.sync.lamps.values()
            if lamp_words.is_loud(la, now, context.limits.feed_s)]  # fmt: skip
    return list(filter(None, (
        tr("此刻　在办 {n}　逾期 {late}　{m} 分内将逾期 {soon}", n=len(picture.events),
           late=len(needs.overdue), m=minutes, soon=needs.soon(now, minutes)),
        tr("告警　叫人 {n}　搁置、停用 {aside}", n=needs.alarms, aside=len(aside))
        + ("　" + tr("最早 {at} 返回", at=age.moment(now, back)) if back is not None else ""),
        tr("陈旧　{names}", names=tr("、").join(named("feed", la.name) for la in late))
        if late else "",
        *(tr("最急　{what}　{place}", what=need_words.need_title(need, picture),
             place=need_words.need_place(need, picture)) for need in needs.open[:WORST]),
        study_waiting.count(studies.waiting(picture.scheduled.values())),
        *_in_hand(context),
        *_returning(aside, now),
    )))  # fmt: skip


def _more(context: Context, known: Known) -> list[str]:
    """The self-check and what stands for every shift."""
    now = context.live.picture.now
    checked, duty = self_check.in_words(known.check, now), duty_line.told(known.duty, now)
    calendar = [tr("值班表　{who}", who=duty)] if duty else []
    called = roll_call.line(*known.roll, now)
    orders = (tr("常备　{what}", what=instructing.line(one)) for one in known.orders)
    return [*calendar, checked, *filter(None, (called,)), *orders]


def _in_hand(context: Context) -> list[str]:
    """The open events that run out first, with who has them."""
    picture, running = context.live.picture, context.live.needs.running
    views = [v for key in running if (v := picture.events.get(key)) is not None]
    views.sort(key=lambda v: (running[v.event.id].due, v.event.id))
    return [
        tr("在办　{number}　{what}　{unit}　{left}", number=v.number,
           what=text.plain(v.event.headline, 24), unit=text.plain(v.unit, 12) or tr("未派单"),
           left=need_words.left(running[v.event.id], picture.now))
        for v in views[:WORST]
    ]  # fmt: skip


def _returning(aside: Sequence[Alarm], now: Ms) -> list[str]:
    """Alarms that were put aside and return soon, by name."""
    until = now + deadlines.soon_minutes() * MINUTE
    soon = [a for a in aside if a.until is not None and a.until <= until]
    return [tr("将返回　{what}　{at}", what=need_words.alarm_title(a), at=age.moment(now, a.until))
            for a in soon[:WORST] if a.until is not None]  # fmt: skip


def _words(record: Any) -> str:
    if isinstance(record, Incident):
        return tr("情况报告")
    if hasattr(record, "second"):
        return tr("第二人 {name}", name=text.person(record.second))
    number = links.called(record) if getattr(record, "no", 0) else ""
    said = record.text if isinstance(record, Directive) else record.what
    return "　".join(filter(None, (number, text.plain(said, TOLD))))


def ask_offer(context: Context, wall: QWidget, why: str = "") -> None:
    """Show what the post of this station has open; with the note it is offered."""
    post, now = context.desk.post, context.live.picture.now
    answer = context.desk.ask(lambda reader: _known(reader, post, now))
    courier, over = Courier(wall, lambda why: None), context.later()
    courier.follow(answer, lambda known: over(OfferSheet(context, wall, known, why)))


def ask_paper(context: Context, wall: QWidget, seat: str, offer: Handover | None) -> None:
    """The hand-over sheet of a post to be printed: what is open, and all that is told with it."""
    now = context.live.picture.now
    answer = context.desk.ask(lambda reader: _known(reader, seat, now))
    courier, over = Courier(wall, lambda why: None), context.later()

    def show(known: Known) -> None:
        note = offer.note.split("\n") if offer is not None and offer.note else []
        lines = [tr("未了 {n} 项", n=len(known.items)),
                 *(told(item, context.live.picture) for item in known.items),
                 *(tr("交代：{note}", note=text.plain(one)) for one in note),
                 *stands(context), *_more(context, known)]  # fmt: skip
        over(FallbackSheet(context, wall, seat, lines))

    courier.follow(answer, show)


def ask_relief(context: Context, wall: QWidget, offer: Handover) -> None:
    """Let the relief read back what is open now."""
    now = context.live.picture.now
    answer = context.desk.ask(lambda reader: _known(reader, offer.seat, now))
    courier, over = Courier(wall, lambda why: None), context.later()
    courier.follow(answer, lambda known: over(ReliefSheet(context, wall, offer, known)))


@dataclass(frozen=True, slots=True)
class Known:
    """What is read of a post before its sheet is shown."""

    items: list[Item]
    check: SelfCheck | None
    orders: list[Instruction]
    duty: list[DutyTurn]
    roll: tuple[RollCall | None, list[RollAnswer]]


def _known(reader: Reader, seat: str, now: Ms) -> Known:
    items = handover.open_items(reader, seat)
    orders = instructions.standing(reader, seat)
    checked, duty = selfcheck.newest(reader), rota.on_duty(reader, now)
    return Known(items, checked, orders, duty, rollcall.last(reader))


class OfferSheet(Sheet):
    """What is handed over, and standing instructions in the giver's words."""

    def __init__(self, context: Context, wall: QWidget, known: Known, why: str) -> None:
        items = known.items
        self._context, self._wall, self._seat = context, wall, context.desk.post
        fields: dict[str, tuple[str, Field]] = {"note": (tr("交代"), Lines())}
        post = named("post", context.desk.post, "full")
        title = tr("交岗　{post}", post=post)
        super().__init__(context.look, title, "交岗", fields, wall)
        lines = [why, tr("未了 {n} 项，由接岗人逐项复述", n=len(items))]
        lines += [told(item, context.live.picture) for item in items[: Ticks.LINES]]
        if (more := len(items) - Ticks.LINES) > 0:
            lines.append(tr("另有 {n} 件", n=more))
        lines += ["", *stands(context), *_more(context, known)]
        shown = "\n".join(lines if why else lines[1:])
        self.telling(lambda answers: shown)

    def accept(self) -> None:
        note = value(self._fields["note"][1])
        self.waits = True
        self._courier.follow(
            self._context.desk.do(handover.offer, seat=self._seat, note=note), self._offered
        )

    def _refused(self, why: str) -> None:
        self.waits = False
        self.say(why)

    def _offered(self, done: Any) -> None:
        """The relief reads back here, if he sits down at this desk; else at his own station."""
        context, wall = self._context, self._wall
        self.close()
        for offer in done.of(Handover):
            if offer.state == handover.OFFERED:
                ask_relief(context, wall, offer)


class ReliefSheet(Sheet):
    """Each item is ticked by whoever comes, who then signs. Left with Esc, nothing has changed."""

    def __init__(self, context: Context, wall: QWidget, offer: Handover, known: Known) -> None:
        self._context, self._wall, self._offer = context, wall, offer
        items = known.items
        self._listed = {item.key for item in items}
        self._free = not context.picture.officers
        fields: dict[str, tuple[str, Field]] = {}
        if items:
            lines = {item.key: told(item, context.live.picture) for item in items}
            fields["read"] = tr("逐项复述"), Ticks(lines)
        fields["name"] = (tr("姓名") if self._free else tr("姓名或登录名")), words()
        if not self._free:
            secret = words(limit=LONGEST)
            secret.setEchoMode(QLineEdit.EchoMode.Password)
            fields["secret"] = tr("口令"), secret
        post, who = named("post", offer.seat, "full"), text.person(offer.giver)
        title = tr("接岗　{post}　交岗人 {who} {at}", post=post, who=who or age.UNKNOWN,
                   at=age.clock(offer.offered_at))  # fmt: skip
        super().__init__(context.look, title, "接岗", fields, wall)
        note = "\n".join(text.plain(one) for one in offer.note.split("\n")[: Ticks.LINES])
        now = "\n".join((*stands(context), *_more(context, known)))
        self.telling(lambda answers: "\n".join(filter(None, (
            tr("交代：{note}", note=note) if note else "",
            tr("已复述 {n} / {all}", n=len(answers.get("read", [])), all=len(items)),
        ))) + "\n\n" + now)  # fmt: skip

    def accept(self) -> None:
        answers = self._answers()
        given = answers["name"], answers.get("secret", ""), self._offer.id, answers.get("read", [])
        answer = self._context.desk.take_over(*given)
        self.waits = True
        self.say(tr("正在核对"))
        self._courier.follow(answer, lambda done: self.close())

    def _refused(self, why: str) -> None:
        self.waits = False
        self.say(why)
        seat, at = self._offer.seat, self._context.live.picture.now
        now = self._context.desk.ask(lambda reader: _known(reader, seat, at))
        self._courier.follow(now, self._renew)

    def _renew(self, known: Known) -> None:
        """What is open now, where another list was read back: what still stands stays ticked, and
        what was typed stays typed."""
        fresh = [item.key for item in known.items if item.key not in self._listed]
        if not self.isVisible() or (not fresh and len(known.items) == len(self._listed)):
            return
        again = ReliefSheet(self._context, self._wall, self._offer, known)
        for key, (_, field) in again._fields.items():
            if isinstance(field, Ticks):
                field.tick(self._answers().get(key, []))
            elif isinstance(field, QLineEdit):
                field.setText(self._answers()[key])
        again.say(tr("有 {n} 项新到或有变，复述后再接岗", n=len(fresh)))
        self._context.over(again)
