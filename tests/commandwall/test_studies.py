"""Studies: a draft whose every number has its rows, papers that say it, and what came of them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_area, an_event
from pypdf import PdfReader

from commandwall import codes, deadlines, studies
from commandwall.clock import DAY, HOUR, MINUTE, Ms, to_datetime
from commandwall.desk import Desk
from commandwall.event_flow import CLOSED_STATES
from commandwall.events import Event, EventView, EventWork, FiledEvent, as_event
from commandwall.reports import press, study, study_paper
from commandwall.reports.draft import Draft, Figure, unfounded
from commandwall.reports.speech import Speech
from commandwall.reports.study import Asked
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused, Store
from commandwall.studies import Drafted, Scope, Study, StudyUse

SINCE, UNTIL = Ms(NOW - 7 * DAY), NOW
PHONE, NAME = "13800001111", "欧阳明"
TOWNS = ("320281001", "320281002")
CLASSES = ("water", "noise", "facility")


def event(no: int) -> Event:
    """Two weeks of events, some closed by the city, all told by one person."""
    at, closed = Ms(NOW - no * 80 * MINUTE), no % 3 == 0
    return an_event(
        id=f"e{no:03d}", source_id=f"s{no:03d}", title=f"{NAME}反映停水 {PHONE}", person=NAME,
        phone=PHONE, cls=CLASSES[no % 5 % 3], source=("12345", "grid")[no % 2],
        area=TOWNS[no % 7 % 2] + "001" * (no % 2), reported_at=at, received_at=at,
        state="CLOSED" if closed else "SIGNED", closed_at=Ms(at + 5 * HOUR) if closed else None,
        unit=("供水公司", "城管局", "")[no % 3], urgency=2 + no % 3,
    )  # fmt: skip


EVENTS = [event(no) for no in range(250)]
WORK = EventWork(
    "e001", "CLOSED", "环保局", "", NOW, "陈", "p3", Ms(NOW - 75 * MINUTE), furthest="CLOSED",
    closed_at=NOW, solved="solved", content="fairly", cls="noise",
)  # fmt: skip
FILED = FiledEvent("filed", "duty", "冒水", "", "water", 3, TOWNS[0], "", None, None, None,
                   Ms(NOW - HOUR))  # fmt: skip


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Desk]]:
    folder: Path = tmp_path_factory.mktemp("studies")
    mirror = Mirror(folder / "m1.db")
    areas = [an_area(id="320281", level=0, name="江阴市", parent=""), an_area(id=TOWNS[0]),
             an_area(id=TOWNS[1], name="周庄镇")]  # fmt: skip
    areas += [an_area(id=f"{t}001", level=2, name="东村", parent=t) for t in TOWNS]
    rows: dict[str, list[Any]] = {"event": EVENTS, "area": areas}
    mirror.take({k: [tuple(getattr(e, n) for n in e.__slots__) for e in v]
                 for k, v in rows.items()}, {})  # fmt: skip
    mirror.close()
    use(folder, "m1.db")
    store = open_store(folder)
    desk = Desk(store, StillClock())
    desk.take_post("chief", "陈").result()
    for record in (WORK, FILED):
        desk.run(lambda tx, record=record: tx.put(record), {}, local=True)
    yield store, desk
    desk.close()
    store.close()


def drafted(store: Store, lang: str = "zh", **scope: Any) -> Draft:
    every = list(codes.load("study_block"))
    asked = Asked("day", "day", every, Scope(SINCE, UNTIL, **scope))
    return store.read(lambda r: study.draft(r, asked, NOW, Speech.of(lang)))


def seen(store: Store) -> list[dict[str, Any]]:
    """Each event as it is shown, by looking at every row."""
    told = [{"id": e.id, "cls": e.cls, "area": e.area, "at": e.reported_at, "state": e.state,
             "source": e.source, "unit": e.unit} for e in EVENTS]  # fmt: skip
    told += [{"id": FILED.id, "cls": FILED.cls, "area": FILED.area, "at": FILED.reported_at,
              "state": "NEW", "source": FILED.source, "unit": ""}]  # fmt: skip
    for one in told:
        if one["id"] == WORK.id:
            one.update(cls=WORK.cls, state=WORK.state, unit=WORK.unit)
    return told


def cells(draft: Draft, block: str) -> dict[str, list[Any]]:
    """Rows of the table of a block by their names."""
    found = next(b for b in draft.blocks if b.id == block)
    return {str(row[0]): list(row[1:]) for row in found.rows}


def test_every_number_of_every_block_is_what_a_look_at_every_row_counts(
    station: tuple[Store, Desk],
) -> None:
    draft, every = drafted(station[0]), seen(station[0])
    now = [e for e in every if SINCE <= e["at"] < UNTIL]
    before = [e for e in every if SINCE - 7 * DAY <= e["at"] < SINCE]
    assert draft.rows == len(now) > 100 and len(before) > 50
    told = {f.what: f for f in draft.blocks[0].figures}
    assert (told["本期收到"].n, told["上期收到"].n) == (len(now), len(before))
    still = {e["id"] for e in now if e["state"] not in CLOSED_STATES}
    assert set(told["在办"].keys) == still
    for block, key, name in (("classes", "cls", "event_class"), ("units", "unit", "")):
        then = Counter(e[key] for e in before)
        names = {k: codes.load(name)[k].zh if name else k or "—" for k in {e[key] for e in now}}
        counts = {names[k]: (n, then[k]) for k, n in Counter(e[key] for e in now).items()}
        rows = cells(draft, block)
        assert {k: (row[0].n, row[1].n) for k, row in rows.items()} == counts
    towns = Counter(e["area"][:9] for e in now)
    assert [row[0].n for row in cells(draft, "towns").values()] == sorted(towns.values())[::-1]
    days = [row[0].n for row in cells(draft, "days").values()]
    assert len(days) == 7 and sum(days) == len(now)


def test_a_number_is_as_long_as_the_rows_behind_it_and_each_row_is_there_once(
    station: tuple[Store, Desk],
) -> None:
    draft, known = drafted(station[0]), {e["id"] for e in seen(station[0])}
    figures = [f for f in draft.figures if f.counts]
    assert len(figures) > 60
    for figure in draft.figures:
        assert len(set(figure.keys)) == figure.n and set(figure.keys) <= known, figure.what
        assert figure.text == f"{figure.n:,}" or figure.text.endswith("%") or figure.n == 1


def test_red_lamps_are_those_whose_clock_is_over_whoever_knows_of_the_event(
    station: tuple[Store, Desk],
) -> None:
    draft = drafted(station[0])
    every = [EventView(e, WORK if e.id == WORK.id else None) for e in EVENTS]
    every.append(EventView(as_event(FILED), None, filed=True))
    clocks = {v.event.id: deadlines.running(v) for v in every if v.open}
    red = {key for key, clock in clocks.items() if clock and clock.lamp(NOW) == deadlines.RED}
    told = {b.id: b.figures[0] for b in draft.blocks if b.id in ("red", "overdue")}
    assert set(told["red"].keys) == red and FILED.id in red and len(red) > 20
    of = {v.event.id for v in every if SINCE <= v.event.reported_at < UNTIL}
    assert set(told["overdue"].keys) == red & of < red


def test_the_three_rates_have_numerator_denominator_and_what_is_left_out(
    station: tuple[Store, Desk],
) -> None:
    rates = cells(drafted(station[0]), "rates")
    total = len([e for e in seen(station[0]) if SINCE <= e["at"] < UNTIL])
    for share, good, counted, out, why in rates.values():
        assert counted.n + out.n == total and good.n <= counted.n
        assert sum(int(n) for n in re.findall(r"\d+", why)) == out.n, "each has its reason"
        assert share == "—" or share.text == f"{good.n / counted.n:.1%}"
    assert [row[1].keys for row in list(rates.values())[1:]] == [("e001",)] * 2


def test_a_source_asks_for_town_class_source_state_and_words(station: tuple[Store, Desk]) -> None:
    now = [e for e in seen(station[0]) if SINCE <= e["at"] < UNTIL]
    asked: list[tuple[dict[str, str], int]] = [
        ({"area": TOWNS[1]}, sum(e["area"].startswith(TOWNS[1]) for e in now)),
        ({"cls": "noise", "source": "12345"},
         sum(e["cls"] == "noise" and e["source"] == "12345" for e in now)),
        ({"state": "CLOSED"}, sum(e["state"] == "CLOSED" for e in now)),
        ({"words": "停水"}, len(now) - 1), ({"words": "冒水"}, 1),
    ]  # fmt: skip
    assert [(s, drafted(station[0], **s).rows) for s, _ in asked] == asked
    with pytest.raises(Refused) as why:
        store = station[0]
        asked_for = Asked("day", "day", ["total"], Scope(UNTIL, SINCE))
        store.read(lambda r: study.draft(r, asked_for, NOW, Speech.of("zh")))
    assert why.value.reason.code == "study_period"


def test_a_persons_words_keep_the_numbers_that_he_leaves(station: tuple[Store, Desk]) -> None:
    draft = drafted(station[0])
    block = draft.blocks[0]
    n, before = block.figures[0], block.figures[1]
    typed = f"11月26日以来收到 {n.text} 件，预计 999 件，请拨 {PHONE}。"
    other = draft.worded("total", typed).blocks[0]
    assert other.figures == [n] and before not in other.figures and other.typed
    assert PHONE not in other.text and f"收到 {n.text} 件" in other.text
    assert unfounded(block, "11月26日 8:30 收到 999 件") == ["999"]
    assert unfounded(block, f"{n.text} 件") == []
    odd = replace(draft, blocks=(replace(block, lines=(("坏\x0b字",),)),))
    told = study_paper.data(odd, "", Speech.of("zh"))["blocks"][0]["lines"]
    assert told == ["坏 字"]  # a form feed ends a DOCX


def test_pdf_and_docx_say_the_same_numbers_and_name_nobody(
    station: tuple[Store, Desk], tmp_path: Path
) -> None:
    docx = pytest.importorskip("docx")
    draft = drafted(station[0]).worded("advice", f"建议约谈。电话 {PHONE}")
    data = study_paper.data(draft, "值班长 陈", Speech.of("zh"))
    made = study_paper.make(data, tmp_path / "日报.pdf", ["pdf", "docx"], "")
    study_paper.press.put(made)
    paper = "".join(p.extract_text() for p in PdfReader(tmp_path / "日报.pdf").pages)
    document = docx.Document(str(tmp_path / "日报.docx"))
    tables = [c.text for t in document.tables for row in t.rows for c in row.cells]
    written = "\n".join([p.text for p in document.paragraphs] + tables)
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert "CJK" in fonts.get(docx.oxml.ns.qn("w:eastAsia"))
    for text in (re.sub(r"\s", "", paper), re.sub(r"\s", "", written)):
        for block in draft.blocks:
            assert block.head in text
        for figure in draft.figures:
            assert re.sub(r"\s", "", figure.text) in text
        assert "建议约谈" in text and PHONE not in text and NAME not in text
    assert [one.sha256 for one in made] == [
        hashlib.sha256(one.target.read_bytes()).hexdigest() for one in made
    ]


def test_a_chart_has_the_numbers_of_its_table_and_each_its_rows(
    station: tuple[Store, Desk],
) -> None:
    draft = drafted(station[0])
    of = {b.id: b for b in draft.blocks}
    for name, table in (("days_chart", "days"), ("towns_chart", "towns"),
                        ("classes_chart", "classes")):  # fmt: skip
        chart = of[name].chart
        assert chart is not None and chart.series == of[table].columns[1:3]
        assert [(label, *some) for label, some in chart.points] == [r[:3] for r in of[table].rows]
        assert of[name].figures == [f for _, some in chart.points for f in some]
        assert chart.most == max(f.n for f in of[name].figures) > 0
    assert len([b for b in draft.blocks if b.chart]) == 3


def test_charts_are_drawn_in_pdf_and_are_pictures_with_words_in_docx(
    station: tuple[Store, Desk], tmp_path: Path
) -> None:
    docx = pytest.importorskip("docx")
    draft = drafted(station[0])
    only = replace(draft, blocks=tuple(b for b in draft.blocks if b.chart))
    data = study_paper.data(only, "值班长 陈", Speech.of("zh"))
    study_paper.press.put(study_paper.make(data, tmp_path / "图.pdf", ["pdf", "docx"], ""))
    text = "".join(p.extract_text() for p in PdfReader(tmp_path / "图.pdf").pages)
    document = docx.Document(str(tmp_path / "图.docx"))
    told = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert len(told) == 3
    for block, words in zip(only.blocks, told, strict=True):
        assert block.chart is not None and block.head in words
        for label, some in block.chart.points:
            assert label in text
            assert f"{label} {' / '.join(str(f.n) for f in some)}" in words
            assert str(some[0].n) in text
    assert {len(p.image.blob) > 5000 for p in document.part.package.image_parts} == {True}


def test_a_paper_that_cannot_be_set_leaves_nothing(tmp_path: Path) -> None:
    data = {"title": "日报", "told": 3}
    with pytest.raises(study_paper.press.Unset):
        study_paper.make(data, tmp_path / "日报.pdf", ["pdf"], "")
    assert list(tmp_path.iterdir()) == []


def test_what_went_out_is_a_line_and_its_outcome_is_owed_until_it_is_told(
    station: tuple[Store, Desk],
) -> None:
    store, desk = station
    draft = drafted(store)
    stated = Drafted("day", "day", [b.id for b in draft.blocks], draft.title, draft.scope,
                     draft.as_of, draft.rows, draft.counts())  # fmt: skip
    files = [("0" * 64, "日报.pdf"), ("1" * 64, "日报.docx")]
    for purpose, given, code in ((" ", files, "missing"), ("会商", [], "missing")):
        with pytest.raises(Refused) as why:
            desk.do(studies.issue_study, drafted=stated, purpose=purpose, files=given).result()
        assert why.value.reason.code == code
    assert store.read(lambda r: r.find(Study)) == []
    desk.do(studies.issue_study, drafted=stated, purpose="会商", files=files).result()
    (kept,) = store.read(lambda r: r.find(Study))
    assert kept.scope == draft.scope and (kept.as_of, kept.rows) == (NOW, draft.rows)
    assert kept.files == f"{'0' * 64}  日报.pdf\n{'1' * 64}  日报.docx"
    assert studies.counts_of(kept) == draft.counts()
    days = int(codes.limit("study_outcome_days"))

    def owed(after: int) -> bool:
        uses = store.read(lambda r: r.find(StudyUse))
        return studies.standings([kept], uses, Ms(kept.at + after))[0].owed

    assert not owed(days * DAY) and owed(days * DAY + 1)
    told = {"study": kept.id, "given_to": "政府办", "outcome": "pending"}
    desk.do(studies.note_use, **told).result()
    assert owed(days * DAY + 1), "that it was given is no outcome"
    desk._clock.at += MINUTE  # type: ignore[attr-defined]
    told |= {"outcome": "adopted", "text": "列入督办"}
    desk.do(studies.note_use, **told).result()
    assert not owed(days * DAY + 1)
    desk.post = "display"
    with pytest.raises(Refused):
        desk.do(studies.note_use, **told).result()


def test_periods_end_with_whole_days_and_months() -> None:
    def named(key: str) -> list[str]:
        ends = studies.period(codes.load("study_period")[key], NOW)
        return [f"{to_datetime(at):%Y-%m-%d %H:%M}" for at in ends]

    today = f"{to_datetime(NOW):%Y-%m-%d}"
    assert named("yesterday")[1] == named("week")[1] == named("today")[0] == f"{today} 00:00"
    assert named("last_month") == ["2026-10-01 00:00", "2026-11-01 00:00"]
    assert named("month")[0] == "2026-11-01 00:00"
    assert (
        studies.moment_of("2026-11-01", NOW)
        == studies.period(codes.load("study_period")["month"], NOW)[0]
    )
    assert studies.moment_of("昨天", NOW) is None


def test_it_speaks_english(station: tuple[Store, Desk]) -> None:
    """Names of towns, units and events stay as the city gave them."""
    draft = drafted(station[0], "en")
    for block in draft.blocks:
        for line in block.lines:
            words = "".join(p for p in line if isinstance(p, str))
            assert not re.search(
                "[\u4e00-\u9fff]",
                words.replace("供水公司", "")
                .replace("城管局", "")
                .replace("澄江街道", "")
                .replace("周庄镇", ""),
            ), words
        assert not re.search("[\u4e00-\u9fff]", block.head + "".join(block.columns))


def of_events(folder: Path, *events: Event) -> Store:
    mirror = Mirror(folder / "m1.db")
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in events]}, {})
    mirror.close()
    use(folder, "m1.db")
    return open_store(folder)


def test_a_period_that_ends_within_a_day_is_compared_place_by_place(tmp_path: Path) -> None:
    """This month so far: its last day is short, and so is that of the period before."""
    since = Ms(NOW - 36 * HOUR)
    at = [since + HOUR, since - 22 * HOUR]  # within the first day of either
    rows = [an_event(id=f"e{n}", source_id=f"s{n}", reported_at=Ms(t), received_at=Ms(t))
            for n, t in enumerate(at)]  # fmt: skip
    with closing(of_events(tmp_path, *rows)) as store:
        asked = Asked("day", "day", ["days"], Scope(since, NOW))
        made = store.read(lambda r: study.draft(r, asked, NOW, Speech.of("zh")))
        assert [(row[1].n, row[2].n) for row in made.blocks[0].rows] == [(1, 1), (0, 0)]
        asked = Asked("day", "day", ["days"], Scope(Ms(NOW - 9000 * DAY), NOW))
        with pytest.raises(Refused) as why:  # the year was mistyped
            store.read(lambda r: study.draft(r, asked, NOW, Speech.of("zh")))
        assert why.value.reason.code == "study_days"


def test_words_find_nothing_of_a_restricted_class(tmp_path: Path) -> None:
    """Else one could ask word by word what was told."""
    rows = codes.load("event_class").values()
    hidden = next(row.id for row in rows if row.facts.get("restricted"))
    at = Ms(NOW - HOUR)
    told = [an_event(id=f"e{n}", source_id=f"s{n}", title="江边有人", cls=cls, reported_at=at,
                     received_at=at) for n, cls in enumerate((hidden, "water"))]  # fmt: skip
    with closing(of_events(tmp_path, *told)) as store:
        for words, many in (("江边", 1), ("", 2)):
            asked = Asked("day", "day", ["total"], Scope(SINCE, UNTIL, words=words))
            made = store.read(lambda r, a=asked: study.draft(r, a, NOW, Speech.of("zh")))
            assert made.rows == many


def test_a_file_that_nobody_chose_is_never_replaced(tmp_path: Path) -> None:
    chosen = tmp_path / "日报 v2.1.pdf"
    names = [one.name for one in press.targets(chosen, ["pdf", "docx"])]
    assert names == ["日报 v2.1.pdf", "日报 v2.1.docx"]
    assert press.targets(tmp_path / "日报 v2.1", ["pdf"]) == [chosen]
    chosen.touch()
    assert press.targets(chosen, ["pdf"]) == [chosen]  # the person was asked
    (tmp_path / "日报 v2.1.docx").touch()
    for named, forms in ((chosen, ["pdf", "docx"]), (tmp_path / "日报 v2.1", ["pdf"])):
        with pytest.raises(press.Taken):
            press.targets(named, forms)


def test_a_figure_of_nothing_is_a_number_too() -> None:
    assert Figure("0", (), "逾期").counts and not Figure("0.0%", (), "率").counts


def test_known_kinds_have_templates_and_blocks_that_are_told() -> None:
    templates = codes.load("study_template").values()
    kinds = {kind for row in templates for kind in row.facts["kinds"]}
    blocks = {block for row in templates for block in row.facts["blocks"]}
    assert kinds == codes.load("study_kind").keys()
    rows = codes.load("study_block")
    assert blocks <= rows.keys()
    assert {row.facts.get("of", key) for key, row in rows.items()} == study.TELLING.keys()
    periods = {row.facts["period"] for row in codes.load("study_kind").values()}
    assert periods <= codes.load("study_period").keys()
