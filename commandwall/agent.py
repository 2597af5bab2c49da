"""The agent: the second program. Everything that comes from outside comes through it.

It holds the data directory's lock, runs the embedded pool server and the living demo city where
the settings ask for them, keeps the link to the pool, and beats its pulse. It ends ten seconds
after its wall unless it is a service.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import replace

import psycopg

from commandwall import backoff, codes, cycles, methods, platform, sources
from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import BUSY, REFUSED, Settings
from commandwall.desk import Desk
from commandwall.feeds.folder import WarningFolder
from commandwall.feeds.intake import Intake
from commandwall.feeds.mention_folder import MentionFolder
from commandwall.keeper import AGENT_LOCK, WALL_LOCK
from commandwall.learning import Learning
from commandwall.peers.hall import Peers
from commandwall.playing.conductor import conducting
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.compare import Comparison
from commandwall.pool.filling import Filling
from commandwall.pool.link import Link
from commandwall.pool.own import OwnPool, address
from commandwall.pool.pace import Pace
from commandwall.pool.packs import Packs
from commandwall.pool.porter import Porting
from commandwall.pool.presence import Presence
from commandwall.pool.recorder import Recorder
from commandwall.pool.server import ServerTrouble
from commandwall.reports.schedule import Scheduling
from commandwall.reports.standby import Keeping
from commandwall.store import database, pulse, quarantine, space, telemetry
from commandwall.store.database import FULL, StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, forget_others, mirror_name
from commandwall.store.pulse import NO_POOL
from commandwall.store.store import WALL_DB, Store, put_away
from commandwall.warden import Warden

log = logging.getLogger(__name__)
POLL_S, QUICK_S = 0.05, 0.02
"""Between two looks at the pool: where nothing came, and while something comes."""
BEAT_S, TIDY_S = 0.5, 60.0
ROOM_S = 2.0
"""Between two tries to begin on a full disk."""
ORPHAN_S = 10.0
COLLECT = 100_000
"""Objects after which cycles are looked for: the rows of a page are none, and would be looked at
again and again."""


class Agent:
    """One station's agent; `run` returns when it is to end."""

    def __init__(self, settings: Settings, service: bool) -> None:
        self.settings, self.service = settings, service
        self.clock = Clock()
        self.clock.follow(pulse.read(settings.data_dir).offset_s)
        self.store: Store = open_store(settings.data_dir)
        self.desk = Desk(self.store, self.clock)
        self.sync = pulse.Sync()
        self._halt = threading.Event()
        self._wall_at = self.clock.monotonic()
        self._own: OwnPool | None = None
        self._failed = 0
        """Connections that failed. The next try begins so many servers further in the address: an
        old primary that came back may take writes too."""
        self._warden: Warden | None = None
        self._pace = Pace(self.clock)
        self._peers = Peers(settings, self.store, self.desk, self.clock)
        self._folders = (
            WarningFolder(settings, self.desk, self.clock), MentionFolder(settings, self.clock),
        )  # fmt: skip
        self._intake = Intake(
            settings, self.clock, f"commandwall-{self.desk.origin}",
            lambda: self.store.read(sources.off),
        )  # fmt: skip
        self._live: tuple[str, Packs, Recorder] | None = None
        self._live_parts = ExitStack()

    def run(self) -> None:
        with ExitStack() as parts:
            parts.callback(self._close)
            parts.enter_context(self._intake)
            platform.be_nice(10)  # what is begun from now on; readings wait for no picture
            told = self.settings
            self._warden = parts.enter_context(Warden(told.data_dir, self.clock, told.backup_to))
            parts.enter_context(self._peers)
            for folder in self._folders:
                parts.enter_context(folder)
            parts.enter_context(Learning(self.settings.data_dir, self.clock))
            parts.enter_context(Keeping(self.settings.data_dir, self.clock, self.settings.lang))
            lang = self.settings.lang
            parts.enter_context(Scheduling(self.desk, self.clock, self._known_until, lang))
            beat = threading.Thread(target=self._beat, name="pulse", daemon=True)
            beat.start()
            url, secret = self._pool(parts)
            self._conduct(parts)
            self._serve(url, secret)

    def stop(self) -> None:
        self._halt.set()

    def _conduct(self, parts: ExitStack) -> None:
        """Play the drill, where this is the station of one that runs its pool."""
        if self._own is not None:
            own = self._own.server.owner
            if (plays := conducting(self.store, self.desk, self.clock, own)) is not None:
                parts.enter_context(plays)

    def _pool(self, parts: ExitStack) -> tuple[str, str]:
        """The pool's address: the city's own, or that of this data directory, run here."""
        if self.settings.pool or not self._own_appears():
            return self.settings.pool, self.settings.secret_file
        while self._own is None and not self._over():
            try:
                self._hold()
                with database.troubles(), ExitStack() as attempt:
                    self._own = OwnPool(self.settings, attempt, self._making, self._over)
                    parts.push(attempt.pop_all())
            except PoolTrouble as trouble:
                self._wait(trouble)
            except StoreTrouble as trouble:
                self._wait_for_disk(trouble)
            except ServerTrouble as trouble:
                if not space.is_full(self.settings.data_dir):
                    raise
                self._wait(PoolTrouble(FULL, str(trouble)))
            except psycopg.Error as error:  # whoever made it, or ran its server, is gone
                self._wait(PoolTrouble("unreachable", str(error)))
        return self._own.login if self._own else ("", "")

    def _known_until(self) -> Ms:
        """Until when all of the city is here; 0 while some of its past is not."""
        whole = self.sync.past is None and self.sync.filling is None
        return self.sync.pool_at if whole else Ms(0)

    def _own_appears(self) -> bool:
        """Wait for a pool where none is named: an import may make one. False at the end."""
        while not OwnPool.wanted(self.settings) and not self._over():
            if self.sync.trouble != NO_POOL:
                log.warning("no pool configured: name one in the settings, import, or use --demo")
                self.sync = replace(self.sync, trouble=NO_POOL)
            self._halt.wait(BEAT_S)
        self.sync = replace(self.sync, trouble="")
        return not self._over()

    def _serve(self, url: str, secret: str) -> None:
        """Keep a link to the pool for as long as the agent lives."""
        self._begin_without()
        while not self._over():
            try:
                self._hold()
                self._revive()
                with database.troubles(), Client(url, secret, self._failed) as client:
                    self._put_away()
                    self._follow(client, url, secret)
            except PoolTrouble as trouble:
                self._wait(trouble)
            except StoreTrouble as trouble:
                self._wait_for_disk(trouble)

    def _hold(self) -> None:
        """While the disk is full nothing is taken that could not be kept, and nobody is told that
        the picture is of now."""
        folder = self.settings.data_dir
        if not space.is_full(folder):
            return
        log.warning("the disk is full: waiting until there is room")
        self.sync = replace(self.sync, tries=0, trouble=FULL, past=None, left_s=None, filling=None)
        while space.is_full(folder) and not self._over():
            self._halt.wait(BEAT_S)

    def _check_room(self) -> None:
        """StoreTrouble as soon as anybody found the disk full."""
        if space.is_full(self.settings.data_dir):
            raise StoreTrouble(FULL, "the reserve was given up")

    def _put_away(self) -> None:
        """A damaged mirror, which nobody has open for writing now, makes room for a new one."""
        faults, folder = self._faults(), self.settings.data_dir
        for name in set(faults) - {telemetry.NAME, WALL_DB}:
            if (folder / name).exists():
                put_away(folder, name, faults.pop(name))

    def _faults(self) -> dict[str, quarantine.Fault]:
        return self._warden.faults if self._warden is not None else {}

    def _wait_for_disk(self, trouble: StoreTrouble) -> None:
        """A file or the disk is at fault: have it looked at, and try again as with a pool."""
        if trouble.code == "damaged" and self._warden is not None:
            self._warden.hurry()
        space.met(self.settings.data_dir, trouble)
        if not space.is_full(self.settings.data_dir):
            self._wait(PoolTrouble(trouble.code, trouble.detail))

    def _revive(self) -> None:
        """See that the demo's own server runs: it may have been killed."""
        if self._own is not None:
            try:
                self._own.server.start()
            except ServerTrouble as trouble:
                raise PoolTrouble("unreachable", str(trouble)) from trouble

    def _follow(self, client: Client, url: str, secret: str) -> None:
        """Follow the feed until the end, or until another mirror takes the place of this one."""
        self._pace.hear(client)
        epoch, folder = client.meta().epoch, self.settings.data_dir
        scope = client.scope
        client.check_world(self.desk.exercise is not None)
        self.clock.measured(client.time_offset())
        with ExitStack() as parts:
            filling = self._fill(parts, client, address(url, secret))
            used = self.store.mirror_name()
            if self._over():
                return
            mirror = parts.enter_context(closing(Mirror(folder / used, self.clock)))
            if used == mirror_name(epoch):
                forget_others(folder, used)
            packs, recorder = self._live_side(mirror.meta("epoch"))
            link = Link(self.store, self.desk, self.clock, client, mirror, packs, self._filling)
            self._begin(link)
            self._open_first_day()
            whole = used == mirror_name(epoch)
            compare = Comparison(client, mirror, self.clock) if whole else None
            presence = Presence(
                self.store, self.desk, client, mirror, lambda: self._failed, lambda: self.clock.skew
            )
            carrier = Porting(
                self.store, self.desk, self.clock, lambda: Client(url, secret, self._failed)
            )
            parts.enter_context(carrier)
            second, origin = 0, self.desk.origin
            self._pace.looked()  # what a connection begins with is over
            while not self._over() and used == self.store.mirror_name():
                self._check_room()
                if self.clock.slept() > codes.limit("silence_seconds"):
                    log.info("this machine slept: connecting anew")
                    return
                busy = link.pull() | link.push()
                link.take_packs()
                presence.step(self.clock.monotonic())
                now = self._met(packs, filling)
                self._pace.looked()
                if now // SECOND != second:
                    second = now // SECOND
                    self.clock.measured(client.time_offset())
                    met = client.meta().epoch, client.scope
                    if met != (epoch, scope) or used in self._faults():
                        return
                    if self.desk.origin != origin:  # the journal was mended: its lines come back
                        return
                    if fault := self._faults().pop(telemetry.NAME, None):
                        recorder.doubt(StoreTrouble("damaged", fault.detail))
                    packs.sweep()
                if not busy:
                    self._compare(compare)
                    self._halt.wait(QUICK_S if link.came else POLL_S)

    def _live_side(self, epoch: str) -> tuple[Packs, Recorder]:
        """Where readings go. It outlasts a connection: feeds go on while the pool is away."""
        if self._live is None or self._live[0] != epoch:
            self._live = None
            self._live_parts.close()
            history = Recorder(self.settings.data_dir, self.clock, epoch)
            recorder = self._live_parts.enter_context(history)
            packs = Packs(self.store, self.desk, self.clock, recorder)
            self._live = epoch, packs, recorder
            self._intake.serve(packs)
        return self._live[1:]

    def _begin_without(self) -> None:
        """Feeds need no pool where their devices are known from before."""
        if self.settings.mqtt and self.store.mirror_name():
            with suppress(StoreTrouble):  # the link finds it out, and mends it
                self._live_side(self.store.read(lambda r: r.epoch()))

    def _compare(self, compare: Comparison | None) -> None:
        if compare is not None:
            compare.step()
            self.sync = replace(self.sync, compared=compare.found)

    def _begin(self, link: Link) -> None:
        """Long, where much must be copied anew: then how far it is, and no banner."""
        try:
            link.begin()
            cycles.spare()  # a look at all devices would hold up each reading a quarter second
        finally:
            self.sync = replace(self.sync, filling=None)

    def _open_first_day(self) -> None:
        """A demo's pages are not empty when somebody first looks."""
        if self.settings.demo and self._own is not None and self.desk.exercise is None:
            from commandwall.playing import first_day  # it brings the maker of cities, and SciPy

            first_day.lay(self.store, self.desk)

    def _met(self, packs: Packs, filling: Filling | None) -> Ms:
        """Note that the pool answered just now."""
        now, lamps = self.clock.now(), self._lamps(packs)
        self.sync = replace(
            self.sync, pool_at=now, tries=0, trouble="", needs="", filling=None, lamps=lamps
        )
        if filling is not None and filling.check():
            self.sync = replace(self.sync, past=filling.share.share, left_s=filling.share.left_s)
        else:
            self.sync = replace(self.sync, past=None, left_s=None)
        return now

    def _fill(self, parts: ExitStack, client: Client, pool: Mapping[str, str]) -> Filling | None:
        """Wait until a mirror of this epoch and schema can be used; None where it is whole.

        The fill goes on while a small one is in use. The pool is asked for a sign of life: a child
        that waits for a dead line would wait long.
        """
        epoch, used = client.meta().epoch, self.store.mirror_name()
        if used == mirror_name(epoch):
            return None
        filling = parts.enter_context(Filling(self.settings.data_dir, pool))
        usable, asked = used == mirror_name(epoch, small=True), self.clock.monotonic()
        while not usable and not self._over() and filling.check():
            self._check_room()
            if self.clock.monotonic() - asked > codes.limit("heartbeat_seconds"):
                self.clock.measured(client.time_offset())
                asked = self.clock.monotonic()
            self._filling(filling.share.share, filling.share.left_s)
            usable = filling.share.usable
            self._halt.wait(POLL_S)
        return filling

    def _filling(self, share: float, left_s: float | None = None) -> None:
        self.sync = replace(self.sync, filling=share, left_s=left_s, making=False)

    def _making(self, share: float, left_s: float | None) -> None:
        self.sync = replace(self.sync, filling=share, left_s=left_s, making=True)

    def _wait(self, trouble: PoolTrouble) -> None:
        self._pace.lose()
        tries, self._failed = self.sync.tries + 1, self._failed + 1
        pause = backoff.pause(backoff.LINE_S, tries - 1, backoff.JITTER)
        log.warning("pool: %s; try %d, next in %.0f s", trouble, tries, pause)
        due = Ms(self.clock.now() + int(pause * SECOND))
        self.sync = replace(
            self.sync, tries=tries, trouble=trouble.code, needs=trouble.needs, next_try_at=due,
            past=None, left_s=None,
        )  # fmt: skip
        until = self.clock.monotonic() + pause
        # A machine that slept meanwhile tries as soon as it is awake.
        while not self._over() and self.clock.monotonic() < until and self.clock.now() < due:
            self._halt.wait(POLL_S)

    def _lamps(self, packs: Packs) -> dict[str, pulse.Lamp]:
        return {name: pulse.Lamp(name, at) for name, at in packs.newest.items()}

    def _beat(self) -> None:
        """Tell that we live, see to the reserve, and give back what memory is free; a disk that is
        full or gone stops nothing of it."""
        folder, told, tidy_at = self.settings.data_dir, "", self.clock.monotonic() + TIDY_S
        while not self._halt.is_set():
            if self.clock.monotonic() > tidy_at:
                tidy_at = self.clock.monotonic() + TIDY_S
                platform.give_back()
            try:
                space.keep(folder)
                space.finish(folder, self._pulse)
                told = ""
            except (StoreTrouble, OSError) as trouble:
                if str(trouble) != told:
                    log.error("no pulse: %s", trouble)
                told = str(trouble)
            self._halt.wait(BEAT_S)

    def _pulse(self) -> None:
        warden = self._warden
        harm, copies = (None, None) if warden is None else (warden.newest, warden.copies)
        lamps = (folder.lamp() for folder in self._folders)
        state = replace(
            self.sync, agent_at=self.clock.now(), skew_s=self.clock.skew,
            offset_s=self.clock.offset, harm=harm, copies=copies,
            heard_at=self._pace.heard_at, slow=self._pace.is_slow(),
            peers=self._peers.seen(),
            lamps=self.sync.lamps | {lamp.name: lamp for lamp in lamps},
            feeds=self._intake.seen(),
        )  # fmt: skip
        pulse.write(self.settings.data_dir, state)

    def _over(self) -> bool:
        """Whether to end: told so, or no wall has been there for ten seconds."""
        now = self.clock.monotonic()
        if self.service or platform.is_held(self.settings.data_dir / WALL_LOCK):
            self._wall_at = now
        if now - self._wall_at > ORPHAN_S and not self._halt.is_set():
            log.info("the wall is gone; ending")
            self._halt.set()
        return self._halt.is_set()

    def _close(self) -> None:
        self._halt.set()
        self._live_parts.close()
        self.desk.close()
        self.store.close()


def run(settings: Settings, service: bool = False) -> int:
    """Be the agent of a data directory; 0 when it ended, else why it could not run."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with platform.lock(settings.data_dir / AGENT_LOCK) as held:
        if not held:
            return BUSY
        gc.set_threshold(COLLECT)
        agent = _once_there_is_room(settings, lambda: Agent(settings, service), service)
        if agent is None:
            return REFUSED
        methods.KEPT.keep()
        platform.on_terminate(agent.stop)
        try:
            agent.run()
        except ServerTrouble as trouble:
            log.error("%s", trouble)
            return REFUSED
    return 0


def _once_there_is_room(
    settings: Settings, make: Callable[[], Agent], service: bool
) -> Agent | None:
    """The agent, which cannot begin on a full disk; None where its wall ended before."""
    clock = Clock()
    while True:
        try:
            return space.finish(settings.data_dir, make)
        except StoreTrouble as trouble:
            if trouble.code != FULL:
                raise
            log.error("the agent cannot begin: %s", trouble)
            if not service and not platform.is_held(settings.data_dir / WALL_LOCK):
                return None
        clock.pause(ROOM_S)
