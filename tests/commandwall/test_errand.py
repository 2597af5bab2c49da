"""A question to a child program comes to an end for whoever waits, whatever goes wrong."""

from __future__ import annotations

import threading

import pytest

from commandwall.errand import Question, Unanswered

PATIENCE_S = 60.0


def test_an_unforeseen_fault_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that waited for a paper outlived its wall for ever."""
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))

    class Broken(Question):
        def begin(self) -> None:
            raise TypeError("a fault of ours")

    broken = Broken("json.tool", [], dict)
    assert broken.ended.wait(PATIENCE_S)
    assert isinstance(broken.answer.exception(PATIENCE_S), Unanswered)
    assert told == [TypeError], "and the log has what it was"
