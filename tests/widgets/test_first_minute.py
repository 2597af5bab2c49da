"""From an event to the opened incident with both posts and the first directive, in less than a
minute: a script of keys through the real window, 0.7 s each. No click is needed. A Chinese
character costs three keys, its Pinyin and the choice; the commander knows his keys."""

from __future__ import annotations

from typing import Any

from builders import an_event
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from commandwall.directives import ISSUED, Directive
from commandwall.events import Event, EventView
from commandwall.incidents import CommandPost, Incident

KEY_S, KEYS_OF_A_CHARACTER = 0.7, 3
ALLOWED_S = 60.0


class Hand:
    """Counts what a hand needs. Keys go to where the keyboard is, as from a real one."""

    def __init__(self, wall: QWidget) -> None:
        self.wall, self.seconds = wall, 0.0

    def key(self, key: Qt.Key, mods: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.wall, key, mods)
        self.seconds += KEY_S

    def write(self, text: str) -> None:
        field = QApplication.focusWidget()
        assert field is not None
        field.insert(text)  # as an input method does
        self.seconds += KEY_S * KEYS_OF_A_CHARACTER * len(text)


def test_from_an_event_to_the_first_directive_within_a_minute(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    world.desk.take_post("chief").result()
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    event = an_event(id="a", title="燃气泄漏", urgency=1)
    world.copied(event)
    world.tick({Event: [EventView(event, None)]})
    hand, alt = Hand(wall), Qt.KeyboardModifier.AltModifier
    hand.key(Qt.Key.Key_4, alt)
    queue = wall.page.panels["event_queue"]
    qtbot.waitUntil(lambda: queue.keys != [])
    hand.key(Qt.Key.Key_J)
    card = wall.page.panels["event_card"]
    qtbot.waitUntil(lambda: card.view is not None)
    hand.key(Qt.Key.Key_E)
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    def kept(kind: type) -> list[Any]:
        return list(world.store.read(lambda reader: reader.find(kind)))

    qtbot.waitUntil(lambda: kept(Incident) != [] and wall.context.page == "command")
    world.tick({Incident: kept(Incident), CommandPost: kept(CommandPost)})
    hand.key(Qt.Key.Key_I)
    hand.write("封控周边三百米疏散楼内居民")
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: kept(Directive) != [])
    (incident,), (directive,) = kept(Incident), kept(Directive)
    assert (directive.incident, directive.state) == (incident.id, ISSUED)
    assert {post.side for post in kept(CommandPost)} == {"front", "back"}
    print(f"\nfrom event to first directive: {hand.seconds:.1f} s of a hand")
    assert hand.seconds < ALLOWED_S
