"""CAP messages for tests: written here, in the shape of the standard, of an invented bureau."""

from __future__ import annotations

from typing import Any

from commandwall.clock import Ms, to_datetime

SENDER = "weather@linjiang.example"
RING = "31.08,120.10 31.08,120.30 31.22,120.30 31.22,120.10 31.08,120.10"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def stamp(at: int) -> str:
    """A moment as CAP writes it."""
    return to_datetime(Ms(at)).isoformat(timespec="seconds")


def tags(**texts: object) -> str:
    """Elements in this order; one that is None is left out, of a list each."""
    parts = ((k, one) for k, v in texts.items() for one in (v if isinstance(v, list) else [v]))
    return "".join(f"<{k}>{v}</{k}>" for k, v in parts if v is not None)


def area(**more: object) -> str:
    return f"<area>{tags(**{'areaDesc': '临江市', 'polygon': RING, **more})}</area>"


def info(at: int, areas: str | None = None, **more: object) -> str:
    told: dict[str, object] = {
        "language": "zh-CN", "category": "Met", "event": "暴雨", "urgency": "Immediate",
        "severity": "Severe", "certainty": "Likely", "onset": stamp(at),
        "expires": stamp(at + 6 * 3_600_000), "senderName": "临江市气象台",
        "headline": "临江市气象台发布暴雨橙色预警", "description": "未来 3 小时降雨 50 毫米以上",
        "instruction": "转移危险地带人员", **more,
    }  # fmt: skip
    return f"<info>{tags(**told)}{area() if areas is None else areas}</info>"


def alert(at: int, infos: str | None = None, **more: object) -> bytes:
    """A whole message that was sent at a moment."""
    told: dict[str, object] = {
        "identifier": "LJ-1", "sender": SENDER, "sent": stamp(at), "status": "Actual",
        "msgType": "Alert", "scope": "Public", **more,
    }  # fmt: skip
    body = tags(**told) + (info(at) if infos is None else infos)
    return f'{HEAD}<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{body}</alert>'.encode()


def after(at: int, kind: str, identifier: str, *before: str, **more: Any) -> bytes:
    """An Update or a Cancel of earlier messages of the same sender."""
    told = " ".join(f"{SENDER},{one},{stamp(at - 60_000)}" for one in before)
    return alert(at, **{"identifier": identifier, "msgType": kind, "references": told, **more})
