"""What a panel knows of the drill that is played: its scenario, its clock, its score as it stands.
Read beside the screen's thread; belongs to one panel.
"""

from __future__ import annotations

from commandwall import deadlines
from commandwall.clock import Ms
from commandwall.deadlines import ORANGE, RED
from commandwall.drill import live, play
from commandwall.drill.drill_acts import Moment
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.live import Live
from commandwall.drill.scenario import Inject, Scenario
from commandwall.drill.score import LATE, MET, MISSED, RUNNING, Judged
from commandwall.picture import Changes, Picture
from commandwall.store.store import Reader
from widgets import age
from widgets.base import Panel
from widgets.i18n import language, named, tr
from widgets.paper import Ink, Paper
from widgets.text import plain

LAMPS = {LATE: ORANGE, MISSED: RED}
ORDER = (MISSED, LATE, MET)
"""Of attention, after what still runs."""


class DrillWatch:
    """Follows the drill for a panel, which is brought up to date when something was read."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self.scenario: Scenario | None = None
        self.clock: DrillClock | None = None
        self.live: Live | None = None
        self.asked = False
        """Whether the scenario was asked for."""
        self._asking = False

    def follow(self, picture: Picture) -> bool:
        """Time went on, or something happened; whether the scenario is read."""
        if self.scenario is None:
            self._read()
            return False
        # Nobody plays while the agent is gone: what it took last holds.
        stands = self._panel.context.trust.agent
        now = Ms(picture.now if stands is None else min(stands, picture.now))
        self.clock = play.clock_of(self.scenario.script(), picture.clock_acts.values(), now)
        self._score(self.scenario, self.clock.position, now)
        return True

    def _read(self) -> None:
        if not self.asked:
            self.asked, folder = True, self._panel.desk.folder
            read = self._panel.desk.files(lambda kept: play.scenario_of(folder))
            self._panel.follow(read, self._take)

    def _take(self, scenario: Scenario | None) -> None:
        self.scenario = scenario
        if scenario is not None:
            self._bring()

    def _score(self, scenario: Scenario, position: Moment, now: Ms) -> None:
        """One question at a time; the whole score only where it may be another one."""
        if self._asking:
            return
        held = self.live
        known = -1 if held is None or self._ran_out(held, position) else held.entries

        def query(reader: Reader) -> Live | None:
            return live.live(reader, scenario, now) if live.entries(reader) != known else None

        self._asking = True
        self._panel.ask(query, self._scored)

    @staticmethod
    def _ran_out(held: Live, position: Moment) -> bool:
        """Whether a limit passed since."""
        running = (one for one in held.judged if one.verdict == RUNNING)
        return any(live.left(one, position) < 0 for one in running)

    def _scored(self, found: Live | None) -> None:
        self._asking = False
        if found is not None:
            self.live = found
            self._bring()

    def _bring(self) -> None:
        panel = self._panel
        panel.bring(panel.picture, Changes(panel.picture.now, {}, panel.shows))

    # What it says.

    def verdict(self, one: Judged, short: bool = False) -> str:
        """按时 0:31　早 0:29, 迟 +1:12, 未做, 余 5:42, 由评估员看."""
        word = named("drill_verdict", one.verdict)
        if one.verdict == RUNNING:
            return age.left(Ms(0), Ms(self.left(one)))
        if one.expected is None or one.took is None:
            return word
        spare = one.expected.within - one.took
        if one.verdict == LATE:
            return tr("迟 +{span}", span=age.span(-spare))
        told = f"{word} {age.span(one.took)}"
        return told if short else tr("{told}　早 {span}", told=told, span=age.span(spare))

    def left(self, one: Judged) -> int:
        """Milliseconds of scenario time to its limit; 0 where it has passed just now."""
        assert self.clock is not None
        return max(0, live.left(one, self.clock.position))

    def lamp(self, paper: Paper, x: float, y: float, one: Judged) -> None:
        """A clock for what runs, is late or missed; what is as it should be has no mark."""
        if one.verdict == RUNNING and one.expected is not None:
            paper.lamp(x, y, 16, deadlines.lamp(self.left(one), one.expected.within))
        elif one.verdict in LAMPS:
            paper.lamp(x, y, 16, LAMPS[one.verdict])

    def summed(self, sent: str) -> tuple[str, Judged] | None:
        """Of all that one inject expects: what presses most, and how many were in time (1/3)."""
        some = self.live.of(sent) if self.live is not None else []
        seen = [one for one in some if one.expected is not None]
        if not seen:
            return None
        first = min(seen, key=self.pressing)
        told = self.verdict(first, short=True)
        met = sum(one.verdict == MET for one in seen)
        return (f"{told}　{met}/{len(seen)}" if len(seen) > 1 else told), first

    def lines(self, inject: Inject, sent: str) -> list[tuple[str, str, Judged | None]]:
        """Each thing that an inject expects, with what became of it once it was sent."""
        some = self.live.of(sent) if self.live is not None and sent else []
        if some:
            return [(asked_of(one), self.verdict(one), one) for one in some]
        asked = [expected.words(language()) for expected in inject.expect]
        return [(words, "", None) for words in (*asked, *map(plain, inject.watch))]

    def pressing(self, one: Judged) -> tuple[int, int]:
        """The order of attention: what runs out first, what was missed, late, in time, the rest;
        the newest of these first."""
        if one.verdict == RUNNING:
            return 0, self.left(one)
        order = ORDER.index(one.verdict) if one.verdict in ORDER else len(ORDER)
        return order + 1, -one.sent.at


def asked_of(one: Judged) -> str:
    """What was expected, with its limit; of what only an evaluator sees its words."""
    return one.expected.words(language()) if one.expected is not None else plain(one.words)


def ink(one: Judged) -> Ink:
    """Bold where a person must look."""
    bold = one.verdict in (RUNNING, MISSED, LATE)
    return Ink("body", "t1" if bold else "t2", bold)
