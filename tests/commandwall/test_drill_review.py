"""The review of a drill: its numbers are those of the score, and each leads back to the journal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from builders import NOW
from drilled import Drilled, played
from PIL import Image
from world import an_alarm

from commandwall import cli
from commandwall.alarms import acknowledge
from commandwall.attachments import AttachedFile
from commandwall.clock import SECOND, Ms
from commandwall.directives import Directive
from commandwall.drill.after import after
from commandwall.drill.drill_acts import REAL
from commandwall.drill.play import FreeInject
from commandwall.drill.score import counted, score
from commandwall.exercise import MARK
from commandwall.files.kept import Kept
from commandwall.reports.drill_paper import last, paper
from commandwall.reports.speech import Speech
from commandwall.store.migrate import open_store

HEADS = ("title", "lines", "figures", "curves", "curves_note", "heat_head", "curves_head", "none")


@pytest.fixture(scope="module")
def drills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Drilled]]:
    """The second answers in half the time."""
    folder = tmp_path_factory.mktemp("city")
    both = [played(folder, 1, 70), played(folder, 2, 35)]
    yield both
    for one in both:
        one.close()


def told(d: Drilled, lang: str = "zh") -> dict[str, Any]:
    kept = Kept(d.folder)
    found = d.store.read(lambda r: paper(
        r, kept, d.folder, d.scenario, Speech.of(lang), Ms(d.clock.at)))  # fmt: skip
    return dict(found.data)


def cell(one: Any) -> str:
    return str(one["t"] if isinstance(one, dict) else one)


def test_its_numbers_are_those_of_the_score(drills: list[Drilled]) -> None:
    data, d = told(drills[1]), drills[1]
    judged = d.store.read(lambda r: score(r, d.scenario, Ms(d.clock.at)))
    n = counted(judged)
    assert [int(figure["n"]) for figure in data["figures"]] == [*n.values()]
    assert (n["met"], n["missed"]) == (1, 4)
    assert len(data["expected"]["rows"]) == len(judged)
    cells = [c for row in data["heat"]["rows"] for c in row["cells"] if c]
    assert sum(late for late, _ in cells) == n["late"] + n["missed"]
    assert sum(of for _, of in cells) == n["met"] + n["late"] + n["missed"]
    by_goal = [int(row[column]) for row in data["objectives"]["rows"] for column in (3, 4, 5)]
    assert sum(by_goal) == sum(of for _, of in cells)


def test_plan_and_actual_of_every_inject(drills: list[Drilled]) -> None:
    data = told(drills[1])
    rows = {cell(row[0]): [cell(c) for c in row] for row in data["plan"]["rows"]}
    assert len(rows) == len(drills[1].scenario.injects)
    assert rows["first_alarm"][3:] == ["T+01:00", "T+01:00", "0:00"]
    assert rows["who_goes"][3:] == ["T+04:00", "T+04:15", "+0:15"]
    assert rows["again"][4] == "跳过：时间不够" and rows["elder"][4] == "跳过：演练结束"
    strip = data["plan"]["strips"][[*rows].index("who_goes")]
    assert strip == {"plan": 240 / 1620, "actual": 255 / 1620, "never": False}
    assert data["plan"]["strips"][[*rows].index("again")]["never"]


def test_curves_marks_attendance_and_what_must_be_better(drills: list[Drilled]) -> None:
    data = told(drills[1])
    acks = next(c for c in data["curves"] if c["name"].startswith("告警确认"))
    assert acks["name"] == "告警确认　2 / 2　中位 0:52" and acks["span"] == "2:00"
    assert [round(x * 120) for x, _ in acks["points"]] == [35, 70]  # as the score has them
    assert ["smell", "问清有无明火，请来电人不要开关电器", "3　合格", "补问了", "钱评", "1 次"] in [
        [cell(c) for c in row] for row in data["marks"]["rows"]
    ]
    assert data["objectives"]["rows"][0][1].startswith("S　")
    chief = [row for row in data["attendance"]["rows"] if row[0] == "指挥长"]
    assert [(row[1], row[4]) for row in chief] == [("高远", "2")]  # as one stretch
    assert data["improvements"]["rows"][0][2] == "燃气科 李"
    assert data["strengths"]["rows"][0][0] == "复诵到位"
    decided = [cell(c) for one in data["decisions"] for c in one["cells"]]
    assert "T+04:20" in decided and any("封控仁和巷两端" in words for words in decided)


def test_each_named_entry_is_one_of_the_journal(drills: list[Drilled]) -> None:
    data, d = told(drills[1]), drills[1]
    lines = d.store.read(lambda r: r.rows("SELECT origin, seq FROM journal"))
    assert {row[-1] for row in data["entries"]["rows"]} <= {f"{o}/{s}" for o, s in lines}
    met = next(row for row in data["expected"]["rows"] if cell(row[4]) == "按时")
    entry = data["entries"]["rows"][met[-1]["e"][0] - 1]
    assert entry[2] == "接报 陈一" and "燃气" in entry[4]


def test_it_is_compared_with_the_last_of_its_scenario(drills: list[Drilled]) -> None:
    first, second = drills
    assert told(first)["compared"]["rows"] == []
    rows = [[cell(c) for c in row] for row in told(second)["compared"]["rows"]]
    assert rows[0] == ["按时 / 有结果的应有动作", "0 / 5", "1 / 5"]
    assert ["first_alarm　告警（燃气）：已确认 ≤ 1 min", "迟　70 s", "按时　35 s"] in rows
    found = second.store.read(lambda r: last(r, second.folder, second.scenario, Ms(NOW + 10**12)))
    assert found is not None and found.run == "gas_old_quarter-1"


def test_what_is_done_in_another_run_answers_nothing(tmp_path: Path) -> None:
    d = Drilled(tmp_path)
    d.take("start")
    d.at(60)
    d.send("first_alarm", "sensor", "s0")
    d.keep(an_alarm("A1", sensor="s0", cls="GAS", raised_at=Ms(d.clock.at)))
    d.at(70)
    d.take("restart", moment=30 * SECOND * REAL)
    d.at(80)
    d.by("p1", "陈一", acknowledge, alarm="A1")
    d.keep(FreeInject("1f03ab52-9d1e", "above", "p1", "几点能好？", "", Ms(NOW), "周", "s_drill"))
    d.take("insert", "1f03ab52-9d1e", moment=31 * SECOND * REAL)
    d.take("skip", "elder", why="不演")
    plan = told(d)["plan"]["rows"]
    rows = [row[0]["t"] for row in plan]
    times = [row[3] for row in plan if row[3].startswith("T+")][1:]
    assert times == sorted(times)  # what is left out keeps its place
    assert "first_alarm #1" in rows and "加题 1f03ab52 #2" in rows
    one = d.store.read(lambda r: after(r, d.scenario, Ms(d.clock.at)))
    assert [(a.curve, a.took) for a in one.responses] == [("ack", None)]
    assert [(c.run, c.inject.id) for c in one.fates if c.sent] == [(1, "first_alarm")]
    assert {c.run for c in one.fates if not c.sent} == {2}
    d.close()


def test_a_review_is_two_files_marked_on_every_page_without_network(
    drills: list[Drilled], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pypdf: Any = pytest.importorskip("pypdf")
    _photographed(drills[1])
    city = str(drills[0].folder.parents[1])
    asked = ["drill", "review", "gas_old_quarter-2", str(tmp_path), "--data-dir", city]
    assert cli.run(asked, lambda *_: 0) == 0
    pdf, html = (Path(line) for line in capsys.readouterr().out.splitlines())
    pages = [page.extract_text() for page in pypdf.PdfReader(pdf).pages]
    assert len(pages) > 2 and all(MARK in page for page in pages)
    text = html.read_text(encoding="utf-8")
    assert f"<title>{MARK}演练复盘" in text and '<html lang="zh' in text
    assert "封控仁和巷两端" in text
    assert text.count("data:image/jpeg") == 1  # of the decision, once, and nothing else beside it
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)""", text) == []
    targets = set(re.findall(r'href="#(e[0-9]+)"', text))
    assert targets and targets <= set(re.findall(r'id="(e[0-9]+)"', text))
    handed = drills[1].store.read(lambda r: r.rows("SELECT what, name FROM handout"))
    assert sorted(handed) == [("drill_review", html.name), ("drill_review", pdf.name)]


