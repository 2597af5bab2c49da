"""Fields in the type of a look."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import Shiboken

from widgets import fields
from widgets.own_keys import OwnKeys


def wrappers() -> list[QObject]:
    # By its type: a proxy of what is gone answers for nothing else.
    return [one for one in gc.get_objects() if issubclass(type(one), QObject)]


@pytest.mark.parametrize(
    "make",
    [
        fields.Lines, lambda: fields.Ticks({"a": "甲"}), lambda: fields.choice({1: "一"}),
        fields.words, lambda: fields.number(9, 1, "人"),
    ],
)  # fmt: skip
def test_a_field_that_is_gone_leaves_nothing(make: Any, make_wall: Any) -> None:
    """Parts of lists and texts stayed: some kB with each sheet that was opened and closed."""
    look, parent, keys = make_wall().context.look, QWidget(), OwnKeys()
    column, known = QVBoxLayout(parent), {id(one) for one in wrappers()}
    for _ in range(5):
        field = make()
        column.addWidget(field)
        fields.dress(parent, look, keys)
        assert field.font() == look.font("label")
        field.deleteLater()
        del field
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
    assert [o for o in wrappers() if id(o) not in known and not Shiboken.isValid(o)] == []
