"""The data of the papers of an incident: the brief on one page, a report in its official layout."""

from __future__ import annotations

from typing import Any

from commandwall import codes
from commandwall.directives import VERIFIED, Directive, is_over
from commandwall.owed import of_directive
from commandwall.plain import plain
from commandwall.posts import FRONT
from commandwall.reporting import ELEMENTS, Report
from commandwall.reports.fill import Facts, within
from commandwall.reports.speech import clock, moment

LINE, TITLE, PLACE = 46, 34, 40
"""Characters of a line, a title and a place that the page has room for."""


def brief(facts: Facts, late: list[str], picture: str = "") -> dict[str, Any]:
    """What, where, how bad, who is there, what is late, the directives with their states.

    `late`: lines of what is overdue, in the words of the screen; `picture`: file name of the map.
    """
    tr, i = facts.speech.tr, facts.incident
    return {
        "title": plain(i.title, TITLE),
        "printed": tr("简报 {time}", time=moment(facts.picture.now)),
        "facts": [{"label": label, "value": value} for label, value in _gradings(facts)],
        "sections": [
            _section(tr("谁在场"), _present(facts), tr("未报")),
            _section(tr("什么晚了"), late[:6], tr("没有超时"), strong=True),
            _section(tr("影响范围"), within(facts), tr("未划定")),
            _section(tr("损失"), _losses(facts), tr("待核，续报")),
            _section(tr("决定"), _decisions(facts), tr("无")),
            _section(tr("已报"), _reported(facts), tr("尚无报出的报告")),
        ],
        "orders": _orders(facts),
        "map": picture,
        "no_map": tr("地图未能画出"),
        "map_note": tr("坐标系 CGCS2000，{time}", time=clock(facts.picture.now)),
        "foot": _foot(facts),
    }


def report(facts: Facts, written: Report) -> dict[str, Any]:
    """A report as it was sent, with what differed from the one before it."""
    s, tr = facts.speech, facts.speech.tr
    before = facts.picture.reports.get(written.before)
    elements = [
        {
            "label": s.named("report_element", name),
            "value": plain(getattr(written, name), 4000) or "—",
            "was": _was(facts, before, written, name),
        }
        for name in ELEMENTS
    ]
    kind = s.report(written.kind, written.no)
    if written.version > 1:
        kind += tr("（第 {n} 版）", n=written.version)
    return {
        "head": tr("突发事件信息"),
        "number": kind,
        "sent": moment(written.sent_at) or tr("拟稿"),
        "title": plain(facts.incident.title, 60),
        "recipients": plain(written.recipients, 200),
        "elements": elements,
        "unit": s.named("post", written.post, full=True),
        "date": moment(written.sent_at or written.drafted_at),
        "foot": _foot(facts),
    }


def _was(facts: Facts, before: Report | None, written: Report, name: str) -> str:
    if before is None or name not in written.changed.split(","):
        return ""
    old = plain(getattr(before, name), 400) or facts.speech.tr("空")
    return facts.speech.tr("（改，原 {text}）", text=old)


def _gradings(facts: Facts) -> list[tuple[str, str]]:
    tr, i, s = facts.speech.tr, facts.incident, facts.speech
    kind = s.named("incident_kind", i.kind) if i.kind else tr("未定")
    return [
        (tr("种类"), kind),
        (tr("地点"), plain(i.place, PLACE) or "—"),
        (tr("事件分级"), s.level("grade", i.grade)),
        (tr("预警级别"), s.level("warning", i.warning)),
        (tr("响应级别"), s.level("response", i.response)),
        (tr("开设"), clock(i.opened_at)),
    ]


def _section(head: str, lines: list[str], none: str, strong: bool = False) -> dict[str, Any]:
    return {"head": head, "lines": lines, "none": none, "strong": strong}


def _present(facts: Facts) -> list[str]:
    """The command posts, and the places they reported."""
    tr, found = facts.speech.tr, facts.picture.command_posts.values()
    posts = [p for p in found if p.incident == facts.incident.id]
    lines = []
    for post in sorted(posts, key=lambda p: p.side != FRONT):
        name = tr("前指") if post.side == FRONT else tr("后指")
        people = tr("{n} 人", n=post.people) if post.people else ""
        parts = (name, plain(post.place, PLACE) or tr("地点未报"), plain(post.lead, 12), people)
        lines.append("　".join(filter(None, parts)))
    return lines


def _losses(facts: Facts) -> list[str]:
    found = facts.picture.losses.get(facts.incident.id)
    if found is None:
        return []
    line = facts.speech.tr(
        "死亡 {dead} 人，失联 {missing} 人，重伤 {severe} 人，轻伤 {hurt} 人",
        dead=found.dead, missing=found.missing, severe=found.severe, hurt=found.hurt,
    )  # fmt: skip
    return list(filter(None, (line, plain(found.damage, LINE))))


def _decisions(facts: Facts) -> list[str]:
    """The newest few."""
    mine = [d for d in facts.picture.decisions.values() if d.incident == facts.incident.id]
    newest = sorted(mine, key=lambda d: d.at)[-4:]
    return [f"{clock(d.at)} {plain(d.what, LINE)}" for d in newest]


def _reported(facts: Facts) -> list[str]:
    mine = [r for r in facts.picture.reports.values() if r.incident == facts.incident.id]
    sent = sorted((r for r in mine if r.sent_at), key=lambda r: r.sent_at or 0)
    lines = [
        f"{clock(r.sent_at)} {facts.speech.report(r.kind, r.no)}　{plain(r.recipients, 28)}"
        for r in sent
    ]
    return lines[-4:]


def _orders(facts: Facts) -> dict[str, Any]:
    """Those that still owe an answer first; the newest of the others as far as there is room."""
    tr, most = facts.speech.tr, int(codes.limit("brief_directives"))
    found = sorted(facts.directives, key=lambda d: (is_over(d), -d.no))
    names = ("号", "下达", "岗位", "内容", "状态", "欠")
    left = len(found) - most
    return {
        "head": tr("指令"),
        "count": tr("共 {n}　已核验 {done}", n=len(found),
                    done=sum(d.state == VERIFIED for d in found)),
        "columns": [tr(name) for name in names],
        "rows": [_order(facts, d) for d in found[:most]],
        "more": tr("另有 {n} 条", n=left) if left > 0 else "",
    }  # fmt: skip


def _order(facts: Facts, d: Directive) -> list[str]:
    s = facts.speech
    debt = of_directive(d)
    owed = ""
    if debt is not None:
        owed = f"{s.named('post', debt.post)} {s.named('directive_limit', debt.step)}"
    words = " ".join(filter(None, (s.named("directive_verb", d.verb), d.text, d.place)))
    posts = f"{s.named('post', d.from_post)} → {s.named('post', d.to_post)}"
    state = s.named("directive_state", d.state)
    return [str(d.no), clock(d.issued_at), posts, plain(words, LINE), state, owed]


def _foot(facts: Facts) -> str:
    tr, area = facts.speech.tr, facts.picture.areas.get(facts.picture.city)
    city = plain(area.name if area is not None else facts.picture.city, 20)
    return tr("{city}　突发事件 {id}", city=city, id=facts.incident.id[:8]).strip()
