"""Settings: one frozen dataclass from TOML < environment < flags.

An unknown key is an error that names its line. Secrets never stand here: only the path of a file
that nobody else can read. Where there is none, the keyring is asked (secret.py).
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints
from urllib.parse import unquote, urlsplit

from platformdirs import user_data_path

from commandwall import exercise

ASSETS = Path(__file__).resolve().parent.parent / "assets"
PREFIX = "COMMANDWALL_"
FOR_TESTS = PREFIX + "TEST_"
"""What the tests are asked by; the programs that they start inherit it."""
REFUSED, USAGE, BUSY = 1, 2, 3
"""Exit codes: it cannot be done; asked wrongly; another one does it already."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "scale": ("small", "city"),
    "side": ("back", "front"),
    "lang": ("zh", "en"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR"),
}


FILES: Mapping[str, str] = {"theme": "themes", "wall": "walls"}
"""Settings that name a file of a folder in assets."""
SECRETS = frozenset({"secret_file", "basemap_key_file", "mqtt_secret_file"})
"""Settings that name a file which only its owner may read."""
_PASSWORD = re.compile(r"://[^@?]*:[^@?]*@|password\s*=", re.IGNORECASE)
NO_PASSWORD = (
    "no password stands in an address, where others can read it; write the address without it, "
    "and the password alone into a file of your own (chmod 600) that secret_file names, or into "
    "the keyring: keyring set commandwall ADDRESS"
)
LONGEST_MM = 1e6
NEAREST, FARTHEST = 300, 50_000
"""Pixels between the screen and the farthest seat for which type can be set."""
NO_BROKER_PASSWORD = (
    "no password stands in an address, where others can read it; write mqtt://user@host:port, and "
    "the password alone into a file of your own (chmod 600) that mqtt_secret_file names, or into "
    "the keyring: keyring set commandwall ADDRESS"
)
TOLD = 60
"""Characters of a wrong value that are told."""


ADDRESSES = frozenset({"peer_listen", "peers"})
LEADS_OUT = (
    "demo", "pool", "secret_file", "peer_listen", "peers", "warnings_folder", "warnings_from",
    "mentions_folder", "mqtt", "mqtt_warnings", "mqtt_secret_file", "backup_to",
)  # fmt: skip
"""Settings by which a station reaches others, or is reached. A drill has its own pool, which its
mark names, and none of these, whatever stands in the settings of the real one."""
PORTS: Mapping[str, int] = {"mqtt": 1883, "mqtts": 8883}
"""Schemes of a broker's address, and their usual ports."""
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[^\s:,\[\]]+):([0-9]{1,5})")


