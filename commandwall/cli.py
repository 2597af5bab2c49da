"""The command line: what `commandwall` understands. Draws nothing; main.py hands in the wall."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from commandwall import exercise, guard, logs, own_lists, pairing, platform
from commandwall.config import CHOICES, REFUSED, USAGE, Settings, SettingsError, Snapshot

RunWall = Callable[[Settings, Snapshot | None], int]
LEAVING = frozenset({"carry", "codes", "feed", "peer"})
"""Commands that hand something to other stations or systems, or take it from them; rows of code
lists go into a folder that the real station reads too."""
STAYS = "演练目录不与外部交换 nothing leaves a drill's world"
NO_LOGIN = "演练不随登录启动 a drill takes no place of the real wall"


STATION = frozenset(
    ("backup", "codes", "drill", "export", "feed", "peer", "person", "qr", "rota", "rules")
)
"""Commands about the files and people of this station."""


class _Command(argparse.ArgumentParser):
    """A command. What can be asked of it is brought once it is named: the rooms of all of them
    together would take a sixth of a second of each start of the wall."""

    bring: Callable[[argparse.ArgumentParser], None] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        bring, self.bring = self.bring, None
        if bring is not None:
            bring(self)
        return super().parse_known_args(args, namespace)


def run(arguments: Sequence[str], run_wall: RunWall) -> int:
    """Do what the arguments ask; returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        pairing.check()
        settings = Settings.load(_flags(asked), file=asked.config)
        own_lists.lay(settings.codelists)
        code = _do(asked, settings, run_wall)
        print(end="", flush=True)
        return code
    except (SettingsError, pairing.BrokenPairing) as error:
        print(f"commandwall: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # Whoever read what this printed has enough (`| head`). Python would say so once more at the
        # end, when it empties what it still holds: that goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED


def _do(asked: argparse.Namespace, settings: Settings, run_wall: RunWall) -> int:
    if exercise.of(settings.data_dir) is not None:
        _keep_in(asked)
    if asked.command == "doctor":
        from commandwall import doctor

        return doctor.run(settings, asked.bundle)
    if asked.command == "where":
        print(settings.data_dir)
        return 0
    if asked.command == "guard" and asked.at_login:
        return _at_login(settings, asked.at_login == "yes")
    if asked.command == "carry":
        from commandwall import carry

        return carry.run(settings, asked.way, asked.file, asked.passphrase_file)
    if asked.command in STATION:
        return _station(asked, settings)
    if asked.command == "pool":
        from commandwall.pool import admin

        return admin.run(settings, asked)
    if asked.command == "import":
        from commandwall.pool.imports import door

        return door.run(settings, asked)
    return _long_running(asked, settings, run_wall)


def _keep_in(asked: argparse.Namespace) -> None:
    """SettingsError for what would lead out of the world of a drill."""
    if asked.command in LEAVING:
        raise SettingsError(f"{asked.command}: {STAYS}")
    if asked.command == "guard" and asked.at_login == "yes":
        raise SettingsError(f"--at-login: {NO_LOGIN}")


def _station(asked: argparse.Namespace, settings: Settings) -> int:
    """Commands about the files and people of this station."""
    if asked.command == "peer":
        from commandwall.peers import door as peers

        return peers.run(settings, asked)
    if asked.command == "drill":
        from commandwall.playing import door as drills

        return drills.run(settings, asked)
    if asked.command == "feed":
        from commandwall import feeding

        return feeding.run(settings, asked)
    if asked.command == "rules":
        from commandwall import rehearsal

        return rehearsal.run(settings, asked)
    if asked.command == "export":
        from commandwall.reports import door as papers

        return papers.run(settings, asked)
    if asked.command == "qr":
        from commandwall.reports import code_sheet

        return code_sheet.run(settings, asked)
    if asked.command == "codes":
        from commandwall import own_table

        return own_table.run(settings, asked)
    if asked.command == "backup":
        from commandwall import backups

        return backups.run(settings, asked)
    if asked.command == "rota":
        from commandwall import rota_table

        return rota_table.run(settings, asked)
    from commandwall import staff

    return staff.run(settings, asked)


def _long_running(asked: argparse.Namespace, settings: Settings, run_wall: RunWall) -> int:
    from commandwall.store.database import StoreTrouble

    platform.keep_heaps_small()
    _start_log(settings, asked.command if asked.command in ("agent", "guard") else "wall")
    try:
        if asked.command == "agent":
            from commandwall import agent

            return agent.run(settings, service=asked.service)
        if asked.command == "guard":
            return guard.run(settings)
        return run_wall(settings, _snapshot(asked) if asked.command == "snapshot" else None)
    except StoreTrouble as trouble:
        print(f"commandwall: {trouble}", file=sys.stderr)
        return REFUSED


def _at_login(settings: Settings, wanted: bool) -> int:
    if not wanted:
        guard.not_at_login(user_config_path())
    else:
        print(guard.at_login(settings, user_config_path()))
    return 0


def _start_log(settings: Settings, name: str) -> None:
    """The first that a program writes: where it cannot, nothing else could be kept either."""
    try:
        logs.start(settings.data_dir / "log", name, settings.log_level)
    except OSError as error:
        raise SettingsError(f"data_dir: {error.filename}: {error.strerror}") from error


def _snapshot(asked: argparse.Namespace) -> Snapshot:
    width, height = asked.size
    return Snapshot(asked.file, width, height, asked.page, asked.wait)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="commandwall", description="指挥大屏 Command wall: the wall of a city command centre"
    )
    parser.add_argument(
        "--version", action="version", version=f"commandwall {version('commandwall')}"
    )
    _settings_flags(parser, None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Command)
    shared = _Command(add_help=False)
    _settings_flags(shared, argparse.SUPPRESS)
    _commands(commands, shared)
    return parser


