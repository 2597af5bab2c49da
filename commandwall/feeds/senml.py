"""SenML (RFC 8428) in JSON: packs of readings, and the single readings of simple devices.

A record that cannot be used is named by its number, its field and a reason; the others of its pack
are taken. Where it is a base value that cannot be read, nobody knows what the records behind it
mean, and those are refused with it.
"""

from __future__ import annotations

import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import msgspec
import numpy as np
from numpy.typing import NDArray

VERSION = 10
"""The version of RFC 8428, and what a pack has that names none."""
RELATIVE = float(1 << 28)
"""Times below this many seconds count from now."""
LAST = 253_402_300_799.0
"""The end of the year 9999: no moment lies behind it."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")
_NAMES = re.compile(rf"(?:{_NAME.pattern}\n)+")
_DATA = re.compile(r"[A-Za-z0-9\-_]*")
_STANDARD = str.maketrans("-_", "+/")
_PLACE = re.compile(r"\$(?:\[\d+\])?\.(\w+)")
_AT_RISK = (b'_"', b"\\", b" :", b"\t:", b"\n:", b"\r:")
"""Where one of these stands it must be looked at record by record: the end of a label that must be
understood, and what keeps labels from being counted by _LABEL."""
_LABEL = b'":'


class Resolved(msgspec.Struct, frozen=True, gc=False):
    """A record with the base values worked in."""

    name: str
    unit: str
    at: float  # seconds since 1970, UTC
    value: float | bool | str | bytes | None  # None where there is a sum alone
    sum: float | None = None
    label: str = ""  # its own name, without the base name


class Refusal(msgspec.Struct, frozen=True):
    """What was not taken, and why not."""

    no: int  # of the record, from 1; 0 for a whole message
    field: str  # label of SenML; "" where no single one is at fault
    reason: str  # a code; docs/feeds.md says what each means
    name: str = ""  # as far as it is known


class Even(msgspec.Struct, frozen=True):
    """Records that say a name, a number and perhaps a moment each, and no unit; column by column,
    since most of what gateways send is such, and one object for each costs more than the rest."""

    names: list[str]
    at: NDArray[np.float64]  # seconds since 1970, UTC
    values: NDArray[np.float64]
    labels: list[str]

    def record(self, i: int) -> Resolved:
        at, value = float(self.at[i]), float(self.values[i])
        return Resolved(self.names[i], "", at, value, None, self.labels[i])


class Pack(msgspec.Struct, frozen=True):
    """What a message held."""

    kept: list[Resolved] | Even
    refused: list[Refusal]

    @property
    def records(self) -> list[Resolved]:
        """In the order of the message."""
        if isinstance(self.kept, Even):
            return [self.kept.record(i) for i in range(len(self.kept.names))]
        return self.kept


class _Bases(msgspec.Struct, omit_defaults=True):
    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bs: float | None = None
    bver: float | None = None


class _Record(_Bases, gc=False, omit_defaults=True):
    n: str = ""
    u: str = ""
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    vd: str | None = None
    s: float | None = None
    t: float | None = None
    ut: float | None = None


class _Plain(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A record of an even pack, of which the first may give name and time to all."""

    n: str
    v: float
    t: float | None = None
    bn: str | None = None
    bt: float | None = None


