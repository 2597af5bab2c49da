"""Posts 岗位: the roster that stands, in three layers: centre, section 板块, post.

Posts are rows of the list `post`, sections of `section`, rosters of `roster`. What is wrong in them
is left out and told as a fault; the rest of the roster stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from commandwall import codes
from commandwall.clock import today
from commandwall.codes import Code

FRONT, BACK = "front", "back"
BESIDE = ""
"""The side of a post that belongs to no command pair."""
FIXED, SPECIAL = "fixed", "special"
NO_ROLES = ("acts", "proposals")
"""Fields of the list `right` that are no column of a role."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a list: the row, its field, and why."""

    list: str
    row: str
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.list}.toml, row {self.row}, {self.field}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Section:
    """板块: some posts of a roster that belong together."""

    code: Code
    posts: tuple[Code, ...]

    @property
    def side(self) -> str:
        """Of its first post."""
        return side_of(self.posts[0].id)


@dataclass(frozen=True, slots=True)
class Roster:
    """编制: the sections of a centre in their order, and what is wrong in the lists."""

    code: Code
    sections: tuple[Section, ...]
    faults: tuple[Fault, ...]

    def posts(self, side: str | None = None) -> list[Code]:
        """Its posts in their order: of a side, or all."""
        found = (post for section in self.sections for post in section.posts)
        return [post for post in found if side in (None, post.facts["side"])]

    def of_side(self, side: str) -> list[Section]:
        return [section for section in self.sections if section.side == side]


def roster(on: date | None = None) -> Roster:
    """The roster that stands on a day, or today."""
    return _roster(on, today(), codes.edition())


def known(on: date | None = None) -> dict[str, Code]:
    """The posts whose rows are sound, also those that do not stand: another station, or history,
    may name them."""
    return _sound(on, today(), codes.edition())[0]


def side_of(post: str) -> str:
    """front or back; "" for one beside them, and for a post that no list ever had. One that a dated
    row ended keeps its side: what it was ordered is still owed, and its side may answer."""
    code = known().get(post)
    if code is None and post not in codes.load("post"):
        code = codes.once("post", post)
    side = code.facts.get("side") if code else BESIDE
    return side if side in (FRONT, BACK) else BESIDE


def first_post(side: str) -> str:
    """The post that a side begins with, to which the duty of a vacant one falls; "" for none."""
    return next((post.id for post in roster().posts(side)), "")


def fact(post: str, name: str) -> Any:
    """What a row of the list `post` states; None where it does not."""
    code = known().get(post)
    return code.facts.get(name) if code else None


@lru_cache(maxsize=64)
def _roster(on: date | None, today: date, edition: object) -> Roster:
    rosters = codes.load("roster", on)
    standing = [code for code in rosters.values() if code.facts.get("stands")]
    chosen = (standing or list(rosters.values()))[0]
    posts, wrong = _sound(on, today, edition)
    faults = [*wrong]
    if len(standing) != 1:
        why = f"{len(standing)} rows stand, this one is taken"
        faults.append(Fault("roster", chosen.id, "stands", why))
    sections = tuple(_sections(chosen, on, posts, faults))
    _count(chosen, sections, faults)
    return Roster(chosen, sections, tuple(faults))


@lru_cache(maxsize=64)
def _sound(
    on: date | None, today: date, edition: object
) -> tuple[dict[str, Code], tuple[Fault, ...]]:
    """The posts whose side and role are known, and what is wrong with the others."""
    roles = {name for right in codes.load("right", on).values() for name in right.facts}
    sound, faults = {}, []
    for id_, code in codes.load("post", on).items():
        side, role = code.facts.get("side"), code.facts.get("role")
        if side not in (FRONT, BACK, BESIDE):
            faults.append(Fault("post", id_, "side", f"{side!r} is neither front nor back"))
        elif not isinstance(role, str) or role not in roles or role in NO_ROLES:
            faults.append(Fault("post", id_, "role", f"{role!r} is no column of the list right"))
        else:
            sound[id_] = code
    return sound, tuple(faults)


def _sections(
    roster: Code, on: date | None, posts: dict[str, Code], faults: list[Fault]
) -> Iterator[Section]:
    taken: set[str] = set()
    for id_, code in codes.load("section", on).items():
        if roster.id not in code.facts.get("rosters", ()):
            continue
        named, listed = [], code.facts.get("posts", ())
        if not isinstance(listed, list):
            faults.append(Fault("section", id_, "posts", f"{listed!r} is no list of posts"))
            continue
        for post in listed:
            if not isinstance(post, str) or post not in posts:
                faults.append(Fault("section", id_, "posts", f"{post!r} is no sound row of post"))
            elif post in taken:
                faults.append(Fault("section", id_, "posts", f"{post!r} stands there twice"))
            else:
                named.append(posts[post])
                taken.add(post)
        if named:
            yield Section(code, tuple(named))
        else:
            faults.append(Fault("section", id_, "posts", "it has none"))


def _count(roster: Code, sections: tuple[Section, ...], faults: list[Fault]) -> None:
    """Whether as many posts stand as the roster says, and each side has one."""
    posts = [post for section in sections for post in section.posts if post.facts["side"]]
    held = Counter(SPECIAL if post.facts.get("special") else FIXED for post in posts)
    for kind in (FIXED, SPECIAL):
        if held[kind] != (wanted := roster.facts.get(kind, 0)):
            faults.append(
                Fault("roster", roster.id, kind, f"says {wanted}, and {held[kind]} stand")
            )
    for side in (FRONT, BACK):
        if side not in {post.facts["side"] for post in posts}:
            faults.append(Fault("roster", roster.id, "sections", f"no post of the {side}"))
