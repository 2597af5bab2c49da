"""The fields of the four steps of a study: 数据来源, 研判模板, 分析报告, 成果转化."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from commandwall import saved_views, studies
from commandwall.areas import TOWN
from commandwall.clock import Ms
from commandwall.reports.speech import moment
from commandwall.saved_views import SavedView
from commandwall.studies import Scope, Standing
from widgets import age, event_filter, words
from widgets.base import Panel
from widgets.fields import Ticks, changed, choice, value
from widgets.fields import words as line
from widgets.i18n import named, rows, tr
from widgets.text import ParagraphLabel, PlainLabel, plain

KEPT = ("area", "cls", "source", "words", "state", "tag", "view")
"""Fields of a source beside its period."""
OWN = ""
"""A source that a person sets himself, by no saved view."""
FORMS = {"both": "PDF 与 DOCX", "pdf": "PDF", "docx": "DOCX"}
NEEDED = {"cls": "专题报告先选事项", "area": "镇街报告先选镇街"}
Answers = dict[str, Any]
SPACE = 4
"""Pixels around a row of the list."""
MANY = 5
"""More fields than that stand in two columns."""


class Step(QWidget):
    """A column of named fields, and a line under them."""

    def __init__(self, fields: Mapping[str, tuple[str, QWidget]]) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {key: field for key, (_, field) in fields.items()}
        self.told = ParagraphLabel()
        self.column, beside = QVBoxLayout(self), QHBoxLayout()
        self.column.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(40)
        for some in _halves(list(fields.values())):
            form = QFormLayout()
            form.setSpacing(12)
            for name, field in some:
                field.setAccessibleName(name)
                form.addRow(PlainLabel(name), field)
            beside.addLayout(form, 1)
        self.column.addLayout(beside)
        self.column.addWidget(self.told)
        self.setFocusProxy(next(iter(self.fields.values())))

    def answers(self) -> Answers:
        """What the fields hold."""
        return {key: held(field) for key, field in self.fields.items()}

    def put(self, answers: Mapping[str, Any]) -> None:
        """Fill the fields that are named."""
        for key, told in answers.items():
            if key in self.fields:
                put(self.fields[key], told)


class SourceStep(Step):
    """一 数据来源: what kind of report, of which events, of when."""

    def __init__(self, panel: Panel) -> None:
        self._panel, self._now = panel, panel.picture.now
        super().__init__(_source(panel))
        self.column.addStretch(1)
        self._bind()
        self._by_kind()

    def kept(self) -> Answers:
        """What a person chose: ends that are the period's own go on with the time."""
        told = self.answers()
        own = self._ends() == {key: told[key] for key in ("since", "until")}
        return {key: one for key, one in told.items() if not (own and key in ("since", "until"))}

    def _bind(self) -> None:
        for key, then in (("kind", self._by_kind), ("period", self._by_period),
                          ("view", self._by_view)):  # fmt: skip
            changed(self.fields[key]).connect(lambda *_, then=then: then())

    def scope(self) -> Scope | str:
        """The source, or what is wrong with it, naming the field."""
        told = self.answers()
        ends = {key: studies.moment_of(told[key], self._now) for key in ("since", "until")}
        for key, name in (("since", "起"), ("until", "止")):
            if ends[key] is None:
                return tr("{field} 不是日期：{typed}；写成 2026-11-26 或 2026-11-26 08:00",
                          field=tr(name), typed=plain(told[key], 40))  # fmt: skip
        for key in rows("study_kind")[told["kind"]].facts["needs"]:
            if not told[key]:
                return tr(NEEDED[key])
        since, until = ends["since"] or Ms(0), ends["until"] or Ms(0)
        if since >= until:
            return tr("止须在起之后")
        rest = {key: told[key] or "" for key in KEPT}
        return Scope(since, until, **rest)

    def _by_kind(self) -> None:
        row = rows("study_kind")[value(self.fields["kind"])]
        put(self.fields["period"], row.facts["period"])
        self._by_period()

    def _by_period(self) -> None:
        self.put(self._ends())

    def _ends(self) -> Answers:
        """Since when until when the chosen period goes."""
        since, until = studies.period(rows("study_period")[value(self.fields["period"])], self._now)
        return {"since": moment(since), "until": moment(until)}

    def _by_view(self) -> None:
        view = self._panel.picture.saved_views.get(value(self.fields["view"]))
        if view is None:
            return
        self.put({key: getattr(view, key) for key in KEPT if key != "view"})
        if (since := view.filter.since(self._now)) is not None:
            self.put({"since": moment(since), "until": moment(self._now)})
        if (until := view.filter.until(self._now)) is not None:
            self.put({"until": moment(min(until, self._now))})


