"""People 值班人员: who may sit at a station, the post that each takes, and his secret.

While nobody is enrolled a post is chosen freely. From the first one on acts need somebody who came
in with his secret; who that is stands on disk, so that no restart of a program opens a door.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from commandwall import codes, posts
from commandwall.clock import MINUTE, Ms
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

ACTIVE, DISABLED = "ACTIVE", "DISABLED"
IN, LOCKED, OUT = "IN", "LOCKED", "OUT"
"""Somebody sits there; he is away and his secret is asked for; nobody does."""
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
LONGEST = 200
"""Letters of a secret."""


@record(WALL)
@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody who may sit at a station; `id` is the short name that he types."""

    id: str
    name: str  # as lines of the journal name him
    area: str  # code of the area on whose records he may act; "" for the whole city
    posts: str  # that he may take, with commas; "" for any
    state: str
    secret: str  # argon2id with its salt and cost; the secret itself is kept nowhere
    at: Ms
    by: str
    post: str


@record(WALL, meeting=Meeting(yields={LOCKED: frozenset({OUT})}))
@dataclass(frozen=True, slots=True)
class Duty:
    """Who sits at a station 在岗; `id` is the station's name in the journal. A station that locks
    itself does not bring back whom a relief has sent home."""

    id: str
    officer: str
    name: str
    seat: str  # the post he took
    state: str
    area: str
    at: Ms
    before: str = ""  # who sat there until then, where it was another
    before_seat: str = ""


