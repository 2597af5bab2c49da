"""Self-check at the start of a shift: one key, one sheet, and a line in the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from commandwall import people, selfcheck
from commandwall.clock import Ms
from commandwall.codes import Code
from commandwall.posts import roster, side_of
from commandwall.selfcheck import ATTENTION, FINE, HEARD, UNHEARD, Found, Look, SelfCheck
from widgets import age, text
from widgets.base import Command, Context
from widgets.fields import Field, choice
from widgets.i18n import language, named, rows, tr
from widgets.sheet import Answers, Sheet

MARKS = {FINE: "✓", ATTENTION: "!"}


class Checking:
    """Belongs to the wall. `try_sound()` plays a sound, and says whether anything can play one."""

    def __init__(
        self, context: Context, window: QWidget, screens: tuple[str, ...],
        try_sound: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._context, self._window, self._try = context, window, try_sound
        self._screens = screens

    def commands(self) -> list[Command]:
        return [Command("Ctrl+Shift+K", tr("值班自检"), self.begin)]

    def begin(self) -> None:
        sound = self._try()
        self._context.over(CheckSheet(self._context, self._window, self._screens, sound))


class CheckSheet(Sheet):
    """What was found, each with what to do; a person says whether he heard the sound."""

    def __init__(
        self, context: Context, window: QWidget, screens: tuple[str, ...], sound: bool
    ) -> None:
        self._context, self._found = context, list[Found]()
        heard = choice({HEARD: tr("听到"), UNHEARD: tr("没听到")})
        heard.setCurrentIndex(0 if sound else 1)
        fields: dict[str, tuple[str, Field]] = {"sound": (tr("试音（刚才那一声）"), heard)}
        super().__init__(context.look, tr("值班自检"), "记入日志", fields, window)
        self.telling(self._line)
        self.then(self._note)
        self.waits = True  # until everything is looked at
        it, folder = _look(context, screens), context.desk.folder
        self._courier.follow(
            context.desk.files(lambda kept: selfcheck.look(folder, it)), self._take
        )

    def _take(self, found: list[Found]) -> None:
        self._found, self.waits = found, False
        self._tell(self._line(self._answers()))

    def _line(self, told: Answers) -> str:
        if not self._found:
            return tr("正在检查")
        lines = [_told(one, self._context.live.picture.now) for one in self._all(told)]
        wrong = [f for f in self._all(told) if f.state == ATTENTION]
        head = tr("注意 {n} 项，其余正常", n=len(wrong)) if wrong else tr("全部正常")
        return "\n".join([head, "", *lines])

    def _all(self, told: Answers) -> list[Found]:
        state = FINE if told["sound"] == HEARD else ATTENTION
        found = [*self._found, Found("sound", state)]
        return sorted(found, key=lambda one: one.state != ATTENTION)

    def _note(self, told: Answers) -> Any:
        states = {one.check: one.state for one in self._all(told)}
        return self._context.desk.do(selfcheck.note_check, states=states)


def in_words(check: SelfCheck | None, now: Ms) -> str:
    """自检 08:01　正常 11　注意：备份: for who comes, and for the log."""
    if check is None:
        return tr("本台还没有自检，按 Ctrl Shift K")
    wrong = tr("、").join(named(selfcheck.LIST, one) for one in selfcheck.listed(check.attention))
    told = tr("自检 {at}　正常 {n}", at=age.stamp(now, check.at),
              n=len(selfcheck.listed(check.fine)))  # fmt: skip
    return told + ("　" + tr("注意：{names}", names=wrong) if wrong else "")


def _look(context: Context, screens: tuple[str, ...]) -> Look:
    picture = context.live.picture
    here = {screen.name() for screen in QGuiApplication.screens()}
    held = people.holders(picture.duties.values())
    pair = [post.id for post in roster().posts() if side_of(post.id)]
    empty = sum(post not in held for post in pair) if picture.officers else 0  # else unknown
    missing = tuple(name for name in screens if name and name not in here)
    limits = context.limits
    return Look(picture.now, picture.sync, limits.patience, limits.feed_s, missing, empty)


def _told(one: Found, now: Ms) -> str:
    """✓ 备份　最新 11-26 03:10"""
    row: Code | None = rows(selfcheck.LIST).get(one.check)
    name = named(selfcheck.LIST, one.check)
    said = SAYS[one.check](one.facts, now) if one.check in SAYS else ""
    todo = str(row.facts[f"todo_{language()}"]) if row and one.state == ATTENTION else ""
    return "　".join(filter(None, (f"{MARKS[one.state]} {name}", said, todo)))


Facts = Mapping[str, Any]


def _heard(facts: Facts, now: Ms) -> str:
    return tr("最近 {age}", age=age.age(now, facts["at"])) if facts["at"] else tr("从未有过")


def _feeds(facts: Facts, now: Ms) -> str:
    if not facts["n"]:
        return tr("{n} 路都在来", n=facts["all"])
    names = tr("、").join(text.plain(named("feed", n), 40) for n in facts["names"].split(","))
    return tr("{n} 路没有来：{names}", n=facts["n"], names=names)


def _calendar(facts: Facts, now: Ms) -> str:
    if facts["years"]:
        return tr("{years} 年没有节假日", years=facts["years"])
    return tr("节假日已录到 {year} 年", year=facts["until"])


def _backup(facts: Facts, now: Ms) -> str:
    newest = tr("最新 {at}", at=age.stamp(now, facts["at"])) if facts["at"] else tr("还没有")
    return "  ".join(filter(None, (newest, text.plain(str(facts["trouble"]), 60))))


SAYS: Mapping[str, Callable[[Facts, Ms], str]] = {
    "agent": _heard,
    "pool": _heard,
    "backlog": lambda f, now: tr("{n} 条", n=age.number(f["n"])),
    "feeds": _feeds,
    "clock": lambda f, now: tr("与中心池差 {s} 秒", s=f"{f['s']:+.1f}"),
    "disk": lambda f, now: tr("剩 {gb} GB", gb=age.number(f["mb"] / 1024, 1)),
    "backup": _backup,
    "calendar": _calendar,
    "screens": lambda f, now: tr("缺 {names}", names=f["names"]) if f["names"] else tr("都在"),
    "posts": lambda f, now: tr("空缺 {n}", n=f["n"]) if f["n"] else tr("都有人"),
}
"""Check -> what is said of it beside its name."""
