"""Suggestions 建议: class and department of an event by its text, learned from the pool's own rows.

A linear model over pairs and triples of characters, titles apart from bodies: ridge regression on
one column for each answer (regularised least squares: Rifkin and Klautau, JMLR 5, 2004). Nothing
leaves this machine. How good it is is measured on the newest fifth of the rows, which it does not
see while that is done, and is kept with it.
"""

from __future__ import annotations

import json
import logging
import threading
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, errand, likeness, platform
from commandwall.clock import Clock, Ms, day
from commandwall.config import Settings
from commandwall.events import NEW, Event
from commandwall.learning import FILE
from commandwall.store.store import Reader, Store

log = logging.getLogger(__name__)
QUESTIONS = ("cls", "unit")
"""What is asked of a text: fields of an Event."""
TITLE = 0.7
"""Share of the title in what a text is like; the rest is the body's."""
READ = 300
"""Characters of a body that are read: what it is about is told at its beginning."""
RIDGE = 0.1
HELD = 5
"""One in so many rows, the newest, is held back to measure by."""
SHARPNESS = np.geomspace(1, 64, 25)
DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile, zlib.error)
"""What reading a file raises that is not as it was written."""
Floats = NDArray[np.float64]
Told = tuple[str, str, str]
"""Title, body and what the pool says to the question."""
Fit = tuple[tuple[str, ...], Floats, Floats]
"""Answers, weights and rarity."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One answer, and how sure it is, 0..1: of the rows held back that share was right."""

    key: str
    certainty: float


@dataclass(frozen=True, slots=True)
class Score:
    """How it did on rows that it had not seen; shares 0..1."""

    rows: int  # measured on
    first: float  # the first guess was right
    three: float  # one of the first three was
    largest: float  # as often as that the largest answer would have been right


@dataclass(frozen=True, slots=True)
class Learned:
    """What answers one question."""

    answers: tuple[str, ...]
    weights: NDArray[np.float16]  # [2 WIDTH + 1, answers]; the last row: how usual each is
    rarity: NDArray[np.float32]  # [2 WIDTH]
    sharp: float
    rows: int  # learned from
    score: Score

    def guess(self, title: str, body: str, most: int = 3) -> list[Guess]:
        """The likeliest answers, the surest first; none where nothing of the text is known."""
        grams = _grams([title], [body])
        row = _weighed(grams, self.rarity)
        if not row.nnz:
            return []
        known = self.weights[row.indices].astype(np.float32)
        found = (row.data @ known + self.weights[-1]) * _known(grams, self.rarity)
        sure = _certain(found[None, :], self.sharp)[0]
        best = np.argsort(-sure)[:most]
        return [Guess(self.answers[i], float(sure[i])) for i in best]


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned, by question, and when."""

    at: Ms
    learned: Mapping[str, Learned]

    def guess(self, question: str, title: str, body: str) -> list[Guess]:
        known = self.learned.get(question)
        return known.guess(title, body) if known is not None else []

    def of_event(self, question: str, event: Event) -> list[Guess]:
        """By its words as they came: they go nowhere from here."""
        return self.guess(question, event.title, event.body)


class Kept:
    """The model of a data directory, read again once it is learned anew; for any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._stamp = 0
        self._model: Model | None = None

    def newest(self) -> Model | None:
        """None where there is none yet."""
        with self._lock:
            try:
                stamp = (self._folder / FILE).stat().st_mtime_ns
            except FileNotFoundError:
                return None
            if stamp != self._stamp:
                self._stamp, self._model = stamp, load(self._folder)
            return self._model


def learn(told: Sequence[Told]) -> Learned | None:
    """Learn from rows, the oldest first; None where there are too few, or only one answer."""
    if len(told) < codes.limit("learn_least") or len({answer for *_, answer in told}) < 2:
        return None
    cut = len(told) - len(told) // HELD
    before, score, sharp = told[:cut], Score(0, 0, 0, 0), 1.0
    if len({answer for *_, answer in before}) > 1:
        score, sharp = _measured(_fit(before), told[cut:])
    answers, weights, rarity = _fit(told)
    half, whole = weights.astype(np.float16), rarity.astype(np.float32)  # a wall keeps them
    return Learned(answers, half, whole, sharp, len(told), score)


def learn_from(reader: Reader, now: Ms) -> Model:
    """Learn from the newest rows of the pool that tell the answer. Takes seconds."""
    most = int(codes.limit("learn_rows", day(now)))
    told = {question: _told(reader, question, most) for question in QUESTIONS}
    classes = codes.load("event_class", day(now))  # nobody can set one of which no list knows
    told["cls"] = [row for row in told["cls"] if row[2] in classes]
    found = {question: learn(rows) for question, rows in told.items()}
    return Model(now, {question: known for question, known in found.items() if known is not None})


def save(folder: Path, model: Model) -> None:
    """Keep a model in a data directory; whoever reads meanwhile has the one before."""
    arrays: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for question, known in model.learned.items():
        arrays[f"{question}_weights"], arrays[f"{question}_rarity"] = known.weights, known.rarity
        told[question] = {"answers": known.answers, "sharp": known.sharp, "rows": known.rows,
                          "score": asdict(known.score)}  # fmt: skip
    draft = folder / f"{FILE}.new.npz"  # savez gives any other name this ending
    np.savez_compressed(draft, told=json.dumps({"at": model.at, "learned": told}), **arrays)
    platform.settle(draft, folder / FILE)


