"""A list that is worked by keys: its acts in a bar at its foot, over it what came of the last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commandwall.picture import Changes, Picture, Tick
from widgets import age
from widgets.acts import ActBar
from widgets.base import Command
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.rows import RowList

BAR, SAID = 44.0, 30.0
"""Height of the bar, and of the line over it."""


class WorkedList(RowList):
    """Rows on which a person acts by one key each."""

    quiet, tells_rest = True, True
    foot = BAR + SAID + 12
    beside = 0.0
    """What is kept free at the end of the line over the bar."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._said, self._acted = "", False
        self._bar = ActBar(self._acts(), self)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """What a person did here is in its new place as soon as it is known."""
        super().refresh(picture, changes)
        if self._acted and changes.kinds & (self.shows - {Tick}):
            self._acted = False
            self.renew()

    def commands(self) -> list[Command]:
        return [*super().commands(), *(Command(c.key, tr(c.name), c.run) for c in self._acts())]

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def place(self) -> None:
        y = self.height() - self.look.px(BAR)
        self._bar.setGeometry(0, y, self.width(), self.look.px(BAR))

    def wear(self) -> None:
        super().wear()
        self._bar.wear()

    def draw(self, paper: Paper) -> None:
        super().draw(paper)
        if self._said:
            base, room = paper.height - BAR - 18, paper.width - self.beside
            paper.write(0, base, self._said, Ink("body", "t1"), room=room)

    def _acts(self) -> list[Command]:
        """Those of the bar, named by what they do to most rows."""
        raise NotImplementedError

    def _done(self, done: Any) -> None:
        """It is on disk: a person did it, so the list is ordered anew, also once it is known."""
        self._acted = True
        self._said = tr("已存盘 {time}", time=age.seconds(self.picture.now))
        self.renew()

    def _allow(self, why: Mapping[str, str]) -> None:
        """By the key of each act that the chosen row admits why the post may not do it; "" where
        it may."""
        barred = {key: told for key, told in why.items() if told}
        self._bar.allow([key for key in why if key not in barred], barred)
