"""What a person of one side does next: drawn from a seed, by what there is to do.

How often each act is drawn is said by acts.toml. Each text stands once, so an act is known by it.
"""

from __future__ import annotations

import itertools
import os
import random
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

SEED = "LOSS_SEED"
"""Variable of the seed from which an officer draws."""
WEIGHTS = Path(__file__).with_name("acts.toml")
DRAWN = 12
"""Acts that are drawn by one look."""
MARK = "试"
"""What each text of a tester begins with."""
CHIEF, FRONT, OFF = "chief", "front", "off"
HERE = {"lon": 120.2, "lat": 31.15}
PAPER = {"told_at": 1_764_000_000_000, "writer": "王五", "reason": "停电"}
"""What stood before a line of a paper log."""
LATER = 1_795_000_000_000
"""A moment to come."""
GOES_ON = ("CALLED", "OPEN", "CLOSED")
"""States of a consultation to which something can be added."""
OPEN_MOST = 3
CLASSES = ("water", "noise", "road", "light", "garbage", "river")
"""Of the list event_class."""
ITEMS = ("lamp", "cover", "patch", "pipe", "rail", "waste", "home")
"""Of the list fund_item."""
Facts = dict[str, Any]
Act = tuple[str, Facts]


class Nothing(Exception):
    """There is nothing to which an act could be done now."""


class Officer:
    """One person at one wall."""

    def __init__(self, side: str, name: str) -> None:
        self.side, self.no = side, itertools.count(1)
        self.post = self.person = ""
        self.random = random.Random(f"{os.environ.get(SEED)} {name}")
        self.seen: Mapping[str, list[Facts]] = {}
        self.todo: list[Act] = []
        rows = tomllib.loads(WEIGHTS.read_text("utf-8"))["row"]
        self._rows = {row["act"]: row for row in rows if row["weight"]}

    def look(self, seen: Mapping[str, list[Facts]]) -> None:
        self.seen = seen
        self.todo = [act for _ in range(DRAWN) if (act := self._draw())]

    def next(self) -> Act | None:
        return self.todo.pop(0) if self.todo else None

    def _draw(self) -> Act | None:
        """One act of those that can be done, by their weights."""
        rows = {name: row for name, row in self._rows.items() if self.post in row["posts"]}
        while rows:
            (name,) = self.random.choices(list(rows), [row["weight"] for row in rows.values()])
            with suppress(Nothing):
                return name, CHOICES[name](self)
            del rows[name]
        return None

    # What there is.

    def one(self, kind: str, **wanted: Any) -> Facts:
        """A record of a kind whose fields are (or are among) these; Nothing where there is none."""
        fit = [r for r in self.seen[kind] if all(_fits(r[k], v) for k, v in wanted.items())]
        if not fit:
            raise Nothing
        return self.random.choice(fit)

    def incident(self) -> str:
        """The newest one that is open: the older ones come to their end."""
        opened = [i for i in self.seen["incident"] if i["state"] == "OPEN"]
        if not opened:
            raise Nothing
        return str(max(opened, key=lambda i: i["opened_at"])["id"])

    def any_incident(self) -> str:
        return str(self.one("incident", state="OPEN")["id"])

    def mine(self, *states: str, kind: str = "directive") -> str:
        """What is for this side, in one of some states."""
        return self._work(kind, state=states, to_post=self.ours)

    def given(self, *states: str, kind: str = "directive") -> str:
        """What this side gave."""
        return self._work(kind, state=states, from_post=self.ours)

    def _work(self, kind: str, **wanted: Any) -> str:
        """What is worked on next, once by one look."""
        found = self.one(kind, **wanted)
        self.seen[kind].remove(found)
        return str(found["id"])

    def called(self, *states: str) -> str:
        """A department of a whistle that is not ended."""
        blown = tuple(w["id"] for w in self.seen["whistle"])
        return str(self.one("summons", state=states, whistle=blown)["id"])

    def talked(self) -> Facts:
        """One who takes part in a consultation that goes on."""
        return self.one("attendee", consultation=self._going())

    def decided(self) -> Facts:
        """What such a consultation decided."""
        return self.one("resolution", consultation=self._going())

    def _going(self) -> tuple[str, ...]:
        return tuple(c["id"] for c in self.seen["consultation"] if c["state"] in GOES_ON)

    def ours(self, post: str) -> bool:
        return (post == FRONT) == (self.side == FRONT)

    # What a person says.

    def text(self) -> str:
        return f"{MARK} {self.side} {os.getpid()}-{next(self.no)} 号"

    def other(self) -> str:
        """The post on the other side."""
        return CHIEF if self.side == FRONT else FRONT

    def order(self) -> Facts:
        """An order, some of which need a second person."""
        order: Facts = {"incident": self.incident(), "to_post": self.other(), "text": self.text()}
        if self.random.random() < 0.3:
            order |= {"verb": "evacuate", "second": {"name": "吴", "channel": "phone"}}
        return order


