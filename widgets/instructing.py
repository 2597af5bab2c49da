"""Standing instructions 常备要求: given to a post or to all, withdrawn from a list."""

from __future__ import annotations

from functools import partial

from commandwall import instructions
from commandwall.instructions import Instruction
from widgets import age, text
from widgets.base import Panel
from widgets.fields import Field, choice, words
from widgets.i18n import named, tr
from widgets.sheet import Sheet


def give(panel: Panel, post: str) -> None:
    """Ask for the words, and whether they are for the chosen post or for all."""
    seats = {post: named("post", post, "full"), "": tr("各岗")}
    fields: dict[str, tuple[str, Field]] = {
        "text": (tr("要求"), words("", 500)), "seat": (tr("给谁"), choice(seats)),
    }  # fmt: skip
    sheet = Sheet(panel.look, tr("立常备要求"), "立", fields, panel.window())
    sheet.telling(lambda told: tr("撤销前每次交接都列出"))
    panel.context.over(sheet.then(lambda told: panel.desk.do(instructions.instruct, **told)))


def take_back(panel: Panel, post: str) -> None:
    """One of those that hold for the chosen post."""
    over = panel.context.later()
    panel.ask(lambda reader: instructions.standing(reader, post), partial(_choose, panel, over))


def line(one: Instruction) -> str:
    """泵站钥匙在值班室（指挥长，11-25 08:02）"""
    whose = named("post", one.seat, "full") if one.seat else tr("各岗")
    return tr("{text}（{post}，{at} 起）", text=text.plain(one.text), post=whose,
              at=age.stamped(one.at)[5:16])  # fmt: skip


def _choose(panel: Panel, over: object, found: list[Instruction]) -> None:
    if not found:
        panel.refused(tr("没有常备要求"))
        return
    one = choice({i.id: line(i) for i in found})
    fields: dict[str, tuple[str, Field]] = {"instruction": (tr("要求"), one)}
    sheet = Sheet(panel.look, tr("撤销常备要求"), "撤销", fields, panel.window())
    assert callable(over)
    over(sheet.then(lambda told: panel.desk.do(instructions.lift_instruction, **told)))
