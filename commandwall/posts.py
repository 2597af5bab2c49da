"""Posts 岗位: which side of a command pair each belongs to."""

from __future__ import annotations

from commandwall import codes

FRONT, BACK = "front", "back"


def side_of(post: str) -> str:
    """front or back; "" for a post that no list names."""
    code = codes.load("post").get(post)
    return str(code.facts["side"]) if code else ""


def first_post(side: str) -> str:
    """The post that a side begins with; "" where no list names one."""
    posts = [code for code in codes.load("post").values() if code.facts["side"] == side]
    return min(posts, key=lambda code: int(code.facts["order"])).id if posts else ""