class _Lone(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A reading that stands alone."""

    v: float
    n: str = ""
    t: float | None = None


class _Own(msgspec.Struct):
    n: str = ""


class _Unfit(Exception):
    """The record at hand, by field and reason."""


class _Spoilt(Exception):
    """The record at hand and all behind it."""


_WHOLE = msgspec.json.Decoder(list[_Record])
_EVEN = msgspec.json.Decoder(list[_Plain])
_LONE = msgspec.json.Decoder(_Lone | float)
_SINGLE = msgspec.json.Decoder(_Record | float | bool)
_PIECES = msgspec.json.Decoder(list[msgspec.Raw])
_RECORD = msgspec.json.Decoder(_Record)
_OWN = msgspec.json.Decoder(_Own)
_BASES = msgspec.json.Decoder(_Bases)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes, now: float, most: int, name: str = "") -> Pack:
    """The readings of a message of at most so many bytes.

    An array is a pack. Else it is one reading: a record, or a value and nothing else; `name` is how
    the device is called where the reading does not say it. `now`: seconds, for times that count
    from now. Raises nothing.
    """
    if len(body) > most:
        return _nothing("size")
    try:
        body.decode()
        if body.lstrip()[:1] == b"[":
            if (even := _even(body, now)) is not None:
                return Pack(even, [])
            return _resolve(_records(body), _Carried(now))
        return _resolve(_one(body), _Carried(now, name))
    except RecursionError:
        return _nothing("depth")
    except msgspec.ValidationError as why:
        return Pack([], [Refusal(0, _field(why), "type")])
    except ValueError:  # no JSON, or no UTF-8
        return _nothing("json")


def lone(body: bytes, now: float, most: int, name: str) -> tuple[str, float, float] | None:
    """Name, moment and number of a message that says one reading and nothing else, as `read` has
    them: devices that know no better send thousands a second. None for any other message, and
    where anything of it must be looked at more closely."""
    if body[:1] == b"[" or len(body) > most or b"\\" in body:
        return None
    try:
        found = _LONE.decode(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, float):
        at, value = now, found
    else:
        at, value, name = found.t or 0.0, found.v, found.n or name
        at = at + now if at < RELATIVE else at
        labels = 1 + (found.t is not None) + (b'"n"' in body)
        if body.count(b":") != labels + found.n.count(":"):  # one of them stands twice
            return None
    sound = math.isfinite(value) and 0.0 <= at <= LAST and _NAME.fullmatch(name) is not None
    return (name, at, value) if sound else None


def _nothing(reason: str) -> Pack:
    return Pack([], [Refusal(0, "", reason)])


def _records(body: bytes) -> Iterable[_Record | msgspec.Raw]:
    """At one go where all are sound, else one by one."""
    with suppress(msgspec.ValidationError):
        if not _at_risk(body) and _is_all(found := _WHOLE.decode(body), body):
            return found
    return _PIECES.decode(body)


def _even(body: bytes, now: float) -> Even | None:
    """None for a pack in which anything is unlike: it is looked at record by record."""
    try:
        found = _EVEN.decode(body)
    except msgspec.ValidationError:
        return None
    if not found or b"\\" in body:
        return None
    name, time, times = found[0].bn, found[0].bt, [one.t for one in found]
    labels, values = [one.n for one in found], np.array([one.v for one in found])
    told = 3 * len(found) - times.count(None) + (name is not None) + (time is not None)
    said = "".join([name or "", *labels]).count(":")
    if body.count(b":") != told + said:  # a label twice, or a base value behind the first record
        return None
    names = [name + label for label in labels] if name else labels
    with np.errstate(over="ignore"):
        own = [one or 0.0 for one in times] if times.count(None) < len(times) else 0.0
        at = np.full(len(times), time or 0.0) + own
    at[at < RELATIVE] += now
    sound = bool(np.isfinite(values).all()) and at.min() >= 0.0 and at.max() <= LAST
    if not sound or _NAMES.fullmatch("\n".join([*names, ""])) is None:
        return None
    return Even(names, at, values, labels)


def _one(body: bytes) -> Iterable[_Record | msgspec.Raw]:
    found = _SINGLE.decode(body)
    if isinstance(found, bool):
        return [_Record(vb=found)]
    if isinstance(found, float):
        return [_Record(v=found)]
    sound = not _at_risk(body) and _is_all(found, body)
    return [found] if sound else [msgspec.Raw(body)]


def _at_risk(body: bytes) -> bool:
    return any(one in body for one in _AT_RISK)


def _is_all(found: _Record | list[_Record], body: bytes) -> bool:
    """Whether what was understood has each label of the message: one that stands twice, or that
    nobody knows, is missing."""
    return msgspec.json.encode(found).count(_LABEL) == body.count(_LABEL)


def _resolve(records: Iterable[_Record | msgspec.Raw], bases: _Carried) -> Pack:
    kept: list[Resolved] = []
    pack, no, spoilt = Pack(kept, []), 0, ""
    for no, piece in enumerate(records, 1):
        name = ""
        try:
            if spoilt:
                raise _Unfit(spoilt, "base")
            if isinstance(piece, _Record):
                record = piece
            else:
                name = bases.name + _named(piece)
                record = _read(piece, bases)
            name = (bases.name if record.bn is None else record.bn) + record.n
            if (found := bases.resolve(record)) is not None:
                kept.append(found)
        except _Unfit as why:
            field, reason = why.args
            pack.refused.append(Refusal(no, field, reason, name))
        except _Spoilt as why:
            spoilt, reason = why.args
            if reason == "newer":  # the whole of it means something that we cannot know
                return Pack([], [Refusal(no, spoilt, reason)])
            pack.refused.append(Refusal(no, spoilt, reason, name))
    if not no:
        pack.refused.append(Refusal(0, "", "empty"))
    return pack


def _read(raw: msgspec.Raw, bases: _Carried) -> _Record:
    """One record; what it gives to those behind it is taken also where the rest is of no use."""
    twice = _twice(raw)
    if twice in _Bases.__struct_fields__:  # nobody knows which of them those behind it mean
        raise _Spoilt(twice, "twice")
    try:
        found = _RECORD.decode(raw)
        strange = next((key for key in _KEYS.decode(raw) if key.endswith("_")), "")
        if not strange and twice is None:
            return found
        told = (twice, "twice") if twice is not None else (strange, "unknown_field")
        fault = _Unfit(*told)
    except msgspec.ValidationError as why:
        fault = _Unfit(_field(why), "type")
    try:
        bases.carry(_BASES.decode(raw))
    except msgspec.ValidationError as why:
        if field := _field(why):
            raise _Spoilt(field, "type") from why
    raise fault


def _twice(raw: msgspec.Raw) -> str | None:
    """A label that stands twice in a record, be it an empty one."""
    text = bytes(raw).strip()
    if text[:1] != b"{":
        return None
    pairs = json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)
    times = Counter(key for key, _ in pairs)
    return next((key for key, many in times.items() if many > 1), None)


def _named(raw: msgspec.Raw) -> str:
    """Its own name, where that can be read."""
    with suppress(msgspec.ValidationError):
        return _OWN.decode(raw).n
    return ""


def _field(why: Exception) -> str:
    found = _PLACE.search(str(why))
    return found[1] if found else ""


class _Carried:
    """The base values in force."""

    __slots__ = ("name", "nameless", "now", "sum", "time", "unit", "value", "version")

    def __init__(self, now: float, nameless: str = "") -> None:
        """`nameless`: how a device is called that does not say it."""
        self.nameless = nameless
        self.name = self.unit = ""
        self.time = self.value = 0.0
        self.sum: float | None = None
        self.version: float | None = None
        self.now = now

    def carry(self, given: _Bases) -> None:
        if given.bver is not None:
            self._check(given.bver)
        if given.bn is not None:
            self.name = given.bn
        if given.bt is not None:
            self.time = given.bt
        if given.bu is not None:
            self.unit = given.bu
        if given.bv is not None:
            self.value = given.bv
        if given.bs is not None:
            self.sum = given.bs

    def resolve(self, record: _Record) -> Resolved | None:
        """None for one that only gives base values to those behind it."""
        self.carry(record)
        if self.version is None:
            self.version = VERSION
        value = self._value(record)
        if value is None and record.s is None:
            if self._only_gives(record):
                return None
            raise _Unfit("v", "no_value")
        name = self.name + record.n or self.nameless
        if _NAME.fullmatch(name) is None:
            raise _Unfit("n", "name" if name else "no_name")
        total = None
        if record.s is not None or self.sum is not None:
            total = _finite("s", (self.sum or 0.0) + (record.s or 0.0))
        return Resolved(name, record.u or self.unit, self._at(record), value, total, record.n)

    def _check(self, version: float) -> None:
        if version > VERSION:
            raise _Spoilt("bver", "newer")
        if version < 1 or version != int(version) or self.version not in (None, version):
            raise _Spoilt("bver", "version")
        self.version = version

    def _at(self, record: _Record) -> float:
        at = self.time + (record.t or 0.0)
        if at < RELATIVE:
            at += self.now
        if not 0.0 <= at <= LAST:
            raise _Unfit("t", "range")
        return at

    def _value(self, record: _Record) -> float | bool | str | bytes | None:
        given = [record.vs is not None, record.vb is not None, record.vd is not None]
        if record.v is not None:
            if any(given):
                raise _Unfit("v", "values")
            return _finite("v", record.v + self.value)
        if sum(given) > 1:
            raise _Unfit("v", "values")
        if record.vd is not None:
            return _data(record.vd)
        return record.vb if record.vs is None else record.vs

    def _only_gives(self, record: _Record) -> bool:
        own = (record.n, record.u, record.t, record.ut)
        given = (record.bn, record.bt, record.bu, record.bv, record.bs, record.bver)
        return not any(own) and any(one is not None for one in given)


def _finite(field: str, value: float) -> float:
    if not math.isfinite(value):
        raise _Unfit(field, "range")
    return value


def _data(text: str) -> bytes:
    """Base64 in the alphabet of addresses, without padding."""
    if _DATA.fullmatch(text) is None:
        raise _Unfit("vd", "base64")
    try:
        return binascii.a2b_base64(text.translate(_STANDARD) + "=" * (-len(text) % 4))
    except binascii.Error as why:
        raise _Unfit("vd", "base64") from why
