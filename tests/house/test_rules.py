"""The never list, on: who writes, how often, what is global, what waits, what is a limit."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, a_sensor, an_event
from source import ALL, CORE, ROOT, SCREEN, calls, name, nodes, tree
from sqlalchemy import event as sql_event

from commandwall import alarms, areas, codes, rights
from commandwall.clock import Ms
from commandwall.desk import Desk
from commandwall.judge import Crossing
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use


def calling(paths: list[Path], pattern: str) -> list[str]:
    sign = re.compile(pattern)
    return [
        f"{name(path)}: {func}"
        for path in paths
        for _, func, _ in calls(path)
        if sign.fullmatch(func)
    ]


# 4. Only a desk writes.


def test_only_the_desk_opens_a_transaction_on_wall_db() -> None:
    """The store itself draws the station's name before there is a desk; who mends a damaged file
    writes one that nobody has open yet."""
    writing = [*calling(ALL, r"(.*\.)?_?store\.write|.*\bTx"), *calling(CORE, r"self\.write")]
    here = {"commandwall/desk.py: self._store.write", "commandwall/store/store.py: self.write"}
    here |= {"commandwall/store/mend.py: store.write"}
    here |= {"commandwall/store/store.py: Tx", "commandwall/pool/demo/player.py: self.write"}
    assert sorted(set(writing) - here) == []


def test_only_the_agent_takes_and_records() -> None:
    """The first fill makes a mirror that nobody reads yet, and takes what the feed brought
    meanwhile; the agent writes all others."""
    made = set(calling(ALL, r"(.*\.)?(Mirror|Telemetry)"))
    assert made == {
        "commandwall/agent.py: Mirror",
        "commandwall/pool/fill.py: Mirror",
        "commandwall/pool/recorder.py: Telemetry",
    }
    assert set(calling(ALL, r"(.*\.)?mirror\.take")) == {
        "commandwall/pool/link.py: self.mirror.take",
        "commandwall/pool/fill.py: mirror.take",
        "commandwall/pool/refill.py: mirror.take",
    }


def test_the_screen_asks_the_desk_for_acts_and_nothing_else() -> None:
    assert calling(SCREEN, r".*desk\.(run|_.*)|.*\b(open_store|Store|Desk)") == []


# 9. No statement per record.

STATEMENT = re.compile(
    r"(tx|reader|r|conn|cursor|self\._conn|self\.store|self\._store)"
    r"\.(put|get|find|set|run|rows|value|setting|read|write|execute|executemany|exec_driver_sql)"
)
ONE_FOR_EACH_KIND = {
    # One statement for each of the few kinds, files, rings or tables there are, whatever they hold.
    "commandwall/follower.py",
    "commandwall/store/mend.py",
    "commandwall/store/mirror.py",
    "commandwall/pool/check.py",
    "commandwall/pool/schema.py",
    "commandwall/pool/server.py",
    "commandwall/pool/demo/seed.py",
    "commandwall/pool/demo/player.py",
    # One statement for each place past which a broken file can be read again.
    "commandwall/store/salvage.py",
    # One statement for each minute that is full.
    "commandwall/store/numbers.py",
    # A statement takes 900 keys, and there may be more.
    "commandwall/store/store.py",
}


def test_no_statement_stands_in_a_loop() -> None:
    looping = [
        f"{name(path)}:{call.lineno}: {ast.unparse(call.func)}"
        for path in ALL
        if name(path) not in ONE_FOR_EACH_KIND
        for loop in nodes(path, ast.For, ast.While, ast.ListComp, ast.SetComp, ast.GeneratorExp)
        for part in (loop.body if isinstance(loop, ast.For | ast.While) else [loop.elt])
        for call in ast.walk(part)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and STATEMENT.fullmatch(ast.unparse(call.func))
    ]
    assert looping == []


class Station:
    """A store that counts the statements of its writing connection."""

    def __init__(self, folder: Path, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        self.mirror = Mirror(folder / "m1.db")
        self.mirror.take(rows, {})
        use(folder, "m1.db")
        self.store = open_store(folder)
        self.desk = Desk(self.store, StillClock())
        self.count = 0
        for engine in (self.store._writer, self.mirror._engine):
            sql_event.listen(engine, "before_cursor_execute", self._seen)

    def statements(self, work: Callable[[], object]) -> int:
        before = self.count
        work()
        return self.count - before

    def close(self) -> None:
        self.desk.close()
        self.store.close()
        self.mirror.close()

    def _seen(self, *_: object) -> None:
        self.count += 1


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    houses = [
        (f"b{i}", "a1", "", "home", 3, 120.0, 31.0, b"", "green", 0) for i in range(120)
    ]  # fmt: skip
    known = an_event(id="known")  # its class and source have their numbers
    values = tuple(getattr(known, slot) for slot in known.__slots__)
    station = Station(tmp_path, {"building": houses, "event": [values]})
    yield station
    station.close()


def test_many_records_cost_as_many_statements_as_few(station: Station) -> None:
    def recolour(first: int, count: int) -> int:
        keys = [f"b{i}" for i in range(first, first + count)]
        args = {"buildings": keys, "colour": "red", "reason": "查实"}
        return station.statements(lambda: station.desk.run(areas.recolour, args))

    def raised(first: int, count: int) -> int:
        rule = next(rule for rule in alarms.rules() if rule.files_event)
        some = [Crossing(a_sensor(no), rule, 2, 30.0, NOW) for no in range(first, first + count)]
        args = {"crossings": some}
        return station.statements(lambda: station.desk.run(alarms.observe, args, local=True))

    def taken(first: int, count: int) -> int:
        made = [an_event(id=str(no), received_at=Ms(NOW)) for no in range(first, first + count)]
        rows = [tuple(getattr(e, slot) for slot in e.__slots__) for e in made]
        return station.statements(lambda: station.mirror.take({"event": rows}, {}))

    for cost in (recolour, raised, taken):
        assert cost(0, 3) == cost(10, 100)


# 10. No globals, no registry by string name.

CHANGING = frozenset(
    ("append", "add", "update", "extend", "insert", "setdefault", "pop", "clear", "remove")
)


def test_nothing_global_is_changed() -> None:
    assert [name(path) for path in ALL for _ in nodes(path, ast.Global)] == []
    assert [change for path in ALL for change in _changes(path)] == []


def test_nothing_is_found_by_the_text_of_its_name() -> None:
    by_text = calling(ALL, r"globals|locals|eval|exec|.*__import__|sys\.modules.*")
    # The texts of dataclasses, which it would execute itself.
    assert [entry.split(":")[0] for entry in by_text] == ["commandwall/methods.py"]
    by_name = {entry.split(":")[0] for entry in calling(ALL, r"(importlib\.)?import_module")}
    # The door for what others wrote; and the modules whose records are the pool's tables.
    assert by_name <= {"commandwall/plugins.py", "commandwall/pool/schema.py"}


def test_no_module_holds_a_thing_that_lives() -> None:
    """What has a state of its own is made in main and handed on."""
    kept = {"log", "metadata", "wall", "mirror"}
    living = [
        f"{name(path)}: {target.id}"
        for path in ALL
        for node in tree(path).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.islower() and target.id not in kept
        and not re.fullmatch(r"(.*\.)?(Table|frozenset|TypeVar|lru_cache\(.*\)|NewType)",
                             ast.unparse(node.value.func))
    ]  # fmt: skip
    assert living == []


def _changes(path: Path) -> Iterator[str]:
    targets = (
        target
        for node in tree(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )
    known = {target.id for target in targets if isinstance(target, ast.Name)}
    for function in nodes(path, ast.FunctionDef):
        for node in ast.walk(function):
            if (changed := _changed(node)) in known:
                yield f"{name(path)}:{node.lineno}: {changed}"  # type: ignore[attr-defined]


def _changed(node: ast.AST) -> str:
    """The name of the thing that a node changes, or nothing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        found: ast.AST = node.func.value if node.func.attr in CHANGING else node
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        found = node.value
    else:
        return ""
    return found.id if isinstance(found, ast.Name) else ""


