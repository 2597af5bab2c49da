"""Seats: further stations in the drill of one. Its controller invites, for a post; who comes joins.

An invitation is a file with a login of the drill's own pool, which opens it once: joining draws
another password. The directory that joining makes is a drill's before anything else is in it, and
holds nothing of the real world. Where a player sits there is no scenario.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from commandwall import exercise, platform, posts, rights
from commandwall.config import Settings
from commandwall.drill import evaluating, play
from commandwall.drill.drill_acts import JOIN
from commandwall.drill.scenario import Scenario
from commandwall.exercise import DRILLS, Exercise
from commandwall.playing.ground import NoGround
from commandwall.pool import stations
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.server import PORT, PoolServer
from commandwall.rights import About
from commandwall.world import World

STATION = "station"
"""Row of drill_seat: a post that is played at a station."""
_RUN = re.compile(r"\w[\w.-]*")


class Invitation(msgspec.Struct, frozen=True):
    """What a station needs to come into a drill."""

    exercise: Exercise  # with the address of its pool for this login
    post: str
    secret: str  # opens the pool once
    scenario: str  # text, for who leads or evaluates; none for a player


READ = msgspec.json.Decoder(Invitation)


def invite(folder: Path, post: str, file: Path) -> None:
    """Write an invitation into the drill of a directory, for a post: a new file that only we can
    read.

    Raises NoGround, ServerTrouble, psycopg.Error, OSError.
    """
    drill, scenario = exercise.of(folder), play.scenario_of(folder)
    if drill is None or drill.pool or scenario is None:
        raise NoGround("not_led")
    sees = _sees(post)
    if not sees and post not in _played(scenario):
        raise NoGround("post")
    login = f"{post}_{secrets.token_hex(4)}"
    secret = file.with_name(f".{file.name}.secret")
    with PoolServer(folder / "pool") as server, server.owner() as conn, ExitStack() as parts:
        parts.callback(secret.unlink, missing_ok=True)
        stations.add(conn, login, "", secret)
        undo = parts.enter_context(ExitStack())
        undo.callback(stations.remove, conn, login)
        named = msgspec.structs.replace(drill, pool=stations.address(server.station_url, login))
        text = (folder / exercise.SCENARIO).read_bytes().decode() if sees else ""
        invited = Invitation(named, post, secret.read_text(), text)
        platform.write_private(file, msgspec.json.encode(invited).decode())
        undo.pop_all()


def join(folder: Path, file: Path, socket: Path | None = None) -> Path:
    """Make the directory of a drill that this station was invited to below its own; returns it.

    `socket`: the folder in which the pool's socket is found here, where that is another one than at
    the station that invited. Nothing is left where it comes to nothing. Raises NoGround,
    StoreTrouble, OSError.
    """
    invited = _read(file, socket)
    drill = invited.exercise
    if exercise.of(folder) is not None:
        raise NoGround("nested")
    made = folder / DRILLS / drill.run
    if made.exists():
        raise NoGround("joined")
    platform.private_folder(made.parent)
    fresh = made.with_name(f".{drill.run}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    platform.private_folder(fresh)
    try:
        exercise.lay(fresh, drill)
        _sit(fresh, invited)
        _open_once(fresh, invited)
        fresh.rename(made)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return made


def is_seat(folder: Path) -> bool:
    """Whether a directory joined the drill of another station."""
    drill = exercise.of(folder)
    return drill is not None and bool(drill.pool)


def _sees(post: str) -> bool:
    """Whether who sits there knows the script: he leads the drill, or evaluates it."""
    acts = play.act_on_clock, evaluating.mark_inject
    return any(rights.barred(act, post, About(drill=True)) is None for act in acts)


def _played(scenario: Scenario) -> set[str]:
    return {player.post for player in scenario.players if player.seat == STATION}


def _read(file: Path, socket: Path | None) -> Invitation:
    """What stands in a file from elsewhere; NoGround where it is no invitation."""
    try:
        invited = READ.decode(file.read_bytes())
    except msgspec.DecodeError as error:
        raise NoGround("invitation") from error
    drill = invited.exercise
    if not _RUN.fullmatch(drill.run) or invited.post not in posts.known() or not drill.pool:
        raise NoGround("invitation")
    if socket is None:
        return invited
    query = f"host={quote(str(socket.absolute()))}&port={PORT}"
    pool = urlsplit(drill.pool)._replace(query=query).geturl()
    return msgspec.structs.replace(invited, exercise=msgspec.structs.replace(drill, pool=pool))


def _sit(fresh: Path, invited: Invitation) -> None:
    """The station takes its post, and tells the clock that it came."""
    if invited.scenario:
        (fresh / exercise.SCENARIO).write_bytes(invited.scenario.encode())
    with closing(World.open(Settings(data_dir=fresh))) as world:
        world.desk.take_post(invited.post).result()
        deed = {"deed": JOIN, "subject": invited.post}
        world.desk.run(play.act_on_clock, deed, post=invited.post)


def _open_once(fresh: Path, invited: Invitation) -> None:
    """From now on only this station's own password opens the pool for this login."""
    own = stations.draw()
    platform.write_private(fresh / exercise.SECRET, own)
    once = fresh / f"{exercise.SECRET}.once"
    platform.write_private(once, invited.secret)
    with _told_why(), Client(invited.exercise.pool, str(once)) as client:
        client.check_world(drill=True)
        client.change_password(own)
    once.unlink()


@contextmanager
def _told_why() -> Iterator[None]:
    try:
        yield
    except PoolTrouble as trouble:
        raise NoGround("used" if trouble.code == "login" else "away") from trouble
