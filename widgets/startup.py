"""Start and end of the screen: the application, one instance a data directory, the crossing."""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QSocketNotifier, Qt, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QWidget

from commandwall import codes, config, platform
from commandwall.alarms import Alarm
from commandwall.areas import Area, Building
from commandwall.clock import Clock
from commandwall.config import Snapshot
from commandwall.cycles import Sweeper
from commandwall.picture import Changes, Picture, together
from commandwall.sounder import Sounder, player
from commandwall.watchdog import Watchdog
from layers.lull import Lull
from widgets import knock, overrides
from widgets.awake import Awake
from widgets.standing import Standing

if TYPE_CHECKING:
    from commandwall.tiles.source import Source
    from widgets.wall import Wall

log = logging.getLogger(__name__)
NO_DISPLAY = """\
没有显示器：这里没有可用的屏幕，大屏无法打开。
  截图到文件：  {command} snapshot --demo --size 1920x1080 wall.png
No display: there is no screen here to open the wall on.
  To a file:    {command} snapshot --demo --size 1920x1080 wall.png"""
BUSY = """\
commandwall: {folder} 已有大屏在运行，但不应答。
commandwall: a wall already runs on {folder}, and does not answer."""
NO_PAGE = """\
commandwall: 没有页面 {page}；有：{pages}。
commandwall: there is no page {page}; there are: {pages}."""
NO_MAP = """\
commandwall: 等了 {s:.0f} 秒，地图还没有画好；图上没有城市。可加长 --wait 再试。
commandwall: the map was not drawn within {s:.0f} s: no city in the picture. Try a longer --wait."""
NOT_LIVE = """\
commandwall: 等了 {s:.0f} 秒，中心池或采集程序没有应答；图上是此前的情形。
commandwall: pool or agent did not answer within {s:.0f} s: the picture shows what was before."""
NO_READING = """\
commandwall: 等了 {s:.0f} 秒，没有一个设备报过数；图上的设备都是失联。
commandwall: no device said anything within {s:.0f} s: the picture shows all of them as silent."""
TROUBLE = """
commandwall: 中心池：{code}；commandwall doctor 会说怎么办。
commandwall: pool: {code}; commandwall doctor says what to do."""
KNOCK_MS, PAT_MS, SWEEP_MS, LOOK_MS = 500, 250, 200, 20
STARTED_MS = 5000
"""A start makes little that has to go, and much that a sweep would look at."""
REST_MS = 100
"""The longest that news waits for keys and painting."""
BELL = 64
"""Bytes read at once, one for each signal."""
WINDOW_LOCK = "window.lock"


def has_display() -> bool:
    """Whether Qt will find a screen (or was told to do without one)."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return platform.screen_answers()


def no_display() -> str:
    """What to say where there is no screen, with a line that can be pasted as it stands."""
    command = Path(sys.executable).with_name("commandwall")
    here = Path.cwd()
    return NO_DISPLAY.format(
        command=command.relative_to(here) if command.is_relative_to(here) else command
    )


def application(offscreen: bool) -> QApplication:
    """The one QApplication. A wall that is asked to end has done well; a picture has not."""
    if offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    overrides.guard()
    app = QApplication.instance() or QApplication(["commandwall"])
    assert isinstance(app, QApplication)
    app.setApplicationName("commandwall")
    app.setStyle("Fusion")  # once: it dresses every widget anew, as a change of colours does again
    _sweep(app)
    _end_when_asked(app, code=1 if offscreen else 0)
    return app


def _sweep(app: QApplication) -> None:
    """Let what the screen has left go on the screen's own thread."""
    sweeper, timer = Sweeper(Clock().monotonic), QTimer(app)
    timer.timeout.connect(lambda: sweeper.sweep())
    QTimer.singleShot(STARTED_MS, timer, lambda: timer.start(SWEEP_MS))


def _end_when_asked(app: QApplication, code: int) -> None:
    """Let Ctrl-C and the system's request end the screen, now or as soon as it runs.

    Left to themselves, Qt swallows the exception that Ctrl-C makes of whatever slot it meets, and
    a screen that waits never gets to run what Python is to call.
    """
    platform.on_terminate(lambda: QTimer.singleShot(0, lambda: QApplication.exit(code)))
    bell = platform.bell()
    notifier = QSocketNotifier(bell.fileno(), QSocketNotifier.Type.Read, app)
    notifier.activated.connect(lambda *_: bell.recv(BELL))


