"""Looking at a whole number: whether the post may, why it does, and the act.

The reason is asked once of each person in each incident or event.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from commandwall.desk import Done
from commandwall.events import Event
from commandwall.rights import About
from commandwall.unmasking import Unmasking, unmask
from widgets.base import Panel
from widgets.fields import Field, choice, words
from widgets.i18n import language, rows, tr
from widgets.sheet import Sheet
from widgets.text import clean, phone, plain

Act = Callable[[str], "Future[Any]"]
DESK = "desk"


def unreadable(panel: Panel, it: About) -> str:
    """Why no whole number can be read there, in words; "" where a reason at most is lacking."""
    if panel.look.metrics.kind != DESK:
        return tr("完整号码只在席位页面显示")
    return panel.barred(unmask, replace(it, reason=True))


def show(panel: Panel, of: tuple[str, str], reason: str, still: Callable[[], bool]) -> Future[Any]:
    """Look at the number of something (kind, id): once that is written down it may be read there,
    while that is `still` so."""

    def looked(done: Done) -> None:
        for look in done.of(Unmasking):
            panel.context.numbers.take(look, still)
        panel.update()

    return panel.do(unmask, looked, kind=of[0], subject=of[1], reason=reason)


def hint_of(e: Event) -> str:
    """What the key V shows of an event; "" where nothing of it is masked."""
    if phone(e.phone):
        return tr("V 看号码")
    hides = any(plain(shown) != clean(whole) for whole, shown in _told(e))
    return tr("V 看原文") if hides else ""


def in_full(panel: Panel, e: Event) -> tuple[object, object]:
    """Title and text of an event: as they came while they may be read, masked before and after."""
    words = panel.context.numbers.words
    title, body = (words(whole, "event", e.id) or shown for whole, shown in _told(e))
    return title, body


def _told(e: Event) -> tuple[tuple[str, str], tuple[str, str]]:
    """Title and text, each as it came and without the name of its reporter."""
    return (e.title, e.headline), (e.body, e.words)


def with_reason(panel: Panel, matter: tuple[str, str], it: About, act: Act) -> None:
    """`act(reason)` at once where the post needs none, or the person gave one in this matter
    already; else it is asked first. `matter`: the id of an incident or an event, and its title."""
    known = panel.context.numbers.reason(matter[0])
    if known or not panel.barred(unmask, it):
        act(known)
    else:
        ask_reason(panel, matter[1], act)


def ask_reason(panel: Panel, title: str, act: Act) -> None:
    """Why it is looked at; then `act` with that."""
    known = {key: code.name(language()) for key, code in rows("unmask_reason").items()}
    fields: dict[str, tuple[str, Field]] = {
        "purpose": (tr("缘由"), choice(known)), "words": (tr("补充"), words()),
    }  # fmt: skip
    heading = tr("查看完整号码　{title}", title=plain(title, 40))
    sheet = Sheet(panel.look, heading, "查看", fields, panel.window())
    sheet.telling(lambda told: tr("每个号码何人何时因何查看，都记入大事记；同一事项只问一次"))

    def given(told: dict[str, Any]) -> Future[Any]:
        return act("　".join(filter(None, (known[told["purpose"]], told["words"]))))

    panel.context.over(sheet.then(given))
