"""The areas of a city by their names 地名: which one a text names, and which one holds a point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, geo
from commandwall.areas import BLOCK, CITY, Area
from commandwall.events import AREA, NOWHERE, POINT

MENTION = 2
"""Characters by which names are looked up; a shorter name would be found everywhere."""


class Unknown(ValueError):
    """Names were given for areas that there are none of: their codes."""


class Spot(NamedTuple):
    """A place for an event, with how it was found and how near it is (metres)."""

    area: str
    lon: float | None
    lat: float | None
    acc_m: float | None
    placed: str


NO_SPOT = Spot("", None, None, None, NOWHERE)


class Gazetteer:
    """The areas of the pool by code, by name and by ground."""

    def __init__(self, areas: Iterable[Area], names: Mapping[str, str]) -> None:
        """`names` are further names of areas; Unknown for a code that is no area."""
        self.areas = {area.id: area for area in areas if area.level < BLOCK}
        if strange := sorted(set(names.values()) - self.areas.keys()):
            raise Unknown(", ".join(strange))
        self._spots: dict[str, Spot] = {}
        self._codes: dict[str, set[str]] = defaultdict(set)
        for area in self.areas.values():
            for name in spoken(area.name):
                self._codes[name].add(area.id)
        for name, code in names.items():
            self._codes[name] = {code}
        self._heads: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._codes, key=len, reverse=True):
            self._heads[name[:MENTION]].append(name)

    def by_code(self, code: str) -> str:
        """The area of a code, or the nearest one above it that the pool knows, or ""."""
        ends = range(len(code), 0, -1)
        return next((code[:end] for end in ends if code[:end] in self.areas), "")

    def by_text(self, texts: Sequence[str]) -> str:
        """The smallest area that the texts name, the most telling text first; "" for none.

        A text that names several stands for what they have in common; a later text may say it
        more exactly but never contradict an earlier one.
        """
        mentions = [self.mentions(text) for text in texts]
        sure = [{next(iter(codes)) for codes in several if len(codes) == 1} for several in mentions]
        found = ""
        for several, beside in zip(mentions, sure, strict=True):
            told = (beside, set().union(*sure))
            here = self._common([self._narrow(codes, told) for codes in several])
            if here and (not found or found in self.above(here)):
                found = here
        return found

    def mentions(self, text: str) -> list[set[str]]:
        """Codes of the areas named, one set for each mention; the longest name counts."""
        found, i = [], 0
        while i < len(text):
            heads = self._heads.get(text[i : i + MENTION], ())
            name = next((n for n in heads if text.startswith(n, i)), "")
            if name:
                found.append(self._codes[name])
            i += len(name) or 1
        return found

    def above(self, code: str) -> list[str]:
        """The area itself and those that hold it, smallest first."""
        chain: list[str] = []
        while code in self.areas and code not in chain:
            chain.append(code)
            code = self.areas[code].parent
        return chain

    def on(self, code: str) -> Spot:
        """The middle of an area, as near as the area is large."""
        if code not in self.areas:
            return NO_SPOT
        if code not in self._spots:
            area = self.areas[code]
            self._spots[code] = Spot(code, area.lon, area.lat, self._radius(area), AREA)
        return self._spots[code]

    def at(self, lon: float, lat: float, acc_m: float | None) -> Spot:
        """A point (degrees WGS-84) in the smallest area around it."""
        return Spot(self.codes_at(np.array([lon]), np.array([lat]))[0], lon, lat, acc_m, POINT)

    def faults_at(self, lon: geo.Degrees, lat: geo.Degrees) -> list[str]:
        """Why each point cannot be in the city: far from it, or on its side; "" where near."""
        turned = np.where(self._near(lat, lon), "swapped", "outside")
        found: list[str] = np.where(self._near(lon, lat), "", turned).tolist()
        return found

    def codes_at(self, lon: geo.Degrees, lat: geo.Degrees) -> list[str]:
        """Code of the smallest area around each point; "" for none."""
        found = [""] * len(lon)
        for index in self._grounds:
            for i, row in enumerate(index.find(lon, lat).tolist()):
                if row >= 0 and not found[i]:
                    found[i] = index.codes[row]
        return found

    def _narrow(self, several: set[str], told: Sequence[set[str]]) -> str:
        """One area for a mention: of several with one name that which lies in most of what is
        also named, first beside it, then in the other texts."""
        if len(several) == 1:
            return next(iter(several))
        chains = {code: set(self.above(code)) for code in several}
        for sure in told:
            most = max(len(chain & sure) for chain in chains.values())
            if most:
                fitting = (code for code, chain in chains.items() if len(chain & sure) == most)
                return self._common(sorted(fitting))
        return self._common(sorted(several))

    def _common(self, several: Sequence[str]) -> str:
        """The smallest of areas within one another, else the smallest that holds them all."""
        chains = [self.above(code) for code in several if code]
        if not chains:
            return ""
        deepest = max(chains, key=len)
        if all(chain[0] in deepest for chain in chains):
            return deepest[0]
        return next((c for c in deepest if all(c in chain for chain in chains)), "")

    def _near(self, lon: geo.Degrees, lat: geo.Degrees) -> NDArray[np.bool_]:
        west, south, east, north = self._city
        away = geo.distance(lon, lat, np.clip(lon, west, east), np.clip(lat, south, north))
        return np.asarray((np.abs(lon) <= 180) & (np.abs(lat) <= 90) & (away <= _outside_m()))

    @cached_property
    def _city(self) -> tuple[float, float, float, float]:
        """Bounds of the city; the whole earth before the pool has one."""
        blobs = [area.geom for area in self.areas.values() if area.level == CITY]
        box = geo.bounds(blobs)
        return box if np.isfinite(box).all() else (-180.0, -90.0, 180.0, 90.0)

    @cached_property
    def _grounds(self) -> list[geo.AreaIndex]:
        """One index for each level, the smallest areas first."""
        levels: dict[int, list[Area]] = defaultdict(list)
        for area in self.areas.values():
            levels[area.level].append(area)
        return [
            geo.AreaIndex([a.id for a in of], [a.geom for a in of])
            for _, of in sorted(levels.items(), reverse=True)
        ]

    def _radius(self, area: Area) -> float:
        """Metres from the area's label point to its farthest corner."""
        xy, _ = geo.rings([area.geom])
        if not len(xy):
            return float(_outside_m())
        return round(float(geo.distance(xy[:, 0], xy[:, 1], area.lon, area.lat).max()))


def spoken(name: str) -> list[str]:
    """How people write an area's name: in full, and without its office (文定社区居委会)."""
    names = [name]
    for suffix in codes.load("area_suffix").values():
        if name.endswith(suffix.id):
            names.append(name.removesuffix(suffix.id) + suffix.facts["spoken"])
            break
    return [n for n in dict.fromkeys(names) if len(n) >= MENTION]


def _outside_m() -> int:
    """Metres from the city's bounds within which a point may still be its own."""
    return int(codes.load("import_limit")["outside_m"].facts["value"])
