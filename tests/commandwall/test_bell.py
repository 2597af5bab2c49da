"""The bell of a desk: when it rings, for how much, and when nobody answers."""

from __future__ import annotations

import io
import sys
import wave
from dataclasses import replace
from pathlib import Path

import pytest
from builders import NOW
from world import an_alarm

from commandwall import codes
from commandwall import sounder as sounder_module
from commandwall.alarms import ACKED, Alarm
from commandwall.bell import Bell, Ring
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.routing import Called
from commandwall.sounder import Sounder, tones


def an(severity: int, name: str = "A", at: int = 0) -> Alarm:
    began = Ms(NOW + at * SECOND)
    return an_alarm(name, severity=severity, raised_at=began, changed_at=began)


class Desk:
    """A desk that is looked at each second; `rang` holds (second, severity, heard, loud)."""

    def __init__(self, flood: bool = False) -> None:
        self.bell, self.flood = Bell(), flood
        self.rang: list[tuple[int, int, bool, bool]] = []

    def call(self, *alarms: Alarm) -> None:
        here = {alarm.id: alarm for alarm in alarms}
        self.bell.take(Called(here, {key: alarm.raised_at for key, alarm in here.items()}))

    def wait(self, first: int, last: int) -> list[tuple[int, int, bool, bool]]:
        self.rang = []
        for second in range(first, last + 1):
            before = self.bell.ring
            self.bell.look(Ms(NOW + second * SECOND), self.flood)
            if (ring := self.bell.ring) is not None and ring is not before:
                self.rang.append((second, ring.severity, ring.heard, ring.loud))
        return self.rang

    def rings(self, first: int, last: int) -> list[tuple[int, int]]:
        return [(second, severity) for second, severity, _, _ in self.wait(first, last)]


def test_each_severity_rings_as_often_as_its_row_says() -> None:
    for severity, seconds in ((1, [0, 30, 60, 90]), (2, [0, 60]), (3, [0]), (4, [0])):
        desk = Desk()
        desk.call(an(severity))
        told = desk.wait(0, 100)
        assert [second for second, *_ in told] == seconds
        assert {heard for _, _, heard, _ in told} == {severity <= 2}, "Ⅲ is seen, not heard"


def test_many_alarms_are_one_bell_the_worst_first() -> None:
    desk = Desk()
    desk.call(*(an(2, f"m{i}") for i in range(7)), *(an(1, f"w{i}") for i in range(5)))
    assert desk.rings(0, 61) == [(0, 1), (30, 1), (60, 1)]
    desk.call(*(an(2, f"m{i}") for i in range(7)))
    assert desk.rings(62, 130) == [(120, 2)]


def test_a_new_one_rings_at_once_and_what_grows_worse_again() -> None:
    desk = Desk()
    desk.call(an(2))
    assert desk.rings(0, 10) == [(0, 2)]
    desk.call(an(2), an(2, "B", at=11))
    assert desk.rings(11, 20) == [(11, 2)]
    desk.call(an(1), an(2, "B", at=11))
    assert desk.rings(21, 29) == [(21, 1)]


def test_what_is_acknowledged_rings_no_more() -> None:
    desk = Desk()
    desk.call(an(1))
    desk.wait(0, 10)
    desk.call()
    assert desk.rings(11, 200) == []
    assert desk.bell.worst is None


def test_in_a_flood_it_rings_once_but_each_of_the_worst_rings() -> None:
    desk = Desk(flood=True)
    desk.call(*(an(2, f"m{i}") for i in range(20)))
    assert desk.rings(0, 5) == [(0, 2)]
    desk.call(*(an(2, f"m{i}") for i in range(40)))
    assert desk.rings(6, 300) == []
    desk.call(*(an(2, f"m{i}") for i in range(40)), an(1, "W", at=301))
    assert desk.rings(301, 335) == [(301, 1), (331, 1)]


def test_a_person_mutes_for_a_while_and_never_the_worst() -> None:
    desk = Desk()
    desk.bell.mute(Ms(NOW))
    desk.call(an(2))
    assert {heard for _, _, heard, _ in desk.wait(0, 9 * 60)} == {False}
    assert {heard for _, _, heard, _ in desk.wait(10 * 60, 12 * 60)} == {True}
    desk.bell.mute(Ms(NOW + 720 * SECOND))
    desk.call(an(1, "W"), an(2))
    assert desk.wait(721, 725) == [(721, 1, True, True)]
    desk.bell.mute(Ms(NOW + 725 * SECOND))
    assert not desk.bell.muted(Ms(NOW + 726 * SECOND)), "a second time is sound again"


