"""A question to a child program comes to an end for whoever waits, whatever goes wrong."""

from __future__ import annotations

import pytest

from commandwall.errand import Question, Unanswered

PATIENCE_S = 60.0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_fault_keeps_nobody_waiting() -> None:
    """An agent that waited for a paper outlived its wall for ever."""
    asked = Question("json.tool", ["--help"], lambda found: found["what is not there"])
    assert asked.ended.wait(PATIENCE_S)
    assert isinstance(asked.answer.exception(PATIENCE_S), Unanswered)

    class Broken(Question):
        def begin(self) -> None:
            raise TypeError("a fault of ours")

    broken = Broken("json.tool", [], dict)
    assert broken.ended.wait(PATIENCE_S)
    assert isinstance(broken.answer.exception(PATIENCE_S), Unanswered)
