"""会商纪要: the minutes of a consultation as a paper, PDF and DOCX, set as studies are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from commandwall import frozen
from commandwall.consulting import STANDS, Attendee, Consultation, Held
from commandwall.plain import plain
from commandwall.reports import study_paper
from commandwall.reports.draft import Block, Line, paragraphs
from commandwall.reports.speech import Speech, moment

KIND = "minutes"
"""Row of the list hand_out_kind."""
WHO = 40
"""Letters of a name."""
ROOM = "　" * 12
"""For a name that is written by hand."""


def data(held: Held, became: Mapping[str, str], unit: str, speech: Speech) -> dict[str, Any]:
    """What its forms are set of. `became`: id of a resolution -> what it became, in words; `unit`:
    who hands it out."""
    one, tr = held.one, speech.tr
    title = tr("会商纪要：{title}", title=plain(one.title))
    blocks = (
        _roll(held, speech), _situation(one, speech), _opinions(held, speech),
        _resolutions(held, became, speech),
        _words("result", tr("结论"), one.result), _signature(held, speech),
    )  # fmt: skip
    lines = [
        tr("时间：{a} 至 {b}", a=moment(one.begun_at) or "—", b=moment(one.ended_at) or "—"),
        tr("主持：{post}", post=seat(one.chair, speech)),
        *(tr("议题：{matter}", matter=line) for line in paragraphs(one.matter)),
    ]
    return study_paper.paper(title, lines, blocks, unit, moment(one.as_of), speech)


def seat(post: str, speech: Speech) -> str:
    """A post by its whole name."""
    return speech.named("post", post, full=True)


def whose(attendee: Attendee, speech: Speech) -> str:
    """值班长 陈; 供电公司 李."""
    of = seat(attendee.seat, speech) if attendee.seat else plain(attendee.unit, WHO)
    return " ".join(filter(None, (of, plain(attendee.name, WHO))))


def _roll(held: Held, speech: Speech) -> Block:
    tr = speech.tr
    rows = [
        (seat(a.seat, speech) if a.seat else plain(a.unit, WHO), plain(a.name, WHO) or "—",
         moment(a.present_at)[11:] or tr("未到会"))
        for a in held.attendees
    ]  # fmt: skip
    told = tr("应到 {n}，实到 {m}。", n=len(held.attendees), m=held.present)
    return _table("roll", tr("参会"), (tr("单位、岗位"), tr("姓名"), tr("到会")), rows, told)


def _situation(one: Consultation, speech: Speech) -> Block:
    tr, found = speech.tr, frozen.loaded(one.counts)
    rows = [
        (speech.named(frozen.LIST, c.key), f"{c.n:,}", moment(c.at) or tr("不知"))
        for c in found.counts
    ]
    told = tr("取于 {time}。", time=moment(one.as_of)) if one.as_of else tr("没有取态势。")
    return _table("situation", tr("态势"), (tr("项目"), tr("数"), tr("数据时刻")), rows, told)


def _opinions(held: Held, speech: Speech) -> Block:
    who = {a.id: whose(a, speech) for a in held.attendees}
    lines = [
        (speech.tr("{who}（{at}）：{text}", who=who.get(o.attendee, "—"), at=moment(o.at)[11:],
                   text=" ".join(paragraphs(o.text))),)
        for o in held.opinions
    ]  # fmt: skip
    return Block("opinions", speech.tr("各方意见"), tuple(lines))


def _resolutions(held: Held, became: Mapping[str, str], speech: Speech) -> Block:
    tr, rows = speech.tr, []
    for n, one in enumerate(held.resolutions, 1):
        told = " ".join(paragraphs(one.task))
        if one.basis:
            told = tr("{what}（据 {why}）", what=told, why=" ".join(paragraphs(one.basis)))
        by = seat(one.seat, speech) if one.seat else plain(one.unit, WHO)
        came = became.get(one.id, "") or tr("待下达")
        if one.state != STANDS:
            came = tr("已撤：{reason}", reason=" ".join(paragraphs(one.reason)))
        rows.append((str(n), told, by, moment(one.due), came))
    columns = tuple(map(tr, ("序", "决定", "承办", "时限", "落实")))
    return _table("resolutions", tr("决定"), columns, rows, "")


def _signature(held: Held, speech: Speech) -> Block:
    one, tr = held.one, speech.tr
    if one.signed_at is None:
        return _words(
            "signature", tr("签字"), tr("主持　　　　　　　　　　记录　　　　　　　　　　")
        )
    told = tr("{post} {name} 于 {time} 签字。校验值 {sum}", post=seat(one.chair, speech),
              name=plain(one.signer, WHO), time=moment(one.signed_at),
              sum=one.sealed[:16])  # fmt: skip
    more = [tr("签字后另有补到或改动，不在签字之内。")] if held.unsealed else []
    return Block("signature", tr("签字"), tuple((line,) for line in (told, *more)))


def _words(key: str, head: str, text: str) -> Block:
    return Block(key, head, tuple((line,) for line in paragraphs(text)))


def _table(key: str, head: str, columns: Sequence[str], rows: Iterable[Line], told: str) -> Block:
    lines = ((told,),) if told else ()
    return Block(key, head, lines, tuple(columns), tuple(rows))