class SettingsError(Exception):
    """A setting is wrong; the text names where it stands and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person may set. Lengths in millimetres."""

    data_dir: Path = field(default_factory=lambda: user_data_path("commandwall"))
    demo: bool = False
    scale: str = "small"
    pool: str = ""  # postgresql:// address without a password
    secret_file: str = ""  # file of mode 0600 with the pool's password
    peer_listen: str = ""  # host:port where other stations of the hall may call; nowhere if empty
    peers: str = ""  # host:port of stations to call, with commas between
    warnings_folder: str = ""  # where CAP files are put; `warnings` in the data directory if empty
    warnings_from: str = ""  # senders whose warnings are taken, with commas between; all if empty
    mentions_folder: str = ""  # where files of mentions are put; `mentions` as above if empty
    mqtt: str = ""  # mqtt:// or mqtts:// addresses of brokers, with commas between, no passwords
    mqtt_topics: str = "sensors/#"  # what is subscribed to, with commas between
    mqtt_warnings: str = ""  # topics whose messages are CAP warnings, with commas between
    mqtt_prefix: str = ""  # what devices put before their id in the pool
    mqtt_secret_file: str = ""  # file of mode 0600 with the brokers' password
    mqtt_ca_file: str = ""  # certificates that a broker's own is checked by; the system's if empty
    backup_to: str = ""  # folder on another disk where each backup is copied to
    side: str = "back"  # the command post this station serves before one is chosen
    lang: str = "zh"
    theme: str = "dark"
    wall: str = "peace"
    screen: str = ""  # name of the screen; the first where empty
    map_screens: str = ""  # names of further screens that each show a map, with commas between
    distance_mm: float = 8000.0  # farthest seat
    pitch_mm: float = 2.5
    reduced_motion: bool = False
    resume: bool = False  # open where the last wall stood
    log_level: str = "INFO"
    plugins: str = ""  # module:Class, comma separated, beside the installed ones
    plans: str = ""  # folder with plans of this city, beside those in assets/plans
    codelists: str = ""  # folder with rows of code lists of this city, beside those in assets
    basemap: str = ""  # row of codelists/basemap, .pmtiles or .mbtiles file, or address with {z}
    basemap_datum: str = ""  # of that file or address
    basemap_credit: str = ""  # what its licence wants written on the map
    basemap_key_file: str = ""  # file of mode 0600 with the key of an online map

    @staticmethod
    def load(
        flags: Mapping[str, Any],
        environment: Mapping[str, str] = os.environ,
        file: Path | None = None,
    ) -> Settings:
        """Settings from a file, the environment and flags, the later ones winning.

        Raises SettingsError for an unknown key, a value of the wrong kind, or a readable secret.
        """
        given = _from_file(file) if file is not None else {}
        given.update(_from_environment(environment))
        flagged = {key: value for key, value in flags.items() if value is not None}
        given.update({key: Given(value, _flag(key)) for key, value in flagged.items()})
        settings = Settings(**{key: _checked(key, one) for key, one in given.items()})
        if settings.demo and "data_dir" not in given:
            # What is done in an invented city must never be sent to a real one.
            settings = replace(settings, data_dir=settings.data_dir / "demo")
        if (drill := exercise.of(settings.data_dir)) is not None:
            settings = _within(settings, drill.pool)
        _check_seat(settings.distance_mm / settings.pitch_mm)
        for key in SECRETS & given.keys():
            check_secret_file(getattr(settings, key), given[key].where)
        return settings

    def environment(self) -> dict[str, str]:
        """These settings as variables for a child program."""
        return {PREFIX + f.name.upper(): str(getattr(self, f.name)) for f in fields(self)}


def _within(settings: Settings, pool: str) -> Settings:
    """Nothing that leads out of a drill; the drill's pool where the station joined it."""
    none = {name: getattr(Settings(), name) for name in LEADS_OUT}
    secret = str(settings.data_dir / exercise.SECRET) if pool else ""
    return replace(settings, **none | {"pool": pool, "secret_file": secret})


def addresses(text: str) -> list[tuple[str, int]]:
    """Host and port of each `host:port` (IPv6: `[host]:port`) between commas.

    Raises ValueError with the first that is none.
    """
    found = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        match = _ADDRESS.fullmatch(one)
        if match is None or not 0 < int(match[2]) < 1 << 16:
            raise ValueError(one)
        found.append((match[1].strip("[]"), int(match[2])))
    return found


class Broker(NamedTuple):
    """Where MQTT is spoken; `address` as it was written."""

    address: str
    host: str
    port: int
    user: str
    tls: bool