class Crossing(QObject):
    """The one crossing into Qt's thread: changes in, picture brought up to date, screen told.

    While the map moves they wait for its next frame, but an alarm waits for nothing of that. What
    came while the screen was busy is told as one, however much it is. The screen then has as long
    for keys and painting as it was kept busy, within bounds: Qt goes on with what is posted for as
    long as more is, and who brings news faster than they are shown would leave no time for either.
    `shown`: the screen was told; `settled`: the first picture of use stands.
    """

    arrived = Signal(object)
    shown = Signal(object)
    settled = Signal()
    _due = Signal()

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture
        self.fed: Callable[[], bool] = lambda: True
        """Whether somebody lives who brings what is new."""
        self._show: Callable[[Changes], None] = lambda changes: None
        self._came: deque[Changes] = deque()
        self._waiting: Changes | None = None
        self._lull = Lull(self)
        self._lull.came.connect(self._tell)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._take)
        self.moved = self._lull.moved
        self.arrived.connect(self._put, Qt.ConnectionType.DirectConnection)
        self._due.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def reach(self, show: Callable[[Changes], None]) -> None:
        """From now on `show` is told. What arrived before waits for Qt's loop, and is told then."""
        self._show = show

    def _put(self, changes: Changes) -> None:
        """On the thread of whoever brings it."""
        self._came.append(changes)
        self._due.emit()

    def _take(self) -> None:
        while self._came:
            news, held = self._came.popleft(), self._waiting
            self._waiting = news if held is None else together(held, news)
        if self._rest.isActive():
            return
        if self._lull.moving and self._waiting and Alarm not in self._waiting.records:
            self._lull.want(0)
        else:
            self._tell()

    def _tell(self) -> None:
        changes, self._waiting = self._waiting, None
        if changes is not None:
            busy = QElapsedTimer()
            busy.start()
            self._picture.apply(changes)
            self._show(changes)
            self.shown.emit(changes)
            self._rest.start(min(busy.elapsed(), REST_MS))


class Watch(QObject):
    """The watch over the screen's thread: pats the dog, and tells the wall when it stood still.

    A screen to which nobody brings anything any more stands still too, however well it paints.
    """

    stood = Signal(object)

    def __init__(self, wall: Wall, limit_s: float, fed: Callable[[], bool] = lambda: True) -> None:
        super().__init__(wall)
        self._fed = fed
        self.stood.connect(wall.tell_stall)
        folder = wall.settings.data_dir / "log"
        self._dog = Watchdog(folder, Clock(), limit_s, self.stood.emit)
        self.stop = self._dog.stop
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._pat)
        self._timer.start(PAT_MS)
        self._dog.start()

    def _pat(self) -> None:
        if self._fed():
            self._dog.pat()


def watch(wall: Wall, parts: ExitStack) -> None:
    """Watch over the wall until `parts` end; what shows it is kept from locking meanwhile."""
    if QApplication.platformName() != "offscreen":
        parts.callback(Awake(wall).let_go)
    parts.callback(Watch(wall, codes.limit("stall_seconds"), wall.crossing.fed).stop)


def ring(wall: Wall, parts: ExitStack) -> None:
    """Let the bell of the wall be heard until `parts` end."""
    sounder = Sounder(wall.settings.data_dir, player())
    parts.callback(sounder.close)
    wall.caller.begin(sounder)


def stand(wall: Wall) -> None:
    """Keep where the wall stands; open where the last one stood, where the settings say so."""
    Standing(wall, wall).begin(wall.settings.resume)


