"""Refusals of views and exports of the event list in words; `reasons` has the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from commandwall.clock import Ms
from widgets import age
from widgets.i18n import named, tr

Facts = Mapping[str, str]


def _named(facts: Facts) -> str:
    return tr("已有名为「{name}」的视图，换个名称", name=facts.get("name", ""))


def _own(facts: Facts) -> str:
    return tr("没有人签到，不能存给自己；可存给本岗位或各台")


def _many(facts: Facts) -> str:
    return tr("视图已有 {most} 个，删去不用的再存", most=facts.get("most", ""))


def _personal(facts: Facts) -> str:
    return tr("搜索词是个人号码或姓名，不能存进视图")


def _no_filter(facts: Facts) -> str:
    return tr("这是一个数的行，没有筛选可存")


def _days(facts: Facts) -> str:
    return tr("日期写成 2026-11-01，止日不早于起日")


def _study_rows(facts: Facts) -> str:
    return tr("时段内超过 {most} 件；缩短时段或缩小范围再起草", most=facts.get("most", ""))


def _study_days(facts: Facts) -> str:
    return tr("时段超过 {most} 日；看清起止的年份再起草", most=facts.get("most", ""))


def _study_period(facts: Facts) -> str:
    return tr("止须在起之后")


def _rows(facts: Facts) -> str:
    return tr("共 {n} 条，一个文件最多 {most} 条；筛选后分次导出", n=facts.get("n", ""),
              most=facts.get("most", ""))  # fmt: skip


def _full(facts: Facts) -> str:
    return tr("目标磁盘已满，什么也没有留下；换个位置再导出")


def _place(facts: Facts) -> str:
    return tr("目标位置写不进：{why}", why=facts.get("why", ""))


def _put(facts: Facts) -> str:
    return tr("大事记已记导出，但文件没有放到位：{why}；再导一次", why=facts.get("why", ""))


def _unset(facts: Facts) -> str:
    return tr("未能生成：{why}", why=facts.get("why", ""))


def _no_drill(facts: Facts) -> str:
    return tr("这不是演练环境，没有演练时钟")


def _future(facts: Facts) -> str:
    return tr("时刻 {at} 还没到，看清纸上的再写", at=_at(facts))


def _handed_over(facts: Facts) -> str:
    return tr("{at} 已交接班，早于此的须写明为何现在才补", at=_at(facts))


def _paper_order(facts: Facts) -> str:
    return tr("这件事件 {at} 已另有处置，纸上时刻不能更早", at=_at(facts))


def _not_chair(facts: Facts) -> str:
    return tr("由主持签字：{post}", post=named("post", facts.get("chair", ""), "full"))


def _at(facts: Facts) -> str:
    told = facts.get("at", "")
    return age.stamped(Ms(int(told))) if told.isdigit() else age.UNKNOWN


LISTS: Mapping[str, Callable[[Facts], str]] = {
    "view_named": _named,
    "view_own": _own,
    "view_many": _many,
    "view_personal": _personal,
    "view_rows": _no_filter,
    "view_days": _days,
    "study_rows": _study_rows,
    "study_days": _study_days,
    "study_period": _study_period,
    "export_rows": _rows,
    "export_full": _full,
    "export_place": _place,
    "export_put": _put,
    "unset": _unset,
    "no_drill": _no_drill,
    "nobody_called": lambda facts: tr("没有可点名的人：先收值班表，或录入镇街值班人"),
    "nobody_invited": lambda facts: tr("先勾选或写下参会的人"),
    "not_chair": _not_chair,
    "due_past": lambda facts: tr("时限已过，写以后的时刻"),
    "restricted_room": lambda facts: tr("受限事件不在大屏前会商"),
    "future": _future,
    "handed_over": _handed_over,
    "paper_order": _paper_order,
}
