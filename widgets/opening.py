"""What a person states when an event becomes an incident."""

from __future__ import annotations

from commandwall.events import EventView
from widgets.fields import Field, choice, number, words
from widgets.i18n import language, rows, tr

ROMAN = ("", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ")
FARTHEST_M, STEP_M = 20_000, 50


def level(grade: int | None) -> str:
    """Ⅱ 级, or 未定."""
    return tr("{level} 级", level=ROMAN[grade]) if grade else tr("未定")


def opening_fields(view: EventView) -> dict[str, tuple[str, Field]]:
    """The fields of a sheet, by the names that `incidents.Opening` has for them."""
    kinds = {"": tr("未定"), **{k: c.name(language()) for k, c in rows("incident_kind").items()}}
    return {
        "title": (tr("名称"), words(view.event.title)),
        "kind": (tr("种类"), choice(kinds)),
        "grade": (tr("事件分级"), _levels(view.event.grade)),
        "warning": (tr("预警级别"), _levels(None)),
        "response": (tr("响应级别"), _levels(None)),
        "radius_m": (tr("警戒半径"), number(FARTHEST_M, STEP_M, "m")),
        "reason": (tr("开设原因"), words()),
    }


def _levels(now: int | None) -> Field:
    field = choice({grade: level(grade) for grade in (None, 1, 2, 3, 4)})
    field.setCurrentIndex(now or 0)
    return field
