"""Refusals in words: the core says a code and facts, the sentence is made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from commandwall.clock import Ms
from commandwall.directives import PHOTO
from commandwall.event_proofs import PROOF
from commandwall.store.store import Reason
from widgets import age, text
from widgets.event_reasons import EVENTS
from widgets.i18n import NUMERALS, language, named, tr
from widgets.list_reasons import LISTS

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
    return tr("只有 {post} 一方可以做", post=named("post", facts.get("issuer", ""), "full"))


def _owing(facts: Facts) -> str:
    names = ("numbers", "requests", "words")
    orders, requests, words = (facts.get(name, "").strip("[]") for name in names)
    told = [
        tr("第 {numbers} 号指令", numbers=orders) if orders else "",
        tr("第 {numbers} 号请求", numbers=requests) if requests else "",
        tr("待补签 {n} 件", n=words.count(",") + 1) if words else "",
    ]
    what = tr("、").join(filter(None, told))
    return tr("{what}还欠答复，答复后再结束", what=what)


def _not_front(facts: Facts) -> str:
    return tr("只有前指可以报告现场情况")


def _second(facts: Facts) -> str:
    return tr("须有第二人：按 E 填写，或存草稿由可签发的岗位签发")


def _not_second(facts: Facts) -> str:
    return tr("须由另一人、在可签发的岗位上补签")


def _evidence(facts: Facts) -> str:
    if facts.get("wanted") == PHOTO:
        return tr("完成须有照片，按 F 附上再做")
    if facts.get("wanted") == PROOF:
        return tr("反馈须写明凭据，或按 F 附上照片再做")
    return tr("完成须有位置，按 P 取图上地点再做")


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


def _warning_differs(facts: Facts) -> str:
    return tr("预警 {id} 已收过，这次内容不同；以先收到的为准", id=text.plain(facts.get("id", "")))


def _warning_over(facts: Facts) -> str:
    state = named("warning_state", facts.get("stands", ""))
    return tr("预警{state}，不能由它转突发；按 Shift N 在图上新开", state=state)


def _has_incident(facts: Facts) -> str:
    return tr("已转突发：{title}", title=facts.get("title", ""))


def _extent(facts: Facts) -> str:
    return tr("范围未划定：{why}", why=named("extent_refusal", facts.get("why", "")))


def _unsettled(facts: Facts) -> str:
    name = named("close_check", facts.get("check", ""))
    return tr("{name} {n} 项，了结后再结束", name=name, n=facts.get("n", ""))


def _call_spent(facts: Facts) -> str:
    return tr("已拨 {n} 次，先记录结果", n=facts.get("n", ""))


def _call_answered(facts: Facts) -> str:
    return tr("已应答")


def _not_ringing(facts: Facts) -> str:
    return tr("号码只在本人拨打时可看：按 C 拨打")


def _no_first_report(facts: Facts) -> str:
    return tr("首报尚未报出，先报首报")


def _reported(facts: Facts) -> str:
    kind = named("report_kind", facts.get("kind", ""))
    return tr("{kind} 已报出；报错了按更正另出一版", kind=kind)


def _plan_whole(facts: Facts) -> str:
    return tr("{plan} 已启用，本级没有可加的任务", plan=facts.get("plan", ""))


def _engaged(facts: Facts) -> str:
    return tr("{unit} 任务在身，不比这里轻，先撤回再派", unit=facts.get("unit", ""))


def _mode_held(facts: Facts) -> str:
    until = age.clock(Ms(int(facts["until"])))
    return tr("已在{mode}，至 {until}；先解除，或延时", mode=_mode(facts), until=until)


def _no_ground(facts: Facts) -> str:
    return tr(
        "转{mode}须有进行中的突发事件，已定响应级别或报有伤亡：按 Shift G 定级", mode=_mode(facts)
    )


def _mode_hours(facts: Facts) -> str:
    return tr("时限须 1 至 {most} 时", most=facts.get("most", ""))


def _unsettled_mode(facts: Facts) -> str:
    name = named("mode_check", facts.get("check", ""))
    return tr("{name} {n} 项，了结或写明移交给谁后再解除", name=name, n=facts.get("n", ""))


def _author(facts: Facts) -> str:
    return tr("{mode}中每项决定须有署名：按 Ctrl I 登记姓名后再做", mode=_mode(facts))


def _mode(facts: Facts) -> str:
    return named("mode", facts.get("mode", ""))


def _looks_back(facts: Facts) -> str:
    return tr("回看中，不能办理；按 End 回到此刻")


def _alarm(facts: Facts) -> str:
    return named("alarm_refusal", facts.get("why", ""))


def _shelve_minutes(facts: Facts) -> str:
    return tr("搁置须 1 至 {most} 分", most=facts.get("most", ""))


def _shelve_second(facts: Facts) -> str:
    return tr("{cls}告警搁置须有第二人", cls=named("sensor_class", facts.get("cls", "")))


def _service_days(facts: Facts) -> str:
    return tr("停用须 1 至 {most} 天", most=facts.get("most", ""))


def _closed(facts: Facts) -> str:
    return tr("已结束，不能再做")


def _right(facts: Facts) -> str:
    """What is missing, and which posts may."""
    post, lacking = named("post", facts.get("post", ""), "full"), facts.get("lacking", "")
    told = {**facts, "post": post, "act": named("right", facts.get("right", ""))}
    if lacking == "listed":
        return tr("权责表未列此动作：{act}", act=facts.get("act", ""))
    if lacking in _ALONE:
        return _ALONE[lacking](told)
    may = tr("、").join(named("post", one) for one in facts.get("may", "").split(",") if one)
    why = _LIMITED.get(lacking, _not_his)(told)
    return tr("{why}；可由 {posts} 办", why=why, posts=may) if may else why


def _not_his(facts: Facts) -> str:
    return tr("{post} 无权{act}", post=facts["post"], act=facts["act"])


def _proposes(facts: Facts) -> str:
    return tr("{post} 只能提议，不能{act}", post=facts["post"], act=facts["act"])


def _less_urgent(facts: Facts) -> str:
    least = facts["cell"][1:]
    return tr("{post} 只能给急 {n} 级及以下{act}", post=facts["post"], n=least, act=facts["act"])


def _less_grave(facts: Facts) -> str:
    least = NUMERALS[int(facts["cell"][1:])]
    return tr("{post} 只能给 {n} 级及以下{act}", post=facts["post"], n=least, act=facts["act"])


def _off_scene(facts: Facts) -> str:
    return tr("不属于进行中的突发事件，{post} 不能{act}", post=facts["post"], act=facts["act"])


def _no_post(facts: Facts) -> str:
    return tr("本台未就岗，选定岗位后再做")


def _other_area(facts: Facts) -> str:
    if not (area := facts.get("area", "")):
        return tr("属全市事项，不在本台辖区之内")
    return tr("{area} 不在本台辖区之内", area=area)


def _drill_only(facts: Facts) -> str:
    return tr("{post} 只在演练中{act}", post=facts["post"], act=facts["act"])


def _no_reason(facts: Facts) -> str:
    return tr("缺 {field}，填写后再做", field=named("field", "reason"))


_ALONE: Mapping[str, Callable[[Facts], str]] = {
    "post": _no_post, "area": _other_area, "reason": _no_reason,
}  # fmt: skip
_LIMITED: Mapping[str, Callable[[Facts], str]] = {
    "propose": _proposes, "U": _less_urgent, "P": _less_grave, "scene": _off_scene,
    "drill": _drill_only,
}  # fmt: skip
"""What a post lacks for an act -> what is said; other posts have it in the second."""


def _signed_out(facts: Facts) -> str:
    return tr("本台无人签到，按 Ctrl I 签到后再做")


def _locked(facts: Facts) -> str:
    return tr("本台已锁定，按 Ctrl I 输口令后再做")


def _secret(facts: Facts) -> str:
    return tr("姓名或口令不符，请重输")


def _locked_out(facts: Facts) -> str:
    return tr("口令输错多次，{time} 后再试", time=age.clock(Ms(int(facts["until"]))))


def _disabled(facts: Facts) -> str:
    return tr("{name} 已停用", name=text.person(facts.get("name", "")))


def _seat(facts: Facts) -> str:
    post = named("post", facts.get("post", ""), "full")
    return tr("{name} 不任 {post}", name=text.person(facts.get("name", "")), post=post)


def _held(facts: Facts) -> str:
    post, who = named("post", facts.get("post", ""), "full"), text.person(facts.get("name", ""))
    return tr(
        "{post} 由 {who} 任，有 {n} 项未了，须由其交接", post=post, who=who, n=facts.get("n", "")
    )


def _unrelieved(facts: Facts) -> str:
    return tr("有 {n} 项未了，接岗人复述后方可离岗", n=facts.get("n", ""))


def _unread(facts: Facts) -> str:
    return tr("还有 {n} 项未复述，共 {all} 项", n=facts.get("n", ""), all=facts.get("all", ""))


def _alone(facts: Facts) -> str:
    post, other = (named("post", facts.get(name, ""), "full") for name in ("post", "other"))
    mode = named("mode", facts.get("mode", ""))
    return tr("{mode}时 {post} 与 {other} 不得由一人兼任", mode=mode, post=post, other=other)


def _known(facts: Facts) -> str:
    return tr("已有此人：{id}", id=facts.get("id", ""))


def _short_secret(facts: Facts) -> str:
    return tr(
        "口令须 {least} 至 {most} 字", least=facts.get("least", ""), most=facts.get("most", "")
    )


def _nobody(facts: Facts) -> str:
    return tr("这一片没有登记负责人")


def _rule(facts: Facts) -> str:
    why = facts.get("en" if language() == "en" else "zh", "")
    field = named("rule_field", facts.get("field", ""))
    return tr("规则 {row}，{field}：{why}", row=facts.get("row", ""), field=field, why=why)


def _rule_untried(facts: Facts) -> str:
    return tr("尚未试算，试算过再提议")


def _rule_second(facts: Facts) -> str:
    return tr("须由另一人批准，并已登记姓名")


def _rule_own(facts: Facts) -> str:
    return tr("只有提议人 {by} 可以撤回", by=text.person(facts.get("by", "")))


def _group_worst(facts: Facts) -> str:
    return tr("组内有Ⅰ级，须逐条看过再确认")


def _group_mixed(facts: Facts) -> str:
    return tr("组内不止一类，展开后逐条确认")


def _group_over(facts: Facts) -> str:
    return tr("组内已无未确认")


SENTENCES: Mapping[str, Callable[[Facts], str]] = {
    "state": _state,
    "missing": _missing,
    "too_long": _too_long,
    "unknown": _unknown,
    "not_addressee": _not_addressee,
    "not_issuer": _not_issuer,
    "owing": _owing,
    "evidence": _evidence,
    "not_front": _not_front,
    "second": _second,
    "not_second": _not_second,
    "settled": _settled,
    "moved_on": _moved_on,
    "closed": _closed,
    "alarm": _alarm,
    "nobody": _nobody,
    "shelve_minutes": _shelve_minutes,
    "shelve_second": _shelve_second,
    "service_days": _service_days,
    "mode_held": _mode_held,
    "no_ground": _no_ground,
    "mode_hours": _mode_hours,
    "unsettled_mode": _unsettled_mode,
    "author": _author,
    "looks_back": _looks_back,
    "call_spent": _call_spent,
    "call_answered": _call_answered,
    "not_ringing": _not_ringing,
    "unsettled": _unsettled,
    "extent": _extent,
    "has_incident": _has_incident,
    "warning_differs": _warning_differs,
    "warning_over": _warning_over,
    "no_first_report": _no_first_report,
    "reported": _reported,
    "engaged": _engaged,
    "plan_whole": _plan_whole,
    "disk_full": _disk_full,
    "file": _file,
    "attached": _attached,
    "right": _right,
    "signed_out": _signed_out,
    "locked": _locked,
    "secret": _secret,
    "locked_out": _locked_out,
    "disabled": _disabled,
    "seat": _seat,
    "known": _known,
    "held": _held,
    "unrelieved": _unrelieved,
    "unread": _unread,
    "alone": _alone,
    "short_secret": _short_secret,
    "rule": _rule,
    "rule_untried": _rule_untried,
    "rule_second": _rule_second,
    "rule_own": _rule_own,
    "group_worst": _group_worst,
    "group_mixed": _group_mixed,
    "group_over": _group_over,
    **EVENTS,
    **LISTS,
}
"""The code of a refusal -> what is said."""
