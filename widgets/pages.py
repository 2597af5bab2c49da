"""Pages: what a wall file in assets/walls says of each page, and the widget that shows one.

A page is data: its surface (wall or desk), its layouts, and the panels in them. Panels come
through the entry points `commandwall.panels`, the built-in ones like foreign ones; what is
installed and stands on no page gets a page of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any

from commandwall import plugins
from commandwall.config import ASSETS
from widgets import layout
from widgets.base import Panel
from widgets.i18n import language, rows
from widgets.layout import Layout
from widgets.metrics import Kind
from widgets.trust import Limits

MAP = "map"
"""The name in a layout where the map stands."""


@dataclass(frozen=True, slots=True)
class PageInfo:
    """One page of a wall file."""

    id: str
    zh: str
    en: str
    surface: Kind
    layouts: tuple[Layout, ...]
    opens: tuple[str, ...] = ()
    """Kinds of record (lower case) whose work is done here."""
    scene: bool = False
    """Whether the map shows the scene of the incident in focus."""
    key: str = ""
    """Its key, where it has another one than its place gives it."""

    @property
    def name(self) -> str:
        return self.en if language() == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Chrome:
    """The panels around every page of a surface and their sizes in design pixels; "" for none."""

    header: str = ""
    header_height: float = 0.0
    pad: float = 0.0
    """Between the header and the page."""
    banner: str = ""
    banner_height: float = 0.0
    notice: str = ""
    notice_height: float = 0.0
    rail: str = ""
    rail_width: float = 0.0
    timeline: str = ""
    timeline_height: float = 0.0
    """While a person looks back."""
    foot: str = ""
    foot_height: float = 0.0

    def parts(self) -> set[str]:
        return {self.header, self.banner, self.notice, self.rail, self.timeline, self.foot} - {""}


@dataclass(frozen=True, slots=True)
class WallFile:
    """A whole wall: limits of silence, panels with their options, pages."""

    id: str
    zh: str
    en: str
    limits: Limits
    panels: Mapping[str, Mapping[str, Any]]
    chrome: Mapping[str, Chrome]
    pages: tuple[PageInfo, ...]

    def with_page(self, page: PageInfo) -> WallFile:
        return WallFile(
            self.id, self.zh, self.en, self.limits, self.panels, self.chrome, (*self.pages, page),
        )  # fmt: skip


def load(name: str) -> WallFile:
    """The wall of assets/walls/<name>.toml; FileNotFoundError, KeyError or TypeError name what
    is wrong with it."""
    data = _read(name)
    chrome = {surface: Chrome(**parts) for surface, parts in data["chrome"].items()}
    pages = tuple(_page(page) for page in data["page"])
    return WallFile(
        data["id"], data["zh"], data["en"], Limits(**data["limits"]), data["panel"], chrome, pages,
    )  # fmt: skip


def by_mode(base: WallFile) -> dict[str, WallFile]:
    """The wall of each row of the list `mode`, laid over the ordinary one."""
    return {
        mode: laid_over(base, row.facts["wall"]) if row.facts["wall"] else base
        for mode, row in rows("mode").items()
    }


def laid_over(base: WallFile, name: str) -> WallFile:
    """A wall whose file says only what is otherwise than in another one: limits, panels, and pages
    in the place of those of their id. What it leaves is the very same page."""
    data = _read(name)
    pages = {page.id: page for page in base.pages}
    pages |= {page["id"]: _page(page) for page in data.get("page", ())}
    return WallFile(
        data["id"], data["zh"], data["en"], replace(base.limits, **data.get("limits", {})),
        {**base.panels, **data.get("panel", {})}, base.chrome, tuple(pages.values()),
    )  # fmt: skip


@cache
def _read(name: str) -> dict[str, Any]:
    with (ASSETS / "walls" / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def _page(data: Mapping[str, Any]) -> PageInfo:
    layouts = tuple(layout.read(one) for one in data["layout"])
    opens = tuple(data.get("opens", ()))
    scene = bool(data.get("scene", "incident" in opens))
    named = data["id"], data["zh"], data["en"], data["surface"]
    return PageInfo(*named, layouts, opens, scene, data.get("key", ""))


@dataclass(slots=True)
class Door:
    """The panels there are, by the name of their entry point; each class is loaded once."""

    points: dict[str, EntryPoint] = field(default_factory=dict)
    _classes: dict[str, type[Panel] | None] = field(default_factory=dict)

    @staticmethod
    def installed(named: str = "") -> Door:
        """All installed panels, then those of the setting `plugins`."""
        return Door.of(plugins.points(plugins.PANELS, Panel, named))

    @staticmethod
    def of(points: Iterable[EntryPoint]) -> Door:
        found: dict[str, EntryPoint] = {}
        for point in points:
            found.setdefault(point.name, point)
        return Door(found)

    def find(self, name: str) -> type[Panel] | None:
        """The class of a panel; None where there is none or it cannot be loaded."""
        if name not in self._classes:
            point = self.points.get(name)
            self._classes[name] = plugins.load(point, Panel) if point else None
        return self._classes[name]

    def unplaced(self, walls: Iterable[WallFile]) -> list[str]:
        """Panels that no page of any of these walls shows."""
        used: set[str] = set()
        for wall in walls:
            used |= {str(options.get("panel", name)) for name, options in wall.panels.items()}
            used |= {part for chrome in wall.chrome.values() for part in chrome.parts()}
            used |= {e.of for page in wall.pages for la in page.layouts for b in la.bands
                     for c in b.columns for e in c.panels}  # fmt: skip
        return [name for name in self.points if name not in used]


def page_of_others(names: list[str]) -> PageInfo:
    """A page for panels that stand on no other: two columns, each at its natural place."""
    halves = names[::2], names[1::2]
    columns = [
        {"panels": [{"of": name, "grow": 1.0, "least": 120.0, "drop": i} for i, name in
                    enumerate(half)]}
        for half in halves if half
    ]  # fmt: skip
    only = layout.read({"band": [{"column": columns}]})
    return PageInfo("others", "扩展", "Plug-ins", "wall", (only,))
