"""What is handed out: a PDF whose text is text, a map that loads nothing, a line for each file."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import shapely
from builders import NOW, StillClock, an_opening, an_order
from pypdf import PdfReader

from commandwall import directives, dispatch, incidents, planbook, plans, reporting
from commandwall.areas import Feature, Road
from commandwall.cli import _parser
from commandwall.clock import Ms
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.incidents import CommandPost, Incident
from commandwall.picture import Changes, Picture
from commandwall.reporting import Elements, HandOut, Report, Statement
from commandwall.reports import brief, door, handout, press, review
from commandwall.reports.fill import Facts
from commandwall.reports.press import Paper, Unset
from commandwall.reports.speech import Speech
from commandwall.resources import Resource
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.world import World

HOSTILE = '#read("/etc/passwd") $x$ <script>alert(1)</script> `${alert(2)}` \\'
PHONE = "13800001111"


def row(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, f.name) for f in dataclasses.fields(record))


def shape(geometry: Any) -> bytes:
    return bytes(shapely.to_wkb(geometry))


@pytest.fixture(scope="module")
def world(tmp_path_factory: Any) -> Iterator[World]:
    """A station with a street, a lake, and one incident whose texts are hostile."""
    folder = tmp_path_factory.mktemp("station")
    street = shape(shapely.LineString([(120.1, 31.9), (120.3, 31.9)]))
    lake = shape(shapely.box(120.19, 31.89, 120.21, 31.905))
    mirror = Mirror(folder / "m1.db")
    roads = [row(Road("r1", "main", "港五路", 1, 2, 900.0, 40.0, street))]
    mirror.take({"road": roads, "feature": [row(Feature("w1", "water", "湖", lake))]}, {})
    mirror.close()
    use(folder, "m1.db")
    store, clock = open_store(folder), StillClock()
    desk = Desk(store, clock)
    desk.take_post("chief", "陈").result()
    made = World(store, clock, desk, Picture())
    _fill(made, clock)
    yield made
    made.close()


def _fill(world: World, clock: StillClock) -> None:
    def do(act: Any, **args: Any) -> None:
        clock.at += 60_000
        world.desk.do(act, **args).result()

    what = {"title": f"港区泄漏 {HOSTILE}", "place": HOSTILE, "grade": 2, "kind": "hazmat"}
    do(incidents.open_incident, opening=an_opening(radius_m=800.0, **what))
    incident = world.store.read(handout.newest)
    for text in (f"联系 {PHONE} 疏散 {HOSTILE}", "关闭沿江泵站"):
        order = an_order(incident, text=text, lon=120.205, lat=31.901, verb="evacuate")
        do(directives.issue, order=order)
    for kind, people in (("first", "待核，续报"), ("follow", "重伤 1 人")):
        said = Elements(place=HOSTILE, nature="泄漏，日夜监测", people=people)
        told = {"recipients": "市政府值班室", "way": "fax"}
        do(reporting.send_report, statement=Statement(incident, kind, said), **told)


@pytest.fixture
def facts(world: World) -> Facts:
    kinds = (Incident, CommandPost, Directive, Report)
    found = world.store.read(lambda r: {k: {x.id: x for x in r.find(k)} for k in kinds})
    picture = Picture()
    picture.apply(Changes(NOW, found))
    return Facts(next(iter(picture.incidents.values())), picture, Speech.of("zh"))


def read(path: Path) -> tuple[int, str]:
    pages = PdfReader(path).pages
    return len(pages), re.sub(r"\s", "", "".join(p.extract_text() for p in pages))


def set_at(paper: Paper, target: Path) -> Path:
    press.put(press.press(paper, [target], ""))
    return target


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_a_brief_stays_on_one_page_and_its_text_is_what_was_written(
    facts: Facts, tmp_path: Path
) -> None:
    many = dataclasses.replace(facts.directives[0], text="封控疏散" * 60)
    for no in range(40):
        facts.picture.directives[f"d{no}"] = dataclasses.replace(many, id=f"d{no}", no=no + 3)
    data = brief.brief(facts, [f"第 {n} 号　欠接令　超 0:48" for n in range(9)])
    pages, text = read(set_at(Paper("brief", data), tmp_path / "简报.pdf"))
    assert pages == 1
    assert squeezed('港区泄漏 #read("/etc/passwd")') in text
    for words in ("什么晚了", "谁在场", "事件分级", "另有30条", "危化品事故"):
        assert words in text
    assert "root:" not in text
    assert PHONE not in text


def test_a_report_is_printed_as_it_was_sent_with_what_differs(facts: Facts, tmp_path: Path) -> None:
    last = reporting.last_sent(facts.picture.reports.values(), facts.incident.id)
    assert last is not None
    data = brief.report(facts, last)
    _, text = read(set_at(Paper("report", data), tmp_path / "report.pdf"))
    for words in ("续报一", "泄漏，日夜监测", "重伤1人", "（改，原待核，续报）", "市政府值班室"):
        assert words in text
    assert squeezed(HOSTILE) in text


def test_what_cannot_be_set_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(Unset):
        press.press(Paper("brief", {}), [tmp_path / "brief.pdf"], "")
    assert list(tmp_path.iterdir()) == []


class Loads(HTMLParser):
    """What a page would fetch, and how many scripts it has."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        named = dict(attrs)
        found = [named.get(name) for name in ("src", "href", "data", "action", "srcset")]
        self.fetched += [url for url in found if url and not url.startswith("data:")]


