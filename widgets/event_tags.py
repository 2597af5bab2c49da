"""Tags 标签 of an event on its card, and the sheet in which they are put on and taken off."""

from __future__ import annotations

from collections.abc import Callable

from commandwall import tagging
from commandwall.clock import Ms
from commandwall.events import EventView
from commandwall.store.store import Reader
from commandwall.tagging import LIST
from widgets import text
from widgets.base import Command, Panel
from widgets.event_steps import Then, about
from widgets.fields import Field, Ticks
from widgets.i18n import named, rows, tr
from widgets.sheet import Sheet

KEY = "Shift+G"


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str]]:
    """What was put on and taken off: (moment, post, person, act, tags)."""
    return [
        (at, post, by, act, _change(put, taken))
        for at, post, by, act, put, taken in tagging.history(reader, event)
    ]


def commands(
    panel: Panel, view: Callable[[], EventView | None], done: Callable[[], Then]
) -> list[Command]:
    """`done` gives what hears that it is on disk."""
    return [Command(KEY, tr("标签"), lambda: ask(panel, view(), done))]


def ask(panel: Panel, view: EventView | None, done: Callable[[], Then]) -> None:
    """Tick those that it is to have; those of the list, and those that it has."""
    if view is None:
        return
    if why := panel.barred(tagging.tag_event, about(panel, view)):
        panel.refused(why)
        return
    key = view.event.id
    held = [one.tag for one in panel.picture.tags_of.get(key, ())]
    ticks = Ticks({tag: named(LIST, tag) for tag in dict.fromkeys([*rows(LIST), *held])})
    ticks.tick(held)
    ticks.setCurrentRow(0)
    fields: dict[str, tuple[str, Field]] = {"tags": (tr("标签"), ticks)}
    title = tr("标签：{title}", title=text.plain(view.event.headline, 40))
    sheet = Sheet(panel.look, title, "存", fields, panel.window())
    sheet.telling(lambda told: tr("空格勾选"))
    panel.context.over(
        sheet.then(lambda told: panel.do(tagging.tag_event, done(), event=key, **told))
    )


def _change(put: list[str], taken: list[str]) -> str:
    """＋涉众　－媒体关注."""
    signs = (("＋", put), ("－", taken))
    return "\u3000".join(f"{sign}{named(LIST, tag)}" for sign, tags in signs for tag in tags)
