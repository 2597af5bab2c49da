"""复盘重演: an incident's journal becomes a scenario, which replays to the same state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import an_opening, an_order
from redone import CHIEF
from replaying import CALLER, PHONE, Real, Replay, minutes, state_of

from commandwall import cli, directives, event_acts, incidents
from commandwall.clock import MINUTE, SECOND
from commandwall.config import REFUSED, USAGE
from commandwall.drill import score
from commandwall.drill.scenario import Scenario, read
from commandwall.incidents import Incident
from commandwall.playing import ground
from commandwall.pool.server import PoolServer

SEEDS = 5 if os.environ.get("COMMANDWALL_TEST_LONG") else 1


def drill(*asked: str | Path) -> int:
    return cli.run(["drill", *map(str, asked)], lambda *_: 0)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    made = Real(tmp_path / "station")
    yield made
    made.close()


def made_of(real: Real, file: Path) -> Scenario:
    assert drill("from", real.incident[:8], file, "--data-dir", real.folder) == 0
    assert drill("check", file) == 0
    found = read(file).scenario
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_played_incident_replays_to_the_same_state_at_every_minute(
    real: Real, server: PoolServer, tmp_path: Path, seed: int
) -> None:
    """What the drill's wall shows at each minute is what the real wall shows when it looks back at
    that minute: phase, gradings, directives, tasks of plans, events, alarms, posts, units."""
    real.lived(seed)
    scenario = made_of(real, tmp_path / "replay.toml")
    text = (tmp_path / "replay.toml").read_bytes()
    base, own = real.look().copy(), dict(zip(real.calls, real.calls, strict=True))
    begun = base.events["e1"].event.reported_at // SECOND * SECOND
    waiting, compared = real.lines(), []
    with closing(Replay(tmp_path / f"replay-{seed}", text, server, real)) as replay:
        for at in minutes(begun, real.clock.at):
            while waiting and waiting[0].at <= at:
                replay.go(waiting[0].at - begun)
                replay.again(waiting.pop(0))
            replay.go(at - begun)
            ids = replay.ids
            events = {key: ids.get(key, "") for key in own}
            shown = state_of(replay.look(), ids.get(real.incident, ""), events)
            then = state_of(real.past(at, base), real.incident, own)
            assert shown == then, f"minute {(at - begun) // MINUTE}"
            compared.append(shown)
        judged = replay.station.store.read(lambda r: score.score(r, scenario, replay.clock.now()))
    last = compared[-1]
    assert len(compared) > 12 and len(last["directives"]) > 3 and len(last["alarms"]) == 2
    assert "LATCH" in str(compared) or "RTNUN" in str(compared)  # one of them ended
    assert len({str(one) for one in compared}) > 8  # it went on all the time
    # Who does what was done is judged as those were who did it.
    assert judged and {j.verdict for j in judged} <= {score.MET, score.LATE}


def test_what_came_from_outside_are_injects_and_nobody_is_named(
    real: Real, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real.lived(0)
    assert drill("from", "--data-dir", real.folder) == 0
    listed = capsys.readouterr().out
    assert real.incident[:8] in listed and "燃气泄漏" in listed
    file = tmp_path / "replay.toml"
    scenario = made_of(real, file)
    text = file.read_text(encoding="utf-8")
    for private in (CALLER, PHONE, "502 室", "孙立", "高远"):
        assert private not in text
    assert scenario.type == "replay" and scenario.clock.isoformat() == "14:00:00"
    came = {i.channel: i for i in scenario.injects}
    assert came.keys() == {"hotline", "alarm", "front_voice"}
    assert came["hotline"].data["cls"] == "gas"
    shown = [(i.data["cls"], i.data["value"]) for i in scenario.injects if i.channel == "alarm"]
    assert shown == [("GAS", 27.0), ("GAS", 27.0), ("GAS", 0.0)]
    assert {p.post: p.seat for p in scenario.players} == {
        "chief": "station", "p1": "station", "p3": "station", "front": "phone",
    }  # fmt: skip
    assert not any("from=p6" in e.text for i in scenario.injects for e in i.expect)
    # The limit of intake stands in a dated row; for opening an incident none does.
    first = {e.text for e in scenario.injects[0].expect}
    assert {"event(cls=gas).ACCEPTED within 900s", "incident(kind=gas).OPENED within 1min"} <= first


def test_what_nothing_led_to_begins_with_a_call(real: Real, tmp_path: Path) -> None:
    opening = an_opening(title="高远报港区泄漏", kind="gas")
    real.do(CHIEF, incidents.open_incident, opening=opening)
    (real.incident,) = (i.id for i in real.find(Incident))
    real.clock.at += 90 * SECOND
    real.do(CHIEF, directives.issue, order=an_order(real.incident, verb="cordon"))
    (only,) = made_of(real, tmp_path / "replay.toml").injects
    assert (only.channel, only.to, only.at, only.zh) == ("above", "chief", 0, "高*报港区泄漏；港区")
    assert [e.text for e in only.expect] == [
        "incident(kind=gas).OPENED within 1min",
        "directive(verb=cordon, from=chief, to=front).ISSUED within 2min",
    ]


def test_who_reported_a_crisis_is_named_nowhere_in_its_replay(real: Real, tmp_path: Path) -> None:
    """Its event is shown without him, and what people wrote of it names him."""
    real.call("e1", f"{CALLER}来电{PHONE}，人在三栋天台")
    real.do(CHIEF, event_acts.classify, event="e1", cls="crisis")
    opening = an_opening(title=f"{CALLER}求助", kind="gas", event="e1")
    real.do(CHIEF, incidents.open_incident, opening=opening)
    (real.incident,) = (i.id for i in real.find(Incident))
    real.do(CHIEF, directives.issue, order=an_order(real.incident, text=f"{CALLER}由医院接手"))
    real.clock.at += 90 * SECOND
    made_of(real, tmp_path / "replay.toml")
    text = (tmp_path / "replay.toml").read_text(encoding="utf-8")
    assert "由医院接手" in text or "求助" in text
    assert not [private for private in (CALLER, PHONE, "天台") if private in text]


def test_what_cannot_be_made_says_why(
    real: Real, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real.lived(0, steps=3)
    file, here = tmp_path / "replay.toml", ("--data-dir", real.folder)
    assert drill("from", "nothing", file, *here) == REFUSED
    assert ground.WORDS["incident"] in capsys.readouterr().err and not file.exists()
    assert drill("from", real.incident, *here) == USAGE
    file.write_text("mine")
    assert drill("from", real.incident, file, *here) == REFUSED
    assert "is there already" in capsys.readouterr().err and file.read_text() == "mine"
