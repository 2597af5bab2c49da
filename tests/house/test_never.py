"""The never list: each point has a test of a few lines that catches it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from source import ALL, CORE, ROOT, SCREEN, calls, name, nodes

TEXT_DOOR = ROOT / "widgets" / "text.py"


def imports(path: Path) -> Iterator[str]:
    for node in nodes(path, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif node.module:
            yield node.module


def found(paths: list[Path], pattern: str) -> list[str]:
    sign = re.compile(pattern)
    return [
        f"{name(path)}:{line}: {func}"
        for path in paths
        for line, func, _ in calls(path)
        if sign.fullmatch(func)
    ]


@pytest.mark.parametrize(
    ("paths", "banned"),
    [
        (CORE, r"PySide6|pyqtgraph|shiboken6"),
        (SCREEN, r"sqlalchemy|sqlcipher3|psycopg|commandwall\.store\.database"),
        (ALL, r"sqlite3|apsw|duckdb"),
        (ALL, r"PySide6\.QtSql"),
        (sorted((ROOT / "layers").rglob("*.py")), r"commandwall\.(desk|pool)|widgets"),
    ],
)
def test_no_room_imports_what_it_must_not(paths: list[Path], banned: str) -> None:
    sign = re.compile(rf"({banned})(\..*)?")
    assert [f"{name(p)}: {m}" for p in paths for m in imports(p) if sign.fullmatch(m)] == []


def test_only_the_clock_asks_the_computer_for_the_time() -> None:
    others = [path for path in ALL if path.name != "clock.py"]
    asking = (
        r"time\.(time|time_ns|monotonic|sleep)"
        r"|datetime\.(datetime\.)?(now|utcnow|today)|date\.today"
    )
    assert found(others, asking) == []


def test_the_screen_never_waits() -> None:
    assert found(SCREEN, r".*\.result|.*sleep|.*waitForFinished|.*\.join\(\)") == []


def test_outside_text_goes_through_one_door() -> None:
    others = [path for path in SCREEN if path != TEXT_DOOR]
    rich = (
        r"(QtWidgets\.)?QLabel|.*\.setToolTip|.*\.setHtml"
        r"|(pg\.)?LabelItem|QMessageBox.*|.*\.setTitle"
    )
    assert found(others, rich) == []


def test_outside_text_is_cleaned_before_it_is_cut() -> None:
    """A number of a person cut in two is no longer known for one, and is drawn bare."""
    outside = "title|body|name|address|text|place|reason|result|unit|phone|person"
    cut = re.compile(rf"\.({outside})\[: ?[A-Z0-9]")
    assert lines_with(SCREEN, cut) == []


def test_a_phone_is_masked_or_goes_through_the_door() -> None:
    number = re.compile(r"(?<!phone\()(?<!whole\()\b[a-z]\w*\.phone\b(?!\()")
    assert lines_with(SCREEN, number) == []


def test_words_of_an_event_come_without_the_name_of_who_reported_it() -> None:
    """A title and a text of an event are read as they came where they may be read in full alone."""
    bare = re.compile(r"\bevent\.(title|body)\b|\b(e|view\.event)\.(title|body)\b")
    told = lines_with([*SCREEN, *sorted((ROOT / "commandwall" / "reports").glob("*.py"))], bare)
    assert {line.split(":")[0] for line in told} == {
        "widgets/event_card.py",  # whether there is a text
        "widgets/number_acts.py",
    }


def test_only_the_numbers_let_a_line_through_unmasked() -> None:
    assert {line.split(":")[0] for line in found(SCREEN, r"(.*\.)?Whole")} == {"widgets/numbers.py"}
    asked = {line.split(":")[0] for line in found(SCREEN, r".*\.whole")}
    assert asked == {"widgets/alarm_card.py", "widgets/calls.py", "widgets/event_facts.py"}


def test_markup_and_message_boxes_have_no_other_door() -> None:
    others = [path for path in SCREEN if path != TEXT_DOOR]
    doors = re.compile(
        r"AutoText|RichText|MarkdownText|QTextBrowser|QTextEdit\b|QGraphicsTextItem|QMessageBox"
        r"|QErrorMessage|QInputDialog|QToolTip\.showText|QTextDocument|QStaticText|showMessage"
        r"|setStatusTip|setWhatsThis|addLegend|LegendItem|AxisItem|setLabel\(|PlotWidget|\bPlotItem"
    )
    assert [line for line in lines_with(others, doors) if "import" not in line] == []


def lines_with(paths: list[Path], sign: re.Pattern[str]) -> list[str]:
    return [
        f"{name(path)}:{n}: {line.strip()}"
        for path in paths
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if sign.search(line)
    ]


def test_no_colour_stands_in_code() -> None:
    hexes = re.compile(r"""["']#[0-9A-Fa-f]{3,8}["']""")
    assert lines_with(ALL, hexes) == []


def test_every_broad_except_logs() -> None:
    silent = [
        f"{name(path)}:{node.lineno}"
        for path in ALL
        for node in nodes(path, ast.ExceptHandler)
        if (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and "log.exception" not in ast.unparse(node)
    ]
    assert silent == []


def test_no_formatted_string_is_translated() -> None:
    formatted = [
        f"{name(path)}:{line}"
        for path in SCREEN
        for line, func, call in calls(path)
        if func.split(".")[-1] == "tr" and call.args and isinstance(call.args[0], ast.JoinedStr)
    ]
    assert formatted == []


def test_posix_stands_in_one_file() -> None:
    posix = {"fcntl", "resource", "pwd", "grp", "termios"}
    others = [path for path in ALL if path.name != "platform.py"]
    assert [f"{name(p)}: {m}" for p in others for m in imports(p) if m in posix] == []


def test_files_stay_short() -> None:
    long = {name(p): n for p in ALL if (n := len(p.read_text(encoding="utf-8").splitlines())) > 450}
    assert long == {}


def test_functions_stay_short() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in ALL
        for node in nodes(path, ast.FunctionDef)
        if (node.end_lineno or 0) - node.lineno > 60
    ]
    assert long == []
