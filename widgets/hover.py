"""The card beside the pointer: what lies under it, or what was chosen by key, in a few lines.

Plain text only. It never takes the focus, never lies under the pointer, and goes with it.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from commandwall import areas
from layers.map import MapView
from widgets import age, facts
from widgets.base import Context
from widgets.courier import Courier
from widgets.facts import Facts
from widgets.i18n import tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

PAUSE_MS = 250
"""The pointer rests so long before a card comes; the next one follows at once."""
WIDEST, PAD, AWAY = 380.0, 14.0, 22.0
KEPT = 200


class HoverCard(QWidget):
    """A child of the map. `pin` shows the card of the chosen thing until it is let go."""

    def __init__(self, context: Context, view: MapView) -> None:
        super().__init__(view)
        self.context, self._view = context, view
        self.facts: Facts | None = None
        self._under = ("", "")
        self._pinned = False
        self._homes: dict[str, tuple[int, int]] = {}
        self._courier = Courier(self, lambda why: None)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(PAUSE_MS)
        self._rest.timeout.connect(self.renew)
        self.hide()
        view.hovered.connect(self._hovered)
        view.pointed.connect(lambda *_: self._move())
        view.picked.connect(self._picked)
        view.moved.connect(self._move)
        view.layers_changed.connect(self._follow)
        view.installEventFilter(self)

    @property
    def subject(self) -> tuple[str, str]:
        """Kind and id of the thing it tells of; "" "" for none."""
        if self._under[0]:
            return self._under
        return self._view.chosen if self._pinned else ("", "")

    def pin(self) -> None:
        """Show the card of the chosen thing, or take it away again."""
        self._pinned = not self._pinned and bool(self._view.chosen[0])
        self.renew()

    def renew(self) -> None:
        """Say what is known now; nothing where nothing is."""
        kind, id_ = self.subject
        self.facts = facts.of(kind, id_, self.context) if kind else None
        if self.facts is None or not self._fits():
            self.hide()
            return
        if kind == "building" and id_ not in self._homes:
            self._ask_homes(id_)
        self.setAccessibleName(plain(self.facts.title))
        self.setAccessibleDescription("; ".join(map(plain, self._lines())))
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.facts is None:
            return
        paper = Paper(self, self.context.look)
        box = QRectF(0.5, 0.5, paper.width - 1, paper.height - 1)
        paper.fill(box, "r", 4)
        if self.facts.old:
            paper.hatch(box.adjusted(1, 1, -1, -1))
        paper.frame(box, "ln2", 1, 4)
        y, room = PAD + self._size("body"), paper.width - 2 * PAD
        paper.write(PAD, y, self.facts.title, Ink("body", "t1", True), room=room)
        for line in self._lines():
            y += self._step
            paper.write(PAD, y, line, Ink("label", "t2"), room=room)
        ink = Ink("age", "t2" if self.facts.old else "t3")
        paper.write(paper.width - PAD, y + self._step, self._age(), ink, RIGHT, room)
        paper.end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Hide, QEvent.Type.ParentChange):
            self._under = ("", "")
            self.hide()
        return False

    # What comes.

    def _hovered(self, kind: str, id_: str) -> None:
        self._under = (kind, id_)
        if self.isVisible() or (self._pinned and not kind):
            self.renew()
        elif kind:
            self._rest.start()
        else:
            self._rest.stop()

    def _picked(self, kind: str, id_: str) -> None:
        if self._pinned and not kind:
            self._pinned = False
            self.renew()

    def _follow(self) -> None:
        """A tick: what is said may be older or other by now."""
        if self.isVisible():
            self.renew()

    def _move(self) -> None:
        if self.isVisible() and not self._fits():
            self.hide()

    def _ask_homes(self, building: str) -> None:
        if len(self._homes) > KEPT:
            self._homes.clear()
        query = partial(areas.homes, buildings=[building])
        self._courier.follow(self.context.desk.ask(query), partial(self._take_homes, building))

    def _take_homes(self, building: str, homes: tuple[int, int]) -> None:
        self._homes[building] = homes
        self._follow()

    # Shape and place.

    def _lines(self) -> list[str]:
        assert self.facts is not None
        lines = [line for line in self.facts.lines if line]
        homes = self._homes.get(self.subject[1]) if self.subject[0] == "building" else None
        if homes is not None and self.context.past is None:
            households, people = (age.number(n) for n in homes)
            lines.append(tr("{n} 户　{m} 人", n=households, m=people))
        if self._under[0] and self._view.crowd > 1:
            lines.append(tr("此处共 {n} 件，最重者在上", n=age.number(self._view.crowd)))
        return lines

    def _age(self) -> str:
        assert self.facts is not None
        now, at = self.context.picture.now, self.facts.at
        if self.facts.old:
            return tr("超龄，{age}", age=age.stopped(now, at or self.context.trust.stopped))
        return age.since(now, at) if self.facts.quiet else age.age(now, at)

    def _size(self, role: str) -> float:
        return float(self.context.look.metrics.design(role))

    @property
    def _step(self) -> float:
        return self._size("label") * 1.45

    def _fits(self) -> bool:
        """Take the size of what is said, and a place beside what it tells of."""
        look, at = self.context.look, self._anchor()
        if self.facts is None or at is None:
            return False
        letters = [look.letters("body", True).horizontalAdvance(self.facts.title)]
        letters += [look.letters("label").horizontalAdvance(line) for line in self._lines()]
        letters.append(look.letters("age").horizontalAdvance(self._age()))
        wide = min(WIDEST, max(letters) + 2 * PAD + 2)
        tall = 2 * PAD + self._size("body") + (len(self._lines()) + 1) * self._step
        box = self._beside(at, look.px(wide), look.px(tall))
        if box is not None:
            self.setGeometry(box)
        return box is not None

    def _beside(self, at: QPointF, wide: int, tall: int) -> QRect | None:
        """Right below the point, else on the side where there is room; never over the point."""
        away, whole = self.context.look.px(AWAY), self._view.rect()
        x, y = round(at.x()), round(at.y())
        left = x + away if x + away + wide <= whole.right() else x - away - wide
        top = y + away if y + away + tall <= whole.bottom() else y - away - tall
        left = min(max(left, 0), max(0, whole.width() - wide))
        top = min(max(top, 0), max(0, whole.height() - tall))
        box = QRect(left, top, wide, tall)
        return None if box.contains(x, y) or not whole.contains(box) else box

    def _anchor(self) -> QPointF | None:
        """The pointer; for what was chosen by key, its mark or its middle."""
        if self._under[0]:
            return self._view.pointer
        if (spot := self._view.spot()) is not None:
            return spot if self._view.rect().contains(spot.toPoint()) else None
        found = facts.place_of(*self._view.chosen, self.context.picture)
        return self._view.point(found[0], found[1]) if found is not None else None
