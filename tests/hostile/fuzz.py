"""Any text through every door of the screen; a program of its own: `python -m hostile.fuzz N`."""

from __future__ import annotations

import faulthandler
import os
import sys
from unicodedata import category

from hostile.corpus import ALL, NUMBERS, PERSONAL
from hostile.show import markup, personal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from commandwall.plain import address, clean, kept, mask, person, plain, sound
from layers.sprites import LETTERS, SpriteBook
from layers.style import Style
from widgets import startup, text, theme
from widgets.look import Look
from widgets.metrics import Metrics
from widgets.paper import Ink, Paper

CASE_S = 20
LIMITS = (1, 2, 12, LETTERS, 200, 4000)
pieces = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(categories=["Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn", "Nd", "Zl", "Zp"])),
    st.sampled_from([t[:2000] for t in ALL if t]),
    st.sampled_from(NUMBERS),
    st.sampled_from(
        ["<", "&", "<img src=", "/>", "138", "86", " ", "-", "\n", "\u200b", "…", "号"]
    ),
)
texts = st.one_of(
    st.lists(pieces, max_size=12).map("".join),
    st.tuples(pieces, st.integers(1, 200_000)).map(lambda many: (many[0] * many[1])[:1_000_000]),
)


class Sheet(QWidget):
    """Draws one text in every way a panel can."""

    given = ""

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, Look(theme.load("dark"), Metrics(1.0)))
        paper.write(0, 30, self.given, Ink("body"), room=300)
        paper.row(0, 60, (self.given, Ink("label")), (self.given, Ink("item")))
        paper.paragraph(0, 90, self.given, Ink("body"), 300, 2)
        paper.end()
        self.said = paper.said


class Doors:
    """The doors, made once."""

    def __init__(self) -> None:
        self.sheet, self.label = Sheet(), text.ElidedLabel()
        self.long = text.ParagraphLabel()
        self.book = SpriteBook(Style("dark"))
        self.sheet.resize(320, 120)
        self.label.resize(80, 24)

    def take(self, given: str) -> None:
        faulthandler.dump_traceback_later(CASE_S, exit=True)
        self.pure(given)
        self.drawn(given)
        faulthandler.cancel_dump_traceback_later()

    def pure(self, given: str) -> None:
        for limit in LIMITS:
            shown = plain(given, limit)
            fit(shown, limit)
            # A long number that was cut may look like a phone.
            assert plain(shown, limit) == shown or shown[-2:-1].isdigit()
            fit(clean(given, limit), limit)
        fit(address(given), 200)
        fit(person(given), 40)
        fit(mask(clean(given)), 400)
        sound(given).encode("utf-8")
        kept(given[:4000]).encode("utf-8")
        assert kept(kept(given[:4000])) == kept(given[:4000])

    def drawn(self, given: str) -> None:
        self.sheet.given = given
        self.sheet.grab()
        for said in self.sheet.said:
            assert len(said) <= 201
        for label in (self.label, self.long):
            label.setText(given)
            label.grab()
            text.tooltip(label, given)
            assert list(markup(label)) == []
        sprite = self.book.text(given, "area")
        width, height = self.book.size(sprite)
        assert 0 < width < 4000
        assert 0 < height < 200
        if self.book.full:
            self.book.renew()


def fit(shown: str, limit: int) -> None:
    """Short enough, of one line, of signs that are seen, and no number of a person."""
    shown.encode("utf-8")
    assert len(shown) <= limit
    assert not {category(c) for c in shown} & {"Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"}


def main(count: str) -> int:
    startup.application(offscreen=True)
    doors = Doors()
    for known in ALL:
        doors.take(known)
    for number in PERSONAL:
        assert not personal(plain(number))
    seed = os.environ.get("COMMANDWALL_TEST_SEED")
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

    @settings(max_examples=int(count), deadline=None, database=None, derandomize=not seed,
              suppress_health_check=checks)  # fmt: skip
    @given(texts)
    def any_text(given: str) -> None:
        doors.take(given)

    any_text()
    print(count)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
