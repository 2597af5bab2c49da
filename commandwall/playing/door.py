"""`commandwall drill`: check or make scenarios; begin, list, join, end, score, review drills."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg

from commandwall import codes, exercise, platform
from commandwall.clock import SECOND, Clock, to_datetime
from commandwall.config import REFUSED, USAGE, Settings
from commandwall.drill import door, play, score
from commandwall.drill.drill_acts import FINISH, Moment
from commandwall.drill.offsets import tell
from commandwall.drill.scenario import read
from commandwall.incidents import Incident
from commandwall.keeper import AGENT_LOCK
from commandwall.masking import mask
from commandwall.plain import clean
from commandwall.playing import afterwards, ground, papers, replay, seats, snapshots
from commandwall.playing.ground import NoGround
from commandwall.playing.snapshots import Snapshot
from commandwall.pool.server import ServerTrouble
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.store import Store
from commandwall.world import World

TROUBLES = (NoGround, ServerTrouble, psycopg.Error, StoreTrouble, OSError)
OPEN = """\
演练已建 begun: {run}
  {folder}
打开 open:
  commandwall --data-dir {folder}
导调 lead it: F10, Ctrl+I 导调 Drill control, 空格 Space"""
INVITED = """\
邀请 {post} invited: {file}
经可靠途径交给该台，只能用一次 hand it over safely, it opens once:
  commandwall drill join FILE"""
JOINED = """\
已加入 joined: {run}
打开 open:
  commandwall --data-dir {folder}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    told = (
        "check FILE... 检查脚本; from [INCIDENT FILE] 由突发事件生成脚本; "
        "snapshot [NAME] 列出或留存城市快照; begin FILE 建演练; list 列出; "
        "invite RUN POST FILE 邀请一台; "
        "join FILE [SOCKET-DIR] 加入; end RUN 结束; score RUN 评分; "
        "review RUN DIR 复盘; improvements [RUN [ID WORDS]] 整改; "
        "book FILE DIR 脚本册与评估表; export FILE XLSX 出工作簿; import XLSX FILE 读工作簿"
    )
    parser.add_argument("way", choices=tuple(WAYS), help=told)
    parser.add_argument("names", nargs="*", metavar="NAME", help="FILE: 脚本或邀请文件; RUN: 演练")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do it; REFUSED where it cannot be done, USAGE where it was asked wrongly."""
    return WAYS[asked.way](settings, asked.names)


def _check(settings: Settings, names: list[str]) -> int:
    return door.check(settings, [*map(Path, names)]) if names else _usage("check FILE...")


def _from(settings: Settings, names: list[str]) -> int:
    """The incidents of this station; or one, by the first letters of its id, as a scenario."""
    if len(names) not in (0, 2):
        return _usage("from [INCIDENT FILE]")
    try:
        with closing(Store(settings.data_dir)) as store:
            found = store.read(lambda r: r.find(Incident))
            if not names:
                return _incidents(found)
            key, target = names[0], Path(names[1])
            named = [i for i in found if key and i.id.startswith(key)]
            if len(named) != 1:
                raise NoGround("incident")
            text = store.read(lambda r: replay.replayed(r, named[0]))
    except TROUBLES as trouble:
        return _refuse(trouble)
    return papers.lay(text, target)


def _incidents(found: Iterable[Incident]) -> int:
    for i in sorted(found, key=lambda i: i.opened_at):
        print(f"{i.id[:8]}  {to_datetime(i.opened_at):%Y-%m-%d %H:%M}  {clean(mask(i.title))}")
    return 0


def _snapshot(settings: Settings, names: list[str]) -> int:
    """Those that are here; or one of now, under a name."""
    if len(names) > 1:
        return _usage("snapshot [NAME]")
    try:
        found = [_kept(settings.data_dir, *names)] if names else snapshots.kept(settings.data_dir)
        for one in found:
            at = f"{to_datetime(one.taken_at):%Y-%m-%d %H:%M}"
            print(f"{clean(one.name)}  {at}  {clean(one.city)}  事件 events {len(one.events)}  "
                  f"力量 units {len(one.units)}  {one.sha256[:12]}")  # fmt: skip
    except TROUBLES as trouble:
        return _refuse(trouble)
    return 0


def _kept(folder: Path, name: str) -> Snapshot:
    if exercise.of(folder) is not None:
        raise NoGround("nested")
    try:
        made = snapshots.take(folder, name, Clock().now())
        if not made.city:
            raise NoGround("empty")
        snapshots.keep(folder, made)
    except FileExistsError:
        raise NoGround("snapshot_there") from None
    except ValueError:
        raise NoGround("snapshot_name") from None
    return made


def _begin(settings: Settings, names: list[str]) -> int:
    """What is wrong with the scenario, or where the drill is and how it is opened."""
    if len(names) != 1:
        return _usage("begin FILE")
    found = read(file := Path(names[0]))
    if found.scenario is None:
        return door.check(settings, [file])
    try:
        made = ground.begin(settings.data_dir, found.scenario, file.read_bytes())
    except TROUBLES as trouble:
        return _refuse(trouble)
    print(OPEN.format(run=clean(made.name), folder=made))
    return 0


def _invite(settings: Settings, names: list[str]) -> int:
    """A file by which another station comes to a post of the drill."""
    folder = _run_of(settings, names[:1])
    if folder is None or len(names) != 3:
        return _no_run(settings, names, "invite RUN POST FILE")
    _, post, file = names
    try:
        seats.invite(folder, post, Path(file).absolute())
    except TROUBLES as trouble:
        return _refuse(trouble)
    print(INVITED.format(post=codes.load("post")[post].name(settings.lang), file=clean(file)))
    return 0


def _join(settings: Settings, names: list[str]) -> int:
    """Where the drill is at this station, and how it is opened."""
    if len(names) not in (1, 2):
        return _usage("join FILE [SOCKET-DIR]")
    try:
        made = seats.join(settings.data_dir, *map(Path, names))
    except TROUBLES as trouble:
        return _refuse(trouble)
    print(JOINED.format(run=clean(made.name), folder=made))
    return 0


def _list(settings: Settings, names: list[str]) -> int:
    for folder, drill in ground.begun(settings.data_dir):
        name = clean(drill.name(settings.lang))
        print(f"{clean(drill.run)}  {clean(drill.scenario)} {drill.version}  {name}  {folder}")
    return 0


def _end(settings: Settings, names: list[str]) -> int:
    """Ask the clock to end. Who conducts takes it, now or when the drill's wall is opened next."""
    folder = _run_of(settings, names)
    if folder is None:
        return _no_run(settings, names, "end RUN")
    if seats.is_seat(folder):
        return _refuse(NoGround("not_led"))
    with closing(World.open(replace(settings, data_dir=folder))) as world:
        world.desk.run(play.act_on_clock, {"deed": FINISH})
    later = (
        "" if platform.is_held(folder / AGENT_LOCK) else "；下次打开时生效 when it is opened next"
    )
    print(f"{folder.name}  已请求结束 asked to end{later}")
    return 0