def _settings_flags(parser: argparse.ArgumentParser, unset: object) -> None:
    parser.add_argument("--demo", action="store_true", default=unset, help="invented city 演示城市")
    parser.add_argument("--scale", choices=CHOICES["scale"], default=unset, help="size of the demo")
    parser.add_argument("--data-dir", type=Path, default=unset, help="data directory 数据目录")
    parser.add_argument("--config", type=Path, default=unset, help="settings in TOML 配置文件")
    joining = "use the pool of another data directory 加入另一数据目录的中心池"
    parser.add_argument("--join", type=Path, default=unset, metavar="DIR", help=joining)
    parser.add_argument("--side", choices=CHOICES["side"], default=unset, help="前指 or 后指")
    listening = "host:port where stations of the hall may call 直连监听地址"
    parser.add_argument("--peer-listen", default=unset, metavar="ADDRESS", help=listening)
    calling = "host:port of stations to call, with commas 直连台站地址"
    parser.add_argument("--peers", default=unset, metavar="ADDRESSES", help=calling)
    parser.add_argument("--lang", choices=CHOICES["lang"], default=unset)
    parser.add_argument("--basemap", default=unset, help="map below all else 底图")
    parser.add_argument("--basemap-datum", default=unset, help="its datum 底图坐标系")
    parser.add_argument("--log-level", choices=CHOICES["log_level"], default=unset)


def _commands(commands: argparse._SubParsersAction[_Command], shared: _Command) -> None:
    doctor = commands.add_parser("doctor", parents=[shared], help="check this machine 自检")
    doctor.add_argument("--bundle", type=Path, metavar="FILE", help="write a masked diagnostic zip")
    snapshot = commands.add_parser("snapshot", parents=[shared], help="draw to a file 截图")
    snapshot.add_argument("--size", type=_size, default=(1920, 1080), metavar="WxH")
    snapshot.add_argument("--page", default="", help="page of the wall")
    snapshot.add_argument("--wait", type=float, default=180.0, help="seconds to wait for the city")
    snapshot.add_argument("file", type=Path)
    agent = commands.add_parser("agent", parents=[shared], help="the second program 后台程序")
    agent.add_argument("--service", action="store_true", help="go on without a wall")
    guarding = commands.add_parser("guard", parents=[shared], help="keep the wall alive 看护大屏")
    guarding.add_argument(
        "--at-login", choices=("yes", "no"), help="start so with each login 随登录启动"
    )
    commands.add_parser("where", parents=[shared], help="print the data directory")
    carrying = commands.add_parser("carry", parents=[shared], help="lines on a stick 递送")
    carrying.add_argument("way", choices=("out", "in"), help="write a file 写出, or take one 收入")
    carrying.add_argument("file", type=Path)
    carrying.add_argument("--passphrase-file", type=Path, metavar="FILE", help="口令文件")
    trying = commands.add_parser("rules", parents=[shared], help="try rules of alarms 试行规则")
    trying.add_argument("way", choices=("try",), help="what they would have raised 会报多少")
    trying.add_argument("file", type=Path, metavar="FILE", help="[[row]] as alarm_rules.toml 规则")
    trying.add_argument("--days", type=int, default=7, help="back from now 往回天数")
    trying.add_argument("--mode", default="", help="as if it had held all along 按全程为该模式计")
    playing = commands.add_parser(
        "feed", parents=[shared], help="play readings to a broker 播放读数"
    )
    _feed_arguments(playing)
    for name, (bring, told) in DOORS.items():
        commands.add_parser(name, parents=[shared], help=told).bring = bring


