"""Refusals in words: the core says a code and facts, the sentence is made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from commandwall.store.store import Reason
from widgets import text
from widgets.i18n import named, tr

Facts = Mapping[str, str]


def sentence(reason: Reason) -> str:
    """Why an act was not done, and what to do."""
    facts = {key: text.plain(value) for key, value in reason.facts.items()}
    told = SENTENCES.get(reason.code)
    if told is None:
        return tr("未执行：{code}", code=text.plain(reason.code))
    return told(facts)


def _state(facts: Facts) -> str:
    state = named(f"{facts.get('kind', '')}_state", facts.get("state", ""))
    return tr("状态已变为 {state}，不能再做", state=state)


def _missing(facts: Facts) -> str:
    return tr("缺 {field}，填写后再做", field=named("field", facts.get("field", "")))


def _too_long(facts: Facts) -> str:
    return tr("超过 {limit} 字，缩短后再做", limit=facts.get("limit", ""))


def _unknown(facts: Facts) -> str:
    return tr("找不到 {id}，可能已撤销", id=facts.get("id", ""))


def _not_addressee(facts: Facts) -> str:
    return tr("只有 {post} 一方可以答复", post=named("post", facts.get("addressee", ""), "full"))


def _not_issuer(facts: Facts) -> str:
    return tr("只有 {post} 一方可以核验", post=named("post", facts.get("issuer", ""), "full"))


def _owing(facts: Facts) -> str:
    numbers = facts.get("numbers", "").strip("[]")
    return tr("第 {numbers} 号指令还欠答复，答复后再结束", numbers=numbers)


def _settled(facts: Facts) -> str:
    return tr("{by} 已裁定", by=facts.get("by", ""))


def _moved_on(facts: Facts) -> str:
    return tr("此后又有变动，只能保留现状")


def _file(facts: Facts) -> str:
    found = named("attachment_refusal", facts.get("found", ""))
    return tr("未添加：{found}，{name}", found=found, name=facts.get("name", ""))


def _attached(facts: Facts) -> str:
    return tr("已有此附件：{name}", name=facts.get("name", ""))


def _disk_full(facts: Facts) -> str:
    return tr(
        "未执行：磁盘 {disk} 已满，剩 {free} MB；请删除或移走文件，腾出 {wanted} MB 后再做",
        disk=facts.get("disk", ""), free=facts.get("free", ""), wanted=facts.get("wanted", ""),
    )  # fmt: skip


def _closed(facts: Facts) -> str:
    return tr("已结束，不能再做")


SENTENCES: Mapping[str, Callable[[Facts], str]] = {
    "state": _state,
    "missing": _missing,
    "too_long": _too_long,
    "unknown": _unknown,
    "not_addressee": _not_addressee,
    "not_issuer": _not_issuer,
    "owing": _owing,
    "settled": _settled,
    "moved_on": _moved_on,
    "closed": _closed,
    "disk_full": _disk_full,
    "file": _file,
    "attached": _attached,
}
"""The code of a refusal -> what is said."""
