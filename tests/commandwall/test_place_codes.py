"""Codes of places: written, misread, found, and a sheet of them that a scanner reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import pytest
from builders import a_sensor, an_area

from commandwall import codes, place_codes
from commandwall.areas import CITY, TOWN, Building, Place
from commandwall.config import SettingsError
from commandwall.place_codes import DEVICE, read, written
from commandwall.placing import BUILDING, PLACE
from commandwall.reports import code_sheet
from commandwall.reports.speech import Speech
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Store

SCHOOL = Place("p-1", "school", "澄湖小学", "320281001", 120.1, 31.8)
HOUSE = Building("b1", "320281001", "阳光苑 1 幢", "home", 6, 120.2, 31.9, b"", "green")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("codes")
    areas = [an_area(level=TOWN), an_area(id="320281", level=CITY, name="江阴市", parent="")]
    mirror = Mirror(folder / "m1.db")
    mirror.take(
        {"place": [astuple(SCHOOL)], "building": [astuple(HOUSE)],
         "sensor": [astuple(a_sensor(area="320281001"))], "area": [*map(astuple, areas)]}, {},
    )  # fmt: skip
    mirror.close()
    use(folder, "m1.db")
    made = open_store(folder)
    yield made
    made.close()


def test_a_code_is_read_within_what_was_typed_around_it() -> None:
    code = written(PLACE, "p-1")
    assert code.startswith("CW1:P:p-1:") and len(code) == len("CW1:P:p-1:") + 6
    scan = read(f"路灯不亮 {code}")
    assert scan is not None
    assert (scan.kind, scan.key, scan.sound, scan.rest) == (PLACE, "p-1", True, "路灯不亮")
    wide = read(code.replace(":", "："))
    assert wide is not None and wide.sound, "as a Chinese keyboard types it"
    assert read("CW1:P:p-1") is None and read("CW1 停水") is None and read("") is None


def test_what_was_misread_is_known_for_it() -> None:
    code = written(BUILDING, "b1")
    for at in range(6, len(code)):
        if code[at] != ":":
            other = code[:at] + ("0" if code[at] != "0" else "1") + code[at + 1 :]
            scan = read(other)
            assert scan is None or not scan.sound, other
    swapped = read(code.replace(":B:", ":P:"))
    assert swapped is not None and not swapped.sound


def test_what_a_code_names_is_found_or_is_none_of_the_citys(store: Store) -> None:
    def where(kind: str, key: str) -> tuple[str, str] | None:
        found = store.read(lambda r: place_codes.find(r, kind, key))
        return (found.name, found.area) if found is not None else None

    assert where(PLACE, "p-1") == ("澄湖小学", "320281001")
    assert where(BUILDING, "b1") == ("阳光苑 1 幢", "320281001")
    assert where(DEVICE, "s0") == ("点 0", "320281001")
    assert where(PLACE, "gone") is None


def test_a_sheet_holds_every_code_of_an_area_and_says_what_it_cannot(store: Store) -> None:
    def sheet(kind: str, area: str, most: int = 9) -> code_sheet.Paper:
        return store.read(lambda r: code_sheet.collect(r, kind, area, most, Speech.of("zh")))

    paper = sheet(PLACE, "320281001")
    assert paper.data["codes"] == [
        {"name": "澄湖小学", "text": written(PLACE, "p-1"), "place": "澄江街道",
         "picture": "0.svg"}
    ]  # fmt: skip
    assert paper.pictures["0.svg"].startswith(b"<?xml") and paper.data["title"] == "场所码"
    for kind, area, most, why in (
        (PLACE, "9", 9, "no such area"), (PLACE, "", 0, "print by --area"),
    ):  # fmt: skip
        with pytest.raises(SettingsError, match=why):
            sheet(kind, area, most)
    assert codes.limit("qr_codes") > 0
