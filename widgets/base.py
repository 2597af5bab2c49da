"""What a panel is: a named part of the wall that reads the picture and asks the desk.

A panel gives `id`, `title`, `shows`, then `refresh` and `draw` (or child widgets in `place`). The
base draws the heading with the age, and the states in which there is nothing to draw.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, TypeVar

from PySide6.QtCore import QEvent, QRect, QRectF, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from commandwall import modes
from commandwall.clock import SECOND, Ms
from commandwall.desk import Desk
from commandwall.modes import Mode
from commandwall.picture import Changes, Picture
from commandwall.planbook import Book
from commandwall.rights import About
from commandwall.store.quarantine import Harm
from commandwall.watchdog import Stall
from layers.map import MapView
from layers.overlay import Blinker
from widgets import age, fields
from widgets.courier import Courier
from widgets.draft import Drafts
from widgets.hits import Hits
from widgets.i18n import tr
from widgets.look import Look
from widgets.lookback import Lookback
from widgets.needs import Needs
from widgets.numbers import Numbers
from widgets.own_keys import OwnKeys
from widgets.paper import Ink, Paper, Stroke
from widgets.reasons import sentence
from widgets.settled import Settled
from widgets.streets import Streets
from widgets.trust import Limits, Trust

log = logging.getLogger(__name__)
Piece = tuple[object, Ink]
T = TypeVar("T")

NORMAL, EMPTY, LOADING, ERROR, DENIED = "normal", "empty", "loading", "error", "denied"
"""States of a panel that it sets itself with `say`; too old and broken follow by themselves."""


class NamedPage(Protocol):
    """What a panel knows of a page."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person can do: its key (as Qt writes it, "" for none), its Chinese name."""

    key: str
    name: str
    run: Callable[[], object]


@dataclass(slots=True)
class Live:
    """What is now, whatever moment is shown."""

    picture: Picture
    needs: Needs
    trust: Trust = field(default_factory=Trust)


