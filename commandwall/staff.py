"""`commandwall person`: who may sit at the stations of this city 值班人员."""

from __future__ import annotations

import argparse
import getpass
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from commandwall import people
from commandwall.clock import Ms, to_datetime
from commandwall.config import REFUSED, Settings, SettingsError, check_secret_file
from commandwall.people import Officer
from commandwall.store import database
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Refused
from commandwall.world import World

SAID = {
    "known": "已有此人 this name is given already: {id}",
    "unknown": "无此 {kind} there is no such {kind}: {id}",
    "short_secret": "口令须 {least} 至 {most} 字 a secret has {least} to {most} letters",
    "missing": "缺 {field} is missing",
    "too_long": "超过 {limit} 字 longer than {limit} letters",
}
DIFFERENT = "两次输入不同 the two are different"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `commandwall person`."""
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    ways.add_parser("list", help="who is enrolled 列出")
    add = ways.add_parser("add", help="enrol somebody 登记")
    add.add_argument("id", help="short name to type: a-z, 0-9, . _ - 登录名")
    add.add_argument("--name", required=True, help="as the journal names him 姓名")
    add.add_argument("--area", default="", help="code of the area he may act on 辖区，空为全市")
    add.add_argument("--posts", default="", help="ids of posts with commas 岗位，空为全部")
    passwd = ways.add_parser("passwd", help="another secret 改口令")
    for way in (add, passwd):
        only = "a file with the secret alone, else it is asked for 口令文件"
        way.add_argument("--secret-file", type=Path, dest="new_secret", metavar="FILE", help=only)
    disable = ways.add_parser("disable", help="he comes in nowhere 停用")
    enable = ways.add_parser("enable", help="he may come in again 恢复")
    for way in (passwd, disable, enable):
        way.add_argument("id")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do what the command line asks; returns the exit code."""
    try:
        with database.troubles(), closing(World.open(settings)) as world:
            if asked.way == "list":
                _list(world)
            else:
                _write(world, asked)
    except Refused as refused:
        told = SAID.get(refused.reason.code, str(refused))
        print(f"commandwall: {told.format(**refused.reason.facts)}", file=sys.stderr)
        return REFUSED
    except (StoreTrouble, SettingsError, OSError, ValueError) as why:
        print(f"commandwall: {why}", file=sys.stderr)
        return REFUSED
    return 0


def _list(world: World) -> None:
    for o in world.store.read(lambda r: r.find(Officer)):
        state = "" if o.state == people.ACTIVE else "停用 disabled"
        since = to_datetime(o.at)
        print("\t".join((o.id, o.name, o.area or "*", o.posts or "*", f"{since:%F %R}", state)))


def _write(world: World, asked: argparse.Namespace) -> None:
    """In the name of the account that runs this: it is the journal that tells who enrolled whom."""
    world.desk.check_room()
    act, args = _act(asked)
    world.desk.run(act, args, person=getpass.getuser())
    print(f"已记录 written: {asked.way} {asked.id}")


def _act(asked: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    if asked.way == "disable":
        return people.disable, {"officer": asked.id}
    if asked.way == "enable":
        return people.enable, {"officer": asked.id}
    secret = people.hashed(_secret(asked.new_secret))
    if asked.way == "passwd":
        return people.renew_secret, {"officer": asked.id, "secret": secret}
    posts = ",".join(filter(None, (post.strip() for post in asked.posts.split(","))))
    officer = Officer(asked.id, asked.name, asked.area, posts, "", secret, Ms(0), "", "")
    return people.enrol, {"officer": officer}


def _secret(file: Path | None) -> str:
    if file is not None:
        check_secret_file(str(file), "--secret-file")
        given = file.read_text(encoding="utf-8").strip()
    else:
        given = getpass.getpass("口令 secret: ")
        if given != getpass.getpass("再输一次 again: "):
            raise ValueError(DIFFERENT)
    people.check_secret(given)
    return given
