"""What marks every window of a drill's world: a bar that says so at its top, stripes at its bottom,
and the word across all of it. Nothing of the real world ever has it; it lets the mouse through.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QPolygonF, QRegion
from PySide6.QtWidgets import QWidget

from commandwall.alarms import UNACK
from commandwall.drill import drill_acts, play
from commandwall.drill.drill_acts import PAUSED, RUNNING
from commandwall.drill.play import SentInject
from commandwall.exercise import MARK
from widgets import marks, watermark
from widgets.base import Command, Context
from widgets.drill_behind import RealWorld
from widgets.i18n import language, named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain
from widgets.watermark import WORD

HEAD, FOOT, STRIPE = 32, 12, 14.0
"""Design pixels: of the bar, of the stripes, and of one of them."""
REAL, EDGE = 56, 3.0
"""Of what the real world says under the bar, and of its edge."""
SIDE, WORDS, LOOK_MS = 32.0, 40, 500
"""Between the edge and the words of the bar; letters of a message in it; how often it is looked."""
PAGE, SCENARIOS, KEY = "drill", "scenario", "F10"


def page_of(context: Context) -> str:
    """The page that the key of drills opens: in a drill its own, else that of scenarios."""
    return SCENARIOS if context.desk.exercise is None else PAGE


def titled(context: Context, title: str) -> str:
    """The title of a window."""
    return title if context.desk.exercise is None else f"{MARK}{title}"


class Marking(QObject):
    """Marks a window where its world is a drill's, and gives it the room that is left."""

    def __init__(self, context: Context, window: QWidget, rearrange: Callable[[], object]) -> None:
        """`rearrange` is called when there is another room."""
        super().__init__(window)
        self._context, self._window, self._rearrange = context, window, rearrange
        self._frames: list[DrillFrame] = []
        self._real: RealWorld | None = None
        if context.desk.exercise is not None:
            self._real = RealWorld(context, self)
            self._real.changed.connect(self._make_room)
            self._real.left.connect(self._step_back)
        self.surround(window)

    def surround(self, window: QWidget) -> None:
        """Another window of this world."""
        if self._real is not None:
            frame = DrillFrame(self._context, window, self._real)
            frame.destroyed.connect(lambda: self._frames.remove(frame))
            self._frames.append(frame)
            frame.give_room()

    def commands(self) -> list[Command]:
        """The way to the page of the drill; outside of one to the scenarios."""
        page = page_of(self._context)
        name = tr("编演练脚本") if self._real is None else tr("演练控制")
        own = Command(KEY, name, lambda: self._context.go(page))
        return [own] if self._real is None else [own, *self._real.commands()]

    def room(self) -> QRect:
        """Where the page of the wall stands."""
        whole = self._window.rect()
        if not self._frames:
            return whole
        for frame in self._frames:
            frame.wear()
        return self._frames[0].inner

    def _make_room(self) -> None:
        """The real world says something, or nothing any more."""
        for frame in self._frames:
            frame.wear()
            frame.give_room()
            frame.follow()
        self._rearrange()

    def _step_back(self) -> None:
        """The real wall came to the front: nothing of the drill stays over it."""
        for frame in self._frames:
            frame.window().lower()


