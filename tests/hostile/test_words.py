"""What the two sides of an incident write to each other, and upward: each field takes any text as
it stands, marked, or says why not. In short form each field meets a share of the texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import an_opening, an_order
from hostile.conftest import LONG
from hostile.corpus import ALL, MILLION, label
from hostile.test_acts import Post, same

from commandwall import (
    answers,
    behalf,
    calls,
    closing,
    countersign,
    directives,
    dispatch,
    exchange,
    incidents,
    reporting,
    requests,
    reviewing,
    sitreps,
    sources,
)
from commandwall.answers import Answer, Voice
from commandwall.areas import Person
from commandwall.calls import Call
from commandwall.countersign import Countersign, Second
from commandwall.directives import Directive
from commandwall.dispatch import Assignment, AssignmentStep, Sending
from commandwall.exchange import Decision, Message, Spot
from commandwall.incidents import Incident, Levels
from commandwall.reporting import (
    ELEMENTS,
    Elements,
    HandOut,
    Losses,
    PhoneReport,
    Report,
    Statement,
)
from commandwall.requests import Request, Wish
from commandwall.resources import Resource
from commandwall.reviewing import Finding
from commandwall.sitreps import Situation, SituationReport
from commandwall.sources import SourceSwitch
from commandwall.store.journal import first_bad
from commandwall.store.mirror import Mirror
from commandwall.store.store import Refused
from widgets.reasons import sentence

assert answers and countersign
SHARE = 6
NOTHING = ["", "  \n", "\u200b\u200b", "\x00", "\ud800\ufeff"]
HUGE = ["长" * MILLION, "\u200b" * MILLION, "水\n" * (MILLION // 2)]
UNITS = [
    Resource(f"r{n}", n, "fire", f"{n} 号车", "消防", 5, "", "idle", 120.1, 31.1, "a1")
    for n in range(len(ALL) + 20)
]
Act = Callable[["Pair", str], Any]
Field = tuple[Act, type[Any], str]


class Pair(Post):
    """A station that acts for whichever side is asked; with units, and people to be called."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fill()
        mirror = Mirror(folder / "mirror.db")
        people = [Person(f"p{n}", "a1", "grid_worker", f"网格员 {n}", "") for n in range(200)]
        rows = {"resource": UNITS, "person": people}
        mirror.take({name: [tuple(getattr(r, f) for f in r.__slots__) for r in some]
                     for name, some in rows.items()}, {})  # fmt: skip
        mirror.close()
        self.used_units, self.people = iter(UNITS), iter(people)

    def as_(self, post: str, act: Callable[..., None], **args: Any) -> None:
        self.desk.take_post(post, {"chief": "陈", "front": "周"}[post]).result()
        self.do(act, **args)

    def order(self, **facts: Any) -> str:
        """A new directive from the back to the front; its id."""
        self.as_("chief", directives.issue, order=an_order(self.incident, **facts))
        return str(self.one(Directive).id)

    def wish(self, **facts: Any) -> str:
        """A new request of the front; its id."""
        told = {"what": "水炮 2 台", **facts}
        self.as_("front", requests.ask, wish=Wish(self.incident, "chief", **told))
        return str(self.one(Request).id)

    def sent(self) -> str:
        unit = next(self.used_units).id
        to = Sending("incident", self.incident, unit, 120.2, 31.9)
        self.as_("chief", dispatch.send, sending=to)
        return str(self.one(Assignment).id)

    def call(self) -> str:
        self.as_("chief", calls.start_calls, incident=self.incident, subjects=[next(self.people)])
        return str(self.one(Call).id)

    def finding(self, **facts: Any) -> str:
        told = {"kind": "improvement", "text": "晚了", "owner": "陈", "days": 7, **facts}
        self.as_("chief", reviewing.note_finding, incident=self.incident, **told)
        return str(self.one(Finding).id)

    def closed(self, reason: str = "已处置") -> str:
        self.as_("chief", incidents.open_incident, opening=an_opening())
        key = str(self.one(Incident).id)
        self.do(closing.close_incident, incident=key, reason=reason)
        return key


