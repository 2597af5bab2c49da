"""The chosen row of the scenario in the making, whole: words, what it asks for, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commandwall.drill import editing
from commandwall.drill.editing import BRANCH, INJECT, PLAYER, WAY, Data
from commandwall.drill.toml_lines import Path
from commandwall.picture import Changes, Picture, Tick
from widgets import scenario_words as say
from widgets.base import EMPTY, NORMAL, Panel
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.scenario_editor import ScenarioEditor
from widgets.text import plain

LABEL, STEP, GAP = 116.0, 24.0, 10.0
CODES = {"type": "drill_inject", "channel": "drill_channel", "seat": "drill_seat"}
ORDER = ("at", "channel", "from", "to", "type", "objective", "way", "post", "seat", "note", "id")


class ScenarioRow(Panel):
    """Beside the editor of the same page, which it asks for all it shows."""

    id, title, pooled, recalls = "scenario_row", "所选一条", False, False
    shows = frozenset({Tick})
    piecewise = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._editor: ScenarioEditor | None = None

    def refresh(self, picture: Picture, changes: Changes) -> None:
        page = self.parentWidget()
        found = page.findChild(ScenarioEditor) if page is not None else None
        if self._editor is None and isinstance(found, ScenarioEditor):
            self._editor = found
            found.drafted.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        editor = self._editor
        if editor is None or editor.edit is None or not editor.current:
            self.say(EMPTY, tr("选一条：这里是它的全文"))
        else:
            self.say(NORMAL)
        self.update()

    def draw(self, paper: Paper) -> None:
        editor = self._editor
        if editor is None or editor.edit is None or not editor.current:
            return
        data, path = editor.data, say.path_of(editor.current)
        row, base = editing.row_at(data, path), self.top + 22
        for wrong in editor.wrong(path):
            told = f"✕ {say.fault(wrong)}"
            base = paper.paragraph(0, base, told, Ink("body", "t1", True), paper.width, 2) + STEP
        for key, ink in (("zh", Ink("body", "t1")), ("en", Ink("label", "t2"))):
            if row.get(key) and (key == "zh" or row["en"] != row.get("zh")):
                words = plain(row[key])
                base = paper.paragraph(0, base, words, ink, paper.width, 4) + STEP
        base += GAP
        for name, value in self._parts(data, path, row):
            if base > paper.height - 4:
                return
            paper.write(0, base, name, Ink("label", "t3"), room=LABEL - 8)
            room = paper.width - LABEL
            base = paper.paragraph(LABEL, base, value, Ink("label", "t1"), room, 2) + STEP

    def _parts(self, data: Data, path: Path, row: Data) -> Iterator[tuple[str, str]]:
        """Each field with its label, in the order in which they are read."""
        if path[0] == INJECT:
            yield from self._asked(row)
        if path[0] == BRANCH:
            yield from ((tr("走向"), say.told(way)) for way in row.get(WAY, ()))
        for key in ORDER:
            if key in row and not (key == WAY and path[0] == BRANCH):
                yield say.field(key, path), self._value(data, path, key, row[key])
        if "lon" in row or "lat" in row:
            yield tr("地点"), f"{row.get('lon', '—')}, {row.get('lat', '—')}"
        if path[0] in (BRANCH, PLAYER):
            return
        for key, value in row.items():
            if key not in (*ORDER, "zh", "en", "lon", "lat", "data", *editing.LISTS):
                yield say.field(key, path), plain(value)

    def _asked(self, row: Data) -> Iterator[tuple[str, str]]:
        """What must come of it, then what its channel states."""
        for told in row.get("expect", ()):
            yield tr("应有动作"), say.sentence(told)
        for told in row.get("watch", ()):
            yield tr("观察"), plain(told)
        for key, value in row.get("data", {}).items():
            yield say.field(key, (INJECT, 0)), say.stated(row, key, value)

    def _value(self, data: Data, path: Path, key: str, value: Any) -> str:
        if key in CODES:
            return say.code(CODES[key], value)
        if key in ("to", "post"):
            return say.post(value)
        if key == "objective":
            return say.objective_name(data, value)
        if key == "way" and path[0] == INJECT:
            return say.way_name(data, value)
        return plain(value)