class DrillFrame(QWidget):
    """Lies over all of a window."""

    def __init__(self, context: Context, window: QWidget, real: RealWorld) -> None:
        super().__init__(window)
        self._context, self._over, self._real = context, window, real
        self._told, self._read = ("", ""), set[str]()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        window.installEventFilter(self)
        looks = QTimer(self)
        looks.timeout.connect(self.follow)
        looks.start(LOOK_MS)
        self.wear()
        self.follow()
        self.show()

    def wear(self) -> None:
        """The look may be another one, and something else may have come to the front."""
        self._look = self._context.look
        self._stamp = self._draw_word()
        self.lay()
        QTimer.singleShot(0, self, self.raise_)

    def follow(self) -> None:
        """Something may have been sent to the post of this station."""
        if self._context.page == PAGE:
            self._read = {sent.id for sent in self._came()}
        if self._told != (told := (self._words(), self._mail())):
            self._told = told
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.lay()
        elif event.type() == QEvent.Type.ChildAdded:  # a sheet, which this lies over too
            QTimer.singleShot(0, self, self.raise_)
        return False

    def lay(self) -> None:
        """Only the bars and the words: what lies between is not painted anew with them."""
        room = self._over.rect()
        self.setGeometry(room)
        top, foot = HEAD + (REAL if self._real.breaks_in else 0), self._look.px(FOOT)
        self.inner = room.adjusted(0, self._look.px(top), 0, -foot)
        mask = QRegion(room) - QRegion(self.inner)
        for box in self._places():
            mask += QRegion(box)
        self.setMask(mask)

    def give_room(self) -> None:
        """What lies in the window by a layout stands between the bars."""
        if (layout := self._over.layout()) is not None:
            below = self._over.height() - self.inner.bottom() - 1
            layout.setContentsMargins(0, self.inner.top(), 0, below)

    def _places(self) -> list[QRect]:
        return watermark.places(self._look, self._stamp.size(), self.inner)

    def _draw_word(self) -> QPixmap:
        look, told = self._look, tr("演练")
        tall = look.px(WORD if len(told) < 3 else WORD / 2)
        return watermark.drawn(look, told, tall, look.px(WORD * 2.2), "drill")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for box in self._places():
            if event.region().intersects(box):
                painter.drawPixmap(box.topLeft(), self._stamp)
        painter.end()
        paper = Paper(self, self._look)
        paper.fill(QRectF(0, 0, paper.width, HEAD), "drill")
        words, mail = self._told
        ink, base = Ink("label", "ink", True), HEAD * 0.5 + 6
        end = paper.write(SIDE, base, words, ink, room=paper.width - 2 * SIDE)
        paper.write(paper.width - SIDE, base, mail, ink, RIGHT, paper.width - 3 * SIDE - end)
        if self._real.breaks_in:
            self._draw_real(paper)
        self._draw_stripes(paper, paper.height - FOOT)
        paper.end()
        self.setAccessibleDescription(" ".join(paper.said))

    def _words(self) -> str:
        drill = self._context.desk.exercise
        assert drill is not None
        told = tr("与真实系统隔离，外发全部标记")
        real = self._real.standing()
        parts = plain(drill.name(language())), plain(drill.run), self._pace(), told, real
        return MARK + "　".join(filter(None, parts))

    def _pace(self) -> str:
        """Where the clock of the drill goes otherwise than that of the computer: what goes by
        which."""
        status, rate = play.pace(self._context.live.picture.clock_acts.values())
        if status == PAUSED:
            return tr("演练暂停，各项时限照走真实时间")
        if status == RUNNING and rate != drill_acts.REAL:
            times = f"{rate / drill_acts.REAL:g}"
            return tr("演练时钟 ×{rate}，各项时限走真实时间", rate=times)
        return ""

    def _came(self) -> list[SentInject]:
        """What was sent to the post of this station."""
        picture, post = self._context.live.picture, self._context.desk.post
        return [s for s in picture.sent_injects.values() if s.receiver == post and not s.kind]

    def _mail(self) -> str:
        """来信 2　分管市领导：派了谁？　F10: what its page never showed. What was sent before a
        person left the page may come after."""
        new = sorted((s for s in self._came() if s.id not in self._read), key=lambda s: s.at)
        if not new:
            return ""
        last = new[-1]
        said = plain(last.en if language() == "en" else last.zh, WORDS)
        who = plain(last.sender) or named("drill_channel", last.channel)
        return tr("来信 {n}　{who}：{said}　F10", n=len(new), who=who, said=said)

    def _draw_real(self, paper: Paper) -> None:
        """A real alarm of the highest priority, in every window of the drill."""
        box, alarms = QRectF(0, HEAD, paper.width, REAL), self._real.found.alarms
        paper.fill(box, "r")
        paper.frame(box.adjusted(0, EDGE / 2, 0, -EDGE / 2), "s1" if alarms else "t2", EDGE, 0)
        x, base = SIDE, box.center().y() + self._look.metrics.design("item") * 0.36
        if alarms:
            middle = QPointF(x + 12, box.center().y())
            marks.severity(paper.painter, middle, 24, (1, UNACK), self._look)
            x += 40
        paper.write(
            x, base, self._real.words(), Ink("item", "t1", True), room=paper.width - x - SIDE
        )

    def _draw_stripes(self, paper: Paper, top: float) -> None:
        paper.fill(QRectF(0, top, paper.width, FOOT), "bg")
        painter = paper.painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour("drill"))
        for i in range(int(paper.width / (2 * STRIPE)) + 2):
            x, low = 2 * STRIPE * i, top + FOOT
            corners = (x, low), (x + FOOT, top), (x + FOOT + STRIPE, top), (x + STRIPE, low)
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