# 6. The UI thread never waits: no I/O.

AT_START = {
    "layers/fonts.py": "finds the fonts, once",
    "layers/style.py": "reads the theme and the map's style when one is chosen",
    "widgets/i18n.py": "reads a language when it is chosen",
    "widgets/pages.py": "reads the wall's layout when it is chosen",
    "widgets/startup.py": "knocks at a wall that may be open already, before there is a window",
    "widgets/theme.py": "reads a theme when it is chosen",
}
FILES = re.compile(
    r"open|io\.open|os\.(open|system|popen|listdir|remove|rename|mkdir|stat)"
    r"|(subprocess|socket|requests|urllib|http|shutil|tempfile|tomllib|sqlite3)\..*"
    r"|.*\.(read_text|write_text|read_bytes|write_bytes|glob|rglob|iterdir|unlink|mkdir|is_file|is_dir"
    r"|touch|waitFor\w+|exec_)|Q(File|Dir|SaveFile|Settings|TcpSocket|NetworkAccessManager|Process)"
)


def test_the_screen_reads_and_writes_no_file_and_no_line() -> None:
    waiting = [
        f"{name(path)}:{node.lineno}: {func}"
        for path in SCREEN
        if name(path) not in AT_START
        for _, func, node in calls(path)
        if FILES.fullmatch(func) or _opens(node)
    ]
    assert waiting == []


