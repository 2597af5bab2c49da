"""A study from the window by keys: source, template, draft whose numbers open their rows, files
with their line, and what came of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from world import City, an_area, told_by

from commandwall import codes
from commandwall.areas import TOWN
from commandwall.clock import DAY, HOUR, Ms
from commandwall.reports import study_paper
from commandwall.reports.press import Pressed
from commandwall.reports.speech import moment
from commandwall.store.mirror import Mirror, use
from commandwall.studies import ScheduledStudy, Study, StudyUse
from widgets import handing
from widgets.sheet import Sheet
from widgets.study_sheet import DRAFT, SOURCE, TEMPLATE, USE, StudySheet

CTRL = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def wall(world: City, make_wall: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page of events over a pool of some weeks, of which the picture knows nothing."""
    rows = [
        an_event(id=f"p{n:03d}", source_id=f"s{n}", title="停水", area="t1",
                 cls="noise" if n % 3 else "water", state="CLOSED" if n % 2 else "SIGNED",
                 unit="供水公司", received_at=Ms(NOW - n * 3 * HOUR),
                 reported_at=Ms(NOW - n * 3 * HOUR))
        for n in range(400)
    ]  # fmt: skip
    mirror = Mirror(world.store.folder / "m1.db")
    held: dict[str, list[Any]] = {"event": rows, "area": [an_area("t1", TOWN, "石塘镇", "c")]}
    mirror.take({k: [tuple(getattr(e, n) for n in e.__slots__) for e in some]
                 for k, some in held.items()}, {})  # fmt: skip
    mirror.close()
    use(world.store.folder, "m1.db")
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: None)  # the system's own window
    world.desk.person = "陈"
    made = make_wall()
    made.open_page("events")
    return made


def press(wall: Any, key: str) -> None:
    next(c for c in wall.all_commands() if c.key == key).run()


def sheet(wall: Any) -> StudySheet:
    return next(s for s in wall.findChildren(StudySheet) if s.isVisible())


def key(open_: StudySheet, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(open_, key, held)


def draft(wall: Any, qtbot: Any, **source: Any) -> StudySheet:
    """As far as the draft, by the keyboard."""
    press(wall, "Ctrl+B")
    open_ = sheet(wall)
    open_._source.put(source)
    key(open_, Qt.Key.Key_Return, CTRL)
    assert open_.step == TEMPLATE
    key(open_, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: open_.step == DRAFT)
    return open_


def test_each_number_opens_exactly_its_rows_and_the_draft_waits(
    wall: Any, qtbot: Any, world: City
) -> None:
    open_ = draft(wall, qtbot, kind="node", period="days30")
    queue, studies = wall.page.panels["event_queue"], wall.page.panels["event_queue"]._studies
    figures = [f for f in studies.draft.figures if f.counts]
    assert max(f.n for f in figures) > 200 and len(figures) > 50
    chosen = [figures[0], *[f for f in figures if 0 < f.n < 60][:6]]
    for figure in chosen:
        open_ = sheet(wall) if wall.findChildren(StudySheet) else open_
        at = studies.draft.figures.index(figure)
        open_._draft.view.current = at
        key(open_._draft.view, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda f=figure: set(queue.keys) == set(f.keys[:200]))
        assert queue.many == f"{figure.n:,}" and tuple(queue.all_keys()) == figure.keys
        assert f"共 {figure.text} 行" in told_by(wall, "event_queue")
        press(wall, "Ctrl+B")
        open_ = sheet(wall)
        assert open_.step == DRAFT and open_._draft.view.current == at
    world.tick({})  # nothing is added to rows that were given
    assert set(queue.keys) == set(chosen[-1].keys)


def test_a_point_of_a_chart_opens_its_rows(wall: Any, qtbot: Any) -> None:
    open_ = draft(wall, qtbot, kind="node", period="week")
    queue, studies = wall.page.panels["event_queue"], wall.page.panels["event_queue"]._studies
    charts = [b for b in studies.draft.blocks if b.chart]
    assert [b.id for b in charts] == ["days_chart", "classes_chart", "towns_chart"]
    open_._draft.view.grab()
    for block in charts:
        figure = block.figures[0]
        at = studies.draft.figures.index(figure)
        spots = [m for m in open_._draft.view._marks if m.figure == at]
        assert len(spots) == 1 and spots[0].block == block.id
    view, unit = open_._draft.view, open_._draft.view._look.unit
    spot = next(m for m in view._marks if m.block == "classes_chart" and m.figure >= 0)
    figure = studies.draft.figures[spot.figure]
    view._top = max(0.0, spot.box.top() - 40)
    where = spot.box.translated(0, -view._top).center() * unit
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, NONE, where.toPoint())
    qtbot.waitUntil(lambda: set(queue.keys) == set(figure.keys[:200]))


