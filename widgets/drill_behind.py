"""The real world behind the windows of a drill: its gravest alarms break through, and one key stops
the drill and brings the real wall to the front.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from commandwall import codes
from commandwall.clock import SECOND
from commandwall.drill import play
from commandwall.playing import behind
from commandwall.playing.behind import Behind
from widgets import age
from widgets.base import Command, Context
from widgets.courier import Courier
from widgets.i18n import measured_in, named, tr
from widgets.knock import Knock
from widgets.text import plain


class RealWorld(QObject):
    """Looks each second; `changed`: an alarm came or went, or the real wall did not answer.
    `left`: the real wall is in front."""

    changed = Signal()
    left = Signal()

    def __init__(self, context: Context, owner: QObject) -> None:
        super().__init__(owner)
        self._context, self._folder = context, behind.real_of(context.desk.folder)
        self.found, self._asking, self._told = Behind(), False, ""
        told_ms = int(codes.limit("real_told_seconds") * SECOND)
        self._forgets = QTimer(self, singleShot=True, interval=told_ms)
        self._forgets.timeout.connect(lambda: self._say(""))
        self._courier, self._knock = Courier(self, self._say), Knock(self)
        self._knock.answered.connect(self._answered)
        self._looks = QTimer(self)
        self._looks.timeout.connect(self.look)
        if self._folder is not None:
            self._looks.start(int(codes.limit("real_look_seconds") * SECOND))
            self.look()

    @property
    def breaks_in(self) -> bool:
        """Whether something stands under the head of the windows."""
        return bool(self.found.alarms or self._told)

    def look(self) -> None:
        """On the thread of files: a slow disk holds nobody up."""
        if (folder := self._folder) is not None and not self._asking:
            self._asking = True
            asked = self._context.desk.files(lambda kept: behind.look(folder))
            self._courier.follow(asked, self._take)

    def leave(self) -> None:
        """真实事件中断: the drill stands, and the real wall comes to the front."""
        self._courier.follow(self._context.desk.do(play.freeze))
        if self._folder is None:
            self._say(tr("演练目录不在真实台站之下，请自行打开真实大屏"))
        else:
            self._knock.at(self._folder)

    def commands(self) -> list[Command]:
        return [Command("F12", tr("停住演练，转到真实大屏"), self.leave)]

    def standing(self) -> str:
        """Whether a real alarm would be seen here."""
        if self.found.watched:
            return tr("真实告警照常突入")
        return tr("真实采集未运行，真实告警不会出现")

    def words(self) -> str:
        """What stands under the head: the newest alarm, how many there are, and what to do."""
        if not self.found.alarms:
            return self._told
        first, n = self.found.alarms[0], len(self.found.alarms)
        value = age.measure(first.value, measured_in(first.unit), 1)
        told = tr("真实告警 Ⅰ　{cls} {value}　{device}　{area}　{time}",
                  cls=named("sensor_class", first.cls), value=value,
                  device=plain(first.device), area=plain(first.area),
                  time=age.seconds(first.raised_at))  # fmt: skip
        more = tr("　共 {n} 条", n=n) if n > 1 else ""
        return f"{told}{more}　{self._told or tr('不是演练　F12 停住演练，转到真实大屏')}"

    def _take(self, found: Behind) -> None:
        self._asking = False
        if found != self.found:
            self.found = found
            self.changed.emit()

    def _answered(self, there: bool) -> None:
        self._say("" if there else tr("真实大屏没有在运行，请打开它"))
        if there:
            self.left.emit()

    def _say(self, told: str) -> None:
        self._told = told
        self._forgets.start()
        self.changed.emit()
