"""What an evaluator of a drill asks for: marks, how objectives were reached, what went well and
what must be better. Belongs to the console of the drill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from commandwall import reviewing
from commandwall.drill import evaluating
from commandwall.drill.drill_acts import ENDED
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.evaluating import OBJECTIVE, WHOLE, Evaluation
from commandwall.drill.play import SentInject
from commandwall.drill.scenario import Inject, Scenario
from commandwall.reports.drill_paper import paper
from commandwall.reports.press import Paper
from commandwall.rights import About
from widgets import age, finding_sheets
from widgets.base import Command, Panel
from widgets.fields import Field, choice, words
from widgets.i18n import language, named, rows, tr
from widgets.papers import Papers, Wanted
from widgets.sheet import Answers, Sheet
from widgets.speech import speech
from widgets.text import person, plain

TOLD = 60
"""Letters of a line in the list of lines."""


class Evaluated(Protocol):
    """The console, as far as evaluators need it."""

    scenario: Scenario | None
    clock: DrillClock | None
    current: str

    def tell(self, line: str) -> None: ...
    def inject(self, key: str) -> Inject | None: ...
    def sent(self, key: str) -> SentInject | None: ...


class DrillReview:
    """Belongs to a console, which is the panel too."""

    def __init__(self, console: Panel) -> None:
        self._panel = console
        assert hasattr(console, "sent")
        self._console: Evaluated = console  # type: ignore[assignment]
        self._papers = Papers(console.context, console.window, self._console.tell, console)

    @property
    def evaluates(self) -> bool:
        """Whether who sits here may mark."""
        return not self._panel.barred(evaluating.mark_inject, About())

    def commands(self) -> list[Command]:
        # A player learns what is thought of him in the review.
        if not self.evaluates:
            return []
        found = [Command("V", tr("评估打分"), self.mark),
                 Command("O", tr("评定目标"), self.grade)]  # fmt: skip
        if not self._panel.barred(reviewing.note_finding, About()):
            found += [Command("F", tr("亮点与改进"), self.note),
                      Command("D", tr("整改完成"), self.settle)]  # fmt: skip
        clock = self._console.clock
        if clock is not None and clock.status == ENDED:
            found.insert(0, Command("Ctrl+B", tr("复盘"), self.review))
        return found

    def told(self, sent: SentInject | None) -> str:
        """评 4: the mark of an inject; 评 2 行 where only lines of it have one."""
        if sent is None:
            return ""
        mine = [e for e in self._newest().values() if e.subject == sent.id]
        whole = next((e.verdict for e in mine if e.line == WHOLE), "")
        if whole:
            return tr("评 {mark}", mark=whole)
        return tr("评 {n} 行", n=len(mine)) if mine else ""

    def grades(self) -> str:
        """目标 P S — M: of each objective in its order; "" while none is graded."""
        if (scenario := self._console.scenario) is None:
            return ""
        marks = self._newest()
        found = [marks.get((o.id, OBJECTIVE)) for o in scenario.objectives]
        told = "　".join(e.verdict if e is not None else age.UNKNOWN for e in found)
        return tr("目标　{grades}", grades=told) if any(found) else ""

    # Marks.

    def mark(self) -> None:
        """One line of the chosen inject; the first without a mark is offered."""
        key = self._console.current
        inject, sent = self._console.inject(key), self._console.sent(key)
        if inject is None or sent is None:
            self._panel.refused(tr("先选一条已发的情景"))
            return
        lines = {line: plain(told) or tr("整条：{words}", words=_words(inject))
                 for line, told in evaluating.lines(inject, language()).items()}  # fmt: skip
        marks = {m: f"{m}　{c.name(language())}" for m, c in rows("drill_mark").items()}
        self._ask(tr("评估打分"), sent.id, lines, marks, "mark", evaluating.mark_inject)

    def grade(self) -> None:
        """How an objective was reached: P, S, M or U."""
        if (scenario := self._console.scenario) is None:
            return
        named_so = {o.id: plain(o.en if language() == "en" else o.zh) for o in scenario.objectives}
        grades = {g: f"{g}　{c.name(language())}" for g, c in rows("drill_grade").items()}
        self._ask(tr("评定目标"), "", named_so, grades, "grade", evaluating.grade_objective)

    def _ask(
        self, title: str, subject: str, lines: Mapping[str, str], verdicts: Mapping[str, str],
        name: str, act: Callable[..., None],
    ) -> None:  # fmt: skip
        """Which line of an inject (`subject`), or which objective (""), what of it, and a note."""
        marks, panel = self._newest(), self._panel

        def key(line: str) -> evaluating.Line:
            return (subject, line) if subject else (line, OBJECTIVE)

        which = choice({line: plain(told, TOLD) for line, told in lines.items()})
        fresh = next((line for line in lines if key(line) not in marks), next(iter(lines)))
        which.setCurrentIndex(list(lines).index(fresh))
        fields: dict[str, tuple[str, Field]] = {
            "line": (tr("评什么"), which),
            name: (tr("评定"), choice({"": age.UNKNOWN, **verdicts})),
            "note": (tr("依据"), words()),
        }  # fmt: skip

        def done(told: Answers) -> Any:
            line = told.pop("line")
            args = {"subject": subject, "line": line} if subject else {"subject": line}
            return panel.desk.do(act, **args, **told)

        sheet = Sheet(panel.look, title, "记录", fields, panel.window())
        panel.context.over(
            sheet.telling(lambda told: _before(lines[told["line"]], marks.get(key(told["line"]))))
            .then(done)
        )  # fmt: skip

    # What follows.

    def review(self) -> None:
        """PDF and HTML: asks what for and where to."""
        if (scenario := self._console.scenario) is None:
            return
        panel, said, folder = self._panel, speech(), self._panel.desk.folder
        kept, now = panel.desk.kept, panel.picture.now

        def make(then: Callable[[Paper], object]) -> None:
            panel.ask(lambda r: paper(r, kept, folder, scenario, said, now), then)

        title = plain(scenario.en if language() == "en" else scenario.zh)
        self._papers.ask(Wanted("drill_review", title, "", ["pdf", "html"], make))

    def note(self) -> None:
        """Of the drill as a whole."""
        finding_sheets.note(self._panel, tr("亮点与改进"), lambda told: self._panel.desk.do(
            reviewing.note_finding, incident="", **told))  # fmt: skip

    def settle(self) -> None:
        found = self._panel.picture.findings.values()
        if not finding_sheets.settle(self._panel, found, lambda told: self._panel.desk.do(
                reviewing.settle_finding, **told)):  # fmt: skip
            self._panel.refused(tr("没有未完成的整改"))

    def _newest(self) -> dict[evaluating.Line, Evaluation]:
        return evaluating.newest(self._panel.picture.evaluations.values())


def _before(words: str, found: Evaluation | None) -> str:
    """The whole line, and what counts until now."""
    if found is None:
        return f"{words}\n{tr('还没有评定')}"
    kind = "drill_grade" if found.line == OBJECTIVE else "drill_mark"
    told = tr("现为 {mark} {name}（{who} {time}）", mark=found.verdict,
              name=named(kind, found.verdict), who=person(found.by) or named("post", found.post),
              time=age.clock(found.at))  # fmt: skip
    return "\n".join(filter(None, (words, told, plain(found.note))))


def _words(inject: Inject) -> str:
    return plain(inject.en if language() == "en" else inject.zh)
