"""`commandwall peer`: two stations give each other their cards."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from station import Station

from commandwall import cli
from commandwall.config import REFUSED
from commandwall.peers.identity import Identity
from commandwall.store import sight


@pytest.fixture
def pair(pool: Any, station: Any) -> tuple[Station, Station]:
    back, front = station("chief"), station("front")
    for one in (back, front):
        with pool.client() as client:
            one.meet(client)
    return back, front


def ask(station: Station, *words: str) -> int:
    return cli.run(["peer", "--data-dir", str(station.folder), *words], lambda *_: 0)


def test_each_takes_the_others_card_and_both_read_the_same_code(
    pair: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back, front = pair
    sight.write(front.folder, sight.Sight(area="320281001"))
    assert ask(front, "invite", str(tmp_path / "front.card"), "--name", "前指车") == 0
    shown = capsys.readouterr().out
    assert ask(back, "accept", str(tmp_path / "front.card")) == 0
    taken = capsys.readouterr().out
    assert shown.splitlines()[1] == taken.splitlines()[1] and "320281001" in taken
    assert "PRIVATE" not in (tmp_path / "front.card").read_text()
    (card,) = Identity(back.folder).cards().values()
    assert (card.name, card.city, card.area) == ("前指车", "临江市", "320281001")
    key = front.folder / "peer" / "station.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert ask(back, "list") == 0
    assert capsys.readouterr().out.startswith("前指车\t320281001\t")
    assert ask(back, "remove", "前指车") == 0
    assert ask(back, "list") == 0
    assert capsys.readouterr().out == ""
    assert ask(back, "remove", "前指车") == REFUSED


def test_who_accepts_may_give_less_than_a_card_says(pair: Any, tmp_path: Path) -> None:
    back, front = pair
    assert ask(front, "invite", str(tmp_path / "card")) == 0
    assert ask(back, "accept", str(tmp_path / "card"), "--area", "320281001") == 0
    (card,) = Identity(back.folder).cards().values()
    assert card.area == "320281001"


def test_what_is_no_card_of_a_station_of_this_city_is_refused_with_its_reason(
    pair: Any, station: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back, front = pair
    file = tmp_path / "card"
    assert ask(front, "invite", str(file)) == 0
    assert ask(front, "invite", str(file)) == REFUSED  # it is there already
    good = json.loads(file.read_text())
    for wrong, told in (
        (b"\x00" * 200_000, "no card"),
        (b"{}", "no card"),
        (json.dumps({**good, "certificate": "x"}).encode(), "no card"),
        (json.dumps({**good, "format": 9}).encode(), "unknown format 9"),
        (json.dumps({**good, "city": "别处"}).encode(), "another city"),
    ):
        (tmp_path / "wrong").write_bytes(wrong)
        assert ask(back, "accept", str(tmp_path / "wrong")) == REFUSED
        assert told in capsys.readouterr().err
    assert ask(front, "accept", str(file)) == REFUSED  # its own
    assert ask(back, "accept", str(tmp_path / "nowhere")) == REFUSED
    assert ask(station("new"), "invite", str(tmp_path / "new")) == REFUSED  # met no pool yet
    assert not Identity(back.folder).cards()
