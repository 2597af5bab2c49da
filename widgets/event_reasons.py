"""Refusals of the flow of an event in words; `reasons` has those of all other acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from commandwall.funds import CENTS
from widgets import text
from widgets.i18n import named, tr

Facts = Mapping[str, str]


def _too_late(facts: Facts) -> str:
    if facts.get("limit") == "unmerge_hours":
        return tr("并单已过 {n} 小时，不能再拆", n=facts.get("n", ""))
    return tr("办结已过 {n} 天，不能再重启", n=facts.get("n", ""))


def _too_early(facts: Facts) -> str:
    return tr("办结满 {n} 天后归档", n=facts.get("n", ""))


def _above(facts: Facts) -> str:
    post = named("post", facts.get("post", ""), "full")
    return tr("已有 {n} 次，须由 {post} 审定", n=facts.get("n", ""), post=post)


def _extension(facts: Facts) -> str:
    return named("extension_refusal", facts.get("why", ""))


def _own_work(facts: Facts) -> str:
    return tr("{by} 经办，须由另一人核查", by=text.person(facts.get("by", "")) or tr("本岗"))


def _reject_second(facts: Facts) -> str:
    return tr("急件不予受理须有第二人，填写姓名和征得方式")


def _main_over(facts: Facts) -> str:
    return tr("只能并入另一件在办事件")


def _owed_after(facts: Facts) -> str:
    acts = filter(None, facts.get("acts", "").split(","))
    return tr("还欠{acts}，做完再归档", acts=tr("、").join(named("act", act) for act in acts))


def _restricted(facts: Facts) -> str:
    return tr("受限事件，选中后按 V 写明缘由查看")


def _same_unit(facts: Facts) -> str:
    return tr("{unit} 已是承办单位，写另一家", unit=facts.get("unit", ""))


def _same_tags(facts: Facts) -> str:
    return tr("标签没有变")


def _not_with(facts: Facts) -> str:
    return tr("{unit} 不承办也不协办此件", unit=text.plain(facts.get("unit", ""), 24))


def _answered(facts: Facts) -> str:
    return tr("{by} 已答复", by=text.person(facts.get("by", "")) or tr("别处"))


def _not_there(facts: Facts) -> str:
    return tr("到场须在 {m} 米内，或按 F 附上照片", m=facts.get("m", ""))


def _hours(facts: Facts) -> str:
    return tr("延期须 1 至 {most} 小时", most=facts.get("most", ""))


def _days(facts: Facts) -> str:
    return tr("须 1 至 {most} 天", most=facts.get("most", ""))


def _calls(facts: Facts) -> str:
    return tr("无法联系须在不同时段打过 {n} 次", n=facts.get("n", ""))


def _whistled(facts: Facts) -> str:
    return tr("已为「{matter}」吹哨，可增哨", matter=facts.get("matter", ""))


def _departments(facts: Facts) -> str:
    return tr("一次最多叫 {most} 个部门", most=facts.get("most", ""))


def _score(facts: Facts) -> str:
    return tr("评分须 {least} 至 {most}", least=facts.get("least", ""), most=facts.get("most", ""))


def _rated(facts: Facts) -> str:
    return tr("{by} 已评", by=text.person(facts.get("by", "")) or tr("本岗"))


def _own_rating(facts: Facts) -> str:
    who = text.person(facts.get("by", "")) or tr("本岗")
    return tr("{by} 已替另一方评过，须由另一人评", by=who)


def _rung_next(facts: Facts) -> str:
    here, wanted = named("rung", facts.get("rung", "")), named("rung", facts.get("wanted", ""))
    return tr("现在{here}，须逐级上提：下一级是{wanted}", here=here, wanted=wanted)


def _rung_top(facts: Facts) -> str:
    return tr("已在最高一级：{rung}", rung=named("rung", facts.get("rung", "")))


def _rung_above(facts: Facts) -> str:
    return tr("已上提到{rung}，由它退回", rung=named("rung", facts.get("rung", "")))


def _rung_post(facts: Facts) -> str:
    may = (named("post", one) for one in facts.get("may", "").split(",") if one)
    rung = named("rung", facts.get("rung", ""))
    return tr("上提到{rung}由 {posts} 办", rung=rung, posts=tr("、").join(may))


def _tier(facts: Facts) -> str:
    return tr("已由{tier}：先退回分办，再分给另一级", tier=named("tier", facts.get("tier", "")))


def _no_tier(facts: Facts) -> str:
    return tr("还没有人分办，无从退回")


def _unwatched(facts: Facts) -> str:
    return tr("不在督办清单上：先上提到市级")


def _held_on(facts: Facts) -> str:
    return tr("开会日期须如 2026-11-27，且不晚于今天")


def _points(facts: Facts) -> str:
    n, all_ = facts.get("n", ""), facts.get("all", "")
    return tr("{all} 项任务中 {n} 项未核验，核验后再销号", n=n, all=all_)


def _unsolved(facts: Facts) -> str:
    return tr("没有任务，事件也未办结：立任务并核验，或办结后再销号")


def _own_point(facts: Facts) -> str:
    return tr("{by} 办的，须由另一人核验", by=text.person(facts.get("by", "")) or tr("本岗"))


def _amount(facts: Facts) -> str:
    return tr("金额写成大于 0 的数，至多两位小数，如 800 或 800.50")


def _fund_item(facts: Facts) -> str:
    item = named("fund_item", facts.get("item", ""))
    return tr("{item}每笔至多 {n} 元，拆不开的走镇街研判", item=item, n=_yuan(facts, "most"))


def _fund_year(facts: Facts) -> str:
    item = named("fund_item", facts.get("item", ""))
    return tr("{item}本年只余 {n} 元", item=item, n=_yuan(facts, "left"))


def _fund_left(facts: Facts) -> str:
    return tr("该镇街微基金本年只余 {n} 元", n=_yuan(facts, "left"))


def _fund_own(facts: Facts) -> str:
    who = text.person(facts.get("by", "")) or tr("本岗")
    return tr("{by} 付的，须由另一人批准", by=who)


def _topic_chosen(facts: Facts) -> str:
    return tr("本月已定为每月一题：{title}", title=facts.get("title", ""))


def _topic_open(facts: Facts) -> str:
    return tr("还有 {n} 项措施在办，完成或撤销后再结题", n=facts.get("n", ""))


def _yuan(facts: Facts, key: str) -> str:
    return f"{int(facts.get(key, '0')) / CENTS:,.2f}".removesuffix(".00")


EVENTS: Mapping[str, Callable[[Facts], str]] = {
    "too_late": _too_late,
    "too_early": _too_early,
    "above": _above,
    "extension": _extension,
    "own_work": _own_work,
    "reject_second": _reject_second,
    "main_over": _main_over,
    "same_tags": _same_tags,
    "not_with": _not_with,
    "answered": _answered,
    "not_there": _not_there,
    "same_unit": _same_unit,
    "restricted": _restricted,
    "owed_after": _owed_after,
    "hours": _hours,
    "days": _days,
    "calls": _calls,
    "whistled": _whistled,
    "departments": _departments,
    "score": _score,
    "rated": _rated,
    "own_rating": _own_rating,
    "rung_next": _rung_next,
    "rung_top": _rung_top,
    "rung_above": _rung_above,
    "rung_post": _rung_post,
    "tier": _tier,
    "no_tier": _no_tier,
    "unwatched": _unwatched,
    "held_on": _held_on,
    "points": _points,
    "unsolved": _unsolved,
    "own_point": _own_point,
    "amount": _amount,
    "fund_item": _fund_item,
    "fund_year": _fund_year,
    "fund_left": _fund_left,
    "fund_own": _fund_own,
    "topic_chosen": _topic_chosen,
    "topic_open": _topic_open,
}
