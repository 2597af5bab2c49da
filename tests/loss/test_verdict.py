"""What the verdict of the tests of loss would notice: else they would prove nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock, an_opening, an_order
from hostile.city import any_record
from loss.causes import Writing, lost
from loss.officer import CHOICES, MARK, WEIGHTS
from loss.verdict import assert_all_given, compared, differing, fold, folded

from commandwall import behalf, codes, directives, exchange, incidents, rights
from commandwall.answers import Answer, Voice
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.incidents import Incident
from commandwall.store.journal import GENESIS, Line
from commandwall.store.lines import held
from commandwall.store.migrate import open_store

CORE = Path(__file__).resolve().parents[2] / "commandwall"
RECORD = re.compile(r"^@record\(\s*WALL\b.*?^class (\w+)", re.DOTALL | re.MULTILINE)
BY_ITSELF = {"alarm", "conflict"}
"""What each station also works out alone; the verdict looks at these in ways of their own."""


class Here:
    """A station on which a person acts."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder)
        self.desk = Desk(self.store, StillClock())
        self.desk.take_post("chief", "陈").result()

    def do(self, act: Any, **args: Any) -> None:
        self.desk.do(act, **args).result()

    def one(self, kind: type[Any]) -> Any:
        return self.store.read(lambda r: r.find(kind))[-1]

    def lines(self) -> list[Line]:
        return self.store.read(lambda r: list(held(lambda sql, p: r.rows(sql, **p))))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    yield made
    made.desk.close()
    made.store.close()


def test_no_kind_of_record_is_left_out() -> None:
    written = {
        name.lower() for file in CORE.rglob("*.py") for name in RECORD.findall(file.read_text())
    }
    assert len(written) > 30
    assert written == set(compared()) | BY_ITSELF


def test_a_record_of_any_kind_that_another_station_has_not_is_seen(here: Here) -> None:
    for name, kind in compared().items():
        before = here.store.read(fold)
        with here.store.write(StillClock().now()) as tx:
            tx.put(any_record(name, kind))
        assert differing(before, here.store.read(fold)).startswith(f"{name} "), name
        assert differing(here.store.read(fold), before).startswith(f"{name} "), name


def test_the_lines_alone_make_the_same_fold(here: Here) -> None:
    here.do(incidents.open_incident, opening=an_opening())
    here.do(directives.issue, order=an_order(here.one(Incident).id, to_post="p1"))
    here.do(directives.acknowledge, directive=here.one(Directive).id)
    assert differing(here.store.read(fold), folded(here.lines())) == ""
    assert differing(here.store.read(fold), folded(here.lines()[:-1])) != ""


def test_an_act_that_stands_twice_or_that_nobody_did_is_found(here: Here) -> None:
    here.do(incidents.open_incident, opening=an_opening())
    said = {"incident": here.one(Incident).id, "to_post": "front", "text": f"{MARK} 1 号"}
    order = {"do": "exchange.say", "facts": said}
    here.do(exchange.say, **said)
    assert_all_given(here.lines()[1:], [order], {})
    here.do(exchange.say, **said)
    with pytest.raises(AssertionError, match="stands twice"):
        assert_all_given(here.lines()[1:], [order], {})
    with pytest.raises(AssertionError, match="nobody did it"):
        assert_all_given(
            here.lines()[1:2], [{**order, "facts": {**said, "text": f"{MARK} 2 号"}}], {}
        )


def test_a_word_of_his_own_is_known_by_what_it_answers(here: Here) -> None:
    here.do(incidents.open_incident, opening=an_opening())
    here.do(directives.issue, order=an_order(here.one(Incident).id, to_post="p1"))
    voice = Voice("李", "p1", "phone")
    here.do(behalf.record_for, voice=voice, step="acknowledge", record=here.one(Directive).id)
    told = here.one(Answer)
    here.do(behalf.confirm, answer=told.id)
    order = {"do": "behalf.confirm", "facts": {"answer": told.id}}
    assert_all_given(here.lines()[-1:], [order], {told.id: told.record})


def writing(kind: str, hlc: int, seen: int = 0, **says: Any) -> Writing:
    line = Line(f"o{hlc}", 1, hlc, "", "act", "", "", "", GENESIS, "", "")
    return Writing(line, f"{kind}:1", {"id": "1", **says}, f"{seen}.o{seen}")


def test_what_lost_unseen_must_be_told_and_what_went_further_need_not() -> None:
    def found(*some: Writing) -> list[int]:
        return [w.line.hlc for w in lost(list(some), set())]

    one, two = (writing("eventwork", n, result=str(n)) for n in (1, 2))
    assert found(one, two) == [1]
    assert found(one, writing("eventwork", 2, 1, result="2")) == []
    assert found(one, writing("eventwork", 2, result="1")) == []
    steps = [writing("directive", n, state=s) for n, s in enumerate(("ACKED", "DONE", "REFUSED"))]
    assert found(*steps[:2]) == []
    assert found(*steps[1:]) == [1]


def test_each_act_that_a_person_may_do_is_drawn_or_says_why_not() -> None:
    rows = {row["act"]: row for row in tomllib.loads(WEIGHTS.read_text("utf-8"))["row"]}
    listed = {act for right in codes.load("right").values() for act in rights.acts_of(right)}
    assert rows.keys() == listed
    drawn = {act for act, row in rows.items() if row["weight"]}
    assert drawn == CHOICES.keys()
    assert all(row.get("posts") if row["weight"] else row.get("why") for row in rows.values())
