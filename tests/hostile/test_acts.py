"""What people type into acts: kept as it stands, marked, or refused with a reason; never a crash,
and what was written down can be carried to every other place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock, an_event, an_opening, an_order
from hostile.corpus import ALL, BROKEN, MILLION, label

from commandwall import areas, closing, directives, event_acts, events, incidents
from commandwall.areas import Building, BuildingColour
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.events import EventNote, EventWork, FiledEvent
from commandwall.incidents import Incident
from commandwall.plain import SCAR
from commandwall.store.journal import Line, first_bad
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused, Tx
from widgets.reasons import sentence


class Post:
    """A station at work; `fill` gives it events enough, one building and one open incident."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.clock.at += 1000  # after what was done when it was made

    def fill(self) -> None:
        folder = self.store.folder
        mirror = Mirror(folder / "mirror.db")
        house = Building("b1", "a1", "一幢", "home", 6, 120.2, 31.9, b"", "green")
        events = [an_event(id=f"e{n}", state="ACCEPTED") for n in range(len(ALL) + 1)]
        rows = {"building": [house], "event": events}
        mirror.take({name: [_row(r) for r in some] for name, some in rows.items()}, {})
        mirror.close()
        use(folder, "mirror.db")
        self.desk.take_post("chief", "陈").result()
        self.do(incidents.open_incident, opening=an_opening())

    def close(self) -> None:
        self.desk.close()
        self.store.close()

    @property
    def incident(self) -> str:
        return str(self.store.read(lambda r: r.find(Incident))[0].id)

    def fresh(self) -> str:
        """An event that nobody has worked on."""
        self.used = getattr(self, "used", 0) + 1
        return f"e{self.used}"

    def do(self, act: Callable[..., None], **args: Any) -> Any:
        self.clock.at += 10
        return self.desk.do(act, **args).result()

    def one(self, kind: type[Any]) -> Any:
        return self.store.read(lambda r: r.find(kind))[-1]

    def lines(self) -> list[Line]:
        sql = "SELECT * FROM journal ORDER BY seq"
        return [Line(*row) for row in self.store.read(lambda r: r.rows(sql))]


