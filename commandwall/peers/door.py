"""`commandwall peer`: which stations of the hall this one exchanges its lines with.

Each of two gives the other its card, a small file in which nothing is secret, and the people at
both compare the code that is printed, by telephone: who changed the file on its way changed that.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec

from commandwall import codes
from commandwall.config import REFUSED, Settings
from commandwall.peers.identity import Card, Identity, Unfit, read, spoken
from commandwall.store import pulse, sight
from commandwall.store.store import Reader
from commandwall.world import World

ALL = "全市 the whole city"


class Refusal(Exception):
    """It cannot be done; the text says why, in both languages."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    invite = what.add_parser("invite", help="write this station's card 写出本站名片")
    invite.add_argument("file", type=Path, metavar="FILE")
    invite.add_argument("--name", default="", help="what others call it 名称")
    accept = what.add_parser("accept", help="take another's card 收下对方名片")
    accept.add_argument("file", type=Path, metavar="FILE")
    only = "it sees this area only, whatever its card says 只给只看此辖区者"
    accept.add_argument("--area", default=None, metavar="PREFIX", help=only)
    what.add_parser("list", help="who is known, and how it stands 列出")
    remove = what.add_parser("remove", help="know one no more 移除")
    remove.add_argument("name", metavar="NAME", help="its name, or how its code begins")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    identity = Identity(settings.data_dir)
    try:
        if asked.what == "invite":
            _invite(settings, identity, asked.file, asked.name)
        elif asked.what == "accept":
            _accept(settings, identity, asked.file, asked.area)
        elif asked.what == "list":
            _list(settings, identity)
        else:
            _remove(identity, asked.name)
    except (Refusal, Unfit, OSError) as why:
        print(f"commandwall: {why}", file=sys.stderr)
        return REFUSED
    return 0


def _invite(settings: Settings, identity: Identity, file: Path, name: str) -> None:
    city, post = _about(settings)
    card = identity.card(name or post, city, sight.read(settings.data_dir).area)
    with file.open("xb") as out:
        out.write(msgspec.json.encode(card))
    _tell("本站 this station", card)


def _accept(settings: Settings, identity: Identity, file: Path, area: str | None) -> None:
    card, (city, _) = read(file), _about(settings)
    if card.city != city:
        raise Refusal(f"另一城市的台站 a station of another city: {card.city}")
    if card.fingerprint == identity.card("", "", "").fingerprint:
        raise Refusal("这是本站自己的名片 this is this station's own card")
    identity.pin(card if area is None else replace(card, area=area))
    _tell("已收下 accepted", card if area is None else replace(card, area=area))


def _about(settings: Settings) -> tuple[str, str]:
    """The city, and what the station's post is called."""
    with closing(World.open(settings)) as world:
        city = world.store.read(Reader.city)
        post = codes.load("post").get(world.desk.post)
        if not city:
            raise Refusal("本站尚未接通过中心池 this station has not met its pool yet")
        return city, str(post.facts[f"full_{settings.lang}"]) if post else world.desk.origin[:8]


def _list(settings: Settings, identity: Identity) -> None:
    standing = {peer.fingerprint: peer for peer in pulse.read(settings.data_dir).peers}
    for print_, card in identity.cards().items():
        now = standing.get(print_, pulse.Peer())
        word = "在线 joined" if now.joined else now.trouble or "未连接 not joined"
        print(f"{card.name}\t{card.area or ALL}\t{spoken(print_)}\t{word}")


def _remove(identity: Identity, name: str) -> None:
    code = name.replace(" ", "").lower()
    found = [print_ for print_, card in identity.cards().items()
             if card.name == name or (len(code) >= 4 and print_.startswith(code))]  # fmt: skip
    if len(found) != 1:
        raise Refusal(f"有 {len(found)} 个台站叫此名 {len(found)} stations go by {name}")
    identity.forget(found[0])


def _tell(what: str, card: Card) -> None:
    print(f"{what}: {card.name}, {card.city}, 所见 sees: {card.area or ALL}")
    print(f"核对码 code: {spoken(card.fingerprint)}")
