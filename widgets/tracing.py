"""轨迹: the tracks of the chosen unit, or of all units of the incident in focus, over the map; what
of them is known, and where nothing is, stands in a line on it."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from commandwall import codes, tracks
from commandwall.clock import HOUR, SECOND, Ms
from commandwall.geo import Plane
from commandwall.incidents import OPEN, Incident
from commandwall.picture import Picture
from commandwall.tracks import Tracks
from layers.map import MapView
from widgets import age
from widgets.base import Command, Context
from widgets.courier import Courier
from widgets.i18n import tr
from widgets.incident_acts import joined
from widgets.paper import Ink, Paper
from widgets.text import plain

EVERY = 10 * SECOND
"""So often a station writes positions down, and so often they are read anew."""
PAD, LINE, NAMES = 14.0, 30.0, 3


class Past(Protocol):
    """What can be looked back with."""

    def enter(self) -> None: ...


class Tracing(QWidget):
    """A child of the map. `Shift+T` shows or takes away, `Shift+Z` goes further back, `Shift+W`
    plays it over again in the past."""

    def __init__(self, context: Context, view: MapView, past: Past) -> None:
        super().__init__(view)
        self.context, self._view, self._past = context, view, past
        self._units: dict[str, int] = {}
        self._since, self._long = Ms(0), False
        self._asked, self.found = Ms(0), Tracks(Ms(0), Ms(0), None, ())
        self._said = ""
        self._courier = Courier(self, self._failed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        view.layers_changed.connect(self.follow)

    def commands(self) -> list[Command]:
        return [
            Command("Shift+T", tr("轨迹"), self.turn),
            Command("Shift+Z", tr("轨迹加长"), self.lengthen),
            Command("Shift+W", tr("回放轨迹"), self.replay),
        ]

    # What a person does.

    def turn(self) -> None:
        """Show the tracks of what is chosen now, or take them away."""
        if self.isVisible():
            self._clear()
            return
        self._units, self._since = self._asked_for()
        if not self._units:
            self._say(tr("选一个力量，或打开突发事件，再按 Shift T 看轨迹"))
            return
        self._look()

    def lengthen(self) -> None:
        """As far back as positions may be shown, or again the usual stretch."""
        self._long = not self._long
        if self._units:
            self._look()
        else:
            self.turn()

    def replay(self) -> None:
        """From the first position that is shown on, as the past: framed and named as such."""
        if not self._units:
            self.turn()
        live = self.context.live.picture
        begin = min((t.span[0] for t in self.found.found), default=self._begin(live.now))
        self._past.enter()
        self._play(begin)

    def _play(self, begin: Ms) -> None:
        """Once it is known how far back one can look."""
        past = self.context.past
        if past is None:
            return
        if not past.known:
            once = Qt.ConnectionType.SingleShotConnection
            past.moved.connect(partial(self._play, begin), once)
            return
        past.to(begin)
        if not past.playing:
            past.play()

    def follow(self) -> None:
        """A tick: what was kept since is read too; the line goes with the map."""
        if not self.isVisible():
            return
        fresh = self.context.past is None and abs(self.context.picture.now - self._asked) >= EVERY
        if self._units and fresh:
            self._look()
        self._fit()

    # What is behind it.

    def _asked_for(self) -> tuple[dict[str, int], Ms]:
        """The chosen unit; else the units that were sent to the incident in focus, since it began.
        Their numbers in the packs, and the moment (0: no matter)."""
        picture, (kind, id_) = self.context.picture, self._view.chosen
        if kind == "resource" and id_ in picture.resources:
            return {id_: picture.resources[id_].no}, Ms(0)
        incident = _incident(picture, id_ if kind == "incident" else "")
        if incident is None:
            return {}, Ms(0)
        subjects = incident.id, incident.event, incident.alarm, *joined(picture, incident.id)
        mine = [t.assignment for t in picture.trips_to(*filter(None, subjects))]
        units = {a.resource: picture.resources[a.resource].no for a in mine
                 if a.resource in picture.resources}  # fmt: skip
        return units, Ms(min([incident.opened_at, *(a.sent_at for a in mine)]))

    def _begin(self, now: Ms) -> Ms:
        most = Ms(int(now - codes.limit("track_hours_long") * HOUR))
        usual = self._since or Ms(int(now - codes.limit("track_hours") * HOUR))
        return most if self._long else max(most, usual)

    def _look(self) -> None:
        """Read on two threads: what answers another question than the last, or comes after a newer
        answer, is not shown."""
        picture = self.context.live.picture
        self._asked, units = picture.now, dict(self._units)
        span = self._begin(picture.now), picture.now
        middle = picture.areas.get(picture.city) or next(iter(picture.areas.values()), None)
        plane = Plane(middle.lon, middle.lat) if middle is not None else Plane(0.0, 0.0)
        answer = self.context.desk.ask(lambda reader: tracks.read(reader, units, span, plane))
        self._courier.follow(answer, partial(self._take, (units, self._since, self._long)))

    def _take(self, asked: tuple[dict[str, int], Ms, bool], found: Tracks) -> None:
        if asked != (self._units, self._since, self._long) or found.until < self.found.until:
            return
        self.found = found
        self._view.set_tracks(found.found)
        self._say("")

    def _failed(self, why: str) -> None:
        self._say(why)

    def _clear(self) -> None:
        self._units, self.found = {}, Tracks(Ms(0), Ms(0), None, ())
        self._view.set_tracks(())
        self.hide()

    def _say(self, why: str) -> None:
        self._said = why
        self.setAccessibleName(tr("轨迹"))
        self.setAccessibleDescription("; ".join(self.lines()))
        self._fit()
        self.show()
        self.raise_()
        self.update()

    def lines(self) -> list[str]:
        """Whose tracks, over which stretch, with which gaps; from when on any are kept."""
        if self._said:
            return [self._said]
        found, now = self.found, self.context.live.picture.now
        since, until = age.moment(now, found.since), age.seconds(found.until)
        head = tr(
            "轨迹　{units}　{since} 至 {until}", units=self._names(), since=since, until=until
        )
        gaps = [gap for track in found.found for gap in track.gaps]
        if not found.found:
            told = tr("此段没有定位")
        elif gaps:
            longest = age.span(tracks.longest(found.found))
            told = tr("中断 {n} 处，最长 {span}：虚线间去向不明", n=len(gaps), span=longest)
        else:
            told = tr("没有中断")
        kept = tr("本站没有留存定位")
        if found.kept is not None:
            kept = tr("本站自 {time} 起留存定位", time=age.moment(now, found.kept))
        keys = tr("Shift T 收起　Shift W 回放")
        return [head, f"{told}　{kept}　{keys}"]

    def _names(self) -> str:
        units = self.context.live.picture.resources
        names = [plain(units[u].name, 16) for u in self._units if u in units]
        more = tr("等 {n} 个", n=len(names)) if len(names) > NAMES else ""
        return "、".join(names[:NAMES]) + more

    def _fit(self) -> None:
        """At the top of the map, as wide as what it says."""
        look, lines = self.context.look, self.lines()
        wide = max(look.wide(line, "label", True) for line in lines) + 2 * PAD
        room = self._view.width() / look.unit - 2 * PAD
        tall = LINE * len(lines) + 12
        box = QRectF(PAD, PAD, min(wide, room), tall)
        self.setGeometry(*(look.px(v) for v in (box.x(), box.y(), box.width(), box.height())))

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self.context.look)
        box = QRectF(0.5, 0.5, paper.width - 1, paper.height - 1)
        paper.fill(box, "r", 4)
        paper.frame(box, "ln2", 1, 4)
        for n, line in enumerate(self.lines()):
            ink = Ink("label", "t1" if n == 0 else "t2", n == 0)
            paper.write(PAD, LINE * (n + 1) - 5, line, ink, room=paper.width - 2 * PAD)
        paper.end()


def _incident(picture: Picture, chosen: str) -> Incident | None:
    """The open incident that is chosen, else the newest one."""
    open_ = [i for i in picture.incidents.values() if i.state == OPEN]
    mine = (i for i in open_ if i.id == chosen)
    return next(mine, None) or max(open_, key=lambda i: i.opened_at, default=None)
