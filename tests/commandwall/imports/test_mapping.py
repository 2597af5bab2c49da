"""A mapping is checked before the first row is read."""

from __future__ import annotations

import pytest

from commandwall.config import ASSETS
from commandwall.pool.imports import buildings, mapping
from commandwall.pool.imports.trouble import ImportTrouble


def trouble(tmp_path, text):
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ImportTrouble) as caught:
        mapping.load(path)
    return caught.value


@pytest.mark.parametrize("path", sorted((ASSETS / "mappings").glob("*.toml")), ids=lambda p: p.stem)
def test_the_mappings_that_come_with_the_program_are_good(path):
    load = buildings.mapped if path.stem == "buildings" else mapping.load
    assert load(path).columns


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('source = "12345"\nsauce = 1\n[columns]', "sauce"),
        ('source = "fax"\n[columns]', "fax"),
        ('source = "12345"\n[columns]\ntitel = "主题"', "titel"),
        ('source = "12345"\n[columns]\n[words]\n"噪音" = "loud"', "loud"),
        ('source = "12345"\n[columns]\n[urgencies]\n"急" = 9', "9"),
        ('source = "12345"\nzone = "Mars/Phobos"\n[columns]', "Mars"),
        ('source = "12345"\ndatum = "wgs84"\n[columns]\nlon = "x"', "lat"),
        ('source = "12345"\n[columns]\nperson = "谁"', "reported_at, title"),
        ("source = 12345 6", "line 1"),
    ],
)
def test_a_wrong_mapping_is_refused_and_names_what_is_wrong(tmp_path, text, named):
    assert named in trouble(tmp_path, text).sentence("zh")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('source = "fax"\n[columns]', "whistle"),
        ('source = "12345"\nkind = "events"\n[columns]', "household"),
        ('source = "12345"\n[columns]\n[states]\n"退回" = "RETURNED"', "ON_SCENE"),
        ('source = "12345"\n[columns]\ntitel = "主题"', "title"),
        ('source = "12345"\n[columns]\n[urgencies]\n"急" = 9', "1, 2, 3, 4, 5"),
    ],
)
def test_a_word_that_cannot_stand_there_is_answered_with_those_that_can(tmp_path, text, known):
    assert known in trouble(tmp_path, text).sentence("en")


def test_coordinates_need_a_declared_datum(tmp_path):
    located = 'source = "12345"\n%s[columns]\nlon = "经度"\nlat = "纬度"\n'
    missing = trouble(tmp_path, located % "")
    assert missing.code == "datum_missing"
    assert "gcj02" in missing.sentence("zh")
    assert "beijing54" in trouble(tmp_path, located % 'datum = "beijing54"\n').sentence("en")