def _opens(call: ast.Call) -> bool:
    """`path.open("rb")`; a panel's own `open(subject)` is none."""
    first = call.args[0] if call.args else None
    mode = first.value if isinstance(first, ast.Constant) else None
    named = isinstance(call.func, ast.Attribute) and call.func.attr == "open"
    return named and isinstance(mode, str) and mode[:1] in tuple("rwax")


# 8. No limit, threshold or post name in code.


def test_no_post_stands_in_code() -> None:
    """`front` and `back` are the two sides; everything else about posts is a row."""
    posts = codes.load("post").values()
    names = {p.id for p in posts} | {str(p.facts["full_zh"]) for p in posts}
    names -= {"front", "back"}
    assert [
        f"{name(path)}:{node.lineno}: {node.value}"
        for path in ALL
        for node in nodes(path, ast.Constant)
        if node.value in names
    ] == []


TECHNICAL = {
    "commandwall/plain.py: LINE_LIMIT",  # of a line that is drawn
    "commandwall/store/written.py: TITLE_LIMIT",  # of a text that files and wires carry
    "commandwall/store/written.py: TEXT_LIMIT",
    "commandwall/directives.py: DIRECTIVE_LIMIT",
    "commandwall/sensors.py: STALE",  # a word for a quality
    "commandwall/pool/server.py: SOCKET_LIMIT",  # of a path that the system takes
    "commandwall/store/journal.py: AHEAD_LIMIT_BITS",
    "layers/sprites.py: LIMIT",  # bytes of a cache
}
POLICY = re.compile(
    r".*(LIMIT|THRESHOLD|STALE|OLD_|SKEW|BAND|SOON|OVERDUE|RETENTION|KEEP_|_DAYS|URGENT|DEADLINE).*"
)


def test_no_limit_stands_in_code() -> None:
    """What a city may want otherwise is a dated row of assets/codelists, not a number here."""
    here = [
        f"{name(path)}: {target.id}"
        for path in ALL
        for node in tree(path).body
        if isinstance(node, ast.Assign) and _has_number(node.value)
        for part in node.targets
        for target in (part.elts if isinstance(part, ast.Tuple) else [part])
        if isinstance(target, ast.Name) and POLICY.fullmatch(target.id)
    ]
    assert sorted(set(here) - TECHNICAL) == []


JUDGED = re.compile(r".*\b(left|skew\w*|late|overdue|due|value|age|old|silent|stale)$")


def test_nothing_is_judged_by_a_bare_number() -> None:
    """`left <= whole * 0.2`, `abs(skew) > 2`: such a number is a limit."""
    # An invented city; kernels; conversions; how many digits of a number are told.
    other = {"kernels.py", "geo.py", "words.py", "facts.py"}
    rooms = [p for p in ALL if "demo" not in p.parts and p.name not in other]
    judging = [
        f"{name(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in rooms
        for node in nodes(path, ast.Compare)
        if any(_bare(right) for right in node.comparators)
        and any(JUDGED.fullmatch(word) for word in ast.unparse(node.left).strip("()").split("("))
    ]
    assert judging == []


