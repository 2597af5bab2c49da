"""What the editor of scenarios calls rows and fields, and how it says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commandwall import codes
from commandwall.drill.drill_acts import Moment
from commandwall.drill.editing import (
    BRANCH,
    INJECT,
    OBJECTIVE,
    PLAYER,
    WAY,
    Data,
    Wrong,
    at_of,
    row_at,
    stamp,
)
from commandwall.drill.expected import taken
from commandwall.drill.toml_lines import Path
from widgets.i18n import language, named, tr
from widgets.text import plain

TABS = {INJECT: "情景", OBJECTIVE: "目标", PLAYER: "参演", BRANCH: "分支"}
KINDS = {INJECT: "情景", OBJECTIVE: "目标", PLAYER: "参演岗位", BRANCH: "分支", WAY: "走向"}
HEAD = {
    "zh": "名称", "en": "英文名", "id": "编号", "type": "演练类型", "kind": "事件类型",
    "clock": "起始钟点", "begins": "起点", "ends": "终点", "rate": "倍率", "snapshot": "城市快照",
    "stop": "中止口令", "note": "说明",
}  # fmt: skip
FIELDS = {
    "zh": "内容", "en": "英文", "id": "编号", "at": "时刻", "type": "类型", "channel": "通道",
    "from": "来自", "to": "对象", "objective": "目标", "way": "走向", "lon": "经度", "lat": "纬度",
    "place": "地点（经度, 纬度）", "note": "说明", "expect": "应有动作", "watch": "观察",
    "data": "数据", "cls": "类别", "value": "数值", "device": "设备", "caller": "来电人",
    "camera": "摄像头", "source": "出处", "mentions": "提及数", "post": "岗位", "seat": "席位",
}  # fmt: skip


def key_of(path: Path) -> str:
    """A row as a list knows it: branch/0/way/1."""
    return "/".join(map(str, path))


def path_of(key: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in key.split("/")) if key else ()


def kind_of(path: Path) -> str:
    """objective, player, branch, way or inject."""
    return str(path[-2]) if path else ""


def field(name: str, path: Path) -> str:
    """The label of a field; the name itself where only a file could have it."""
    known = FIELDS if path else {**FIELDS, **HEAD}
    if path and path[0] != INJECT and name == "zh":
        return tr("名称")
    return tr(known[name]) if name in known else plain(name, 30)


def fault(wrong: Wrong) -> str:
    """时刻：缺少"""
    why = plain(wrong.fault.en if language() == "en" else wrong.fault.zh)
    return tr("{field}：{why}", field=field(wrong.field, wrong.row), why=why)


def told(row: Mapping[str, Any], key: str = "zh") -> str:
    """A text of a row in the language that is shown, whatever stands there."""
    if key == "zh" and language() == "en" and row.get("en"):
        key = "en"
    return plain(row.get(key, ""))


def code(list_name: str, value: Any) -> str:
    return named(list_name, value) if isinstance(value, str) else plain(value, 30)


def post(value: Any) -> str:
    return named("post", value, "full") if isinstance(value, str) else plain(value, 30)


def when(row: Mapping[str, Any]) -> str:
    """T+05:30; what stands there where it is no time, — for an inject in reserve."""
    at = at_of(row)
    return stamp(Moment(at)) if at is not None else plain(row.get("at", ""), 16) or "—"


def row_name(data: Data, path: Path) -> str:
    """情景 T+05:30 楼道有煤气味: a row in a line."""
    if not path:
        return tr("脚本概况")
    row = row_at(data, path)
    kind, name = tr(KINDS[kind_of(path)]), told(row)
    if path[0] == PLAYER:
        name = post(row.get("post", ""))
    time = when(row) if path[0] == INJECT else ""
    return " ".join(filter(None, (kind, time, plain(name, 30))))


def ways(data: Data) -> list[str]:
    """All that an inject may name: branch.way."""
    return [f"{branch.get('id')}.{way.get('id')}" for branch in data[BRANCH]
            for way in branch.get(WAY, ())]  # fmt: skip


def way_name(data: Data, key: Any) -> str:
    """阀门能不能及时关上：锈死: a way that an inject names."""
    for branch in data[BRANCH]:
        for way in branch.get(WAY, ()):
            if key == f"{branch.get('id')}.{way.get('id')}":
                return tr("{field}：{why}", field=told(branch), why=told(way))
    return plain(key, 40)


def objective_name(data: Data, key: Any) -> str:
    found = (row for row in data[OBJECTIVE] if row.get("id") == key)
    return next(map(told, found), plain(key, 40))


def stated(row: Mapping[str, Any], key: str, value: Any) -> str:
    """What a channel states, with the name of a code."""
    channel = codes.load("drill_channel").get(str(row.get("channel")))
    kind = channel.facts["fields"].get(key, "text") if channel is not None else "text"
    return plain(value) if kind in ("number", "text") else code(kind, value)


def sentence(text: Any) -> str:
    """An expected act as people say it; as it stands where it says nothing."""
    found = taken(text)
    return found.words(language()) if found is not None else f"✕ {plain(text)}"
