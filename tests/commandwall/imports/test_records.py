"""Rows of other kinds than events: whatever the cells say, a record comes out or a reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandwall.clock import Ms
from commandwall.gazetteer import Gazetteer
from commandwall.pool.imports import mapping
from commandwall.pool.imports.mapping import KINDS
from commandwall.pool.imports.records import RecordReader
from commandwall.pool.imports.trouble import RowFault

NOW = Ms(1_795_500_000_000)
NAMES = {
    "place": ["id", "kind", "name", "lon", "lat", "capacity", "phone"],
    "sensor": ["id", "no", "cls", "lon", "lat", "low", "high", "period_s"],
    "indicatorvalue": ["id", "at", "value", "num", "den", "today", "usual"],
}
CELLS = (
    st.none() | st.text(max_size=30) | st.floats() | st.integers() | st.booleans() | st.datetimes()
)


def reader(kind, folder):
    columns = "".join(f'{name} = "{name}"\n' for name in NAMES[kind])
    datum = 'datum = "bd09"\n' if "lon" in NAMES[kind] else ""
    path = folder / f"{kind}.toml"
    path.write_text(f'source = "x"\nkind = "{kind}"\n{datum}[columns]\n{columns}', "utf-8")
    return RecordReader(mapping.load(path), NAMES[kind], Gazetteer([], {}), NOW)


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    return {kind: reader(kind, folder) for kind in NAMES}


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(NAMES)), cells=st.lists(CELLS, max_size=9))
def test_whatever_cells_say_a_record_comes_out_or_a_reason(readers, kind, cells):
    try:
        record = readers[kind].record(cells, lambda key: 1)
    except RowFault as fault:
        assert fault.field in {*NAMES[kind], "area"}
    else:
        assert isinstance(record, KINDS[kind]) and record.id


@pytest.mark.parametrize("said", ["abc", "{}", "[1", "[" * 5000])
def test_a_list_that_is_none_is_refused(readers, said):
    row = ["GDP", "2026-03-01", 1.5, None, None, said, ""]
    with pytest.raises(RowFault, match="today"):
        readers["indicatorvalue"].record(row, lambda key: 1)


def test_numbers_and_lists_come_as_they_are(readers):
    row = ["GDP", "2026-03-01", "1.5", None, 4, "[1, 2]", None]
    found = readers["indicatorvalue"].record(row, lambda key: 1)
    assert (found.value, found.num, found.den) == (1.5, None, 4.0)
    assert (json.loads(found.today), found.usual) == ([1, 2], "[]")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('kind = "ship"\n[columns]\nid = "x"', "ship"),
        ('kind = "area"\n[columns]\nid = "x"', "area"),
        ('kind = "place"\n[columns]\nname = "x"', "id"),
        ('kind = "place"\n[columns]\nid = "x"\ngeom = "y"', "geom"),
        ('kind = "place"\n[columns]\nid = "x"\n[values.kind]\na = "castle"', "castle"),
        ('kind = "place"\n[columns]\nid = "x"\n[states]\na = "NEW"', "states"),
        ('kind = "sensor"\n[columns]\nid = "x"', "high, low, period_s"),
        ('kind = "indicatorvalue"\n[columns]\nid = "x"', "at"),
    ],
)
def test_a_mapping_that_cannot_make_records_says_what_it_lacks(tmp_path, text, named):
    path = tmp_path / "map.toml"
    path.write_text(f'source = "x"\n{text}', encoding="utf-8")
    with pytest.raises(mapping.ImportTrouble) as caught:
        mapping.load(path)
    assert named in caught.value.sentence("zh")
