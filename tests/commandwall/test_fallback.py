"""The paper fall-back: what a shift goes on with is on it, and no more than a post may read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from builders import an_event, an_opening, an_order
from pypdf import PdfReader
from world import City, an_alarm, an_area

from commandwall import (
    codes,
    directives,
    events,
    funds,
    handover,
    incidents,
    registering,
    tagging,
    whistle_acts,
)
from commandwall.areas import CITY, TOWN, Person
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.funds import Paying
from commandwall.registering import Matter
from commandwall.reports import fallback, press, shift_log, standby
from commandwall.reports.fallback import Asked
from commandwall.reports.press import Pressed
from commandwall.reports.speech import Speech
from commandwall.resources import Resource
from commandwall.whistles import Summons, Whistling

PHONE = "13800001111"
CALLER = "13900002222"


@pytest.fixture
def city(tmp_path: Path) -> Any:
    made = City(tmp_path)
    areas = [an_area("c", CITY, "临江市", ""), an_area("t1", TOWN, "石塘镇", "c")]
    event = an_event(area="t1", urgency=1, title=f"燃气味 {CALLER}", state="NEW", phone=CALLER)
    made.copied(
        *areas, event, Person("p1", "t1", "town_duty", "王建国", PHONE),
        Resource("r1", 0, "fire", "消防 1 号", "港区站", 5, "", "idle", 120.2, 31.1, "t1", PHONE),
    )  # fmt: skip
    made.desk.take_post("chief", "陈一").result()
    made.desk.do(incidents.open_incident, opening=an_opening(title="港区泄漏")).result()
    (incident,) = made.store.read(lambda r: r.find(incidents.Incident))
    made.desk.do(directives.issue, order=an_order(incident.id, text="封控港五路")).result()
    made.desk.do(events.note, event=event.id, text="已到楼下 <b>#x</b>").result()
    yield made
    made.desk.close()
    made.store.close()


def data(city: City, **more: Any) -> dict[str, Any]:
    asked = Asked("zh", Ms(city.clock.at), "指挥长 陈一", **more)
    return dict(city.store.read(lambda reader: fallback.collect(reader, asked)).data)


def test_the_paper_holds_what_a_shift_goes_on_with(city: City, tmp_path: Path) -> None:
    city.desk.run(_raise, {}, local=True)
    asked = Asked("zh", Ms(city.clock.at), "指挥长 陈一", whole=True)
    paper = city.store.read(lambda reader: fallback.collect(reader, asked))
    target = tmp_path / "out" / "fallback.pdf"
    target.parent.mkdir()
    press.put(press.press(paper, [target], ""))
    pages = PdfReader(target).pages
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    for words in (
        "港区泄漏",
        "封控港五路",
        "燃气27%LEL",
        "燃气味",
        "石塘镇",
        "王建国",
        PHONE,
        "消防1号",
        "下达指令",
        "已到楼下<b>#x</b>",
        "已补录",
        "突1",
        "告1",
        "事1",
    ):
        assert words in text, words
    assert CALLER not in text  # of who reported: no number for a call sheet
    assert len(pages) == 5
    assert b"<svg" in paper.pictures[fallback.MAP]


def _raise(tx: Any) -> None:
    tx.put(an_alarm())


def test_numbers_are_masked_where_the_post_may_not_read_them(city: City) -> None:
    told = str(data(city))
    assert PHONE not in told and "138****1111" in told
    assert "王建国" not in told and "王*" in told
    assert PHONE in str(data(city, whole=True))


def test_the_log_begins_with_the_last_hand_over_here(city: City) -> None:
    city.clock.at += 2 * HOUR
    city.desk.do(handover.offer, seat="chief", note="").result()
    offer = city.store.read(lambda r: r.find(handover.Handover))[0]
    items = city.store.read(lambda r: handover.open_items(r, "chief"))
    city.desk.take_over("李二", "", offer.id, [item.key for item in items]).result()
    city.clock.at += MINUTE
    now = Ms(city.clock.at)
    since = city.store.read(lambda r: shift_log.begun(r, now))
    assert since == now - MINUTE
    log = city.store.read(lambda r: shift_log.read(r, Ms(now - 3 * HOUR), now, Speech.of("zh")))
    assert [e.act for e in log.entries][-2:] == ["交岗", "接岗"]
    (noted,) = [e for e in log.entries if e.act == "备注"]
    assert noted.kind == "event" and noted.what.endswith("已到楼下 <b>#x</b>")
    assert "燃气味" in noted.what and CALLER not in noted.what  # to which event, and no number
    at = [e.at for e in log.entries]
    assert at == sorted(at)


def test_the_paper_of_the_schedule_is_renewed_when_it_is_old(city: City, tmp_path: Path) -> None:
    now = Ms(city.clock.at)
    assert standby.due(tmp_path, now)
    made = standby.made(tmp_path, tmp_path / standby.FOLDER / standby.NAME, Asked("zh", now))
    assert not made.target.exists() and made.path.exists()
    standby._put(made, now)
    assert not standby.due(tmp_path, Ms(now + 29 * MINUTE))
    assert standby.due(tmp_path, Ms(now + 31 * MINUTE))


def test_a_paper_that_is_held_open_costs_one_turn_and_not_the_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(made: object) -> None:
        raise PermissionError

    monkeypatch.setattr(press, "put", held)
    part = tmp_path / "part"
    part.touch()
    standby._put(Pressed(part, tmp_path / "fallback.pdf", "0" * 64), Ms(0))
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_up_leaves_nothing(city: City, tmp_path: Path) -> None:
    making = standby.Making(city.store.folder, tmp_path / "f.pdf", Asked("zh", Ms(0), whole=True))
    making.give_up()
    assert making.ended.wait(30) and making.answer.cancelled()
    assert not (tmp_path / ".f.pdf.part").exists() and not Path(making._room).exists()


def test_the_events_that_run_out_first_come_first(city: City) -> None:
    """Then those whose clock stands, which are not late, then those without any."""
    at = Ms(city.clock.at)
    facts: dict[str, Any] = {"area": "t1", "urgency": 3}
    rows = [
        an_event(id=key, source_id=key, state=state, reported_at=Ms(at - h * HOUR),
                 received_at=Ms(at - h * HOUR), **facts)
        for key, state, h in (("stands", "SUSPENDED", 900), ("late", "NEW", 800),
                              ("new", "NEW", 0))
    ]  # fmt: skip
    city.copied(*rows)
    told = {row[1]: row[-1] for row in data(city)["tables"][3]["rows"] if row[2] == "3"}
    assert list(told) == ["late", "new", "stands"]
    assert told["late"].endswith("逾期") and told["stands"] == ""


def test_what_was_registered_while_the_pool_is_away_is_on_the_paper(city: City) -> None:
    """It is then that the paper is wanted."""
    matter = Matter("路口积水", source="duty", area="t1", urgency=2, lon=120.2, lat=31.1)
    city.desk.do(registering.register, matter=matter).result()
    city.desk.do(events.accept, event="e1").result()
    rows = data(city)["tables"][3]["rows"]
    assert [(row[3], row[5]) for row in rows][1:] == [("路口积水", "待受理")]
    assert rows[0][5] == "已受理"


def test_an_urgent_event_stands_in_the_log_however_many_older_ones_are_open(city: City) -> None:
    most, at = int(codes.limit("shift_lines")), Ms(city.clock.at)
    before = Ms(at - DAY)
    old = [
        an_event(id=f"o{n}", source_id=f"o{n}", urgency=1, state="SIGNED", reported_at=before,
                 received_at=before)
        for n in range(most)
    ]  # fmt: skip
    city.copied(*old, an_event(id="n", source_id="n", title="燃气泄漏", urgency=2,
                               reported_at=at, received_at=at))  # fmt: skip
    log = city.store.read(lambda r: shift_log.read(r, Ms(at - HOUR), at, Speech.of("zh")))
    assert [e.what for e in log.entries if e.act == "接报"][-1].startswith("燃气泄漏")


def test_the_log_says_what_was_paid_and_for_what_was_whistled(city: City) -> None:
    """Not only that it was."""
    city.copied(an_event(id="w1", area="t1", state="SIGNED"))
    paying = Paying("t1", "patch", "180.5", "补了三块砖", payee="李师傅")
    city.desk.do(funds.pay, paying=paying).result()
    whistling = Whistling("t1", "emergency", ("燃气公司", "住建局"), matter="管道裸露", event="w1")
    city.desk.do(whistle_acts.blow, whistling=whistling).result()
    (one, _) = city.store.read(lambda r: r.find(Summons, event="w1"))
    city.desk.do(whistle_acts.refuse_whistle, summons=one.id, reason="不归我管").result()
    city.desk.do(tagging.tag_event, event="w1", tags=["danger"]).result()
    now = Ms(city.clock.at)
    log = city.store.read(lambda r: shift_log.read(r, Ms(now - HOUR), now, Speech.of("zh")))
    told = {e.act: e.what for e in log.entries}
    assert "＋安全隐患" in told["标签"]
    assert "180.50 元" in told["微基金支付"] and "补了三块砖" in told["微基金支付"]
    assert "管道裸露" in told["吹哨"] and "燃气公司" in told["吹哨"] and "住建局" in told["吹哨"]
    assert f"{one.department} 不归我管" in told["拒哨"]
