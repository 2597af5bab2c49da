"""A lean start: what the libraries of the screen do with every module, and nobody here needs.

PySide looks into the source of each module that is imported after it, whether it asks for other
names of Qt's methods (`from __feature__ import`). None does. Reading half a million lines takes a
second of a start, and Python keeps them all (linecache): 40 MB.

numba looks for the linear algebra of SciPy, for kernels that multiply matrices. None does. It takes
a sixth of a second and brings a hundred modules.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import PySide6.QtCore  # noqa: F401  (brings the package below)

ASKED = "_mod_uses_pyside"
"""What PySide calls of each module."""
ALGEBRA = "scipy"
"""Where numba looks for it."""


def spare_sources() -> None:
    """Call before anything else of the screen is imported. A PySide that does not work so any more
    is left as it is."""
    with suppress(ImportError):
        from shibokensupport import feature  # type: ignore[import-not-found]

        if hasattr(feature, ASKED):
            setattr(feature, ASKED, _never)


def spare_algebra() -> None:
    """Call before the kernels are imported: numba takes it that there is none. Who else asks for it
    afterwards gets it."""
    if ALGEBRA in sys.modules:
        return
    sys.modules[ALGEBRA] = None  # type: ignore[assignment]  # an import is refused
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[ALGEBRA]


def _never(module: object) -> bool:
    return False