def test_nobody_answers_after_so_many_calls_until_somebody_is_there() -> None:
    desk = Desk()
    desk.call(an(1))
    desk.wait(0, 119)
    assert desk.bell.unattended is None
    assert desk.wait(120, 155) == [(120, 1, True, True), (150, 1, True, True)]
    assert desk.bell.unattended == NOW + 120 * SECOND
    desk.bell.somebody(Ms(NOW + 160 * SECOND))
    assert desk.bell.unattended is None
    assert desk.wait(160, 200) == [(180, 1, True, False)], "the same alarm goes on, not louder"
    desk.wait(201, 161 + 120)
    assert desk.bell.unattended is not None, "he went away again without an answer"


def test_milder_ones_mark_no_desk() -> None:
    desk = Desk()
    desk.call(an(3), an(4, "B"))
    desk.wait(0, 3_600)
    assert desk.bell.unattended is None


def test_what_was_forgotten_rings_and_counts_again() -> None:
    taken = replace(an(1), state=ACKED, acked_at=Ms(NOW - 30 * MINUTE))
    desk = Desk()
    desk.bell.take(Called({"A": taken}, {"A": Ms(NOW)}))
    assert desk.rings(0, 31) == [(0, 1), (30, 1)]
    assert desk.bell.called(Ms(NOW + 31 * SECOND)) == 2


# Sound.


def lasts(sound: bytes) -> tuple[float, int]:
    """Seconds of a sound, and its loudest sample."""
    with wave.open(io.BytesIO(sound)) as file:
        frames = file.readframes(file.getnframes())
        return file.getnframes() / file.getframerate(), max(memoryview(frames).cast("h"))


def test_where_nobody_answers_the_sound_is_longer_and_louder() -> None:
    for row in codes.load("alarm_sound").values():
        calm, loud = lasts(tones(row, False)), lasts(tones(row, True))
        assert 0.3 < calm[0] < 1.0 and loud[0] > 2 * calm[0] and loud[1] > 1.4 * calm[1]


def played(folder: Path, *command: str) -> Sounder:
    sounder = Sounder(folder, command)
    sounder.play(Ring(Ms(NOW), 2, True, False))
    while sounder._playing is not None:
        pass
    return sounder


def test_a_player_that_works_is_heard_and_one_that_fails_is_no_failure(tmp_path: Path) -> None:
    check = "import sys, wave; wave.open(sys.argv[1]).getnframes()"
    assert played(tmp_path, sys.executable, "-c", check, "{file}").heard
    assert not played(tmp_path, sys.executable, "-c", "raise SystemExit(1)").heard
    assert not played(tmp_path, str(tmp_path / "nothing"), "{file}").heard
    assert not Sounder(tmp_path, ()).heard


def test_what_goes_wrong_with_one_sound_keeps_no_later_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that holds nonsense for a while, a folder that cannot be written."""
    sounder = Sounder(tmp_path, [sys.executable, "-c", "", "{file}"])

    def ring() -> bool:
        sounder.play(Ring(Ms(NOW), 2, True, False))
        while sounder._playing is not None:
            pass
        return sounder.heard

    with monkeypatch.context() as patch:
        patch.setattr(sounder_module, "tones", lambda row, loud: [][0])
        assert not ring()
    (tmp_path / "sounds").write_bytes(b"no folder")
    assert not ring()
    (tmp_path / "sounds").unlink()
    assert ring()


def test_a_worse_call_ends_the_sound_of_a_milder_one_and_no_other(tmp_path: Path) -> None:
    """Each play writes its file; the player of the milder one would last a minute."""
    said = tmp_path / "said"
    play = (
        "import sys, time\n"
        "file = sys.argv[1]\n"
        f"open({str(said)!r}, 'a').write(file[-5:])\n"
        "time.sleep(60 if file.endswith('2.wav') else 0)\n"
    )
    sounder = Sounder(tmp_path, [sys.executable, "-c", play, "{file}"])
    sounder.play(Ring(Ms(NOW), 2, True, False))
    while not said.exists() or not said.read_text():
        pass
    sounder.play(Ring(Ms(NOW), 2, True, False))
    sounder.play(Ring(Ms(NOW), 1, True, False))
    while sounder._playing is not None:
        pass
    assert said.read_text() == "2.wav1.wav"
    assert sounder.heard
    sounder.close()
