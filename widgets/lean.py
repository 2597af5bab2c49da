"""A lean start: what the library of the screen does with every module, and nobody here needs.

PySide looks into the source of each module that is imported after it, whether it asks for other
names of Qt's methods (`from __feature__ import`). None does. Reading half a million lines takes a
second of a start, and Python keeps them all (linecache): 40 MB.
"""

from __future__ import annotations

from contextlib import suppress

import PySide6.QtCore  # noqa: F401  (brings the package below)

ASKED = "_mod_uses_pyside"
"""What PySide calls of each module."""


def spare_sources() -> None:
    """Call before anything else of the screen is imported. A PySide that does not work so any more
    is left as it is."""
    with suppress(ImportError):
        from shibokensupport import feature  # type: ignore[import-not-found]

        if hasattr(feature, ASKED):
            setattr(feature, ASKED, _never)


def _never(module: object) -> bool:
    return False
