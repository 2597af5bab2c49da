"""Who sits at a station: signing in, handing over, locking, and what stays secret."""

from __future__ import annotations

import argparse
import io
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import StillClock, an_opening
from officers import SECRET, Hall, an_officer, why

from commandwall import codes, people, staff
from commandwall.clock import DAY, MINUTE
from commandwall.config import REFUSED, Settings
from commandwall.desk import Desk
from commandwall.incidents import open_incident
from commandwall.people import IN, LOCKED, OUT, Duty, SignIn
from commandwall.store.journal import first_bad
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a station at which that was done: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("enrolled")
    hall = Hall(folder)
    for officer in (
        an_officer(), an_officer("li", "李二", posts="p1,p3"),
        an_officer("wang", "王三", area="320281"),
    ):  # fmt: skip
        hall.desk.run(people.enrol, {"officer": officer}, "root")
    hall.close()
    return folder


@pytest.fixture
def hall(tmp_path: Path, enrolled: Path) -> Iterator[Hall]:
    shutil.copytree(enrolled, tmp_path, dirs_exist_ok=True)
    made = Hall(tmp_path)
    yield made
    made.close()


def test_once_somebody_is_enrolled_acts_need_somebody_who_came_in(hall: Hall) -> None:
    assert why(hall.acts) == "signed_out"
    assert why(hall.desk.take_post("chief", "陈一").result) == "signed_out"
    hall.sits("chen", "chief")
    line = hall.acts()
    assert (line.person, line.post) == ("陈一", "chief")
    assert hall.one(Duty).state == IN


