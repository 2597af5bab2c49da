"""Records that are read by the thousand are no others than those that are written one by one."""

from __future__ import annotations

import pickle
from contextlib import closing
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest
from world import an_area

from commandwall.areas import Area
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.schema import MIRROR, WALL, kinds, maker

KINDS = {**kinds(WALL), **kinds(MIRROR)}
MANY = 2_000


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_record_of_the_maker_is_one_of_its_class(name: str) -> None:
    kind: Any = KINDS[name]
    values = [f"{i}" for i, _ in enumerate(fields(kind))]
    made, plain = maker(kind)(*values), kind(*values)
    assert type(made) is kind
    assert (made, hash(made), repr(made)) == (plain, hash(plain), repr(plain))
    assert replace(made, id="other") == replace(plain, id="other")
    assert pickle.loads(pickle.dumps(made)) == plain
    with pytest.raises(FrozenInstanceError):
        made.id = "other"


def test_many_are_read_as_few_are(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        mirror = Mirror(tmp_path / "mirror-1.db")
        areas = [an_area(f"{i:012}", 3, f"网格 {i % 7}", "t1") for i in range(MANY)]
        columns = [f.name for f in fields(Area)]
        mirror.take({"area": [tuple(getattr(a, c) for c in columns) for a in areas]}, {})
        mirror.close()
        use(tmp_path, "mirror-1.db")
        many = store.read(lambda r: r.find(Area))
        few = store.read(lambda r: r.find(Area, name="网格 3"))
    assert sorted(many, key=lambda a: a.id) == areas
    assert set(few) <= set(many) and {type(a) for a in many} == {Area}