@record(WALL)
@dataclass(frozen=True, slots=True)
class SignIn:
    """Wrong secrets at one station since the last right one; `id` is station|officer, the officer
    "" for names that nobody has: what was typed is not kept, it may be a secret."""

    id: str
    officer: str
    area: str
    failures: int
    at: Ms
    locked_until: Ms | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a post, as it is shown."""

    post: str
    officer: str
    name: str
    station: str
    since: Ms


def holders(duties: Iterable[Duty]) -> dict[str, list[Held]]:
    """Who holds each post anywhere, as far as this station knows, the longest first."""
    held: dict[str, list[Held]] = {}
    for d in sorted((d for d in duties if d.state != OUT), key=lambda duty: duty.at):
        held.setdefault(d.seat, []).append(Held(d.seat, d.officer, d.name, d.id, d.at))
    return held


# Who is known.


def enrolled(reader: Reader) -> bool:
    """Whether posts are no longer chosen freely: disabling the last one opens no door."""
    return bool(reader.value("SELECT 1 FROM officer LIMIT 1"))


def known(reader: Reader, typed: str) -> Officer | None:
    """The active officer of a short name or a name."""
    found = reader.find(Officer, id=typed.strip().lower()) or reader.find(Officer, name=typed)
    return next((o for o in found if o.state == ACTIVE), None)


def may_take(officer: Officer, seat: str) -> bool:
    return seat in posts.known() and (not officer.posts or seat in officer.posts.split(","))


def enrol(tx: Tx, officer: Officer) -> None:
    """登记: somebody new. Refused("known") for a name that is given, Refused("unknown") for a post
    that no list has."""
    name = written("name", officer.name, TITLE_LIMIT)
    if not LOGIN.fullmatch(officer.id):
        raise Refused("unknown", kind="officer", id=officer.id)
    if any(other.id == officer.id or other.name == name for other in tx.find(Officer)):
        raise Refused("known", id=officer.id)
    for post in filter(None, officer.posts.split(",")):
        if post not in posts.known():
            raise Refused("unknown", kind="post", id=post)
    tx.put(replace(officer, name=name, state=ACTIVE, at=tx.now, by=tx.by, post=tx.post))


def renew_secret(tx: Tx, officer: str, secret: str) -> None:
    """改口令: another one, given as its hash. Whoever sits somewhere with the old one stays."""
    tx.put(replace(person(tx, officer), secret=secret, at=tx.now, by=tx.by, post=tx.post))


def disable(tx: Tx, officer: str) -> None:
    """停用: he comes in nowhere, and what he sits at refuses his acts."""
    tx.put(replace(person(tx, officer), state=DISABLED, at=tx.now, by=tx.by, post=tx.post))


def enable(tx: Tx, officer: str) -> None:
    """恢复: he may come in again."""
    tx.put(replace(person(tx, officer), state=ACTIVE, at=tx.now, by=tx.by, post=tx.post))


def person(tx: Tx, officer: str) -> Officer:
    return present(tx, Officer, officer)


# Secrets.


def hashed(secret: str) -> str:
    """The argon2id hash of a secret, with its salt and cost; takes as long as one is meant to."""
    from argon2 import PasswordHasher  # here: most programs that load this never need it

    return PasswordHasher().hash(secret.strip()[:LONGEST])


def fits(officer: Officer | None, secret: str) -> bool:
    """Whether a secret is an officer's; as slow for a name that nobody has."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    if officer is None:
        return bool(hashed(secret)) and False
    try:
        return PasswordHasher().verify(officer.secret, secret.strip()[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False


def check_secret(secret: str) -> None:
    """Refused("short_secret") for one that is too easily guessed by its length."""
    least = int(codes.limit("secret_letters"))
    if not least <= len(secret.strip()) <= LONGEST:
        raise Refused("short_secret", least=least, most=LONGEST)


def check_tries(reader: Reader, officer: Officer | None, now: Ms) -> None:
    """Refused("locked_out") while too many wrong secrets were typed here under that name. A lock
    that would last longer than any may was set by a clock that has been put right since."""
    tried = reader.get(SignIn, _tries(reader, officer))
    left = (tried.locked_until or 0) - now if tried is not None else 0
    if tried is not None and 0 < left <= codes.limit("sign_in_minutes") * MINUTE:
        raise Refused("locked_out", until=tried.locked_until)


def refuse_secret(tx: Tx, officer: str) -> None:
    """口令不符: count it; after so many the name is locked at this station for some minutes."""
    found = tx.get(Officer, officer) if officer else None
    key, was = _tries(tx, found), tx.get(SignIn, _tries(tx, found))
    over = was is not None and was.locked_until is not None and was.locked_until <= tx.now
    failures = 1 if was is None or over else was.failures + 1
    locked = failures >= codes.limit("sign_in_tries")
    until = Ms(tx.now + int(codes.limit("sign_in_minutes") * MINUTE)) if locked else None
    area = found.area if found else ""
    tx.put(SignIn(key, officer, area, failures, tx.now, until))


def _tries(reader: Reader, officer: Officer | None) -> str:
    return f"{reader.setting('origin')}|{officer.id if officer else ''}"


# Who sits here.


def here(reader: Reader) -> Duty | None:
    """Who sits at this station, or sat there last."""
    return reader.get(Duty, reader.setting("origin"))


def sign_in(tx: Tx, officer: str, seat: str) -> None:
    """签到: an officer whose secret was right takes a post. Whoever sat there is named in the line;
    this is also how one who was away comes back.

    Refused("seat") for a post that is not among his.
    """
    who = person(tx, officer)
    if who.state != ACTIVE:
        raise Refused("disabled", name=who.name)
    sit(tx, who, seat)
    if (tried := tx.get(SignIn, _tries(tx, who))) is not None:
        tx.put(replace(tried, failures=0, locked_until=None, at=tx.now))


def take_post(tx: Tx, post: str, person: str) -> None:
    """换岗: freely while nobody is enrolled; then whoever sits here takes another of his posts."""
    if not enrolled(tx):
        tx.set("post", post)
        tx.set("person", person)
        return
    who = _seated(tx)
    if person != who.name:
        raise Refused("signed_out")
    sit(tx, who, post)


def sign_out(tx: Tx) -> None:
    """签退: nobody sits here now."""
    _seated(tx)
    _turn(tx, OUT)


def lock(tx: Tx) -> None:
    """锁定: whoever sits here is away; nothing to do where nobody does."""
    duty = here(tx)
    if duty is not None and duty.state == IN:
        _turn(tx, LOCKED)


def entitled(tx: Tx) -> str:
    """The area of whoever acts in this transaction; "" for the whole city.

    Refused("signed_out"), Refused("locked"), Refused("disabled") or Refused("seat") unless nobody
    is enrolled, or he sits here on that post.
    """
    if not enrolled(tx):
        return ""
    who, duty = _seated(tx), here(tx)
    if duty is None or (tx.by, tx.post) != (duty.name, duty.seat):
        raise Refused("signed_out")
    if not may_take(who, duty.seat):
        raise Refused("seat", name=who.name, post=duty.seat)
    return who.area


def _seated(tx: Tx) -> Officer:
    duty = here(tx)
    if duty is None or duty.state == OUT:
        raise Refused("signed_out")
    if duty.state == LOCKED:
        raise Refused("locked", name=duty.name)
    who = person(tx, duty.officer)
    if who.state != ACTIVE:
        raise Refused("disabled", name=who.name)
    return who


def sit(tx: Tx, who: Officer, seat: str) -> None:
    """Somebody who may takes a chair of this station; whoever sat there is named."""
    if not may_take(who, seat):
        raise Refused("seat", name=who.name, post=seat)
    was, station = here(tx), tx.setting("origin")
    other = was is not None and was.state != OUT and (was.officer, was.seat) != (who.id, seat)
    before = (was.name, was.seat) if was is not None and other else ("", "")
    tx.put(Duty(station, who.id, who.name, seat, IN, who.area, tx.now, *before))
    tx.set("post", seat)
    tx.set("person", who.name)


def _turn(tx: Tx, state: str) -> None:
    duty = here(tx)
    if duty is not None:
        tx.put(replace(duty, state=state, at=tx.now, before="", before_seat=""))
