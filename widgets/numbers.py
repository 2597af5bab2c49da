"""Whole numbers 未遮盖号码: one at a time, for a while, to whoever rings it from a desk.

Everything that is drawn is masked; `Numbers` alone makes a `Whole`, which is not. It is in memory
only: no file, no other station and no start of this one shows a number again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from commandwall.clock import SECOND
from commandwall.desk import Done
from commandwall.people import IN
from commandwall.rights import About
from commandwall.unmasking import Unmasking, readable_until, unmask
from widgets.fields import Field, choice, words
from widgets.i18n import language, rows, tr
from widgets.text import Whole, plain

if TYPE_CHECKING:
    from widgets.base import Context, Panel

DESK = "desk"
GROUPS = (3, 7)
"""Where the eleven digits of a mobile number are set apart, for who types them."""
Act = Callable[[str], "Future[Any]"]


@dataclass(frozen=True, slots=True)
class Look:
    """A number that may be read now: where it stands, who looks, and while what is so."""

    looked: Unmasking
    page: str
    still: Callable[[], bool]


class Numbers:
    """What belongs to one window."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._look: Look | None = None
        self._covered = False
        self._reasons: dict[tuple[str, str, str], str] = {}

    def barred(self, panel: Panel, it: About) -> str:
        """Why no whole number can be read there, in words; "" where a reason at most is lacking."""
        if panel.look.metrics.kind != DESK:
            return tr("完整号码只在席位页面显示")
        return panel.barred(unmask, replace(it, reason=True))

    def with_reason(self, panel: Panel, matter: tuple[str, str], it: About, act: Act) -> None:
        """`act(reason)` at once where the post needs none, or the person gave one in this matter
        already; else it is asked first. `matter`: an incident or an event, and its title."""
        desk = self._context.desk
        known = self._reasons.get((matter[0], desk.person, desk.post), "")
        if known or not panel.barred(unmask, it):
            act(known)
        else:
            self._ask(panel, matter[1], act)

    def show(
        self, panel: Panel, of: tuple[str, str], reason: str, still: Callable[[], bool]
    ) -> Future[Any]:
        """Look at the number of something (kind, id): once that is written down it may be read
        there, while that is `still` so."""

        def looked(done: Done) -> None:
            for look in done.of(Unmasking):
                self._take(look, still)
            panel.update()

        return panel.do(unmask, looked, kind=of[0], subject=of[1], reason=reason)

    def _take(self, looked: Unmasking, still: Callable[[], bool]) -> None:
        self._look = Look(looked, self._context.page, still)
        if looked.reason:
            matter = looked.incident or looked.subject
            self._reasons[matter, looked.by, looked.post] = looked.reason

    def whole(self, phone: str, kind: str, subject: str, before: str = "") -> Whole | None:
        """The number of something as it may be read now, after other words; None where it may
        not."""
        look = self._look
        if look is None or (look.looked.kind, look.looked.subject) != (kind, subject):
            return None
        if not self._holds(look):
            self.forget()
            return None
        return None if self._covered else Whole(f"{before}{_spaced(phone)}")

    def left(self) -> int:
        """Seconds for which the number that is read now will be."""
        if self._look is None or not self._holds(self._look):
            return 0
        return -(-(readable_until(self._look.looked) - self._context.live.picture.now) // SECOND)

    def forget(self) -> None:
        """Masked again."""
        self._look = None

    @contextmanager
    def covered(self) -> Iterator[None]:
        """While a picture of the screen is taken, no number is whole."""
        self._covered = True
        try:
            yield
        finally:
            self._covered = False

    def _holds(self, look: Look) -> bool:
        """Whether the same person still sits at the same page, looks at now, and has time left."""
        context, desk = self._context, self._context.desk
        seated = desk.here is None or desk.here.state == IN
        same = (desk.person, desk.post) == (look.looked.by, look.looked.post)
        here = context.past is None and context.page == look.page
        timely = context.live.picture.now < readable_until(look.looked)
        return seated and same and here and timely and look.still()

    def _ask(self, panel: Panel, title: str, act: Act) -> None:
        from widgets.sheet import Sheet

        known = {key: code.name(language()) for key, code in rows("unmask_reason").items()}
        fields: dict[str, tuple[str, Field]] = {
            "purpose": (tr("缘由"), choice(known)), "words": (tr("补充"), words()),
        }  # fmt: skip
        heading = tr("查看完整号码　{title}", title=plain(title, 40))
        sheet = Sheet(panel.look, heading, "查看", fields, panel.window())
        sheet.telling(lambda told: tr("每个号码何人何时因何查看，都记入大事记；同一事项只问一次"))
        given = lambda told: act("　".join(filter(None, (known[told["purpose"]], told["words"]))))  # noqa: E731
        self._context.over(sheet.then(given))


def _spaced(phone: str) -> str:
    """138 1234 7719; other numbers as they are."""
    number = phone.strip()
    if len(number) != 11 or not number.isdigit() or number.startswith("0"):
        return number
    first, second = GROUPS
    return f"{number[:first]} {number[first:second]} {number[second:]}"
