"""The roster in three layers: which posts stand, and what is wrong in the lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import roster as rosters
from builders import StillClock, an_opening, an_order

from commandwall import codes, directives, posts
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.incidents import Incident, open_incident
from commandwall.posts import BACK, FRONT
from commandwall.store.migrate import open_store


@pytest.fixture
def great(tmp_path: Path) -> Iterator[posts.Roster]:
    with rosters.changed(tmp_path, **rosters.GREAT):
        yield posts.roster()


def test_one_chief_and_seven_posts_and_the_groups_of_the_front_stand_at_first() -> None:
    found = posts.roster()
    assert found.faults == () and found.code.id == "seven"
    assert [post.id for post in found.posts(BACK)] == ["chief", *(f"p{n}" for n in range(1, 8))]
    assert posts.first_post(BACK) == "chief" and posts.first_post(FRONT) == "front"


def test_forty_eight_posts_stand_in_three_layers_where_a_city_says_so(great: posts.Roster) -> None:
    pair = [post for post in great.posts() if post.facts["side"]]
    assert (len(pair), sum(bool(post.facts.get("special")) for post in pair)) == (48, 1)
    assert great.faults == () and len(great.sections) >= 8
    assert len({post.id for post in great.posts()}) == len(great.posts())
    assert posts.first_post(BACK) == "chief" and posts.first_post(FRONT) == "front"


def test_a_post_that_does_not_stand_keeps_its_side() -> None:
    """Another station, or history, names it."""
    assert "v_drone" not in {post.id for post in posts.roster().posts()}
    assert posts.side_of("v_drone") == BACK and posts.side_of("nobody") == ""


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("section", '"chief", "p1"', '"chief", "p99"', "section.toml, row seven, posts: 'p99'"),
        ("section", '"chief", "p1"', '"chief", "chief"', "'chief' stands there twice"),
        ("section", '"chief", "p1"', '"chief", ["p1"]', "row seven, posts: ['p1'] is no sound"),
        ("section", "posts = [\n", "posts = 5\nothers = [\n", "posts: 5 is no list of posts"),
        ("roster", "fixed = 18", "fixed = 19", "row seven, fixed: says 19, and 18 stand"),
        ("roster", "stands = false", "stands = true", "stands: 2 rows stand"),
        ("post", 'side = "front"', 'side = "frnot"', "post.toml, row front, side: 'frnot'"),
        ("post", 'role = "support"', 'role = ["support"]', "row p7, role: ['support']"),
        ("post", 'role = "support"', 'role = "acts"', "post.toml, row p7, role: 'acts'"),
    ],
)
def test_what_is_wrong_is_named_by_row_field_and_reason_and_the_rest_stands(
    tmp_path: Path, name: str, old: str, new: str, told: str
) -> None:
    with rosters.changed(tmp_path, **{name: ((old, new),)}):
        found = posts.roster()
        assert any(told in str(fault) for fault in found.faults), found.faults
        assert len(found.posts(BACK)) >= 7 and posts.first_post(BACK) == "chief"


def test_a_post_that_a_dated_row_ended_keeps_side_and_name(tmp_path: Path) -> None:
    """What it was ordered is still owed: its side may answer, and history names it."""
    ended = ('zh = "警戒"', 'valid_to = 2026-01-01\nzh = "警戒"')
    desk = Desk(open_store(tmp_path), StillClock())
    try:
        desk.take_post("chief").result()
        incident = desk.do(open_incident, opening=an_opening()).result().of(Incident)[0].id
        order = an_order(incident, to_post="f_cordon")
        (given,) = desk.do(directives.issue, order=order).result().of(Directive)
        with rosters.changed(tmp_path, post=(ended,)):
            assert "f_cordon" not in posts.known() and posts.side_of("f_cordon") == FRONT
            ended_row = codes.once("post", "f_cordon")
            assert ended_row is not None and ended_row.zh == "警戒"
            desk.take_post("front").result()
            desk.do(directives.acknowledge, directive=given.id).result()
            assert any("'f_cordon' is no sound row" in str(f) for f in posts.roster().faults)
            assert len(posts.roster().posts(BACK)) == 8
    finally:
        desk.close()
