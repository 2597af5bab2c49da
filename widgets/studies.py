"""研判报告 over the event list: drafts a study, has it made, writes its line, gives the files their
names; keeps the draft while a person looks at the rows of one of its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from commandwall import studies
from commandwall.clock import Ms, to_datetime
from commandwall.exercise import MARK
from commandwall.files.content import named as plain_name
from commandwall.reports import press, study, study_paper
from commandwall.reports.draft import Draft, Figure
from commandwall.reports.press import Pressed, Taken, Unset
from commandwall.reports.speech import Speech
from commandwall.reports.study import Asked
from commandwall.rights import About
from commandwall.store.store import Reader
from commandwall.studies import Drafted, ScheduledStudy, Scope, Standing, Study, StudyUse
from widgets import study_waiting
from widgets.base import Command, Panel
from widgets.courier import Courier
from widgets.i18n import language, named, rows, tr
from widgets.study_sheet import DRAFT, SOURCE, USE, StudySheet
from widgets.text import plain

KEY, WAITS = "Ctrl+B", "Ctrl+Shift+B"
ListRows = Callable[[str, Sequence[str]], object]


class Studies(QObject):
    """One draft at a time. `list_rows(what, ids)` shows exactly these events."""

    def __init__(self, panel: Panel, list_rows: ListRows) -> None:
        super().__init__(panel)
        self._panel, self._list_rows = panel, list_rows
        self.draft: Draft | None = None
        self._again: Callable[[], object] = lambda: None
        self.changed = self._scheduled = ""
        self.kept: dict[str, Any] = {}
        self._sheet: StudySheet | None = None
        self._fresh: dict[type[Any], dict[str, Any]] = {Study: {}, StudyUse: {}}
        self._courier = Courier(self, self._say)

    def command(self) -> Command:
        return self.commands()[0]

    def commands(self) -> list[Command]:
        owed = sum(one.owed for one in self.standings())
        told = tr("研判报告（欠成果 {n}）", n=owed) if owed else tr("研判报告")
        waits = study_waiting.count(self.waiting()) or tr("待审报告")
        return [Command(KEY, told, self.open), Command(WAITS, waits, self.ask_waiting)]

    def waiting(self) -> list[ScheduledStudy]:
        """What drafted itself by its date, and nobody has looked at yet."""
        return studies.waiting(self._panel.picture.scheduled.values())

    def sign(self) -> str:
        """What is told over the list while one waits; "" where none does."""
        told = study_waiting.count(self.waiting())
        return tr("▲ {studies}　Ctrl Shift B", studies=told) if told else ""

    def ask_waiting(self) -> None:
        """Which of those that wait; it is looked at, or not given out for a reason."""
        if found := self.waiting():
            self._panel.context.over(study_waiting.sheet(self._panel, found, self._waited))
        else:
            self._say(tr("没有待审的定时报告"))

    def _waited(self, one: ScheduledStudy, reason: str | None) -> Any:
        if reason is not None:
            do = self._panel.desk.do
            return do(studies.leave_scheduled, scheduled=one.id, reason=reason)
        row = rows("study_template").get(one.template)
        blocks = row.facts["blocks"] if row is not None else ()
        asked = Asked(one.kind, one.template, blocks, one.scope)
        again = partial(self._waited, one, None)
        self._open(DRAFT)
        self._say(tr("正在起草"))
        self._ask(asked, one.as_of, lambda draft: self._drafted(draft, _differs(one, draft), again,
                                                                one.id))  # fmt: skip
        return None

    def open(self) -> None:
        """Where a person left it."""
        self._open(int(self.kept.get("step", SOURCE)))

    def _open(self, step: int) -> None:
        sheet = self._sheet = StudySheet(self._panel, self, step)
        sheet.destroyed.connect(partial(self._gone, sheet))
        self._panel.context.over(sheet)

    def _gone(self, sheet: object, *_: object) -> None:
        if self._sheet is sheet:
            self._sheet = None

    # What the sheet asks for.

    def standings(self) -> list[Standing]:
        """What was given out; what this station wrote a moment ago among it."""
        picture = self._panel.picture
        made = {**self._fresh[Study], **picture.studies}
        uses = {**self._fresh[StudyUse], **picture.study_uses}
        return studies.standings(made.values(), uses.values(), picture.now)

    def begin(self, kind: str, template: str, blocks: list[str], scope: Scope) -> None:
        """Draft one of what the store knows now."""
        asked, now = Asked(kind, template, blocks, scope), self._panel.picture.now
        again = partial(self.begin, kind, template, blocks, scope)
        self._ask(asked, now, lambda draft: self._drafted(draft, "", again))

    def anew(self, standing: Standing) -> None:
        """Draft one that was given out again, by its line: of the same source and moment."""
        old = standing.study
        asked = Asked(old.kind, old.template, old.blocks.split(","), old.scope)
        again = partial(self.anew, standing)
        self._ask(asked, old.as_of, lambda draft: self._drafted(draft, _differs(old, draft), again))

    def again(self) -> None:
        """Draft what is drafted once more, as it was asked for."""
        self._again()

    def show_rows(self, figure: Figure) -> None:
        """The list has its rows, the draft waits."""
        if self._sheet is not None:
            self._sheet.close()
        self.kept["step"] = DRAFT
        title = plain(self.draft.title, 40) if self.draft is not None else ""
        self._list_rows(f"{title}　{plain(figure.what, 60)}　{tr('Ctrl B 回报告')}", figure.keys)

    def give_out(self, purpose: str, form: str) -> None:
        """Ask where to."""
        panel, draft = self._panel, self.draft
        if not purpose or draft is None:
            self._say(tr("先写用途，再出报告"))
        elif why := panel.barred(studies.issue_study, About((draft.scope.area,))):
            self._say(why)
        else:
            self._ask_where(draft, purpose, form)

    def note(self, study: str, answers: Mapping[str, Any]) -> None:
        """Write down what came of one."""
        written = self._panel.desk.do(studies.note_use, study=study, **answers)
        self._courier.follow(written, partial(self._noted, study))

    def make(self, draft: Draft, purpose: str, form: str, target: Path) -> None:
        """Have it set beside the screen, then write its line, then put the files in place."""
        panel, speech = self._panel, Speech.of(language())
        unit = f"{named('post', panel.desk.post, 'full')} {panel.desk.person}".strip()
        data = study_paper.data(draft, unit, speech)
        forms, mark = study_paper.FORMS[form], self._mark
        made = panel.desk.files(lambda kept: _made(data, target, forms, mark))
        self._say(tr("正在生成"))
        self._courier.follow(made, lambda found: self._write(found, draft, purpose))

    # On the way.

    @property
    def _mark(self) -> str:
        return MARK if self._panel.desk.exercise is not None else ""

    def _ask(self, asked: Asked, at: Ms, then: Callable[[Draft], object]) -> None:
        speech = Speech.of(language())

        def query(reader: Reader) -> Draft:
            return study.draft(reader, asked, at, speech)

        self._courier.follow(self._panel.desk.ask(query), then)

    def _drafted(
        self, draft: Draft, changed: str, again: Callable[[], object], scheduled: str = ""
    ) -> None:
        self.draft, self.changed, self._again = draft, changed, again
        self._scheduled = scheduled
        if self._sheet is not None:
            self._sheet.refill()
            self._sheet.go(DRAFT)
            self._sheet.say(changed)

    def _ask_where(self, draft: Draft, purpose: str, form: str) -> None:
        dialog = QFileDialog(self._panel.window(), tr("出报告"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        when = to_datetime(draft.as_of).strftime("%m%d-%H%M")
        name = plain_name(f"{self._mark}{draft.title} {when}", "")
        dialog.selectFile(f"{name}.{study_paper.FORMS[form][0]}")
        dialog.fileSelected.connect(lambda path: self.make(draft, purpose, form, Path(path)))
        dialog.open()

    def _write(self, found: list[Pressed] | str, draft: Draft, purpose: str) -> None:
        if isinstance(found, str):
            self._say(plain(found))
            return
        files = [(one.sha256, one.target.name) for one in found]
        given = {"purpose": purpose, "files": files, "scheduled": self._scheduled}
        written = self._panel.desk.do(studies.issue_study, drafted=_stated(draft), **given)
        put = self._panel.desk.files(lambda kept: press.settle(found, written))
        names = tr("、").join(one.target.name for one in found)
        self._courier.follow(put, lambda done: self._given_out(done, names))

    def _given_out(self, done: Any, names: str) -> None:
        """The next step is its use."""
        self._scheduled = ""
        self._take(done)
        if self._sheet is not None:
            self._sheet.refill(next((one.id for one in done.of(Study)), ""))
            self._sheet.go(USE)
        self._say(tr("已出 {names}", names=plain(names)))

    def _noted(self, study: str, done: Any) -> None:
        self._take(done)
        if self._sheet is not None:
            self._sheet.refill(study)
            self._sheet.go(USE)
        self._say(tr("成果已记"))

    def _take(self, done: Any) -> None:
        for kind, held in self._fresh.items():
            held.update({one.id: one for one in done.of(kind)})

    def _say(self, line: str) -> None:
        if self._sheet is not None:
            self._sheet.say(line)
        else:
            self._panel.refused(line)


def _stated(draft: Draft) -> Drafted:
    blocks = [block.id for block in draft.blocks]
    return Drafted(draft.kind, draft.template, blocks, draft.title, draft.scope, draft.as_of,
                   draft.rows, draft.counts())  # fmt: skip


def _differs(old: Study | ScheduledStudy, draft: Draft) -> str:
    """What is counted otherwise now than when it was given out, in words, and the first of them;
    without groups that no table has any more."""
    if not old.counts:  # nobody drafted it then
        return ""
    now, then = draft.counts(), studies.counts_of(old)
    both = [(what, n, now[block][what]) for block, told in then.items()
            for what, n in told.items() if what in now.get(block, {})]  # fmt: skip
    if not both:  # it went out in another language
        return tr("没有可与给出时相比的数")
    if not (other := [one for one in both if one[1] != one[2]]):
        return tr("与给出时各数相同")
    what, before, after = other[0]
    return tr("{n} 个数与给出时不同，如 {what}：给出时 {before}，现 {after}", n=len(other),
              what=plain(what, 40), before=before, after=after)  # fmt: skip


def _made(
    data: dict[str, Any], target: Path, forms: Sequence[str], mark: str
) -> list[Pressed] | str:
    """The files, or why there are none."""
    try:
        return study_paper.make(data, target, forms, mark)
    except Taken as name:
        return tr("已有 {name}，换个名称再生成", name=name)
    except (Unset, OSError) as why:
        return tr("未能生成：{why}", why=why)