def _fits(value: Any, wanted: Any) -> bool:
    if callable(wanted):
        return bool(wanted(value))
    return value in wanted if isinstance(wanted, tuple) else value == wanted


def _opening(o: Officer) -> Facts:
    opened = [i for i in o.seen["incident"] if i["state"] == "OPEN"]
    if len(opened) >= OPEN_MOST:
        raise Nothing
    where = {"area": "", "place": "北门", **HERE}
    return {"opening": {"title": o.text(), "kind": "accident", **where}}


def _planned(o: Officer) -> Facts:
    return {**_opening(o), "plan": PLAN}


def _started(o: Officer) -> Facts:
    """A plan that its incident has not; both sides may start it at once."""
    incident = o.any_incident()
    if any(started["incident"] == incident for started in o.seen["startedplan"]):
        raise Nothing
    return {"incident": incident, "plan": PLAN}


def _task(no: int, giver: str, to: str) -> Facts:
    return {
        "id": f"t{no}",
        "level": 4,
        "phase": "response",
        "zh": f"任务 {no}",
        "en": f"Task {no}",
        "verb": "monitor",
        "text": "在{place}监测",
        "giver": giver,
        "to": to,
        "minutes": 10,
    }


PLAN: Facts = {
    "id": "leak", "version": "1", "zh": "泄漏预案", "en": "Leak", "kinds": ["accident"],
    "tasks": [_task(1, CHIEF, FRONT), _task(2, FRONT, CHIEF)], "valid_from": "2026-01-01",
}  # fmt: skip


def _entering(o: Officer) -> Facts:
    """A step up from what holds, by which there is none yet."""
    if any(mode["state"] == "ON" for mode in o.seen["mode"]):
        raise Nothing
    return {"entering": {"area": "", "mode": "watch", "incident": "", "reason": o.text(),
                         "hours": 1}}  # fmt: skip


def _entered(o: Officer) -> Facts:
    return {**_entering(o), "second": {"name": "吴", "channel": "phone"}}


def _proposed_rule(o: Officer) -> Facts:
    rule = {
        "id": "STR-3", "cls": "STR", "severity": 3, "low_bad": False, "zh": "位移占设计 ≥ 50 %",
        "en": "Displacement of design ≥ 50 %", "threshold": o.random.randrange(10, 49),
        "on_s": 60.0, "off_s": 3600.0, "deadband": 5.0, "files_event": False, "urgency": 3,
        "event_class": "facility",
    }  # fmt: skip
    return {"rule": {"rule": rule, "reason": o.text(),
                     "tried": {"days": 7.0, "raised": 5, "now": 2}}}  # fmt: skip


def _extended(o: Officer) -> Facts:
    second = {"name": "吴", "channel": "phone"}
    return {"mode": o.one("mode", state="ON")["id"], "hours": 2, "reason": o.text(),
            "second": second}  # fmt: skip


def _spoken(o: Officer) -> Facts:
    """What the front said on the phone, written down by who is in the hall."""
    step, states, more = o.random.choice(SPOKEN)
    told = o.one("directive", to_post=FRONT, state=states)
    voice = {"person": "周", "post": FRONT, "channel": "phone"}
    return {"voice": voice, "step": step, "record": told["id"],
            "facts": {name: o.text() for name in more}}  # fmt: skip