class OnlyOne(QObject):
    """One window a data directory: a second start raises the first window and ends."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._lock = folder / WINDOW_LOCK
        self._name = knock.name_of(folder)
        self._server: QLocalServer | None = None

    def enter(self, parts: ExitStack, patience_s: float = 30.0) -> int | None:
        """None where we are the one, until `parts` end; else the exit code.

        Of two that start at the same moment one gets the lock. The other waits until its window
        can be raised, and takes its place where it ends before that.
        """
        clock = Clock()
        until = clock.monotonic() + patience_s
        while not self._hold_lock(parts):
            if self.is_taken():
                return 0
            if clock.monotonic() > until:
                print(BUSY.format(folder=self._lock.parent), file=sys.stderr)
                return config.BUSY
            clock.pause(0.1)
        return None

    def is_taken(self) -> bool:
        """Knock at the first window; True where one answered."""
        socket = QLocalSocket(self)
        socket.connectToServer(self._name)
        taken = socket.waitForConnected(KNOCK_MS)
        socket.disconnectFromServer()
        return taken

    def hold(self, window: QWidget) -> None:
        """Be the first; raise the window when somebody knocks."""
        QLocalServer.removeServer(self._name)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(lambda: _raise(window))
        self._server.listen(self._name)

    def _hold_lock(self, parts: ExitStack) -> bool:
        with ExitStack() as attempt:
            held = attempt.enter_context(platform.lock(self._lock))
            if held:
                parts.push(attempt.pop_all())
            return held


def _raise(window: QWidget) -> None:
    window.show()
    window.raise_()
    window.activateWindow()


def lay(base: Source | None, wall: Wall, parts: ExitStack) -> None:
    """Lay a base map below the map, where the settings ask for one."""
    if base is not None:
        from commandwall.tiles.worker import Tiles  # brings much that most walls do without

        tiles = Tiles(base, wall.settings.data_dir)
        parts.callback(tiles.close)
        wall.map.set_basemap(tiles)
        tiles.start()


def draw(wall: Wall, shot: Snapshot) -> bool:
    """Draw the wall to a file once its city has come, and end; False where there is no such page.

    What was said of a page that is not there names those that are.
    """
    pages = [page.id for page in wall.file.pages]
    if shot.page and shot.page not in pages:
        print(NO_PAGE.format(page=shot.page, pages=", ".join(pages)), file=sys.stderr)
        return False

    looked = Looked(wall)

    def save() -> None:
        told = looked.lacks()
        done = wall.snapshot(shot.width, shot.height).save(str(shot.file))
        print(shot.file if done else f"cannot write {shot.file}", flush=True)
        if told:
            print(told.format(s=shot.wait_s), file=sys.stderr)
        QApplication.exit(0 if done and not told else config.REFUSED)

    wall.context.settled.come()
    wall.resize(shot.width, shot.height)
    wall.open_page(shot.page or pages[0])
    wall.show()
    when(lambda: not looked.lacks(), save, shot.wait_s, settle_s=3.0)
    return True


class Looked:
    """What a wall was seen to show so far, by whoever wants a picture of it."""

    def __init__(self, wall: Wall) -> None:
        self._wall, self._whole = wall, False

    def lacks(self) -> str:
        """Why a picture would not show the city as it is now, and the last trouble with the pool;
        "" where it would. Of a city that lives something is always left to draw: that all was there
        once is enough."""
        wall = self._wall
        self._whole = self._whole or wall.is_drawn()
        stands = wall.context.trust.stopped is not None
        why = NO_MAP if not self._whole else NOT_LIVE if stands else self._dumb()
        trouble = wall.picture.sync.trouble
        return why + (TROUBLE.replace("{code}", trouble) if why and trouble else "")

    def _dumb(self) -> str:
        """A pool's first readings come seconds after its areas; maybe none ever do."""
        devices = self._wall.picture.sensors
        return NO_READING if len(devices.ids) and not devices.at.any() else ""


def note_start(wall: Wall) -> None:
    """Tell the log what a start takes: until the window is open; until the first picture of use
    stands (ground, roads, areas, devices, the list of events, ages); until all is drawn."""
    log.info("the window is open")
    timer, whole = QTimer(wall), set[type]()
    wall.crossing.shown.connect(lambda changes: whole.update(changes.whole))
    stages = deque[tuple[str, Callable[[], bool]]]([
        ("the first picture stands", lambda: Area in whole and _is_current(wall)),
        ("the city is drawn", lambda: Building in whole and _is_current(wall)),
    ])  # fmt: skip

    def look() -> None:
        while stages and stages[0][1]():
            log.info(stages.popleft()[0])
            wall.crossing.settled.emit()
        if not stages:
            timer.stop()

    timer.timeout.connect(look)
    timer.start(LOOK_MS)


def _is_current(wall: Wall) -> bool:
    """Whether all that is known stands on the screen, in the panels too."""
    return wall.is_drawn() and not wall.turns


def when(
    ready: Callable[[], bool], then: Callable[[], None], limit_s: float, settle_s: float
) -> None:
    """Call `then` once `ready` has held for a while, or at the limit."""
    held, waited, step = 0.0, 0.0, 0.25
    timer = QTimer(QApplication.instance())

    def look() -> None:
        nonlocal held, waited
        waited += step
        held = held + step if ready() else 0.0
        if held >= settle_s or waited >= limit_s:
            timer.stop()
            then()

    timer.timeout.connect(look)
    timer.start(int(step * 1000))
