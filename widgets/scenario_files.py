"""Opening and saving scenarios in the editor: which one, what becomes of an unsaved draft, and of a
file that somebody else changed meanwhile."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from commandwall.drill import editing_files
from commandwall.drill.editing import Checked, Editing
from commandwall.drill.editing_files import BESIDE, OVER, Clash, Listed, Opened, Saved, Source
from widgets import scenario_words as say
from widgets.base import Panel
from widgets.fields import Field, choice
from widgets.i18n import language, tr
from widgets.sheet import Answers, Sheet
from widgets.text import plain

NEW, OTHER = "", "…"
SAVE, DROP = "save", "drop"
STOWED = "draft/scenario"
"""The setting in which a draft waits that is not saved."""


class Holder(Protocol):
    """The editor, as far as its files need it."""

    edit: Editing | None
    source: Source

    @property
    def faulty(self) -> bool: ...
    def take(self, edit: Editing, source: Source, said: str) -> None: ...
    def tell(self, said: str) -> None: ...


class ScenarioFiles:
    """Belongs to the editor, which is the panel too."""

    def __init__(self, panel: Panel, holder: Holder) -> None:
        self._panel, self._holder = panel, holder
        self._folder, self._stowed = panel.desk.folder, ""

    # Opening.

    def ask(self) -> None:
        """Which one: a new one, one of this station, one of the library, any other file."""
        show, folder = self._panel.context.later(), self._folder
        found = self._panel.desk.files(lambda kept: editing_files.scenarios(folder))
        self._panel.follow(found, lambda listed: show(self._sheet(listed)))

    def _sheet(self, listed: Sequence[Listed]) -> Sheet:
        names = {NEW: tr("新脚本"), **{str(one.file): _line(one) for one in listed}}
        fields: dict[str, tuple[str, Field]] = {
            "file": (tr("脚本"), choice({**names, OTHER: tr("其他文件")})),
        }
        if self._unsaved:
            held = {SAVE: tr("先存盘"), DROP: tr("放弃没存的改动")}
            fields["held"] = (tr("现在的稿"), choice(held))
        panel = self._panel
        sheet = Sheet(panel.look, tr("打开脚本"), "打开", fields, panel.window())
        return sheet.telling(self._told).then(self._asked)

    @property
    def _unsaved(self) -> bool:
        edit = self._holder.edit
        return edit is not None and edit.unsaved

    def _told(self, told: Answers) -> str:
        library = told["file"].startswith(str(editing_files.LIBRARY))
        return tr("脚本库的不改动，存盘时另成本台的一份") if library else ""

    def _asked(self, told: Answers) -> None:
        if told.get("held") == SAVE:
            self.save(then=lambda: self._open(told["file"]))
        else:
            self._open(told["file"])

    def _open(self, name: str) -> None:
        if name == NEW:
            self._take(editing_files.fresh(), "")
        elif name == OTHER:
            self._choose()
        else:
            self.open(Path(name))

    def open(self, file: Path) -> None:
        asked = self._panel.desk.files(lambda kept: editing_files.opened(file))
        self._panel.follow(asked, lambda found: self._take(found, file.name))

    def _choose(self) -> None:
        """Ask for a file; the dialog does not hold up the wall."""
        dialog = QFileDialog(self._panel.window(), tr("打开脚本"), "", "TOML (*.toml)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.open(Path(name)))
        dialog.open()

    def _take(self, found: Opened, name: str) -> None:
        if found.data is None:
            self._holder.tell(_why_not(found, name))
            return
        said = tr("已打开；注释存盘后不保留") if found.source.remarks else ""
        self._holder.take(Editing(found.data, found.data), found.source, said)

    # What is not saved.

    def stow(self, checked: Checked) -> None:
        """What a person wrote and did not save outlives a crash."""
        edit = self._holder.edit
        unsaved = edit is not None and edit.unsaved
        told = editing_files.stowed(checked.text, self._holder.source) if unsaved else ""
        if told != self._stowed:
            self._stowed = told
            self._panel.desk.keep(STOWED, told)

    def find_again(self) -> None:
        self._panel.ask(lambda reader: reader.setting(STOWED), self._found_again)

    def _found_again(self, kept: str) -> None:
        found = editing_files.found_again(kept)
        if self._holder.edit is None and found.data is not None:
            self._stowed = kept
            said = tr("找回上次没有存盘的稿")
            self._holder.take(Editing(found.data, None), found.source, said)

    # Saving.

    def save(self, way: str = editing_files.NOT_OVER, then: object = None) -> None:
        """Write the draft, unsound or not. Where another text stands there a person says what
        becomes of it."""
        edit, source, folder = self._holder.edit, self._holder.source, self._folder
        if edit is None:
            return
        if not edit.unsaved and source.file is not None:
            self._holder.tell(tr("没有改动，不必存盘"))
            return
        data = edit.data
        asked = self._panel.desk.files(lambda kept: editing_files.save(folder, data, source, way))

        def done(answer: Saved | Clash) -> None:
            if isinstance(answer, Clash):
                self._clashed(answer, then)
                return
            edit.saved(data, answer.data)
            self._holder.take(edit, answer.source, self._stands(answer))
            if callable(then):
                then()

        self._panel.follow(asked, done)

    def _stands(self, saved: Saved) -> str:
        """Where it is now, and what comes next of one that can be played."""
        file = plain(str(saved.source.file), 120)
        told = tr("已存盘，第 {n} 版　{file}", n=saved.source.version, file=file)
        return told if self._holder.faulty else "　".join((told, tr("B 建演练")))

    def copy_begin(self) -> None:
        """A drill is begun in a terminal, where its wall is opened too: the command into the
        clipboard. Only what stands in the file is played."""
        edit, file = self._holder.edit, self._holder.source.file
        if self._holder.faulty:
            self._holder.tell(tr("有误的脚本不能建演练，按 X 逐处看"))
        elif file is None or edit is None or edit.unsaved:
            self._holder.tell(tr("先存盘，再建演练"))
        else:
            told = shlex.join(begun_by(file, self._folder))
            QGuiApplication.clipboard().setText(told)
            self._holder.tell(tr("命令已复制，到终端粘贴：{command}", command=plain(told, 200)))

    def _clashed(self, clash: Clash, then: object) -> None:
        panel = self._panel
        ways = {BESIDE: tr("另存为一份，编号另起"), OVER: tr("以本稿覆盖")}
        fields = {"way": (tr("怎么办"), choice(ways))}
        title = tr("没有存：{file} 里已是别的内容", file=plain(clash.file.name, 60))
        sheet = Sheet(panel.look, title, "存盘", fields, panel.window())
        panel.context.over(sheet.then(lambda told: self.save(told["way"], then)))


def begun_by(file: Path, folder: Path) -> list[str]:
    """The command that makes a drill of a scenario at the station of this data directory."""
    return ["commandwall", "drill", "begin", str(file), "--data-dir", str(folder)]


def _line(one: Listed) -> str:
    """老城区燃气泄漏　第 2 版　本台"""
    name = plain(one.en if language() == "en" else one.zh, 40)
    place = tr("本台") if one.own else tr("脚本库")
    state = tr("第 {n} 版", n=one.version) if not one.faults else tr("{n} 处有误", n=one.faults)
    return f"{name}　{state}　{place}"


def _why_not(found: Opened, name: str) -> str:
    """打不开 x.toml：第 3 行 不是合法的 TOML"""
    fault = found.faults[0]
    where = tr("第 {n} 行", n=fault.line) if fault.line else ""
    why = plain(fault.en if language() == "en" else fault.zh)
    field = say.field(fault.field, ()) if fault.field else ""
    told = " ".join(filter(None, (where, field, why)))
    return tr("打不开 {file}：{why}", file=plain(name, 60), why=told)
