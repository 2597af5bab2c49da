"""`commandwall qr`: a sheet of codes of places 码上办 to be cut out and put up, as PDF."""

from __future__ import annotations

import argparse
import io
import sys
from contextlib import closing
from pathlib import Path

from commandwall import codes, exercise, place_codes
from commandwall.areas import Area, by_code, chain
from commandwall.config import REFUSED, Settings, SettingsError
from commandwall.place_codes import DEVICE, LETTERS, Coded
from commandwall.plain import plain
from commandwall.reports import press
from commandwall.reports.press import Paper, Unset
from commandwall.reports.speech import Speech
from commandwall.store import database
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Reader
from commandwall.world import World

TITLES = {"building": "楼栋码", "place": "场所码", DEVICE: "设备码"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where to, .pdf 存为")
    parser.add_argument("--of", choices=LETTERS, default="place", help="what they stand on 贴在")
    parser.add_argument("--area", default="", metavar="CODE", help="only of this area 辖区")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Say where the sheet is, and of how many codes."""
    if asked.file.suffix.lower() != ".pdf":
        raise SettingsError(f"{asked.file}: 须为 .pdf a sheet is a PDF")
    try:
        with database.troubles(), closing(World.open(settings)) as world:
            speech, most = Speech.of(settings.lang), int(codes.limit("qr_codes"))
            paper = world.store.read(lambda r: collect(r, asked.of, asked.area, most, speech))
            press.put(press.press(paper, [asked.file], exercise.mark(world.store.folder)))
    except (Unset, StoreTrouble, OSError) as why:
        print(f"commandwall: {why}", file=sys.stderr)
        return REFUSED
    print(f"{asked.file}: {len(paper.pictures)} 码 codes")
    return 0


def collect(reader: Reader, kind: str, area: str, most: int, speech: Speech) -> Paper:
    """The sheet. SettingsError for an area that there is not, for one with nothing to put a code
    on, and for more than fit."""
    areas = by_code(reader)
    if area and area not in areas:
        raise SettingsError(f"--area {area}: 没有这个辖区 there is no such area")
    found = list(place_codes.listed(reader, kind, area, most + 1))
    if not found:
        raise SettingsError(f"--of {kind}: 这里没有 there is none here")
    if len(found) > most:
        raise SettingsError(f"多于 {most} 个，用 --area 分开印 too many, print by --area")
    return _paper(found, areas, speech)


def _paper(found: list[Coded], areas: dict[str, Area], speech: Speech) -> Paper:
    pictures = {f"{n}.svg": picture(one.text) for n, one in enumerate(found)}
    told = [
        {"name": plain(one.name), "text": one.text, "place": _place(areas, one.area),
         "picture": name}
        for one, name in zip(found, pictures, strict=True)
    ]  # fmt: skip
    tr = speech.tr
    data = {
        "title": tr(TITLES[found[0].kind]), "call": tr("扫码报事"), "codes": told,
        "how": tr("贴在看得见的地方。登记事件时扫码，地点和来源就填好了。"),
        "foot": tr("共 {n} 个", n=len(found)),
    }  # fmt: skip
    return Paper("code_sheet", data, pictures)


def picture(text: str) -> bytes:
    """The code as SVG; a quarter of it may be hidden or scratched."""
    import segno  # each start of the program reads this file: the library is needed here alone

    out = io.BytesIO()
    segno.make(text, error="q", micro=False).save(out, kind="svg", border=2)
    return out.getvalue()


def _place(areas: dict[str, Area], code: str) -> str:
    """From the town down."""
    names = [plain(area.name) for area in reversed(chain(areas, code)) if area.level]
    return " ".join(names)
