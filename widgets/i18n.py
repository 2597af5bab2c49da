"""Sentences of the interface: Chinese in the code, other languages in assets/i18n.

A language is a translator of the application, so switching it while running sends every widget
a LanguageChange. Sentences hold {named} fields and need no plural forms.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from PySide6.QtCore import QCoreApplication, QTranslator

from commandwall import codes
from commandwall.config import ASSETS
from commandwall.plain import plain

LANGUAGES = ("zh", "en")
NUMERALS = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ"}
"""Of a severity or a grade, in every language."""
_CONTEXT = "commandwall"
_LANGUAGE = "zh"
"""Translated into the name of the language that is shown."""


class Words(QTranslator):
    """The sentences of one language, keyed by the Chinese ones."""

    def __init__(self, lang: str) -> None:
        super().__init__()
        self.lines = {**lines(lang), _LANGUAGE: lang}

    def translate(
        self, context: str, sourceText: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        # Qt takes an empty answer for a translation: what is missing stays as it stands.
        return self.lines.get(sourceText, sourceText)

    def isEmpty(self) -> bool:
        return False


@cache
def lines(lang: str) -> dict[str, str]:
    """All sentences of a language; none for Chinese, which stands in the code."""
    if lang == "zh":
        return {}
    with (ASSETS / "i18n" / f"{lang}.toml").open("rb") as file:
        return tomllib.load(file)


def tr(sentence: str, **fields: Any) -> str:
    """A sentence in the language of the interface, its fields filled in."""
    found = QCoreApplication.translate(_CONTEXT, sentence)
    return found.format(**fields) if fields else found


def language() -> str:
    """zh or en: the language that is shown now."""
    return QCoreApplication.translate(_CONTEXT, _LANGUAGE)


def speak(lang: str) -> None:
    """Switch the application to a language; every widget hears of it."""
    app = QCoreApplication.instance()
    if app is None or lang == language():
        return
    for translator in app.findChildren(Words):
        app.removeTranslator(translator)
        translator.setParent(None)
    if lang != "zh":
        words = Words(lang)
        words.setParent(app)
        app.installTranslator(words)


def measured_in(unit: str) -> str:
    """A unit of measure in the language that is shown."""
    return named("measure_unit", plain(unit, 12))


def named(list_name: str, key: str, field: str = "") -> str:
    """The name of a thing from its code list, also of one that is no more; the key itself where no
    row ever gave one.

    `field` names a shorter or fuller form, such as `short` for short_zh and short_en.
    """
    code = codes.once(list_name, key) if rows(list_name) else None
    if code is None:
        return key
    lang = language()
    return str(code.facts.get(f"{field}_{lang}", code.name(lang))) if field else code.name(lang)


def rows(list_name: str) -> dict[str, codes.Code]:
    """A code list; empty where this city has none of that name."""
    try:
        return codes.load(list_name)
    except FileNotFoundError:
        return {}