def _row(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a post, of which each test works on a copy."""
    folder = tmp_path_factory.mktemp("post")
    made = Post(folder)
    made.fill()
    made.close()
    return folder


@pytest.fixture
def post(filled: Path, tmp_path: Path) -> Iterator[Post]:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    made = Post(tmp_path)
    yield made
    made.close()


Field = tuple[Callable[[Post, str], Any], type[Any], str]


def _ordered(post: Post, **facts: Any) -> Any:
    return post.do(directives.issue, order=an_order(post.incident, **facts))


def _closed(post: Post, reason: str) -> None:
    post.do(incidents.open_incident, opening=an_opening())
    for one in post.store.read(lambda r: r.find(Incident, state="OPEN")):
        post.do(closing.close_incident, incident=one.id, reason=reason)


def _answered(post: Post, act: Any, **words: str) -> None:
    _ordered(post, to_post="chief", text="封控")
    key = post.one(Directive).id
    post.do(directives.acknowledge, directive=key)
    post.do(act, directive=key, **words)


def _fed_back(post: Post, result: str) -> None:
    event = post.fresh()
    post.do(events.dispatch, event=event, unit="供水")
    post.do(event_acts.sign, event=event)
    post.do(event_acts.feed_back, event=event, result=result, evidence="回执")


FIELDS: dict[str, Field] = {
    "note": (lambda p, t: p.do(events.note, event="e1", text=t), EventNote, "text"),
    "unit": (lambda p, t: p.do(events.dispatch, event=p.fresh(), unit=t), EventWork, "unit"),
    "result": (_fed_back, EventWork, "result"),
    "directive": (lambda p, t: _ordered(p, text=t), Directive, "text"),
    "directive's place": (lambda p, t: _ordered(p, place=t), Directive, "place"),
    "need": (lambda p, t: _answered(p, directives.block, need=t), Directive, "need"),
    "evidence": (lambda p, t: _answered(p, directives.complete, evidence=t), Directive, "evidence"),
    "title": (
        lambda p, t: p.do(incidents.open_incident, opening=an_opening(title=t)), Incident, "title",
    ),
    "place": (
        lambda p, t: p.do(incidents.open_incident, opening=an_opening(place=t)), Incident, "place",
    ),
    "reason": (_closed, Incident, "reason"),
    "colour": (
        lambda p, t: p.do(areas.recolour, buildings=["b1"], colour="red", reason=t),
        BuildingColour, "reason",
    ),
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_every_text_is_kept_with_its_tricks_marked_or_refused_with_a_reason(
    post: Post, field: str, qapp: Any
) -> None:
    act, kind, name = FIELDS[field]
    for text in ALL:
        before = len(post.lines())
        try:
            act(post, text)
        except Refused as refused:
            assert refused.reason.code in ("missing", "too_long"), label(text)
            assert 0 < len(sentence(refused.reason)) <= 200
            continue
        found = [getattr(r, name) for r in post.store.read(lambda r: r.find(kind))]
        assert any(same(kept, text) for kept in found), label(text)
        assert len(post.lines()) > before
    assert first_bad(post.lines()) is None
    for line in post.lines():
        json.loads(line.body or "")["records"]  # and the pool can read it
        "".join(map(str, (line.act, line.person, line.post, line.body))).encode("utf-8")
        assert "\\u0000" not in (line.body or "").replace(r"\\", "")


def same(kept: str, text: str) -> bool:
    """What was typed, but for what nobody sees."""
    seen, here = ([c for c in t if c.isprintable() and c not in f" {SCAR}"] for t in (text, kept))
    return len(kept) <= 4000 and seen == here


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", ["长" * MILLION, "\u200b" * MILLION, "水\n" * (MILLION // 2)])
def test_a_million_characters_are_refused(post: Post, field: str, text: str) -> None:
    before = post.lines()
    with pytest.raises(Refused) as refused:
        FIELDS[field][0](post, text)
    assert refused.value.reason.code == "too_long"
    assert all(len(line.body or "") < 5000 for line in post.lines()[len(before) :])


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"place", "directive's place"}))
@pytest.mark.parametrize("text", ["", "  \n", "\u200b\u200b", "\x00", "\ud800\ufeff"])
def test_what_nobody_sees_is_no_text(post: Post, field: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        FIELDS[field][0](post, text)
    assert refused.value.reason.code == "missing"


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_name_of_something_is_an_unknown_one(post: Post, text: str) -> None:
    for act in (events.accept, events.view):
        with pytest.raises(Refused) as refused:
            post.do(act, event=text) if act is events.accept else post.do(
                events.note, event=text, text="好"
            )
        assert refused.value.reason.code == "unknown"


@pytest.mark.parametrize("text", ALL, ids=label)
def test_a_person_and_a_post_may_be_named_anyhow(post: Post, text: str) -> None:
    post.desk.take_post(text, text).result()
    with pytest.raises(Refused) as refused:
        post.do(events.note, event="e1", text="好")  # no list names such a post
    assert refused.value.reason.facts["lacking"] == "post"
    post.desk.run(events.note, {"event": "e1", "text": "好"}, post.desk.person, post.desk.post)
    line = post.lines()[-1]
    (line.person + line.post).encode("utf-8")
    assert "\x00" not in line.person + line.post


@pytest.mark.parametrize("text", ALL, ids=label)
def test_a_half_typed_text_comes_back(post: Post, text: str) -> None:
    post.desk.keep("draft/x", text).result()
    back = post.desk.ask(lambda reader: reader.setting("draft/x")).result()
    assert [c for c in back if c != SCAR] == [c for c in text if c != "\x00" and not _half(c)]


def _half(char: str) -> bool:
    return "\ud800" <= char <= "\udfff"


def test_the_history_of_an_event_with_a_strange_key_is_told(post: Post) -> None:
    key = 'e"\\\n1'

    def file(tx: Tx) -> None:
        tx.put(FiledEvent(key, "iot", "停", "", "", 3, "a1", "", None, None, None, tx.now))

    post.desk.run(file, {})
    post.do(events.accept, event=key)
    told = post.store.read(lambda r: events.history(r, key))
    assert [act for _, _, _, act, _ in told] == ["accept"]
