"""Rules of alarms in words: the name a rule had, and what a row states beside what is in force."""

from __future__ import annotations

from commandwall import rule_rows
from commandwall.alarms import Rule
from commandwall.clock import Ms
from commandwall.picture import Picture
from commandwall.rule_rows import PROPOSED, RuleRow
from widgets.i18n import NUMERALS, language, measured_in, named, rows, tr
from widgets.text import plain

SHOWN = ("threshold", "low_bad", "on_s", "off_s", "deadband", "severity")
"""Fields of a rule that a person changes on the screen, in their order there."""


def name(picture: Picture, rule: str, at: Ms) -> str:
    """What a rule was called at a moment: with the threshold that it had then."""
    found = rule_rows.rule_at(picture.rule_rows.values(), rule, at)
    return titled(found) if found is not None else named("alarm_rules", rule)


def titled(rule: Rule) -> str:
    """Its name in the language that is shown."""
    return plain(rule.en if language() == "en" else rule.zh, 60)


def field(key: str) -> str:
    """阈值: how a field is named."""
    return named("rule_field", key)


def value(rule: Rule | None, key: str) -> str:
    """8 %LEL, 5 秒, Ⅲ: what a rule states in a field; — where there is no rule."""
    if rule is None:
        return "—"
    held = getattr(rule, key)
    if key == "severity":
        return NUMERALS.get(held, str(held))
    if key == "low_bad":
        return tr("越低越重") if held else tr("越高越重")
    return tr("{n} 秒", n=f"{held:,g}") if key in ("on_s", "off_s") else _measure(rule, held)


def _measure(rule: Rule, held: float) -> str:
    """In the unit of what the class measures."""
    classes = rows("sensor_class")
    unit = classes[rule.cls].facts["unit"] if rule.cls in classes else ""
    return f"{held:,g}\u2009{measured_in(rule.unit or unit)}".rstrip()


def waiting(picture: Picture) -> list[RuleRow]:
    """Proposals that nobody decided, the oldest first."""
    found = (row for row in picture.rule_rows.values() if row.state == PROPOSED)
    return sorted(found, key=lambda row: (row.at, row.id))


def tried(days: float, then: int, now: int) -> str:
    """近 7.0 天会报 14 起，现行 3 起: what a dry run said."""
    return tr("近 {days} 天会报 {then} 起，现行 {now} 起", days=f"{days:.1f}", then=f"{then:,}",
              now=f"{now:,}")  # fmt: skip
