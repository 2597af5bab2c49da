"""Requests and situation reports: what the front needs, what it owes, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_opening, an_order

from commandwall import closing, incidents, owed, requests, sitreps
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.incidents import Incident
from commandwall.requests import Request, Wish
from commandwall.sitreps import Situation, SituationReport
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused

BACK, FRONT = "p7", "front"


class Pair:
    """Both sides at one desk, with an incident of response Ⅱ."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.do(incidents.open_incident, BACK, opening=an_opening(response=2))
        self.incident = self.store.read(lambda r: r.find(Incident))[0]

    def do(self, act: Any, post: str, **facts: Any) -> Any:
        self.clock.at += SECOND
        return self.desk.run(act, facts, "李", post)

    def ask(self, **more: Any) -> Request:
        wish = Wish(self.incident.id, BACK, "泡沫液", "6 吨", "港五路", 120.2, 31.9, **more)
        (made,) = self.do(requests.ask, FRONT, wish=wish).of(Request)
        return made

    def of(self, request: Request) -> Request:
        found = self.store.read(lambda r: r.get(Request, request.id))
        assert found is not None
        return found


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.desk.close()
    made.store.close()


ANSWERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "grant": (BACK, "GRANTED", {}),
    "grant_part": (BACK, "PARTLY", {"said": "先给 3 吨"}),
    "decline": (BACK, "DECLINED", {"reason": "库里没有"}),
    "withdraw": (FRONT, "WITHDRAWN", {"reason": "已够用"}),
}


@pytest.mark.parametrize("act", ANSWERS)
def test_a_request_owes_one_answer(pair: Pair, act: str) -> None:
    who, state, facts = ANSWERS[act]
    asked = pair.ask(need_at=Ms(NOW + 30 * MINUTE))
    debt = owed.of_request(asked)
    assert debt and (debt.post, debt.step, debt.since) == (BACK, "answer", asked.asked_at)
    with pytest.raises(Refused, match="owing"):
        pair.do(closing.close_incident, BACK, incident=pair.incident.id, reason="完毕")
    with pytest.raises(Refused, match=r"not_(issuer|addressee)"):
        pair.do(getattr(requests, act), FRONT if who == BACK else BACK, request=asked.id, **facts)
    pair.do(getattr(requests, act), who, request=asked.id, **facts)
    told = pair.of(asked)
    assert (told.state, told.said) == (state, next(iter(facts.values()), ""))
    assert owed.of_request(told) is None
    with pytest.raises(Refused, match="state"):
        pair.do(requests.grant, BACK, request=asked.id)


def test_a_request_becomes_a_directive_in_one_step(pair: Pair) -> None:
    asked = pair.ask()
    order = an_order(pair.incident.id, text="送泡沫液 6 吨")
    pair.do(requests.fulfil, BACK, request=asked.id, order=order)
    told = pair.of(asked)
    made = pair.store.read(lambda r: r.get(Directive, told.became))
    assert made and (told.state, made.source, made.text) == (
        "GRANTED", f"request:{asked.id}", "送泡沫液 6 吨",
    )  # fmt: skip


def test_reports_are_due_by_the_response_level_and_missed_ones_grow_worse(pair: Pair) -> None:
    opened = pair.incident.opened_at
    after = {n: owed.of_front(pair.incident, None, Ms(opened + n * MINUTE)) for n in (29, 30, 60)}
    lamps = {n: debt and owed.lamp(debt, Ms(opened + n * MINUTE)) for n, debt in after.items()}
    assert lamps == {29: None, 30: "yellow", 60: "red"}
    with pytest.raises(Refused, match="not_front"):
        pair.do(sitreps.report_situation, BACK, situation=Situation(pair.incident.id, "在堵漏"))
    pair.clock.at = opened + 60 * MINUTE
    pair.do(sitreps.report_situation, FRONT, situation=Situation(pair.incident.id, "在堵漏"))
    last = sitreps.newest(pair.store.read(lambda r: r.find(SituationReport)), pair.incident.id)
    now = Ms(pair.clock.at + 29 * MINUTE)
    assert last and last.now == "在堵漏" and owed.of_front(pair.incident, last, now) is None
    found = sitreps.turn(pair.incident, last, now)
    assert found and found.due == last.at + 30 * MINUTE


def test_no_response_level_asks_for_no_reports(pair: Pair) -> None:
    pair.do(incidents.open_incident, BACK, opening=an_opening(response=None))
    calm = next(i for i in pair.store.read(lambda r: r.find(Incident)) if i.response is None)
    assert sitreps.turn(calm, None, Ms(NOW + 600 * MINUTE)) is None
