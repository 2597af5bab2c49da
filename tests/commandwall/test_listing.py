"""Exported lists, read back: nothing of a person, nothing that runs as a formula, all or none."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import NOW, StillClock, an_event
from hostile.people import Told, leaks, texts
from loss.failing import COMPILER, FullDisk

from commandwall import codes
from commandwall.clock import MINUTE, Ms
from commandwall.desk import Desk
from commandwall.events import Event, EventWork
from commandwall.reports import table
from commandwall.reports.listing import Listing, Wanted
from commandwall.saved_views import POOL, Filter
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from widgets.reasons import sentence

MANY = 1_000
HEAD = (("事件列表", "全池"), ("用途", "=HYPERLINK(1) 会商 13800001111"), ("导出", "陈 值班长"))
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "#N/A",
            '=HYPERLINK("http://x","y")', "'=1", "1;=2", '"=1"', "=" * 300]  # fmt: skip
NUMBER, TITLE, TEXT, PERSON, PHONE = (
    [c.name for c in table.COLUMNS].index(name)
    for name in ("编号", "标题", "内容", "上报人", "电话")
)


def row(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)


def told_by(n: int, told: Told) -> Event:
    return an_event(
        id=f"e{n:05d}", source_id=f"1125-{n:05d}", title=told.text[:200], body=told.text,
        person=told.person, phone="13812345678", reported_at=Ms(NOW - n * MINUTE), area="t1",
    )  # fmt: skip


class Place:
    """A data directory with a pool of such texts, and a folder for what is exported."""

    def __init__(self, folder: Path) -> None:
        self.told = list(texts(MANY))
        pool = [told_by(n, told) for n, told in enumerate(self.told)]
        pool += [
            an_event(id=f"f{n:02d}", source_id=text, title=text, body=text, person=text, unit=text,
                     address=text, reported_at=Ms(NOW - (MANY + n) * MINUTE))
            for n, text in enumerate(FORMULAS)
        ]  # fmt: skip
        self.folder, self.out = folder / "data", folder / "out"
        self.folder.mkdir()
        self.out.mkdir()
        mirror = Mirror(self.folder / "m1.db")
        mirror.take({"event": list(map(row, pool))}, {})
        mirror.close()
        use(self.folder, "m1.db")
        self.store = open_store(self.folder)
        self.desk = Desk(self.store, StillClock())
        works = [
            EventWork(f"e{n:05d}", "CLOSED", "供水公司", told.text, NOW, "陈", "p3", closed_at=NOW)
            for n, told in enumerate(self.told)
        ]
        self.desk.run(lambda tx: tx.put(*works), {}, local=True)

    def wanted(self, name: str, keys: Sequence[str] | None = None) -> Wanted:
        return Wanted(str(self.out / name), Filter(POOL), keys, NOW, HEAD, "zh")

    def make(self, name: str, keys: Sequence[str] | None = None) -> dict[str, Any]:
        made = self.store.read(lambda r: table.make(r, self.wanted(name, keys), self.out))
        (self.out / f"made{Path(name).suffix}").replace(self.out / name)
        return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("listing"))
    yield made
    made.desk.close()
    made.store.close()


def read_csv(path: Path) -> list[list[str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel knows it by its mark"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def read_xlsx(path: Path) -> list[list[str]]:
    sheet = openpyxl.load_workbook(path).active
    return [[cell if cell is None else str(cell) for cell in some] for some in sheet.values]


def body(rows: list[list[str]]) -> list[list[str]]:
    return rows[len(HEAD) + 2 :]


@pytest.mark.parametrize("name", ["all.csv", "all.xlsx"])
def test_all_rows_are_there_and_none_of_a_thousand_texts_leaks(place: Place, name: str) -> None:
    made = place.make(name)
    path = place.out / name
    assert made["rows"] == MANY + len(FORMULAS)
    assert made["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    rows = read_csv(path) if name.endswith("csv") else read_xlsx(path)
    assert "13800001111" not in str(rows[:3]) and "陈 值班长" in str(rows[2])
    assert [c.name for c in table.COLUMNS] == rows[len(HEAD) + 1]
    found = body(rows)
    assert [cells[NUMBER] for cells in found[:MANY]] == [f"1125-{n:05d}" for n in range(MANY)]
    for told, cells in zip(place.told, found[:MANY], strict=True):
        bare = [s for cell in cells for s in leaks(told, cell or "")]
        assert bare == [], (told.text, cells)
        assert cells[PHONE] == "138****5678" and "12345678" not in str(cells)
        assert not told.person or cells[PERSON].endswith("*")


def test_no_cell_is_a_formula(place: Place) -> None:
    keys = [f"f{n:02d}" for n in range(len(FORMULAS))]
    place.make("f.csv", keys)
    place.make("f.xlsx", keys)
    for cells in read_csv(place.out / "f.csv"):
        assert all(cell.lstrip(" ")[:1] not in set(table.FORMULA) for cell in cells), cells
    sheet = openpyxl.load_workbook(place.out / "f.xlsx").active
    cells = [cell for some in sheet.iter_rows() for cell in some if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert all(isinstance(cell.value, int) for cell in cells if cell.data_type == "n")
    risky = [c for c in cells if c.data_type == "s" and c.value[:1] in "=+-@"]
    assert len(risky) > 20 and all(c.quotePrefix for c in risky), "nor after it was edited"
    titles = [some[TITLE].value for some in sheet.iter_rows(min_row=len(HEAD) + 3)]
    assert titles[:2] == FORMULAS[:2], "as it stands"


def test_a_child_writes_it_beside_its_place_and_it_gets_its_name_at_last(place: Place) -> None:
    keys = ["e00003", "f00", "gone"]
    run = Listing(place.folder, place.wanted("child.csv", keys))
    listed = run.answer.result(60)
    assert not (place.out / "child.csv").exists() and listed.rows == 2
    listed.put()
    assert [c[NUMBER] for c in body(read_csv(place.out / "child.csv"))] == ["1125-00003", "'=1+1"]
    whole = (place.out / "child.csv").read_bytes()
    assert hashlib.sha256(whole).hexdigest() == listed.sha256
    again = Listing(place.folder, place.wanted("child.csv", keys[:1])).answer.result(60)
    again.drop()
    assert (place.out / "child.csv").read_bytes() == whole
    assert not list(place.out.glob(".*"))


def test_one_that_is_given_up_leaves_nothing(place: Place) -> None:
    """Under way, and before it began."""
    out = place.out / "given up"
    out.mkdir()
    wanted = place.wanted("given up/a.xlsx")
    runs = [Listing(place.folder, wanted)]
    while not runs[0].share and not runs[0].ended.wait(0.01):
        pass
    assert 0 < runs[0].share < 1 and list(out.glob(".a.xlsx.part/*"))
    runs[0].stop()
    runs.append(Listing(place.folder, place.wanted("given up/b.csv")))
    runs[1].stop()
    assert all(run.ended.wait(60) and run.answer.cancelled() for run in runs)
    assert list(out.iterdir()) == []


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler for failing.c")
@pytest.mark.parametrize("name", ["full.csv", "full.xlsx"])
def test_a_full_disk_says_so_and_holds_nothing_of_it(
    place: Place, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    disk = FullDisk(out, tmp_path)
    for key, value in disk.environment.items():
        monkeypatch.setenv(key, value)
    disk.fill(after=2, counts=False)
    wanted = Wanted(str(out / name), Filter(POOL), None, NOW, HEAD, "zh")
    with pytest.raises(Refused) as refused:
        Listing(place.folder, wanted).answer.result(60)
    assert refused.value.reason.code == "export_full"
    assert "磁盘已满" in sentence(refused.value.reason)
    assert list(out.iterdir()) == []


def test_what_cannot_be_written_or_is_too_much_is_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused) as refused:
        Listing(place.folder, place.wanted("no folder/a.csv")).answer.result(60)
    assert "目标位置写不进" in sentence(refused.value.reason)
    monkeypatch.setattr(codes, "limit", lambda name, on=None: 10)
    with pytest.raises(Refused) as refused:
        place.make("many.csv")
    assert "最多 10 条" in sentence(refused.value.reason)
    assert not (place.out / "many.csv").exists()
