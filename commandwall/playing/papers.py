"""Paper and tables of a scenario at the command line: inject book, evaluation sheets, workbook."""

from __future__ import annotations

import sys
from pathlib import Path

from commandwall.config import REFUSED
from commandwall.drill.scenario import Scenario, parse
from commandwall.exercise import MARK
from commandwall.files.content import named
from commandwall.plain import clean
from commandwall.reports import inject_book, press
from commandwall.reports.press import Unset
from commandwall.reports.speech import Speech


def print_book(scenario: Scenario, out: Path, lang: str) -> int:
    """Inject book and evaluation sheets as PDF into a directory; says where they are."""
    speech, made = Speech.of(lang), []
    papers = {"injects": inject_book.book, "evaluation": inject_book.sheets}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, paper in papers.items():
            told = named(f"{scenario.id}-{scenario.version}-{name}", "")
            target = out / f"{told}.pdf"
            made += press.press(paper(scenario, speech), [target], MARK)
        press.put(made)
    except (Unset, OSError) as trouble:
        return _refuse(trouble)
    finally:
        press.drop(made)
    print("\n".join(str(one.target) for one in made))
    return 0


def export(text: bytes, target: Path) -> int:
    """A sound scenario as a workbook; a file that is there stays."""
    from commandwall.drill import workbook  # its library is large, and no other command needs it

    try:
        if target.exists():
            raise FileExistsError(f"{target}: 已存在 is there already")
        workbook.write(text, target)
    except (ValueError, OSError) as trouble:
        return _refuse(trouble)
    print(target)
    return 0


def bring(source: Path, target: Path) -> int:
    """The scenario of a workbook as a file; nothing is written where anything is wrong in it."""
    from commandwall.drill import workbook

    try:
        if target.exists():
            raise FileExistsError(f"{target}: 已存在 is there already")
        taken = workbook.take(source)
        for fault in taken.faults:
            print(f"{clean(source.name)}: {clean(fault, 400)}", file=sys.stderr)
        if taken.faults:
            print(f"{clean(source.name)}: {len(taken.faults)} faults 处有误", file=sys.stderr)
            return REFUSED
    except OSError as trouble:
        return _refuse(trouble)
    return lay(taken.text, target)


def lay(text: bytes, target: Path) -> int:
    """The text of a scenario as a file, where it is sound; a file that is there stays."""
    found = parse(text, target.name)
    for fault in found.faults:
        print(f"{clean(target.name)}:{clean(fault, 400)}", file=sys.stderr)
    if (made := found.scenario) is None:
        return REFUSED
    try:
        with target.open("xb") as file:
            file.write(text)
    except FileExistsError:
        return _refuse(FileExistsError(f"{target}: 已存在 is there already"))
    except OSError as trouble:
        return _refuse(trouble)
    print(f"{target}  {clean(made.id)} {made.version}  {len(made.injects)} 条情景 injects")
    return 0


def _refuse(trouble: Exception) -> int:
    print(f"commandwall: {clean(trouble, 400)}", file=sys.stderr)
    return REFUSED
