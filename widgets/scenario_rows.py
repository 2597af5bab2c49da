"""How the editor of scenarios draws a draft: its head in lines, each row in its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall.drill.editing import (
    BRANCH,
    INJECT,
    OBJECTIVE,
    PLAYER,
    WAY,
    Data,
    Wrong,
    row_at,
)
from commandwall.drill.editing_files import Source
from commandwall.drill.toml_lines import Path
from widgets import scenario_words as say
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.text import plain

ASKED = 260.0
"""Design pixels of the last column: what is asked for, or what is wrong."""
COLUMNS: Mapping[str, Mapping[str, float]] = {
    INJECT: {"时刻": 12, "通道": 104, "来自 → 对象": 224, "内容": 448},
    OBJECTIVE: {"编号": 12, "目标": 212},
    PLAYER: {"岗位": 12, "席位": 272},
    BRANCH: {"编号": 12, "问题与走向": 212},
}
LAST = {INJECT: "应有动作", OBJECTIVE: "情景", PLAYER: "情景", BRANCH: "情景"}


def draw_scenario(paper: Paper, top: float, data: Data, source: Source, told: str) -> None:
    """Its name and kind; its numbers; what was just done, or what is wrong with its head."""
    name = say.told(data) or tr("（无名称）")
    end = paper.write(0, top + 24, name, Ink("item", "t1", True), room=paper.width * 0.6)
    about = (
        f"{say.code('drill_type', data.get('type'))}　{say.code('incident_kind', data.get('kind'))}"
    )
    paper.write(end + 20, top + 24, about, Ink("label", "t2"))
    paper.write(0, top + 50, _numbers(data, source), Ink("label", "t2"), room=paper.width)
    paper.write(0, top + 76, told, Ink("label", "t1", True), room=paper.width)


def _numbers(data: Data, source: Source) -> str:
    """gas_old_quarter　第 2 版　09:10:00 起　T+00:00 至 T+30:00　×1　4 目标"""
    version = tr("第 {n} 版", n=source.version) if source.version else tr("新")
    begins, ends = plain(data.get("begins", "T+00:00"), 16), plain(data.get("ends", "—"), 16)
    span = tr("{begin} 至 {end}", begin=begins, end=ends)
    clock = tr("钟点 {time}", time=plain(data.get("clock", "—"), 16))
    rate = f"×{plain(data.get('rate', 1.0), 8)}"
    counts = tr("目标 {a}　参演 {b}　分支 {c}　情景 {d}", a=len(data[OBJECTIVE]),
                b=len(data[PLAYER]), c=len(data[BRANCH]), d=len(data[INJECT]))  # fmt: skip
    return "　".join((plain(data.get("id", "—"), 40), version, clock, span, rate, counts))


def draw_columns(paper: Paper, base: float, tab: str) -> None:
    for word, x in COLUMNS[tab].items():
        paper.write(x, base, tr(word), Ink("head"))
    paper.write(paper.width - ASKED, base, tr(LAST[tab]), Ink("head"))


def draw_row(
    paper: Paper, box: QRectF, data: Data, path: Path, wrong: Sequence[Wrong]
) -> None:  # fmt: skip
    row, base = row_at(data, path), box.center().y() + 6
    cells = _inject(data, row) if path[0] == INJECT else _part(path, row)
    edges = [*COLUMNS[str(path[0])].values(), paper.width - ASKED]
    for n, (words, ink) in enumerate(cells):
        paper.write(edges[n], base, words, ink, room=edges[n + 1] - edges[n] - 12)
    if wrong:
        told = "✕ " + tr("、").join(dict.fromkeys(say.field(w.field, path) for w in wrong))
        ink = Ink("label", "t1", True)
    else:
        told, ink = _asked(data, path, row), Ink("label", "t2")
    paper.write(paper.width - ASKED, base, told, ink, room=ASKED)


def _inject(data: Data, row: Mapping[str, Any]) -> list[tuple[str, Ink]]:
    key = row.get("type") == "key"
    sender = plain(row.get("from", ""), 20)
    to = say.post(row.get("to"))
    return [
        (say.when(row), Ink("label", "t1", key)),
        (say.code("drill_channel", row.get("channel")), Ink("label", "t2")),
        (f"{sender} → {to}" if sender else f"→ {to}", Ink("label", "t2")),
        (say.told(row), Ink("body", "t1", key)),
    ]


def _part(path: Path, row: Mapping[str, Any]) -> list[tuple[str, Ink]]:
    if path[0] == PLAYER:
        post, seat = say.post(row.get("post")), say.code("drill_seat", row.get("seat"))
        return [(post, Ink("body", "t1")), (seat, Ink("label", "t2"))]
    way = WAY in path
    key = plain(row.get("id", ""), 30)
    return [
        (f"　　{key}" if way else key, Ink("label", "t2")),
        (f"　　{say.told(row)}" if way else say.told(row), Ink("body", "t2" if way else "t1")),
    ]


def _asked(data: Data, path: Path, row: Mapping[str, Any]) -> str:
    """Of an inject what should come of it; of another row how many injects name it."""
    if path[0] == INJECT:
        return _sentences(row)
    key = row.get("post" if path[0] == PLAYER else "id")
    if path[0] == BRANCH:
        branch = data[BRANCH][path[1]].get("id")
        if WAY in path:
            n = sum(one.get("way") == f"{branch}.{key}" for one in data[INJECT])
        else:
            n = sum(str(one.get("way", "")).split(".")[0] == branch for one in data[INJECT])
    else:
        field = "to" if path[0] == PLAYER else OBJECTIVE
        n = sum(one.get(field) == key for one in data[INJECT])
    return tr("{n} 条", n=n)


def _sentences(row: Mapping[str, Any]) -> str:
    expect, watch = row.get("expect", ()), row.get("watch", ())
    told = [say.sentence(expect[0])] if expect else []
    if len(expect) > 1:
        told.append(tr("另 {n} 项", n=len(expect) - 1))
    if watch:
        told.append(tr("观察 {n}", n=len(watch)))
    return "　".join(told)
