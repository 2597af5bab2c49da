"""Text from outside: whatever it holds it is shown as it stands, masked and of bearable length."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from layers import fonts
from widgets import text, theme
from widgets.look import Look
from widgets.metrics import Metrics
from widgets.paper import Ink, Paper
from widgets.text import ElidedLabel, ParagraphLabel, PlainLabel

NESTED = "<table><tr><td>" * 18
HOSTILE = [
    "报警<img src='/dev/zero'>",
    "<img src='/proc/self/fd/0'>",
    NESTED,
    "a<b 且 c>d",
    "<h1 style='font-size:400px'>大</h1>",
    "<a href='file:///etc/passwd'>点这里</a>",
    "&lt;b&gt;粗&lt;/b&gt;",
    "{0} {name} %s %1",
]
UNSEEN = [
    "停\u202e水\u202c", "停\u200b水", "停\x00水", "停\ud800水", "停\x1b[31m水", "停\u2066水\u2069",
    "停" + "\u0336" * 400 + "水",
]  # fmt: skip
KINDS = [PlainLabel, ElidedLabel, ParagraphLabel]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", HOSTILE)
def test_markup_is_shown_literally(qtbot: Any, kind: type[QLabel], given: str) -> None:
    label = kind(given)
    qtbot.addWidget(label)
    label.grab()
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == given[: len(label.text()) - 1] + label.text()[-1]
    assert label.accessibleName() == label.text()


@pytest.mark.parametrize("kind", KINDS)
def test_markup_takes_the_room_of_its_letters(qtbot: Any, kind: type[QLabel]) -> None:
    wide, narrow = kind("<b>停水</b>"), kind("停水")
    for label in (wide, narrow):
        qtbot.addWidget(label)
    assert wide.sizeHint().width() > narrow.sizeHint().width() or kind is ParagraphLabel
    assert "<b>" in wide.text()


@pytest.mark.parametrize("given", HOSTILE)
def test_a_tooltip_escapes_all_of_it(qtbot: Any, given: str) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    text.tooltip(widget, given)
    inside = widget.toolTip().removeprefix("<p style='white-space:pre-wrap'>").removesuffix("</p>")
    assert "<" not in inside
    assert ">" not in inside


class Sheet(QWidget):
    """Draws one text in every way there is."""

    def __init__(self, given: str) -> None:
        super().__init__()
        self.given, self.said = given, [""]

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, Look(theme.load("dark"), Metrics(1.0)))
        paper.write(0, 30, self.given, Ink("body"), room=300)
        paper.row(0, 60, (self.given, Ink("label")), (self.given, Ink("item")))
        paper.paragraph(0, 90, self.given, Ink("body"), 300, 2)
        paper.end()
        self.said = paper.said


@pytest.mark.parametrize("given", [*HOSTILE, *UNSEEN, "x" * 1_000_000])
def test_a_panel_draws_it_as_one_line(qtbot: Any, given: str) -> None:
    sheet = Sheet(given)
    qtbot.addWidget(sheet)
    sheet.grab()
    assert len(sheet.said) == 4
    assert all(0 < len(said) <= 200 for said in sheet.said)


@pytest.mark.parametrize("given", UNSEEN)
def test_what_cannot_be_seen_is_taken_out_and_leaves_a_mark(given: str) -> None:
    seen = text.plain(given)
    assert "停" in seen
    assert "水" in seen
    assert "\ufffd" in seen
    assert all(c.isprintable() or c == "\ufffd" for c in seen if c not in "\u0336")


@pytest.mark.parametrize("kind", KINDS)
def test_a_million_letters_are_cut(qtbot: Any, kind: type[QLabel]) -> None:
    label = kind("长" * 1_000_000)
    qtbot.addWidget(label)
    assert len(label.text()) <= (4000 if kind is ParagraphLabel else 200)
    assert label.text().endswith("…")


@given(st.text(max_size=300))
def test_any_text_can_be_shown(given: str) -> None:
    seen = text.plain(given)
    assert len(seen) <= 200
    seen.encode("utf-8")
    assert text.plain(seen) == seen


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("电话 13800007719 回复", "电话 138****7719 回复"),
        ("138 0000 7719", "138****7719"),
        ("320281199001011234", "320281********1234"),
        ("32028119900101123X", "320281********123X"),
        ("编号 20260101000123", "编号 20260101000123"),
        ("+8613800007719", "+86138****7719"),
        ("0086 138 0000 7719", "0086 138****7719"),
        ("138.0000.7719，138　0000　7719", "138****7719，138****7719"),
        ("１３８００００７７１９", "１３８****７７１９"),
        ("0510-86281234", "0510-****1234"),
        ("320281 19900101 1234", "320281********1234"),
        ("工单 18800612345678", "工单 18800612345678"),
        ("10000000000", "10000000000"),
    ],
)
def test_phones_and_identity_numbers_are_masked(given: str, seen: str) -> None:
    assert text.plain(given) == seen


def test_a_phone_cannot_hide_behind_unseen_letters() -> None:
    assert "0000" not in text.plain("138\u200b0000\u200b7719")


@pytest.mark.parametrize("number", ["13800007719", "320281199001011234"])
@pytest.mark.parametrize("between", ["\u200b", "\u2060", "\x00", "\ud800"])
def test_a_number_cannot_hide_behind_a_mark_after_each_digit(number: str, between: str) -> None:
    shown = text.plain(between.join(number))
    assert "****" in shown
    assert number not in "".join(c for c in shown if c.isdigit())


@pytest.mark.parametrize("before", range(150, 210))
def test_a_number_at_the_cut_is_masked_too(before: int) -> None:
    assert "0000" not in text.plain("字" * before + "，13800007719" * 3)
    assert "0000" not in text.plain("字" * before + "13800007719")


def test_a_letter_that_only_looks_like_another_leaves_a_mark() -> None:
    assert text.plain("p\u0430ypal") == "p\ufffdypal"
    assert text.plain("Москва PM2.5 μg/m³") == "Москва PM2.5 μg/m³"


def test_what_follows_much_that_was_taken_out_is_still_shown() -> None:
    assert text.plain("停" + "\u200b" * 1000 + "水") == "停\ufffd水"
    assert text.plain("停" + "\u200b" * 1_000_000 + "水").endswith("…")


def test_a_person_is_a_family_name() -> None:
    assert text.person("张三丰") == "张*"
    assert text.person("") == ""


def test_a_line_is_wrapped_and_its_last_one_cut(qapp: Any) -> None:
    letters = QFontMetricsF(fonts.font(20))
    lines = text.wrap("滨江街道金桥社区第三网格花园路一号楼下停车场" * 4, letters, 200, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(letters.horizontalAdvance(line) <= 201 for line in lines)
    first, second = text.wrap("滨江街道金桥社区第三网格花园路一号楼", letters, 200, 2, 120)
    assert letters.horizontalAdvance(first) <= 80 < letters.horizontalAdvance(second)


def test_a_word_is_not_broken_where_it_need_not_be(qapp: Any) -> None:
    letters = QFontMetricsF(fonts.font(20))
    lines = text.wrap("The pool is gone for some minutes now", letters, 180, 3)
    whole = ["The", "pool", "is", "gone", "for", "some", "minutes", "now"]
    assert all(word in whole for line in lines[:2] for word in line.split())


def test_an_elided_label_tells_the_whole_in_its_tooltip(qtbot: Any) -> None:
    label = ElidedLabel("很长的地点" * 20)
    qtbot.addWidget(label)
    label.resize(80, 24)
    label.render(QImage(80, 24, QImage.Format.Format_RGB32))
    assert "很长的地点" in label.toolTip()
