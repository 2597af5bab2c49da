"""The form of directives: issue one, or answer the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox

from commandwall import behalf, codes, countersign, directives, exchange, requests, sitreps
from commandwall.answers import Answer
from commandwall.clock import MINUTE, Ms
from commandwall.countersign import Countersign
from commandwall.directives import DIRECTIVE_LIMIT, POSITION, Directive, Order
from commandwall.exchange import Decision, Message
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.posts import BACK, FRONT, roster, side_of
from commandwall.requests import Request, Wish
from widgets import age, links, order_sheets, order_ways
from widgets.acts import ActBar, KeyButton
from widgets.base import Command, Panel, Piece, Subject
from widgets.directives import debts_of, focus
from widgets.facts import place_at, place_of
from widgets.field_line import FieldLine
from widgets.i18n import language, tr
from widgets.incident_acts import about
from widgets.order_ways import ONWARD, Chosen, Held, owed_longest
from widgets.paper import Ink
from widgets.post_choice import PostChoice
from widgets.text import plain
from widgets.top_row import TopRow

KEPT = "directive"
"""Under what the half-typed words are kept."""


class OrderForm(Panel):
    """To whom, what, by when; then what may be answered, by the state of the chosen directive.

    `B`, `O`, `X` and `U` take the words as the need, the evidence, the reason, what is missing.
    """

    id = "order_form"
    title = "下达指令"
    acting = True
    entry = "I"
    shows = frozenset({Incident, Directive, Request, Answer, Countersign, Tick, SyncState})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = self.subject = self._said = self._for = ""
        self._given: tuple[Any, Held, Future[Any]] | None = None
        self._place: tuple[float, float, str] | None = None
        self._details: dict[str, Any] = {}
        self._source: Subject | None = None
        self._owes = TopRow(self.context.seconds)
        self._to, self._verb = PostChoice(self), QComboBox(self)
        self._words, self._minutes = QLineEdit(self), QSpinBox(self)
        self._words.setMaxLength(DIRECTIVE_LIMIT)
        # Enter only goes on: what gives the order is the key on its button.
        tab = Qt.FocusReason.TabFocusReason
        self._words.returnPressed.connect(lambda: self._minutes.setFocus(tab))
        self._words.textChanged.connect(self._typed)
        self._minutes.setRange(1, 24 * 60)
        self._minutes.setValue(30)
        self._bar, self._at = ActBar(self._acts(), self, spare=True), KeyButton("P", self)
        self._at.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._at.clicked.connect(self.take_place)
        self._lay_out()
        self._fill()
        self.context.drafts.follow(self._words, KEPT)

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
            self._owes.forget()
        elif subject.kind in links.KINDS.values():
            self.subject, self._source = subject.id, subject
            self._see()
        self._allow()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._allow()

    def commands(self) -> list[Command]:
        own = [Command(c.key, tr(c.name), c.run) for c in self._acts()]
        return [
            Command("I", tr("写指令"), self._words.setFocus),
            Command("P", tr("取图上地点"), self.take_place),
            Command("E", tr("优先、抄送、凭据、第二人"), self.ask_details),
            Command("Q", tr("请求"), self.ask_request),
            Command("Shift+Q", tr("情况报告"), self.ask_report),
            Command("Shift+I", tr("讯息"), self.send_message),
            Command("Shift+D", tr("决定"), self.ask_decision), *own,
        ]  # fmt: skip

    def aside(self) -> list[Piece]:
        """What the keys answer, where the directive points to, and what was just done."""
        where = tr("地点　{place}", place=plain(self._place[2], 40)) if self._place else ""
        view = self.context.map
        if view is not None and view.aims(self._aimed):
            where = tr("点地图取地点，Esc 不带地点")
        lines = (links.called(self._subject()), where, *self._told(), self._said)
        return [(line, Ink("age", "t1")) for line in lines if line]

    def take_place(self) -> None:
        """The place of what the map has chosen; the same once more: that of the next click."""
        view = self.context.map
        if view is None:
            return
        found = place_of(*view.chosen, self.picture)
        if found is None or found == self._place:
            self._place = None
            view.aim(self._aimed)
            view.setFocus()  # so that Esc reaches it
        else:
            self._place, self._said = found, ""
        self.update()

    def _aimed(self, lon: float, lat: float) -> None:
        if self.context.map is None:
            return
        code = self.context.map.area_at(lon, lat)
        self._place, self._said = (lon, lat, place_at(lon, lat, code, self.picture)), ""
        self.update()

    def issue(self) -> None:
        """Sign the directive as the post that this station took."""
        if self._is_meant():
            self.do(directives.issue, self._sent, order=self._order())

    def keep_draft(self) -> None:
        """Keep it for somebody of this side to sign."""
        if self._is_meant():
            self.do(directives.draft, self._sent, order=self._order())

    def supersede(self) -> None:
        """What is written stands for the chosen directive from now on."""
        found = self._chosen()
        if not isinstance(found, Directive) or not self._words.text().strip():
            self._ask_for_words(found)
            return
        self.do(directives.supersede, self._sent, directive=found.id, order=self._order())

    def fulfil(self) -> None:
        """A directive to the post in the form, of the chosen request, message or decision: in its
        words and at its place where nothing else is given."""
        found = self._linked()
        if found is None or isinstance(found, Directive):
            self._ask_for_words(None)
            return
        order = self._order_of(found)
        if isinstance(found, Request):
            self.do(requests.fulfil, self._sent, request=found.id, order=order)
        else:
            source = f"{type(found).__name__.lower()}:{found.id}"
            self.do(directives.issue, self._sent, order=replace(order, source=source))

    def _order_of(self, found: Request | Message | Decision) -> Order:
        order = self._order()
        order = replace(order, text=order.text or links.words(found))
        if self._place is None:
            order = replace(order, place=found.place, lon=found.lon, lat=found.lat)
        if not isinstance(found, Request):
            return order
        return replace(order, priority=found.priority, due_at=found.need_at or order.due_at)

    def send_message(self) -> None:
        """Send the words to the other side as a message, which owes nothing."""
        lon, lat, place = self._spot()
        incident, to_post = self._focus(), str(self._to.currentData() or "")
        typed, spot = self._words.text().strip(), exchange.Spot(place, lon, lat)
        if not typed:
            self._ask_for_words(self._subject())
        elif self._is_meant():
            facts = {"incident": incident, "to_post": to_post, "text": typed, "spot": spot}
            self.do(exchange.say, self._sent, **facts)

    def ask_decision(self) -> None:
        """What is decided and why; of the chosen message or request where there is one."""
        found, source = self._linked(), ""
        if isinstance(found, Message | Request):
            source = f"{type(found).__name__.lower()}:{found.id}"
        lon, lat, place = self._spot()
        facts = {"incident": self._focus(), "of": source, "spot": exchange.Spot(place, lon, lat)}
        typed, take = self._words.text().strip(), partial(self._resolve, facts)
        self.context.over(order_sheets.decision(self, typed, take))

    def _resolve(self, facts: dict[str, Any], told: dict[str, Any]) -> Future[Any]:
        return self.do(exchange.resolve, self._sent, **facts, **told)

    def answer(self, key: str) -> None:
        """Answer what is chosen by what its state and this side allow for a key."""
        found = self._subject() if key in ONWARD else self._chosen()
        if found is not None and self._chosen() is None and self._owes.new:
            self.refused(tr("最久的一项刚换，看过再按"))
            return
        heard = self._unconfirmed(found) if key == "Space" else None
        if heard is not None and key not in order_ways.offered(found, self.desk.post):
            self.do(behalf.confirm, self._issued, answer=heard.id)
            return
        way = order_ways.way(key, found, self.desk.post)
        typed = self._words.text().strip()
        if found is None or way is None or (way.words and not typed):
            self._ask_for_words(found)
            return
        facts: dict[str, Any] = {way.words: typed} if way.words else {}
        facts[type(found).__name__.lower()] = found.id
        asked = isinstance(found, Directive) and POSITION in found.needs.split(",")
        if key == "O" and asked and self._place is not None:
            facts |= {"lon": self._place[0], "lat": self._place[1]}
        self.do(way.act, self._issued, **facts)

    def speak(self) -> None:
        """Write down what somebody of the other side said by phone or radio."""
        found = self._chosen()
        if found is None or not order_ways.spoken(found):
            self._ask_for_words(None)
            return
        typed = self._words.text().strip()
        self.context.over(order_sheets.spoken(self, found, typed, self._spoken))

    def _spoken(self, record: str, said: order_sheets.Said) -> Future[Any]:
        voice, step, facts = said
        return self.do(
            behalf.record_for, self._issued, voice=voice, step=step, record=record, facts=facts
        )

    def sign(self) -> None:
        """Sign what somebody did with a second person on the phone."""
        word = self._unsigned(self._chosen())
        if word is not None:
            self.do(countersign.countersign, self._issued, word=word.id)

    def expect(self) -> None:
        """Ask in how many minutes it will be done."""
        found = self._chosen()
        if not isinstance(found, Directive):
            self._ask_for_words(None)
            return
        key = found.id
        self.context.over(order_sheets.expected(self, found, lambda eta_at: self.do(
            directives.expect, self._issued, directive=key, eta_at=eta_at
        )))  # fmt: skip

    def ask_details(self) -> None:
        """What most directives leave as it is: how urgent, who gets a copy, what proves it."""
        chosen = self.picture.directives.get(self.subject)
        self.context.over(order_sheets.details(self, chosen, self._take_details))

    def _take_details(self, told: dict[str, Any]) -> None:
        self._details = told
        self.update()

    def ask_request(self) -> None:
        """Ask the other side for something, at the place that was taken."""
        incident, lon, lat, place = self._focus(), *self._spot()
        wish = Wish(incident, str(self._to.currentData() or ""), "", "", place, lon, lat)
        sheet = order_sheets.request(self, wish, self._words.text().strip(), self._ask)
        self.context.over(sheet)

    def _ask(self, wish: Wish) -> Future[Any]:
        return self.do(requests.ask, self._sent, wish=wish)

    def ask_report(self) -> None:
        """What the front says of the scene."""
        self.context.over(order_sheets.report(self, self._focus(), lambda situation: self.do(
            sitreps.report_situation, self._issued, situation=situation
        )))  # fmt: skip

    def _spot(self) -> tuple[float | None, float | None, str]:
        return self._place or (None, None, "")

    def _order(self) -> Order:
        lon, lat, place = self._spot()
        return Order(
            self._focus(), str(self._to.currentData() or ""),
            self._words.text().strip(), verb=str(self._verb.currentData() or ""),
            place=place, lon=lon, lat=lat,
            due_at=Ms(self.picture.now + self._minutes.value() * MINUTE), **self._details,
        )  # fmt: skip

    def _focus(self) -> str:
        return focus(self.picture, self.incident)

    def _typed(self, text: str) -> None:
        """What is begun now is for the incident that is in focus now."""
        self._for = (self._for or self._focus()) if text else ""

    def _is_meant(self) -> bool:
        """Whether what is typed is still for the incident in focus: where another one came to the
        front meanwhile, that is said first, and the next press counts."""
        found = self.picture.incidents.get(self._focus())
        if found is None or self._for in ("", found.id):
            return True
        self._for, title = found.id, plain(found.title, 40)
        self._said = tr("已换为 {title}，再按一次下达", title=title)
        self.update()
        return False

    def _ask_for_words(self, found: Chosen | None) -> None:
        self._said = tr("先选一条") if found is None else tr("先写明情况")
        self._words.setFocus()
        self.update()

    def _told(self) -> list[str]:
        """What the details say that is not usual."""
        return order_sheets.unusual(self._details)

    def refused(self, why: str) -> None:
        self._said, self._given = why, None
        self.update()

    def wear(self) -> None:
        super().wear()
        self._bar.wear()
        self._fill()

    def heading(self) -> str:
        return self.title

    def _acts(self) -> list[Command]:
        names = order_ways.names().items()
        answers = [Command(key, name, partial(self.answer, key)) for key, name in names]
        return [
            Command("Ctrl+Return", "下达", self.issue), *answers,
            Command("Shift+A", "预计", self.expect), Command("S", "替代", self.supersede),
            Command("C", "代录", self.speak), Command("Shift+V", "补签", self.sign),
            Command("T", "转指令", self.fulfil), Command("Ctrl+S", "存草稿", self.keep_draft),
        ]  # fmt: skip

    def _linked(self) -> Any:
        """What of the chain is chosen, if it belongs to the incident in focus."""
        found = links.record(self.picture, self._source)
        return found if found is not None and found.incident == self._focus() else None

    def _chosen(self) -> Chosen | None:
        """The directive or request that is chosen, if it belongs to the incident in focus."""
        found = self.picture.directives.get(self.subject) or self.picture.requests.get(self.subject)
        return found if found is not None and found.incident == self._focus() else None

    def _subject(self) -> Chosen | None:
        """What is chosen; else what this post owes an answer to for longest, in this incident."""
        if (found := self._chosen()) is not None:
            return found
        return owed_longest(debts_of(self.picture, self._focus()), self.desk.post)

    def _see(self) -> None:
        """Tell the side that issued it: a person here has it before them."""
        found = self.picture.directives.get(self.subject)
        if found is not None and directives.unseen(found, self.desk.post):
            self.do(directives.see, directive=found.id)

    def do(self, act: Any, then: Any = None, **args: Any) -> Future[Any]:
        """As every act; `then` also gets the form as it stood when the act was given."""
        held = Held(self._words.text(), self._source, self._place, self._details)
        news = then == self._sent
        if news and self._given is not None and (act, held) == self._given[:2]:
            return self._given[2]  # pressed twice: the first is still being written
        answer = super().do(act, then and partial(then, held), **args)
        if news:
            self._given = act, held, answer
        return answer

    def _sent(self, held: Held, done: Any) -> None:
        self._given = None
        if self._place == held.place:
            self._place = None
        if self._details == held.details:
            self._details = {}
        self._issued(held, done)

    def _issued(self, held: Held, done: Any) -> None:
        """It is on disk. What a person wrote or chose while it was written stays theirs."""
        self._said = tr("已存盘 {time}", time=age.seconds(self.picture.now))
        self.context.drafts.used(KEPT, held.words)
        kinds = (Message, Decision, Request, Directive)
        made = [record for kind in kinds for record in done.of(kind)]
        for record in made[-1:] if self._source == held.source else ():
            self.chosen.emit(Subject(type(record), record.id))

    def _allow(self) -> None:
        found, chosen, post = self._subject(), self._chosen(), self.desk.post
        self._owes.see(found.id if found is not None else "")
        ways, more = order_ways.offered(found, post), order_ways.more(chosen, post)
        if chosen is None:
            ways = {key: name for key, name in ways.items() if key in ONWARD}
        if self._unconfirmed(found) is not None:
            ways.setdefault("Space", "本人确认")
        if isinstance(self._linked(), Message | Decision):
            more.append("T")
        more += ["Shift+V"] if self._unsigned(chosen) is not None else []
        incident = self.picture.incidents.get(self._focus())
        can = ["Ctrl+Return", "Ctrl+S"] if incident is not None else []
        keys = [*can[:1], *ways, *more, *can[1:]]
        why = {"Ctrl+Return": tr("没有突发事件")}
        if incident is not None:
            why = self._barred(keys, incident)
        self._bar.allow([key for key in keys if key not in why], why)
        self._bar.name(ways)

    def _barred(self, keys: Sequence[str], incident: Incident) -> dict[str, str]:
        """Keys of acts that are not for the post of this station, and why."""
        found, it = self._subject(), about(self.picture, incident)
        acts = {key: order_ways.act(key, found, self.desk.post) for key in keys}
        told = {key: self.barred(act, it) for key, act in acts.items()}
        return {key: why for key, why in told.items() if why}

    def _unconfirmed(self, found: Chosen | None) -> Answer | None:
        return order_ways.unconfirmed(found, self.desk.post, self.picture.answers.values())

    def _unsigned(self, found: Chosen | None) -> Countersign | None:
        return order_ways.unsigned(found, self.desk.post, self.picture.countersigns.values())

    def _lay_out(self) -> None:
        column, fields = self.body(), (self._to, self._verb, self._words, self._minutes, self._at)
        self._line = FieldLine(list(zip(fields, (5, 3, 10, 2, 0), strict=True)), self)
        column.addWidget(self._line)
        column.addWidget(self._bar)
        column.addStretch(1)

    def place(self) -> None:
        self._line.spread(self.width() / self.look.unit)

    def _fill(self) -> None:
        """The posts of the other side first: most orders cross."""
        here, there = (FRONT, BACK) if side_of(self.desk.post) == FRONT else (BACK, FRONT)
        self._to.fill([*roster().of_side(there), *roster().of_side(here)])
        kept = self._verb.currentData()
        self._verb.clear()
        for code in codes.load("directive_verb").values():
            self._verb.addItem(code.name(language()), code.id)
        self._verb.setCurrentIndex(max(0, self._verb.findData(kept)))
        self._name_fields()

    def _name_fields(self) -> None:
        self._at.setText(tr("地点"))
        self._at.setAccessibleName(tr("取图上地点"))
        self._minutes.setSuffix(" " + tr("分内"))
        self._words.setPlaceholderText(tr("内容，按 I 写，Ctrl 回车下达"))
        names = ((self._to, "发往岗位"), (self._verb, "动作"), (self._words, "指令内容"),
                 (self._minutes, "限时分钟"))  # fmt: skip
        for field, name in names:
            field.setAccessibleName(tr(name))