def test_what_drafted_itself_is_told_looked_at_and_given_out(
    wall: Any, qtbot: Any, world: City
) -> None:
    since, until = Ms(NOW - DAY), NOW
    waits = ScheduledStudy("w1", "daily", until, "WAITING", "day", "day", since, until, "", "",
                           until, 8, "{}", "", "", until, "", "")  # fmt: skip
    world.desk.run(lambda tx: tx.put(waits), {}, local=True)
    world.tick({ScheduledStudy: [waits]})
    assert "▲ 待审报告 1" in told_by(wall, "event_queue")
    press(wall, "Ctrl+Shift+B")
    asked = next(s for s in wall.findChildren(Sheet) if s.isVisible())
    assert "没有人看过不会外送" in asked._told.text()
    asked.accept()
    qtbot.waitUntil(lambda: any(s.step == DRAFT for s in wall.findChildren(StudySheet)))
    studies = wall.page.panels["event_queue"]._studies
    qtbot.waitUntil(lambda: studies.draft is not None)
    assert (studies.draft.scope, studies.draft.as_of) == (waits.scope, until)
    assert studies._scheduled == "w1"
    sheet(wall).close()
    press(wall, "Ctrl+Shift+B")
    asked = next(s for s in wall.findChildren(Sheet) if s.isVisible())
    asked._fields["deed"][1].setCurrentIndex(1)
    asked.accept()  # without a reason
    qtbot.waitUntil(lambda: "缺" in asked._told.text())
    asked._fields["reason"][1].setText("节日不报")
    asked.accept()
    qtbot.waitUntil(lambda: [s.state for s in world.store.read(lambda r: r.find(ScheduledStudy))]
                    == ["DROPPED"])  # fmt: skip


def test_what_nobody_drafted_is_told_and_drafted_by_hand(
    wall: Any, qtbot: Any, world: City
) -> None:
    since, until = Ms(NOW - DAY), NOW
    lost = ScheduledStudy("w2", "daily", until, "MISSED", "day", "day", since, until, "", "",
                          until, 0, "", "", "", until, "", "")  # fmt: skip
    world.desk.run(lambda tx: tx.put(lost), {}, local=True)
    world.tick({ScheduledStudy: [lost]})
    assert "▲ 到期未起草 1　Ctrl Shift B" in told_by(wall, "event_queue")
    assert "到期未起草 1" in handing.stands(wall.context)
    press(wall, "Ctrl+Shift+B")
    asked = next(s for s in wall.findChildren(Sheet) if s.isVisible())
    assert "没有一台起草" in asked._told.text()
    asked.accept()
    studies = wall.page.panels["event_queue"]._studies
    qtbot.waitUntil(lambda: studies.draft is not None)
    assert (studies.draft.as_of, studies._scheduled, studies.changed) == (until, "w2", "")


def test_what_is_missing_is_named_and_nothing_goes_out_without_a_purpose(
    wall: Any, qtbot: Any, world: City, tmp_path: Path
) -> None:
    press(wall, "Ctrl+B")
    open_ = sheet(wall)
    for source, told in (
        ({"kind": "topic"}, "专题报告先选事项"), ({"kind": "town"}, "镇街报告先选镇街"),
        ({"kind": "day", "since": "昨天"}, "起 不是日期：昨天"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "止须在起之后"),
    ):  # fmt: skip
        open_._source.put(source)
        key(open_, Qt.Key.Key_Return, CTRL)
        assert open_.step == SOURCE and told in open_._said
    key(open_, Qt.Key.Key_F4)
    key(open_, Qt.Key.Key_Return, CTRL)
    assert open_.step == USE and open_._said == "还没有出过报告"
    key(open_, Qt.Key.Key_Escape)
    wall.page.panels["event_queue"]._studies.kept = {}
    open_ = draft(wall, qtbot, kind="day", period="week")
    key(open_, Qt.Key.Key_Return, CTRL)
    assert open_._said == "先写用途，再出报告"
    world.desk.post = "front"
    open_._draft.purpose.setText("会商")
    key(open_, Qt.Key.Key_Return, CTRL)
    assert "无权" in open_._said and not wall.findChildren(QFileDialog)
    assert world.store.read(lambda r: r.find(Study)) == []


def test_words_of_a_person_keep_numbers_and_a_part_can_be_dropped(wall: Any, qtbot: Any) -> None:
    open_ = draft(wall, qtbot, kind="day", period="week")
    studies, step = wall.page.panels["event_queue"]._studies, open_._draft
    first = studies.draft.figures[0]
    key(open_, Qt.Key.Key_E, CTRL)
    assert step.editing and first.text in step.editor.toPlainText()
    open_._editing.button("Esc").click()
    assert not step.editing and studies.draft.figures[0] == first
    key(open_, Qt.Key.Key_E, CTRL)
    step.editor.setPlainText(f"一周收到 {first.text} 件，预计 9999 件。")
    key(open_, Qt.Key.Key_Return, CTRL)
    assert not step.editing and studies.draft.figures[0] == first
    assert "没有行可看的数：9999" in open_._said
    assert studies.draft.blocks[0].text == f"一周收到 {first.text} 件，预计 9999 件。"
    before = [b.id for b in studies.draft.blocks]
    key(open_, Qt.Key.Key_Delete, CTRL)
    assert [b.id for b in studies.draft.blocks] == before[1:]
    key(open_, Qt.Key.Key_Escape)
    press(wall, "Ctrl+B")
    assert [b.id for b in studies.draft.blocks] == before[1:], "what was done outlives the sheet"