class TemplateStep(Step):
    """二 研判模板: which blocks, under which title."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._templates = {k: r for k, r in rows("study_template").items()
                           if kind in r.facts["kinds"]}  # fmt: skip
        blocks = Ticks({key: named("study_block", key) for key in rows("study_block")})
        super().__init__({
            "template": (tr("模板"), choice({k: named("study_template", k)
                                           for k in self._templates})),
            "blocks": (tr("各段"), blocks),
        })  # fmt: skip
        self.column.addStretch(1)
        self._blocks = blocks
        blocks.LINES = blocks.count()
        changed(self.fields["template"]).connect(lambda *_: self._by_template())
        self._by_template()

    def blocks(self) -> list[str]:
        """Those that are ticked, in the order of the template, others after them."""
        ticked, order = self._blocks.value(), self._order()
        return [*(b for b in order if b in ticked), *(b for b in ticked if b not in order)]

    def _order(self) -> Sequence[str]:
        row = self._templates.get(value(self.fields["template"]))
        return row.facts["blocks"] if row is not None else ()

    def _by_template(self) -> None:
        put(self._blocks, self._order())
        order = tr("、").join(named("study_block", key) for key in self._order())
        self.told.setText(tr("模板依次为：{order}。空格勾选", order=order))


class UseStep(Step):
    """四 成果转化: what was given out, and what came of each; what is owed first."""

    def __init__(self, found: Sequence[Standing], now: Ms, chosen: str) -> None:
        self._found = list(found)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("已出的报告"))
        self.list.setSpacing(SPACE)
        text = QPlainTextEdit()
        text.setTabChangesFocus(True)
        text.setFixedHeight(4 * text.fontMetrics().height() + 2 * SPACE)
        super().__init__({
            "given_to": (tr("送给谁"), line()), "outcome": (tr("成果"), choice(_outcomes())),
            "text": (tr("成效"), text),
        })  # fmt: skip
        self.column.insertWidget(0, self.list, 1)
        for one in self._found:
            QListWidgetItem(_told(one, now), self.list)
        ids = [one.study.id for one in self._found]
        self.list.currentRowChanged.connect(self._choose)
        self.list.setCurrentRow(ids.index(chosen) if chosen in ids else 0 if ids else -1)
        if not ids:
            self.told.setText(tr("还没有出过报告"))
        self.setFocusProxy(self.list if ids else self.fields["given_to"])

    @property
    def chosen(self) -> Standing | None:
        at = self.list.currentRow()
        return self._found[at] if 0 <= at < len(self._found) else None

    def _choose(self, _: int) -> None:
        if (one := self.chosen) is None:
            return
        use = one.use
        self.put({"given_to": use.given_to if use else "", "text": use.text if use else "",
                  "outcome": use.outcome if use else next(iter(_outcomes()))})  # fmt: skip
        names = tr("、").join(plain(part.partition("  ")[2], 80)
                             for part in one.study.files.split("\n"))  # fmt: skip
        self.told.setText(
            tr("用途：{purpose}　文件：{names}　数据截至 {time}　共 {n} 件",
               purpose=plain(one.study.purpose, 80), names=names,
               time=moment(one.study.as_of), n=age.number(one.study.rows))
        )  # fmt: skip


def held(field: Any) -> Any:
    """What a field holds."""
    if isinstance(field, QPlainTextEdit):
        return field.toPlainText().strip()
    return value(field)


def put(field: QWidget, told: Any) -> None:
    """Make a field hold a value; a choice that has it not gets it."""
    if isinstance(field, QPlainTextEdit):
        field.setPlainText(str(told))
    elif isinstance(field, Ticks):
        for i in range(field.count()):
            field.item(i).setCheckState(Qt.CheckState.Unchecked)
        field.tick(told)
        field.setCurrentRow(0)
    elif isinstance(field, QComboBox):
        at = field.findData(told)
        if at < 0:
            field.addItem(plain(told, 24), told)
        field.setCurrentIndex(at if at >= 0 else field.count() - 1)
    elif isinstance(field, QLineEdit):
        field.setText(plain(told))


def _source(panel: Panel) -> dict[str, tuple[str, QWidget]]:
    views, desk = panel.picture.saved_views.values(), panel.desk
    mine = [
        v for v in saved_views.visible(views, desk.person, desk.post) if not (v.unit or v.lamp)
    ]  # fmt: skip  a study asks for neither
    return {
        "kind": (tr("报告种类"), choice(_named("study_kind"))),
        "view": (tr("按视图取"), choice({OWN: tr("自定"), **{v.id: _view(v) for v in mine}})),
        "area": (tr("镇街"), choice(_towns(panel))),
        "cls": (tr("事项"), choice({"": tr("不限"), **_named("event_class")})),
        "source": (tr("来源"), choice({"": tr("不限"), **_named("event_source")})),
        "state": (tr("状态"), choice({"": tr("不限"), **_named("event_state")})),
        "tag": (tr("标签"), choice({"": tr("不限"), **_named("event_tag")})),
        "words": (tr("含"), line("", 80)),
        "period": (tr("时段"), choice(_named("study_period"))),
        "since": (tr("起"), line("", 20)),
        "until": (tr("止"), line("", 20)),
    }


def _view(view: SavedView) -> str:
    return f"{plain(view.name)}　{event_filter.share_name(view.filter)}"


def _towns(panel: Panel) -> dict[Any, str]:
    picture = panel.picture
    codes = sorted(a.id for a in picture.areas.values() if a.level == TOWN)
    return {"": tr("全市"), **{code: words.place(picture, code) for code in codes}}


def _named(name: str) -> dict[Any, str]:
    return {key: named(name, key) for key in rows(name)}


def _outcomes() -> dict[Any, str]:
    return _named("study_outcome")


def _told(one: Standing, now: Ms) -> str:
    """▲ 欠成果　石塘镇 镇街报告　11-01 至 11-26　11-26 17:32 值班长 陈　已采纳"""
    study, use = one.study, one.use
    if use is not None:
        state = f"{named('study_outcome', use.outcome)}　{plain(use.given_to, 24)}"
    else:
        state = tr("未记成果")
    owed = f"▲ {tr('欠成果 {age}', age=age.since(now, study.at))}" if one.owed else ""
    ends = f"{moment(study.since)[:10]}–{moment(study.until)[:10]}"
    who = f"{named('post', study.post, 'full')} {plain(study.by, 12)}".strip()
    return "　".join(filter(None, (owed, plain(study.title), ends, moment(study.at), who, state)))


def _halves(fields: list[Any]) -> list[list[Any]]:
    """Many fields stand in two columns."""
    half = -(-len(fields) // 2)
    return [fields[:half], fields[half:]] if len(fields) > MANY else [fields]
