"""Registering an event by hand: what was told, where that is, who told it; one sheet, keys only.

What is pasted is read by its labels; the place follows the words and is chosen by a person.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from commandwall import clues, place_codes, placing, reentry, registering
from commandwall.areas import Area
from commandwall.clues import Clue
from commandwall.events import AREA, POINT, Event, EventView, FiledEvent
from commandwall.gazetteer import Gazetteer
from commandwall.picture import Picture
from commandwall.placing import Found
from commandwall.reentry import OnPaper
from commandwall.registering import Matter
from commandwall.store.store import Reader
from commandwall.store.written import TEXT_LIMIT, TITLE_LIMIT
from commandwall.suggesting import Kept
from widgets import age, answer_card, intake
from widgets.answer_card import Part
from widgets.base import Command, Context, Subject
from widgets.facts import place_at
from widgets.fields import Field, choice, words
from widgets.i18n import named, rows, tr
from widgets.paper import Paper
from widgets.reentry import Reentry
from widgets.sheet import HEAD, MARGIN, Answers, Sheet
from widgets.text import plain
from widgets.words import place

PAUSE_MS = 300
"""How long the keys rest before a place is looked for."""
BESIDE = 460
"""Design pixels of the answer card beside the form."""
OWN_SOURCE, SCANNED = "duty", "qr"
KINDS = {
    placing.BUILDING: "楼栋", placing.PLACE: "场所", placing.ESTATE: "小区", placing.STREET: "道路",
    AREA: "辖区",
}  # fmt: skip
Show = Callable[[Subject], None]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of the map that was clicked."""

    lon: float
    lat: float
    area: str
    name: str
    placed: str = POINT
    acc_m: float | None = None
    scanned: bool = False  # by the code that stands there


class Registering:
    """Two ways to begin: with the words, or with a click on the map."""

    def __init__(self, context: Context, window: QWidget, show: Show) -> None:
        """`show`: opens the event that was registered."""
        self._context, self._window, self._show = context, window, show
        self._paper = Reentry(context, window, self._on_paper)

    def commands(self) -> list[Command]:
        return [
            Command("Ctrl+N", tr("登记事件"), self.begin),
            Command("Ctrl+Shift+N", tr("点图登记事件"), self.aim),
            *self._paper.commands(),
        ]

    def begin(self, spot: Spot | None = None) -> None:
        self._context.over(RegisterSheet(self._context, self._window, self._show, spot))

    def _on_paper(self, paper: OnPaper, body: str) -> None:
        """The form of an event that was taken in on paper."""
        sheet = RegisterSheet(self._context, self._window, self._show, None)
        self._context.over(sheet.as_of(paper, body, lambda: self._paper.entered(paper.writer)))

    def aim(self) -> None:
        """The next click on the map is the place; without a map there is only the form."""
        view = self._context.map
        if view is None:
            self.begin()
        else:
            view.aim(self._at)
            view.setFocus()  # so that Esc reaches it

    def _at(self, lon: float, lat: float) -> None:
        assert self._context.map is not None
        code = self._context.map.area_at(lon, lat)
        self.begin(Spot(lon, lat, code, place_at(lon, lat, code, self._context.picture)))


