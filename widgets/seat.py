"""Who sits at this station 在岗: the sheet to come in or take over, the lock of an empty chair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from commandwall import codes, people
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.codes import Code
from commandwall.desk import Desk
from commandwall.people import IN, LOCKED, LONGEST, OUT, Held
from commandwall.picture import Picture
from commandwall.posts import fact, first_post, roster, side_of
from widgets import handing
from widgets.base import Command, Context
from widgets.courier import Courier
from widgets.fallback import Fallback
from widgets.fields import Field, value, words
from widgets.i18n import named, tr
from widgets.post_choice import PostChoice
from widgets.sheet import Sheet
from widgets.text import person

LOOK_MS = 5_000
TOUCHES = frozenset(
    (
        QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove,
        QEvent.Type.Wheel, QEvent.Type.TouchBegin,
    )
)  # fmt: skip


def guarded(picture: Picture) -> bool:
    """Whether posts are no longer chosen freely in this city."""
    return bool(picture.officers)


def seated(desk: Desk, picture: Picture) -> tuple[str, bool]:
    """Who sits here on which post, in a few words; and whether it calls for a person."""
    post = named("post", desk.post, "full") if desk.post else tr("未选岗")
    if not guarded(picture):
        who = person(desk.person) or tr("未登记人员 · 岗位自选")
        return f"{post}  {who}", False
    state = desk.here.state if desk.here else ""
    if state == IN:
        return f"{post}  {person(desk.person)}", False
    if state == LOCKED:
        return tr("{post} 已锁定，Ctrl I 输口令", post=post), True
    return tr("未签到，Ctrl I 签到"), True


def briefly(desk: Desk, picture: Picture) -> tuple[str, bool]:
    """The post of this station, or that nobody may act on it now; and whether that is so."""
    state = desk.here.state if desk.here else OUT
    if guarded(picture) and state != IN:
        return tr("本台已锁定") if state == LOCKED else tr("本台未签到"), True
    post = named("post", desk.post, "full") if desk.post else tr("未选岗")
    return tr("本台 {post}", post=post), False


def holder(desk: Desk, picture: Picture, post: str) -> str:
    """Who holds a post, under its name; "" where that is not known. A post that nobody holds
    anywhere is vacant, and falls to the first of its side, which is told for how many it acts."""
    if not guarded(picture):
        return person(desk.person) if post == desk.post else ""
    held, side = people.holders(picture.duties.values()), side_of(post)
    if post not in held:
        return tr("空缺")
    name = person(held[post][-1].name)
    if post != first_post(side):
        return name
    acts_for = sum(other.id not in held for other in roster().posts(side))
    return tr("{name} 代 {n} 岗", name=name, n=acts_for) if acts_for else name


def holding(desk: Desk, picture: Picture) -> dict[str, list[Held]]:
    """Who holds which post, as far as it is known here; where nobody is enrolled, this station and
    those of which the pool told."""
    if guarded(picture):
        return people.holders(picture.duties.values())
    held = {desk.post: [Held(desk.post, "", desk.person, desk.origin, Ms(0))]}
    for station in picture.sight.stations:
        if station.said.post and station.origin != desk.origin:
            there = Held(station.said.post, "", "", station.origin, Ms(0))
            held.setdefault(there.post, []).append(there)
    return held


def vacant(picture: Picture, post: str) -> bool:
    """Whether nobody holds a post of the command pair; not where nobody is enrolled, for then it is
    not known."""
    held = people.holders(picture.duties.values())
    return guarded(picture) and bool(side_of(post)) and post not in held


@dataclass(frozen=True, slots=True)
class Tile:
    """A post, or a section 板块 with its posts where a side has too many for one tile each."""

    code: Code
    posts: tuple[str, ...]

    @property
    def post(self) -> str:
        """The post that it stands for; "" for a section."""
        return self.posts[0] if self.posts == (self.code.id,) else ""


def tiles(side: str, most: int) -> list[Tile]:
    """What stands for the posts of a side where there is room for so many."""
    posts = roster().posts(side)
    if len(posts) <= most:
        return [Tile(code, (code.id,)) for code in posts]
    return [Tile(s.code, tuple(post.id for post in s.posts)) for s in roster().of_side(side)]


def under(desk: Desk, picture: Picture, tile: Tile) -> str:
    """What stands under a tile: who holds the post, or how many of a section are vacant."""
    if tile.post:
        return holder(desk, picture, tile.post)
    if not guarded(picture):
        return tr("{n} 岗", n=len(tile.posts))
    empty = sum(vacant(picture, post) for post in tile.posts)
    told = tr("空缺 {n} / {all}", n=empty, all=len(tile.posts))
    return told if empty else tr("{n} 岗齐", n=len(tile.posts))


class Seat(QObject):
    """Belongs to the wall. Whoever sat here when it was closed types his secret again."""

    def __init__(self, context: Context, wall: QWidget) -> None:
        super().__init__(wall)
        self._context, self._wall = context, wall
        self._fallback = Fallback(context, wall)  # Qt keeps no object whose method a key calls
        self._touched = context.seconds()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        self._courier = Courier(self, lambda why: None)
        self._leaving = Courier(self, self.hand_over)
        if self._sits:
            context.desk.lock()
        context.sit = self.open

    def commands(self) -> list[Command]:
        return [
            Command("Ctrl+I", tr("签到、交接"), self.open),
            Command("Ctrl+J", tr("锁定本台"), self.lock),
            Command("Ctrl+Shift+I", tr("签退"), self.leave),
            Command("Ctrl+H", tr("交接"), self.hand_over),
            *self._fallback.commands(),
        ]

    def open(self, post: str = "") -> None:
        """The sheet in which somebody comes in, comes back, or takes over: on that post, where one
        is given."""
        self._context.over(SignInSheet(self._context, post, self._wall))

    def lock(self) -> None:
        self._courier.follow(self._context.desk.lock(), self._renew)

    def leave(self) -> None:
        """Sign out; who has something open comes to the sheet in which he hands it over."""
        self._leaving.follow(self._context.desk.sign_out(), self._renew)

    def hand_over(self, why: str = "") -> None:
        """The sheet in which the post of this station is offered to a relief."""
        handing.ask_offer(self._context, self._wall, why)

    def look(self) -> None:
        """Lock where nobody touched anything for so long; lists and map go on."""
        for window in QGuiApplication.topLevelWindows():
            window.installEventFilter(self)
        here = self._context.desk.here
        told = self._context.picture.duties.get(here.id) if here else None
        if here is not None and told is not None and told.at > here.at:
            self._context.desk.here = told  # another station took the post over
        idle = (self._context.seconds() - self._touched) * SECOND
        if self._sits and idle > codes.limit("idle_minutes") * MINUTE:
            self.lock()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in TOUCHES:
            self._touched = self._context.seconds()
        return False

    def touched(self) -> float:
        """When a person last touched anything, in monotonic seconds."""
        return self._touched

    @property
    def _sits(self) -> bool:
        """Whether somebody sits here on a post that may act."""
        here = self._context.desk.here
        return here is not None and here.state == IN and not fact(here.seat, "stays")

    def _renew(self, done: Any) -> None:
        self._wall.update()


class SignInSheet(Sheet):
    """Name, secret and post; where nobody is enrolled a name and a post do."""

    def __init__(self, context: Context, post: str, wall: QWidget) -> None:
        free = not guarded(context.picture)
        self._desk, self._free, self._secret = context.desk, free, _secret()
        here = context.desk.here
        seats = PostChoice()
        seats.fill(roster().sections, chosen=post or context.desk.post)
        fields: dict[str, tuple[str, Field]] = {
            "name": (tr("姓名或登录名"), words("" if free or here is None else here.officer)),
            "post": (tr("岗位"), seats),
            "secret": (tr("口令"), self._secret),
        }
        if free:
            del fields["secret"]
        super().__init__(context.look, _title(context, free), "就岗", fields, wall)
        if not free and here is not None:
            self.setFocusProxy(self._secret)

    def accept(self) -> None:
        """Ask the desk; the sheet stays until it said yes."""
        name, post = (value(self._fields[key][1]) for key in ("name", "post"))
        if self._free:
            answer = self._desk.take_post(post, name)
        else:
            answer = self._desk.sign_in(name, self._secret.text(), post)
        self.waits = True
        self.say(tr("正在核对"))
        self._courier.follow(answer, lambda done: self.close())

    def _refused(self, why: str) -> None:
        self.waits = False
        if not self._free:
            self._secret.clear()
            self._secret.setFocus()
        self.say(why)


def _secret() -> QLineEdit:
    field = words(limit=LONGEST)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    return field


def _title(context: Context, free: bool) -> str:
    here = context.desk.here
    if free:
        return tr("未登记人员：岗位自选")
    if here is not None and here.state == LOCKED:
        return tr("{name} 离席，已锁定：输口令继续，或由他人接岗", name=person(here.name))
    if here is not None and here.state == IN:
        return tr("{name} 在岗：由他人接岗", name=person(here.name))
    return tr("签到就岗")
