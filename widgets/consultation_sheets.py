"""The sheets of a consultation: how it is called, who came, what was said, what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from commandwall import codes, consulting, studies
from commandwall.clock import MINUTE, Ms, day, to_datetime
from commandwall.consulting import DAY, EVENT, INCIDENT, Attendee, Calling, Invited, Settled
from commandwall.events import Event
from commandwall.incidents import OPEN, Incident
from commandwall.ladders import WATCHED
from commandwall.posts import roster
from widgets import age, consultation_words, text
from widgets.base import Panel, Subject
from widgets.consultation_words import POINT, WAYS
from widgets.fields import Field, Lines, Ticks, choice, number
from widgets.fields import words as line
from widgets.i18n import named, tr
from widgets.post_choice import PostChoice
from widgets.seat import holding
from widgets.sheet import Answers, Sheet

MINUTES, DAYS = 7 * 24 * 60, 366
"""The most that the fields hold; what the acts allow is a row of the list `limit`."""
STEP = 10
"""Minutes to which the offered time is rounded."""
Then = Callable[[Any], object]


class CallSheet(Sheet):
    """召集会商: what for, what is to be settled, who leads, when, who takes part."""

    def __init__(self, panel: Panel, about: Subject | None, then: Then) -> None:
        self._panel, self._then = panel, then
        self._called = posts_held(panel)
        of = _subjects(panel, about)
        chair = PostChoice()
        chair.fill(roster().sections, chosen=panel.desk.post)
        seats = Ticks(self._called)
        seats.tick([post for post, _ in _held(panel)])
        fields: dict[str, tuple[str, Field]] = {
            "about": (tr("为何事"), choice(of)),
            "title": (named("field", "title"), line()),
            "matter": (tr("议题"), Lines()),
            "chair": (tr("主持"), chair),
            "at": (tr("时间"), line(_soon(panel.picture.now), 20)),
            "seats": (tr("参会岗位"), seats),
            "others": (tr("其他单位"), Lines()),
        }
        super().__init__(panel.look, tr("召集会商"), "召集", fields, panel.window())
        self._offer_title(of)
        self.telling(lambda told: tr("其他单位一行一个：单位 姓名。岗位按在岗勾选"))

    def _offer_title(self, of: Mapping[str, str]) -> None:
        """What it is about is its title, until somebody writes another one."""
        about, title = self._fields["about"][1], self._fields["title"][1]
        offered = [of[about.currentData()]]  # type: ignore[union-attr]
        title.setText(_title(offered[0], self._panel))  # type: ignore[union-attr]

        def follow(_: int) -> None:
            if title.text() == _title(offered[0], self._panel):  # type: ignore[union-attr]
                title.setText(_title(of[about.currentData()], self._panel))  # type: ignore[union-attr]
            offered[0] = of[about.currentData()]  # type: ignore[union-attr]

        about.currentIndexChanged.connect(follow)  # type: ignore[union-attr]

    def accept(self) -> None:
        told = self._answers()
        at = studies.moment_of(told["at"], self._panel.picture.now)
        if at is None:
            self._refused(tr("{field} 不是日期：{typed}；写成 2026-11-26 或 2026-11-26 08:00",
                             field=tr("时间"), typed=text.plain(told["at"], 40)))  # fmt: skip
            return
        kind, _, key = told["about"].partition(":")
        invited = [*(self._invited(post) for post in told["seats"]), *_others(told["others"])]
        calling = Calling(told["title"], told["matter"], str(told["chair"] or ""), at, kind, key,
                          invited)  # fmt: skip
        asked = self._panel.desk.do(consulting.call_consultation, calling=calling)
        self.waits = True
        self._courier.follow(asked, self._written)

    def _written(self, done: Any) -> None:
        self.close()
        self._then(done)

    def _invited(self, post: str) -> Invited:
        return Invited(post, name=dict(_held(self._panel)).get(post, ""))


def came(panel: Panel, attendees: Sequence[Attendee], done: Callable[[Answers], object]) -> Sheet:
    """到会: tick who is here."""
    away = {a.id: consultation_words.who(a) for a in attendees if a.present_at is None}
    fields: dict[str, tuple[str, Field]] = {"attendees": (tr("到会"), Ticks(away))}
    return Sheet(panel.look, tr("点到"), "到会", fields, panel.window()).then(done)


def more(panel: Panel, attendees: Sequence[Attendee], done: Callable[[Any], object]) -> Sheet:
    """加邀: posts that are not called yet, and departments without one."""
    known = {a.seat for a in attendees}
    free = {post: told for post, told in posts_held(panel).items() if post not in known}
    fields: dict[str, tuple[str, Field]] = {
        "seats": (tr("参会岗位"), Ticks(free)), "others": (tr("其他单位"), Lines()),
    }  # fmt: skip
    names = dict(_held(panel))

    def invited(told: Answers) -> object:
        seats = [Invited(post, name=names.get(post, "")) for post in told["seats"]]
        return done([*seats, *_others(told["others"])])

    sheet = Sheet(panel.look, tr("加邀"), "加邀", fields, panel.window())
    return sheet.telling(lambda told: tr("其他单位一行一个：单位 姓名")).then(invited)


def opinion(panel: Panel, attendees: Sequence[Attendee], chosen: str, done: Then) -> Sheet:
    """记意见: who says what."""
    who = choice({a.id: consultation_words.who(a) for a in attendees})
    who.setCurrentIndex(max(0, who.findData(chosen)))
    fields: dict[str, tuple[str, Field]] = {
        "attendee": (tr("谁说"), who), "text": (tr("意见"), Lines()),
    }  # fmt: skip
    return Sheet(panel.look, tr("记意见"), "记入", fields, panel.window()).then(done)


def resolution(panel: Panel, way: str, done: Callable[[Settled], object]) -> Sheet:
    """形成决定: what, why, who and until when; and what it becomes."""
    on = day(panel.picture.now)
    seat, minutes = PostChoice(), number(MINUTES, STEP, tr("分"))
    minutes.setValue(int(codes.limit("resolution_minutes", on)))
    days = number(DAYS, 1, tr("日"))
    days.setValue(int(codes.limit("resolution_days", on)))
    fields: dict[str, tuple[str, Field]] = {
        "task": (tr("决定"), Lines()), "basis": (tr("依据"), line()),
    }  # fmt: skip
    if way == POINT:
        fields |= {"unit": (named("field", "lead_unit"), line()), "days": (tr("工作日"), days)}
    else:
        seat.fill(roster().sections, none=tr("先选岗位"))
        fields |= {"seat": (tr("承办岗位"), seat), "minutes": (tr("办理时限"), minutes)}

    def settled(told: Answers) -> object:
        until, many = told.pop("minutes", None), int(told.pop("days", 0))
        due = Ms(panel.picture.now + until * MINUTE) if until is not None else None
        said = {key: str(one or "") for key, one in told.items()}
        return done(Settled(due=due, days=many, **said))

    sheet = Sheet(panel.look, tr("形成决定"), "形成", fields, panel.window())
    return sheet.telling(lambda told: _until(panel, way, told)).then(settled)


def ending(panel: Panel, result: str, done: Callable[[Answers], object]) -> Sheet:
    """结束会商: what it came to."""
    fields: dict[str, tuple[str, Field]] = {"result": (tr("结论"), Lines(result))}
    sheet = Sheet(panel.look, tr("结束会商"), "散会", fields, panel.window())
    return sheet.telling(lambda told: tr("结束后由主持签字；签字前还可以补记")).then(done)


def posts_held(panel: Panel) -> dict[str, str]:
    """Posts of the roster -> their name and who holds them, those that are held first."""
    held = dict(_held(panel))
    posts = sorted(roster().posts(), key=lambda post: post.id not in held)
    return {
        post.id: "　".join(filter(None, (named("post", post.id, "full"),
                                        text.person(held.get(post.id, "")))))
        for post in posts
    }  # fmt: skip


def _held(panel: Panel) -> list[tuple[str, str]]:
    found = holding(panel.desk, panel.picture).items()
    return [(post, some[0].name) for post, some in found if some]


def _until(panel: Panel, way: str, told: Answers) -> str:
    becomes = tr("下达后成为：{way}", way=tr(WAYS[way]))
    if way == POINT:
        return becomes
    until = Ms(panel.picture.now + int(told["minutes"]) * MINUTE)
    return tr("{a}，{b}", a=becomes, b=tr("{at} 前", at=age.stamp(panel.picture.now, until)))


def _subjects(panel: Panel, about: Subject | None) -> dict[str, str]:
    """What one may be about: the day; open incidents; watched events, and the one chosen last. The
    first is what somebody most likely means."""
    picture = panel.picture
    incidents = sorted((i for i in picture.incidents.values() if i.state == OPEN),
                       key=lambda i: -i.opened_at)  # fmt: skip
    found = {f"{INCIDENT}:{i.id}": tr("突发　{title}", title=text.plain(i.title, 40))
             for i in incidents}  # fmt: skip
    keys = [s.id for s in picture.supervisions.values() if s.state == WATCHED]
    if about is not None and about.kind is Event:
        keys = [about.id, *keys]
    events = _events(panel, dict.fromkeys(keys))
    named_first = events if about is not None and about.kind is Event else {}
    if about is not None and about.kind is Incident and (key := f"{INCIDENT}:{about.id}") in found:
        named_first = {key: found[key]}
    return {**named_first, **found, f"{DAY}:": tr("日常"), **events}


def _events(panel: Panel, keys: Iterable[str]) -> dict[str, str]:
    views = (panel.picture.events.get(key) for key in keys)
    return {
        f"{EVENT}:{v.event.id}": tr("事件　{title}", title=f"{v.number} "
                                    f"{text.plain(v.event.headline, 40)}")
        for v in views if v is not None and not v.restricted
    }  # fmt: skip


def _title(about: str, panel: Panel) -> str:
    """会商 11-27 16:00 for a day, else what it is about."""
    if about != tr("日常"):
        return about.partition("　")[2]
    return tr("{day} 会商", day=age.day(panel.picture.now))


def _others(typed: str) -> list[Invited]:
    """供电公司 李工, one in a line."""
    parts = (line.split(maxsplit=1) for line in typed.splitlines() if line.strip())
    return [Invited(unit=one[0], name=one[1] if len(one) > 1 else "") for one in parts]


def _soon(now: Ms) -> str:
    """The next round time, as it is typed."""
    at: datetime = to_datetime(now)
    rounded = at + timedelta(minutes=-at.minute % STEP)
    return f"{rounded:%Y-%m-%d %H:%M}"