class RegisterSheet(Sheet):
    """The form, with the answer card of the matter beside it. What a person typed is never written
    over by what was read or found."""

    beside = BESIDE

    def __init__(
        self, context: Context, window: QWidget, show: Show, spot: Spot | None,
        clue: Clue | None = None,
    ) -> None:  # fmt: skip
        """`clue`: what becomes this event."""
        self._context, self._show, self._spot, self._clue = context, show, spot, clue
        self._paper: OnPaper | None = None
        self._names: Gazetteer | None = None
        self._asked, self._picked, self._guess = 0, "", ""
        self._kept = Kept(context.desk.folder)
        fields = _fields(spot)
        super().__init__(context.look, tr("登记事件"), "登记", fields, window)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._seek)
        self._field("body").textChanged.connect(self._read)
        self._field("address").textChanged.connect(self._read_address)
        self._field("cls").currentIndexChanged.connect(self._hurry)
        self._field("urgency").currentIndexChanged.connect(lambda: self._show_card())
        self._field("place").activated.connect(self._pick)
        self._offer([])
        self._show_card()
        self.then(self._register)
        if clue is not None:
            self._begin_with(clue)

    def _begin_with(self, clue: Clue) -> None:
        self._field("title").setText(plain(clue.title, TITLE_LIMIT))
        self._field("body").setText(plain(clue.body or clue.title, TEXT_LIMIT))
        source = self._field("source")
        if (at := source.findData(clue.source)) >= 0:
            source.setCurrentIndex(at)

    def as_of(self, paper: OnPaper, body: str, then: Callable[[], object]) -> RegisterSheet:
        """What was taken in on paper, at the moment that stands there; `then`: the next line."""
        self._paper, self._then = paper, then
        self.say(tr("补录事件　{at}", at=age.stamped(paper.told_at)))
        self._field("body").setText(plain(body, TEXT_LIMIT))
        return self

    # What is read and found.

    def _read(self, text: str) -> None:
        """The labelled parts of what was pasted go where nothing stands yet."""
        if self._scan("body", text):
            return
        told = registering.parts(text)
        if "title" in told or "address" in told:
            for name, said in told.items():
                if name != "body" and not self._field(name).text():
                    self._field(name).setText(said)
        elif told.get("phone") and not self._field("phone").text():
            self._field("phone").setText(told["phone"])
        self._timer.start()

    def _read_address(self, text: str) -> None:
        if not self._scan("address", text):
            self._timer.start()

    def _scan(self, name: str, text: str) -> bool:
        """Whether a code of a place was scanned or pasted: it is taken out, and says the place."""
        scan = place_codes.read(text)
        if scan is None:
            return False
        self._field(name).setText(scan.rest)
        if scan.sound:
            asked = self._context.desk.ask(lambda r: place_codes.find(r, scan.kind, scan.key))
            self._courier.follow(asked, self._scanned)
        else:
            self._refused(tr("地点码读错了，再扫一次"))
        return True

    def _scanned(self, found: Found | None) -> None:
        if found is None:
            self._refused(tr("本市没有这个地点码，请问清地点"))
            return
        spot = Spot(found.lon, found.lat, found.area, found.name, POINT, found.acc_m, True)
        self._spot, self._picked = spot, ""
        source = self._field("source")
        source.setCurrentIndex(max(0, source.findData(SCANNED)))
        self._offer([])
        self._picked = self._field("place").currentText()
        self._field("address").setText(plain(found.name, TITLE_LIMIT))

    def _hurry(self) -> None:
        """How urgent such events usually are."""
        row = rows("event_class").get(self._field("cls").currentData())
        if row is not None:
            self._field("urgency").setCurrentIndex(int(row.facts["urgency"]) - 1)
        self._show_card()

    # The answer card beside it.

    def _show_card(self) -> None:
        self.card = self._card()
        self.setAccessibleDescription("\n".join(map("　".join, self.card)))
        self.update()

    def _card(self) -> list[Part]:
        """Of the class that was chosen, else of the suggested one; at first what to ask anyhow."""
        cls, view = self._field("cls").currentData() or self._guess, self._draft()
        told = answer_card.name(cls, view)
        if self._guess and not self._field("cls").currentData():
            told += tr("（按建议分类）")
        head = [(tr("应答卡"), told)] if told else []
        return [*head, *answer_card.parts(cls, view)]

    def _draft(self) -> EventView:
        matter = self._matter(self._answers())
        return EventView(registering.draft(matter, self._context.live.picture.now), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.beside:
            paper = Paper(self, self._look)
            left = paper.width - self.beside
            paper.line(left + 0.5, HEAD, left + 0.5, paper.height - MARGIN)
            answer_card.draw(paper, left + MARGIN, HEAD + 18, self.beside - 2 * MARGIN, self.card)
            paper.end()

    def _seek(self) -> None:
        """Look for the place that the words name: those of the address, else the text."""
        told = self._answers()
        self._asked += 1
        no, names = self._asked, self._names

        def query(reader: Reader) -> tuple[int, Gazetteer, list[Found]]:
            known = names or Gazetteer(reader.find(Area), {})
            asked = (placing.find(reader, known, told[name]) for name in ("address", "body"))
            return no, known, next(filter(None, asked), [])

        self._courier.follow(self._context.desk.ask(query), self._take)

    def _take(self, answer: tuple[int, Gazetteer, list[Found]]) -> None:
        no, self._names, found = answer
        if no == self._asked:
            self._offer(found)
            self._compare()

    def _compare(self) -> None:
        """Look whether somebody told of it before, and of what class such matters are."""
        no, kept, view = self._asked, self._kept, self._draft()
        asked = self._context.desk.ask(lambda reader: (no, intake.of_view(reader, kept, view)))
        self._courier.follow(asked, self._tell_found)

    def _tell_found(self, answer: tuple[int, intake.Found]) -> None:
        no, found = answer
        if no == self._asked and not self.waits:
            self._guess = next((g.key for g in found.guesses.get("cls", ())), "")
            self._show_card()
            line = intake.in_words(found, self._context.live.picture)
            self._told.setVisible(bool(line))
            self._tell(line)

    def _offer(self, found: list[Found]) -> None:
        """The places to choose from, the most exact first; what was clicked stays before them."""
        field = self._field("place")
        field.clear()
        if self._spot is not None:
            told = "扫码所在　{place}" if self._spot.scanned else "图上所点　{place}"
            field.addItem(tr(told, place=plain(self._spot.name, 40)), self._spot)
        for one in found:
            field.addItem(_told_of(one, self._context.picture), one)
        field.addItem(tr("不定位"), None)
        field.setCurrentIndex(max(0, field.findText(self._picked)))

    def _pick(self) -> None:
        """What a person chose stays chosen while it is there."""
        self._picked = self._field("place").currentText()
        self._compare()

    # What is done.

    def _register(self, told: Answers) -> Future[Any]:
        do, matter = self._context.desk.do, self._matter(told)
        if self._paper is not None:
            asked = do(reentry.enter_event, paper=self._paper, matter=matter)
            self._courier.follow(asked, lambda done: self._then())
            return asked
        if self._clue is None:
            asked = do(registering.register, matter=matter)
        else:
            asked = do(clues.turn_clue, clue=self._clue.id, matter=matter)
        self._courier.follow(asked, self._registered)
        return asked

    def _registered(self, done: Any) -> None:
        for filed in done.of(FiledEvent):
            self._show(Subject(Event, filed.id))

    def _matter(self, told: Answers) -> Matter:
        where: Spot | Found | None = told.pop("place")
        matter = Matter(**told)
        if where is None:
            known = self._clue.area if self._clue is not None else ""
            return replace(matter, area=known or self._context.live.picture.sight.area)
        return replace(
            matter, lon=where.lon, lat=where.lat, area=where.area, placed=where.placed,
            acc_m=where.acc_m, address=matter.address or plain(where.name, TITLE_LIMIT),
        )  # fmt: skip

    def _field(self, name: str) -> Any:
        return self._fields[name][1]


def _fields(spot: Spot | None) -> dict[str, tuple[str, Field]]:
    classes = {"": tr("未定"), **{key: named("event_class", key) for key in rows("event_class")}}
    sources = {key: named("event_source", key) for key, row in rows("event_source").items()
               if row.facts["up"]}  # fmt: skip
    ways = {"": tr("未定"), **{key: named("handling_way", key) for key in rows("handling_way")}}
    urgency = choice({n: str(n) for n in registering.URGENCIES})
    urgency.setCurrentIndex(2)
    source = choice(sources)
    source.setCurrentIndex(max(0, source.findData(OWN_SOURCE)))
    return {
        "body": (tr("内容"), words("", TEXT_LIMIT)),
        "title": (tr("标题"), words("", TITLE_LIMIT)),
        "cls": (tr("分类"), choice(classes)),
        "urgency": (tr("紧急程度"), urgency),
        "address": (tr("地点"), words(spot.name if spot else "", TITLE_LIMIT)),
        "place": (tr("定位"), choice({})),
        "source": (tr("来源"), source),
        "way": (named("field", "way"), choice(ways)),
        "person": (tr("来电人"), words("", TITLE_LIMIT)),
        "phone": (tr("电话"), words("", TITLE_LIMIT)),
    }


def _told_of(one: Found, picture: Picture) -> str:
    """阳光苑 1 幢　楼栋　±20 m　澄湖街道桃浜社区"""
    near = tr("±{m} m", m=age.number(one.acc_m))
    return "　".join((plain(one.name, 40), tr(KINDS[one.kind]), near, place(picture, one.area)))