def _bare(node: ast.expr) -> bool:
    numbers = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    told = [n for n in numbers if isinstance(n, int | float) and n not in (0, 1, 1.0, 0.0)]
    return bool(told) and all(not isinstance(n, bool) for n in told)


def _has_number(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, int | float)
               for n in ast.walk(node))  # fmt: skip


# 11. `except Exception` only at the borders.

BORDERS = {
    "commandwall/plugins.py": (1, "plug-in load"),
    "layers/base.py": (1, "plug-in load"),
    "widgets/page.py": (1, "plug-in load: a panel is made"),
    "commandwall/beside.py": (1, "the loops of threads"),
    "commandwall/follower.py": (1, "the loop that follows the files"),
    "commandwall/feeds/intake.py": (1, "the loop that takes what brokers sent"),
    "commandwall/feeds/mqtt.py": (1, "the line to a broker"),
    "commandwall/peers/hall.py": (1, "the lines to other stations"),
    "commandwall/tiles/worker.py": (1, "the loop that fetches tiles of the base map"),
    "commandwall/sounder.py": (1, "the loop that plays sounds"),
    "layers/board.py": (2, "refresh of a layer, and what it builds in a worker"),
    "layers/cook.py": (1, "refresh: the map is drawn in a worker"),
    "layers/map.py": (1, "refresh: the map is shown"),
    "widgets/base.py": (1, "refresh and drawing of a panel, and what it is asked"),
    "widgets/overrides.py": (1, "what Qt calls in our classes"),
}


def test_broad_excepts_stand_only_at_the_borders() -> None:
    broad = {
        name(path): sum(
            node.type is None or "Exception" in ast.unparse(node.type).split(".")
            for node in nodes(path, ast.ExceptHandler)
        )
        for path in ALL
    }
    assert {path: n for path, n in broad.items() if n} == {p: n for p, (n, _) in BORDERS.items()}


# Each act that a person can ask stands in the list of rights.


def asked_acts() -> Iterator[str]:
    """Functions of the core whose first argument is `tx` and that the screen names."""
    told = {name for path in SCREEN for name in names_of_acts(path)}
    for path in CORE:
        room = ".".join(path.relative_to(ROOT / "commandwall").with_suffix("").parts)
        for node in nodes(path, ast.FunctionDef):
            first = node.args.args[0].arg if node.args.args else ""
            if first == "tx" and not node.name.startswith("_") and f"{room}.{node.name}" in told:
                yield f"{room}.{node.name}"


def names_of_acts(path: Path) -> Iterator[str]:
    """`events.accept`, also where it is imported by its own name."""
    own = {
        alias.asname or alias.name: f"{node.module.removeprefix('commandwall.')}.{alias.name}"
        for node in nodes(path, ast.ImportFrom)
        if (node.module or "").startswith("commandwall.")
        for alias in node.names
    }
    for node in nodes(path, ast.Attribute, ast.Name):
        text = dotted(node)
        yield own.get(text, text)


def dotted(node: ast.expr) -> str:
    """`room.act` of such a name; "" for what is no bare name."""
    if isinstance(node, ast.Attribute):
        return f"{before}.{node.attr}" if (before := dotted(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""


def test_every_act_of_a_person_stands_in_one_row_of_rights() -> None:
    listed = [act for right in codes.load("right").values() for act in rights.acts_of(right)]
    assert len(listed) == len(set(listed))
    asked = {*asked_acts(), "attachments.attach"}  # a desk's own door for files
    assert len(asked) > 20
    assert sorted(asked - set(listed)) == []


def test_every_listed_act_has_a_name_in_the_record() -> None:
    """Else a review or a report tells a person of `acknowledge_sending`."""
    listed = {act.rpartition(".")[2] for row in codes.load("right").values() for act in
              rights.acts_of(row)}  # fmt: skip
    assert sorted(listed - codes.load("act").keys()) == []


def test_rights_know_what_each_listed_act_is_about() -> None:
    """Else nobody would look whether it lies within the area."""
    for right in codes.load("right").values():
        for asked in rights.acts_of(right):
            room, act = asked.rsplit(".", 1)
            names = inspect.signature(getattr(import_module(f"commandwall.{room}"), act)).parameters
            assert {*names} & {*rights.SUBJECTS, "subject"}, asked
