"""The editor of scenarios of drills: head, line of the clock, and a table for each kind of row.

What is wrong is told while one writes, by row and field, as `drill check` tells it. Each change can
be undone; nothing is in a file before it is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QHideEvent, QMouseEvent, QShowEvent

from commandwall import codes
from commandwall.clock import SECOND
from commandwall.drill import editing
from commandwall.drill.editing import BRANCH, INJECT, WAY, Checked, Data, Editing, Wrong
from commandwall.drill.editing_files import Source
from commandwall.drill.scenario import Inject
from commandwall.drill.toml_lines import Path
from commandwall.picture import Changes, Picture, Tick
from widgets import scenario_rows, tabs
from widgets import scenario_words as say
from widgets.base import DENIED, NORMAL, Command, Piece
from widgets.facts import place_of
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.rows import RowList
from widgets.scenario_check import ScenarioCheck
from widgets.scenario_expect import ExpectSheet, WatchSheet
from widgets.scenario_files import ScenarioFiles
from widgets.scenario_line import ScenarioLine
from widgets.scenario_sheets import HeadSheet, InjectSheet, PartSheet

HEAD = 92.0
"""Design pixels over the line of the clock: name, facts, and what was just done."""
YES_NO = (("yes", "是", "Yes"), ("no", "否", "No"))
"""The ways of a new branch, to be named anew."""


class ScenarioEditor(RowList):
    """A row stands under its path in the draft: inject/3, branch/0/way/1."""

    id, title, pooled, recalls = "scenario", "编脚本", False, False
    kind = Inject
    shows = frozenset({Tick})
    row, head = 36.0, 28.0
    tells_rest = True

    drafted = Signal()
    """The draft, or what is wrong with it, is another one than before."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.edit: Editing | None = None
        self.source = Source()
        self.tab, self.said = INJECT, ""
        self._checked: Checked | None = None
        self._sought = False
        """Whether it was looked for a draft that was not saved."""
        self._check, self.trial = ScenarioCheck(self.desk, self), ScenarioCheck(self.desk, self)
        self._files = ScenarioFiles(self, self)

    # What its sheets and the panel beside ask.

    @property
    def data(self) -> Data:
        assert self.edit is not None
        return self.edit.data

    def wrong(self, path: Path) -> list[Wrong]:
        """What is wrong with a row, as far as it is known."""
        return self._checked.of(path) if self._checked is not None else []

    @property
    def faulty(self) -> bool:
        """Whether anything is known to be wrong with the draft."""
        return self._checked is not None and bool(self._checked.faults)

    def become(self, data: Data, path: Path | None = None) -> None:
        """The draft is another one, with this row the chosen one."""
        assert self.edit is not None
        self.edit.become(data)
        self.said = ""
        self._show(say.key_of(path) if path else "")

    def take(self, edit: Editing, source: Source, said: str) -> None:
        """Another draft, or the same one that stands in a file now."""
        if self.edit is not edit:
            self.edit, self.tab, self._checked, self.current = edit, INJECT, None, ""
        self.source, self.said = source, said
        self._show(self.current)
        self.outgrown.emit()

    def tell(self, said: str) -> None:
        self.said = said
        self.update()

    def refused(self, why: str) -> None:
        self.tell(why)

    def _show(self, key: str) -> None:
        """Everything as the draft stands, with a row of it chosen."""
        path = say.path_of(key)
        if path and path[0] in say.TABS:
            self.tab = str(path[0])
        self.renew()
        self.choose(key if key in self.keys else "")
        self._check.look(self.data, self._take_check)
        self.drafted.emit()

    def _take_check(self, checked: Checked) -> None:
        self._checked = checked
        self._files.stow(checked)
        self.update()
        self.drafted.emit()

    # What is shown.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        if self.desk.exercise is not None:
            self.say(DENIED, tr("演练中不编脚本：请到真实大屏上编"))
            return
        self.say(NORMAL)
        if not self._sought:
            self._sought = True
            self._files.find_again()

    @property
    def lead(self) -> float:
        return self.head + (HEAD + ScenarioLine.tall() + 12 + tabs.TAB if self.edit else 0.0)

    def order(self) -> Sequence[str]:
        if self.edit is None:
            return []
        rows = [*enumerate(self.data[self.tab])]
        if self.tab == INJECT:
            rows.sort(key=lambda one: editing.order_of(one[1]))
        found: list[str] = []
        for n, row in rows:
            found.append(say.key_of((self.tab, n)))
            ways = row.get(WAY, ()) if self.tab == BRANCH else ()
            found += [say.key_of((BRANCH, n, WAY, m)) for m in range(len(ways))]
        return found

    def empty_line(self) -> str:
        if self.edit is None:
            return tr("按 O 打开脚本，或新写一份")
        return tr("还没有，按 N 新写一条")

    def aside(self) -> list[Piece]:
        if self.edit is None:
            return []
        n = len(self._checked.faults) if self._checked is not None else 0
        sound = tr("✕ {n} 处有误，按 X 逐处看", n=n) if n else tr("检查通过")
        state = tr("与文件一致") if self.source.file is not None else tr("还没有存盘")
        state = tr("有改动未存盘") if self.edit.unsaved else state
        return [(sound, Ink("label", "t1", n > 0)), (state, Ink("label", "t2"))]

    def draw_head(self, paper: Paper, base: float) -> None:
        if self.edit is None:
            return
        scenario_rows.draw_scenario(paper, self.top, self.data, self.source, self._told())
        wrong = {one.row for one in self._checked.faults} if self._checked is not None else set()
        self._line().draw(paper, say.path_of(self.current), wrong)
        top = self.top + HEAD + ScenarioLine.tall() + 12
        tabs.draw(paper, top, self._tabs(), [*say.TABS].index(self.tab))
        scenario_rows.draw_columns(paper, base, self.tab)

    def _told(self) -> str:
        """What was just done; else what is wrong with the head."""
        view = self.context.map
        if view is not None and view.aims(self._aimed):
            return tr("点地图取这条的地点，Esc 放弃")
        return self.said or "　".join(f"✕ {say.fault(one)}" for one in self.wrong(()))

    def _line(self) -> ScenarioLine:
        wide = self.width() / self.look.unit
        return ScenarioLine(self.data, QRectF(0, self.top + HEAD, wide, ScenarioLine.tall()))

    def _tabs(self) -> list[str]:
        return [f"{tr(name)} {len(self.data[key])}" for key, name in say.TABS.items()]

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        path = say.path_of(key)
        scenario_rows.draw_row(paper, box, self.data, path, self.wrong(path))

    # Keys.

    def commands(self) -> list[Command]:
        if self.desk.exercise is not None:
            return []
        files = [Command("O", tr("打开、新建"), self._files.ask)]
        if self.edit is None:
            return files
        return [
            Command("N", tr("新写一条"), self.add),
            Command("E", tr("改这一条"), self.change),
            *self._of_row(),
            Command("D", tr("复制一条"), self.double),
            Command("Del", tr("删这一条"), self.remove),
            Command("Ctrl+Z", tr("撤销"), self.undo),
            Command("Ctrl+S", tr("存盘"), self._files.save),
            Command("I", tr("脚本概况"), lambda: HeadSheet(self).begin()),
            Command("X", tr("下一处有误"), self.next_wrong),
            Command("B", tr("建演练的命令"), self._files.copy_begin),
            *files,
            *self._in_time(),
            Command("Ctrl+Y", tr("重做"), self.redo),
            *[c for c in super().commands() if c.key != "N"],
            *tabs.commands([tr(name) for name in say.TABS.values()], self._turn_to),
        ]

    def _of_row(self) -> list[Command]:
        """What only an inject has; of a branch its ways."""
        if self.tab == BRANCH:
            return [Command("A", tr("加一条走向"), self.add_way)]
        if self.tab != INJECT:
            return []
        return [
            Command("A", tr("应有动作"), lambda: self._ask(ExpectSheet)),
            Command("W", tr("评估员观察"), lambda: self._ask(WatchSheet)),
            Command("P", tr("取图上地点"), self.take_place),
        ]

    def _in_time(self) -> list[Command]:
        if self.tab != INJECT:
            return []
        return [
            Command("Alt+Up", tr("提前一步"), partial(self.postpone, -1)),
            Command("Alt+Down", tr("推后一步"), partial(self.postpone, 1)),
            Command("Alt+Shift+Up", tr("连同其后提前"), partial(self.postpone, -1, True)),
            Command("Alt+Shift+Down", tr("连同其后推后"), partial(self.postpone, 1, True)),
        ]

    def _turn_to(self, n: int) -> None:
        self.tab = [*say.TABS][n]
        self.current, self._first = "", 0
        self._show(next(iter(self.order()), ""))
        self.outgrown.emit()  # other keys

    @property
    def _path(self) -> Path:
        """The chosen row; () and a word where none is chosen."""
        if not self.current:
            self.tell(tr("先选一条"))
        return say.path_of(self.current)

    def add(self) -> None:
        """A new row: an inject after the chosen one, or after the last."""
        if self.tab == INJECT:
            rows = self.data[INJECT]
            last = say.path_of(self.current or next(reversed(self.order()), ""))
            like = rows[last[1]] if last else None
            InjectSheet(self, editing.following(self.data, like), None).begin()
            return
        row: Data = {}
        if self.tab in (BRANCH, editing.OBJECTIVE):
            row = {"id": editing.free(self.data[self.tab], self.tab)}
        if self.tab == BRANCH:
            row[WAY] = [dict(zip(("id", "zh", "en"), way, strict=True)) for way in YES_NO]
        PartSheet(self, (self.tab,), row, None).begin()

    def add_way(self) -> None:
        if path := self._path[:2]:
            ways = self.data[BRANCH][path[1]].get(WAY, [])
            PartSheet(self, (*path, WAY), {"id": editing.free(ways, WAY)}, None).begin()

    def change(self) -> None:
        if path := self._path:
            row = editing.row_at(self.data, path)
            if path[0] == INJECT:
                InjectSheet(self, row, path).begin()
            else:
                PartSheet(self, path[:-1], row, path).begin()

    def _ask(self, sheet: type[ExpectSheet] | type[WatchSheet]) -> None:
        if path := self._path:
            sheet(self, path).begin()

    def double(self) -> None:
        if path := self._path:
            self.become(*editing.doubled(self.data, path))

    def remove(self) -> None:
        """The row goes, and the next one is chosen."""
        if path := self._path:
            at, name = self.keys.index(self.current), say.row_name(self.data, path)
            self.become(editing.removed(self.data, path))
            self.choose(self.keys[min(at, len(self.keys) - 1)] if self.keys else "")
            self.tell(tr("已删 {what}，Ctrl Z 撤销", what=name))

    def postpone(self, steps: int, later: bool = False) -> None:
        """One step in time; with `later` all that come after it go along."""
        if path := self._path:
            step = int(codes.limit("drill_step_seconds") * SECOND)
            self.become(*editing.moved(self.data, path, steps * step, later))

    def undo(self) -> None:
        self._back_to(self.edit is not None and self.edit.undo(), tr("已撤销"))

    def redo(self) -> None:
        self._back_to(self.edit is not None and self.edit.redo(), tr("已重做"))

    def _back_to(self, done: bool, said: str) -> None:
        self._show(self.current)
        self.tell(said if done else tr("没有可退回的改动"))

    def next_wrong(self) -> None:
        """Go round the rows in which something is wrong; the head's stands over them."""
        rows = [one.row for one in self._checked.faults if one.row] if self._checked else []
        if not rows:
            self.tell(tr("脚本概况有误，按 I 改") if self.wrong(()) else tr("检查通过"))
            return
        here = say.path_of(self.current)
        at = rows.index(here) + rows.count(here) if here in rows else 0
        self._show(say.key_of(rows[at % len(rows)]))

    # The place of an inject.

    def take_place(self) -> None:
        """The place of what the map has chosen; the same once more: that of the next click."""
        view, path = self.context.map, self._path
        if view is None or not path:
            return
        found, row = place_of(*view.chosen, self.picture), editing.row_at(self.data, path)
        if found is None or (row.get("lon"), row.get("lat")) == found[:2]:
            view.aim(self._aimed)
            view.setFocus()  # so that Esc reaches it
            self.update()
        else:
            self._stand_at(path, found[0], found[1])

    def _aimed(self, lon: float, lat: float) -> None:
        if path := self._path:
            self._stand_at(path, lon, lat)

    def _stand_at(self, path: Path, lon: float, lat: float) -> None:
        places = int(codes.limit("drill_place_digits"))
        spot = {"lon": round(lon, places), "lat": round(lat, places)}
        self.become(editing.put(self.data, path, {**editing.row_at(self.data, path), **spot}), path)
        self.tell(tr("地点 {lon}, {lat}", **spot))

    def choose(self, key: str) -> None:
        super().choose(key)
        if self.edit is not None:
            self._mark()
        self.drafted.emit()

    def _mark(self) -> None:
        """The places of all injects on the map, which does not move by itself."""
        view = self.context.map
        if view is None or self.isHidden():
            return
        spots = {n: spot for n, row in enumerate(self.data[INJECT]) if (spot := _spot(row))}
        path = say.path_of(self.current)
        chosen = spots.get(int(path[1])) if path[:1] == (INJECT,) else None
        view.pin(spots.values(), chosen)

    # Hand.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.edit is not None:
            self._mark()

    def hideEvent(self, event: QHideEvent) -> None:
        if (view := self.context.map) is not None and self.edit is not None:
            view.aim(None)
            view.pin(())
        super().hideEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.edit is None or self.desk.exercise is not None:
            return
        x, y = event.position().x() / self.look.unit, event.position().y() / self.look.unit
        top = self.top + HEAD + ScenarioLine.tall() + 12
        if top <= y < top + tabs.TAB:
            if (n := tabs.at(self.look, self._tabs(), x)) is not None:
                self._turn_to(n)
        elif (path := self._line().at(x, y)) is not None:
            self._show(say.key_of(path))
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.current and self.row_at(event.position().y()) == self.current:
            self.change()


def _spot(row: Data) -> tuple[float, float] | None:
    """Where an inject stands, where it says so."""
    lon, lat = row.get("lon"), row.get("lat")
    numbers = isinstance(lon, int | float) and isinstance(lat, int | float)
    return (float(lon), float(lat)) if numbers else None  # type: ignore[arg-type]