SPOKEN: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("acknowledge", ("ISSUED", "DELIVERED"), ()), ("execute", ("ACKED", "BLOCKED"), ()),
    ("complete", ("ACKED", "EXECUTING"), ("evidence",)), ("block", ("EXECUTING",), ("need",)),
    ("refuse", ("ISSUED", "DELIVERED"), ("reason",)),
)  # fmt: skip


def _all_signed(o: Officer) -> Facts:
    """All drafts of this side in one incident."""
    incident = o.one("directive", state="DRAFT", from_post=o.ours)["incident"]
    drafts = [
        d
        for d in o.seen["directive"]
        if d["incident"] == incident and d["state"] == "DRAFT" and o.ours(d["from_post"])
    ]
    return {"incident": incident, "directives": [d["id"] for d in drafts]}


def _drawn(o: Officer) -> Facts:
    size = 100.0 * o.random.randrange(1, 9)
    shape = {"shape": "circle", "points": [[HERE["lon"], HERE["lat"]]], "size_m": size}
    return {"incident": o.incident(), "drawn": shape if o.random.random() < 0.8 else None}


def _statement(o: Officer) -> Facts:
    """The report that comes next for an incident."""
    incident = o.any_incident()
    first = [r for r in o.seen["report"] if r["incident"] == incident and r["kind"] == "first"]
    said = {"place": "北门", "nature": o.text()}
    return {"incident": incident, "kind": "follow" if first else "first", "elements": said}


def _sending(o: Officer) -> Facts:
    to = {"kind": "incident", "subject": o.incident(), "urgency": o.random.randrange(1, 5)}
    return {"sending": {**to, "resource": o.one("resource")["id"], **HERE}}


def _source(o: Officer) -> str:
    """A source that works."""
    off = {s["id"] for s in o.seen["sourceswitch"] if s["state"] == OFF}
    left = [s for s in ("grid", "12345") if s not in off]
    if not left:
        raise Nothing
    return o.random.choice(left)


def _resumed(o: Officer) -> Facts:
    return {"source": o.one("sourceswitch", state=OFF)["id"]}


def _levels(o: Officer) -> Facts:
    grade = o.random.randrange(1, 5)
    levels = {"grade": grade, "warning": None, "response": None, "harm": {"dead": 0, "hurt": grade}}
    return {"incident": o.incident(), "levels": levels, "reason": o.text()}


def _settled(o: Officer) -> Facts:
    """An incident that may be closed; one is always open."""
    if len([i for i in o.seen["incident"] if i["state"] == "OPEN"]) < 2:
        raise Nothing
    return {"incident": o.one("settled")["id"], "reason": o.text()}


def _reopened(o: Officer) -> Facts:
    opened = [i for i in o.seen["incident"] if i["state"] == "OPEN"]
    if len(opened) >= OPEN_MOST:
        raise Nothing
    return {"incident": o.one("incident", state="CLOSED")["id"], "reason": o.text()}


def _recoloured(o: Officer) -> Facts:
    colour = o.random.choice(("red", "yellow", "blue"))
    return {"buildings": [o.one("building")["id"]], "colour": colour, "reason": o.text()}


def _unanswered(o: Officer) -> Facts:
    call = o.one("call", answered_at=None)
    result = o.random.choice(("answered", "missed", "busy"))
    return {"call": call["id"], "result": result, "words": o.text()}


def _of(help: Facts) -> Facts:
    """Which unit helps with which event."""
    return {name: help[name] for name in ("event", "unit")}


def _here(o: Officer) -> Facts:
    there = o.one("call", answered_at=lambda at: at is not None, arrived_at=None)
    return {"call": there["id"]}


