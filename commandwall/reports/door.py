"""`commandwall export`: a map of an incident, or the paper fall-back, from a shell.

    commandwall export map FILE.html [--incident ID] [--purpose WORDS]
    commandwall export paper FILE.pdf [--purpose WORDS]

What it was for is written into the journal before the file gets its name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from commandwall import exercise, reporting, unmasking
from commandwall.clock import Ms
from commandwall.config import REFUSED, Settings
from commandwall.plain import plain
from commandwall.reports import fallback, handout, press
from commandwall.reports.press import Paper, Unset
from commandwall.reports.speech import Speech
from commandwall.rights import About
from commandwall.store import database, pulse
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Refused
from commandwall.world import World

MAP, PAPER = "map", "paper"
SAID = {
    "unknown": "没有这起突发事件 there is no such incident",
    "missing": "写明用途 say what it is for: --purpose",
    "right": "本机岗位无权导出 the post of this station may not hand out",
}
"""Why nothing was handed out, by the code of the refusal."""
Made = tuple[Paper, Callable[..., None], dict[str, Any]]
"""A paper, the act that writes down that it goes out, and what that act is told of it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=(MAP, PAPER), help="a map of an incident 突发事件地图; 纸上值守"
    )
    parser.add_argument("file", type=Path, help="an HTML file, a PDF 文件")
    parser.add_argument("--incident", default="", metavar="ID", help="else the newest 默认最近一起")
    parser.add_argument("--purpose", default="", metavar="WORDS", help="what it is for 用途")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do it; says where the file is."""
    try:
        purpose = asked.purpose or _purpose(asked.what, settings.lang)
        with database.troubles(), closing(World.open(settings)) as world:
            world.desk.check_room()
            world.clock.follow(pulse.read(settings.data_dir).offset_s)
            _export(world, asked, purpose, MAKES[asked.what](world, asked, settings.lang))
    except Refused as why:
        print(f"commandwall: {SAID.get(why.reason.code, why)}", file=sys.stderr)
        return REFUSED
    except (Unset, StoreTrouble, OSError) as why:
        print(f"commandwall: {why}", file=sys.stderr)
        return REFUSED
    print(asked.file)
    return 0


def _export(world: World, asked: argparse.Namespace, purpose: str, paper: Made) -> None:
    made = press.press(paper[0], [asked.file], exercise.mark(world.store.folder))
    try:
        for one in made:
            told = {"purpose": purpose, "name": one.target.name, "sha256": one.sha256}
            world.desk.do(paper[1], **paper[2], **told).result()
        press.put(made)
    finally:
        press.drop(made)


def _map(world: World, asked: argparse.Namespace, lang: str) -> Made:
    incident = asked.incident or world.store.read(handout.newest)
    folder, now = world.store.folder, world.clock.now()
    speech = Speech.of(lang)
    paper = world.store.read(lambda r: handout.collect(r, incident, speech, folder, now))
    return paper, reporting.hand_out, {"incident": incident, "what": MAP}


def _paper(world: World, asked: argparse.Namespace, lang: str) -> Made:
    desk = world.desk
    whole = desk.barred(unmasking.unmask, About(reason=True)) is None
    post = Speech.of(lang).named("post", desk.post, full=True)
    who = f"{post} {plain(desk.person, 12)}".strip()
    wanted = fallback.Asked(lang, Ms(world.clock.now()), who, whole)
    paper = world.store.read(lambda reader: fallback.collect(reader, wanted))
    return paper, reporting.hand_out_shift, {"sheet": fallback.KIND}


MAKES: Mapping[str, Callable[[World, argparse.Namespace, str], Made]] = {MAP: _map, PAPER: _paper}


def _purpose(what: str, lang: str) -> str:
    """The fall-back asks nobody; what else goes out without a purpose is asked for one."""
    if what == PAPER:
        return Speech.of(lang).tr("停电断网备用")
    return input("用途 what it is for: ").strip() if sys.stdin.isatty() else ""
