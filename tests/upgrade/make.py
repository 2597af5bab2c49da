"""Make the database of a release that is kept: run once before a release, its file committed.

`PYTHONPATH=.:tests .venv/bin/python tests/upgrade/make.py` writes tests/upgrade/<revision>.db.gz
with the acts of `live`. A kept file is never made again: it is what officers have on their disks.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from dataclasses import astuple
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite
from builders import StillClock, an_opening, an_order

from commandwall import alarms, areas, directives, event_acts, events, incidents
from commandwall.alarms import UNACK, Alarm
from commandwall.areas import Building
from commandwall.clock import MINUTE
from commandwall.desk import Desk
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Tx

HERE = Path(__file__).parent
ORIGIN = "0123456789abcdef"
ALARM, PERSON = "alarm-1", "王秀英"
HOUSE = Building("b-1", "320281001", "3 栋", "home", 6, 120.2, 31.9, b"", "yellow")


def live(folder: Path) -> None:
    """An afternoon at one station: an alarm, the event it filed, an incident, an order."""
    store, clock = open_store(folder), StillClock()
    with store.write(clock.now()) as tx:
        tx.set("origin", ORIGIN)
    desk = Desk(store, clock)

    def do(act: object, post: str = "p1", **args: object) -> object:
        clock.at += MINUTE
        return desk.run(act, args, PERSON, post)  # type: ignore[arg-type]

    mirror = Mirror(folder / "mirror-1.db")
    mirror.take({"building": [astuple(HOUSE)]}, {}, cursor="1")
    mirror.close()
    use(folder, mirror.path.name)
    desk.run(raise_alarm, {"now": clock.at}, local=True)
    do(alarms.acknowledge, alarm=ALARM)
    event = alarms.event_id(ALARM)
    do(events.accept, event=event)
    do(events.dispatch, event=event, unit="燃气抢修一队")
    do(events.note, event=event, text="已到现场，<b>阀门</b>关闭；电话 13800001111")
    do(event_acts.sign, event=event)
    do(event_acts.feed_back, event=event, result="复测 0 %LEL，恢复供气", evidence="复测记录")
    do(event_acts.verify, post="chief", event=event, solved="solved", content="content")
    do(areas.recolour, buildings=[HOUSE.id], colour="red", reason="外墙开裂")
    do(incidents.open_incident, opening=an_opening(event=event))
    incident = store.read(lambda r: r.find(incidents.Incident))[0].id
    do(directives.issue, post="chief", order=an_order(incident))
    desk.close()
    store.close()


def raise_alarm(tx: Tx, now: int) -> None:
    tx.put(
        Alarm(
            ALARM, "s0", "GAS-2", "GAS", 2, UNACK, 27.0, "%LEL", "320281001", 120.2, 31.9,
            now, now, event=alarms.event_id(ALARM),
        )
    )  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        live(Path(folder))
        wall = sqlite.connect(str(Path(folder) / "wall.db"))
        wall.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        wall.execute("PRAGMA journal_mode=DELETE")
        wall.execute("VACUUM")
        revision = wall.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        wall.close()
        kept = HERE / f"{revision}.db.gz"
        if kept.exists():
            sys.exit(f"{kept} is kept as it is")
        kept.write_bytes(gzip.compress((Path(folder) / "wall.db").read_bytes(), mtime=0))
        print(kept, kept.stat().st_size)


if __name__ == "__main__":
    main()
