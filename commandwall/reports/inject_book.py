"""What a drill is led and watched by on paper: the inject book 脚本册 of a scenario, and for each
post a sheet with what its evaluator looks for 评估表."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from commandwall import codes
from commandwall.clock import DAY, HOUR, MINUTE, SECOND
from commandwall.drill.drill_acts import REAL
from commandwall.drill.offsets import tell
from commandwall.drill.scenario import Inject, Named, Scenario
from commandwall.plain import plain
from commandwall.reports.press import Paper
from commandwall.reports.speech import Speech

PLAIN = "normal"
"""The type of inject that needs no mark in the book."""
LONG = 600
"""Characters of a text of the book."""


def book(s: Scenario, speech: Speech) -> Paper:
    """For controllers: all injects in the order of their times, with what each should bring."""
    said = _Said(s, speech)
    data = {
        **said.head(speech.tr("演练脚本册　{title}", title=said.of(s))),
        "facts": list(said.facts()), "objectives": [said.of(o) for o in s.objectives],
        "players": [said.player(p.post, p.seat) for p in s.players],
        "branches": [f"{said.of(b)}：{' / '.join(said.of(w) for w in b.ways)}" for b in s.branches],
        "injects": [said.inject(i) for i in _by_time(s.injects)],
        "heads": [speech.tr(word) for word in ("目标", "参演", "分支", "情景")],
        "columns": [speech.tr(word) for word in ("时刻", "情景与应有动作", "实发", "备注")],
    }  # fmt: skip
    return Paper("inject_book", data)


def sheets(s: Scenario, speech: Speech) -> Paper:
    """For evaluators: a page for each post that is given anything, then one for the objectives."""
    said, tr = _Said(s, speech), speech.tr
    posts = [p.post for p in s.players if any(i.to == p.post for i in s.injects)]
    grades = [f"{g.id}　{g.name(speech.lang)}" for g in codes.load("drill_grade").values()]
    data = {
        **said.head(tr("演练评估表　{title}", title=said.of(s))),
        "posts": [said.sheet(post) for post in posts],
        "objectives": [said.of(o) for o in s.objectives], "grades": grades,
        "marks": sorted(codes.load("drill_mark")),
        "scale": tr("　").join(f"{m.id} {m.name(speech.lang)}"
                              for m in codes.load("drill_mark").values()),
        "columns": [tr(word) for word in ("时刻", "看什么", "结果", "打分", "依据")],
        "words": {
            "evaluator": tr("评估人"), "place": tr("观察点"), "date": tr("日期"),
            "objectives": tr("目标达成"), "note": tr("依据"), "strengths": tr("亮点"),
            "improvements": tr("改进与整改"), "sign": tr("签名"),
            "grade": tr("评定"),
        },
    }  # fmt: skip
    return Paper("evaluation_sheet", data)


def _by_time(injects: Sequence[Inject]) -> list[Inject]:
    return sorted(injects, key=lambda i: (i.at is None, i.at or 0))


class _Said:
    def __init__(self, s: Scenario, speech: Speech) -> None:
        self.s, self.speech, self.tr = s, speech, speech.tr

    def of(self, thing: Scenario | Inject | Named | Any) -> str:
        """What has both names, in the language of the paper."""
        return plain(thing.en if self.speech.lang == "en" else thing.zh, LONG)

    def head(self, title: str) -> dict[str, Any]:
        foot = f"{plain(self.s.id)} {self.s.version}　{self.s.digest[:12]}"
        return {"title": title, "foot": foot}

    def facts(self) -> Iterator[str]:
        s, tr = self.s, self.tr
        told = self.speech.named("drill_type", s.type), self.speech.named("incident_kind", s.kind)
        span = tr("{begin} 至 {end}", begin=self.clock(s.begins), end=self.clock(s.ends))
        yield "　".join((*told, span, f"×{s.rate / REAL:g}"))
        if s.note:
            yield plain(s.note, LONG)
        if s.stop:
            words = tr("、").join(f"“{plain(word, 40)}”" for word in s.stop)
            yield tr("听到 {words} 立即停止", words=words)

    def clock(self, at: int) -> str:
        """T+05:30 09:15:30: scenario time, and the time of day of the scenario."""
        begun = self.s.clock.hour * HOUR + self.s.clock.minute * MINUTE
        ms = (begun + self.s.clock.second * SECOND + at // REAL) % DAY
        of_day = f"{ms // HOUR:02d}:{ms % HOUR // MINUTE:02d}:{ms % MINUTE // SECOND:02d}"
        return f"{tell(at)}　{of_day}"  # type: ignore[arg-type]

    def player(self, post: str, seat: str) -> str:
        name = self.speech.named("post", post, full=True)
        return self.tr("{post}（{seat}）", post=name, seat=self.speech.named("drill_seat", seat))

    def inject(self, i: Inject) -> dict[str, Any]:
        to = self.speech.named("post", i.to, full=True)
        who = f"{plain(i.sender)} → {to}" if i.sender else f"→ {to}"
        return {
            "id": plain(i.id), "at": tell(i.at) if i.at is not None else self.tr("备用"),
            "day": self.clock(i.at).rpartition("　")[2] if i.at is not None else "",
            "kind": self.speech.named("drill_inject", i.type) if i.type != PLAIN else "",
            "head": f"{self.speech.named('drill_channel', i.channel)}　{who}",
            "words": self.of(i), "expect": [e.words(self.speech.lang) for e in i.expect],
            "watch": [plain(w, LONG) for w in i.watch],
            "more": self.tr("　").join(filter(None, self._more(i))),
        }  # fmt: skip

    def _more(self, i: Inject) -> Iterator[str]:
        """What only controllers need: objective, branch, data, place, note."""
        goals = {o.id: self.of(o) for o in self.s.objectives}
        yield goals.get(i.objective, "")
        branch = next((b for b in self.s.branches if b.id == i.branch), None)
        way = next((w for w in branch.ways if w.id == i.way), None) if branch is not None else None
        yield self.tr("仅当 {way}", way=f"{self.of(branch)}：{self.of(way)}") if way else ""
        yield " ".join(self._data(i))
        yield f"{i.lon:.5f}, {i.lat:.5f}" if i.lon is not None and i.lat is not None else ""
        yield plain(i.note, LONG)

    def _data(self, i: Inject) -> Iterator[str]:
        """What its channel states, by the names of the code lists."""
        lists = codes.load("drill_channel")[i.channel].facts["fields"]
        for field, value in i.data.items():
            coded = lists[field] not in ("number", "text")
            told = self.speech.named(lists[field], value) if coded else plain(value, 80)
            if told != plain(i.sender):
                yield told

    def sheet(self, post: str) -> dict[str, Any]:
        """What a post is given, and what is looked for after each; what asks for nothing too."""
        mine = [i for i in _by_time(self.s.injects) if i.to == post]
        return {"post": self.speech.named("post", post, full=True),
                "injects": [self.inject(i) for i in mine]}  # fmt: skip
