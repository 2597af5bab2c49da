"""The sheet of a study in its four steps, each by its key: F1 数据来源, F2 研判模板, F3 分析报告,
F4 成果转化."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedLayout, QVBoxLayout, QWidget

from commandwall.reports import draft as drafts
from commandwall.reports.draft import Draft, Figure
from commandwall.studies import Scope, Standing
from widgets.acts import ActBar
from widgets.base import Command, Panel
from widgets.fields import choice, dress, value, words
from widgets.i18n import tr
from widgets.own_keys import OwnKeys
from widgets.paper import Ink, Paper
from widgets.sheet import MARGIN
from widgets.study_steps import FORMS, SourceStep, TemplateStep, UseStep, put
from widgets.study_view import StudyView
from widgets.text import ParagraphLabel, PlainLabel, plain

WIDTH, TOP, HEAD, FOOT, STEP = 1320, 56, 104, 30, 210
SOURCE, TEMPLATE, DRAFT, USE = range(4)
NAMES = ("数据来源", "研判模板", "分析报告", "成果转化")
KEYS = {
    (Qt.Key.Key_Return, True): "Ctrl+Return", (Qt.Key.Key_Enter, True): "Ctrl+Return",
    (Qt.Key.Key_E, True): "Ctrl+E", (Qt.Key.Key_Delete, True): "Ctrl+Del",
    (Qt.Key.Key_R, True): "Ctrl+R", (Qt.Key.Key_Escape, False): "Esc",
    (Qt.Key.Key_F1, False): "F1", (Qt.Key.Key_F2, False): "F2", (Qt.Key.Key_F3, False): "F3",
    (Qt.Key.Key_F4, False): "F4",
}  # fmt: skip
"""Key, and whether Ctrl is held -> the act."""
ACTS = {
    SOURCE: {"Ctrl+Return": "下一步"},
    TEMPLATE: {"Ctrl+Return": "起草"},
    DRAFT: {"Ctrl+Return": "出报告", "Ctrl+E": "改写这一段", "Ctrl+Del": "去掉这一段",
            "Ctrl+R": "重新起草"},
    USE: {"Ctrl+Return": "记成果", "Ctrl+R": "按留底重算"},
}  # fmt: skip
EDITING = {"Ctrl+Return": "采用", "Esc": "不改"}


class Maker(Protocol):
    """What the sheet asks for."""

    draft: Draft | None
    changed: str  # what differs from what went out, where a study is drafted anew
    kept: dict[str, Any]

    def begin(self, kind: str, template: str, blocks: list[str], scope: Scope) -> None: ...
    def give_out(self, purpose: str, form: str) -> None: ...
    def note(self, study: str, answers: Mapping[str, Any]) -> None: ...
    def anew(self, standing: Standing) -> None: ...
    def again(self) -> None: ...
    def show_rows(self, figure: Figure) -> None: ...
    def standings(self) -> list[Standing]: ...


class DraftStep(QWidget):
    """三 分析报告: the draft, under it what for and in which form; a person's words over that."""

    def __init__(self, panel: Panel, maker: Maker) -> None:
        super().__init__()
        self.view = StudyView(panel.look, maker.show_rows)
        self.editor, self.told = QPlainTextEdit(), ParagraphLabel()
        self.purpose, self.form = words(), choice({k: tr(v) for k, v in FORMS.items()})
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        self.editor.setAccessibleName(tr("改写这一段"))
        self.editor.setFixedHeight(panel.look.px(150))
        self.editor.hide()
        for name, field in ((tr("用途"), self.purpose), (tr("格式"), self.form)):
            field.setAccessibleName(name)
            row.addWidget(PlainLabel(name))
            row.addWidget(field, 3 if field is self.purpose else 1)
        for part in (self.view, self.editor, self.told):
            column.addWidget(part, 1 if part is self.view else 0)
        column.addLayout(row)
        self.setFocusProxy(self.view)

    @property
    def editing(self) -> bool:
        return not self.editor.isHidden()

    def edit(self, on: bool) -> None:
        """Show or put away the field for a person's words."""
        self.editor.setVisible(on)
        (self.editor if on else self.view).setFocus()


