"""Sheets of the command page: what a directive, a request and a situation report ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from commandwall import codes
from commandwall.answers import Voice
from commandwall.clock import MINUTE, Ms
from commandwall.countersign import Second
from commandwall.directives import DIRECTIVE_LIMIT, USUAL, Directive
from commandwall.posts import roster
from commandwall.requests import Wish
from commandwall.sitreps import Situation
from layers.words import order_number
from widgets import order_ways
from widgets.base import Panel
from widgets.fields import Field, choice, number, words
from widgets.i18n import NUMERALS, language, named, tr
from widgets.order_ways import Chosen
from widgets.post_choice import PostChoice
from widgets.sheet import Sheet
from widgets.text import person

Said = tuple[Voice, str, dict[str, str]]
"""Who said it and how, the act that it is, and its words."""
PHONE = "phone"
EXPECTED, LONGEST, STEP = 15, 24 * 60, 5
"""Minutes that are proposed, at most, and of one step."""
NEEDS = {"ack": "接令即可", "photo": "照片", "position": "位置", "photo,position": "照片和位置"}
"""What `done` must show -> its name."""


def details(
    panel: Panel, chosen: Directive | None, take: Callable[[dict[str, Any]], object]
) -> Sheet:
    """What most directives leave as it is: how urgent, who gets a copy, what proves it."""
    copy = PostChoice()
    copy.fill(roster().sections, none="—")
    under = {"": "—"}
    if chosen is not None and chosen.no:
        under[chosen.id] = tr("第 {n} 号", n=order_number(tr, chosen))
    asked: dict[str, tuple[str, Field]] = {
        "priority": (tr("优先"), _priority()),
        "cc": (tr("抄送"), copy),
        "needs": (tr("完成须有"), choice({key: tr(name) for key, name in NEEDS.items()})),
        "parent": (tr("属于"), choice(under)),
        "second": (tr("第二人（电话征得）"), words()),
    }

    def hand_on(told: dict[str, Any]) -> object:
        name = told.pop("second")
        return take({**told, "second": Second(name, PHONE) if name else None})

    title = tr("优先、抄送、凭据、第二人")
    return Sheet(panel.look, title, "继续", asked, panel.window()).then(hand_on)


def unusual(told: dict[str, Any]) -> list[str]:
    """What such details say that is not usual, in words."""
    needs, cc, priority = told.get("needs", "ack"), told.get("cc", ""), told.get("priority", USUAL)
    second: Second | None = told.get("second")
    lines = [
        tr("优先 {level}", level=NUMERALS[priority]) if priority != USUAL else "",
        tr("抄送 {posts}", posts=named("post", cc)) if cc else "",
        tr("完成须有{what}", what=tr(NEEDS[needs])) if needs != "ack" else "",
        tr("第二人 {name}", name=person(second.name)) if second else "",
    ]
    return [line for line in lines if line]


def expected(panel: Panel, directive: Directive, take: Callable[[Ms], object]) -> Sheet:
    """In how many minutes it will be done; `take` gets the moment."""
    minutes = number(LONGEST, STEP, tr("分"))
    minutes.setValue(EXPECTED)
    title = tr("第 {n} 号　预计完成", n=order_number(tr, directive))
    sheet = Sheet(panel.look, title, "预计", {"minutes": (tr("还要"), minutes)}, panel.window())
    return sheet.then(lambda told: take(_in(panel, told["minutes"])))


def spoken(panel: Panel, found: Chosen, typed: str, take: Callable[[str, Said], object]) -> Sheet:
    """Who said what, by which channel; `take` gets the record's id and what was said."""
    ways = order_ways.spoken(found)
    channels = {code.id: code.name(language()) for code in codes.load("channel").values()}
    asked: dict[str, tuple[str, Field]] = {
        "act": (tr("答复"), choice({name: tr(way.name) for name, way in ways.items()})),
        "person": (tr("谁说的"), words()),
        "channel": (tr("方式"), choice(channels)),
        "words": (tr("内容"), words(typed, DIRECTIVE_LIMIT)),
    }

    def hand_on(told: dict[str, Any]) -> object:
        field = ways[told["act"]].words
        voice = Voice(told["person"], found.to_post, told["channel"])
        return take(found.id, (voice, told["act"], {field: told["words"]} if field else {}))

    title = tr(
        "代录　第 {n} 号　{post}", n=order_number(tr, found), post=named("post", found.to_post)
    )
    return Sheet(panel.look, title, "代录", asked, panel.window()).then(hand_on)


def request(panel: Panel, wish: Wish, typed: str, take: Callable[[Wish], object]) -> Sheet:
    """What, how much, by when and how urgent; to whom and where `wish` says already."""
    asked: dict[str, tuple[str, Field]] = {
        "what": (tr("要什么"), words(typed, DIRECTIVE_LIMIT)),
        "amount": (tr("数量"), words()),
        "minutes": (tr("多久之内"), number(LONGEST, STEP, tr("分"))),
        "priority": (tr("优先"), _priority()),
    }
    title = "　".join(
        filter(None, (tr("向{post}请求", post=named("post", wish.to_post)), wish.place))
    )

    def hand_on(told: dict[str, Any]) -> object:
        minutes = told.pop("minutes")
        return take(replace(wish, need_at=_in(panel, minutes) if minutes else None, **told))

    return Sheet(panel.look, title, "请求", asked, panel.window()).then(hand_on)


def decision(panel: Panel, typed: str, take: Callable[[dict[str, Any]], object]) -> Sheet:
    """What is decided, and why; `take` gets both by name."""
    asked: dict[str, tuple[str, Field]] = {
        "what": (tr("决定什么"), words(typed, DIRECTIVE_LIMIT)),
        "why": (tr("理由"), words("", DIRECTIVE_LIMIT)),
    }
    return Sheet(panel.look, tr("决定"), "决定", asked, panel.window()).then(take)


def report(panel: Panel, incident: str, take: Callable[[Situation], object]) -> Sheet:
    """The five fields of a situation report."""
    names = [field.name for field in fields(Situation)][1:]
    asked: dict[str, tuple[str, Field]] = {
        name: (named("sitrep_field", name), words("", DIRECTIVE_LIMIT)) for name in names
    }
    sheet = Sheet(panel.look, tr("情况报告"), "报告", asked, panel.window())
    return sheet.then(lambda told: take(Situation(incident, **told)))


def _priority() -> Field:
    return choice({level: NUMERALS[level] for level in (USUAL, 1, 2, 4)})


def _in(panel: Panel, minutes: int) -> Ms:
    return Ms(panel.picture.now + minutes * MINUTE)
