"""Refusals in words: the core says a code and facts, the sentence is made here."""

from __future__ import annotations

from commandwall.store.store import Reason
from widgets import text
from widgets.i18n import named, tr


def sentence(reason: Reason) -> str:
    """Why an act was not done, and what to do."""
    facts = {key: text.plain(value) for key, value in reason.facts.items()}
    if reason.code == "state":
        return tr("状态已变为 {state}，不能再做", state=named("state", facts.get("state", "")))
    if reason.code == "missing":
        return tr("缺 {field}，填写后再做", field=named("field", facts.get("field", "")))
    if reason.code == "too_long":
        return tr("超过 {limit} 字，缩短后再做", limit=facts.get("limit", ""))
    if reason.code == "unknown":
        return tr("找不到 {id}，可能已撤销", id=facts.get("id", ""))
    if reason.code == "not_addressee":
        post = named("post", facts.get("addressee", ""), "full")
        return tr("只有 {post} 一方可以答复", post=post)
    if reason.code == "not_issuer":
        return tr("只有 {post} 一方可以核验", post=named("post", facts.get("issuer", ""), "full"))
    if reason.code == "settled":
        return tr("{by} 已裁定", by=facts.get("by", ""))
    if reason.code == "moved_on":
        return tr("此后又有变动，只能保留现状")
    if reason.code == "closed":
        return tr("已结束，不能再做")
    return tr("未执行：{code}", code=text.plain(reason.code))
