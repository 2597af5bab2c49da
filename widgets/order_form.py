"""The form of directives: issue one, or answer the chosen one."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from commandwall import codes, directives
from commandwall.clock import MINUTE, Ms
from commandwall.directives import (
    BLOCKED,
    DIRECTIVE_ACKED,
    DIRECTIVE_LIMIT,
    DONE,
    EXECUTING,
    STEPS,
    VERIFIED,
    Directive,
    Order,
)
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.posts import side_of  # fmt: skip
from widgets import age
from widgets.acts import ActBar, KeyButton
from widgets.base import Command, Panel, Piece, Subject
from widgets.directives import focus
from widgets.facts import place_at, place_of
from widgets.i18n import language, tr
from widgets.paper import Ink
from widgets.text import plain

DRAFT = "directive"
ANSWERS: dict[str, tuple[str, Any, str]] = {
    "Space": ("接令", directives.acknowledge, ""),
    "G": ("执行", directives.execute, ""),
    "B": ("受阻", directives.block, "need"),
    "O": ("完成", directives.complete, "evidence"),
    "V": ("核验", directives.verify, ""),
    "U": ("退回", directives.send_back, "need"),
}
"""Key -> name, act, and the argument that takes the typed words."""
WHEN = {
    "Space": STEPS[DIRECTIVE_ACKED],
    "G": STEPS[EXECUTING] - {DONE},
    "B": STEPS[BLOCKED],
    "O": STEPS[DONE],
    "V": STEPS[VERIFIED],
    "U": STEPS[VERIFIED],
}
"""Key -> the states in which it is offered; the desk decides."""


class OrderForm(Panel):
    """To whom, what, by when; then what may be answered, by the state of the chosen directive.

    `B`, `O` and `U` take the words as the need, the evidence and what is missing.
    """

    id = "order_form"
    title = "下达指令"
    shows = frozenset({Incident, Directive, Tick, SyncState})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = self.directive = self._said = ""
        self._place: tuple[float, float, str] | None = None
        self._to, self._verb = QComboBox(self), QComboBox(self)
        self._words, self._minutes = QLineEdit(self), QSpinBox(self)
        self._words.setMaxLength(DIRECTIVE_LIMIT)
        self._words.returnPressed.connect(self.issue)
        self._minutes.setRange(1, 24 * 60)
        self._minutes.setValue(30)
        self._bar, self._at = ActBar(self._acts(), self), KeyButton("P", self)
        self._at.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._at.clicked.connect(self.take_place)
        self._lay_out()
        self._fill()
        self.context.drafts.follow(self._words, DRAFT)

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
        elif subject.kind is Directive:
            self.directive = subject.id
            self._see()
        self._allow()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._allow()

    def commands(self) -> list[Command]:
        own = [Command(c.key, tr(c.name), c.run) for c in self._acts()]
        return [
            Command("I", tr("写指令"), self._words.setFocus),
            Command("P", tr("取图上地点"), self.take_place), *own,
        ]  # fmt: skip

    def aside(self) -> list[Piece]:
        """Where the directive points to, and what was just done."""
        where = tr("地点　{place}", place=plain(self._place[2], 40)) if self._place else ""
        view = self.context.map
        if view is not None and view.aims(self._aimed):
            where = tr("点地图取地点，Esc 不带地点")
        return [(line, Ink("age", "t1")) for line in (where, self._said) if line]

    def take_place(self) -> None:
        """The place of what the map has chosen; the same once more: that of the next click."""
        view = self.context.map
        if view is None:
            return
        found = place_of(*view.chosen, self.picture)
        if found is None or found == self._place:
            self._place = None
            view.aim(self._aimed)
            view.setFocus()  # so that Esc reaches it
        else:
            self._place, self._said = found, ""
        self.update()

    def _aimed(self, lon: float, lat: float) -> None:
        if self.context.map is None:
            return
        code = self.context.map.area_at(lon, lat)
        self._place, self._said = (lon, lat, place_at(lon, lat, code, self.picture)), ""
        self.update()

    def issue(self) -> None:
        """Sign the directive as the post that this station took."""
        lon, lat, place = self._place or (None, None, "")
        order = Order(
            focus(self.picture, self.incident), str(self._to.currentData() or ""),
            self._words.text().strip(), verb=str(self._verb.currentData() or ""),
            place=place, lon=lon, lat=lat,
            due_at=Ms(self.picture.now + self._minutes.value() * MINUTE),
        )  # fmt: skip
        self.do(directives.issue, self._sent, order=order)

    def answer(self, act: Any, words: str = "") -> None:
        """Answer the chosen directive; `words` names the argument that the typed words are."""
        found = self._subject()
        typed = self._words.text().strip()
        if found is None or (words and not typed):
            self._said = tr("先选一条指令") if found is None else tr("先写明情况")
            self._words.setFocus()
            self.update()
            return
        self.do(act, self._issued, directive=found.id, **({words: typed} if words else {}))

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def wear(self) -> None:
        super().wear()
        self._bar.wear()
        self._fill()

    def heading(self) -> str:
        return self.title

    def _acts(self) -> list[Command]:
        answers = [Command(key, name, partial(self.answer, act, words))
                   for key, (name, act, words) in ANSWERS.items()]  # fmt: skip
        return [Command("Ctrl+Return", "下达", self.issue), *answers]

    def _subject(self) -> Directive | None:
        """The chosen directive; else the one that this post owes an answer to for longest."""
        found = self.picture.directives.get(self.directive)
        if found is not None:
            return found
        mine = [d for d in self.picture.directives.values()
                if (debt := directives.owes(d)) and debt[0] == self.desk.post]  # fmt: skip
        return min(mine, key=lambda d: d.issued_at, default=None)

    def _see(self) -> None:
        """Tell the side that issued it: a person here has it before them."""
        found = self.picture.directives.get(self.directive)
        if found is not None and directives.unseen(found, self.desk.post):
            self.do(directives.see, directive=found.id)

    def _sent(self, done: Any) -> None:
        self._place = None
        self._issued(done)

    def _issued(self, done: Any) -> None:
        self._said = tr("已存盘 {time}", time=age.seconds(self.picture.now))
        self._words.clear()
        self.context.drafts.done(DRAFT)
        for directive in done.of(Directive):
            self.chosen.emit(Subject(Directive, directive.id))

    def _allow(self) -> None:
        found = self._subject()
        answers = [k for k in ANSWERS if found is not None and found.state in WHEN[k]]
        can = bool(focus(self.picture, self.incident))
        self._bar.allow([*(["Ctrl+Return"] if can else []), *answers])

    def _lay_out(self) -> None:
        column = self.body()
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        for field, share in ((self._to, 5), (self._verb, 3), (self._words, 10), (self._minutes, 2)):
            row.addWidget(field, share)
        row.addWidget(self._at)
        column.addWidget(line)
        column.addWidget(self._bar)
        column.addStretch(1)

    def _fill(self) -> None:
        """The posts of the other side first: most orders cross."""
        side = side_of(self.desk.post)
        posts = sorted(
            (code for code in codes.load("post").values() if code.facts["side"]),
            key=lambda c: (c.facts["side"] == side, c.facts["order"]),
        )
        for box, rows in (
            (self._to, posts),
            (self._verb, list(codes.load("directive_verb").values())),
        ):
            kept = box.currentData()
            box.clear()
            for code in rows:
                box.addItem(
                    str(code.facts.get(f"full_{language()}", code.name(language()))), code.id
                )
            box.setCurrentIndex(max(0, box.findData(kept)))
        self._name_fields()

    def _name_fields(self) -> None:
        self._at.setText(tr("地点"))
        self._at.setAccessibleName(tr("取图上地点"))
        self._minutes.setSuffix(" " + tr("分内"))
        self._words.setPlaceholderText(tr("内容，按 I 写，回车下达"))
        names = ((self._to, "发往岗位"), (self._verb, "动作"), (self._words, "指令内容"),
                 (self._minutes, "限时分钟"))  # fmt: skip
        for field, name in names:
            field.setAccessibleName(tr(name))
