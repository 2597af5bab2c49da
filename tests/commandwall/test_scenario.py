"""A scenario's file: all that is wrong in it is told at once, by line; whatever it holds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandwall import cli
from commandwall.clock import HOUR, Ms
from commandwall.config import ASSETS, REFUSED
from commandwall.drill.drill_acts import DrillAct, Moment
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.offsets import moment, tell
from commandwall.drill.scenario import Scenario, library, parse, read
from commandwall.drill.toml_lines import lines

FILES = sorted((ASSETS / "drills").glob("*.toml"))
GAS = (ASSETS / "drills" / "gas_old_quarter.toml").read_text(encoding="utf-8")
SMALL = """format = 1
id = "small"
version = 2
zh = "小演练"
en = "A small one"
type = "tabletop"
kind = "gas"
clock = 09:00:00
ends = "D+1 H+2"

[[objective]]
id = "find"
zh = "找到"
en = "Find it"

[[player]]
post = "p1"
seat = "station"

[[inject]]
id = "leak"
at = "T+05:30"
channel = "alarm"
to = "p1"
zh = "漏气"
en = "A leak"
data = { cls = "GAS", value = 30 }
expect = ["alarm(cls=GAS).ACKED within 60s"]
"""


def sound(text: str) -> Scenario:
    found = parse(text.encode())
    assert found.faults == ()
    assert found.scenario is not None
    return found.scenario


def told(text: str) -> list[str]:
    return [str(fault) for fault in parse(text.encode()).faults]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_scenario_of_the_library_can_be_played_to_its_end(file: Path) -> None:
    found = read(file)
    assert [str(fault) for fault in found.faults] == []
    scenario = found.scenario
    assert scenario is not None
    assert scenario.id == file.stem
    clock = DrillClock(scenario.script())
    clock.do(DrillAct("start", Ms(0), "导调"))
    clock.advance(Ms(HOUR))
    assert clock.position >= scenario.ends
    settled = {inject.id: clock.outcome(inject.id) for inject in scenario.injects}
    reserve = {i.id for i in scenario.injects if i.type == "contingency"}
    assert {name for name, outcome in settled.items() if outcome is None} == reserve
    assert {i.objective for i in scenario.injects} >= {o.id for o in scenario.objectives}
    assert sum(len(i.expect) for i in scenario.injects) >= 10


def test_a_scenario_says_what_it_holds() -> None:
    scenario = sound(SMALL)
    (leak,) = scenario.injects
    (ack,) = leak.expect
    assert (scenario.version, scenario.ends, leak.at) == (2, 26 * HOUR * 1000, 330_000_000)
    assert (ack.thing, ack.where, ack.state, ack.within) == (
        "alarm", (("cls", "GAS"),), "ACKED", 60_000,
    )  # fmt: skip
    assert (ack.words(), ack.words("en")) == (
        "告警（燃气）：已确认 ≤ 1 min", "Alarm (Gas): Acknowledged ≤ 1 min",
    )  # fmt: skip
    assert sound(SMALL + "\n").digest != scenario.digest


def test_the_example_of_the_document_is_one() -> None:
    document = (ASSETS.parent / "docs" / "drills.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", document, re.S)
    assert example is not None
    (dry,) = sound(example[1]).injects
    assert (dry.branch, dry.way, dry.lat) == ("pump", "no", 31.91)


def test_all_that_is_wrong_is_told_at_once_each_by_its_line() -> None:
    """A trainer who mends a file must not run the check ten times."""
    text = SMALL
    for old, new in (
        ('type = "tabletop"', 'typ = "tabletop"'),  # 6
        ('kind = "gas"', 'kind = "gass"'),  # 7
        ('post = "p1"', 'post = "p99"'),  # 17
        ('at = "T+05:30"', 'at = "5 minutes"'),  # 22
        ('channel = "alarm"', 'channel = "hotlin"'),  # 23
        ('en = "A leak"', "en = 7"),  # 26
        ("cls = ", "class = "),  # 27, of a channel that is not known
        ("within 60s", "within 0s"),  # 28
    ):
        assert old in text
        text = text.replace(old, new)
    assert told(text) == [
        "1: type: missing 缺少",
        "6: typ: there is no such field; type? 没有此项；是否 type？",
        "7: kind: 'gass' is not known; gas? 没有 'gass'；是否 gas？",
        "17: player 1 (p99): post: 'p99' is not known 没有 'p99'",
        "22: inject 1 (leak): at: '5 minutes' is no time like T+05:30 or D+1 H+2 M+30 "
        "应如 T+05:30 或 D+1 H+2 M+30",
        "23: inject 1 (leak): channel: 'hotlin' is not known; hotline? "
        "没有 'hotlin'；是否 hotline？",
        "24: inject 1 (leak): to: no player has this post 没有人担任此岗位",
        "26: inject 1 (leak): en: 7 is not a text 应为文字",
        "28: inject 1 (leak) expect 1: 0s is no limit up to 72h 时限应在 72 小时内",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("T+05:30", "D+1 H+3", 22, "is not from T+00:00 to D+1 H+2 M+0"),
        ("T+05:30", "D+99", 22, "beyond 336 hours"),
        ('at = "T+05:30"', 'type = "key"', 20, "at: missing"),
        ('at = "T+05:30"', 'at = "T+05:30"\ntype = "contingency"', 22, "has no time"),
        ("value = 30", "value = 130", 27, "data: value: is not within 0.0 .. 100.0 %LEL"),
        ("value = 30", "valu = 30", 27, "data: value: missing"),
        ("value = 30", "value = nan", 27, "nan is not a number"),
        ("version = 2", "version = true", 3, "True is not a whole number"),
        ("version = 2", "version = 0", 3, "below 1"),
        ("format = 1", "format = 9", 1, "this program reads format 1"),
        ('zh = "小演练"', 'zh = " "', 4, "empty"),
        ('type = "tabletop"', 'type = "blind"\nrate = 2.0', 7, "is not from 1.0 to 1.0"),
        (
            'ends = "D+1 H+2"',
            'ends = "T+00:00"\nbegins = "T+01:00"',
            9,
            "ends: not after the beginning",
        ),
        ('id = "leak"', 'id = "leak"\nway = "valve.shut"', 22, "there is no such branch.way"),
        ('id = "leak"', 'id = "leak"\nlon = 120.3', 20, "lat: missing, since there is lon"),
        ('id = "leak"', 'id = "leak"\nlon = 0\nlat = 91', 23, "is not within ±90°"),
        ('id = "leak"', 'id = "leak"\nobjective = "fnd"', 22, "'fnd' is not known; find?"),
        ("alarm(cls=GAS).ACKED", "alarm(class=GAS).ACKED", 28, "'class' is not known; cls?"),
        ("alarm(cls=GAS).ACKED", "alarm(cls=GAZ).ACKED", 28, "'GAZ' is not known; GAS?"),
        ("alarm(cls=GAS).ACKED", "alarm(cls=GAS).ACKD", 28, "'ACKD' is not known; ACKED?"),
        ("alarm(cls=GAS).ACKED", "alrm.ACKED", 28, "'alrm' is not known; alarm?"),
        ("alarm(cls=GAS).ACKED", "alarm(GAS).ACKED", 28, "'GAS' is not field=code"),
        ("alarm(cls=GAS).ACKED within 60s", "soon", 28, "is no sentence like directive("),
    ],
)
def test_a_fault_names_line_field_and_reason(old: str, new: str, line: int, words: str) -> None:
    assert old in SMALL
    found = told(SMALL.replace(old, new, 1))
    assert any(one.startswith(f"{line}: ") and words in one for one in found), found


@pytest.mark.parametrize(
    ("raw", "start"),
    [
        (b"", "1: format: missing"),
        (b"\n\nid = ", "3: no TOML"),
        (b"a = 1\nb = \xff", "2: is not UTF-8"),
        (b"a = " + b"[" * 5000, "1: nested too deep"),
        (b"a = 1\na = 2", "2: no TOML"),
        (b"\n\nn = " + b"9" * 5000, "3: no TOML"),
    ],
)
def test_what_is_no_scenario_at_all_is_told_too(raw: bytes, start: str) -> None:
    found = [str(fault) for fault in parse(raw).faults]
    assert any(one.startswith(start) for one in found), found


def test_two_of_one_name_are_told() -> None:
    twice = SMALL + SMALL[SMALL.index("[[inject]]") :]
    assert told(twice) == ["30: inject 2 (leak): id: 'leak' stands there twice 'leak' 重复"]


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_whatever_raise(raw: bytes) -> None:
    assert parse(raw).faults


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_scenario_with_a_piece_out_of_place_is_read_or_told(data: st.DataObject) -> None:
    """Real files with bytes cut out, put in, or taken from elsewhere in them."""
    raw = bytearray(GAS.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        stop = data.draw(st.integers(start, min(len(raw), start + 60)))
        other = data.draw(st.integers(0, len(raw)))
        raw[start:stop] = data.draw(st.binary(max_size=4)) + raw[other : other + 9]
    found = parse(bytes(raw))
    assert (found.scenario is None) == bool(found.faults)
    last = raw.count(b"\n") + 1
    assert all(1 <= fault.line <= last and fault.en and fault.zh for fault in found.faults)


ODD = ["true", "7", "-1.5", "inf", '""', '"\\u202e\\u001b[31m"', "[]", "[[1]]", "{}", "2026-01-01"]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_field_may_hold_anything(data: st.DataObject) -> None:
    text = GAS.splitlines()
    rows = [n for n, line in enumerate(text) if re.match(r"\w+ = ", line)]
    row = data.draw(st.sampled_from(rows))
    key = text[row].split(" = ")[0]
    text[row] = f"{key} = {data.draw(st.sampled_from(ODD))}"
    found = parse("\n".join(text).encode())
    assert (found.scenario is None) == bool(found.faults)
    assert all("\x1b" not in str(fault) for fault in found.faults)


# Lines.


def leaves(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """All paths of what tomllib read, in the order of the file as far as that is known."""
    rows: Any = data.items() if isinstance(data, dict) else ()
    rows = enumerate(data) if isinstance(data, list) else rows
    return [p for key, value in rows for p in [(*path, key), *leaves(value, (*path, key))]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_key_of_a_file_is_found_in_a_line_that_names_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    rows, found = text.split("\n"), lines(text)
    paths = leaves(tomllib.loads(text))
    assert set(paths) <= set(found)
    assert all(str(p[-1]) in rows[found[p] - 1] for p in paths if isinstance(p[-1], str))


TRICKY = '''# [no] = "header"
a.b."c d" = """
[not]
x = 1 # \\""" still inside """""
'e = f' = \'\'\'
[nor.this]
\'\'\'
list = [ # a comment with ] and "
  "]", '[',
  { k = "}", l = [1, 2] },
]
when = 1979-05-27 07:32:00 # a space in it
[t . "u.v"]
x = { y = { z = 1 } }
[[t.arr]]
n = 1
[t.arr.sub]
q = 1
[[t.arr]]
n = 2
[[t.arr.deep]]
q = 2
[[t.arr.deep]]
q = 3
'''


def test_lines_of_what_is_written_to_mislead() -> None:
    found = lines(TRICKY)
    assert set(leaves(tomllib.loads(TRICKY))) <= set(found)
    assert {p: n for p, n in found.items() if p[-1] in ("q", "n", "x", "k", "l", "z", "when")} == {
        ("list", 2, "k"): 10,
        ("list", 2, "l"): 10,
        ("when",): 12,
        ("t", "u.v", "x"): 14,
        ("t", "u.v", "x", "y", "z"): 14,
        ("t", "arr", 0, "n"): 16,
        ("t", "arr", 0, "sub", "q"): 18,
        ("t", "arr", 1, "n"): 20,
        ("t", "arr", 1, "deep", 0, "q"): 22,
        ("t", "arr", 1, "deep", 1, "q"): 24,
    }
    assert (found["e = f",], found["list",], found["list", 1]) == (5, 8, 9)


@given(st.text(alphabet="ab.[]{}=\"'\n#, 1\\", max_size=60))
@settings(max_examples=500, deadline=None)
def test_whatever_tomllib_reads_has_its_lines(text: str) -> None:
    found = lines(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(leaves(data)) <= set(found)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("T+00:00", 0), ("T+05:30", 330), ("T+90:00", 5400), ("T+1:05:30", 3930),
        ("M+5", 300), ("H+2", 7200), ("D+1 H+2 M+30", 95_400), ("D+1H+2", 93_600),
        ("", None), (" ", None), ("T+5", None), ("T+05:60", None), ("T-05:00", None),
        ("05:30", None), ("H+2 D+1", None), ("T+٠٥:٣٠", None), ("T+05:30\n", None),
    ],
)  # fmt: skip
def test_scenario_times_are_read_as_they_are_written(text: str, seconds: int | None) -> None:
    assert moment(text) == (None if seconds is None else seconds * 1_000_000)


@given(st.integers(0, 24 * 3600 - 1))
def test_a_time_that_is_told_is_read_back(seconds: int) -> None:
    assert moment(tell(Moment(seconds * 1_000_000))) == seconds * 1_000_000


# The command.


def check(*arguments: object) -> int:
    return cli.run(["drill", "check", *map(str, arguments)], lambda *_: 0)


def test_the_command_tells_what_a_scenario_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(*FILES) == 0
    out, err = capsys.readouterr()
    assert "gas_old_quarter 1  老城区燃气泄漏  Gas leak in an old quarter" in out
    assert "injects 注入 20" in out
    assert "T+11:00  前指口报 > 前指" in out
    assert err == ""


def test_the_command_tells_faults_as_an_editor_finds_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(SMALL.replace("T+05:30", "soon").replace('to = "p1"', 'to = "\\u001bp7"'))
    good = tmp_path / "good.toml"
    good.write_text(SMALL)
    assert check(bad, good, tmp_path / "none.toml") == REFUSED
    out, err = capsys.readouterr()
    assert "bad.toml:22: inject 1 (leak): at: 'soon' is no time" in err
    assert "none.toml:0: " in err
    assert "\x1b" not in err
    assert "small 2" in out


def test_two_files_with_one_version_are_not_both_taken(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(SMALL)
    assert [bool(one.scenario) for one in library(tmp_path)] == [True, False]
    (tmp_path / "b.toml").write_text(SMALL.replace("version = 2", "version = 3"))
    assert [bool(one.scenario) for one in library(tmp_path)] == [True, True]


def test_a_name_that_is_proposed_is_told_without_its_signs() -> None:
    """The nearest name comes from the file too."""
    row = next(n for n, line in enumerate(GAS.splitlines()) if line == 'id = "valve"')
    text = GAS.splitlines()
    text[row] = 'id = "\\u202e\\u001b[31m"'
    told = [str(fault) for fault in parse("\n".join(text).encode()).faults]
    assert told and not any(sign in line for line in told for sign in "\x1b\u202e")
