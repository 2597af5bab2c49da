"""The pair as two sides work on it: what is offered, what is owed, and how one thing leads on."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from builders import NOW, an_opening, an_order
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtTest import QTest

from commandwall import directives, exchange, incidents, requests
from commandwall.answers import Answer
from commandwall.attachments import AttachedFile
from commandwall.clock import MINUTE, SECOND
from commandwall.countersign import Countersign
from commandwall.directives import Directive
from commandwall.exchange import Decision, Message
from commandwall.incidents import Incident
from commandwall.requests import Request, Wish
from commandwall.sitreps import SituationReport
from widgets.base import Subject
from widgets.sheet import Sheet

KINDS = (
    Incident, Directive, Request, Answer, Countersign, Message, Decision, SituationReport,
)  # fmt: skip


def read(panel: Any) -> str:
    panel.grab()
    return str(panel.accessibleDescription())


class Pair:
    """The command page of one wall, which acts for either side."""

    def __init__(self, wall: Any, world: Any, qtbot: Any) -> None:
        self.wall, self.world, self.qtbot = wall, world, qtbot
        self.act("chief", incidents.open_incident, opening=an_opening(response=2))
        wall.open_page("command")
        self.incident = self.all(Incident)[0].id

    def act(self, post: str, act: Any, **facts: Any) -> None:
        self.world.clock.at += SECOND
        self.world.desk.take_post(post, "陈").result()
        self.world.desk.do(act, **facts).result()
        self.tick()

    def tick(self) -> None:
        self.world.tick({kind: self.all(kind) for kind in KINDS})

    def all(self, kind: type[Any]) -> list[Any]:
        return self.world.store.read(lambda r: r.find(kind))

    def panel(self, name: str) -> Any:
        return self.wall.page.panels[name]

    def press(self, post: str, key: str, words: str = "", on: Subject | None = None) -> None:
        """A key of the form as that post, with words typed before; waits for the journal."""
        self.world.desk.take_post(post, "李" if post == "front" else "陈").result()
        form = self.panel("order_form")
        if on is not None:
            self.wall.choose(on)
        form._words.setText(words)
        form._allow()
        button = form._bar.button(key)
        assert not button.isHidden(), key
        before = self.lines()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.qtbot.waitUntil(lambda: self.lines() > before or self.sheet() is not None)
        self.tick()

    def sheet(self) -> Any:
        return next((s for s in self.wall.findChildren(Sheet) if s.isVisible()), None)

    def lines(self) -> int:
        return int(self.world.store.read(lambda r: r.value("SELECT count(*) FROM journal")))

    def offered(self, post: str, on: Subject) -> set[str]:
        """The words on the buttons that stand there now."""
        self.world.desk.take_post(post, "陈").result()
        self.wall.choose(on)
        bar = self.panel("order_form")._bar
        return {b.text() for b in bar._buttons.values() if not b.isHidden()}


@pytest.fixture
def pair(make_wall: Any, world: Any, qtbot: Any) -> Pair:
    return Pair(make_wall(), world, qtbot)


def test_a_cancelled_order_is_owed_until_the_front_presses_space(pair: Pair) -> None:
    pair.act("chief", directives.issue, order=an_order(pair.incident))
    order = Subject(Directive, pair.all(Directive)[0].id)
    assert {"接令", "拒绝", "代录"} <= pair.offered("front", order)
    assert "取消" in pair.offered("chief", order) and "接令" not in pair.offered("chief", order)
    pair.press("chief", "X", "误报", order)
    assert "取消，误报" in read(pair.panel("directives"))
    assert "欠知悉作废" in read(pair.panel("front_command"))
    pair.press("front", "Space", on=order)
    assert "不欠答复" in read(pair.panel("front_command"))


def test_what_is_chosen_and_typed_while_an_act_is_written_stays(pair: Pair) -> None:
    for words in ("封路", "断电"):
        pair.act("chief", directives.issue, order=an_order(pair.incident, text=words))
    first, second = (Subject(Directive, d.id) for d in pair.all(Directive))
    form, before = pair.panel("order_form"), pair.lines()
    pair.wall.choose(first)
    form._words.setText("误报")
    form.answer("X")
    pair.wall.choose(second)
    form._words.setText("等电力")
    pair.qtbot.waitUntil(lambda: pair.lines() > before and "已存盘" in read(form))
    assert (form.subject, form._words.text()) == (second.id, "等电力")
    assert pair.panel("directives").current == second.id


def test_only_a_chosen_order_is_taken_back_refused_or_done(pair: Pair) -> None:
    """With nothing chosen a key answers what is owed for longest: another station may answer that
    one between the eye and the key, and no other must be cancelled or called done for it."""
    for words in ("封路", "断电"):
        pair.act("chief", directives.issue, order=an_order(pair.incident, text=words))
    first, second = pair.all(Directive)
    pair.world.desk.take_post("front", "李").result()
    form = pair.panel("order_form")
    pair.wall.choose(Subject(Incident, pair.incident))
    pair.tick()
    assert "第 1 号" in read(form)  # what Space would acknowledge stands there
    shown = {b.text() for b in form._bar._buttons.values() if not b.isHidden()}
    assert "接令" in shown and not {"拒绝", "完成", "受阻"} & shown
    pair.act("front", directives.acknowledge, directive=first.id)
    form._words.setText("不在我处")
    before = pair.lines()
    for key in ("X", "O", "B", "U", "W"):
        form.answer(key)
    for act in (form.supersede, form.speak, form.expect, form.sign):
        act()
    pair.world.desk.keep("after", "1").result()  # whatever was asked is written by now
    assert pair.lines() == before and pair.sheet() is None and "先选一条" in read(form)
    pair.wall.choose(Subject(Directive, second.id))
    form._words.setText("不在我处")
    form.answer("X")
    pair.qtbot.waitUntil(lambda: pair.all(Directive)[1].state == "REFUSED")


def test_an_order_chosen_in_another_incident_is_no_longer_meant(pair: Pair) -> None:
    pair.act("chief", directives.issue, order=an_order(pair.incident))
    order = pair.all(Directive)[0]
    pair.wall.choose(Subject(Directive, order.id))
    pair.act("chief", incidents.open_incident, opening=an_opening(title="另一处"))
    form, before = pair.panel("order_form"), pair.lines()
    assert "第 1 号" not in read(form)
    form._words.setText("误报")
    form.answer("X")
    form.supersede()
    pair.world.desk.keep("after", "1").result()
    assert pair.lines() == before and "先选一条" in read(form)


def test_a_new_incident_does_not_get_the_order_that_is_being_typed(pair: Pair) -> None:
    form, first = pair.panel("order_form"), pair.incident
    form._to.setCurrentIndex(form._to.findData("front"))
    form._words.setText("封控港五路")
    form.ask_decision()
    decision = pair.sheet()
    pair.act("chief", incidents.open_incident, opening=an_opening(title="化工厂火灾"))
    decision._fields["why"][1].setText("近学校")
    decision.accept()
    pair.qtbot.waitUntil(lambda: pair.all(Decision) != [])
    assert pair.all(Decision)[0].incident == first
    form._words.setText("封控港五路")
    other = next(i.id for i in pair.all(Incident) if i.id != first)
    form._for = first  # as it was begun before the other one came
    for act in (form.issue, form.send_message, form.keep_draft):
        form._for = first
        act()
        assert "已换为 化工厂火灾" in read(form)
    pair.world.desk.keep("after", "1").result()
    assert pair.all(Directive) == [] and pair.all(Message) == []
    form.issue()  # said once, then it counts
    pair.qtbot.waitUntil(lambda: pair.all(Directive) != [])
    assert pair.all(Directive)[0].incident == other


def test_what_came_to_be_owed_longest_just_now_is_not_answered_unread(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("封控港五路", "关闭泵站"):
        pair.act("chief", directives.issue, order=an_order(pair.incident, text=words))
    first, second = sorted(pair.all(Directive), key=lambda d: d.no)
    pair.world.desk.take_post("front", "李").result()
    form, now = pair.panel("order_form"), [0.0]
    pair.tick()
    monkeypatch.setattr(form._owes, "_seconds", lambda: now[0])
    pair.act("front", directives.acknowledge, directive=first.id)  # at another station
    form.answer("Space")
    pair.world.desk.keep("after", "1").result()
    state = lambda: pair.world.store.read(lambda r: r.get(Directive, second.id)).state  # noqa: E731
    assert state() != directives.DIRECTIVE_ACKED and "刚换，看过再按" in read(form)
    now[0] += 1
    form.answer("Space")
    pair.qtbot.waitUntil(lambda: state() == directives.DIRECTIVE_ACKED)


def test_what_is_pressed_twice_gives_one_order(pair: Pair) -> None:
    form, before = pair.panel("order_form"), pair.lines()
    form._to.setCurrentIndex(form._to.findData("front"))
    form._words.setText("封控港五路")
    form.issue()
    form.issue()
    pair.qtbot.waitUntil(lambda: pair.lines() > before and form._words.text() == "")
    form._words.setText("封控港五路")  # the same words later are another order
    form.issue()
    pair.qtbot.waitUntil(lambda: form._words.text() == "")
    assert [d.no for d in pair.all(Directive)] == [1, 2]


def test_a_sheet_that_had_to_read_first_comes_over_no_other(pair: Pair) -> None:
    """Both readers are busy, as a long look back keeps them; the person goes on with a report."""
    go, close = threading.Event(), next(c for c in pair.wall.all_commands() if c.key == "Shift+X")
    for _ in range(2):
        pair.world.desk.ask(lambda reader: go.wait(20))
    close.run()
    pair.panel("order_form").ask_report()
    sheet = pair.sheet()
    sheet._fields["now"][1].setText("火已控制")
    late: list[object] = []
    pair.panel("order_form").ask(lambda reader: 0, late.append)
    go.set()
    pair.qtbot.waitUntil(lambda: late != [])
    pair.qtbot.wait(1)  # one turn of the screen's thread
    assert pair.sheet() is sheet and sheet._fields["now"][1].text() == "火已控制"
    sheet.close()
    close.run()
    pair.qtbot.waitUntil(lambda: pair.sheet() is not None and "结束" in pair.sheet()._title)


def test_what_is_not_for_a_post_is_greyed_and_says_whose_it_is(pair: Pair) -> None:
    pair.act("chief", directives.issue, order=an_order(pair.incident))
    order = Subject(Directive, pair.all(Directive)[0].id)
    assert {"下达", "取消", "替代"} <= pair.offered("p1", order)
    bar = pair.panel("order_form")._bar
    for key in ("Ctrl+Return", "X", "S"):
        assert not bar.button(key).isEnabled(), key
        assert "可由 长" in bar.button(key).accessibleDescription(), key
    close = next(c for c in pair.wall.all_commands() if c.key == "Shift+X")
    close.run()
    assert pair.sheet() is None and "可由 长" in read(pair.panel("incident_strip"))
    pair.world.desk.take_post("chief", "陈").result()
    close.run()
    pair.qtbot.waitUntil(lambda: pair.sheet() is not None)
    assert "可由 长" not in read(pair.panel("incident_strip"))


def test_a_chosen_order_shows_all_its_words_as_they_were_written(pair: Pair) -> None:
    words = "在港区警戒，" + "逐户敲门，记下人数和去向；" * 5 + "最后报指挥部。"
    pair.act("chief", directives.issue, order=an_order(pair.incident, text=words))
    pair.act("chief", directives.issue, order=an_order(pair.incident, text="断电"))
    listed = pair.panel("directives")
    told = read(listed).replace(" ", "")
    assert "在现场警戒" in told and "最后报指挥部" not in told and "断电" in told
    below = (listed.top + listed.head + listed.row + 8) * listed.look.unit
    assert listed.row_at(below) == listed.keys[1]
    listed.choose(listed.keys[0])
    told = read(listed).replace(" ", "")
    assert words in told and "断电" in told
    assert listed.row_at(below) == listed.keys[0]  # it takes more room, and all of it is its own


def test_what_is_late_says_what_to_do_on_both_sides(pair: Pair) -> None:
    pair.act("chief", directives.issue, order=an_order(pair.incident))
    pair.world.clock.at = NOW + 4 * MINUTE
    pair.tick()
    for panel in ("directives", "front_command"):
        assert "改打电话" in read(pair.panel(panel))
    pair.world.clock.at = NOW + 95 * MINUTE
    pair.tick()
    assert "情况报告" in read(pair.panel("front_command"))
    assert "未报，催报" in read(pair.panel("front_command"))


def test_the_back_grants_a_request_by_a_directive_in_one_step(pair: Pair) -> None:
    wish = Wish(pair.incident, "chief", "泡沫液", "6 吨", "港五路", 120.2, 31.1)
    pair.act("front", requests.ask, wish=wish)
    asked = Subject(Request, pair.all(Request)[0].id)
    assert "请求 泡沫液" in read(pair.panel("back_command"))
    assert {"同意", "不予", "部分同意", "转指令"} <= pair.offered("chief", asked)
    pair.press("chief", "T", on=asked)
    (made,) = pair.all(Directive)
    assert (made.text, made.place, made.source) == ("泡沫液 6 吨", "港五路", f"request:{asked.id}")
    assert "转第 1 号指令" in read(pair.panel("directives"))


def test_an_answer_by_phone_is_written_down_with_both_names(pair: Pair) -> None:
    pair.act("chief", directives.issue, order=an_order(pair.incident))
    order = Subject(Directive, pair.all(Directive)[0].id)
    pair.press("chief", "C", on=order)
    sheet = pair.sheet()
    sheet._fields["person"][1].setText("李志强")
    sheet.accept()
    pair.qtbot.waitUntil(lambda: pair.all(Answer) != [] and pair.sheet() is None)
    pair.tick()
    assert "李* 电话接令，陈* 代录" in read(pair.panel("directives"))
    pair.press("front", "Space", on=order)
    assert "本人" in read(pair.panel("directives"))


def test_a_message_leads_to_its_decision_and_directive_and_back(pair: Pair) -> None:
    spot = exchange.Spot("北口", 120.2, 31.1)
    pair.act("front", exchange.say, incident=pair.incident, to_post="chief", text="北口有烟",
             spot=spot)  # fmt: skip
    message = Subject(Message, pair.all(Message)[0].id)
    pair.act("chief", exchange.resolve, incident=pair.incident, what="先封北口", why="近学校",
             of=f"message:{message.id}", spot=spot)  # fmt: skip
    decision = Subject(Decision, pair.all(Decision)[0].id)
    pair.press("chief", "T", on=decision)
    panel, (order,) = pair.panel("directives"), pair.all(Directive)
    assert (order.text, order.source) == ("先封北口", f"decision:{decision.id}")
    assert "据决定 1" in read(panel) and "决定 1　长　先封北口" in read(panel)
    pair.wall.choose(message)
    panel.go_on()
    panel.go_on()
    assert panel.current == order.id
    panel.go_back()
    assert panel._at == decision
    pair.wall.resize(2560, 1440)  # where there is room all of it is listed
    told = read(pair.panel("exchange"))
    assert "成决定 1" in told and "成第 1 号" in told and "因 近学校" in told


def test_a_photo_dropped_on_the_page_belongs_to_the_directive_below_it(pair: Pair) -> None:
    pair.act("chief", directives.issue, order=an_order(pair.incident))
    panel, image = pair.panel("directives"), QMimeData()
    image.setImageData(QImage(8, 8, QImage.Format.Format_RGB32))
    spot = QPointF(200, (panel.top + panel.head + 10) * panel.look.unit)
    for at in (spot, QPointF(200, panel.height() - 4)):
        drop = QDropEvent(
            at, Qt.DropAction.CopyAction, image, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        before = len(pair.all(AttachedFile))
        panel.dropEvent(drop)
        pair.qtbot.waitUntil(lambda n=before: len(pair.all(AttachedFile)) > n)
    assert [f.kind for f in pair.all(AttachedFile)] == ["directive", "incident"]


def test_what_was_typed_in_a_sheet_outlives_a_refusal(pair: Pair) -> None:
    """Three of five fields of a report are typed; the one that must be there is not."""
    pair.world.desk.take_post("front", "李").result()
    next(c for c in pair.wall.all_commands() if c.key == "Shift+Q").run()
    sheet = pair.sheet()
    fields = {name: field for name, (_, field) in sheet._fields.items()}
    for name in ("casualties", "forces", "needs"):
        fields[name].setText("伤 2 人")
    sheet.accept()
    pair.qtbot.waitUntil(lambda: "缺 现状" in sheet._told.text())
    assert sheet.isVisible() and fields["needs"].text() == "伤 2 人"
    fields["now"].setText("泄漏点已找到")
    sheet.accept()
    pair.qtbot.waitUntil(lambda: pair.sheet() is None)
    assert [r.needs for r in pair.all(SituationReport)] == ["伤 2 人"]
