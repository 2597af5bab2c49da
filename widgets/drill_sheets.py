"""What a controller is asked before an act on the clock of a drill that cannot be taken back by the
next key: which, when, why; what will come of it stands under the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from commandwall import codes
from commandwall.clock import MINUTE
from commandwall.drill import play
from commandwall.drill.drill_acts import REAL, RUNNING, Moment
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.offsets import moment, tell
from commandwall.drill.scenario import Branch, Inject, Named, Scenario
from widgets.base import Command, Panel
from widgets.fields import Field, choice, words
from widgets.i18n import language, named, tr
from widgets.sheet import Answers, Sheet
from widgets.text import plain

EXAMPLE = "T+05:30"


class Leading(Protocol):
    """The console, as far as its sheets need it."""

    scenario: Scenario | None
    clock: DrillClock | None
    current: str

    def act(self, deed: str, **told: object) -> object: ...
    def inject(self, key: str) -> Inject | None: ...


class DrillSheets:
    """Belongs to a console, which is the panel too."""

    def __init__(self, console: Panel) -> None:
        self._panel = console
        assert hasattr(console, "act")
        self._console: Leading = console  # type: ignore[assignment]

    def commands(self) -> list[Command]:
        return [
            Command("R", tr("变速"), self.rate),
            Command("G", tr("跳到"), self.jump),
            Command("I", tr("立即注入"), self.trigger),
            Command("X", tr("跳过"), self.skip),
            Command("P", tr("推迟"), self.postpone),
            Command("A", tr("临时加题"), self.add),
            *self._of_branches(),
            self.again(),
            Command("Ctrl+E", tr("结束演练"), self.end),
        ]

    def _of_branches(self) -> list[Command]:
        """Only where the scenario asks something that the play answers."""
        scenario = self._console.scenario
        asks = scenario is not None and scenario.branches
        return [Command("W", tr("选走向"), self.choose_way)] if asks else []

    def again(self) -> Command:
        """What is left to do with the clock of a drill that is over."""
        return Command("B", tr("从某刻重来"), self.restart)

    def rate(self) -> None:
        """Those that the type of the drill allows."""
        if (scenario := self._console.scenario) is None:
            return
        bounds = codes.load("drill_type")[scenario.type].facts
        rates = [n for n in RATES if bounds["slowest"] <= n <= bounds["fastest"]]
        speed = choice({round(n * REAL): f"×{n:g}" for n in rates})
        if (clock := self._console.clock) is not None:
            speed.setCurrentIndex(max(0, speed.findData(clock.rate)))
        fields: dict[str, tuple[str, Field]] = {"rate": (tr("速度"), speed)}
        self._ask("rate", tr("变速"), "变速", fields, lambda told: "")

    def jump(self) -> None:
        """What would be skipped is told before."""
        fields = {"moment": (tr("情景时刻"), words(self._here(), 20))}
        self._ask("jump", tr("跳到某刻"), "跳到", fields, self._passed)

    def restart(self) -> None:
        fields = {"moment": (tr("情景时刻"), words(self._here(), 20))}
        told = tr("从这一刻另开一遍，此前的照旧；按空格才继续。已做的处置不撤回")
        self._ask("restart", tr("从某刻重来"), "重来", fields, lambda answers: told)

    def choose_way(self) -> None:
        """How a branch goes on: of both names, with what it would still send under them."""
        if (scenario := self._console.scenario) is None:
            return
        ways = {
            (branch.id, way.id): tr("{field}：{why}", field=_said(branch), why=_said(way))
            for branch in scenario.branches for way in branch.ways
        }  # fmt: skip
        panel = self._panel

        def done(told: Answers) -> object:
            subject, way = told["way"]
            return panel.desk.do(play.act_on_clock, deed="choose", subject=subject, way=way)

        fields = {"way": (tr("走向"), choice(ways))}
        sheet = Sheet(panel.look, tr("选走向"), "选定", fields, panel.window())
        panel.context.over(sheet.telling(self._of_way).then(done))

    def _of_way(self, told: Answers) -> str:
        """Which one stands, and how many of the other are still to come."""
        scenario, clock = self._console.scenario, self._console.clock
        if scenario is None or clock is None:
            return ""
        left = {*clock.waiting()}
        branch, way = told["way"]
        n = sum((i.branch, i.way) == (branch, way) and i.id in left for i in scenario.injects)
        if clock.way_of(branch) == way:
            return tr("现在就按这一走向，还有 {n} 条", n=n)
        return tr("这一走向还有 {n} 条；选定后别的走向不再发", n=n)

    def trigger(self) -> None:
        self._of_chosen("trigger", tr("立即注入"), "注入", {"why": (tr("理由"), words())})

    def skip(self) -> None:
        self._of_chosen("skip", tr("跳过这条"), "跳过", {"why": (tr("理由"), words())})

    def postpone(self) -> None:
        """By default five minutes after its time."""
        clock, key = self._console.clock, self._console.current
        due = clock.due(key) if clock is not None and key else None
        later = tell(Moment(due + 5 * MINUTE * REAL)) if due is not None else self._here()
        self._of_chosen(
            "postpone", tr("推迟到"), "推迟", {"moment": (tr("情景时刻"), words(later, 20))}
        )

    def end(self) -> None:
        left = len(self._console.clock.waiting()) if self._console.clock is not None else 0
        told = tr("还有 {n} 条未发，将记为跳过；结束后不能继续，可从某刻重来", n=left)
        fields = {"why": (tr("理由"), words())}
        self._ask("end", tr("结束演练"), "结束", fields, lambda answers: told)

    def add(self) -> None:
        """A free inject, for now or for a moment."""
        if (scenario := self._console.scenario) is None:
            return
        channels = {
            row.id: named("drill_channel", row.id) for row in codes.load("drill_channel").values()
            if set(row.facts["needs"]) <= {"cls"} and row.facts["fields"].get("cls") in CLASSES
        }  # fmt: skip
        fields: dict[str, tuple[str, Field]] = {
            "words": (tr("内容"), words()),
            "channel": (tr("通道"), choice(channels)),
            "subject": (tr("对象"), choice({p.post: named("post", p.post, "full")
                                          for p in scenario.players})),
            "cls": (tr("事项（热线）"), choice({c: named("event_class", c)
                                          for c in codes.load("event_class")})),
            "moment": (tr("情景时刻，空为现在"), words("", 20)),
        }  # fmt: skip
        panel = self._panel
        sheet = Sheet(panel.look, tr("临时加题"), "加题", fields, panel.window())
        panel.context.over(sheet.telling(self._when).then(self._added))

    def _added(self, told: Answers) -> object:
        """What only the hotline needs is left out of the others."""
        row = codes.load("drill_channel")[told["channel"]]
        cls = told["cls"] if "cls" in row.facts["needs"] else ""
        given = {**told, "cls": cls, "moment": moment(told["moment"])}
        return self._panel.desk.do(play.add_inject, **given)

    def _of_chosen(
        self, deed: str, title: str, act: str, fields: Mapping[str, tuple[str, Field]]
    ) -> None:
        key = self._console.current
        inject = self._console.inject(key)
        if inject is None:
            self._panel.refused(tr("先选一条情景"))
            return
        said = _said(inject)
        self._ask(deed, title, act, fields, lambda told: said, key)

    def _ask(
        self, deed: str, title: str, act: str, fields: Mapping[str, tuple[str, Field]],
        tell_of: object, subject: str = "",
    ) -> None:  # fmt: skip
        panel = self._panel

        def done(told: Answers) -> object:
            if "moment" in told:
                told = {**told, "moment": moment(told["moment"])}
            return panel.desk.do(play.act_on_clock, deed=deed, subject=subject, **told)

        sheet = Sheet(panel.look, title, act, fields, panel.window())
        panel.context.over(sheet.telling(tell_of).then(done))  # type: ignore[arg-type]

    def _here(self) -> str:
        clock = self._console.clock
        return tell(clock.position) if clock is not None else EXAMPLE

    def _when(self, told: Answers) -> str:
        at = moment(told["moment"])
        if told["moment"] and at is None:
            return tr("时刻如 {example}", example=EXAMPLE)
        clock = self._console.clock
        stands = clock is not None and clock.status != RUNNING
        now = tr("继续后立即") if stands else tr("现在")
        return tr("{when}发给所选岗位", when=f"{tell(at)} " if at is not None else now)

    def _passed(self, told: Answers) -> str:
        """How many would be skipped."""
        at, clock = moment(told["moment"]), self._console.clock
        if at is None or clock is None:
            return tr("时刻如 {example}", example=EXAMPLE)
        dues = (clock.due(key) for key in clock.waiting())
        n = sum(1 for due in dues if due is not None and due < at)
        return tr("其间 {n} 条不再发，记为跳过", n=n)


def _said(one: Named | Branch | Inject) -> str:
    return plain(one.en if language() == "en" else one.zh)


RATES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
CLASSES = (None, "event_class")
"""Of what a channel names: nothing, or a class of events."""
