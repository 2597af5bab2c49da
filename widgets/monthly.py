"""每月一题: the board of the topics that were chosen, with their measures and how they go before
and after; under it the candidates of this month, each down to its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import candidates, codes, event_lists, monthly
from commandwall.candidates import Candidate, Course
from commandwall.clock import DAY, Ms, day
from commandwall.events import EventView
from commandwall.monthly import CHOSEN, DONE, OPEN, Choosing, Measure, MonthlyTopic
from commandwall.rights import About
from commandwall.saved_views import POOL, Filter
from commandwall.store.store import Reader
from widgets import age
from widgets.base import Command
from widgets.fields import Field, number
from widgets.fields import words as line
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.sheet import Sheet
from widgets.text import plain
from widgets.topic_faces import INDENT, SHOWN, Face, Host, against, draw_head

TOPIC, MEASURE = 108.0, 38.0
BAR, GAP, TALL = 9.0, 3.0, 40.0
"""Width of the bar of a week, what lies between two, and the height of the tallest."""
CHOOSE, ADD, STEP, OTHER = "P", "U", "S", "T"
Act = Callable[..., None]
STEPS: Mapping[str, Mapping[str, tuple[str, str, Act]]] = {
    STEP: {"topic": (CHOSEN, "结题", monthly.close_topic),
           "measure": (OPEN, "完成", monthly.finish_measure)},
    OTHER: {"topic": (CHOSEN, "撤题", monthly.drop_topic),
            "measure": (OPEN, "撤销措施", monthly.drop_measure)},
}  # fmt: skip
"""Key -> of a topic and of a measure the state in which it does something, its name, the act."""
AGAIN: Mapping[str, tuple[str, Act]] = {
    "topic": ("重开", monthly.reopen_topic), "measure": ("重办", monthly.redo_measure),
}  # fmt: skip
"""What `T` does to one that is over."""
Found = tuple[list[Candidate], dict[str, Course]]


class Monthly(Face):
    """Topics with their measures, then candidates; the chosen candidate shows its events."""

    name, nothing = "每月一题", "本月还没有候选"
    acts = True

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._candidates: list[Candidate] = []
        self._courses: dict[str, Course] = {}
        self._events: dict[str, list[str]] = {}

    # What there is.

    def look(self, now: Ms) -> None:
        topics = monthly.board(self.host.picture.monthly.values(), now)
        self.host.ask(partial(_read, topics=topics, now=now), self._found)

    def order(self) -> Sequence[str]:
        keys: list[str] = []
        for key, item in self._items().items():
            keys.append(key)
            if isinstance(item, MonthlyTopic):
                keys += [m.id for m in self._plan(item)]
            if key == self.opened:
                keys += self.rows(item)
        return keys

    def rows(self, item: MonthlyTopic | Candidate) -> Sequence[str]:
        """The newest events of its class: of a topic from 30 days before it was chosen on."""
        return self._events.get(item.cls, [])

    def tall(self, key: str) -> float:
        if isinstance(self.items.get(key), MonthlyTopic):
            return TOPIC
        return MEASURE if key in self.host.picture.measures else super().tall(key)

    def holds(self, key: str) -> bool:
        return key in self.items or key in self.host.picture.measures

    def unfold(self, key: str) -> None:
        """Topics and candidates show their events; measures are there to be worked on."""
        if (item := self.items.get(key)) is None:
            return
        self.opened, now, since = key, self._asked, candidates.month_of(self._asked)
        if isinstance(item, MonthlyTopic):
            since = Ms(item.chosen_at - int(codes.limit("monthly_days", day(now))) * DAY)
        query = partial(_events, cls=item.cls, since=since, now=now)
        self.host.ask(query, partial(self._read, item.cls))

    def told(self) -> str:
        under_way = sum(t.state == CHOSEN for t in self.host.picture.monthly.values())
        return tr("在办 {n} 题　本月候选 {m}　按件数、上升、涉及镇街、重复来电四项名次之和排",
                  n=under_way, m=len(self._candidates))  # fmt: skip

    def _items(self) -> dict[str, Any]:
        """Topics as the picture has them, then candidates that are none yet."""
        topics = monthly.board(self.host.picture.monthly.values(), self.host.picture.now)
        taken = {t.cls for t in topics if t.state == CHOSEN}
        free = (c for c in self._candidates if c.cls not in taken)
        self.items = {**{t.id: t for t in topics}, **{f"candidate/{c.cls}": c for c in free}}
        return self.items

    def _plan(self, topic: MonthlyTopic) -> list[Measure]:
        return monthly.plan(self.host.picture.measures.values(), topic.id)

    def _found(self, found: Found) -> None:
        self._candidates, self._courses = found
        self.found(self._items())

    def _read(self, cls: str, found: list[EventView]) -> None:
        self._events[cls] = [view.event.id for view in found]
        self._take({view.event.id: view for view in found})

    # Acts.

    def bar(self) -> list[Command]:
        return [
            Command(CHOOSE, "定题", self.choose_topic), Command(ADD, "立措施", self.add_measure),
            Command(STEP, "完成", partial(self.step, STEP)),
            Command(OTHER, "撤销", partial(self.step, OTHER)),
        ]  # fmt: skip

    def offered(self, key: str) -> tuple[dict[str, str], dict[str, str]]:
        """For a row: key -> why its act is not for the post ("" where it is), key -> its name."""
        item = self._item(key)
        why, names = dict[str, str](), dict[str, str]()
        if isinstance(item, Candidate):
            why[CHOOSE] = self._barred(monthly.choose_topic)
        if self._topic(item) is not None:
            why[ADD] = self._barred(monthly.add_measure)
        for on in (STEP, OTHER):
            if (found := _step(item, on)) is not None:
                names[on], why[on] = found[0], self._barred(found[1])
        return why, names

    def choose_topic(self) -> None:
        """定题: the chosen candidate becomes a topic of this month."""
        item = self._item(self.host.current)
        if not isinstance(item, Candidate):
            self.host.refused(tr("先选一个候选"))
            return
        name = named("event_class", item.cls)
        fields: dict[str, tuple[str, Field]] = {
            "title": (named("field", "title"), line(name)),
            "lead": (named("field", "lead_unit"), line()),
        }
        self._ask(tr("定为每月一题：{name}", name=name), "定题", fields, lambda told: self.host.do(
            monthly.choose_topic, self.host.acted, choosing=Choosing(item.cls, **told)
        ), monthly.choose_topic)  # fmt: skip

    def add_measure(self) -> None:
        """立措施: one more of the plan of the chosen topic."""
        topic = self._topic(self._item(self.host.current))
        if topic is None:
            self.host.refused(tr("先选一个在办的题"))
            return
        most = codes.limit("measure_days", day(self.host.picture.now))
        days = number(int(most), 1, tr("日"))
        days.setValue(int(codes.limit("monthly_days")))
        fields: dict[str, tuple[str, Field]] = {
            "task": (named("field", "task"), line()),
            "lead": (named("field", "lead_unit"), line(topic.lead)),
            "days": (tr("节点在几日后"), days),
        }
        title = tr("立措施：{title}", title=plain(topic.title, 40))
        self._ask(title, "立措施", fields, lambda told: self.host.do(
            monthly.add_measure, self.host.acted, topic=topic.id, **told
        ), monthly.add_measure)  # fmt: skip

    def step(self, on: str) -> None:
        """What a key does to the chosen topic or measure, with its words."""
        item = self._item(self.host.current)
        found = _step(item, on)
        if found is None:
            self.host.refused(tr("此状态下不能办") if item else tr("先选一行"))
            return
        name, act, what = found
        fields: dict[str, tuple[str, Field]] = {what: (named("field", what), line())}
        title = plain(item.title if isinstance(item, MonthlyTopic) else item.task, 40)
        self._ask(f"{tr(name)}：{title}", name, fields, lambda told: self.host.do(
            act, self.host.acted, **{_kind(item): item.id}, **told
        ), act)  # fmt: skip

    def _ask(
        self, title: str, name: str, fields: dict[str, tuple[str, Field]],
        done: Callable[[dict[str, Any]], Any], act: Callable[..., None],
    ) -> None:  # fmt: skip
        if why := self._barred(act):
            self.host.refused(why)
        else:
            made = Sheet(self.host.look, title, name, fields, self.host.window())
            self.host.over(made.then(done))

    def _barred(self, act: Callable[..., None]) -> str:
        return self.host.barred(act, About(("",)))

    def _item(self, key: str) -> Any:
        return self.items.get(key) or self.host.picture.measures.get(key)

    def _topic(self, item: Any) -> MonthlyTopic | None:
        """The topic under way that a row is, or is a measure of."""
        topic = self.host.picture.monthly.get(item.topic) if isinstance(item, Measure) else item
        return topic if isinstance(topic, MonthlyTopic) and topic.state == CHOSEN else None

    # Drawing.

    def draw(self, paper: Paper, key: str, box: QRectF) -> None:
        if (measure := self.host.picture.measures.get(key)) is not None:
            _draw_measure(paper, measure, box, self.host.picture.now)
        else:
            super().draw(paper, key, box)

    def draw_item(self, paper: Paper, item: Any, box: QRectF) -> None:
        if isinstance(item, MonthlyTopic):
            plan = self._plan(item)
            _draw_topic(paper, item, plan, self._courses.get(item.id), box)
            return
        below = tr("涉及 {n} 个镇街　{m} 个号码来电不止一次", n=item.towns, m=item.again)
        rank = next(i for i, c in enumerate(self._candidates, 1) if c is item)
        name, beside = named("event_class", item.cls), tr("候选第 {n}", n=rank)
        draw_head(paper, box, item.n, name, beside, against(item.n, item.usual), below)


def _step(item: Any, on: str) -> tuple[str, Act, str] | None:
    """Name, act and what is asked of a key for a row; None where it does nothing."""
    if not isinstance(item, MonthlyTopic | Measure):
        return None
    state, name, act = STEPS[on][_kind(item)]
    if item.state == state:
        return name, act, "result" if on == STEP else "reason"
    return (*AGAIN[_kind(item)], "reason") if on == OTHER else None


def _kind(item: MonthlyTopic | Measure) -> str:
    """The name of the argument by which acts know it."""
    return "topic" if isinstance(item, MonthlyTopic) else "measure"


def _read(reader: Reader, topics: Sequence[MonthlyTopic], now: Ms) -> Found:
    """The candidates of the month, and how the topics go."""
    courses = {topic.id: candidates.course(reader, topic, now) for topic in topics}
    return candidates.of_month(reader, now), courses


def _events(reader: Reader, cls: str, since: Ms, now: Ms) -> list[EventView]:
    """The newest events of a class since a moment."""
    filter = Filter(POOL, cls=cls, days=1 + (now - since) // DAY)
    found = event_lists.find(reader, filter, now, SHOWN)
    return [view for view in found if view.event.reported_at >= since]


def _draw_topic(
    paper: Paper, topic: MonthlyTopic, plan: Sequence[Measure], course: Course | None, box: QRectF
) -> None:
    """What it is and who answers for it; before and after in words and as weeks."""
    base, state = box.top() + 28, named("monthlytopic_state", topic.state)
    edge = paper.width - 8
    paper.write(edge, base, state, Ink("label", "t1", topic.state == CHOSEN), RIGHT)
    room = edge - paper.length(state, Ink("label", "t1", True)) - 24
    end = paper.write(INDENT, base, plain(topic.title, 40), Ink("body", "t1", True))
    count = sum(m.state == DONE for m in plan), sum(m.state in (OPEN, DONE) for m in plan)
    told = tr("{month}　牵头 {lead}　措施完成 {n}/{m}", month=topic.month,
              lead=plain(topic.lead, 24), n=count[0], m=count[1])  # fmt: skip
    paper.write(end + 16, base, told, Ink("label", "t2"), room=room - end - 16)
    left = edge
    if course is not None:
        left = _draw_weeks(paper, course, edge, box.bottom() - 12) - 24
        paper.write(INDENT, base + 28, _compared(course), Ink("label", "t1"), room=left - INDENT)
    said = plain(topic.result, 120) or tr("{day} 定题", day=age.day(topic.chosen_at))
    paper.write(INDENT, base + 54, said, Ink("age"), room=left - INDENT)


def _compared(course: Course) -> str:
    """选前 30 天 120 件　选后 12 天 31 件，折合 78 件，−35 %."""
    told = tr(
        "选前 {n} 天 {a} 件　选后 {d} 天 {b} 件", n=course.days, a=age.number(course.n_before),
        d=int(course.days_after), b=age.number(course.n_after),
    )  # fmt: skip
    after = course.as_before
    if after is None:
        return tr("{a}，{b}", a=told, b=tr("未满一天，还不能比"))
    alike = tr("折合 {n} 天 {c} 件", n=course.days, c=age.number(after))
    told = tr("{a}，{b}", a=told, b=alike)
    if not course.n_before:
        return told
    change = f"{100 * (after / course.n_before - 1):+.0f} %".replace("-", "\N{MINUS SIGN}")
    return tr("{a}，{b}", a=told, b=change)


def _draw_weeks(paper: Paper, course: Course, right: float, bottom: float) -> float:
    """A bar for each week, a line where it was chosen; where they begin."""
    most = max(*course.weeks, 1)
    left = right - len(course.weeks) * (BAR + GAP)
    for i, n in enumerate(course.weeks):
        tall = max(1.0, TALL * n / most)
        box = QRectF(left + i * (BAR + GAP), bottom - tall, BAR, tall)
        paper.fill(box, "t3" if i < course.before else "t1")
    x = left + course.before * (BAR + GAP) - GAP / 2
    paper.line(x, bottom - TALL - 4, x, bottom, "t1")
    told = tr("每周")
    paper.write(left - 10, bottom, told, Ink("age"), RIGHT)
    return left - 10 - paper.length(told, Ink("age"))


def _draw_measure(paper: Paper, measure: Measure, box: QRectF, now: Ms) -> None:
    """Its state and milestone; what, by whom; what was done."""
    base, late = box.center().y() + 5, measure.state == OPEN and now > measure.due
    edge, state = paper.width - 8, named("measure_state", measure.state)
    paper.write(INDENT, base, state, Ink("label", "t1", measure.state == OPEN), room=72)
    mark = tr("节点 {day}", day=age.day(measure.due))
    if late:
        mark = f"{mark}　{tr('逾期 {n} 日', n=int((now - measure.due) // DAY) + 1)}"
    paper.write(edge, base, mark, Ink("label", "t1" if late else "t2", late), RIGHT)
    room = edge - paper.length(mark, Ink("label", "t1", late)) - 24
    end = paper.write(INDENT + 84, base, plain(measure.lead, 24), Ink("label", "t2")) + 16
    end = paper.write(end, base, plain(measure.task, 80), Ink("label", "t1"), room=room - end) + 16
    if measure.result and room > end:
        paper.write(end, base, plain(measure.result, 80), Ink("age"), room=room - end)
