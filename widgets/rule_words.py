"""Rules of alarms in words: the name a rule had, and what a row states beside what is in force."""

from __future__ import annotations

from commandwall import modes, rule_rows, rulebook, rulecheck
from commandwall.alarms import Rule
from commandwall.clock import Ms
from commandwall.picture import Picture
from commandwall.rule_rows import PROPOSED, RuleRow, Rules, Tried
from commandwall.sensors import Sensor
from widgets.i18n import NUMERALS, language, measured_in, named, rows, tr
from widgets.text import plain

SHOWN = ("threshold", "low_bad", "on_s", "off_s", "deadband", "severity", "mode")
"""Fields of a rule that a person changes on the screen, in their order there."""


def name(picture: Picture, rule: str, at: Ms) -> str:
    """What a rule was called at a moment: with the threshold that it had then."""
    found = rule_rows.rule_at(picture.rule_rows.values(), rule, at)
    return titled(found) if found is not None else named("alarm_rules", rule)


def titled(rule: Rule) -> str:
    """Its name in the language that is shown, and the mode for which it counts."""
    told = plain(rule.en if language() == "en" else rule.zh, 60)
    return tr("{rule}（{mode}）", rule=told, mode=named("mode", rule.mode)) if rule.mode else told


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
    if key == "mode":
        return mode(held)
    return tr("{n} 秒", n=f"{held:,g}") if key in ("on_s", "off_s") else _measure(rule, held)


def _measure(rule: Rule, held: float) -> str:
    """In the unit of what the class measures."""
    classes = rows("sensor_class")
    unit = classes[rule.cls].facts["unit"] if rule.cls in classes else ""
    return f"{held:,g}\u2009{measured_in(rule.unit or unit)}".rstrip()


def mode(key: str) -> str:
    """From which mode on a rule counts."""
    return named("mode", key or modes.ordinary())


def edge(rule: Rule) -> str:
    """≥ 8 %LEL"""
    return f"{'≤' if rule.low_bad else '≥'} {value(rule, 'threshold')}"


def by_mode(rule: Rule, table: Rules) -> str:
    """Ⅲ 级：平 ≥ 10 %LEL，急 ≥ 8 %LEL，战 ≥ 8 %LEL: the limit of a rule's severity in each mode."""
    kind, light = (rule.cls, rule.unit), rule.light or rulebook.LIGHTS[0]
    told = []
    for key in ("", *rulecheck.modes()):
        found = rulebook.chosen(table.values(), kind, light, key)[rule.severity - 1]
        told.append(f"{mode(key)} {edge(found) if found is not None else tr('无')}")
    return tr("{level} 级：{limits}", level=NUMERALS[rule.severity], limits="，".join(told))


def changed(picture: Picture, sensor: Sensor) -> str:
    """因急：Ⅲ ≥ 800 count（平 ≥ 1,000 count）: the limits of a device that are others by the mode
    which holds there; "" where none is."""
    held = modes.in_force(picture.modes.values(), [sensor.area], picture.now)
    if held is None:
        return ""
    table = list(rule_rows.in_force(picture.rule_rows.values(), picture.now).values())
    both = (rulebook.counting(table, sensor, key, picture.now) for key in (held.mode, ""))
    told = [_instead(*pair) for pair in zip(*both, strict=True)]
    limits = "　".join(filter(None, told))
    return tr("因{mode}：{limits}", mode=named("mode", held.mode), limits=limits) if limits else ""


def _instead(now: Rule | None, calm: Rule | None) -> str:
    if now is None or now == calm:
        return ""
    before = edge(calm) if calm is not None else tr("无")
    return f"{NUMERALS[now.severity]} {edge(now)}（{mode('')} {before}）"


def waiting(picture: Picture) -> list[RuleRow]:
    """Proposals that nobody decided, the oldest first."""
    found = (row for row in picture.rule_rows.values() if row.state == PROPOSED)
    return sorted(found, key=lambda row: (row.at, row.id))


def tried(found: Tried, mode: str) -> str:
    """近 7.0 天会报 14 起，现行 3 起: what a dry run said; of a rule for a mode as if that had held
    all along."""
    told = {"days": f"{found.days:.1f}", "then": f"{found.raised:,}", "now": f"{found.now:,}"}
    if mode:
        told["mode"] = named("mode", mode)
        return tr("近 {days} 天若一直是{mode}会报 {then} 起，现行 {now} 起", **told)
    return tr("近 {days} 天会报 {then} 起，现行 {now} 起", **told)
