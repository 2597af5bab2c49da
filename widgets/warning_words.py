"""A public warning in words: what, by whom, from when until when, how it stands."""

from __future__ import annotations

from commandwall.incidents import Incident
from commandwall.picture import Picture
from commandwall.public_warnings import (
    CANCELLED,
    COMING,
    EXPIRED,
    LIVE,
    UNREAL,
    PublicWarning,
    later,
    newest,
    state,
)
from layers import words
from widgets import age, text
from widgets.i18n import language, named, tr


def title(warning: PublicWarning) -> str:
    """橙色预警 暴雨; 演练 橙色预警 暴雨 where it is not for real."""
    told = text.plain(words.warning_title(tr, language(), warning))
    real = warning.status == "Actual"
    return told if real else f"{named('warning_status', warning.status)} {told}"


def issuer(warning: PublicWarning) -> str:
    """Who warns: by name, else as CAP calls the sender."""
    return text.plain(warning.issuer or warning.sender, 40)


def times(picture: Picture, warning: PublicWarning) -> str:
    """14:00 起，至 20:00"""
    since, until = (age.stamp(picture.now, at) for at in (warning.since, warning.until))
    return tr("{since} 起，至 {until}", since=since, until=until)


def second(picture: Picture, warning: PublicWarning, coming: bool) -> str:
    """Who, from when until when, and that it is still to come."""
    parts = named("warning_state", COMING) if coming else "", issuer(warning)
    return "　".join(filter(None, (*parts, times(picture, warning))))


def of_incident(picture: Picture, incident: Incident) -> str:
    """据橙色预警 暴雨，至 20:00; 预警 15:20 已解除: how the warning stands from which an incident
    was opened; "" where it was opened from none."""
    first = picture.warnings.get(incident.warned)
    if first is None:
        return tr("据预警，本台未收到其报文") if incident.warned else ""
    after = later(picture.warnings.values())
    last = newest(first, after)
    stands, now = state(last, after, picture.now), picture.now
    if stands == CANCELLED:
        return tr("所据预警 {time} 已解除", time=age.stamp(now, last.sent))
    if stands == EXPIRED:
        return tr("所据预警 {time} 已失效", time=age.stamp(now, last.until))
    told = {"title": title(last), "time": age.stamp(now, last.until)}
    if last.message != first.message:
        return tr("所据预警已更新：{title}，至 {time}", **told)
    return tr("据{title}，至 {time}", **told)


def over(picture: Picture, incident: Incident) -> str:
    """已解除, 已失效: the word beside the warning level of an incident whose warning does not hold
    any more; "" while it does, or where there is none."""
    first = picture.warnings.get(incident.warned)
    if first is None:
        return ""
    after = later(picture.warnings.values())
    stands = state(newest(first, after), after, picture.now)
    return "" if stands in (LIVE, COMING, UNREAL) else named("warning_state", stands)