def _say(p: Pair, text: str = "到了", **spot: str) -> None:
    p.as_("front", exchange.say, incident=p.incident, to_post="chief", text=text,
          spot=Spot(**spot) if spot else None)  # fmt: skip


def _resolve(p: Pair, what: str = "先封北口", why: str = "近学校") -> None:
    p.as_("chief", exchange.resolve, incident=p.incident, what=what, why=why)


def _spoke(p: Pair, name: str, **facts: str) -> None:
    key, voice = p.order(), Voice(name, "front", "phone")
    p.as_("chief", behalf.record_for, voice=voice, step="acknowledge", record=key)
    if facts:
        p.do(behalf.record_for, voice=voice, step="complete", record=key, facts=facts)


def _second(p: Pair, name: str) -> None:
    order = an_order(p.incident, to_post="chief", verb="evacuate", second=Second(name, "phone"))
    p.as_("front", directives.issue, order=order)


def _situation(p: Pair, **facts: str) -> None:
    told = Situation(p.incident, **{"now": "火势可控", **facts})
    p.as_("front", sitreps.report_situation, situation=told)


def _report(p: Pair, **elements: str) -> None:
    told = Elements(**{"place": "北门", "nature": "泄漏", **elements})
    p.as_("chief", reporting.draft_report, statement=Statement(p.incident, "first", told))


def _phoned(p: Pair, **facts: str) -> None:
    told = {"told": "值班室", "reporter": "陈", "words": "北门泄漏", **facts}
    p.as_("chief", reporting.phone_report, incident=p.incident, **told)


def _lost(p: Pair, **facts: str) -> None:
    people = (0, 0, 0, 1)
    told = {"source": "前指", **facts}
    p.as_("chief", reporting.tell_losses, incident=p.incident, people=people, **told)


def _handed(p: Pair, purpose: str = "会商", name: str = "简报.pdf") -> None:
    p.as_("chief", reporting.hand_out, incident=p.incident, what="brief", purpose=purpose,
          name=name, sha256="0" * 64)  # fmt: skip


def _off(p: Pair, reason: str) -> None:
    p.as_("chief", sources.switch_off, source=f"s{p.clock.at}", reason=reason)


def _element(name: str) -> Field:
    return (lambda p, t: _report(p, **{name: t}), Report, name)