def _score(settings: Settings, names: list[str]) -> int:
    """The drill, each expected act with its verdict, then how many there are of each."""
    folder = _run_of(settings, names)
    if folder is None:
        return _no_run(settings, names, "score RUN")
    if (scenario := play.scenario_of(folder)) is None:
        return _refuse(NoGround("not_led"))
    with closing(open_store(folder)) as store:
        now = play.played_until(folder, Clock().now())
        judged = store.read(lambda r: score.score(r, scenario, now))
    print(f"{exercise.MARK}{clean(scenario.zh)}  {clean(scenario.en)}  {folder.name}")
    for one in judged:
        print(_line(one, settings.lang))
    verdicts = codes.load("drill_verdict")
    told = (f"{verdicts[v].name(settings.lang)} {n}" for v, n in score.counted(judged).items())
    print("  ".join(told))
    return 0


def _line(one: score.Judged, lang: str) -> str:
    """T+01:00  alarm > post  what was expected  met 31 s"""
    channel = codes.load("drill_channel")[one.sent.channel].name(lang)
    post = codes.load("post")[one.sent.receiver].name(lang)
    asked = one.expected.words(lang) if one.expected is not None else clean(one.words)
    verdict = codes.load("drill_verdict")[one.verdict].name(lang)
    took = f"  {one.took // SECOND} s" if one.took is not None else ""
    at, run = tell(Moment(one.sent.moment)), f"#{one.sent.run}"
    return f"{run} {at}  {channel} > {post}  {asked}  {verdict}{took}"


