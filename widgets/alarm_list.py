"""The alarm list: what devices say is wrong, the worst first; one key acknowledges.

In a flood the list collapses: the worst severity stands alone on top, all else in groups. Beside
it, by F1..F6, the lists of what stands, is silent, put aside, suppressed, and of bad actors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from commandwall import alarm_groups, alarm_lists, alarms, codes
from commandwall.alarm_cells import Cells, Terms
from commandwall.alarm_groups import Group, Load, Presented, presented, rank
from commandwall.alarm_life import STALE
from commandwall.alarm_lists import BadActor, Lists, Shelves
from commandwall.alarms import ASIDE, RTNUN, UNACK, WAITING, Alarm
from commandwall.areas import Area
from commandwall.clock import SECOND, Ms
from commandwall.picture import Changes, Picture, Readings, Tick
from commandwall.sensors import Sensor
from widgets import age, alarm_rows, alarm_sheets, alarm_tabs, tabs, words
from widgets.alarm_tabs import ACTIVE, BAD
from widgets.base import Command
from widgets.i18n import named, tr
from widgets.opening import ask_opening, from_alarm
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.top_row import TopRow
from widgets.trust import is_silent

THOUSANDS, REGROUP, SHARE = 1_000, 500, 0.25
"""So many alarms are put in order once in so many ms, and for no larger share of the time."""
SINCE = 210.0
"""From the right edge: where the moment since when it lasts begins."""


class AlarmList(RowList):
    """What calls: unacknowledged before acknowledged, worst first, then newest; groups in a flood.
    Or one of the other lists, each in an order of its own."""

    id = "alarm_list"
    title = "告警"
    kind = Alarm
    shows = frozenset({Alarm, Area, Readings, Tick})
    row = 56.0
    head = 28.0 + tabs.TAB
    tells_rest = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._said, self._top = "", TopRow(self.context.seconds)
        self._shelves, self._cells, self._shown = Shelves(), Cells(), Presented()
        self._changed: set[str] | None = None
        """Ids of what changed since they were last put in order; None where it may be any."""
        self._groups: dict[str, Group] = {}
        self._opened: dict[str, list[str]] = {}
        """Groups that are unfolded, and their alarms in order."""
        self._flat = False
        self._grouped, self._cost = Ms(0), 0.0
        self.tab, self._lists = ACTIVE, Lists()
        self._bad: dict[str, BadActor] | None = None
        self._asked = Ms(0)

    @property
    def _load(self) -> Load:
        return self.context.needs.load

    @property
    def flood(self) -> bool:
        """Whether more comes than a person can take one by one, and is shown in groups."""
        return self._cells.terms.flood and self.tab == ACTIVE

    @property
    def _collapses(self) -> bool:
        """Whether it is to be shown so the next time it is put in order."""
        return self._load.flood and not self._flat

    @property
    def shown(self) -> Presented:
        """What stands in the list, whether or not there is room for all of it."""
        return self._shown

    def order(self) -> Sequence[str]:
        if self.tab == ACTIVE:
            return [key for row in self._rows() for key in row]
        if self.tab == BAD:
            return list(self._bad or ())
        return [alarm.id for alarm in alarm_tabs.listed(self._lists, self.tab)]

    def kind_of(self, key: str) -> type[Any]:
        return Sensor if self.tab == BAD else Alarm

    def select_tab(self, tab: int) -> None:
        """Show another list; what was chosen in this one is chosen no more."""
        self.tab, self.current, self._first, self._said = tab, "", 0, ""
        self._group(self.picture)
        self._ask_bad(self.picture)
        self.renew()

    def chosen_alarm(self) -> Alarm | None:
        """That of the chosen row; of a bad actor the newest, which may be over."""
        return self._alarm_of(self.current)

    def _alarm_of(self, key: str) -> Alarm | None:
        actor = (self._bad or {}).get(key) if self.tab == BAD else None
        if actor is None:
            return self.picture.alarms.get(key)
        return self.picture.alarms.get(actor.newest.id, actor.newest)

    def _rows(self) -> list[list[str]]:
        """Each row alone, or a group and what it was unfolded to. A group keeps its place."""
        before = {key: at for at, key in enumerate(self.keys)}
        stays = sorted(self._shown.groups, key=lambda g: before.get(g.key, len(before)))
        there = self.picture.alarms
        rows = [[a.id] for a in self._shown.alone if a.id in there]
        for group in stays:
            rows.append([group.key, *filter(there.get, self._opened.get(group.key, ()))])
        return rows

    def _within(self, group: Group) -> list[str]:
        return [alarm.id for alarm in sorted(group.alarms, key=self._rank)]

    def _rank(self, alarm: Alarm) -> alarm_groups.Rank:
        return rank(alarm, self.picture.now, self.context.needs.called.elsewhere)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        before, flooded = self.current, self.flood
        self._take(picture, changes)
        self._ask_bad(picture)
        super().refresh(picture, changes)
        if self.flood or flooded:
            self.keys = list(self.order())
            self._show_current()
        self._top.see(before or next(iter(self.keys), ""))
        self._top.see(self.current or next(iter(self.keys), ""))
        self.at = picture.ages.get("readings")

    def _take(self, picture: Picture, changes: Changes) -> None:
        """Put in order what changed, for no more than a share of the time; in a flood thousands
        twice a second at most. One of the worst stands alone at once."""
        self._note(changes)
        self._flat &= self._load.flood
        pause = max(REGROUP * self.flood, self._cost / SHARE)
        soon = 0 <= picture.now - self._grouped < pause and len(picture.alarms) >= THOUSANDS
        worst = [alarm for alarm in changes.of(Alarm) if alarm.severity == 1]
        turned = self._collapses != self._cells.terms.flood
        if turned or not soon or not self._stand_alone(worst):
            began = self.context.seconds()
            self._group(picture)
            self._cost = SECOND * (self.context.seconds() - began)

    def _note(self, changes: Changes) -> None:
        """Which of them change: any, where the places do by which they are grouped."""
        named = changes.named(Alarm)
        if named is None or changes.named(Area) != set():
            self._changed = None
        elif self._changed is not None:
            self._changed |= named

    def _stand_alone(self, worst: Sequence[Alarm]) -> bool:
        """Put new ones of the worst before the groups, which stay as they are; False where these
        have to change too."""
        alone = {alarm.id: alarm for alarm in (*self._shown.alone, *worst)}
        fits = all(a.state in WAITING and not self._cells.is_grouped(a.id) for a in worst)
        room = len(alone) <= codes.limit("alarm_alone")
        room &= len(alone) + len(self._shown.groups) <= codes.limit("alarm_rows")
        if not (worst and self.flood and fits and room):
            return not worst
        self._shown = replace(self._shown, alone=tuple(sorted(alone.values(), key=self._rank)))
        return True

    def _group(self, picture: Picture) -> None:
        self._grouped, before = picture.now, self._lists.holds
        changed, self._changed = self._changed, None  # all of them, should this fail
        self._shelves.bring(picture.alarms, changed)
        self._lists = self._shelves.lists(picture.now)
        if changed is not None:  # who begins or ends to keep others from being told
            changed |= before.keys() ^ self._lists.holds.keys()
        terms = Terms(
            picture.areas, self._collapses, self._load.chattering(picture.now),
            self.context.needs.called.elsewhere.keys(),
        )  # fmt: skip
        self._cells.bring(self._lists.active, changed, terms)
        self._changed = set()
        active = self.tab == ACTIVE
        self._shown = presented(self._cells, picture.now) if active else Presented()
        self._groups = {group.key: group for group in self._shown.groups}
        stay = self._opened.keys() & self._groups.keys()
        self._opened = {key: self._within(self._groups[key]) for key in stay}

    def _ask_bad(self, picture: Picture) -> None:
        """Who alarmed most is read now and then, while somebody looks at now."""
        now, every = picture.now, codes.limit("alarm_figures_seconds") * SECOND
        wanted = self.isVisible() and self.context.past is None
        if wanted and not 0 <= now - self._asked < every:
            self._asked = now
            self.ask(lambda reader: alarm_lists.bad_actors(reader, now), self._take_bad)

    def _take_bad(self, found: list[BadActor]) -> None:
        self._bad = {actor.sensor: actor for actor in found}
        if self.tab == BAD:
            super().refresh(self.picture, Changes(self.picture.now))
        self.update()

    @property
    def lead(self) -> float:
        return self.head + (alarm_rows.STRIP if self.flood else 0.0)

    @property
    def pinned(self) -> int:
        return int(self._carded())

    def _carded(self) -> bool:
        """Whether the first row is the card of the worst."""
        return self.flood and bool(self._shown.alone) and bool(self.keys)

    def tall(self, key: str) -> float:
        first = self._carded() and key == self.keys[0]
        return alarm_rows.CARD if first else alarm_rows.ROW if self.flood else self.row

    def commands(self) -> list[Command]:
        return [
            *super().commands(),
            Command("Space", tr("确认"), self.acknowledge),
            Command("E", tr("转突发"), self.open_incident),
            Command("L", tr("定位"), self.locate),
            Command("G", tr("整组确认"), self.acknowledge_group),
            Command("F", tr("平铺或收拢"), self.flatten),
            *alarm_sheets.commands(self, self.chosen_alarm),
            *tabs.commands([tr(name) for name in alarm_tabs.NAMES], self.select_tab),
        ]

    def acknowledge(self) -> None:
        """Acknowledge the chosen alarm; the worst one where none is chosen, unless it took
        another's place just now."""
        key = self.current or (next(iter(self.keys), "") if self.tab == ACTIVE else "")
        if key in self._groups:
            self.refused(tr("这是一组，按 G 整组确认，按 → 展开"))
        elif key and not self.current and self._top.new:
            self.refused(tr("最上一条刚换，看过再按"))
        elif key:
            alarm = self.chosen_alarm()
            self._said = ""
            self.do(alarms.acknowledge, alarm=alarm.id if alarm is not None else key)

    def acknowledge_group(self) -> None:
        """Acknowledge what waits of the chosen group, the oldest first where it is too many: what
        is counted, else what is still with its town."""
        group = self._groups.get(self._group_of(self.current))
        if group is None:
            self.refused(tr("先选一组"))
            return
        elsewhere = self.context.needs.called.elsewhere
        waiting = sorted(filter(alarm_groups.waits, group.alarms), key=lambda a: a.raised_at)
        here = [a for a in waiting if a.id not in elsewhere]
        some = [a.id for a in (here or waiting)[: int(codes.limit("alarm_bulk"))]]
        self._said = ""
        self.do(alarm_groups.acknowledge_group, alarms=some)

    def flatten(self) -> None:
        """Show a flood alarm by alarm, or in groups again."""
        self._flat = self._load.flood and not self._flat
        self._group(self.picture)
        self.renew()

    def unfold(self, key: str, wide: bool) -> None:
        """Show the alarms of a group under it, or no longer."""
        self._opened.pop(key, None)
        if wide:
            self._opened[key] = self._within(self._groups[key])
        self.keys = list(self.order())
        self._known = set(self.keys)
        self.choose(key)

    def _group_of(self, key: str) -> str:
        """The group that a row is, or belongs to where it stands unfolded."""
        if key in self._groups:
            return key
        return next((g for g in self._opened if self._groups[g].holds(key)), "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        group, key = self._group_of(self.current), Qt.Key(event.key())
        if key == Qt.Key.Key_Left and group:
            self.unfold(group, wide=False)
        elif key == Qt.Key.Key_Right and group:
            self.unfold(group, wide=True)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and group == self.current != "":
            self.unfold(group, wide=group not in self._opened)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x, y = (event.position() / self.look.unit).toTuple()
        key = self.row_at(event.position().y())
        if self.top <= y < self.top + tabs.TAB:
            tab = tabs.at(self.look, self._titles(), x)
            self.select_tab(self.tab if tab is None else tab)
        elif key in self._groups and key == self.current:
            self.unfold(key, wide=key not in self._opened)
        else:
            super().mousePressEvent(event)

    def open_incident(self) -> None:
        """Make an incident of the chosen alarm; of the worst one where none is chosen."""
        worst = next(iter(self.keys), "") if not self.current and self.tab == ACTIVE else ""
        alarm = self.chosen_alarm() or self.picture.alarms.get(worst)
        if alarm is not None:
            ask_opening(self, from_alarm(alarm, self.picture))

    def locate(self) -> None:
        """Bring the chosen alarm to the middle of the map."""
        alarm = self.chosen_alarm()
        if alarm is not None and self.context.map is not None:
            self.context.map.look_at(alarm.lon, alarm.lat)

    def choose(self, key: str) -> None:
        self._said = ""
        if key not in self._groups:
            super().choose(key)
            return
        self.current = key
        self._show_current()
        self.update()

    def renew(self) -> None:
        self.keys = []  # groups are put in order anew
        super().renew()

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def empty_line(self) -> str:
        if self.tab == BAD and self.context.past is not None:
            return tr("坏点只按此刻计算，回看时不列")
        if self.tab == BAD and self._bad is None:
            return tr("正在数各设备的告警…")
        return tr(alarm_tabs.EMPTY[self.tab])

    def _titles(self) -> list[str]:
        return alarm_tabs.titles(self._lists, None if self._bad is None else len(self._bad))

    def aside(self) -> list[tuple[object, Ink]]:
        needs, every = self.context.needs, len(self._lists.active)
        line = tr("需要人 {n}　在警 {all}", n=age.number(needs.alarms), all=age.number(every))
        if towns := len(needs.called.elsewhere):
            line = tr("镇先处置 {n}　{line}", n=age.number(towns), line=line)
        return [(self._said or line, Ink("age", "t1" if self._said else "t2"))]

    def draw_head(self, paper: Paper, base: float) -> None:
        tabs.draw(paper, self.top, self._titles(), self.tab)
        if self.flood:
            strip = self.top + tabs.TAB + alarm_rows.STRIP - 20
            alarm_rows.draw_strip(paper, strip, self._shown, self._load.count, self._load.since)
        for word, at, side in self._heads(paper.width):
            paper.write(at, base, tr(word), Ink("head"), side)

    def _heads(self, width: float) -> list[tuple[str, float, float]]:
        if self.tab != ACTIVE:
            return alarm_tabs.columns(self.tab, width)
        return alarm_rows.columns(width) if self.flood else self._columns(width)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        if key in self._groups:
            opened = key in self._opened
            alarm_rows.draw_group(paper, self._groups[key], box, self.picture, opened)
        elif (alarm := self._alarm_of(key)) is not None:
            draw = self._draw_alarm if self.tab == ACTIVE else self._draw_listed
            draw(paper, alarm, box)

    def _draw_listed(self, paper: Paper, alarm: Alarm, box: QRectF) -> None:
        actor = (self._bad or {}).get(alarm.sensor)
        chatters = alarm.sensor in self._load.chattering(self.picture.now)
        line = alarm_tabs.Line(alarm, self.picture, actor, chatters)
        alarm_tabs.draw_row(paper, self.tab, line, box)

    def _draw_alarm(self, paper: Paper, alarm: Alarm, box: QRectF) -> None:
        if self._carded() and alarm.id == self.keys[0]:
            names = words.alarm_now(alarm, self.picture), named("alarm_state", alarm.state)
            alarm_rows.draw_card(paper, alarm, box, self.picture, names)
            return
        now = self.picture.now
        here = alarm.id not in self.context.needs.called.elsewhere
        waits = here and alarm.state in (UNACK, RTNUN)
        ink = Ink("item" if alarm.severity == 1 else "body", "t1" if waits else "t2", waits)
        base, columns = box.center().y() + 6, {w: x for w, x, _ in self._columns(paper.width)}
        silent = is_silent(alarm, self.picture, self.context.trust)
        state = STALE if silent and alarm.state not in ASIDE else alarm.state
        lit = self.context.blinker.lit(alarm.severity, self.context.seconds())
        mark = alarm_rows.MARK if self.flood else 26.0  # its ring stays within the row
        paper.mark(24, box.center().y(), mark, (alarm.severity, state), lit)
        room = columns["地点"] - columns["告警"] - 16
        paper.write(columns["告警"], base, words.alarm_now(alarm, self.picture), ink, room=room)
        place = columns["状态"] - columns["地点"] - 16
        paper.write(
            columns["地点"], base, words.place(self.picture, alarm.area), Ink("label"), room=place
        )
        told = alarm_sheets.routed_line(alarm, self.context.needs, now)
        told = tr("失联，原{state}", state=told) if silent and alarm.state != STALE else told
        if held := self._lists.holds.get(alarm.id):
            told = tr("{state}，压住 {n} 个", state=told, n=age.number(held))
        room = paper.width - SINCE - columns["状态"]
        paper.write(columns["状态"], base, told, Ink("label"), room=room)
        began = age.stamp(now, alarm.raised_at)
        paper.write(paper.width - 120, base, began, Ink("label", "t3"), RIGHT)
        paper.write(paper.width - 8, base, age.age(now, self._read_at(alarm)), Ink("age"), RIGHT)

    def _read_at(self, alarm: Alarm) -> Ms:
        row = self.picture.sensors.row_of.get(alarm.sensor)
        heard = 0 if row is None else int(self.picture.sensors.at[row])
        return Ms(heard) if heard else alarm.changed_at

    def _columns(self, width: float) -> list[tuple[str, float, float]]:
        title, share = 56.0, 0.24 if self.flood else 0.30
        return [
            ("级", 14, 0.0), ("告警", title, 0.0), ("地点", title + (width - title) * share, 0.0),
            ("状态", title + (width - title) * 0.62, 0.0), ("起于", width - 120, RIGHT),
            ("最新", width - 8, RIGHT),
        ]  # fmt: skip
