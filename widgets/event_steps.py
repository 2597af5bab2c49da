"""What an event went through, in words."""

from __future__ import annotations

from commandwall import codes
from widgets.i18n import named, tr

_WORDS = {
    "accept": "受理",
    "dispatch": "派单",
    "close": "办结",
    "note": "记录",
    "file_alarms": "告警立案",
    "attach": "添加附件",
    "reported": "上报",
    "received": "收到",
    "closed": "办结",
    "sign": "签收",
    "verify": "核查办结",
    "cancel": "作废",
    "reopen": "重启",
    "send_back": "退单",
    "open_incident": "转突发",
}
"""Acts that are called otherwise on an event, and what the city tells of it."""


def told_of(act: str) -> str:
    """The name of an act, of a report of the city, or of a step of a unit."""
    if act in _WORDS:
        return tr(_WORDS[act])
    return named("act" if act in codes.load("act") else "assignment_state", act)
