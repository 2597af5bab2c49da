"""A drill that was played, without a pool: its directory, with what its clock took, what was sent
and what people did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from builders import NOW, StillClock, an_opening, an_order
from world import an_alarm

from commandwall import directives, incidents, reviewing
from commandwall.alarms import acknowledge
from commandwall.clock import SECOND, Ms
from commandwall.config import ASSETS
from commandwall.desk import Desk
from commandwall.drill import evaluating, play
from commandwall.drill.play import ClockAct, SentInject, sent_id
from commandwall.drill.scenario import Scenario, parse
from commandwall.exercise import SCENARIO, Exercise, lay
from commandwall.incidents import Incident
from commandwall.store.migrate import open_store

GAS = ASSETS / "drills" / "gas_old_quarter.toml"


class Drilled:
    """Drill number `no` below a data directory; begun that many days after NOW."""

    def __init__(self, data_dir: Path, no: int = 1) -> None:
        self.folder = data_dir / "drills" / f"gas_old_quarter-{no}"
        self.folder.mkdir(parents=True)
        text = GAS.read_bytes()
        found = parse(text).scenario
        assert found is not None
        self.scenario: Scenario = found
        (self.folder / SCENARIO).write_bytes(text)
        s = found
        lay(self.folder, Exercise(self.folder.name, s.id, s.version, s.digest, s.zh, s.en))
        self.begun = Ms(NOW + no * 86_400 * SECOND)
        self.clock = StillClock(self.begun)
        self.store = open_store(self.folder)
        self.desk = Desk(self.store, self.clock)
        self._taken = 0

    def close(self) -> None:
        self.desk.close()
        self.store.close()

    def at(self, seconds: float) -> None:
        """Seconds after it was begun, real and scenario time alike."""
        self.clock.at = self.begun + int(seconds * SECOND)

    def take(self, deed: str, subject: str = "", **more: Any) -> None:
        """The clock of the drill takes an act."""
        self._taken += 1
        act = ClockAct(f"act{self._taken}", self._taken, deed, subject, None, 0, "", "", "",
                       Ms(self.clock.at), None, "周强", "s_drill")  # fmt: skip
        self.desk.run(play.take_act, {"act": replace(act, **more)}, "周强", "s_drill")

    def send(self, inject: str, kind: str = "", subject: str = "") -> str:
        """It reaches its player now, and becomes that record."""
        i = next(i for i in self.scenario.injects if i.id == inject)
        moment = (self.clock.at - self.begun) * 1_000
        sent = SentInject(sent_id(1, inject), 1, inject, i.channel, i.sender, i.to, i.zh, i.en,
                          moment, Ms(self.clock.at), kind, subject, "")  # fmt: skip
        self.desk.run(play.note_sent, {"sent": sent})
        return sent.id

    def by(self, post: str, person: str, act: Any, **args: Any) -> Any:
        return self.desk.run(act, args, person, post)

    def keep(self, *records: Any) -> None:
        """What stands there without an act of a person."""
        self.desk.run(_keep, {"records": records}, local=True)


def _keep(tx: Any, records: Any) -> None:
    for record in records:
        tx.put(record)


def played(data_dir: Path, no: int = 1, answers: float = 30.0) -> Drilled:
    """The first minutes of it, up to 7:30, with one inject skipped and one put off; who answers
    does so after `answers` seconds."""
    d = Drilled(data_dir, no)
    d.take("start")
    _alarmed(d, 60, "first_alarm", "s0", answers)
    d.at(60 + answers + 5)
    opened = d.by("chief", "高远", incidents.open_incident, opening=an_opening(
        title="仁和巷燃气泄漏", kind="gas")).of(Incident)  # fmt: skip
    d.at(120)
    d.send("smell", "event", "e9")
    _alarmed(d, 180, "second_alarm", "s1", 2 * answers)
    d.at(200)
    d.take("skip", "again", why="时间不够")
    d.take("postpone", "who_goes", moment=255_000_000)
    d.at(255)
    d.send("who_goes")
    d.at(260)
    (order,) = d.by("chief", "高远", directives.issue, order=an_order(
        opened[0].id, text="封控仁和巷两端，疏散 12 号")).of(directives.Directive)  # fmt: skip
    d.at(260 + answers)
    d.by("front", "孙立", directives.acknowledge, directive=order.id)
    d.at(450)
    d.take("end")
    _judged(d)
    return d


def _alarmed(d: Drilled, at: float, inject: str, device: str, answers: float) -> None:
    """A device shows it, dated back as a conductor does; the hall acknowledges."""
    d.at(at)
    d.send(inject, "sensor", device)
    began = Ms(d.clock.at - 11 * SECOND)
    alarm = an_alarm(f"A-{device}", sensor=device, cls="GAS", raised_at=began)
    d.keep(alarm)
    d.at(at + answers)
    d.by("p1", "陈一", acknowledge, alarm=alarm.id)


def _judged(d: Drilled) -> None:
    """Evaluators, after the end."""
    smell, alarm = sent_id(1, "smell"), sent_id(1, "first_alarm")
    for subject, line, mark, note in (
        (smell, "watch-1", "2", "没有问明火"), (smell, "watch-1", "3", "补问了"),
        (alarm, "", "4", "两人互相复诵"),
    ):  # fmt: skip
        d.clock.at += SECOND
        given = {"subject": subject, "line": line, "mark": mark, "note": note}
        d.by("a_audit", "钱评", evaluating.mark_inject, **given)
    d.by("a_audit", "钱评", evaluating.grade_objective, subject="find", grade="S", note="慢")
    better = {"text": "老城区阀井图纸补测入图", "owner": "燃气科 李", "days": 30}
    for found in ({"kind": "strength", "text": "复诵到位"}, {"kind": "improvement", **better}):
        d.by("s_drill", "周强", reviewing.note_finding, incident="", **found)
