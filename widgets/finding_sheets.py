"""What a review finds, as a person types it: a strength, or an improvement with its owner and its
days; and that an improvement is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from commandwall import codes, reviewing
from commandwall.reviewing import Finding
from widgets.base import Panel
from widgets.fields import Field, choice, number, words
from widgets.i18n import language, rows, tr
from widgets.sheet import Answers, Sheet
from widgets.text import plain

MOST_DUE = 365
"""Days that an improvement may take."""
Do = Callable[[Answers], Any]


def note(panel: Panel, title: str, do: Do) -> None:
    """What went well, or what must be better, by whom, in how many days."""
    kinds = {k: c.name(language()) for k, c in rows("finding_kind").items()}
    days = number(MOST_DUE, 1, tr("日内"))
    days.setValue(int(codes.limit("improvement_days")))  # else it would be late at once
    fields: dict[str, tuple[str, Field]] = {
        "kind": (tr("类别"), choice(kinds)),
        "text": (tr("内容"), words()),
        "owner": (tr("责任人"), words()),
        "days": (tr("期限"), days),
    }
    sheet = Sheet(panel.look, title, "记录", fields, panel.window())
    panel.context.over(sheet.then(do))


def settle(panel: Panel, found: Iterable[Finding], do: Do) -> bool:
    """An improvement is done: which one, and what was done. False where none is owed."""
    still = reviewing.owed(found)
    if not still:
        return False
    fields: dict[str, tuple[str, Field]] = {
        "finding": (tr("整改"), choice({f.id: plain(f"{f.owner}　{f.text}") for f in still})),
        "result": (tr("完成情况"), words()),
    }
    sheet = Sheet(panel.look, tr("整改完成"), "记录", fields, panel.window())
    panel.context.over(sheet.then(do))
    return True