def test_what_was_chosen_outlives_the_sheet_and_its_period_goes_on_with_the_time(
    wall: Any, qtbot: Any, world: City
) -> None:
    open_ = draft(wall, qtbot, kind="day", period="today", words="停水")
    open_._template.put({"blocks": ["total", "red"]})
    key(open_, Qt.Key.Key_Escape)
    world.clock.at += 3 * HOUR
    world.tick()
    press(wall, "Ctrl+B")
    again = sheet(wall)
    assert again._template.blocks() == ["total", "red"]
    told = again._source.answers()
    assert told["words"] == "停水" and told["until"] == moment(Ms(NOW + 3 * HOUR))
    again._source.put({"until": "2026-11-20 08:00"})  # by hand: it stays
    key(again, Qt.Key.Key_Escape)
    press(wall, "Ctrl+B")
    assert sheet(wall)._source.answers()["until"] == "2026-11-20 08:00"


def test_files_have_a_line_before_their_name_and_their_outcome_is_kept(
    wall: Any, qtbot: Any, world: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The children that set papers have tests of their own."""

    def made(data: Any, target: Path, forms: Any, mark: str) -> list[Pressed]:
        found = []
        for form in forms:
            part = tmp_path / f".{target.stem}.{form}.part"
            part.write_text(data["title"], encoding="utf-8")
            digest = hashlib.sha256(part.read_bytes()).hexdigest()
            found.append(Pressed(part, target.with_suffix(f".{form}"), digest))
        return found

    monkeypatch.setattr(study_paper, "make", made)
    open_ = draft(wall, qtbot, kind="town", area="t1", period="week")
    studies = wall.page.panels["event_queue"]._studies
    studies.make(studies.draft, "会商", "both", tmp_path / "报告.pdf")
    qtbot.waitUntil(lambda: open_.step == USE and "已出" in open_._said)
    names = sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("报告"))
    assert names == ["报告.docx", "报告.pdf"]
    (line,) = world.store.read(lambda r: r.find(Study))
    assert (line.purpose, line.area, line.by) == ("会商", "t1", "陈")
    for told in line.files.split("\n"):
        digest, _, name = told.partition("  ")
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    open_._use.put({"given_to": "政府办", "outcome": "adopted", "text": "列入督办"})
    key(open_, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: open_._said == "成果已记")
    (use_,) = world.store.read(lambda r: r.find(StudyUse))
    assert (use_.study, use_.outcome, use_.text) == (line.id, "adopted", "列入督办")
    assert "已采纳" in open_._use.list.item(0).text()
    key(open_, Qt.Key.Key_R, CTRL)  # drafted anew by its line
    qtbot.waitUntil(lambda: open_.step == DRAFT)
    assert open_._said == "与给出时各数相同"
    open_._source.put({"kind": "day", "area": "", "period": "today"})
    key(open_, Qt.Key.Key_R, CTRL)  # once more, by its line and not by what F1 holds now
    qtbot.waitUntil(lambda: open_._said == "与给出时各数相同")
    assert studies.draft.scope == line.scope and studies.draft.as_of == line.as_of
    world.desk.post = "front"
    studies.make(studies.draft, "会商", "pdf", tmp_path / "不许.pdf")
    qtbot.waitUntil(lambda: "无权" in open_._said)
    qtbot.waitUntil(lambda: not [p for p in tmp_path.iterdir() if "不许" in p.name])


def test_an_outcome_that_is_owed_is_told_at_the_key(wall: Any, world: City) -> None:
    days = int(codes.limit("study_outcome_days"))
    old = Study(
        "y1", "day", "day", "total", "日报", Ms(0), Ms(1), "", "", "", "", "", "", NOW, 0, "{}",
        "会商", "0  日报.pdf", Ms(NOW - (days + 1) * DAY), "陈", "chief",
    )  # fmt: skip
    world.tick({Study: [old]})
    told = next(c.name for c in wall.all_commands() if c.key == "Ctrl+B")
    assert told == "研判报告（欠成果 1）"
    press(wall, "Ctrl+B")
    key(sheet(wall), Qt.Key.Key_F4)
    assert sheet(wall)._use.list.item(0).text().startswith("▲ 欠成果")
