"""Class and department by the text of an event: what is learned, what is kept, how sure it is."""

from __future__ import annotations

import random
from pathlib import Path

import civic
import pytest
from builders import NOW, an_event

from commandwall import suggesting
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.suggesting import FILE, Model

TOPICS = {"water": "自来水停水", "noise": "夜间施工噪音扰民", "light": "路灯不亮"}
PLACES = ("花园路", "城东小区", "港区", "石塘镇", "人民广场", "长江村")


def told(many: int = 150, mixed: float = 0.0) -> list[suggesting.Told]:
    """Rows whose words tell their class, but for a share that tells nothing."""
    drawn = random.Random(4)
    rows = []
    for i in range(many):
        cls = drawn.choice([*TOPICS])
        words = "请尽快处理" if drawn.random() < mixed else TOPICS[cls]
        rows.append((f"{drawn.choice(PLACES)}{words}", f"第{i}件，{words}，望解决", cls))
    return rows


def test_what_the_pool_learned_is_suggested_with_what_it_was_measured_by() -> None:
    learned = suggesting.learn(told())
    assert learned is not None
    best = learned.guess("港区自来水停水三天", "自来水停水，望解决")[0]
    assert (best.key, best.certainty > 0.8) == ("water", True)
    assert learned.guess("新村停水三天", "自来水没有")[0].key == "water"
    assert (learned.rows, learned.score.rows, learned.score.first) == (150, 30, 1.0)


def test_a_guess_of_words_that_tell_nothing_is_told_as_unsure() -> None:
    learned = suggesting.learn(told(400, mixed=0.4))
    assert learned is not None
    unsure = learned.guess("港区请尽快处理", "请尽快处理，望解决")[0].certainty
    sure = learned.guess("港区路灯不亮", "路灯不亮，望解决")[0].certainty
    assert unsure < 0.8 < 0.9 < sure
    assert learned.guess("zzzz", "") == []


def test_a_text_of_what_nobody_has_heard_of_is_told_as_unsure() -> None:
    """A few of its pairs stand in texts that were learned; most of it does not."""
    learned = suggesting.learn(told())
    assert learned is not None
    strange = learned.guess("花园路门磁超过一昼夜未动作", "独居老人家中传感器没有信号，路灯不亮")
    assert strange[0].certainty < 0.6


def test_too_few_rows_or_one_answer_teach_nothing() -> None:
    assert suggesting.learn(told(20)) is None
    assert suggesting.learn([(t, b, "water") for t, b, _ in told()]) is None
    assert suggesting.learn([]) is None


def test_a_model_is_learned_from_the_newest_rows_kept_and_read_back(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    mirror = Mirror(tmp_path / "m1.db")
    use(tmp_path, "m1.db")
    events = [
        an_event(id=f"e{i}", title=t, body=b, cls=c, unit="水务局" if c == "water" else "住建局",
                 state="CLOSED")
        for i, (t, b, c) in enumerate(told())
    ]  # fmt: skip
    events += [
        an_event(id=f"own{i}", title=f"{i} 号搅拌站", cls="搅拌站", state="CLOSED")
        for i in range(9)
    ]
    events.append(an_event(id="new", title="停水", body="自来水停水", cls="light", unit="路灯办"))
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in events]}, {})
    assert suggesting.load(tmp_path) is None
    suggesting.save(tmp_path, store.read(lambda r: suggesting.learn_from(r, NOW)))
    model = suggesting.load(tmp_path)
    assert model is not None
    assert (model.at, model.guess("unit", "停水", "自来水停水")[0].key) == (NOW, "水务局")
    assert model.learned["cls"].rows == 150  # what the list of classes knows, and was taken in
    mirror.close()
    store.close()


def test_a_damaged_model_is_none_and_is_learned_anew(tmp_path: Path) -> None:
    suggesting.save(tmp_path, Model(NOW, {}))
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 half of it")
    assert suggesting.load(tmp_path) is None


@pytest.mark.skipif(not civic.MESSAGES.is_file(), reason=f"real data is not here: {civic.DATA}")
def test_the_real_messages_are_classed_far_better_than_by_the_largest_class() -> None:
    """Learned from the first 70 % by time. The classes of the rest are those of the words of their
    titles, and of 102 those that a person read."""
    messages = civic.messages()
    cut = len(messages) * 7 // 10
    before = [(m.title, m.body, c) for m in messages[:cut] if (c := civic.of_words(m))]
    learned = suggesting.learn(before)
    assert learned is not None
    read = civic.of_reading()
    for told in ({m.number: civic.of_words(m) for m in messages[cut:]}, read):
        asked = [m for m in messages[cut:] if told.get(m.number)]
        guesses = [[g.key for g in learned.guess(m.title, m.body)] for m in asked]
        right = [told[m.number] for m in asked]
        pairs = list(zip(guesses, right, strict=True))
        first, three = (sum(r in g[:n] for g, r in pairs) / len(pairs) for n in (1, 3))
        largest = right.count(learned.answers[0]) / len(right)
        three_largest = sum(r in learned.answers[:3] for r in right) / len(right)
        print(f"\n{len(asked)} messages: first {first:.2f} (largest class {largest:.2f}), "
              f"of three {three:.2f} ({three_largest:.2f})")  # fmt: skip
        assert 1 - first < (1 - largest) * 2 / 3
        assert three > three_largest