@dataclass(slots=True)
class Context:
    """What all panels of one window share. The wall alone changes it."""

    picture: Picture
    """What is shown: of now, or of the moment that a person looks back at."""
    live: Live
    desk: Desk
    look: Look
    limits: Limits
    drafts: Drafts
    needs: Needs
    hits: Hits
    streets: Streets
    blinker: Blinker
    seconds: Callable[[], float]
    """The monotonic clock of the map, so that all rings blink in phase."""
    go: Callable[[str], None]  # opens a page by its id
    map: MapView | None = None
    pages: Sequence[NamedPage] = ()
    book: Book = field(default_factory=Book)  # the plans there are
    settled: Settled = field(default_factory=Settled)
    page: str = ""
    """The id of the page that is open."""
    trust: Trust = field(default_factory=Trust)
    past: Lookback | None = None
    """Where a person looks back, and how; None while now is shown."""
    back: Callable[[], Sequence[Command]] = list
    """What moves through the past and leaves it; nothing while now is shown."""
    stall: Stall | None = None
    """A stall of this window that is still told."""
    harm: Harm | None = None
    """What happened to a file of this station, while it is told."""
    low: bool = False  # it is told how little the disk has left
    late: bool = False  # it is told that backups are too old, or that one failed
    lapsed: Mode | None = None
    """The mode that ran out by itself, while that is told."""
    know: Callable[[], None] = lambda: None
    """A person knows of what stands under the head."""
    sit: Callable[[str], None] = lambda post: None
    """Opens the sheet in which somebody takes a post: that one, or "" for the one he had."""
    over: Callable[[QWidget], None] = lambda sheet: sheet.show()
    """Shows a sheet over the page and gives it the keys, closing the one before."""
    later: Callable[[], Callable[[QWidget], None]] = lambda: lambda sheet: sheet.show()
    """As `over`, of a sheet for which something is read first: not over one opened meanwhile."""
    keys: Command = field(default_factory=lambda: Command("?", "", lambda: None))
    """Opens the sheet of all keys."""
    numbers: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = Numbers(self)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing of the city that a person chose: its kind and id."""

    kind: type[Any]
    id: str


class Panel(QWidget):
    """One panel. All lengths in `draw` are design pixels, (0, 0) is the panel's left top."""

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    """Chinese; shown through `tr`."""
    shows: ClassVar[frozenset[type]] = frozenset()
    """Kinds and markers whose change calls `refresh`."""
    headed: ClassVar[bool] = True
    """Whether the base draws heading and age."""
    pooled: ClassVar[bool] = True
    """Whether what it shows comes from the pool, and so stops with it."""
    quiet: ClassVar[bool] = False
    """Whether nothing new for a long time is usual: its age is told, not where it stopped."""
    recalls: ClassVar[bool] = True
    """Whether it can show a past moment; else it says that it cannot."""
    alive: ClassVar[bool] = False
    """Whether it tells of now also while a person looks back."""
    acting: ClassVar[bool] = False
    """Whether it is there for acts alone: it has no place while a person looks back."""
    entry: ClassVar[str] = ""
    """The key of what it is there for: where the page has no room for it, the key shows it too."""
    piecewise: ClassVar[bool] = False
    """Whether `draw` asks the paper for everything: then only what differs is painted anew."""

    chosen = Signal(object)
    """A person chose a Subject. The wall marks it on the map and tells every other panel."""
    wanted = Signal(object)
    """A person wants to work on a Subject. The wall opens the page that is for its kind."""
    outgrown = Signal()
    """It offers something else, or can spare another height: the wall arranges the page anew."""

    def __init__(
        self, context: Context, options: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.context, self.options = context, dict(options or {})
        self.at: Ms | None = None
        """The newest moment of what is shown; the heading tells its age."""
        self.lasts: float | None = None
        """Seconds after which what is shown is too old."""
        self.state, self.line = NORMAL, ""
        self.failures, self.failed_at, self.spared = 0, Ms(0), 0.0
        self._brought = self._bringing = False
        self._aside, self._drawn = list[QWidget](), set[Stroke]()
        self._courier, self._own_keys = Courier(self, self.refused), OwnKeys(self)
        self.setAccessibleName(tr(self.heading()))

    # What a panel gives.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """Take what changed; called on the screen's thread when a kind of `shows` changed."""
        raise NotImplementedError

    def draw(self, paper: Paper) -> None:
        """Paint below the heading, which ends at `self.top`."""

    def place(self) -> None:
        """Put child widgets in their places, after a change of size, look or language."""

    def heading(self) -> str:
        """The Chinese heading; options may give another than the class."""
        return str(self.options.get("title", self.title))

    def spare(self) -> float:
        """How much of the height that its page gives it does it do without, in design pixels."""
        return 0.0

    def aside(self) -> list[Piece]:
        """Pieces at the right of the heading, before the age."""
        return []

    def open(self, subject: Subject) -> None:
        """Something was chosen on another panel."""

    def commands(self) -> list[Command]:
        """What can be done here by key; also in the key sheet and the palette."""
        return []

    # What a panel may ask for.

    @property
    def look(self) -> Look:
        return self.context.look

    @property
    def desk(self) -> Desk:
        return self.context.desk

    @property
    def picture(self) -> Picture:
        return self.context.live.picture if self.alive else self.context.picture

    @property
    def absent(self) -> bool:
        """Whether it has no place on the page now; the others take its room."""
        return self.acting and self.context.past is not None

    @property
    def away(self) -> bool:
        """Whether a past moment is looked at, of which this panel knows nothing."""
        return self.context.past is not None and not (self.recalls or self.alive)

    @property
    def stopped(self) -> Ms | None:
        """Since when what is shown stands still, because the pool or the agent is gone."""
        return self.context.trust.stopped if self.pooled else None

    @property
    def old(self) -> bool:
        """Whether what is shown is older than it may be."""
        known = self.lasts is not None and bool(self.at)
        return known and self.picture.now - (self.at or 0) > (self.lasts or 0) * SECOND

    @property
    def top(self) -> float:
        """Where the body begins, in design pixels."""
        below = 16 if self.look.metrics.kind == "wall" else 8
        tall = self.look.metrics.design("heading") * 1.25 + below
        return tall if self.headed else 0.0

    def body(self, margin: float = 0) -> QVBoxLayout:
        """A layout for child widgets below the heading."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, self.look.px(self.top + margin), 0, 0)
        layout.setSpacing(self.look.px(8))
        return layout

    def say(self, state: str, line: str = "") -> None:
        """Show a state and its one line, which is already translated; NORMAL shows the content."""
        self.state, self.line = state, line
        if not self._bringing:
            self.update()

    def do(
        self, act: Callable[..., None], then: Callable[[Any], None] | None = None, **args: Any
    ) -> Future[Any]:
        """A person's act. `then(done)` runs here once it is on disk; a refusal is said."""
        answer = self.desk.do(act, **args)
        self.follow(answer, then)
        return answer

    def follow(self, answer: Future[Any], then: Callable[[Any], object] | None = None) -> None:
        """`then(value)` runs on this thread when the answer of the desk is there."""
        self._courier.follow(answer, then)

    def ask(self, query: Callable[..., Any], then: Callable[[Any], object]) -> None:
        """Read from the store elsewhere; `then(answer)` runs on this thread."""
        self.follow(self.desk.ask(query), then)

    def barred(self, act: Callable[..., None], it: About) -> str:
        """Why an act is not for the post of this station, in words; "" where it is."""
        held = modes.in_force(self.picture.modes.values(), it.areas, self.picture.now)
        why = self.desk.barred(act, replace(it, mode=held.mode if held is not None else ""))
        return sentence(why) if why else ""

    def refused(self, why: str) -> None:
        """An act was not done; the sentence says why. Panels with acts may show it beside them."""
        self.say(ERROR, why)

    # What the wall calls.

    def bring(self, picture: Picture, changes: Changes) -> None:
        """Refresh where that concerns it, else let ages go on; keep the place when it fails."""
        self._bringing = True
        self.safe(lambda: self._bring(picture, changes), None)
        self._bringing = False

    def _bring(self, picture: Picture, changes: Changes) -> None:
        self._set_aside()
        if self.shows & changes.kinds and not self.away:
            self.refresh(picture, changes)
            self.failed_at, self._brought = Ms(0), True
            if self.spare() != self.spared:  # as its page knows it
                self.outgrown.emit()
        self._renew()

    def offered(self) -> list[Command]:
        """Its `commands`; none where it cannot say them, or shows nothing that they act on."""
        if self.away:
            return []
        return self.safe(lambda: [c for c in self.commands() if isinstance(c, Command)], [])

    def safe(self, ask: Callable[[], T], instead: T) -> T:
        """What the panel answers; one that fails says so in its place, and holds up no other."""
        try:
            return ask()
        except Exception:
            log.exception("panel %s failed", self.id)
            self.failures += 1
            self.failed_at = self.picture.now or Ms(1)
            self.update()
            return instead

    def wear(self) -> None:
        """The look or the language changed."""
        self.setAccessibleName(tr(self.heading()))
        fields.dress(self, self.look, self._own_keys)
        if (layout := self.layout()) is not None:
            margins = layout.contentsMargins()
            margins.setTop(self.look.px(self.top))
            layout.setContentsMargins(margins)
        self.safe(self.place, None)
        self.update()

    # Qt.

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self.look, event.region())
        self.safe(lambda: self._paint(paper), None)
        paper.end()
        old = (s for s in self._drawn if not event.region().intersects(QRect(*s[0])))
        self._drawn = paper.strokes.union(old)
        if event.rect() == self.rect():
            self._read_out(paper)

    def _set_aside(self) -> None:
        """Parts that show something of now are out of sight while the panel knows nothing."""
        if self.away:
            seen = [c for c in self.children() if isinstance(c, QWidget) and not c.isHidden()]
            self._aside += seen
            for part in seen:
                part.hide()
        else:
            while self._aside:
                self._aside.pop().show()

    def _renew(self) -> None:
        """Have what differs from what is drawn painted."""
        if not (self.piecewise and self.isVisible()):
            self.update()
            return
        paper = Paper(self, self.look, dry=True)
        self._paint(paper)
        for box, _ in paper.strokes ^ self._drawn:
            self.update(*box)
        self._read_out(paper)

    def _read_out(self, paper: Paper) -> None:
        """What is written here, for people who listen."""
        said = " ".join(paper.said)
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)

    def resizeEvent(self, event: QResizeEvent) -> None:
        fields.dress(self, self.look, self._own_keys)
        self.safe(self.place, None)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.wear()
        super().changeEvent(event)

    def _paint(self, paper: Paper) -> None:
        if self.away:
            self._say_away(paper)
            return
        if self.headed and self._brought:
            self._paint_heading(paper)
        if self.failed_at:
            self._say_broken(paper)
        elif self.state != NORMAL:
            self._paint_state(paper)
        elif self._brought:
            if self.old and not self.stopped:
                paper.hatch(QRectF(0, self.top, paper.width, paper.height - self.top))
            self.draw(paper)

    def _paint_heading(self, paper: Paper) -> None:
        base = float(self.look.metrics.design("heading"))
        pieces = [*self.aside(), *self._age()]
        far = self.look.metrics.kind == "wall"
        start = paper.row_back(paper.width, base, *pieces, gap=16 if far else 12)
        room = start - 16 if pieces else paper.width
        paper.write(0, base, tr(self.heading()), Ink("heading"), room=room)

    def _age(self) -> list[Piece]:
        if self.stopped is not None:
            return [(age.stopped(self.picture.now, self.stopped), Ink("age", "t2"))]
        if self.at is None:
            return []
        if self.context.past is not None and not self.alive:
            then = tr("当时 {age}", age=age.age(self.picture.now, self.at))
            return [(then, Ink("age"))]
        told = age.age if self.old or not (self.quiet or self.lasts) else age.since
        return [(told(self.picture.now, self.at), Ink("age", "t2" if self.old else ""))]

    def _paint_state(self, paper: Paper) -> None:
        token = {ERROR: "t1", DENIED: "t2"}.get(self.state, "t3")
        base = self.top + self.look.metrics.design("body")
        paper.paragraph(0, base, self.line, Ink("body", token), paper.width, 3)

    def _say_away(self, paper: Paper) -> None:
        """Nothing of now is shown as if it were of then."""
        paper.write(0, self.look.metrics.design("heading"), tr(self.heading()), Ink("heading"),
                    room=paper.width)  # fmt: skip
        base = self.look.metrics.design("heading") * 1.25 + self.look.metrics.design("body") + 12
        told, ink = tr("没有过去的记录，回看时不显示"), Ink("body", "t3")
        paper.paragraph(0, base, told, ink, paper.width, 2)

    def _say_broken(self, paper: Paper) -> None:
        if not self._brought:  # its heading may need what it never got
            paper.write(0, self.look.metrics.design("heading"), tr(self.title), Ink("heading"))
        base, when = self.top + self.look.metrics.design("body"), age.clock(self.failed_at)
        line = tr("此面板 {time} 出错，已重启 {n} 次", time=when, n=self.failures)
        paper.paragraph(0, base, line, Ink("body", "t2"), paper.width, 3)