def _feed_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help=(
        "JSON lines with topic, body and at (seconds); without one, devices of the data directory "
        "as an invented city has them 录制的文件"))  # fmt: skip
    parser.add_argument("--to", metavar="ADDRESS", help="broker; the first of the settings 服务器")
    parser.add_argument("--rate", type=float, help="readings per second 每秒条数")
    parser.add_argument("--pack", type=int, default=100, help="readings in a message 每包条数")
    parser.add_argument("--seconds", type=float, help="end after so long 时长")


def _flags(asked: argparse.Namespace) -> dict[str, object]:
    names = (
        "demo", "scale", "data_dir", "side", "lang", "log_level", "basemap", "basemap_datum",
        "pool", "secret_file", "peer_listen", "peers",
    )  # fmt: skip
    flags = {name: getattr(asked, name, None) for name in names}
    return flags if asked.join is None else {**flags, **_joined(asked.join)}


def _joined(other: Path) -> dict[str, object]:
    """The pool that runs for another data directory on this machine."""
    pool = other.expanduser().absolute() / "pool"
    if exercise.of(pool.parent) is not None:
        # What a station did in a drill must never reach a real pool, nor the other way.
        raise SettingsError(f"--join {other}: 演练目录不能加入 no station joins a drill like this")
    try:
        url = (pool / "station.url").read_text(encoding="utf-8").strip()
    except OSError as error:
        why = f"--join {other}: no pool has run there yet ({error.filename}: {error.strerror})"
        raise SettingsError(why) from error
    return {"pool": url, "secret_file": str(pool / "station.secret")}


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size like 1920x1080")
    return int(width), int(height)


def _peer(parser: argparse.ArgumentParser) -> None:
    from commandwall.peers import door

    door.add_arguments(parser)


def _import(parser: argparse.ArgumentParser) -> None:
    from commandwall.pool.imports import door

    door.add_arguments(parser)


def _pool(parser: argparse.ArgumentParser) -> None:
    from commandwall.pool import admin

    admin.add_arguments(parser)


def _backup(parser: argparse.ArgumentParser) -> None:
    from commandwall import backups

    backups.add_arguments(parser)


def _person(parser: argparse.ArgumentParser) -> None:
    from commandwall import staff

    staff.add_arguments(parser)


def _codes(parser: argparse.ArgumentParser) -> None:
    from commandwall import own_table

    own_table.add_arguments(parser)


def _export(parser: argparse.ArgumentParser) -> None:
    from commandwall.reports import door

    door.add_arguments(parser)


def _drill(parser: argparse.ArgumentParser) -> None:
    from commandwall.playing import door

    door.add_arguments(parser)


def _rota(parser: argparse.ArgumentParser) -> None:
    from commandwall import rota_table

    rota_table.add_arguments(parser)


def _qr(parser: argparse.ArgumentParser) -> None:
    from commandwall.reports import code_sheet

    code_sheet.add_arguments(parser)


DOORS = {
    "peer": (_peer, "stations of the hall 直连"),
    "import": (_import, "bring in data 导入"),
    "pool": (_pool, "the central pool 中心池"),
    "backup": (_backup, "copies of the journal 备份"),
    "person": (_person, "who may sit here 值班人员"),
    "codes": (_codes, "rows of code lists 代码表"),
    "qr": (_qr, "codes of places 打印地点码"),
    "export": (_export, "hand out 导出"),
    "drill": (_drill, "drills 演练"),
    "rota": (_rota, "the duty calendar 值班表"),
}
"""Commands whose room says what can be asked of it."""
