"""Numbers that a gateway counts its packs by: which ones never came."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Gaps:
    """What is missing of one gateway; `reach`: how far back a late pack is looked for."""

    reach: int
    lost: int = 0
    _last: int | None = None
    _missing: set[int] = field(default_factory=set)

    def take(self, no: int) -> bool:
        """One pack came; False for one that is known already. One from far behind is that of a
        gateway that began to count anew."""
        if self._last is None or no < self._last - self.reach:
            self._missing.clear()
        elif no <= self._last:
            return self._late(no)
        else:
            self._skip(self._last + 1, no)
        self._last = no
        return True

    def _late(self, no: int) -> bool:
        if no not in self._missing:
            return False
        self._missing.remove(no)
        self.lost -= 1
        return True

    def _skip(self, start: int, end: int) -> None:
        """Count what is missing; those too far behind to come late are forgotten."""
        self.lost += end - start
        self._missing.update(range(max(start, end - self.reach), end))
        if len(self._missing) > self.reach:
            self._missing = {no for no in self._missing if no >= end - self.reach}