FIELDS: dict[str, Field] = {
    "refusal": (
        lambda p, t: p.as_("front", directives.refuse, directive=p.order(), reason=t),
        Directive, "reason",
    ),
    "cancelling": (
        lambda p, t: p.as_("chief", directives.cancel, directive=p.order(), reason=t),
        Directive, "reason",
    ),
    "request": (lambda p, t: p.wish(what=t), Request, "what"),
    "amount": (lambda p, t: p.wish(amount=t), Request, "amount"),
    "request's place": (lambda p, t: p.wish(place=t), Request, "place"),
    "part of it": (
        lambda p, t: p.as_("chief", requests.grant_part, request=p.wish(), said=t), Request, "said",
    ),
    "why not": (
        lambda p, t: p.as_("chief", requests.decline, request=p.wish(), reason=t), Request, "said",
    ),
    "withdrawing": (
        lambda p, t: p.as_("front", requests.withdraw, request=p.wish(), reason=t), Request, "said",
    ),
    **{
        f"situation: {name}": (
            lambda p, t, name=name: _situation(p, **{name: t}), SituationReport, name,
        )
        for name in ("now", "casualties", "forces", "needs", "next")
    },
    "message": (lambda p, t: _say(p, t), Message, "text"),
    "message's place": (lambda p, t: _say(p, place=t), Message, "place"),
    "decision": (lambda p, t: _resolve(p, what=t), Decision, "what"),
    "why decided": (lambda p, t: _resolve(p, why=t), Decision, "why"),
    "who spoke": (lambda p, t: _spoke(p, t), Answer, "person"),
    "evidence he told": (lambda p, t: _spoke(p, "周", evidence=t), Directive, "evidence"),
    "second person": (_second, Countersign, "second"),
    "why late": (
        lambda p, t: p.as_("chief", dispatch.explain_delay, assignment=p.sent(), reason=t),
        AssignmentStep, "text",
    ),
    "why called back": (
        lambda p, t: p.as_("chief", dispatch.recall, assignment=p.sent(), reason=t),
        Assignment, "reason",
    ),
    "what was read back": (
        lambda p, t: p.as_("chief", calls.mark_call, call=p.call(), result="answered", words=t),
        Call, "words",
    ),
    "grading": (
        lambda p, t: p.as_("chief", incidents.set_levels, incident=p.incident,
                           levels=Levels(2, None, None), reason=t),
        Incident, "reason",
    ),
    "reopening": (
        lambda p, t: p.as_("chief", incidents.reopen, incident=p.closed(), reason=t),
        Incident, "reason",
    ),
    **{f"report: {name}": _element(name) for name in ELEMENTS},
    "told by phone": (lambda p, t: _phoned(p, told=t), PhoneReport, "told"),
    "who phoned": (lambda p, t: _phoned(p, reporter=t), PhoneReport, "reporter"),
    "said by phone": (lambda p, t: _phoned(p, words=t), PhoneReport, "words"),
    "damage": (lambda p, t: _lost(p, damage=t), Losses, "damage"),
    "source of losses": (lambda p, t: _lost(p, source=t), Losses, "source"),
    "purpose": (lambda p, t: _handed(p, purpose=t), HandOut, "purpose"),
    "name of a paper": (lambda p, t: _handed(p, name=t), HandOut, "name"),
    "finding": (lambda p, t: p.finding(text=t), Finding, "text"),
    "who sees to it": (lambda p, t: p.finding(owner=t), Finding, "owner"),
    "what was done": (
        lambda p, t: p.as_("chief", reviewing.settle_finding, finding=p.finding(), result=t),
        Finding, "result",
    ),
    "switching off": (_off, SourceSwitch, "reason"),
}  # fmt: skip
"""Field -> how it is written, and where it stands then."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("words"))
    yield made
    made.desk.close()
    made.store.close()


@pytest.mark.parametrize("field", FIELDS)
def test_any_text_is_kept_as_it_stands_or_refused_with_a_reason(
    pair: Pair, field: str, qapp: Any
) -> None:
    act, kind, name = FIELDS[field]
    at = list(FIELDS).index(field)
    for text in ALL if LONG else ALL[at % SHARE :: SHARE]:
        try:
            act(pair, text)
        except Refused as refused:
            assert refused.reason.code in ("missing", "too_long", "second"), (label(text), refused)
            assert 0 < len(sentence(refused.reason)) <= 200
            continue
        kept = [getattr(r, name) for r in pair.store.read(lambda r: r.find(kind))]
        assert any(same(one, text) for one in kept), label(text)
    assert first_bad(pair.lines()) is None


@pytest.mark.parametrize("field", FIELDS)
def test_a_million_characters_or_none_that_is_seen_write_nothing_long(
    pair: Pair, field: str
) -> None:
    at, before = list(FIELDS).index(field), len(pair.lines())
    for text in HUGE if LONG else HUGE[at % 3 :: 3]:
        with pytest.raises(Refused) as refused:
            FIELDS[field][0](pair, text)
        assert refused.value.reason.code == "too_long"
    for text in NOTHING if LONG else NOTHING[at % 5 :: 5]:
        try:
            FIELDS[field][0](pair, text)
        except Refused as why:
            assert why.reason.code in ("missing", "second")
    assert all(len(line.body or "") < 5000 for line in pair.lines()[before:])
