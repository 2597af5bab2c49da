"""A file that was damaged is told of in words, calmly, until a person knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW
from world import notice

from commandwall.clock import HOUR, Ms
from commandwall.store.pulse import Copies, Outcome
from commandwall.store.quarantine import Harm, Span
from widgets.notice import harmed


@pytest.fixture
def wall(make_wall: Any, world: Any) -> Any:
    made = make_wall()
    world.tick()
    return made


def a_harm(**facts: Any) -> Harm:
    lost = (Span("a" * 16, 41, 44),)
    return replace(
        Harm("wall.db", "structure", "page 7", NOW, "20261126-0930-wall.db", lost), **facts
    )


def hears(wall: Any, harm: Harm) -> None:
    wall.picture.sync = replace(wall.picture.sync, harm=harm)
    wall._judge()


def test_it_says_what_was_damaged_what_is_missing_and_where_it_is_kept(wall: Any) -> None:
    hears(wall, a_harm())
    for told in ("大事记损坏", "4 条大事记", "quarantine/20261126-0930-wall.db"):
        assert told in notice(wall)
    wall.set_language("en")
    assert "4 lines" in notice(wall) and "new name" in notice(wall)


def test_it_goes_when_a_person_knows_and_comes_with_the_next(wall: Any) -> None:
    hears(wall, a_harm())
    wall.know()
    assert notice(wall) == ""
    hears(wall, a_harm())
    assert notice(wall) == ""
    hears(wall, a_harm(at=Ms(NOW + 1)))
    assert notice(wall) != ""


def test_an_old_harm_is_not_told(wall: Any) -> None:
    hears(wall, a_harm(at=Ms(NOW - 25 * HOUR)))
    assert notice(wall) == ""


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"file": "mirror-1.db"}, "城市镜像损坏，已隔离并重建"),
        ({"file": "telemetry.db"}, "读数历史损坏"),
        ({"lost": (Span("a", 4),)}, "不明条数"),
        ({"code": "fork"}, "中心池有本站缺的大事记 4 条"),
        ({"code": "restored"}, "由备份恢复"),
    ],
)
def test_each_harm_has_its_sentence(wall: Any, facts: Any, told: str) -> None:
    assert told in harmed(a_harm(**facts))


def copied(wall: Any, copies: Copies) -> None:
    wall.picture.sync = replace(wall.picture.sync, copies=copies)
    wall._judge()


def test_backups_that_are_too_old_or_failed_are_told_until_a_person_knows(wall: Any) -> None:
    copied(wall, Copies(Ms(NOW - HOUR)))
    assert notice(wall) == ""
    copied(wall, Copies(Ms(NOW - 40 * HOUR)))
    assert "最近可用备份" in notice(wall) and "未按时备份" in notice(wall)
    wall.know()
    assert notice(wall) == ""
    copied(wall, Copies(Ms(NOW - HOUR)))
    failed = Outcome(Ms(NOW - 50 * HOUR), "wall.db", "/mnt/share does not answer")
    copied(wall, Copies(Ms(NOW - HOUR), None, failed, wanted=True))
    assert "/mnt/share does not answer" in notice(wall)
    wall.set_language("en")
    assert "last usable backup" in notice(wall)
