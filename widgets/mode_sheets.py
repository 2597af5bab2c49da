"""The sheets by which a mode 平 急 战 is entered or proposed, left, extended or countersigned: all
that follows from it is listed before a person confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from commandwall import codes, countersign
from commandwall import modes as acts
from commandwall.alarms import RTNUN, UNACK
from commandwall.clock import HOUR, Ms
from commandwall.countersign import Second, may_sign
from commandwall.incidents import OPEN, Incident
from commandwall.modes import PROPOSED, Check, Entering, Mode
from commandwall.rights import About
from widgets import age, modes, text
from widgets.base import Context
from widgets.fields import Field, changed, choice, number, value, words
from widgets.i18n import NUMERALS, language, named, rows, tr
from widgets.modes import Hush
from widgets.reasons import sentence
from widgets.sheet import Sheet
from widgets.text import ParagraphLabel, PlainLabel

FACT = 592
"""Design pixels of a line that says what follows."""
LEAVE, EXTEND, SIGN, DECLINE = "leave", "extend", "sign", "decline"
Facts = Mapping[str, str]
"""Chinese name of what follows -> what it is, in words."""


class ModeSheet(Sheet):
    """Asks the desk and stays until it said yes; a refusal stands under the fields."""

    def __init__(
        self, context: Context, title: str, act: str, fields: Mapping[str, tuple[str, Field]],
        wall: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(context.look, title, act, fields, wall)
        self.context = context
        self._facts: dict[str, ParagraphLabel] = {}
        for _, field in fields.values():
            changed(field).connect(lambda *_: self._renew())

    def facts(self) -> Facts:
        """What follows, as the fields stand."""
        return {}

    def ask(self, told: Mapping[str, Any]) -> tuple[Callable[..., None], dict[str, Any]]:
        """The act that is meant, and its arguments."""
        raise NotImplementedError

    def accept(self) -> None:
        act, args = self.ask(self._answers())
        self.waits = True
        self._say(tr("正在写入"))
        self._courier.follow(self.context.desk.do(act, **args), lambda done: self.close())

    def _begin(self, names: Sequence[str]) -> None:
        """Rows for what follows, between the fields and the buttons."""
        form, px = QFormLayout(), self._look.px
        form.setVerticalSpacing(px(8))
        form.setHorizontalSpacing(px(20))
        for name in names:
            label, told = PlainLabel(tr(name)), ParagraphLabel()
            for part in (label, told):
                part.setFont(self._look.font("label"))
            self._facts[name] = told
            form.addRow(label, told)
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertLayout(1, form)
        self._renew()

    def _renew(self) -> None:
        if self._facts:
            for name, told in self.facts().items():
                self._facts[name].setText(told)
                # A form gives a wrapped label the height of one line.
                tall = self._facts[name].heightForWidth(self._look.px(FACT))
                self._facts[name].setFixedSize(self._look.px(FACT), tall)
        parent = self.parentWidget()
        if parent is not None:
            self._settle(parent)

    def _refused(self, why: str) -> None:
        self.waits = False
        self._say(why)

    def _say(self, line: str) -> None:
        self._told.setText(line)
        self._told.show()
        self._renew()


class EnterSheet(ModeSheet):
    """Which mode, for which incident, why, with whom and for how long."""

    def __init__(self, context: Context, wall: QWidget) -> None:
        picture = context.live.picture
        self._asked, now = modes.proposal(picture), acts.rank(modes.name_of(picture))
        steps = {key: code.name(language()) for key, code in rows("mode").items()
                 if int(code.facts["rank"]) > now}  # fmt: skip
        it, desk = About((picture.sight.area,)), context.desk
        why = desk.barred(acts.enter_mode, it)
        self._proposes = why is not None and desk.barred(acts.propose_mode, it) is None
        self._mode, self._incident = choice(steps), choice(self._open_ones(context))
        self._hours = number(_longest(), 1, tr("时"))
        fields: dict[str, tuple[str, Field]] = {
            "mode": (tr("转为"), self._mode),
            "incident": (tr("突发事件"), self._incident),
            "reason": (tr("理由"), words(self._asked.reason if self._asked else "")),
            "second": (tr("第二人"), words()),
            "channel": (tr("征得方式"), _channels()),
            "hours": (tr("时限"), self._hours),
        }
        act = "提议" if self._proposes else "转入"
        super().__init__(context, self._heading(steps), act, fields, wall)
        self._mode.setCurrentIndex(self._first(steps))
        self._mode.currentIndexChanged.connect(lambda *_: self._set_hours())
        self._set_hours()
        self._begin(("布局", "静音", "刷新", "授权", "留痕", "到期"))
        if why is not None:
            self._say(sentence(why))

    def ask(self, told: Mapping[str, Any]) -> tuple[Callable[..., None], dict[str, Any]]:
        area = self.context.live.picture.sight.area
        entering = Entering(area, told["mode"] or "", told["incident"], told["reason"],
                            told["hours"])  # fmt: skip
        if self._proposes:
            return acts.propose_mode, {"entering": entering}
        second = Second(told["second"], told["channel"]) if told["second"] else None
        return acts.enter_mode, {"entering": entering, "second": second}

    def facts(self) -> Facts:
        """All that this one record will swap, at every station of the area."""
        mode = value(self._mode)
        if not mode:
            return {}
        rule, picture = acts.rule(mode), self.context.live.picture
        until = Ms(picture.now + value(self._hours) * HOUR)
        rights = tr("；").join(row.name(language()) for row in acts.grants(mode, picture.now))
        lent = tr("{rights}；每次使用入大事记，到期或解除即收回", rights=rights)
        return {
            "布局": named("mode", mode, "layout"),
            "静音": self._hush(mode),
            "刷新": tr("各台进度 {sync} 秒，力量位置 {tracks} 秒；人的动作随时即达",
                     sync=rule["sync_s"], tracks=rule["tracks_s"]),
            "授权": lent if rights else tr("不变"),
            "留痕": _log(rule),
            "到期": tr("{time} 自动回到此前的模式，可随时解除或延时",
                     time=age.stamp(picture.now, until)),
        }  # fmt: skip

    def _hush(self, mode: str) -> str:
        picture, incident = self.context.live.picture, value(self._incident)
        found = picture.incidents.get(incident)
        severity = int(acts.rule(mode)["muted"])
        town = modes.town_of(picture, found.area) if found is not None else ""
        if not town or not severity:
            return tr("不静音：未选突发事件")
        hush = Hush(severity, town, found.alarm if found else "")
        waiting = (a for a in picture.alarms.values() if a.state in (UNACK, RTNUN))
        count = sum(hush.mutes(alarm) for alarm in waiting)
        name = text.plain(picture.areas[town].name, 24)
        return tr(
            "{town}以外 {level} 级及以下不上墙，现 {n} 条，按 F7 可看；Ⅰ 级照常",
            town=name, level=NUMERALS[severity], n=count,
        )  # fmt: skip

    def _set_hours(self) -> None:
        rule = acts.rule(value(self._mode) or "")
        self._hours.setValue(int(rule["hours"]))

    def _first(self, steps: Mapping[str, str]) -> int:
        """What was proposed; else the highest step where an incident is open, else the lowest."""
        keys = list(steps)
        if self._asked is not None and self._asked.mode in keys:
            return keys.index(self._asked.mode)
        return len(keys) - 1 if self._incident.count() > 1 else 0

    def _heading(self, steps: Mapping[str, str]) -> str:
        if not steps:
            return tr("已在最高模式")
        if self._asked is not None:
            who = f"{named('post', self._asked.post, 'full')} {text.person(self._asked.by)}"
            return tr("{who} 提议转{mode}", who=who, mode=named("mode", self._asked.mode))
        return tr("提议转急、转战") if self._proposes else tr("转急、转战：两人、写明理由")

    def _open_ones(self, context: Context) -> dict[str, str]:
        """The incident that was proposed or is newest stands first."""
        still = [i for i in context.live.picture.incidents.values() if i.state == OPEN]
        asked = self._asked.incident if self._asked else ""
        still.sort(key=lambda i: (i.id != asked, -i.opened_at))
        return {**{i.id: _title(i) for i in still}, "": "—"}


class EndSheet(ModeSheet):
    """What is done with the mode in force, or with what somebody proposed."""

    def __init__(
        self, context: Context, held: Mode | None, checks: Sequence[Check], wall: QWidget
    ) -> None:
        self._held, self._checks, self._word = held, checks, _unsigned(context, held)
        self._do = choice(self._ways())
        self._hours = number(_longest(), 1, tr("时"))
        fields: dict[str, tuple[str, Field]] = {
            "do": (tr("做什么"), self._do),
            "reason": (tr("理由"), words()),
            "handed": (tr("未了结的移交给"), words()),
            "hours": (tr("再延"), self._hours),
            "second": (tr("第二人（延时须有）"), words()),
            "channel": (tr("征得方式"), _channels()),
        }
        title = modes.line(context.live.picture) if held is not None else tr("现为平，无可解除")
        super().__init__(context, title, "执行", fields, wall)
        if held is not None:
            self._hours.setValue(int(acts.rule(held.mode)["hours"]))
        self._begin(("未了结", "之后"))

    def ask(self, told: Mapping[str, Any]) -> tuple[Callable[..., None], dict[str, Any]]:
        key, reason = self._held.id if self._held is not None else "", told["reason"]
        if told["do"] == SIGN and self._word is not None:
            return countersign.countersign, {"word": self._word}
        if told["do"] == DECLINE:
            return acts.decline_mode, {"mode": key, "reason": reason}
        if told["do"] == EXTEND:
            second = Second(told["second"], told["channel"]) if told["second"] else None
            more = {"hours": told["hours"], "second": second}
            return acts.extend_mode, {"mode": key, "reason": reason, **more}
        return acts.leave_mode, {"mode": key, "reason": reason, "handed": told["handed"]}

    def facts(self) -> Facts:
        held, do = self._held, value(self._do)
        if held is None:
            return {"未了结": "—", "之后": "—"}
        open_ = [c for c in self._checks if c.open]
        told = tr("；").join(
            tr("{name} {n}（{kind}）", name=named("mode_check", c.id), n=c.open,
               kind=tr("须了结或移交" if c.blocks else "提示"))
            for c in open_
        )  # fmt: skip
        after = {LEAVE: self._after(held), EXTEND: tr("至 {time}", time=self._until())}
        return {"未了结": told or tr("各项均已了结"), "之后": after.get(do, tr("模式不变"))}

    def _after(self, held: Mode) -> str:
        """What holds after it, and what is to be done then."""
        picture = self.context.live.picture
        rest = [m for m in picture.modes.values() if m.id != held.id]
        before = acts.in_force(rest, [picture.sight.area], picture.now)
        name = named("mode", before.mode if before is not None else acts.ordinary())
        tasks = tr("、").join(row.name(language()) for row in rows("mode_task").values()
                             if row.facts["mode"] == held.mode and held.incident)  # fmt: skip
        line = tr("回到{mode}，授权收回，静音的告警恢复", mode=name)
        return tr("{line}；列入任务：{tasks}", line=line, tasks=tasks) if tasks else line

    def _until(self) -> str:
        picture = self.context.live.picture
        return age.stamp(picture.now, Ms(picture.now + value(self._hours) * HOUR))

    def _ways(self) -> dict[str, str]:
        if self._held is not None and self._held.state == PROPOSED:
            return {DECLINE: tr("不予")}
        sign = {SIGN: tr("补签")} if self._word is not None else {}
        return {**sign, LEAVE: tr("解除"), EXTEND: tr("延时")}


def _unsigned(context: Context, held: Mode | None) -> str | None:
    """The id of the word that this post may sign for."""
    if held is None or not may_sign(context.desk.post):
        return None
    found = (w for w in context.live.picture.countersigns.values() if w.record == held.id)
    return next((w.id for w in found if w.signed_at is None and w.by != context.desk.person), None)


def _log(rule: Mapping[str, Any]) -> str:
    minutes = rule["picture_minutes"]
    if not rule["authored"]:
        return tr("不变")
    told = tr("指令、派单、定级、结束须有署名")
    if not minutes:
        return told
    return tr("{told}；每 {m} 分钟存一张画面", told=told, m=minutes)


def _channels() -> Field:
    return choice({code.id: code.name(language()) for code in codes.load("channel").values()})


def _longest() -> int:
    return max(int(code.facts["most_hours"]) for code in rows("mode").values())


def _title(incident: Incident) -> str:
    return f"{age.clock(incident.opened_at)}　{text.plain(incident.title, 40)}"
