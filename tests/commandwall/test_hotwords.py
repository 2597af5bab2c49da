"""Hot words and what rises: which are told, with exactly the rows that hold them, and which not."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple
from pathlib import Path

import civic
import pytest
from builders import NOW, an_event
from scipy import stats
from world import an_area

from commandwall import codes, hotwords, mentions, rising, surge
from commandwall.areas import CITY, TOWN
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.events import Event
from commandwall.hotwords import Telling
from commandwall.mentions import Mention
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use

REAL = pytest.mark.skipif(not civic.MESSAGES.is_file(), reason=f"not here: {civic.DATA}")
SINCE = Ms(NOW - 7 * DAY)
USUAL = ("路灯不亮，晚上很黑", "垃圾桶没人清运", "自来水停水半天")
ALGAE = "河面有蓝藻，臭味很重"


def telling(n: int, text: str, at: int, town: str = "t1") -> Telling:
    return Telling(f"e{n}", Ms(at), town, text)


def city() -> list[Telling]:
    """Four weeks of the same three things, and a week in which algae come up in one town."""
    past = [telling(n, USUAL[n % 3], SINCE - n * 3 * HOUR, f"t{n % 2}") for n in range(1, 200)]
    same = [telling(300 + n, USUAL[n % 3], NOW - n * 3 * HOUR, f"t{n % 2}") for n in range(50)]
    algae = [telling(500 + n, f"石塘镇石桥新城{ALGAE}", NOW - n * HOUR) for n in range(12)]
    return [*past, *same, *algae]


def test_what_is_told_oftener_than_before_is_hot_with_its_rows() -> None:
    found = hotwords.find(city(), {"石塘镇"}, SINCE)
    whole = [word for word in found if not word.town]
    assert "蓝藻" in {w for word in whole for w in (word.word, *word.beside)}
    (hot,) = whole  # one matter, one row
    assert hot.events == tuple(f"e{500 + n}" for n in range(12))
    assert (hot.usual, hot.towns, hot.places) == (0, (("t1", 12),), (("石桥新城", 12),))
    assert {word.town for word in found} == {"", "t1"}


def test_places_people_and_common_words_are_not_hot() -> None:
    told = {
        w for word in hotwords.find(city(), {"石塘镇"}, SINCE) for w in (word.word, *word.beside)
    }
    assert not told & {"石塘镇", "石塘", "石桥新城", "新城", "路灯", "垃圾桶", "停水"}
    spoken = [telling(900 + n, "市民王建国反映问题严重", NOW - n * HOUR) for n in range(20)]
    assert hotwords.find([*city(), *spoken], {"石塘镇"}, SINCE) == hotwords.find(
        [*city(), *(telling(900 + n, "。", NOW - n * HOUR) for n in range(20))], {"石塘镇"}, SINCE
    )


def test_a_busy_week_lifts_no_word_and_few_rows_are_no_heat() -> None:
    calm = [t for t in city() if not t.title.endswith(ALGAE)]
    busy = [telling(600 + n, USUAL[n % 3], NOW - n * HOUR, f"t{n % 2}") for n in range(150)]
    assert hotwords.find([*calm, *busy], set(), SINCE) == []
    assert hotwords.find([*calm, *city()[-4:]], set(), SINCE) == []


def test_the_score_is_the_log_likelihood_ratio() -> None:
    for n, now, k, before in ((12, 62, 3, 400), (5, 100, 0, 900), (40, 7, 60, 28)):
        share = now / (now + before)
        expected = [(n + k) * share, (n + k) * (1 - share)]
        wanted = stats.power_divergence([n, k], expected, lambda_="log-likelihood").statistic
        assert surge.score(n, now, k, before) == pytest.approx(wanted)
    assert surge.score(3, 100, 30, 100) == surge.score(3, 100, 0, 0) == 0


def pool(folder: Path, events: list[Event]) -> None:
    areas = [an_area("c", CITY, "临江市", ""), an_area("t1", TOWN, "石塘镇", "c"),
             an_area("t2", TOWN, "沙浦镇", "c")]  # fmt: skip
    mirror = Mirror(folder / "m1.db")
    mirror.take({"area": [astuple(a) for a in areas], "event": [astuple(e) for e in events]}, {})
    mirror.close()
    use(folder, "m1.db")


def event(n: int, at: int, **more: object) -> Event:
    facts = {"area": "t1", "title": USUAL[n % 3], "body": "", "address": "", "cls": "light"}
    return an_event(id=f"e{n}", reported_at=Ms(at), **{**facts, **more})


def told_before() -> list[Event]:
    return [event(n, SINCE - n * 4 * HOUR) for n in range(1, 160)]


def test_a_look_at_the_pool_is_a_child_that_tells_what_it_compared(tmp_path: Path) -> None:
    algae = [event(500 + n, NOW - n * HOUR, title=ALGAE, cls="river") for n in range(12)]
    pool(tmp_path, [*told_before(), *algae, event(999, NOW + HOUR, title=ALGAE)])
    open_store(tmp_path).close()
    found = hotwords.Search(tmp_path, NOW).answer.result(60)
    assert (found.now, found.before, found.since) == (12, 159, SINCE)
    assert found.first == SINCE - 159 * 4 * HOUR
    assert [(word.town, len(word.events)) for word in found.words] == [("", 12), ("t1", 12)]


def test_what_is_said_outside_counts_beside_the_pool_and_keeps_its_words(tmp_path: Path) -> None:
    pool(
        tmp_path, [*told_before(), *(event(500 + n, NOW - n * HOUR, title=ALGAE) for n in range(3))]
    )
    said = [Mention(f"m{n}", Ms(NOW - n * HOUR), f"石塘{ALGAE}", source="论坛") for n in range(4)]
    mentions.keep(tmp_path, [*said, Mention("old", Ms(NOW - 60 * DAY), ALGAE)])
    store = open_store(tmp_path)
    found = store.read(lambda reader: hotwords.of_pool(reader, NOW))
    store.close()
    assert (found.now, found.before, found.outside) == (7, 159, 4)
    for word in found.words:
        assert (word.n, len(word.events), word.outside) == (7, 3, 4)
        assert [one.id for one in word.mentions] == ["m0", "m1", "m2", "m3"]
    assert {word.town for word in found.words} == {"", "t1"}


def test_of_a_past_that_is_too_large_one_of_so_many_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A city with thousands of reports a day has weeks that no limit of rows reaches back over."""
    told = [ALGAE, *USUAL * 3][:8]
    past = [event(n, SINCE - n * 10 * MINUTE, title=told[n % 8]) for n in range(1, 2000)]
    algae = [event(5000 + n, NOW - n * HOUR, title=ALGAE, cls="river") for n in range(90)]
    pool(tmp_path, [*past, *algae])
    store, most = open_store(tmp_path), codes.limit
    fewer = {"hot_rows": 250.0}
    monkeypatch.setattr(codes, "limit", lambda name, *on: fewer.get(name) or most(name, *on))
    found = store.read(lambda reader: hotwords.of_pool(reader, NOW))
    assert found.every == 8 and found.now == 90 and 200 < found.before < 275
    assert found.first < SINCE - 12 * DAY, "the sample goes back as far as the past does"
    (hot,) = [w for w in found.words if not w.town and "蓝藻" in (w.word, *w.beside)]
    assert hot.n == 90 and 4 < hot.usual < 20, "a share of the past: 11 of 90"
    store.close()


