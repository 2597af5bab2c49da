"""Directives: every way from state to state, who may go it, and what is owed then."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_opening, an_order

from commandwall import directives, incidents, owed
from commandwall.attachments import AttachedFile
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.incidents import Incident
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused

STATES = (
    "DRAFT", "ISSUED", "DELIVERED", "ACKED", "REFUSED", "EXECUTING", "BLOCKED", "DONE", "VERIFIED",
    "SUPERSEDED", "CANCELLED",
)  # fmt: skip
OPEN = "ISSUED DELIVERED ACKED REFUSED EXECUTING BLOCKED DONE"
BACK, FRONT = "chief", "front"
WAYS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "sign": ("DRAFT", "ISSUED", BACK, {}),
    "acknowledge": ("ISSUED DELIVERED", "ACKED", FRONT, {}),
    "refuse": ("ISSUED DELIVERED", "REFUSED", FRONT, {"reason": "无人可派"}),
    "execute": ("ACKED BLOCKED DONE", "EXECUTING", FRONT, {}),
    "block": ("ACKED EXECUTING", "BLOCKED", FRONT, {"need": "泡沫液"}),
    "complete": ("ACKED EXECUTING", "DONE", FRONT, {"evidence": "路口已封"}),
    "verify": ("DONE", "VERIFIED", BACK, {}),
    "send_back": ("DONE", "EXECUTING", BACK, {"need": "北侧还通车"}),
    "cancel": (f"DRAFT {OPEN}", "CANCELLED", BACK, {"reason": "误报"}),
    "supersede": (OPEN, "SUPERSEDED", BACK, {"order": None}),
    "know_end": ("SUPERSEDED CANCELLED", "", FRONT, {}),
    "expect": ("ISSUED DELIVERED ACKED EXECUTING BLOCKED", "", FRONT, {"eta_at": Ms(NOW)}),
}
"""Act -> the states in which it may be done, the state after it ("" for none of its own), who may
do it, and what it needs: domain/spec 5.10."""


class Pair:
    """Both sides at one desk, with an incident and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.desk.run(incidents.open_incident, {"opening": an_opening()}, "陈", BACK)
        (incident,) = self.store.read(lambda r: r.find(Incident))
        self.incident = incident.id

    def put(self, state: str, **more: Any) -> Directive:
        """A directive of the back to the front in a state, as it would be there."""
        o, ended = an_order(self.incident), state in directives.ENDED
        d = Directive(
            "d1", 1, o.incident, BACK, FRONT, "", "", o.text, "", None, None, None, 3, "ack", "",
            "", state, "", "", Ms(NOW), Ms(0 if state == "DRAFT" else NOW),
            ended_at=Ms(NOW) if ended else None,
        )  # fmt: skip
        d = dataclasses.replace(d, **more)
        self.desk.run(lambda tx: tx.put(d), {}, local=True)
        return d

    def do(self, act: str, post: str, **facts: Any) -> Directive:
        """The act on that directive, and what it is then."""
        self.clock.at += SECOND
        if "order" in facts:
            facts["order"] = an_order(self.incident, text="改从南门进")
        self.desk.run(getattr(directives, act), {"directive": "d1", **facts}, "李", post)
        return self.now()

    def now(self) -> Directive:
        found = self.store.read(lambda r: r.get(Directive, "d1"))
        assert found is not None
        return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("pair"))
    yield made
    made.desk.close()
    made.store.close()


@pytest.mark.parametrize("act", WAYS)
def test_every_way_is_open_to_whom_it_is_for_and_to_nobody_else(pair: Pair, act: str) -> None:
    allowed, after, who, facts = WAYS[act]
    for state in STATES:
        pair.put(state)
        if state not in allowed.split():
            with pytest.raises(Refused) as refusal:
                pair.do(act, who, **facts)
            assert refusal.value.reason.code == "state" and pair.now().state == state
            continue
        other = FRONT if who == BACK else BACK
        with pytest.raises(Refused, match=r"not_(issuer|addressee)"):
            pair.do(act, other, **facts)
        assert pair.now().state == state
        told = pair.do(act, who, **facts)
        kept = {"ISSUED": "ACKED", "DELIVERED": "ACKED"} if act == "expect" else {}
        assert told.state == (after or kept.get(state, state)), state


