"""The sheets of what an inject asks for: expected acts, which the program checks, put together from
choices or typed; and what an evaluator watches for."""

from __future__ import annotations

from typing import Any

from commandwall import codes
from commandwall.drill import editing
from commandwall.drill.editing import Data
from commandwall.drill.expected import UNITS, states, taken
from commandwall.drill.toml_lines import Path
from widgets import scenario_words as say
from widgets.fields import Field, changed, choice, words
from widgets.fields import number as count
from widgets.i18n import language, named, tr
from widgets.scenario_sheets import Editor, Fields, RowSheet
from widgets.sheet import Answers
from widgets.text import clean, plain

NEW, FARTHEST = -1, 9999


class ListSheet(RowSheet):
    """One item of a list of an inject: a new one, or one that is there; an emptied one goes."""

    name = ""

    def __init__(self, editor: Editor, path: Path, title: str, more: Fields) -> None:
        self._row = editing.row_at(editor.data, path)
        self._at = path
        items = {n: plain(one, 60) for n, one in enumerate(self._row.get(self.name, ()))}
        fields: Fields = {"which": (tr("哪一条"), choice({NEW: tr("新增一条"), **items}))}
        limit = int(codes.limit("drill_text"))
        fields |= {**more, "text": (tr(say.FIELDS[self.name]), words(self._offer(), limit))}
        super().__init__(editor, title, "写入", fields, path)
        changed(self._fields["which"][1]).connect(self._choose)

    def _offer(self) -> str:
        """What a new one begins with."""
        return ""

    def _choose(self, *_: Any) -> None:
        which = self._answers()["which"]
        text = self._offer() if which == NEW else str(self._row[self.name][which])
        field: Any = self._fields["text"][1]
        field.setText(clean(text))

    def made(self, told: Answers) -> tuple[Data, Path]:
        items, n, text = list(self._row.get(self.name, ())), told["which"], told["text"]
        if n == NEW:
            items += [text] if text else []
        elif not text:
            del items[n]
        elif text != str(items[n]).strip():
            items[n] = text
        row = {**self._row, self.name: items}
        return editing.put(
            self._base, self._at, row if items else _without(row, self.name)
        ), self._at


def _without(row: Data, name: str) -> Data:
    return {key: value for key, value in row.items() if key != name}


class WatchSheet(ListSheet):
    name = "watch"

    def __init__(self, editor: Editor, path: Path) -> None:
        super().__init__(editor, path, tr("评估员观察什么（清空即删）"), {})
        self.setFocusProxy(self._fields["text"][1])


class ExpectSheet(ListSheet):
    """Thing, which one, state and limit write the sentence; the sentence is what counts."""

    name = "expect"

    def __init__(self, editor: Editor, path: Path) -> None:
        self._following = False
        self._which = {f"{thing}.{f}": kind for thing, row in codes.load("drill_expect").items()
                       for f, kind in row.facts["fields"].items()}  # fmt: skip
        things = {key: named("drill_expect", key) for key in codes.load("drill_expect")}
        more: Fields = {"thing": (tr("什么"), choice(things))}
        more |= {name: (tr(LABELS[name.partition(".")[2]]), _any(kind))
                 for name, kind in self._which.items()}  # fmt: skip
        more["state"] = (tr("到哪一步"), choice({}))
        more["limit"] = (tr("时限"), count(FARTHEST, 1, ""))
        more["unit"] = (tr("单位"), choice({key: tr(name) for key, name in UNIT_NAMES.items()}))
        super().__init__(editor, path, tr("应有动作（清空句子即删）"), more)
        self.setFocusProxy(self._fields["thing"][1])
        for key in (*more,):
            changed(self._fields[key][1]).connect(self._write)
        changed(self._fields["text"][1]).connect(self._follow)
        self._follow()

    def _offer(self) -> str:
        """What is usually asked first by this channel."""
        channel = codes.load("drill_channel").get(str(self._row.get("channel")))
        usual = str(channel.facts["asks"]) if channel is not None else ""
        cls = str(self._row.get("data", {}).get("cls", ""))
        return usual.replace("{cls}", cls) if cls else usual.replace("(cls={cls})", "")

    def _follow(self, *_: Any) -> None:
        """The choices say what the sentence says, where it says something."""
        found = taken(self._answers()["text"])
        if self._following or found is None:
            return
        self._following = True
        self._stand("thing", found.thing)
        self._states(found.thing)
        self._stand("state", found.state)
        said = {f"{found.thing}.{field}": value for field, value in found.where}
        for name in self._which:
            self._stand(name, said.get(name, ""))
        unit: str = next(u for u in reversed(UNITS) if not found.within % UNITS[u])
        self._stand("unit", unit)
        limit: Any = self._fields["limit"][1]
        limit.setValue(found.within // UNITS[unit])
        self._following = False
        self._fit(found.thing)

    def _write(self, *_: Any) -> None:
        """The sentence says what the choices say."""
        if self._following:
            return
        self._following = True
        self._states(self._answers()["thing"])
        told = self._answers()
        text: Any = self._fields["text"][1]
        text.setText(self._sentence(told))
        self._following = False
        self._fit(told["thing"])

    def _sentence(self, told: Answers) -> str:
        names = [name for name in self._which if name.startswith(f"{told['thing']}.")]
        where = ",".join(f"{n.partition('.')[2]}={told[n]}" for n in names if told[n])
        about = f"({where})" if where else ""
        return f"{told['thing']}{about}.{told['state']} within {told['limit']}{told['unit']}"

    def _states(self, thing: str) -> None:
        """Of another thing the first that it can come to."""
        field: Any = self._fields["state"][1]
        row = codes.load("drill_expect")[thing]
        known = {key: one.name(language()) for key, one in states(row).items()}
        if [field.itemData(n) for n in range(field.count())] != list(known):
            field.clear()
            for key, name in known.items():
                field.addItem(name, key)

    def _stand(self, name: str, value: str) -> None:
        field: Any = self._fields[name][1]
        field.setCurrentIndex(max(0, field.findData(value)))

    def _fit(self, thing: str) -> None:
        for name in self._which:
            self.form.setRowVisible(self._fields[name][1], name.startswith(f"{thing}."))
        self._settle(self._editor.window())


LABELS = {"cls": "类别", "kind": "种类", "verb": "指令", "from": "谁下", "to": "给谁"}
UNIT_NAMES = {"s": "秒", "min": "分", "h": "小时"}


def _any(list_name: str) -> Field:
    names = {key: named(list_name, key) for key in codes.load(list_name)}
    return choice({"": tr("不限"), **names})