def brokers(text: str) -> list[Broker]:
    """Each `mqtt://user@host:port` or `mqtts://...` between commas; user and port may be left out.

    Raises ValueError with the first that is none.
    """
    found = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        try:
            url = urlsplit(one)
            port = url.port or PORTS[url.scheme]
        except (KeyError, ValueError) as error:
            raise ValueError(one) from error
        if not url.hostname or url.path.strip("/") or url.query or url.fragment:
            raise ValueError(one)
        user = unquote(url.username or "")
        found.append(Broker(one, url.hostname, port, user, url.scheme == "mqtts"))
    return found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture of the wall to be written to a file."""

    file: Path
    width: int
    height: int
    page: str
    wait_s: float


_HINTS: Mapping[str, Any] = get_type_hints(Settings)


class Given(NamedTuple):
    """A value, and where it stands: file and line, variable or flag."""

    value: Any
    where: str


def _from_file(file: Path) -> dict[str, Given]:
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a text with a mark
        values = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, or no text at all
        raise SettingsError(f"{file}: {error}") from error
    place = {key: f"{file}:{_line(text, key)}: " for key in values}
    for key in values:
        if key not in _HINTS:
            raise SettingsError(f"{place[key]}unknown key {_told(key)}")
    return {key: Given(value, place[key] + key) for key, value in values.items()}


def _line(text: str, key: str) -> int:
    begins = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[]=.]""")
    return next((n for n, line in enumerate(text.splitlines(), 1) if begins.match(line)), 1)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Given]:
    given = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name.startswith(FOR_TESTS):
            continue
        key = name.removeprefix(PREFIX).lower()
        if key not in _HINTS:
            raise SettingsError(f"{name}: there is no setting {_told(key)}")
        given[key] = Given(_from_text(key, text, name), name)
    return given


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _from_text(key: str, text: str, name: str) -> Any:
    hint = _HINTS[key]
    try:
        if hint is bool:
            return {"true": True, "1": True, "false": False, "0": False, "": False}[text.lower()]
        return text if hint is Path else hint(text)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{name}: {_told(text)} is no {hint.__name__}") from error


def _checked(key: str, given: Given) -> Any:
    value, where, hint = given.value, given.where, _HINTS[key]
    if key == "pool" and _PASSWORD.search(str(value)):
        raise SettingsError(f"{where}: {NO_PASSWORD}")
    if "\0" in str(value):
        raise SettingsError(f"{where}: {_told(value)} holds a NUL, which no name may")
    if hint is Path and value and isinstance(value, str | Path):
        return _path(Path(value), where)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _length(value, where)
    if not isinstance(value, hint):
        raise SettingsError(f"{where}: {_told(value)} is no {hint.__name__}")
    if key in ADDRESSES:
        _check(addresses, value, where, "10.0.0.5:7420")
    if key == "mqtt":
        _check_brokers(value, where)
    choices = _choices(key)
    if choices and value not in choices:
        raise SettingsError(f"{where}: {_told(value)} is none of {', '.join(choices)}")
    return value


def _path(value: Path, where: str) -> Path:
    try:
        return value.expanduser().absolute()
    except RuntimeError as error:  # nobody of that name, or no home
        raise SettingsError(f"{where}: {_told(str(value))}: {error}") from error


def _length(value: float, where: str) -> float:
    if not 0 < value <= LONGEST_MM:
        raise SettingsError(f"{where}: {_told(value)} is no length")
    return float(value)


def _check_seat(away: float) -> None:
    if not NEAREST <= away <= FARTHEST:
        raise SettingsError(
            f"distance_mm, pitch_mm: the farthest seat is {away:.0f} pixels away; "
            f"type can be set for {NEAREST} to {FARTHEST}"
        )


def _choices(key: str) -> tuple[str, ...]:
    if key in FILES:
        return tuple(sorted(file.stem for file in (ASSETS / FILES[key]).glob("*.toml")))
    return CHOICES.get(key, ())


def _told(value: object) -> str:
    """A value as it was given, short enough for a sentence."""
    given = repr(value)
    return given if len(given) <= TOLD else f"{given[:TOLD]}…"


def _check_brokers(value: str, where: str) -> None:
    if any(_PASSWORD.search(part) for part in value.split(",")):
        raise SettingsError(f"{where}: {NO_BROKER_PASSWORD}")
    _check(brokers, value, where, "mqtt://user@10.0.0.5:1883")


def _check(parse: Callable[[str], object], value: str, where: str, like: str) -> None:
    try:
        parse(value)
    except ValueError as error:
        raise SettingsError(f"{where}: {_told(str(error))} is no address like {like}") from error


def check_secret_file(path: str, where: str) -> None:
    """SettingsError where a file that holds a secret is not there, or others can read it."""
    if not path:
        return
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise SettingsError(f"{where}: {path}: {error.strerror}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SettingsError(f"{where}: {path} can be read by others: chmod 600 {path}")