OWED = {
    "ISSUED": (FRONT, "ack"), "DELIVERED": (FRONT, "ack"), "REFUSED": (BACK, "decide"),
    "ACKED": (FRONT, "start"), "EXECUTING": (FRONT, "done"), "BLOCKED": (BACK, "need"),
    "DONE": (BACK, "verify"), "SUPERSEDED": (FRONT, "know"), "CANCELLED": (FRONT, "know"),
    "DRAFT": None, "VERIFIED": None,
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_each_state_owes_one_step_or_nothing(pair: Pair, state: str) -> None:
    debt = owed.of_directive(pair.put(state))
    assert (debt and (debt.post, debt.step)) == OWED[state]
    still = pair.store.read(lambda r: owed.owed(r, pair.incident))
    assert [d.record.id for d in still if d.record.id == "d1"] == (["d1"] if debt else [])


def test_what_is_taken_back_stays_owed_until_the_addressee_knows(pair: Pair) -> None:
    pair.put("EXECUTING")
    assert owed.of_directive(pair.do("cancel", BACK, reason="误报")) is not None
    assert owed.of_directive(pair.do("know_end", FRONT)) is None
    pair.put("DRAFT")  # nobody but its own side ever saw it
    assert owed.of_directive(pair.do("cancel", BACK, reason="不用了")) is None


def test_a_directive_that_stands_for_another_names_it(pair: Pair) -> None:
    pair.put("ACKED")
    before = {d.id for d in pair.store.read(lambda r: r.find(Directive))}
    pair.do("supersede", BACK, order=None)
    (new,) = [d for d in pair.store.read(lambda r: r.find(Directive)) if d.id not in before]
    assert (new.state, new.text, new.supersedes) == ("ISSUED", "改从南门进", "d1")
    assert new.no > 1


CLOCKS = [
    ("ISSUED", {}, [(14, ""), (15, "deliver"), (180, "phone"), (300, "escalate")]),
    ("DELIVERED", {"delivered_at": NOW + 5 * SECOND},
     [(64, ""), (65, "flash"), (185, "phone"), (305, "escalate")]),
    ("ACKED", {"acked_at": NOW}, [(299, ""), (300, "start")]),
    ("EXECUTING", {"executing_at": NOW, "due_at": NOW + 20 * MINUTE},
     [(599, ""), (600, "half"), (1200, "over")]),
    ("DONE", {}, [(9999, "")]),
]  # fmt: skip


@pytest.mark.parametrize(("state", "facts", "told"), CLOCKS, ids=[row[0] for row in CLOCKS])
def test_the_clock_says_what_is_to_be_done(
    pair: Pair, state: str, facts: dict[str, Any], told: list[tuple[int, str]]
) -> None:
    order = pair.put(state, **facts)
    assert [owed.timeout(order, Ms(NOW + s * SECOND)) for s, _ in told] == [row for _, row in told]


def test_done_needs_the_evidence_that_was_asked_for(pair: Pair) -> None:
    pair.put("EXECUTING", needs="photo,position")
    with pytest.raises(Refused) as refusal:
        pair.do("complete", FRONT, evidence="已封", lon=120.2, lat=31.9)
    assert refusal.value.reason.facts == {"wanted": "photo"}
    pair.desk.run(attached("text/plain"), {}, local=True)
    with pytest.raises(Refused, match="photo"):
        pair.do("complete", FRONT, evidence="已封", lon=120.2, lat=31.9)
    pair.desk.run(attached("image/jpeg"), {}, local=True)
    with pytest.raises(Refused) as refusal:
        pair.do("complete", FRONT, evidence="已封")
    assert refusal.value.reason.facts == {"wanted": "position"}
    done = pair.do("complete", FRONT, evidence="已封", lon=120.2, lat=31.9)
    assert (done.state, done.done_lon, done.done_lat) == ("DONE", 120.2, 31.9)


def attached(mime: str) -> Callable[[Any], None]:
    """An act that attaches a file of that content to the directive."""
    row = AttachedFile(mime, "directive", "d1", "0" * 64, "路口", mime, 9, Ms(NOW), "李", FRONT)
    return lambda tx: tx.put(row)


def test_a_draft_has_no_number_and_is_signed_by_another_post(pair: Pair) -> None:
    pair.desk.run(directives.draft, {"order": an_order(pair.incident)}, "陈", "p3")
    drafts = pair.store.read(lambda r: r.find(Directive, state="DRAFT", from_post="p3"))
    assert [d.no for d in drafts] == [0]
    pair.desk.run(directives.sign, {"directive": drafts[0].id}, "李", "chief")
    signed = pair.store.read(lambda r: r.get(Directive, drafts[0].id))
    assert signed and (signed.from_post, signed.by, signed.no > 0) == ("chief", "李", True)


def test_front_and_back_count_each_their_own(pair: Pair) -> None:
    """While no line joins them both may issue: the same number would mean two directives."""
    before = max(d.no for d in pair.store.read(lambda r: r.find(Directive, from_post=BACK)))
    pair.desk.run(directives.issue, {"order": an_order(pair.incident, to_post=BACK)}, "李", FRONT)
    (front,) = pair.store.read(lambda r: r.find(Directive, from_post=FRONT))
    assert front.no == 1 <= before
