"""What a whistle and its departments are called on the screen."""

from __future__ import annotations

from commandwall.clock import Ms
from commandwall.whistles import (
    ACKED,
    CAME,
    COMING,
    DEPARTMENT,
    RATE,
    REFUSED,
    RELEASED,
    REPORTED,
    REROUTED,
    TOWN,
    Muster,
    Owing,
    Rating,
    Summons,
    Tally,
    Whistle,
    check_clock,
    rating_of,
)
from widgets import age, text, words
from widgets.i18n import named, tr

SHORT, LONG = 20, 60
"""Letters of the name of a department, and of what was said of it."""


def owed(muster: Muster) -> str:
    """燃气公司 欠应哨、住建局 欠报到: each department by what it owes first."""
    told = [f"{department(one.summons)} {step(one)}" for one in firsts(muster)]
    return tr("、").join(told) or tr("不欠")


def handed(muster: Muster, now: Ms) -> str:
    """燃气公司、住建局 欠应哨，10:14:30 到期: what is owed by when, together where it is alike."""
    some: dict[tuple[str, Ms], list[str]] = {}
    for one in firsts(muster):
        some.setdefault((step(one), one.clock.due), []).append(department(one.summons))
    return "　".join(
        tr(
            "{who} {step}，{time} 到期",
            who=tr("、").join(who),
            step=what,
            time=age.moment(now, due),
        )
        for (what, due), who in some.items()
    ) or tr("不欠")


def firsts(muster: Muster) -> list[Owing]:
    """What each department owes first, or is owed, the first to be late first."""
    found: dict[str, Owing] = {}
    for owing in muster.owing:
        found.setdefault(owing.summons.id, owing)
    return list(found.values())


def department(summons: Summons) -> str:
    return text.plain(summons.department, SHORT)


def step(owing: Owing) -> str:
    """欠报到; of a rating also who gives it."""
    if owing.step == RATE:
        return tr("欠镇街评") if owing.side == TOWN else tr("欠部门评")
    return tr("欠{what}", what=named("whistle_limit", f"{owing.summons.kind}-{owing.step}"))


def late(owing: Owing, now: Ms) -> str:
    """欠报到　超 5:12."""
    return f"{step(owing)}　{words.left(owing.clock, now)}"


def there(muster: Muster) -> str:
    """到 1 / 3: who came, of those that were called."""
    called = [one for one in muster.summons if one.state != REROUTED]
    came = sum(one.state in CAME for one in called)
    return tr("到 {n} / {all}", n=came, all=len(called))


def checked(whistle: Whistle, now: Ms) -> str:
    """欠核哨 余 1:20 while the centre owes it; 12:03 核哨 once it has."""
    if (clock := check_clock(whistle)) is not None:
        return tr("欠核哨 {left}", left=words.left(clock, now))
    at = whistle.checked_at
    return tr("{time} 核哨", time=age.clock(at)) if at is not None else ""


def title(muster: Muster) -> str:
    """应急处置　小区停水."""
    w = muster.whistle
    return f"{named('whistle_kind', w.kind)}　{text.plain(w.matter, LONG)}"


def course(summons: Summons, muster: Muster) -> str:
    """What is known of its way: 应哨 12:05　报到 12:20 凭定位, why it refused, what was rated."""
    told = []
    said_first = summons.acked_at not in (None, summons.reported_at)
    if said_first and summons.state != RELEASED:  # then there is more to tell
        told.append(tr("应哨 {time}", time=age.clock(summons.acked_at)))
    if summons.reported_at is not None:
        how = tr(SHOWN_BY.get(summons.basis, "凭口报"))
        told.append(tr("报到 {time} {how}", time=age.clock(summons.reported_at), how=how))
    if summons.state in (REFUSED, REROUTED):
        told.append(text.plain(summons.reason, LONG))
    if summons.released_at is not None:
        told.append(tr("离 {time}", time=age.clock(summons.released_at)))
    return "　".join([*told, *_rated(summons, muster)])


SHOWN_BY = {"position": "凭定位", "photo": "凭照片", "told": "凭口报"}


def _rated(summons: Summons, muster: Muster) -> list[str]:
    """镇街评 5 4 3, 部门评 有效: what the sides said of each other."""
    of = {side: muster.ratings.get(rating_of(summons.id, side)) for side in (TOWN, DEPARTMENT)}
    return [line for side in of if (found := of[side]) is not None for line in [_rating(found)]]


def _rating(rating: Rating) -> str:
    said = text.plain(rating.words, LONG)
    if rating.side == TOWN:
        scores = f"{rating.arrival} {rating.effort} {rating.outcome}"
        return f"{tr('镇街评 {scores}', scores=scores)} {said}".strip()
    judged = tr("部门评 有效") if rating.valid else tr("部门评 无效")
    return f"{judged} {said}".strip()


def action(summons: Summons, blown: bool) -> str:
    """What is done next with a department: the name of its act; "" for nothing."""
    if not blown or summons.state not in (*COMING, REPORTED):
        return ""
    return {ACKED: "check_in", REPORTED: "release_department"}.get(summons.state, "answer_whistle")


def rate(tally: Tally) -> str:
    """按时报到 12 / 15　未到期 2　拒 1."""
    told = [tr("按时报到 {n} / {all}", n=tally.in_time, all=tally.summoned)]
    told += [tr("未到期 {n}", n=tally.running)] if tally.running else []
    told += [tr("拒 {n}", n=tally.refused)] if tally.refused else []
    if tally.rated:
        told.append(tr("部门评无效 {n} / {all}", n=tally.invalid, all=tally.rated))
    return "　".join(told)
