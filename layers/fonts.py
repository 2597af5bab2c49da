"""The one family: Noto Sans CJK SC, Regular and Bold. Its digits are of equal width.

Taken from the system where it has both weights, else from the variable font of the wheel
manimgx-fonts-cjk, whose weight is an axis.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

FAMILY = "Noto Sans CJK SC"
TIGHT_FROM, TIGHT = 38, -0.5
"""From this size letters stand so much closer."""
_WEIGHT = QFont.Tag("wght")


@cache
def install() -> bool:
    """Make the family known to Qt; True where its weight is an axis. Needs the application."""
    if "Bold" in QFontDatabase.styles(FAMILY):
        return False
    import manimgx_fonts_cjk

    for file in Path(manimgx_fonts_cjk.__file__).parent.glob("*.ttc"):
        QFontDatabase.addApplicationFont(str(file))
    return "Regular" not in QFontDatabase.styles(FAMILY)


def font(size: int, bold: bool = False) -> QFont:
    """The family at `size` pixels."""
    axis = install()
    made = QFont(FAMILY)
    made.setPixelSize(max(1, size))
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if axis:
        made.setVariableAxis(_WEIGHT, 700.0 if bold else 400.0)
    else:
        made.setBold(bold)
    if size >= TIGHT_FROM:
        made.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, TIGHT * size / TIGHT_FROM)
    return made
