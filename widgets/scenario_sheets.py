"""What a person types of a scenario: its head, an inject, an objective, a player, a branch or way.

While he types the reader of scenarios looks at the draft as it would be: what is wrong stands under
the fields and before the name of each. What he leaves as it is stays as the file has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any, Protocol

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFormLayout, QLabel

from commandwall import codes
from commandwall.drill import editing
from commandwall.drill.editing import INJECT, OBJECTIVE, PLAYER, Checked, Data
from commandwall.drill.scenario import CONTINGENCY
from commandwall.drill.toml_lines import Path
from commandwall.posts import known as known_posts
from widgets import scenario_words as say
from widgets.base import Context
from widgets.fields import Field, changed, choice, words
from widgets.i18n import named, tr
from widgets.look import Look
from widgets.scenario_check import ScenarioCheck
from widgets.sheet import Answers, Sheet
from widgets.text import clean, plain

WRONG = "✕ "
PARTS = {"place": ("lon", "lat")}
"""What stands in one field of a sheet, and is two of the file."""
Fields = dict[str, tuple[str, Field]]


class Editor(Protocol):
    """The panel, as far as its sheets need it."""

    context: Context
    trial: ScenarioCheck
    """Looks at drafts that are not written yet."""

    @property
    def look(self) -> Look: ...
    @property
    def data(self) -> Data: ...
    def become(self, data: Data, path: Path | None = None) -> None: ...
    def window(self) -> Any: ...


class RowSheet(Sheet):
    """Of one row; subclasses say what the draft becomes."""

    _gone = False

    def __init__(self, editor: Editor, title: str, act: str, fields: Fields, path: Path) -> None:
        super().__init__(editor.look, title, act, fields, editor.window())
        self._editor, self._base, self.path = editor, editor.data, path
        self._labels = {key: name for key, (name, _) in fields.items()}
        self.first = self._answers()
        for _, one in fields.values():
            changed(one).connect(self._look_again)
        self._told.show()
        self.then(self._commit)

    def made(self, told: Answers) -> tuple[Data, Path]:
        """The draft with what the fields hold, and where its row stands."""
        raise NotImplementedError

    def typed(self, told: Answers) -> Answers:
        """What a person changed."""
        return {key: value for key, value in told.items() if value != self.first[key]}

    def begin(self) -> None:
        """Show it, and say at once what is wrong."""
        self._editor.context.over(self)
        self._look_again()

    def _look_again(self, *_: Any) -> None:
        data, self.path = self.made(self._answers())
        self._editor.trial.look(data, self._take)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._gone = True
        super().closeEvent(event)

    def _commit(self, told: Answers) -> None:
        self._editor.become(*self.made(told))

    def _take(self, checked: Checked) -> None:
        """What is wrong with this row, under the fields and at their names."""
        if self._gone:
            return
        found = checked.of(self.path)
        fields = {wrong.field for wrong in found}
        for key, name in self._labels.items():
            label = self.form.labelForField(self._fields[key][1])
            assert isinstance(label, QLabel)
            wrong = not fields.isdisjoint(PARTS.get(key, (key.partition(".")[0],)))
            label.setText(f"{WRONG}{name}" if wrong else name)
        self._tell("\n".join(f"{WRONG}{say.fault(wrong)}" for wrong in found))

    @property
    def form(self) -> QFormLayout:
        column = self.layout()
        assert column is not None
        first = column.itemAt(0)
        form = first.layout() if first is not None else None
        assert isinstance(form, QFormLayout)
        return form


def coded(list_name: str, held: Any, none: str = "") -> Field:
    """A choice of the rows of a list; what stands there and is none of them can stay."""
    names = {key: named(list_name, key) for key in codes.load(list_name)}
    return chosen(names, held, none)


def chosen(names: Mapping[Any, str], held: Any, none: str = "") -> Field:
    """A choice that stands on what is held; `none`: the name of no choice, where that can be."""
    shown: dict[Any, str] = {"": none} if none else {}
    shown |= names
    held = "" if held is None else f"{held}"
    if held and held not in shown:
        shown[held] = f"{WRONG}{plain(held, 30)}"
    field = choice(shown)
    field.setCurrentIndex(max(0, field.findData(held)))
    return field


def typed_in(row: Mapping[str, Any], key: str) -> Field:
    """A line of text, whole: a masked number would go back into the file as it is shown."""
    held, limit = row.get(key, ""), int(codes.limit("drill_text"))
    field = words("", limit)
    field.setText(clean(held if isinstance(held, str) else f"{held}", limit))
    return field


def number(typed: str) -> Any:
    """A number as it was typed, else the words, which the check refuses."""
    for kind in (int, float):
        try:
            return kind(typed)
        except ValueError:
            continue
    return typed


def laid(row: Data, told: Answers) -> Data:
    """A row with other values; what was emptied is left out."""
    made = {**row, **told}
    return {key: value for key, value in made.items() if key not in told or value not in ("", [])}


# The head.


class HeadSheet(RowSheet):
    def __init__(self, editor: Editor) -> None:
        row = editing.row_at(editor.data, ())
        lists = {"type": "drill_type", "kind": "incident_kind"}
        fields: Fields = {
            key: (tr(name), coded(lists[key], row.get(key)) if key in lists else typed_in(row, key))
            for key, name in say.HEAD.items()
        }
        stop = tr("、").join(map(str, row.get("stop", ())))
        fields["stop"] = (tr(say.HEAD["stop"]), words(stop))
        super().__init__(editor, tr("脚本概况"), "写入", fields, ())

    def made(self, told: Answers) -> tuple[Data, Path]:
        new = self.typed(told)
        if "stop" in new:
            new["stop"] = [
                word.strip() for word in re.split("[、,，]", new["stop"]) if word.strip()
            ]
        if "rate" in new:
            new["rate"] = number(new["rate"])
        if "clock" in new:
            new["clock"] = _time(new["clock"])
        row = _in_both(editing.row_at(self._base, ()), new)
        return editing.put(self._base, (), row), ()


def _time(typed: str) -> Any:
    try:
        return time.fromisoformat(typed if typed.count(":") > 1 else f"{typed}:00")
    except ValueError:
        return typed


def _in_both(row: Data, new: Answers) -> Data:
    """Whoever writes no English leaves the Chinese words for it."""
    made = laid(row, new)
    same = "en" not in new and row.get("en", "") in ("", row.get("zh", ""))
    if made.get("zh") and (same or not made.get("en")):
        made["en"] = made["zh"]
    return made


# An inject.


class InjectSheet(RowSheet):
    """The words come first: what else a new one needs it has from the one before."""

    def __init__(self, editor: Editor, row: Data, path: Path | None) -> None:
        """`path`: of the row that is changed; None for a new one."""
        self._row, self._at = row, path
        self._inner = {f"{f}.{name}": f for one in codes.load("drill_channel").values()
                       for f, name in one.facts["fields"].items()}  # fmt: skip
        title = tr("新情景") if path is None else say.row_name(editor.data, path)
        super().__init__(editor, title, "写入", self._made_fields(editor.data), path or ())
        changed(self._fields["channel"][1]).connect(self._fit)
        self._fit()

    def _made_fields(self, data: Data) -> Fields:
        row, words_of = self._row, say.FIELDS
        posts = {key: named("post", key, "full") for key in (p.get("post") for p in data[PLAYER])
                 if isinstance(key, str)}  # fmt: skip
        aims = {key: say.objective_name(data, key) for key in _ids(data[OBJECTIVE])}
        ways = {key: say.way_name(data, key) for key in say.ways(data)}
        place = ", ".join(f"{row[key]}" for key in PARTS["place"] if key in row)
        special: dict[str, Field] = {
            "channel": coded("drill_channel", row.get("channel")),
            "to": chosen(posts, row.get("to")),
            "type": coded("drill_inject", row.get("type"), tr("未写，按一般")),
            "objective": chosen(aims, row.get("objective"), tr("无")),
            "way": chosen(ways, row.get("way"), tr("总要发")),
            "place": typed_in({"place": place}, "place"),
        }
        names = ("zh", "at", "channel", *self._inner, "from", "to", "type", "objective", "way",
                 "en", "place", "note", "id")  # fmt: skip
        made: Fields = {}
        for name in names:
            inner = self._inner.get(name)
            field = special.get(name) or (self._part(name) if inner else typed_in(row, name))
            made[name] = (tr(words_of[inner or name]), field)
        return made

    def _part(self, name: str) -> Field:
        """A field of what a channel states."""
        key, held = self._inner[name], self._row.get("data", {})
        kind = name.partition(".")[2]
        if kind in ("number", "text"):
            return typed_in(held, key)
        return coded(kind, held.get(key), tr("未写"))

    def _fit(self, *_: Any) -> None:
        """Only what the chosen channel states is asked."""
        asked = self._asked(self._answers()["channel"])
        for name in self._inner:
            self.form.setRowVisible(self._fields[name][1], name in asked)
        self._settle(self._editor.window())

    def _asked(self, channel: str) -> set[str]:
        row = codes.load("drill_channel").get(channel)
        return (
            {f"{f}.{name}" for f, name in row.facts["fields"].items()} if row is not None else set()
        )

    def made(self, told: Answers) -> tuple[Data, Path]:
        new = self.typed(told)
        if "place" in new:
            new |= _spot(new.pop("place"))
        if new.get("type") == CONTINGENCY and "at" not in new:
            new["at"] = ""  # it waits until somebody triggers it
        outer = {key: value for key, value in new.items() if key not in self._inner}
        row = _in_both(self._row, outer)
        data = self._stated(told, "channel" in new)
        row = {**row, "data": data} if data else {k: v for k, v in row.items() if k != "data"}
        if self._at is None:
            return editing.added(self._base, (INJECT,), row)
        made = editing.put(self._base, self._at, row)
        return made, editing.where(made, row) or self._at

    def _stated(self, told: Answers, other: bool) -> Data:
        """What the channel states; of `other` channels nothing stays."""
        held, asked = dict(self._row.get("data", {})), self._asked(told["channel"])
        if other:
            held = {key: v for key, v in held.items() if key in {self._inner[a] for a in asked}}
        for name in asked:
            key, value = self._inner[name], told[name]
            if value == self.first[name] and not other:
                continue
            if value == "":
                held.pop(key, None)
            else:
                held[key] = number(value) if name.endswith(".number") else value
        return held


def _spot(typed: str) -> Answers:
    """Longitude and latitude, in that order; nothing for what was emptied."""
    numbers = [number(part) for part in re.split("[,，\\s]+", typed) if part]
    return {"lon": "", "lat": "", **dict(zip(PARTS["place"], numbers, strict=False))}


def _ids(rows: Any) -> list[str]:
    return [row["id"] for row in rows if isinstance(row.get("id"), str)]


# The other rows.


class PartSheet(RowSheet):
    """An objective, a branch or a way by its names; a player by post and seat."""

    def __init__(self, editor: Editor, table: Path, row: Data, path: Path | None) -> None:
        self._table, self._row, self._at = table, row, path
        kind = str(table[-1])
        if kind == PLAYER:
            posts = {key: named("post", key, "full") for key in known_posts()}
            fields: Fields = {
                "post": (tr("岗位"), chosen(posts, row.get("post"))),
                "seat": (tr("席位"), coded("drill_seat", row.get("seat"))),
            }
        else:
            names = {"zh": "名称", "en": "英文", "id": "编号"}
            fields = {key: (tr(name), typed_in(row, key)) for key, name in names.items()}
        new = tr("新{kind}", kind=tr(say.KINDS[kind]))
        title = new if path is None else say.row_name(editor.data, path)
        super().__init__(editor, title, "写入", fields, path or ())

    def made(self, told: Answers) -> tuple[Data, Path]:
        if self._table[-1] == PLAYER:
            row = laid(self._row, told if self._at is None else self.typed(told))
        else:
            row = _in_both(self._row, self.typed(told))
        if self._at is None:
            return editing.added(self._base, self._table, row)
        return editing.put(self._base, self._at, row), self._at
