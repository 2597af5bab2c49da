"""The files of an event or a directive: small pictures, where each file is, and the way to add one.

A file comes by button, by drop or from the clipboard. Nothing here opens what came from outside: it
shows what our own child program drew, and asks before a file is handed to another program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainterPath,
    QPaintEvent,
)
from PySide6.QtWidgets import QFileDialog, QWidget

from commandwall.attachments import PRUNED, WANTED, FileView, asked, hash_of, views
from commandwall.files import content
from widgets.acts import KeyButton
from widgets.base import Context
from widgets.courier import Courier
from widgets.fields import choice
from widgets.i18n import rows, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.sheet import Sheet
from widgets.text import plain

HEAD, TALL, LINES, APART, TILE = 40.0, 68.0, 24.0, 12.0, 134.0
"""Design pixels: heading, small picture, words below it, gap between tiles, width of a tile."""
MB, KB = 1 << 20, 1 << 10
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -9999, Qt.Key.Key_End: 9999}
OPEN, SAVE = "open", "save"


def state_words(view: FileView, wanted: bool) -> str:
    """Where a file is, in words."""
    if view.refused:
        return tr("内容不可信，未展示")
    if view.whole:
        return tr("已送池") if view.ours and view.stored else tr("已存本机")
    if view.here or wanted:
        share = int(100 * view.here / max(1, view.file.size))
        return tr("正在取 {share} %", share=share)
    if view.file.held == PRUNED:
        return tr("已过留存期")
    return tr("未取") if view.stored else tr("尚未送池")


def size_words(size: int) -> str:
    return f"{size / MB:.1f} MB" if size >= MB else f"{max(1, round(size / KB))} KB"


class FileStrip(QWidget):
    """The files of one subject beside each other, in a panel. `kind` is event or directive."""

    def __init__(
        self, context: Context, kind: str, changed: Callable[[], object], parent: QWidget
    ) -> None:
        """`changed` hears that the strip wants another height."""
        super().__init__(parent)
        self._context, self._kind, self._changed = context, kind, changed
        self._courier = Courier(self, self.refused)
        self.subject, self.shown, self.current = "", list[FileView](), 0
        self._wanted, self._said, self._first = set[str](), "", 0
        self._newest = False  # what was just added becomes the chosen one
        self._pictures = dict[str, QImage]()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self._add = KeyButton("F", self)
        self._add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._add.clicked.connect(self.choose_file)
        self.wear()

    # What the panel calls.

    @property
    def tall(self) -> float:
        """Design pixels that it wants."""
        return HEAD + (TALL + LINES if self.shown else 0)

    def show_files(self, subject: str) -> None:
        """Show the files of another subject, or look again."""
        if subject != self.subject:
            self.subject, self.shown, self.current, self._said = subject, [], 0, ""
            self._pictures.clear()
            self._first = 0
            self._changed()
        self.look_again()

    def look_again(self) -> None:
        if self.subject:
            kept, key = self._context.desk.kept, self.subject
            self._courier.follow(
                self._context.desk.ask(lambda r: (key, views(r, kept, key), set(asked(r)))),
                self._take,
            )

    def wear(self) -> None:
        self._add.setText(tr("添加附件"))
        self._add.setAccessibleName(tr("添加附件"))
        self.setAccessibleName(tr("附件"))
        self._place_button()

    # What a person does.

    def choose_file(self) -> None:
        """Ask for a file; the dialog does not hold up the wall."""
        dialog = QFileDialog(self.window(), tr("添加附件"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda paths: self.add_files([Path(p) for p in paths]))
        dialog.open()

    def paste(self) -> None:
        """What the clipboard holds: files, or a picture."""
        if not self.take(QGuiApplication.clipboard().mimeData()):
            self._say(tr("剪贴板里没有文件或图片"))

    def take(self, data: QMimeData | None) -> bool:
        """Attach what was dropped or pasted; whether there was something."""
        if data is None or not self.subject:
            return False
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self.add_files(paths)
        elif data.hasImage():
            self._add_image(QImage(data.imageData()))
        return bool(paths) or data.hasImage()

    def add_files(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self._attach(path, path.name)

    def _add_image(self, image: QImage) -> None:
        """A picture of the clipboard becomes a PNG; a large one takes a second, elsewhere."""
        self._say(tr("正在存盘"))
        encoded = self._context.desk.files(lambda kept: _png(image))
        self._courier.follow(encoded, lambda body: self._attach(body, tr("粘贴的图片") + ".png"))

    def _attach(self, source: Path | bytes, name: str) -> None:
        self._say(tr("正在存盘"))
        done = self._context.desk.attach(source, name, self._kind, self.subject)
        self._courier.follow(done, self._attached)

    def _attached(self, done: Any) -> None:
        self._say(tr("已存本机"))
        self._newest = True
        self.look_again()

    def refused(self, why: str) -> None:
        self._say(why)

    def work_on(self, view: FileView) -> None:
        """Fetch what is not here; ask what to do with what is."""
        if view.refused:
            self._say(tr("内容不可信，未展示"))
        elif not view.whole:
            wish = self._context.desk.keep(f"{WANTED}{hash_of(view.file)}", "1")
            self._courier.follow(wish, lambda _: self.look_again())
        else:
            ways = choice({SAVE: tr("另存为"), OPEN: tr("交给本机程序打开，内容来自外部")})
            title = tr("附件　{name}", name=view.file.name)
            sheet = Sheet(
                self._context.look, title, "继续", {"way": (tr("方式"), ways)}, self.window()
            )
            self._context.over(sheet.then(lambda told: self._hand_out(view, told["way"])))

    def _hand_out(self, view: FileView, way: str) -> None:
        if way == OPEN:
            copied = self._context.desk.files(
                lambda kept: str(kept.lend(hash_of(view.file), view.file.name))
            )
            self._courier.follow(
                copied, lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(path))
            )
            return
        dialog = QFileDialog(self.window(), tr("另存为"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.selectFile(content.named(view.file.name, view.file.mime))
        dialog.fileSelected.connect(lambda path: self.save(view, Path(path)))
        dialog.open()

    def save(self, view: FileView, target: Path) -> None:
        key = hash_of(view.file)
        saved = self._context.desk.files(lambda kept: kept.save_as(key, target))
        self._courier.follow(saved, lambda _: self._say(tr("已另存")))

    # What comes back.

    def _take(self, told: tuple[str, list[FileView], set[str]]) -> None:
        subject, found, wanted = told
        if subject != self.subject:
            return
        if (found, wanted) == (self.shown, self._wanted):
            return
        before = self.tall
        self.shown, self._wanted = found, wanted
        last = max(0, len(found) - 1)
        self.current, self._newest = last if self._newest else min(self.current, last), False
        self._fetch_pictures()
        if self.tall != before:
            self._changed()
        self._describe()
        self.update()

    def _fetch_pictures(self) -> None:
        there = {v.file.id: v.thumb for v in self.shown if v.thumb}
        new = {key: path for key, path in there.items() if key not in self._pictures}
        if new:
            self._pictures |= dict.fromkeys(new, QImage())
            self._courier.follow(self._context.desk.files(lambda kept: _pictures(new)), self._put)

    def _put(self, pictures: dict[str, QImage]) -> None:
        self._pictures |= pictures
        self.update()

    def _say(self, words: str) -> None:
        self._said = words
        self.update()

    def _describe(self) -> None:
        """For people who listen instead of look: the chosen file."""
        line = ""
        if self.shown:
            view = self.shown[self.current]
            line = f"{plain(view.file.name)} {size_words(view.file.size)} {self._state(view)}"
        self.setAccessibleDescription(line)

    def _state(self, view: FileView) -> str:
        return state_words(view, hash_of(view.file) in self._wanted)

    # Drawing.

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._context.look)
        try:
            self._draw_head(paper)
            self._draw_tiles(paper)
        finally:
            paper.end()

    def _draw_tiles(self, paper: Paper) -> None:
        room = self._room(paper.width)
        self._first = min(max(self._first, self.current - room + 1), self.current)
        for i, view in enumerate(self.shown[self._first : self._first + room]):
            box = QRectF(i * (TILE + APART), HEAD, TILE, TALL)
            self._draw_tile(paper, view, box, self._first + i == self.current)

    def _draw_head(self, paper: Paper) -> None:
        """How many there are, and which the chosen one is; or what was just done."""
        x = paper.write(0, 24, tr("附件"), Ink("heading")) + 12
        edge = self._add.x() / self._context.look.unit - 16
        if not self.shown:
            x = paper.write(x, 24, tr("可拖入或粘贴"), Ink("age")) + 16
            paper.write(edge, 24, self._said, Ink("age", "t1"), RIGHT, room=edge - x)
            return
        x = paper.write(x, 24, tr("{n} 件", n=len(self.shown)), Ink("age")) + 20
        view = self.shown[self.current]
        size = size_words(view.file.size)
        room = edge - x - paper.length(size, Ink("age")) - 12
        told = self._said or view.file.name
        x = paper.write(x, 24, told, Ink("label", "t1"), room=room) + 12
        if not self._said:
            paper.write(x, 24, size, Ink("age"))

    def _draw_tile(self, paper: Paper, view: FileView, box: QRectF, chosen: bool) -> None:
        picture = self._pictures.get(view.file.id)
        if picture is not None and not picture.isNull() and not view.refused:
            self._draw_picture(paper, picture, box)
        else:
            self._draw_blank(paper, view, box)
        if chosen:
            paper.frame(box.adjusted(1, 1, -1, -1), "t1" if self.hasFocus() else "t3")
        told = Ink("age", "t1" if chosen else "")
        paper.write(box.left(), box.bottom() + 20, self._state(view), told, room=TILE)

    def _draw_blank(self, paper: Paper, view: FileView, box: QRectF) -> None:
        """No small picture: what kind of file it is, and its name."""
        paper.fill(box, "p", 4)
        paper.frame(box.adjusted(0.5, 0.5, -0.5, -0.5), "ln2", 1)
        code = rows("attachment_type").get(view.file.mime)
        kind = str(code.facts["ext"]).upper() if code else tr("文件")
        paper.write(box.left() + 10, box.top() + 28, kind, Ink("label", "t2", True))
        paper.write(box.left() + 10, box.top() + 52, view.file.name, Ink("age"), room=TILE - 20)

    def _draw_picture(self, paper: Paper, picture: QImage, box: QRectF) -> None:
        """Filled and cut, as a person looks at a row of photos."""
        share = max(box.width() / picture.width(), box.height() / picture.height())
        wide, high = box.width() / share, box.height() / share
        part = QRectF((picture.width() - wide) / 2, (picture.height() - high) / 2, wide, high)
        path = QPainterPath()
        path.addRoundedRect(box, 4, 4)
        paper.painter.save()
        paper.painter.setClipPath(path)
        paper.painter.drawImage(box, picture, part)
        paper.painter.restore()

    def _room(self, width: float) -> int:
        return max(1, int((width + APART) // (TILE + APART)))

    # Hand.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in STEPS and self.shown:
            self.current = min(max(self.current + STEPS[key], 0), len(self.shown) - 1)
            self._describe()
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.shown:
            self.work_on(self.shown[self.current])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._point(event.position()):
            self.work_on(self.shown[self.current])

    def _point(self, at: QPointF) -> bool:
        unit = self._context.look.unit
        column = self._first + int(at.x() / unit // (TILE + APART))
        if at.y() / unit < HEAD or column >= len(self.shown):
            return False
        self.current = column
        self._describe()
        self.update()
        return True

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.take(event.mimeData()):
            event.acceptProposedAction()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def resizeEvent(self, event: Any) -> None:
        self._place_button()

    def _place_button(self) -> None:
        hint, px = self._add.sizeHint(), self._context.look.px
        self._add.setGeometry(self.width() - hint.width(), 0, hint.width(), px(34))


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt a text
    return bytes(buffer.data().data())


def _pictures(paths: dict[str, str]) -> dict[str, QImage]:
    """Only what our own child program drew is ever read here."""
    return {key: QImage(path) for key, path in paths.items()}