def load(folder: Path) -> Model | None:
    """The model of a data directory; None where there is none yet, or none that can be read: it is
    learned anew."""
    try:
        with (folder / FILE).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            told = json.loads(str(file["told"]))
            known = told["learned"].items()
            return Model(Ms(told["at"]), {q: _loaded(file, q, facts) for q, facts in known})
    except FileNotFoundError:
        return None
    except DAMAGED:
        log.exception("the suggestions cannot be read")
        return None


def _loaded(file: Any, question: str, told: Mapping[str, Any]) -> Learned:
    return Learned(
        tuple(told["answers"]), file[f"{question}_weights"], file[f"{question}_rarity"],
        told["sharp"], told["rows"], Score(**told["score"]),
    )  # fmt: skip


def _told(reader: Reader, question: str, most: int) -> list[Told]:
    """The newest rows that answer a question, the oldest first: their numbers tell the time. What
    nobody has taken in teaches nothing: its answer is the one that is asked for."""
    sql = (
        f"SELECT title, substr(body, 1, {READ}), {question} FROM event "
        f"WHERE {question} != '' AND state != '{NEW}' ORDER BY rowid DESC LIMIT :n"
    )
    return [(str(t), str(b), str(a)) for t, b, a in reversed(reader.rows(sql, n=most))]


def _fit(told: Sequence[Told]) -> Fit:
    """Answers, weights and rarity. Solved over rows, of which there are fewer than columns."""
    titles, bodies, said = zip(*told, strict=True)
    grams = _grams(titles, bodies)
    rarity = np.concatenate([likeness.rarity(g) for g in grams])
    rows = _weighed(grams, rarity)
    answers = tuple(a for a, _ in Counter(said).most_common())
    wanted = np.eye(len(answers))[[answers.index(a) for a in said]]
    usual = wanted.mean(axis=0)
    alike = (rows @ rows.T).toarray()
    alike[np.diag_indices_from(alike)] += RIDGE
    weights = rows.T @ np.linalg.solve(alike, wanted - usual)
    return answers, np.vstack([weights, usual]), rarity


def _measured(fit: Fit, told: Sequence[Told]) -> tuple[Score, float]:
    """How a fit does on rows it has not seen, and how sharply its answers are to be told apart."""
    answers, weights, rarity = fit
    titles, bodies, said = zip(*told, strict=True)
    grams = _grams(titles, bodies)
    found = _answer(_weighed(grams, rarity), weights)
    right = np.array([answers.index(a) if a in answers else -1 for a in said])
    best = np.argsort(-found, axis=1)
    score = Score(
        len(told), float((best[:, 0] == right).mean()),
        float((best[:, :3] == right[:, None]).any(axis=1).mean()), float((right == 0).mean()),
    )  # fmt: skip
    asked = right >= 0
    heard = found * _known(grams, rarity)[:, None]
    return score, _sharpness(heard[asked], right[asked])


def _sharpness(found: Floats, right: NDArray[np.int64]) -> float:
    """By which the certainties are most likely what happened (temperature scaling: Guo and others,
    ICML 2017)."""
    if not len(right):
        return 1.0
    at = np.arange(len(right))
    lost = [-np.log(_certain(found, s)[at, right] + 1e-9).mean() for s in SHARPNESS]
    return float(SHARPNESS[int(np.argmin(lost))])


def _grams(titles: Sequence[str], bodies: Sequence[str]) -> list[likeness.Rows]:
    return [likeness.grams(titles), likeness.grams([b[:READ] for b in bodies])]


def _known(grams: Sequence[likeness.Rows], rarity: NDArray[Any]) -> Floats:
    """The share of each text, by weight, that was learned from, 0..1. By it the answers are told
    apart less: who talks of what nobody has heard of yet is not answered for sure."""
    held, whole = np.zeros(grams[0].shape[0]), np.zeros(grams[0].shape[0])
    for rows, weight in zip(grams, np.split(rarity, 2), strict=True):
        square = rows.power(2)
        held += square @ weight**2
        whole += square @ np.where(weight > 0, weight, weight.max()) ** 2
    return np.asarray(held / np.where(whole > 0, whole, 1), float)


def _weighed(grams: Sequence[likeness.Rows], rarity: NDArray[Any]) -> likeness.Rows:
    from scipy import sparse

    title, body = (
        likeness.weighed(part, weight)
        for part, weight in zip(grams, np.split(rarity, 2), strict=True)
    )
    return sparse.hstack([title * TITLE**0.5, body * (1 - TITLE) ** 0.5]).tocsr()


def _answer(rows: likeness.Rows, weights: NDArray[Any]) -> Floats:
    return np.asarray(rows @ weights[:-1] + weights[-1], float)


def _certain(found: Floats, sharp: float) -> Floats:
    power = np.exp((found - found.max(axis=1, keepdims=True)) * sharp)
    return np.asarray(power / power.sum(axis=1, keepdims=True), float)


def main() -> int:
    """In the child: learn from the data directory of the settings; 1 where there is too little."""
    platform.stand_back(19)
    errand.end_with_starter()
    folder = Settings.load({}).data_dir
    with closing(Store(folder)) as store:
        model = store.read(lambda reader: learn_from(reader, Clock().now()))
    if not model.learned:
        return 1
    save(folder, model)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