WAITING, WORKED = ("ISSUED", "DELIVERED"), ("ACKED", "EXECUTING")
UNDER_WAY = (*WAITING, *WORKED, "BLOCKED", "REFUSED")
CHOICES: Mapping[str, Callable[[Officer], Facts]] = {
    "registering.register": lambda o: {
        "matter": {"title": o.text(), "source": "duty", "area": "c", "person": "王"},
    },
    "events.accept": lambda o: {"event": o.one("event", state="NEW")["id"]},
    "events.dispatch": lambda o: {
        "event": o.one("event", state="ACCEPTED")["id"], "unit": "供水抢修队",
        "co": o.random.choice(("", "街道办", "街道办,住建局")),
    },
    "event_acts.sign": lambda o: {"event": o.one("event", state="DISPATCHED")["id"]},
    "event_acts.send_back": lambda o: {
        "event": o.one("event", state="DISPATCHED")["id"], "reason": o.text(), "basis": "三定方案",
    },
    "event_acts.approve_return": lambda o: {"event": o.one("event", state="RETURNED")["id"]},
    "event_acts.suspend": lambda o: {
        "event": o.one("event", state="SIGNED")["id"], "reason": o.text(), "days": 3,
    },
    "event_acts.resume": lambda o: {"event": o.one("event", state="SUSPENDED")["id"]},
    "event_acts.feed_back": lambda o: {
        "event": o.one("event", state="SIGNED")["id"], "result": o.text(),
        "evidence": "回执",
    },
    "event_acts.verify": lambda o: {
        "event": o.one("event", state="FEEDBACK", handler=lambda who: who != o.person)["id"],
        "solved": "solved", "content": "content",
    },
    "events.note": lambda o: {"event": o.one("event")["id"], "text": o.text()},
    "tagging.tag_event": lambda o: {
        "event": o.one("event")["id"],
        "tags": o.random.sample(("group", "again", "danger", "media"), o.random.randrange(1, 4)),
    },
    "event_watch.share": lambda o: {
        "event": o.one("event", state=("DISPATCHED", "SIGNED"))["id"],
        "co": f"街道办,协办{next(o.no)}队",
    },
    "co_acts.sign_help": lambda o: _of(o.one("cohandling", state="ASKED")),
    "co_acts.feed_back_help": lambda o: {**_of(o.one("cohandling")), "result": o.text()},
    "urging.urge": lambda o: {
        "event": (event := o.one("event", state=("DISPATCHED", "SIGNED"), unit=bool))["id"],
        "unit": event["unit"], "text": o.text(),
    },
    "urging.answer_urge": lambda o: {"urge": o.one("urge")["id"], "result": o.text()},
    "whistle_acts.blow": lambda o: {
        "whistling": {"town": "c", "kind": "emergency", "departments": ["燃气公司", "住建局"],
                      "matter": o.text(), "place": "北门", **HERE},
    },
    "whistle_acts.summon": lambda o: {
        "whistle": o.one("whistle")["id"], "departments": [f"水务局{next(o.no)}"],
    },
    "whistle_acts.check_whistle": lambda o: {"whistle": o.one("whistle", state="BLOWN")["id"]},
    "whistle_acts.reroute": lambda o: {
        "summons": o.called("SUMMONED"), "department": f"城管{next(o.no)}队", "reason": o.text(),
    },
    "whistle_acts.answer_whistle": lambda o: {"summons": o.called("SUMMONED")},
    "whistle_acts.check_in": lambda o: {"summons": o.called("SUMMONED", "ACKED"), **HERE},
    "whistle_acts.refuse_whistle": lambda o: {
        "summons": o.called("SUMMONED", "ACKED"), "reason": o.text(),
    },
    "whistle_acts.release_department": lambda o: {"summons": o.called("REPORTED")},
    "whistle_acts.end_whistle": lambda o: {
        "whistle": o.one("whistle")["id"], "solved": "solved", "result": o.text(),
    },
    "funds.pay": lambda o: {
        "paying": {"town": "c", "item": o.random.choice(ITEMS), "words": o.text(),
                   "yuan": o.random.choice(("1.50", "1001"))},
    },
    "funds.approve_payment": lambda o: {
        "payment": o.one("payment", state="ASKED", made_by=lambda who: who != o.person)["id"],
    },
    "funds.refuse_payment": lambda o: {
        "payment": o.one("payment", state="ASKED")["id"], "reason": o.text(),
    },
    "funds.void_payment": lambda o: {
        "payment": o.one("payment", state="PAID")["id"], "reason": o.text(),
    },
    "clues.add_clue": lambda o: {"tip": {"title": o.text(), "source": "duty", "area": "c"}},
    "clues.take_clue": lambda o: {"clue": o.one("clue", state="NEW")["id"]},
    "clues.turn_clue": lambda o: {
        "clue": o.one("clue", state=("NEW", "TAKEN"))["id"],
        "matter": {"title": o.text(), "source": "duty", "cls": "water", "area": "c"},
    },
    "clues.join_clue": lambda o: {
        "clue": o.one("clue", state=("NEW", "TAKEN"))["id"], "event": o.one("event")["id"],
    },
    "clues.put_clue_aside": lambda o: {
        "clue": o.one("clue", state=("NEW", "TAKEN"))["id"], "reason": o.text(),
    },
    "clues.bring_clue_back": lambda o: {"clue": o.one("clue", state="ASIDE")["id"]},
    "consulting.call_consultation": lambda o: {"calling": {
        "title": o.text(), "matter": o.text(), "chair": CHIEF, "planned_at": LATER,
        "invited": [{"seat": CHIEF}, {"unit": "供电公司", "name": "李工"}],
    }},
    "consulting.invite": lambda o: {
        "consultation": o.one("consultation", state=GOES_ON)["id"], "invited": [{"unit": o.text()}],
    },
    "consulting.attend": lambda o: {
        "consultation": (found := o.talked())["consultation"], "attendees": [found["id"]],
    },
    "consulting.take_situation": lambda o: {
        "consultation": o.one("consultation", state=GOES_ON)["id"], "as_of": LATER,
        "counts": '{"counts": [], "hours": []}',
    },
    "consulting.speak": lambda o: {"attendee": o.talked()["id"], "text": o.text()},
    "consulting.adopt_resolution": lambda o: {
        "consultation": o.one("consultation", state=GOES_ON)["id"],
        "settled": {"task": o.text(), "basis": "", "unit": "水务局", "days": 3},
    },
    "consulting.drop_resolution": lambda o: {
        "resolution": o.decided()["id"], "reason": o.text(),
    },
    "consulting.close_consultation": lambda o: {
        "consultation": o.one("consultation", state=("OPEN", "CLOSED"))["id"], "result": o.text(),
    },
    "consulting.sign_consultation": lambda o: {
        "consultation": o.one("consultation", state="CLOSED")["id"],
    },
    "consulting.drop_consultation": lambda o: {
        "consultation": o.one("consultation", state="CALLED")["id"], "reason": o.text(),
    },
    "monthly.choose_topic": lambda o: {
        "choosing": {"cls": o.random.choice(CLASSES), "title": o.text(), "lead": "城管局"},
    },
    "monthly.close_topic": lambda o: {
        "topic": o.one("monthlytopic", state="CHOSEN")["id"], "result": o.text(),
    },
    "monthly.drop_topic": lambda o: {
        "topic": o.one("monthlytopic", state="CHOSEN")["id"], "reason": o.text(),
    },
    "monthly.reopen_topic": lambda o: {
        "topic": o.one("monthlytopic", state=("CLOSED", "DROPPED"))["id"], "reason": o.text(),
    },
    "monthly.add_measure": lambda o: {
        "topic": o.one("monthlytopic", state="CHOSEN")["id"], "task": o.text(), "lead": "城管局",
        "days": 10,
    },
    "monthly.finish_measure": lambda o: {
        "measure": o.one("measure", state="OPEN")["id"], "result": o.text(),
    },
    "monthly.drop_measure": lambda o: {
        "measure": o.one("measure", state="OPEN")["id"], "reason": o.text(),
    },
    "monthly.redo_measure": lambda o: {
        "measure": o.one("measure", state=("DONE", "DROPPED"))["id"], "reason": o.text(),
    },
    "ladder_acts.ask_up": lambda o: {"event": o.one("event")["id"], "reason": o.text()},
    "ladder_acts.raise_up": lambda o: {
        "event": o.one("event")["id"], "to": "centre", "reason": o.text(),
    },
    "ladder_acts.take_up": lambda o: {"rise": o.one("rise", state="RAISED")["id"]},
    "ladder_acts.hand_down": lambda o: {
        "rise": o.one("rise", state=("RAISED", "TAKEN"))["id"], "task": o.text(),
    },
    "ladder_acts.hold_council": lambda o: {
        "event": o.one("supervision")["id"], "held": "2026-01-05", "chair": "张副市长",
        "decision": o.text(),
    },
    "ladder_acts.add_point": lambda o: {
        "event": o.one("supervision")["id"], "task": o.text(), "lead": "水务局", "co": "城管局",
        "days": 3,
    },
    "ladder_acts.finish_point": lambda o: {
        "point": o.one("planpoint", state="OPEN")["id"], "result": o.text(),
    },
    "alarms.acknowledge": lambda o: {"alarm": o.one("alarm", state=("UNACK", "RTNUN"))["id"]},
    "alarms.reset": lambda o: {
        "alarm": o.one("alarm", state="LATCH")["id"], "reason": o.text(),
    },
    "verifying.verify_alarm": lambda o: {
        "alarm": o.one("alarm")["id"], "finding": "real", "way": "phone", "words": o.text(),
    },
    "shelving.shelve": lambda o: {
        "alarm": o.one("alarm", state=("UNACK", "ACKED", "RTNUN", "LATCH"))["id"],
        "reason": o.text(), "minutes": o.random.randrange(1, 30),
        "second": {"name": "吴", "channel": "phone"},
    },
    "shelving.unshelve": lambda o: {"alarm": o.one("alarm", state="SHLVD")["id"]},
    "shelving.take_out": lambda o: {
        "alarm": o.one("alarm", state=("UNACK", "ACKED", "SHLVD"))["id"],
        "work_order": o.text(), "days": o.random.randrange(1, 30),
    },
    "shelving.put_back": lambda o: {"alarm": o.one("alarm", state="OOSRV")["id"]},
    "alarm_groups.acknowledge_group": lambda o: {
        "alarms": [o.one("alarm", state=("UNACK", "RTNUN"))["id"]],
    },
    "incidents.open_incident": _opening,
    "handover.offer": lambda o: {"seat": o.post, "note": o.text()},
    "handover.break_off": lambda o: {
        "handover": o.one("handover", seat=o.post)["id"], "reason": o.text(),
    },
    "plans.open_with_plan": _planned,
    "plans.start_plan": _started,
    "modes.propose_mode": _entering,
    "modes.enter_mode": _entered,
    "modes.extend_mode": _extended,
    "modes.leave_mode": lambda o: {
        "mode": o.one("mode", state="ON")["id"], "reason": o.text(), "handed": "值班室",
    },
    "modes.decline_mode": lambda o: {
        "mode": o.one("mode", state="PROPOSED")["id"], "reason": o.text(),
    },
    "rule_rows.propose_rule": _proposed_rule,
    "rule_rows.refuse_rule": lambda o: {
        "proposal": o.one("rulerow")["id"], "reason": o.text(),
    },
    "rule_rows.withdraw_rule": lambda o: {
        "proposal": o.one("rulerow", by=o.person, post=o.post)["id"],
    },
    "incidents.set_levels": _levels,
    "incidents.set_phase": lambda o: {
        "incident": o.any_incident(),
        "phase": o.random.choice(("response", "handling", "recovery")),
    },
    "incidents.report_post": lambda o: {
        "incident": o.any_incident(), "lead": o.text(), "people": o.random.randrange(200),
    },
    "incidents.join_event": lambda o: {
        "incident": o.any_incident(), "event": o.one("event")["id"],
    },
    "incidents.part_event": lambda o: {
        "incident": (joined := o.one("joinedevent"))["incident"], "event": joined["event"],
    },
    "incidents.reopen": _reopened,
    "closing.close_incident": _settled,
    "extents.set_extent": _drawn,
    "directives.issue": lambda o: {"order": o.order()},
    "directives.draft": lambda o: {"order": o.order()},
    "directives.sign": lambda o: {"directive": o.given("DRAFT")},
    "directives.sign_all": _all_signed,
    "directives.supersede": lambda o: {"directive": o.given(*UNDER_WAY), "order": o.order()},
    "directives.cancel": lambda o: {"directive": o.given(*UNDER_WAY, "DRAFT"), "reason": o.text()},
    "directives.verify": lambda o: {"directive": o.given("DONE")},
    "directives.send_back": lambda o: {"directive": o.given("DONE"), "need": o.text()},
    "directives.see": lambda o: {
        "directive": o.one("directive", state=WAITING, to_post=o.ours, seen_at=None)["id"],
    },
    "directives.acknowledge": lambda o: {"directive": o.mine(*WAITING)},
    "directives.refuse": lambda o: {"directive": o.mine(*WAITING), "reason": o.text()},
    "directives.expect": lambda o: {
        "directive": o.mine(*WORKED), "eta_at": 1_795_500_000_000 + o.random.randrange(1 << 20),
    },
    "directives.execute": lambda o: {"directive": o.mine("ACKED", "BLOCKED")},
    "directives.block": lambda o: {"directive": o.mine(*WORKED), "need": o.text()},
    "directives.complete": lambda o: {"directive": o.mine(*WORKED), "evidence": o.text()},
    "directives.know_end": lambda o: {"directive": o.mine("CANCELLED", "SUPERSEDED")},
    "behalf.record_for": _spoken,
    "behalf.confirm": lambda o: {"answer": o.one("answer", person_post=o.ours)["id"]},
    "countersign.countersign": lambda o: {
        "word": o.one("countersign", by=lambda by: by != o.person)["id"],
    },
    "requests.ask": lambda o: {
        "wish": {"incident": o.incident(), "to_post": o.other(), "what": o.text()},
    },
    "requests.grant": lambda o: {"request": o.mine("ASKED", kind="request")},
    "requests.grant_part": lambda o: {
        "request": o.mine("ASKED", kind="request"), "said": o.text(),
    },
    "requests.decline": lambda o: {
        "request": o.mine("ASKED", kind="request"), "reason": o.text(),
    },
    "requests.fulfil": lambda o: {
        "request": o.mine("ASKED", kind="request"), "order": o.order(),
    },
    "requests.withdraw": lambda o: {
        "request": o.given("ASKED", kind="request"), "reason": o.text(),
    },
    "sitreps.report_situation": lambda o: {
        "situation": {"incident": o.any_incident(), "now": o.text(), "needs": "人手"},
    },
    "exchange.say": lambda o: {
        "incident": o.incident(), "to_post": o.other(), "text": o.text(),
    },
    "exchange.resolve": lambda o: {"incident": o.incident(), "what": o.text(), "why": "近学校"},
    "dispatch.send": _sending,
    "dispatch.acknowledge_sending": lambda o: {"assignment": o.one("assignment")["id"]},
    "dispatch.report_moving": lambda o: {"assignment": o.one("assignment")["id"]},
    "dispatch.report_arrival": lambda o: {"assignment": o.one("assignment")["id"]},
    "dispatch.explain_delay": lambda o: {
        "assignment": o.one("assignment")["id"], "reason": o.text(),
    },
    "dispatch.release": lambda o: {"assignment": o.one("assignment")["id"]},
    "dispatch.recall": lambda o: {"assignment": o.one("assignment")["id"], "reason": o.text()},
    "calls.start_calls": lambda o: {"incident": o.incident(), "subjects": [o.one("person")]},
    "calls.dial": lambda o: {"call": o.one("call", answered_at=None)["id"]},
    "calls.mark_call": _unanswered,
    "unmasking.unmask": lambda o: {
        "kind": "event", "subject": o.one("event")["id"], "reason": o.text(),
    },
    "calls.report_in": _here,
    "reporting.draft_report": lambda o: {"statement": _statement(o)},
    "reporting.send_report": lambda o: {
        "statement": _statement(o), "recipients": "省应急厅", "way": "written",
    },
    "reporting.phone_report": lambda o: {
        "incident": o.any_incident(), "told": "值班室", "reporter": "陈", "words": o.text(),
    },
    "reporting.tell_losses": lambda o: {
        "incident": o.any_incident(), "source": o.text(),
        "people": [0, o.random.randrange(3), 1, o.random.randrange(9)],
    },
    "saved_views.save_view": lambda o: {
        "name": o.text(), "whose": "all", "filter": {"share": "pool", "words": o.text()},
    },
    "saved_views.rename_view": lambda o: {"view": o.one("savedview")["id"], "name": o.text()},
    "saved_views.remove_view": lambda o: {"view": o.one("savedview")["id"]},
    "saved_views.restore_view": lambda o: {"view": o.one("savedview")["id"]},
    "exports.export_list": lambda o: {
        "name": "list.csv", "purpose": o.text(), "asked": "全池", "within": "", "rows": 3,
        "sha256": "0" * 64,
    },
    "studies.issue_study": lambda o: {
        "drafted": {
            "kind": "day", "template": "day", "blocks": ["total"], "title": o.text(),
            "scope": {"since": 0, "until": 1}, "as_of": 1, "rows": 0,
            "counts": {"total": {"本期收到": 0}},
        },
        "purpose": o.text(), "files": [["0" * 64, "study.pdf"]],
    },
    "studies.note_use": lambda o: {
        "study": o.one("study")["id"], "given_to": o.text(), "outcome": "adopted",
    },
    "reporting.hand_out": lambda o: {
        "incident": o.any_incident(), "what": "brief", "purpose": o.text(),
        "name": "brief.pdf", "sha256": "0" * 64,
    },
    "instructions.instruct": lambda o: {"seat": "", "text": o.text()},
    "instructions.lift_instruction": lambda o: {"instruction": o.one("instruction")["id"]},
    "rollcall.call_roll": lambda o: {"called": [
        {"subject": o.text(), "role": "leader", "area": "", "name": o.text(), "phone": ""},
    ]},
    "rollcall.answer_roll": lambda o: {"present": o.one("rollanswer")["id"]},
    "rollcall.end_roll": lambda o: {"roll": o.one("rollcall")["id"]},
    "selfcheck.note_check": lambda o: {"states": {"disk": "fine", "backup": "attention"}},
    "reentry.enter_event": lambda o: {
        "paper": PAPER, "matter": {"title": o.text(), "source": "duty", "area": "c"},
    },
    "reentry.enter_step": lambda o: {
        "paper": PAPER | {"told_at": o.one("event")["reported_at"]}, "event": o.one("event")["id"],
        "step": "note", "text": o.text(),
    },
    "reentry.enter_line": lambda o: {"paper": PAPER, "text": o.text()},
    "reporting.hand_out_shift": lambda o: {
        "sheet": "fallback", "purpose": o.text(), "name": "fallback.pdf", "sha256": "0" * 64,
    },
    "reviewing.note_finding": lambda o: {
        "incident": o.any_incident(), "kind": "improvement", "text": o.text(), "owner": "陈",
        "days": 7,
    },
    "reviewing.settle_finding": lambda o: {
        "finding": o.one("finding")["id"], "result": o.text(),
    },
    "attachments.attach": lambda o: {
        "kind": "incident", "subject": o.any_incident(), "name": f"{o.text()}.pdf",
    },
    "areas.recolour": _recoloured,
    "conflicts.settle": lambda o: {
        "conflict": o.one("conflict")["id"], "keep": o.random.choice(("kept", "other")),
    },
    "sources.switch_off": lambda o: {"source": _source(o), "reason": o.text()},
    "sources.switch_on": _resumed,
}  # fmt: skip
"""Act of the list `right` -> what an officer gives it."""
