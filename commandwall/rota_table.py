"""`commandwall rota TABLE`: the duty calendar of an office from a table, CSV or XLSX.

The first row names the columns. Either one row for each person (日期, 班次, 职务, 姓名, 电话),
or one for each day with a column for each role (日期, 班次, 带班领导, 值班员 ...), whose cells may
hold several names, each with its telephone behind it. What is wrong with a row is said by row,
field and reason and kept in quarantine; the others are taken.
"""

from __future__ import annotations

import argparse
import csv
import getpass
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from commandwall import codes, rota
from commandwall.config import REFUSED, Settings, SettingsError
from commandwall.pool.imports import tables
from commandwall.pool.imports.trouble import ImportTrouble
from commandwall.rota import Stated
from commandwall.store import database
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Refused
from commandwall.world import World

DAY, SHIFT, ROLE, NAME, PHONE = "日期", "班次", "职务", "姓名", "电话"
ALSO = {
    "值班日期": DAY, "时段": SHIFT, "岗位": ROLE, "值班岗位": ROLE, "手机": PHONE,
    "联系电话": PHONE,
}  # fmt: skip
"""What offices call the same columns."""
ALL_DAY = "all"
"""The shift of a row that states none."""
LONGEST = 20
"""Characters of a name."""
_PARTS = re.compile(r"[、，,;；/\n]+")
_PHONE = re.compile(r"[0-9][0-9 -]{5,18}")
Bad = tuple[int, list[str], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", type=Path, metavar="TABLE", help="CSV or XLSX 值班表")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Say what came of each row that is wrong, and how many were taken; REFUSED where any was."""
    try:
        good, bad = read(asked.table)
        if good:
            with database.troubles(), closing(World.open(settings)) as world:
                world.desk.check_room()
                world.desk.run(rota.take_rota, {"turns": good}, person=getpass.getuser())
    except ImportTrouble as trouble:
        raise SettingsError(f"{trouble.sentence('zh')} {trouble.sentence('en')}") from trouble
    except (Refused, StoreTrouble, OSError) as why:
        print(f"commandwall: {why}", file=sys.stderr)
        return REFUSED
    for number, _, wrong in bad:
        print(f"{asked.table.name}: row {number}: {wrong}", file=sys.stderr)
    if bad:
        print(f"{len(bad)} 行未收 rows refused: {_keep(settings.data_dir, bad)}", file=sys.stderr)
    days = sorted({one.day for one in good})
    until = f", {days[0]} … {days[-1]}" if days else ""
    print(f"{len(good)} 人次收入 turns taken{until}")
    return REFUSED if bad or not good else 0


def read(path: Path) -> tuple[list[Stated], list[Bad]]:
    """The turns of the rows that are sound; of the others number, cells and why."""
    table = tables.read(path)
    heads = [ALSO.get(head.strip(), head.strip()) for head in table.header]
    good, bad = list[Stated](), list[Bad]()
    for number, cells in table.numbered():
        texts = [tables.text_of(cell) for cell in cells]
        told = {head: text.strip() for head, text in zip(heads, texts, strict=False) if head}
        if not any(told.values()):
            continue
        try:
            good += list(_turns(told))
        except ValueError as why:
            bad.append((number, texts, str(why)))
    return good, bad


def _turns(told: Mapping[str, str]) -> Iterator[Stated]:
    """ValueError names the field and why."""
    on, shift = _day(told.get(DAY, "")), _row("duty_shift", told.get(SHIFT, ""), SHIFT, ALL_DAY)
    roles = {head: role for head in told if (role := _known("duty_role", head))}
    if not roles:
        role = _row("duty_role", told.get(ROLE, ""), ROLE)
        roles = {NAME: role}
    found = [
        Stated(on, shift, role, *_person(part, told.get(PHONE, "") if head == NAME else ""))
        for head, role in roles.items()
        for part in _PARTS.split(told.get(head, ""))
        if part.strip()
    ]
    if not found:
        raise ValueError(f"{NAME}: 没有姓名 no name")
    yield from found


def _person(part: str, phone: str) -> tuple[str, str]:
    """张三 13800001111, 张三（13800001111）: name and number."""
    number = _PHONE.search(part)
    name = (part[: number.start()] + part[number.end() :] if number else part).strip(" ()（）:：")
    if not name or len(name) > LONGEST or any(c.isdigit() for c in name):
        raise ValueError(f"{NAME}: {part.strip()!r} 不是姓名 is no name")
    return name, (number[0].strip() if number else phone)


def _day(text: str) -> str:
    """2026-11-28, 2026/11/28, 2026年11月28日, with a time behind it or without."""
    plain = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").strip()
    try:
        return str(datetime.strptime(re.split(r"[T ]", plain)[0], "%Y-%m-%d").date())  # noqa: DTZ007
    except ValueError as why:
        raise ValueError(f"{DAY}: {text!r} 不是日期 is no day") from why


def _row(name: str, text: str, field: str, default: str = "") -> str:
    found = _known(name, text) if text else default
    if not found:
        raise ValueError(f"{field}: {text!r} 不在表 {name} 中 is no row of {name}")
    return found


def _known(name: str, text: str) -> str:
    """The row that is so called, by id or name; "" for none."""
    return next((r.id for r in codes.load(name).values() if text in (r.id, r.zh, r.en)), "")


def _keep(data_dir: Path, bad: Iterable[Bad]) -> Path:
    """The refused rows as they came, each with its number and why."""
    home = data_dir / "quarantine"
    home.mkdir(parents=True, exist_ok=True)
    kept = home / "rota.csv"
    with kept.open("a", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([number, why, *cells] for number, cells, why in bad)
    return kept