def _review(settings: Settings, names: list[str]) -> int:
    folder = _run_of(settings, names[:1])
    if folder is None or len(names) != 2:
        return _no_run(settings, names, "review RUN DIR")
    if (scenario := play.scenario_of(folder)) is None:
        return _refuse(NoGround("not_led"))
    return afterwards.review(folder, scenario, Path(names[1]), settings.lang)


def _improvements(settings: Settings, names: list[str]) -> int:
    """Of all drills or one; or that one of them is done."""
    every = [folder for folder, _ in ground.begun(settings.data_dir)]
    folder = _run_of(settings, names[:1])
    if not names:
        return afterwards.improvements(every)
    if folder is None or len(names) == 2:
        return _no_run(settings, names, "improvements [RUN [ID WORDS]]")
    if len(names) == 1:
        return afterwards.improvements([folder])
    return afterwards.settle(folder, names[1], " ".join(names[2:]))


def _book(settings: Settings, names: list[str]) -> int:
    if len(names) != 2:
        return _usage("book FILE DIR")
    scenario = read(file := Path(names[0])).scenario
    if scenario is None:
        return door.check(settings, [file])
    return papers.print_book(scenario, Path(names[1]), settings.lang)


def _export(settings: Settings, names: list[str]) -> int:
    if len(names) != 2:
        return _usage("export FILE XLSX")
    if read(file := Path(names[0])).scenario is None:
        return door.check(settings, [file])
    return papers.export(file.read_bytes(), Path(names[1]))


def _import(settings: Settings, names: list[str]) -> int:
    return papers.bring(*map(Path, names)) if len(names) == 2 else _usage("import XLSX FILE")


def _run_of(settings: Settings, names: list[str]) -> Path | None:
    """The directory of the one drill that is named."""
    found = {drill.run: folder for folder, drill in ground.begun(settings.data_dir)}
    return found.get(names[0]) if len(names) == 1 else None


def _no_run(settings: Settings, names: list[str], told: str) -> int:
    """How it is asked; of a drill that is not here, which ones are."""
    begun = [clean(drill.run) for _, drill in ground.begun(settings.data_dir)]
    if not names or names[0] in begun:
        return _usage(told)
    here = ", ".join(begun) or "无 none"
    print(f"commandwall: 没有演练 no drill {clean(names[0])}; 已建 begun: {here}", file=sys.stderr)
    return REFUSED


def _refuse(trouble: Exception) -> int:
    print(f"commandwall: {clean(trouble, 400)}", file=sys.stderr)
    return REFUSED


def _usage(told: str) -> int:
    print(f"commandwall drill {told}", file=sys.stderr)
    return USAGE


WAYS: Mapping[str, Callable[[Settings, list[str]], int]] = {
    "check": _check, "from": _from, "snapshot": _snapshot, "begin": _begin, "list": _list,
    "invite": _invite, "join": _join, "end": _end, "score": _score, "review": _review,
    "improvements": _improvements, "book": _book, "export": _export, "import": _import,
}  # fmt: skip