def _photographed(d: Drilled) -> None:
    """A picture belongs to the directive."""
    (order,) = d.store.read(lambda r: r.find(Directive))
    file = AttachedFile("f1", "directive", order.id, "0" * 64, "a.jpg", "image/jpeg", 9, Ms(NOW),
                        "高远", "chief")  # fmt: skip
    d.keep(file)
    small = Kept(d.folder).thumb(file.id)
    small.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), "navy").save(small, "JPEG")


def test_an_improvement_is_listed_until_it_is_done(
    drills: list[Drilled], capsys: pytest.CaptureFixture[str]
) -> None:
    city = str(drills[0].folder.parents[1])

    def ask(*words: str) -> str:
        assert cli.run(["drill", "improvements", *words, "--data-dir", city], lambda *_: 0) == 0
        return capsys.readouterr().out

    before = ask()
    assert before.count("老城区阀井图纸补测入图") == 2 and "燃气科 李" in before
    key = ask("gas_old_quarter-1").splitlines()[1].split()[1]
    assert before.startswith(MARK)
    assert "0 项" in ask("gas_old_quarter-1", key, "图已补测")
    assert ask().count("老城区阀井图纸补测入图") == 1
    with closing(open_store(drills[0].folder)) as store:
        ((result,),) = store.read(lambda r: r.rows(
            "SELECT result FROM finding WHERE done_at IS NOT NULL"))  # fmt: skip
    assert result == "图已补测"


def test_all_is_said_in_english_too(drills: list[Drilled]) -> None:
    data = told(drills[1], "en")
    shown = {key: value for key, value in data.items() if key in HEADS}
    tables = [one for one in data.values() if isinstance(one, dict) and "head" in one]
    shown["tables"] = [(one["head"], one["columns"]) for one in tables]
    assert re.findall("[\u4e00-\u9fff]+", str(shown)) == []