class StudySheet(QWidget):
    """Keeps with its maker what is typed, so that it is there again after the rows were seen."""

    def __init__(self, panel: Panel, maker: Maker, step: int) -> None:
        super().__init__(panel.window())
        self._panel, self._maker, self.step = panel, maker, step
        self._said, self._chosen = "", ""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(tr("研判报告"))
        self._source = SourceStep(panel)
        self._source.put(maker.kept.get("source", {}))
        self._draft = DraftStep(panel, maker)
        self._draft.view.current = int(maker.kept.get("figure", 0))
        self._draft.purpose.setText(str(maker.kept.get("purpose", "")))
        self._template = TemplateStep(self._kind)
        self._template.put(maker.kept.get("template", {}))
        self._use = UseStep(maker.standings(), panel.picture.now, "")
        self._bars = [self._bar({**acts, "Esc": "关闭"}) for acts in ACTS.values()]
        self._editing = self._bar(EDITING)
        self._lay_out()
        self.refill()
        self.go(step)

    # Places.

    def _lay_out(self) -> None:
        look, parent = self._panel.look, self._panel.window()
        px, column = look.px, QVBoxLayout(self)
        column.setContentsMargins(px(MARGIN), px(HEAD), px(MARGIN), px(FOOT + 8))
        self._stack, self._acts = QStackedLayout(), QStackedLayout()
        column.addLayout(self._stack, 1)  # first, else what is added is a window for a moment
        column.addLayout(self._acts)
        for step in (self._source, self._template, self._draft, self._use):
            self._stack.addWidget(step)
        for bar in (*self._bars, self._editing):
            self._acts.addWidget(bar)
        wide = min(px(WIDTH), parent.width() - 2 * px(MARGIN))
        tall = parent.height() - 2 * px(TOP)
        self.setGeometry((parent.width() - wide) // 2, px(TOP), wide, tall)
        dress(self, look, OwnKeys(self))
        for bar in (*self._bars, self._editing):
            bar.wear()

    def _bar(self, acts: Mapping[str, str]) -> ActBar:
        commands = [Command(key, name, partial(self._press, key)) for key, name in acts.items()]
        bar = ActBar(commands, self)
        bar.allow([command.key for command in commands])
        return bar

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._panel.look)
        paper.face("p")
        paper.write(MARGIN, 44, tr("研判报告"), Ink("item"))
        for at, name in enumerate(NAMES):
            x, here = MARGIN + at * STEP, at == self.step
            told = f"{at + 1}　{tr(name)}　F{at + 1}"
            paper.write(x, 82, told, Ink("body", "t1" if here else "t3", here), room=STEP - 12)
            if here:
                paper.line(x, 92, x + STEP - 24, 92, "t1", 2)
        base = paper.height - 14
        paper.write(MARGIN, base, self._said, Ink("label", "t1"), room=paper.width - 2 * MARGIN)
        paper.end()

    # What it shows.

    @property
    def _kind(self) -> str:
        return str(value(self._source.fields["kind"]))

    def go(self, step: int) -> None:
        """Show a step."""
        if step == TEMPLATE and self._template.kind != self._kind:
            self._renew_template()
        self.step, self._said = step, ""
        self._stack.setCurrentIndex(step)
        self._show_bar()
        focus = (self._source, self._template, self._draft, self._use)[step]
        focus.setFocus()
        self.update()

    def refill(self, chosen: str = "") -> None:
        """What was drafted or given out since."""
        if (found := self._maker.draft) is not None:
            self._draft.view.show_draft(found)
        self._draft.told.setText(self._about_draft())
        self._stack.removeWidget(self._use)
        self._use.deleteLater()
        self._use = UseStep(self._maker.standings(), self._panel.picture.now, chosen)
        self._stack.insertWidget(USE, self._use)
        dress(self, self._panel.look, OwnKeys(self))

    def say(self, line: str) -> None:
        self._said = line
        self.update()

    def _renew_template(self) -> None:
        self._stack.removeWidget(self._template)
        self._template.deleteLater()
        self._template = TemplateStep(self._kind)
        self._stack.insertWidget(TEMPLATE, self._template)
        dress(self, self._panel.look, OwnKeys(self))

    def _about_draft(self) -> str:
        found = self._maker.draft
        if found is None:
            return tr("还没有起草：F1 选数据来源，F2 选模板")
        many = tr("{n} 个数，各可看行：←→ 选数，回车看行", n=len(found.figures))
        return "　".join(filter(None, (*found.told, many, self._maker.changed)))

    def _show_bar(self) -> None:
        editing = self.step == DRAFT and self._draft.editing
        self._acts.setCurrentIndex(len(NAMES) if editing else self.step)

    # What is done.

    def _press(self, key: str) -> None:
        if key == "Esc":
            self._escape()
        elif key in ("F1", "F2", "F3", "F4"):
            self.go(int(key[1]) - 1)
        elif self.step == DRAFT and self._maker.draft is not None:
            self._in_draft(key)
        elif self.step == USE:
            self._in_use(key)
        elif key == "Ctrl+Return" and self.step in (SOURCE, TEMPLATE):
            self._forward()

    def _forward(self) -> None:
        """From the source to the template, from there to the draft."""
        scope = self._source.scope()
        if isinstance(scope, str):
            self.go(SOURCE)
            self.say(scope)
        elif self.step == SOURCE:
            self.go(TEMPLATE)
        elif not (blocks := self._template.blocks()):
            self.say(tr("先勾选内容"))
        else:
            template = str(value(self._template.fields["template"]))
            self.say(tr("正在起草"))
            self._maker.begin(self._kind, template, blocks, scope)

    def _in_draft(self, key: str) -> None:
        step, found = self._draft, self._draft.view.block
        if step.editing:
            if key == "Ctrl+Return":
                self._take_words()
        elif key == "Ctrl+Return":
            purpose = step.purpose.text().strip()
            self._maker.give_out(purpose, str(value(step.form)))
        elif key == "Ctrl+R":
            self.say(tr("正在起草"))
            self._maker.again()
        elif found is not None and key == "Ctrl+E":
            self._chosen = found.id
            put(step.editor, found.text)
            step.edit(True)
            self._show_bar()
            self.say(tr("改写「{head}」：留着的数仍可看行", head=found.head))
        elif found is not None and key == "Ctrl+Del":
            self._maker.draft = self._maker.draft.without(found.id)  # type: ignore[union-attr]
            self.refill()

    def _take_words(self) -> None:
        """The person's words stand in the draft; a number that nothing stands behind is named."""
        draft, typed = self._maker.draft, self._draft.editor.toPlainText()
        block = next((b for b in draft.blocks if b.id == self._chosen), None) if draft else None
        if draft is None or block is None:
            return
        bare = drafts.unfounded(block, typed)
        self._maker.draft = draft.worded(block.id, typed)
        self._draft.edit(False)
        self._show_bar()
        self.refill()
        told = tr("、").join(plain(n, 20) for n in bare)
        self.say(tr("没有行可看的数：{told}", told=told) if bare else "")

    def _in_use(self, key: str) -> None:
        if (one := self._use.chosen) is None:
            self.say(tr("还没有出过报告"))
        elif key == "Ctrl+Return":
            self._maker.note(one.study.id, self._use.answers())
        elif key == "Ctrl+R":
            self.say(tr("正在起草"))
            self._maker.anew(one)

    def _escape(self) -> None:
        if self.step == DRAFT and self._draft.editing:
            self._draft.edit(False)
            self._show_bar()
            self.say("")
        else:
            self.close()

    # Keys.

    def event(self, event: QEvent) -> bool:
        """Its own keys are no shortcuts of the page while it is open."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if (key := KEYS.get((Qt.Key(event.key()), held))) is not None:
            self._press(key)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._maker.kept = {
            "source": self._source.kept(), "step": self.step,
            "template": self._template.answers() if self._template.kind == self._kind else {},
            "purpose": self._draft.purpose.text(), "figure": self._draft.view.current,
        }  # fmt: skip
        super().closeEvent(event)