def test_a_station_where_nobody_is_enrolled_works_as_before(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store, closing(Desk(store, StillClock())) as desk:
        desk.take_post("chief", "陈").result()
        line = desk.do(open_incident, opening=an_opening()).result().line
        assert line is not None and (line.person, line.post) == ("陈", "chief")
        assert why(desk.sign_in("chen", SECRET, "chief").result) == "secret"


@pytest.mark.parametrize("typed", ["chen", "CHEN ", "陈一"])
def test_a_short_name_or_a_name_will_do(hall: Hall, typed: str) -> None:
    hall.sits(typed, "p1")
    assert hall.desk.person == "陈一"


def test_a_post_that_is_not_his_is_refused(hall: Hall) -> None:
    assert why(hall.sits, "li", "chief") == "seat"
    assert why(hall.sits, "chen", "no such post") == "seat"
    hall.sits("li", "p1")
    hall.desk.take_post("p3").result()  # another of his
    assert hall.desk.post == "p3" and hall.acts().post == "p3"
    assert why(hall.desk.take_post("chief").result) == "seat"
    assert hall.desk.post == "p3"
    assert why(hall.desk.take_post("p1", "陈一").result) == "signed_out"  # under another's name


def test_wrong_secrets_lock_a_name_and_a_restart_does_not_forget(hall: Hall) -> None:
    for _ in range(4):
        assert why(hall.sits, "chen", "chief", "guess") == "secret"
    hall.begun_anew()
    assert why(hall.sits, "chen", "chief", "guess") == "secret"
    assert why(hall.sits, "chen", "chief") == "locked_out"
    hall.begun_anew()
    assert why(hall.sits, "chen", "chief") == "locked_out"
    hall.sits("li", "p1")  # another goes in
    hall.clock.at += 10 * MINUTE + 1
    hall.sits("chen", "chief")
    assert hall.one(SignIn, officer="chen").failures == 0


def test_a_clock_that_is_put_right_locks_nobody_out_for_a_day(hall: Hall) -> None:
    hall.clock.at += DAY  # it was a day ahead
    for _ in range(int(codes.limit("sign_in_tries"))):
        assert why(hall.sits, "chen", "p3", "guess") == "secret"
    assert why(hall.sits, "chen", "p3") == "locked_out"
    hall.clock.at -= DAY
    hall.sits("chen", "p3")


def test_a_right_secret_begins_the_count_anew(hall: Hall) -> None:
    for _ in range(2):
        for _ in range(4):
            assert why(hall.sits, "chen", "chief", "guess") == "secret"
        hall.sits("chen", "chief")


def test_names_that_nobody_has_are_locked_too_and_tell_nothing(hall: Hall) -> None:
    for _ in range(4):
        hall.desk.run(people.refuse_secret, {"officer": ""})
    assert why(hall.sits, "nobody", "chief") == "secret"
    assert why(hall.sits, "somebody", "chief") == "locked_out"
    hall.sits("chen", "chief")


def test_each_coming_and_going_is_a_line(hall: Hall) -> None:
    before = len(hall.lines())
    why(hall.sits, "chen", "chief", "guess")
    hall.sits("chen", "chief")
    hall.desk.lock().result()
    hall.sits("chen", "chief")
    hall.desk.sign_out().result()
    acts = [(line.act, line.person) for line in hall.lines()[before:]]
    assert acts == [
        ("refuse_secret", ""), ("sign_in", "陈一"), ("lock", "陈一"), ("sign_in", "陈一"),
        ("sign_out", "陈一"),
    ]  # fmt: skip
    assert first_bad(hall.lines()) is None


def test_a_hand_over_names_both(hall: Hall) -> None:
    hall.sits("chen", "p3")
    hall.sits("li", "p3")
    duty = hall.one(Duty)
    assert (duty.name, duty.seat, duty.before, duty.before_seat) == ("李二", "p3", "陈一", "p3")
    assert hall.lines()[-1].act == "sign_in" and "陈一" in (hall.lines()[-1].body or "")


def test_a_locked_station_does_nothing_until_the_secret_is_typed(hall: Hall) -> None:
    hall.desk.lock().result()  # nobody sits here: nothing to lock
    hall.sits("chen", "chief")
    hall.desk.lock().result()
    assert why(hall.acts) == "locked" and hall.one(Duty).state == LOCKED
    assert why(hall.desk.take_post("p1").result) == "locked"
    hall.begun_anew()
    assert why(hall.acts) == "locked"
    hall.sits("chen", "chief")
    hall.acts()


def test_who_left_does_nothing(hall: Hall) -> None:
    hall.sits("chen", "chief")
    hall.desk.sign_out().result()
    assert why(hall.acts) == "signed_out" and hall.one(Duty).state == OUT


def test_a_disabled_person_is_out_at_once_and_comes_in_nowhere(hall: Hall) -> None:
    hall.sits("chen", "chief")
    hall.desk.run(people.disable, {"officer": "chen"}, "root")
    assert why(hall.acts) == "disabled"
    assert why(hall.sits, "chen", "chief") == "secret"
    hall.desk.run(people.enable, {"officer": "chen"}, "root")
    hall.sits("chen", "chief")


def test_disabling_everybody_opens_no_door(hall: Hall) -> None:
    for officer in ("chen", "li", "wang"):
        hall.desk.run(people.disable, {"officer": officer}, "root")
    assert why(hall.acts) == "signed_out"
    assert why(hall.desk.take_post("chief").result) == "signed_out"


def test_an_officer_of_an_area_acts_on_nothing_outside_it(hall: Hall) -> None:
    hall.sits("wang", "chief")
    hall.acts(area="320281")
    with pytest.raises(Refused) as refused:
        hall.acts(area="330100")
    assert refused.value.reason.facts["lacking"] == "area"


def test_no_secret_and_no_name_that_nobody_has_is_kept_anywhere(hall: Hall) -> None:
    hall.sits("chen", "chief")
    for typed, secret in (("chen", "geheim-ist-das"), ("mein-passwort-hier", SECRET)):
        why(hall.sits, typed, "chief", secret)
    hall.desk.close()
    hall.store.close()
    held = b"".join(file.read_bytes() for file in hall.folder.rglob("*") if file.is_file())
    for text in (SECRET, "geheim-ist-das", "mein-passwort-hier"):
        assert text.encode() not in held
    assert b"$argon2id$" in held
    hall.store = open_store(hall.folder)
    hall.desk = Desk(hall.store, hall.clock)


def test_a_hash_is_argon2id_and_two_of_one_secret_differ() -> None:
    one, two = people.hashed(SECRET), people.hashed(SECRET)
    assert one.startswith("$argon2id$") and one != two
    assert people.fits(an_officer(secret=one), SECRET)
    assert not people.fits(an_officer(secret=one), SECRET + "x")
    assert not people.fits(an_officer(secret="no hash"), SECRET)


def test_names_are_given_once_and_posts_must_be_known(hall: Hall) -> None:
    for officer, code in (
        (an_officer("chen", "另一人"), "known"), (an_officer("chen2", "陈一"), "known"),
        (an_officer("../x", "某"), "unknown"), (an_officer("zhao", "赵", posts="p99"), "unknown"),
    ):  # fmt: skip
        assert why(hall.desk.run, people.enrol, {"officer": officer}) == code


# The command line.


def asked(folder: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    staff.add_arguments(parser)
    return staff.run(Settings(data_dir=folder), parser.parse_args(list(words)))


def test_people_are_enrolled_listed_and_disabled_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o644)
    folder = tmp_path / "data"
    add = ("add", "zhao", "--name", "赵六", "--posts", "p1, p3", "--secret-file", str(file))
    assert asked(folder, *add) == REFUSED  # others can read it
    assert "chmod 600" in capsys.readouterr().err
    file.chmod(0o600)
    assert asked(folder, *add) == 0
    assert asked(folder, *add) == REFUSED
    assert "zhao" in capsys.readouterr().err
    assert asked(folder, "list") == 0
    told = capsys.readouterr().out
    assert "赵六" in told and "p1,p3" in told and "argon2" not in told
    assert asked(folder, "disable", "zhao") == 0
    assert asked(folder, "list") == 0 and "停用" in capsys.readouterr().out
    assert asked(folder, "enable", "zhao") == 0
    file.write_text("another one of eight")
    assert asked(folder, "passwd", "zhao", "--secret-file", str(file)) == 0
    with closing(open_store(folder)) as store, closing(Desk(store, StillClock())) as desk:
        desk.sign_in("zhao", "another one of eight", "p1").result()
        persons = {str(p) for (p,) in store.read(lambda r: r.rows("SELECT person FROM journal"))}
        assert "" not in persons  # the account that ran the command is named
    file.write_text("short")
    assert asked(folder, "passwd", "zhao", "--secret-file", str(file)) == REFUSED
    assert asked(folder, "disable", "nobody") == REFUSED


def test_a_secret_that_is_asked_for_must_be_typed_twice_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = io.StringIO(f"{SECRET}\n{SECRET}x\n")
    monkeypatch.setattr("getpass.getpass", lambda prompt: typed.readline().strip())
    assert asked(tmp_path, "add", "zhao", "--name", "赵六") == REFUSED
    assert "不同" in capsys.readouterr().err
