"""The page of what comes back at one place: its topics, their rows, and an event beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from builders import NOW, an_event
from world import an_area, told_by

from commandwall.areas import CITY, TOWN
from commandwall.clock import DAY, HOUR, Ms
from commandwall.monthly import Measure, MonthlyTopic
from commandwall.store.mirror import Mirror, use
from widgets.sheet import Sheet

SAID = ("附近搅拌站噪音大", "旁的搅拌站噪音扰民", "搅拌站夜里噪音不停", "又被搅拌站噪音吵醒")


def fill(folder: Path) -> None:
    mirror = Mirror(folder / "m1.db")
    use(folder, "m1.db")
    rows = [
        an_event(id=f"n{i}", title=f"石桥新城{said}", body=said, address="", area="t1",
                 reported_at=Ms(NOW - i * DAY))
        for i, said in enumerate(SAID)
    ]  # fmt: skip
    rows += [an_event(id=f"x{i}", title="停水", body=f"{i} 栋停水") for i in range(9)]
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
    mirror.close()


def test_a_topic_is_told_opens_its_rows_and_each_row_opens_beside(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    fill(world.settings.data_dir)
    wall = make_wall(1920, 1080)
    wall.open_page("topics")
    world.tick()
    panel = wall.page.panels["topics"]
    qtbot.waitUntil(lambda: bool(panel.keys))
    told = told_by(wall, "topics")
    assert "石桥新城" in told and "4" in told and "近 90 天　1 题" in told
    panel._step(1)
    assert [*panel.keys[1:]] == ["n0", "n1", "n2", "n3"]
    assert "石桥新城又被搅拌站噪音吵醒" in told_by(wall, "topics")
    panel._step(1)
    card = wall.page.panels["event_card"]
    qtbot.waitUntil(lambda: card.view is not None)
    assert card.view.event.id == "n0"


def test_a_pool_without_any_says_so(world: Any, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall(1920, 1080)
    wall.open_page("topics")
    world.tick()
    panel = wall.page.panels["topics"]
    qtbot.waitUntil(lambda: panel.at is not None)
    assert "没有反复出现的问题" in told_by(wall, "topics")


def test_hot_words_and_what_rises_are_told_by_key_and_open_their_rows(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    week = [
        an_event(id=f"h{n}", title="河面蓝藻发臭", body="", cls="river", area="t1",
                 reported_at=Ms(NOW - n * HOUR))
        for n in range(9)
    ]  # fmt: skip
    before = [
        an_event(id=f"b{n}", title="路灯不亮", body="", cls="light", area="t1",
                 reported_at=Ms(NOW - 8 * DAY - n * 6 * HOUR))
        for n in range(80)
    ]  # fmt: skip
    world.copied(
        an_area("c", CITY, "临江市", ""), an_area("t1", TOWN, "石塘镇", "c"), *week, *before
    )
    wall = make_wall(1920, 1080)
    wall.open_page("topics")
    world.tick()
    panel, keys = wall.page.panels["topics"], key_of(wall.page.panels["topics"])
    keys["F2"]()
    assert "正在查找" in told_by(wall, "topics")
    qtbot.waitUntil(lambda: bool(panel.keys), timeout=30_000)
    told = told_by(wall, "topics")
    assert "蓝藻" in told and "此前没有" in told and "石塘镇 9" in told
    assert "近 7 天 9 件，与此前 21 天 80 件比" in told
    panel._step(1)
    qtbot.waitUntil(lambda: "河面蓝藻发臭" in told_by(wall, "topics"))
    assert [*panel.keys[1:]] == [f"h{n}" for n in range(9)]
    panel._step(1)
    card = wall.page.panels["event_card"]
    qtbot.waitUntil(lambda: card.view is not None and card.view.event.id == "h0")
    keys["F5"]()
    assert "石塘镇　近 7 天" in told_by(wall, "topics")
    keys["F3"]()
    qtbot.waitUntil(lambda: "河道" in told_by(wall, "topics"))
    panel._step(1)
    qtbot.waitUntil(lambda: "h8" in panel.keys)


def key_of(panel: Any) -> dict[str, Any]:
    return {command.key: command.run for command in panel.commands()}


def test_a_monthly_topic_by_keys_from_candidate_to_result(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    rows = [
        an_event(id=f"m{n}", title="夜间施工噪音", cls="noise", area="t1",
                 reported_at=Ms(NOW - (n + 1) * HOUR))
        for n in range(9)
    ]  # fmt: skip
    world.copied(an_area("c", CITY, "临江市", ""), an_area("t1", TOWN, "石塘镇", "c"), *rows)
    world.desk.take_post("chief", "陈").result()
    wall = make_wall(1920, 1080)
    wall.open_page("topics")
    world.tick()
    panel, keys = wall.page.panels["topics"], key_of(wall.page.panels["topics"])
    keys["F4"]()
    qtbot.waitUntil(lambda: bool(panel.keys))
    assert "候选第 1" in told_by(wall, "topics") and "涉及 1 个镇街" in told_by(wall, "topics")

    def act(key: str, **typed: str) -> None:
        """A key, what is typed in its sheet, and what came of it in the picture."""
        keys[key]()
        sheet = wall.findChildren(Sheet)[-1]
        for name, text in typed.items():
            sheet._fields[name][1].setText(text)
        sheet.accept()
        qtbot.waitUntil(lambda: not wall.findChildren(Sheet))
        found = {
            kind: world.store.read(lambda r, k=kind: r.find(k)) for kind in (MonthlyTopic, Measure)
        }
        world.tick(found)

    panel._step(1)
    act("P", lead="城管局")
    qtbot.waitUntil(lambda: "选前 30 天 9 件" in told_by(wall, "topics"))
    panel.choose(panel.keys[0])
    act("U", task="夜间联合巡查")
    qtbot.waitUntil(lambda: "夜间联合巡查" in told_by(wall, "topics"))
    assert "措施完成 0/1" in told_by(wall, "topics")
    qtbot.waitUntil(lambda: "m8" in panel.keys)  # the rows of its class stand under the measures
    keys["S"]()
    wall.findChildren(Sheet)[-1]._fields["result"][1].setText("下降")
    wall.findChildren(Sheet)[-1].accept()
    qtbot.waitUntil(
        lambda: "还有 1 项措施在办" in told_by(wall, "topics") or "还有 1 项措施在办" in said(wall)
    )
    wall.findChildren(Sheet)[-1].close()
    panel.choose(panel.keys[1])
    act("S", result="查处 3 起")
    panel.choose(panel.keys[0])
    act("S", result="下降三成")
    qtbot.waitUntil(lambda: "已结题" in told_by(wall, "topics"))
    assert "下降三成" in told_by(wall, "topics") and "查处 3 起" in told_by(wall, "topics")


def said(wall: Any) -> str:
    return " ".join(sheet._told.text() for sheet in wall.findChildren(Sheet))
