"""The language of a paper: sentences, names of the code lists, moments."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from commandwall import codes
from commandwall.clock import Ms, to_datetime
from commandwall.config import ASSETS

DIGITS = "一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Speech:
    """`tr` turns a Chinese sentence with its fields into the language of the paper."""

    tr: Callable[..., str]
    lang: str

    @staticmethod
    def of(lang: str) -> Speech:
        """Without a screen: zh, or a language of assets/i18n."""
        lines = {} if lang == "zh" else _lines(lang)

        def tr(sentence: str, **fields: Any) -> str:
            found = lines.get(sentence, sentence)
            return found.format(**fields) if fields else found

        return Speech(tr, lang)

    def named(self, list_name: str, key: str, full: bool = False) -> str:
        """The name of a row of a code list; the key itself where there is none."""
        row = codes.load(list_name).get(key)
        if row is None:
            return key
        name = row.name(self.lang)
        return str(row.facts.get(f"full_{self.lang}", name)) if full else name

    def report(self, kind: str, no: int = 0) -> str:
        """首报, 续报一, 续报十二, 终报."""
        name = self.named("report_kind", kind)
        if not no:
            return name
        return f"{name} {no}" if self.lang == "en" else f"{name}{chinese(no)}"

    def level(self, grading: str, level: int | None) -> str:
        """重大, 橙色预警, 二级响应, or 未定. `grading`: grade, warning or response."""
        return self.named("incident_level", f"{grading}-{level}") if level else self.tr("未定")


def chinese(number: int) -> str:
    """一, 十, 十二, 二十三: how follow-ups are counted; from 100 in digits."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    lead = "" if not tens else "十" if tens == 1 else f"{DIGITS[tens - 1]}十"
    return lead + (DIGITS[ones - 1] if ones else "")


def moment(at: Ms | None) -> str:
    """2026-11-26 14:32, by the clock of 24 hours; "" where it is not known."""
    return f"{to_datetime(at):%Y-%m-%d %H:%M}" if at else ""


def clock(at: Ms | None) -> str:
    """14:32; — where it is not known."""
    return f"{to_datetime(at):%H:%M}" if at else "—"


@cache
def _lines(lang: str) -> dict[str, str]:
    with (ASSETS / "i18n" / f"{lang}.toml").open("rb") as file:
        return tomllib.load(file)
