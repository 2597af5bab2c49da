"""Nothing of a person on the screen: a thousand texts that hold it, in forms that whoever masks
never saw, through every door by which words of an event come out."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from builders import an_event
from hostile.people import INNOCENT, SEED, Told, leaks, texts
from hypothesis import given
from hypothesis import strategies as st
from world import City, told_by

from commandwall.clock import SECOND
from commandwall.events import Event, EventView
from commandwall.logs import Masked
from commandwall.masking import mask, without
from commandwall.store.mirror import Mirror, use
from commandwall.unmasking import Unmasking
from layers.sprites import SpriteBook
from layers.style import Style
from widgets import event_facts, facts, text
from widgets.opening import from_event
from widgets.rows import RowList

LONG = bool(os.environ.get("COMMANDWALL_TEST_LONG"))
COUNT = 200_000 if LONG else 1_000
ON_A_WALL = 1_000
ROWS = 40
"""Events of one list at a time: as many as stand in it without turning pages."""


def event(n: int, told: Told) -> Event:
    """What a caller says stands in the title and, whole, in the text."""
    return an_event(id=f"e{n:06d}", title=told.text[:200], body=told.text, person=told.person,
                    phone="", area="t1")  # fmt: skip


def all_of(count: int) -> list[tuple[Told, Event]]:
    print(f"seed {SEED}")
    return [(told, event(n, told)) for n, told in enumerate(texts(count))]


def bare(told: Told, shown: str, where: str) -> list[str]:
    return [f"{where}: {s} of {told.text!r} in {shown!r}" for s in leaks(told, shown)]


def test_no_text_leaks_by_any_door_of_words(qtbot: Any) -> None:
    labels = [text.PlainLabel(), text.ElidedLabel(), text.ParagraphLabel()]
    found: list[str] = []
    for told, e in all_of(COUNT):
        for words in (e.headline, e.words):
            found += bare(told, text.plain(words, 4000), "plain")
            found += bare(told, mask(words), "mask")
        if not LONG:
            for label in labels:
                label.setText(e.words)
                text.tooltip(label, e.words)
                found += bare(told, label.text() + "。" + label.toolTip(), type(label).__name__)
    assert found == []


def test_a_number_behind_another_is_hidden_though_both_look_like_a_card_by_chance() -> None:
    shown = mask("QQ号：5176333192\n86-一,七,八,八,四,九,一,〇,九,四,九。")
    assert shown.endswith("****〇九四九。") and "8849" not in shown and "八,四" not in shown


def test_no_text_leaks_into_a_log() -> None:
    form, found = Masked("%(message)s"), list[str]()
    for told, e in all_of(ON_A_WALL):
        entry = logging.LogRecord("x", logging.ERROR, "", 1, "row %r", (e.words,), None)
        found += bare(told, form.format(entry), "log")
    assert found == []


@pytest.fixture
def display(world: City, make_wall: Any) -> Iterator[Any]:
    """A wall at the post of the display."""
    world.desk.take_post("s_display").result()
    yield make_wall()


def bring(world: City, events: list[Event]) -> None:
    gone = dict.fromkeys(world.picture.events)
    for key in gone:
        world.picture.events.pop(key)
    world.tick({Event: [EventView(e, None) for e in events]})


@pytest.mark.timeout(240)
def test_no_text_leaks_on_the_display(display: Any, world: City) -> None:
    """On the card, in the lists, at the pointer and on the map, and in a picture of the screen."""
    many, found = all_of(ON_A_WALL), list[str]()
    display.open_page("events")
    card = display.page.panels["event_card"]
    for told, e in many:
        card._take(EventView(e, None))
        card.grab()
        found += bare(told, card.accessibleDescription(), "card")
        known = event_facts.of(card, EventView(e, None), card._reading, [], whole=False)
        found += bare(told, event_facts.told(known), "all facts")
    found += [line for some in _parts(many) for line in _in_lists(display, world, some)]
    assert found == []


def _parts(many: list[tuple[Told, Event]]) -> list[list[tuple[Told, Event]]]:
    return [many[n : n + ROWS] for n in range(0, len(many), ROWS)]


def _in_lists(wall: Any, world: City, some: list[tuple[Told, Event]]) -> Iterator[str]:
    bring(world, [e for _, e in some])
    queues = [p for p in wall.page.shown() if isinstance(p, RowList)]
    for panel in queues:
        panel.grab()
    said = " ".join(str(panel.accessibleDescription()) for panel in queues)
    assert "全" in said
    for told, e in some:
        yield from bare(told, said, "list")
        hover = facts.of("event", e.id, wall.context)
        assert hover is not None
        yield from bare(told, " ".join([hover.title, *map(str, hover.lines)]), "hover")
        start = from_event(EventView(e, None), world.picture)
        yield from bare(told, text.plain(start.title, 60), "incident")


def test_no_text_leaks_on_the_map(qapp: Any) -> None:
    book, found = SpriteBook(Style("dark")), list[str]()
    for told, e in all_of(ON_A_WALL):
        book.renew()
        book.text(e.headline, "area")
        names = [k[1] for k in book._known if isinstance(k, tuple) and k[0] == "text"]
        found += bare(told, " ".join(names), "map")
    assert found == []


def test_whoever_calls_back_reads_the_words_as_they_came_for_a_minute(
    make_wall: Any, world: City, qtbot: Any
) -> None:
    """With a reason, at a desk, and written down; also where the record has no number."""
    world.desk.take_post("p1", "陈").result()
    wall = make_wall()
    told = "孙倩反映：邻居13712345678整夜唱歌"
    e = an_event(id="e9", title=told, body=told, person="孙倩", phone="", area="t1")
    mirror = Mirror(world.store.folder / "m.db")
    mirror.take({"event": [tuple(getattr(e, name) for name in e.__slots__)]}, {})
    mirror.close()
    use(world.store.folder, "m.db")
    wall.open_page("events")
    card = wall.page.panels["event_card"]
    card._take(EventView(e, None))
    said = told_by(wall, "event_card")
    assert "孙*反映：邻居137****5678整夜唱歌" in said and "V 看原文" in said
    card.show_number()
    assert told not in told_by(wall, "event_card")  # not before a reason stands in the journal
    wall._overlay.accept()
    qtbot.waitUntil(lambda: told_by(wall, "event_card").count(told) == 2)
    (look,) = world.store.read(lambda r: r.find(Unmasking))
    assert (look.kind, look.subject, look.reason) == ("event", "e9", "叫应到岗")
    with wall.context.numbers.covered():
        assert told not in told_by(wall, "event_card")
    world.clock.at += 60 * SECOND
    world.tick()
    assert told not in told_by(wall, "event_card")


@pytest.mark.parametrize("words", INNOCENT)
def test_what_is_nobodys_stands_as_it_is(words: str) -> None:
    assert mask(words) == words
    assert mask(f"市民来电，{words}，请处理。") == f"市民来电，{words}，请处理。"


@given(st.text(max_size=400), st.text(max_size=12))
def test_masking_twice_is_masking_once(words: str, name: str) -> None:
    once = mask(words)
    assert mask(once) == once
    assert len(without(words, name)) == len(words)
