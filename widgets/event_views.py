"""Saved views over the event list: a row of them, each with its key and how many it holds."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QRectF

from commandwall import event_lists, saved_views
from commandwall.clock import SECOND, Ms
from commandwall.rights import About
from commandwall.saved_views import AFTER, EVERYBODY, OWN, POOL, POST, Filter, SavedView
from widgets import age, event_filter
from widgets.base import Command, Panel
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.sheet import Sheet
from widgets.text import plain

ROW, PAD, GAP, MOST = 32.0, 10.0, 8.0, 9
"""Height of the row, room beside each word, between two, and how many have a key."""
NAME = 14
"""Letters of a name that stand in the row."""
EVERY = 30 * SECOND
"""A count over the pool is no older."""
WHOSE = {OWN: "自己", POST: "本岗位", EVERYBODY: "各台"}
APPLY, RENAME, REMOVE = "apply", "rename", "remove"


class Lists(Protocol):
    """What the list gives: its filter, how many events an open share of it holds, and the most
    that a search finds."""

    filter: Filter
    applied: str  # the one that was applied, by its id; "" for none

    def apply(self, filter: Filter, view: str = "") -> None: ...

    def holding(self, filter: Filter) -> int: ...

    @property
    def most(self) -> int: ...


class EventViews:
    """The views that are there for who sits here. `panel` is also the list."""

    def __init__(self, panel: Panel, lists: Lists) -> None:
        self._panel, self._lists = panel, lists
        self.shown: list[SavedView] = []
        self.removed: list[SavedView] = []
        self.counts: dict[str, tuple[int, Ms]] = {}
        """Of each view how many it holds, and when that was counted."""
        self._next = 0

    @property
    def tall(self) -> float:
        """Design pixels of the row; none without views."""
        return ROW if self.shown else 0.0

    def look(self) -> None:
        """Take what there is now, and count one of them anew."""
        desk, held = self._panel.desk, self._panel.picture.saved_views.values()
        before = self.shown
        self.shown = saved_views.visible(held, desk.person, desk.post)
        self.removed = saved_views.removed(held, desk.person, desk.post)[:MOST]
        if self.shown != before:
            self._panel.outgrown.emit()
        if self.shown:
            self._next = (self._next + 1) % len(self.shown)
            self._count(self.shown[self._next])

    def count_of(self, view: SavedView) -> str:
        """How many it holds; — before that is known."""
        if view.id not in self.counts:
            return age.UNKNOWN
        n = self.counts[view.id][0]
        many = view.words and view.share == POOL and n >= self._lists.most
        return f"{'≥ ' if many else ''}{age.number(n)}"

    def _count(self, view: SavedView) -> None:
        filter, now = view.filter, self._panel.picture.now
        if view.share not in (POOL, AFTER):
            self.counts[view.id] = self._lists.holding(filter), now
        elif now - self.counts.get(view.id, (0, Ms(0)))[1] >= EVERY and self._live:
            self._panel.ask(
                lambda reader: event_lists.count(reader, filter, now, self._lists.most),
                lambda n: self._counted(view.id, n, now),
            )

    @property
    def _live(self) -> bool:
        """The pool is counted as it is now, not while a past moment is shown."""
        return self._panel.context.past is None

    def _counted(self, view: str, n: int, now: Ms) -> None:
        self.counts[view] = n, now
        self._panel.update()

    # Drawing and the hand.

    def draw(self, paper: Paper, top: float, chosen: str) -> None:
        for view, x, wide in self._places(paper.width):
            here = view.id == chosen
            if here:
                paper.fill(QRectF(x, top, wide, ROW - 6), "r2", 4)
            ink = Ink("label", "t1" if here else "t2", here)
            at = paper.write(x + PAD, top + 18, self._key(view), Ink("age", "t3")) + 6
            at = paper.write(at, top + 18, self._name(view), ink) + 8
            paper.write(at, top + 18, self.count_of(view), Ink("age", "t1" if here else "t3"))
        placed = self._places(paper.width)
        if rest := len(self.shown) - len(placed):
            x = sum(placed[-1][1:]) + GAP + PAD if placed else 0.0
            more = tr("还有 {n} 个，Ctrl G", n=rest)
            paper.write(x, top + 18, more, Ink("age"), room=paper.width - x)

    def at(self, x: float, width: float) -> SavedView | None:
        """The one that stands at a place, in design pixels."""
        return next((v for v, left, w in self._places(width) if left <= x < left + w), None)

    def _places(self, width: float) -> list[tuple[SavedView, float, float]]:
        """As many as there is room for, each with its left and its width."""
        look, found, x = self._panel.look, list[tuple[SavedView, float, float]](), 0.0
        label, small = look.letters("label", None), look.letters("age", None)
        for view in self.shown:
            told = small.horizontalAdvance(self._key(view) + self.count_of(view))
            wide = told + label.horizontalAdvance(self._name(view)) + 14 + 2 * PAD
            if x + wide > width - 140:  # room for how many there are besides
                break
            found.append((view, x, wide))
            x += wide + GAP
        return found

    def _key(self, view: SavedView) -> str:
        at = self.shown.index(view)
        return str(at + 1) if at < MOST else ""

    def _name(self, view: SavedView) -> str:
        lost = event_filter.gone(view.filter, self._panel.picture)
        return plain(view.name, NAME) + (tr("（失效）") if lost else "")

    # What a person does.

    def commands(self) -> list[Command]:
        """Apply one by its number, keep the filter as one, and work on all of them."""
        own = [
            Command(f"Ctrl+{n}", tr("视图 {name}", name=plain(v.name)), partial(self.apply, v.id))
            for n, v in enumerate(self.shown[:MOST], 1)
        ]
        keep = Command("Ctrl+D", tr("存为视图"), self.save)
        return [keep, Command("Ctrl+G", tr("全部视图"), self.manage), *own]

    def apply(self, view: str) -> None:
        found = next((v for v in self.shown if v.id == view), None)
        if found is not None:
            self._lists.apply(found.filter, view)

    def save(self) -> None:
        """Ask under which name, and for whom."""
        panel, filter = self._panel, self._lists.filter
        if why := panel.barred(saved_views.save_view, About()):
            panel.refused(why)
            return
        whose = {key: tr(word) for key, word in WHOSE.items() if key != OWN or panel.desk.person}
        fields: dict[str, tuple[str, Field]] = {
            "name": (tr("名称"), line()), "whose": (tr("给谁看"), choice(whose)),
        }  # fmt: skip
        sheet = Sheet(panel.look, tr("存为视图"), "存为视图", fields, panel.window())
        sheet.telling(lambda told: event_filter.told(filter, panel.picture, True))
        self._panel.context.over(
            sheet.then(lambda told: panel.desk.do(saved_views.save_view, filter=filter, **told))
        )

    def manage(self) -> None:
        """Apply, rename or delete one of all; one that was deleted comes back."""
        panel = self._panel
        if not self.shown and not self.removed:
            panel.refused(tr("还没有视图，Ctrl D 把现在的筛选存为视图"))
            return
        offered = {v.id: f"{n}　{self._line(v)}" for n, v in enumerate(self.shown, 1)}
        lost = {v.id: tr("已删除　{name}", name=self._line(v)) for v in self.removed}
        chosen = choice({**offered, **lost})
        ways = {APPLY: tr("用它筛选"), RENAME: tr("改名"), REMOVE: tr("删除")}
        fields: dict[str, tuple[str, Field]] = {
            "view": (tr("视图"), chosen), "way": (tr("做什么"), choice(ways)),
            "name": (tr("新名称"), line()),
        }  # fmt: skip
        if self._lists.applied in offered:
            chosen.setCurrentIndex(list(offered).index(self._lists.applied))
        sheet = Sheet(panel.look, tr("全部视图"), "继续", fields, panel.window())
        sheet.telling(self._ahead)
        panel.context.over(sheet.then(self._work))

    def _work(self, told: dict[str, Any]) -> Any:
        if any(view.id == told["view"] for view in self.removed):
            return self._panel.desk.do(saved_views.restore_view, view=told["view"])
        if told["way"] == APPLY:
            return self.apply(told["view"])
        if told["way"] == RENAME:
            given = {"view": told["view"], "name": told["name"]}
            return self._panel.desk.do(saved_views.rename_view, **given)
        return self._panel.desk.do(saved_views.remove_view, view=told["view"])

    def _ahead(self, told: dict[str, Any]) -> str:
        """What will be done: a deletion is confirmed by reading this."""
        for old in (view for view in self.removed if view.id == told["view"]):
            return tr("将恢复「{name}」，{whose}又看到它；它只能恢复", name=plain(old.name),
                      whose=_whose(old))  # fmt: skip
        view = next((v for v in self.shown if v.id == told["view"]), None)
        if view is None:
            return ""
        if told["way"] == REMOVE:
            return tr("将删除「{name}」，{whose}不再看到它", name=plain(view.name),
                      whose=_whose(view))  # fmt: skip
        filter, picture = view.filter, self._panel.picture
        lost = event_filter.gone(filter, picture)
        return "\n".join(filter_ for filter_ in (event_filter.told(filter, picture, True), lost)
                         if filter_)  # fmt: skip

    def _line(self, view: SavedView) -> str:
        return f"{plain(view.name)}　{_whose(view)}　{self.count_of(view)}"


def _whose(view: SavedView) -> str:
    """Who sees it, in words; what another program wrote there as it stands."""
    return tr(WHOSE[view.whose]) if view.whose in WHOSE else plain(view.whose)