def export(world: World, target: Path, *more: str) -> None:
    asked = _parser().parse_args(["export", "map", str(target), *more])
    door._export(world, asked, asked.purpose, door._map(world, asked, "zh"))


def test_the_map_that_is_handed_out_loads_nothing_and_reads_no_text_as_script(
    world: World, tmp_path: Path
) -> None:
    target = tmp_path / "map.html"
    export(world, target, "--purpose", "给省厅工作组")
    page = target.read_text(encoding="utf-8")
    parsed = Loads()
    parsed.feed(page)
    assert parsed.fetched == []
    assert "default-src 'none'" in page
    assert "<script>alert" not in page
    assert "${alert" not in page
    assert PHONE not in page and "138****1111" in page
    assert "CGCS2000" in page and "港区泄漏" in page
    bare = Loads()
    bare.feed(page.replace("alert", ""))
    assert bare.scripts == parsed.scripts <= 6
    (line,) = world.store.read(lambda r: r.find(HandOut))
    assert (line.what, line.purpose, line.name) == ("map", "给省厅工作组", "map.html")
    assert line.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()


def test_nothing_leaves_without_a_purpose(world: World, tmp_path: Path) -> None:
    before = len(world.store.read(lambda r: r.find(HandOut)))
    with pytest.raises(incidents.Refused, match="purpose"):
        export(world, tmp_path / "map.html")
    assert list(tmp_path.iterdir()) == []
    assert len(world.store.read(lambda r: r.find(HandOut))) == before


def test_a_review_says_which_plan_was_used_what_fell_short_and_how_soon_units_were_there(
    tmp_path: Path,
) -> None:
    mirror = Mirror(tmp_path / "m1.db")
    units = [Resource(f"u{n}", n, "fire", f"消防 {n} 号", "", 5, "", "idle", 120.2, 31.9, "320281")
             for n in (1, 2)]  # fmt: skip
    mirror.take({"resource": list(map(row, units))}, {})
    mirror.close()
    use(tmp_path, "m1.db")
    store, clock = open_store(tmp_path), StillClock()
    desk = Desk(store, clock)
    gas = next(p for p in planbook.read().plans if p.id == "gas")
    opening = an_opening(kind="gas", place="花园路 18 号", grade=4)
    desk.run(plans.open_with_plan, {"opening": opening, "plan": gas}, "陈", "chief")
    (incident,) = store.read(lambda r: r.find(Incident))
    tasks = {d.source: d.id for d in store.read(lambda r: r.find(Directive))}
    for unit in ("u1", "u2"):
        sending = dispatch.Sending("incident", incident.id, unit, 120.2, 31.9)
        desk.run(dispatch.send, {"sending": sending}, "陈", "chief")
    sent = {a.resource: a.id for a in store.read(lambda r: r.find(dispatch.Assignment))}
    clock.at += 4 * 60_000
    desk.run(dispatch.report_arrival, {"assignment": sent["u1"]}, "陈", "chief")
    desk.run(directives.cancel, {"directive": tasks["plan:gas:camera"], "reason": "已升空"}, "陈",
             "chief")  # fmt: skip
    signed = {"incident": incident.id, "directives": [tasks["plan:gas:cordon"]]}
    desk.run(directives.sign_all, signed, "李", "front")
    desk.run(directives.acknowledge, {"directive": tasks["plan:gas:cordon"]}, "李", "front")
    clock.at += 4 * 60_000
    now = Ms(clock.at + 4 * 60_000)
    paper = store.read(lambda r: review.review(r, incident.id, Speech.of("zh"), now))
    head, told = paper.data["plan"]["head"], paper.data["plan"]["rows"]
    assert head == "预案　燃气泄漏预案 2026-1"
    assert [r[3] for r in told if "画面" in r[0]] == ["略过：已升空"]
    assert any(r[3].startswith("未下达 迟 2:00") for r in told)
    assert [r[3] for r in told if "设警戒圈" in r[0]] == ["迟 7:00"]
    assert "到场　限内 1 / 2" in [c["name"] for c in paper.data["curves"]]
    assert "消防 2 号" in [r[0] for r in paper.data["late"]["rows"]]
    _, text = read(set_at(paper, tmp_path / "review.pdf"))
    assert "燃气泄漏预案2026-1" in text and "略过：已升空" in text
    desk.close()
    store.close()


def test_a_review_tells_the_same_as_pdf_and_as_page(world: World, tmp_path: Path) -> None:
    (incident,) = world.store.read(lambda r: r.find(Incident))
    now = Ms(NOW + 3 * 3_600_000)
    paper = world.store.read(lambda r: review.review(r, incident.id, Speech.of("zh"), now))
    told = [row[3] for row in paper.data["timeline"]["rows"]]
    assert told[:4] == ["开设突发事件", "下达指令", "下达指令", "报出"]
    late = [row[0] for row in paper.data["late"]["rows"]]
    assert "第 1 号 接令" in late and "首报" not in late
    page, sheet = tmp_path / "review.html", tmp_path / "review.pdf"
    press.put(press.press(paper, [sheet, page], ""))
    _, text = read(sheet)
    html = page.read_text(encoding="utf-8")
    parsed = Loads()
    parsed.feed(html)
    assert (parsed.fetched, parsed.scripts) == ([], 0)
    for words in ("意见与整改", "第1号接令", "接令限内0/2", "报告限内2/3"):
        assert words in text
        assert words in squeezed(re.sub("<[^>]+>", "", html))
