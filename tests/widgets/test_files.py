"""Files on the card of an event and over the directives, as a person works with them."""

from __future__ import annotations

import io
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event, an_opening, an_order
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest

from commandwall import attachments, directives, incidents
from commandwall.attachments import AttachedFile, Attachment, FileView
from commandwall.clock import Ms
from commandwall.directives import Directive
from commandwall.events import Event, EventView
from commandwall.incidents import Incident
from commandwall.store.mirror import Mirror, use
from widgets.files import size_words, state_words

SENT = Attachment(
    "x1", "e1", "<b>粗</b>\u202e.pdf", "application/pdf", 820_000, Ms(NOW - 1000), "event",
    "cd" * 32, "t1", 820_000,
)  # fmt: skip


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), "teal").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def card(make_wall: Any, world: Any, qtbot: Any) -> Any:
    """The card of an event that the mirror has, with one file of the city."""
    event = an_event(area="t1")
    mirror = Mirror(world.store.folder / "mirror-1.db")
    mirror.take({"event": [astuple(event)], "attachment": [astuple(SENT)]}, {}, cursor="1")
    mirror.close()
    use(world.store.folder, "mirror-1.db")
    world.apply({Event: [EventView(event, None)]})
    wall = make_wall()
    wall.open_page("events")
    found = wall.page.panels["event_card"]
    found._take(wall.picture.events["e1"])
    qtbot.waitUntil(lambda: len(found._files.shown) == 1)
    return found


def kept(world: Any) -> list[AttachedFile]:
    return world.store.read(lambda r: r.find(AttachedFile))


def test_a_dropped_photo_is_on_disk_and_shown(
    card: Any, world: Any, qtbot: Any, tmp_path: Path
) -> None:
    file = tmp_path / "现场.png"
    file.write_bytes(photo())
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)), QUrl("https://example.org/x.jpg")])
    assert card._files.take(data)
    qtbot.waitUntil(lambda: len(card._files.shown) == 2)
    (row,) = kept(world)
    assert row.name == "现场.jpg" and world.desk.kept.has(row.sha256)
    world.desk.files(lambda kept: None).result()  # the small picture is made
    world.tick()
    qtbot.waitUntil(lambda: not card._files._pictures.get(row.id, QImage()).isNull())
    seen = card._files._pictures[row.id]
    assert seen.width() == 360 and card._files.current == 1
    assert "现场.jpg" in card._files.accessibleDescription()


def test_a_picture_of_the_clipboard_is_pasted(card: Any, world: Any, qtbot: Any) -> None:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    QGuiApplication.clipboard().setImage(image)
    card._files.paste()
    qtbot.waitUntil(lambda: len(kept(world)) == 1)
    assert (kept(world)[0].mime, kept(world)[0].name) == ("image/png", "粘贴的图片.png")
    QGuiApplication.clipboard().setText("words")
    card._files.paste()
    assert card._files._said == "剪贴板里没有文件或图片"


def test_a_script_is_refused_in_words(card: Any, world: Any, qtbot: Any, tmp_path: Path) -> None:
    file = tmp_path / "照片.jpg"
    file.write_bytes(b"[Desktop Entry]\nExec=sh")
    card._files.add_files([file])
    qtbot.waitUntil(lambda: "快捷方式" in card._files._said)
    assert kept(world) == []


def test_what_is_not_here_is_asked_for_by_enter(card: Any, world: Any, qtbot: Any) -> None:
    strip = card._files
    assert "\u202e" not in strip.accessibleDescription()
    QTest.keyClick(strip, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: world.store.read(attachments.asked) == ["cd" * 32])
    qtbot.waitUntil(lambda: strip._state(strip.shown[0]) == "正在取 0 %")
    world.desk.kept.append("cd" * 32, bytes(410_000))
    world.tick()
    qtbot.waitUntil(lambda: strip._state(strip.shown[0]) == "正在取 50 %")


def test_what_is_here_is_opened_only_after_a_question(
    card: Any, world: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "widgets.files.QDesktopServices.openUrl", lambda url: opened.append(url.toLocalFile())
    )
    over: list[Any] = []
    card.context.over = over.append
    world.desk.attach(photo(), "x.jpg", "event", "e1").result()
    world.tick()
    qtbot.waitUntil(lambda: len(card._files.shown) == 2)
    card._files.current = 1
    QTest.keyClick(card._files, Qt.Key.Key_Return)
    assert len(over) == 1 and opened == []
    over[0]._done({"way": "open"})
    qtbot.waitUntil(lambda: len(opened) == 1)
    assert Path(opened[0]).read_bytes() == photo() and opened[0].endswith("-x.jpg")
    card._files.save(card._files.shown[1], tmp_path / "另存.jpg")
    qtbot.waitUntil(lambda: (tmp_path / "另存.jpg").exists())


def test_a_directive_has_files_too(make_wall: Any, world: Any, qtbot: Any) -> None:
    opened = world.desk.do(incidents.open_incident, opening=an_opening()).result()
    (incident,) = opened.of(Incident)
    (order,) = world.desk.do(directives.issue, order=an_order(incident.id)).result().of(Directive)
    world.apply({Incident: [incident], Directive: [order]})
    wall = make_wall()
    wall.open_page("command")
    panel = wall.page.panels["directives"]
    panel.choose(order.id)
    panel.show_files()
    sheet = wall._overlay
    sheet.strip._attach(photo(), "封控点.jpg")
    qtbot.waitUntil(lambda: len(sheet.strip.shown) == 1)
    assert kept(world)[0].subject == order.id and kept(world)[0].kind == "directive"
    QTest.keyClick(sheet, Qt.Key.Key_Escape)


HERE = FileView(replace(SENT, held=0), False, 820_000, "", ours=True)
STATES = [
    (HERE, False, "已存本机"),
    (replace(HERE, file=SENT), False, "已送池"),
    (replace(HERE, file=SENT, ours=False), False, "已存本机"),
    (replace(HERE, file=SENT, here=344_400), False, "正在取 42 %"),
    (replace(HERE, file=SENT, here=0), False, "未取"),
    (replace(HERE, file=SENT, here=0), True, "正在取 0 %"),
    (replace(HERE, here=0), False, "尚未送池"),
    (replace(HERE, file=replace(SENT, held=-1), here=0), False, "已过留存期"),
    (replace(HERE, refused=True), False, "内容不可信，未展示"),
]


@pytest.mark.parametrize(("view", "wanted", "words"), STATES)
def test_where_a_file_is_stands_in_words(
    view: FileView, wanted: bool, words: str, qapp: Any
) -> None:
    assert state_words(view, wanted) == words


def test_sizes_read_well() -> None:
    assert [size_words(n) for n in (1, 90_000, 2_400_000)] == ["1 KB", "88 KB", "2.3 MB"]
