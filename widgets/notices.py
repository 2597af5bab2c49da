"""What is told under the head until a person knows of it: that something stands still, that the
disk is full or has little left, that a file came to harm, that backups are too old, that this
window stood still, that a mode ran out."""

from __future__ import annotations

from commandwall import codes
from commandwall.clock import HOUR, MINUTE, SECOND
from commandwall.store.quarantine import Harm
from commandwall.store.space import Space
from commandwall.watchdog import Stall
from widgets import modes, trust
from widgets.base import Context
from widgets.trust import Trust


class Notices:
    """What one window tells, and what its person knows already. Kept in its context."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._known_banner = self._known_low = self._known_late = self._was_full = False
        self._was_alone = False
        self._known_harm: Harm | None = None
        self._known_over: set[str] = set()
        self._told_until = 0.0

    def judge(self) -> bool:
        """Look at the picture; whether something is told that was not, or no more."""
        told = self.context
        before = self._told()
        told.live.trust = trust.judge(told.live.picture, told.limits)
        told.trust = told.live.trust if told.past is None else Trust()
        self._forget()
        told.harm, told.low = self._harm(), self._space.low and not self._known_low
        told.late = self._late and not self._known_late
        over = modes.run_out(told.live.picture)
        told.lapsed = over if over is not None and over.id not in self._known_over else None
        if told.stall is not None and told.seconds() > self._told_until:
            told.stall = None
        stands = self._space.full, self._unattended
        changed = before != self._told() or (self._was_full, self._was_alone) != stands
        self._was_full, self._was_alone = stands
        return changed

    def know(self) -> None:
        """A person has seen it: the banner halves its height, the notice goes."""
        self._known_banner = self._stands()
        self._known_harm = self._harm() or self._known_harm
        self._known_low, self._known_late = self._space.low, self._late
        told = self.context
        self._known_over |= {told.lapsed.id} if told.lapsed is not None else set()
        told.stall, told.harm, told.low, told.lapsed = None, None, False, None
        told.late = False

    def tell_stall(self, stall: Stall) -> None:
        """Say for some minutes that this window stood still."""
        minutes = codes.limit("stall_told_minutes")
        self._told_until = self.context.seconds() + minutes * MINUTE / SECOND
        self.context.stall = stall

    @property
    def banner_share(self) -> float:
        """How much of its height the banner has: 0 without one; more than all where nobody
        answers here."""
        if self._unattended:
            return codes.limit("unattended_share")
        if not self._stands():
            return 0.0
        return 0.5 if self._known_banner else 1.0

    @property
    def noticed(self) -> bool:
        """Whether the line of notices has something to say."""
        told = self.context
        other = told.stall is not None or told.harm is not None
        return told.low or told.late or other or told.lapsed is not None

    @property
    def _unattended(self) -> bool:
        return self.context.live.needs.bell.unattended is not None

    @property
    def _space(self) -> Space:
        return self.context.live.picture.space

    @property
    def _late(self) -> bool:
        """Whether no backup was made for too long, or the last could not be restored or copied."""
        picture = self.context.live.picture
        copies = picture.sync.copies
        return copies is not None and bool(copies.trouble or copies.late(picture.now))

    def _told(self) -> tuple[object, ...]:
        told = self.context
        stands = told.live.trust.stopped is None
        return stands, told.stall, told.harm, told.low, told.late, told.lapsed

    def _forget(self) -> None:
        """What a person knew of is over, or has become worse: it will be told anew."""
        if not self._stands() or (self._space.full and not self._was_full):
            self._known_banner = False
        self._known_low = self._known_low and self._space.low
        self._known_late = self._known_late and self._late

    def _stands(self) -> bool:
        """Whether something stands still here, or nothing can be written."""
        return self.context.live.trust.stopped is not None or self._space.full

    def _harm(self) -> Harm | None:
        """The newest harm to a file, for some hours, until a person knows of it."""
        picture, known = self.context.live.picture, self._known_harm
        harm, hours = picture.sync.harm, codes.limit("harm_told_hours")
        told = harm is None or picture.now - harm.at > hours * HOUR
        return None if told or (known and harm and harm.at <= known.at) else harm
