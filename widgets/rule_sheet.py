"""The sheet in which somebody changes a rule of alarms: he tries it on the last days, then proposes
it. One button does what is next: try, stop trying, propose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent

from commandwall import codes, rule_rows, rulecheck
from commandwall.alarms import Alarm, Rule
from commandwall.clock import DAY, Ms, day, day_start
from commandwall.dry_run import DryRun, Outcome
from commandwall.rights import About
from commandwall.rule_rows import Change, propose_rule
from commandwall.store.store import Reason
from widgets import rule_words
from widgets.base import Panel
from widgets.fields import Field, choice, words
from widgets.i18n import NUMERALS, tr
from widgets.reasons import sentence
from widgets.sheet import Answers, Sheet

TRY, STOP, PROPOSE = "试算", "停止试算", "提议"
ASK_MS = 200
"""So often the sheet looks how far a dry run is."""
STARTS = (0, 1, 7)
"""Days after today at whose beginning a rule may count; 0: as soon as it is approved."""


def ask(panel: Panel, alarm: Alarm) -> None:
    """Of the rule under which an alarm stands."""
    picture, about = panel.picture, About(("",))
    found = rule_rows.rule_at(picture.rule_rows.values(), alarm.rule, picture.now)
    if why := panel.barred(propose_rule, about):
        panel.refused(why)
    elif found is None or found.cls not in codes.load("sensor_class"):
        panel.refused(tr("这类告警不按读数的阈值报，没有可改的阈值"))
    else:
        panel.context.over(RuleSheet(panel, found))


class RuleSheet(Sheet):
    """What a rule states, each field beside what is in force; under them what a dry run said."""

    def __init__(self, panel: Panel, rule: Rule) -> None:
        self._panel, self._rule = panel, rule
        self._run: DryRun | None = None
        self._found: Outcome | None = None
        self._tried = rule
        self._table = rule_rows.in_force(panel.picture.rule_rows.values(), panel.picture.now)
        self._timer = QTimer()
        self._timer.setInterval(ASK_MS)
        title = tr("规则 {id}：{name}", id=rule.id, name=rule_words.titled(rule))
        super().__init__(panel.look, title, TRY, _fields(rule, panel.picture.now), panel.window())
        self._timer.setParent(self)
        self._timer.timeout.connect(self._progress)
        self.telling(self._changed)

    def accept(self) -> None:
        """Do what is next."""
        if self._run is not None:
            self._stop()
        elif self._found is not None:
            self._propose(self._found)
        elif self._fit():
            self._run = DryRun(self._panel.desk.folder, self._stated(self._answers()))
            self._courier.follow(self._run.answer, self._take)
            self._timer.start()
            self._progress()
            self._name()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._run is not None:
            self._run.stop()
        super().closeEvent(event)

    # What it asks.

    def _fit(self) -> bool:
        """Whether the rule can be so; else why not stands under the fields."""
        rows = self._panel.picture.rule_rows.values()
        change = self._change(self._answers())
        wrong = rule_rows.what_is_wrong(change, rows, self._panel.picture.now)
        if wrong is not None:
            facts = {"row": wrong.row, "field": wrong.field, "en": wrong.en, "zh": wrong.zh}
            self._tell(sentence(Reason("rule", facts)))
        return wrong is None

    def _propose(self, found: Outcome) -> None:
        change = replace(self._change(self._answers()), tried=found.tried)
        self.waits = True
        asked = self._panel.desk.do(propose_rule, rule=change)
        self._courier.follow(asked, lambda done: self.close())

    def _change(self, told: Answers) -> Change:
        return Change(self._stated(told), told["reason"], told["since"])

    def _stated(self, told: Answers) -> Rule:
        """The rule as the fields state it, for another mode that mode's own; what is no number
        stays as it is, to be refused."""
        stated: Mapping[str, Any] = {
            key: _number(told[key]) if isinstance(told[key], str) else told[key]
            for key in rule_words.SHOWN
        }
        return replace(rule_rows.in_mode(self._rule, told["mode"], self._table), **stated)

    # The dry run.

    def _changed(self, told: Answers) -> str:
        """Another rule than was tried wants another run; another reason does not."""
        if self._run is not None:
            self._stop()
        if self._found is not None and self._stated(told) == self._tried:
            return self._said(self._found)
        self._found = None
        self._name()
        first = tr("先试算：按近 {n} 天的读数会报多少", n=int(codes.limit("rule_try_days")))
        return f"{rule_words.by_mode(self._rule, self._table)}\n{first}"

    def _take(self, found: Outcome) -> None:
        self._timer.stop()
        self._run, self._found = None, found
        self._tried = self._stated(self._answers())
        self._name()
        self._tell(self._said(found))

    def _stop(self) -> None:
        self._timer.stop()
        run, self._run = self._run, None
        if run is not None:
            run.stop()
        self._name()
        self._tell(tr("试算已停"))

    def _progress(self) -> None:
        if self._run is not None:
            self._tell(tr("正在试算 {share}", share=f"{self._run.share:.0%}"))

    def _refused(self, why: str) -> None:
        self._timer.stop()
        self._run = None
        self._name()
        super()._refused(why)

    def _name(self) -> None:
        step = STOP if self._run is not None else PROPOSE if self._found is not None else TRY
        self.bar.name({"Ctrl+Return": step})

    def _said(self, found: Outcome) -> str:
        total = rule_words.tried(found.tried, self._tried.mode)
        days = "　".join(
            f"{on:%m-%d} {found.then.get(on, 0):,} ({found.now.get(on, 0):,})"
            for on in sorted(found.then.keys() | found.now.keys())
        )
        by_day = tr("按天（现行）：{days}", days=days) if days else tr("没有一天报过")
        return f"{total}\n{by_day}"


def _fields(rule: Rule, now: Ms) -> dict[str, tuple[str, Field]]:
    made: dict[str, tuple[str, Field]] = {
        key: (_label(rule, key), _field(rule, key)) for key in rule_words.SHOWN
    }
    starts = {0: tr("批准后即起用")}
    for n in STARTS[1:]:
        at = Ms(day_start(now) + n * DAY)
        starts[at] = tr("{day} 零时", day=f"{day(at):%m-%d}")
    made["since"] = (rule_words.field("since"), choice(starts))
    made["reason"] = (tr("理由"), words())
    return made


def _label(rule: Rule, key: str) -> str:
    now = rule_words.value(rule, key)
    return tr("{field}（现 {now}）", field=rule_words.field(key), now=now)


def _field(rule: Rule, key: str) -> Field:
    held = getattr(rule, key)
    if key not in ("severity", "low_bad", "mode"):
        return words(f"{held:g}", 12)
    told = _told(key)
    made = choice(told)
    made.setCurrentIndex(list(told).index(held))
    return made


def _told(key: str) -> Mapping[Any, str]:
    """What may be chosen for a field."""
    if key == "mode":
        return {mode: rule_words.mode(mode) for mode in ("", *rulecheck.modes())}
    return {False: tr("越高越重"), True: tr("越低越重")} if key == "low_bad" else NUMERALS


def _number(typed: str) -> float | str:
    try:
        return float(typed)
    except ValueError:
        return typed