def test_classes_that_rise_are_told_for_the_city_and_the_town_alone_that_has_them(
    tmp_path: Path,
) -> None:
    more = [event(500 + n, NOW - n * HOUR, cls="river") for n in range(12)]
    pool(tmp_path, [*told_before(), *more, *(event(700 + n, NOW - n * DAY, area="t2")
                                             for n in range(4))])  # fmt: skip
    store = open_store(tmp_path)
    found = store.read(lambda reader: rising.of_pool(reader, NOW))
    assert [(one.town, one.cls, one.n, one.usual) for one in found] == [
        ("", "river", 12, 0), ("t1", "river", 12, 0),
    ]  # fmt: skip
    assert found[0].filter(NOW).area == ""
    store.close()


def test_without_a_past_nothing_is_said_to_rise(tmp_path: Path) -> None:
    pool(tmp_path, [event(n, NOW - n * HOUR, title=ALGAE) for n in range(30)])
    store = open_store(tmp_path)
    assert store.read(lambda reader: rising.of_pool(reader, NOW)) == []
    found = store.read(lambda reader: hotwords.of_pool(reader, NOW))
    assert (found.words, found.now, found.before) == ((), 30, 0)
    store.close()


@REAL
def test_the_hot_words_of_the_real_messages_stand_in_their_rows() -> None:
    """Of the four fullest weeks, each against the four before it."""
    events = [civic.as_event(m) for m in civic.messages()]
    texts = {e.id: Telling(e.id, e.reported_at, e.area, e.title, e.body[:300]) for e in events}
    weeks = Counter((day := e.reported_at // DAY) - day % 7 for e in events)
    found = 0
    for week, _ in weeks.most_common(4):
        since = Ms(week * DAY)
        some = [t for t in texts.values() if since - 28 * DAY <= t.at < since + 7 * DAY]
        for word in hotwords.find(some, set(), since):
            held = [texts[key] for key in word.events]
            assert all(t.at >= since and word.word in t.title + t.body for t in held)
            assert len(held) > 2 * word.usual
            found += not word.town
    assert found
