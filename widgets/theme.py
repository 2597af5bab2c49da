"""Themes: the colours of the look, read from assets/themes/*.toml.

Hue means severity, lamp or drill and nothing else; everything a theme paints by itself
(selection, focus, buttons) is white or grey.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from PySide6.QtGui import QColor, QPalette

from commandwall.config import ASSETS

FOLDER = ASSETS / "themes"
TOKENS = (
    "bg", "p", "r", "r2", "ln", "ln2", "t1", "t2", "t3", "t4", "band", "data",
    "s1", "s2", "s3", "s4", "ok", "drill", "ink",
)  # fmt: skip
"""What every theme file gives under [token]."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours; a token that a file lacks is a KeyError with its name."""

    id: str
    zh: str
    en: str
    colours: Mapping[str, str]

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        colour = QColor(self.colours[token])
        colour.setAlphaF(alpha)
        return colour

    def name(self, lang: str) -> str:
        return self.en if lang == "en" else self.zh

    def palette(self) -> QPalette:
        """The colours Fusion draws ordinary controls with."""
        palette = QPalette()
        for role, token in _ROLES.items():
            palette.setColor(role, self.colour(token))
        for role in _DIM:
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.colour("t4"))
        return palette

    def qss(self) -> str:
        """What a palette cannot say: flat fields and buttons, a focus without hue."""
        tick = (FOLDER / f"tick-{self.id}.svg").as_posix()
        return _QSS.format(**self.colours, tick=f'url("{tick}")')


@cache
def load(name: str) -> Theme:
    """The theme of a file name without its ending; FileNotFoundError where there is none."""
    with (FOLDER / f"{name}.toml").open("rb") as file:
        data = tomllib.load(file)
    return Theme(data["id"], data["zh"], data["en"], {**data["map"], **data["token"]})


def names() -> list[str]:
    """All themes there are, the dark one first."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return sorted(found, key=lambda name: name != "dark")


_ROLES = {
    QPalette.ColorRole.Window: "bg",
    QPalette.ColorRole.WindowText: "t1",
    QPalette.ColorRole.Base: "bg",
    QPalette.ColorRole.AlternateBase: "bg",
    QPalette.ColorRole.Text: "t1",
    QPalette.ColorRole.PlaceholderText: "t3",
    QPalette.ColorRole.Button: "r2",
    QPalette.ColorRole.ButtonText: "t1",
    QPalette.ColorRole.BrightText: "t1",
    QPalette.ColorRole.Highlight: "r",
    QPalette.ColorRole.HighlightedText: "t1",
    QPalette.ColorRole.ToolTipBase: "r",
    QPalette.ColorRole.ToolTipText: "t1",
    QPalette.ColorRole.Link: "t1",
    QPalette.ColorRole.LinkVisited: "t2",
    QPalette.ColorRole.Light: "ln2",
    QPalette.ColorRole.Midlight: "ln2",
    QPalette.ColorRole.Mid: "ln2",
    QPalette.ColorRole.Dark: "ln",
    QPalette.ColorRole.Shadow: "bg",
    QPalette.ColorRole.Accent: "t1",
}
_DIM = (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText)

_QSS = """
QWidget {{ border: 0; }}
QLineEdit, QPlainTextEdit, QSpinBox, QComboBox {{
    background: {bg}; color: {t1}; border: 1px solid {ln2}; border-radius: 4px; padding: 5px 10px;
    selection-background-color: {r2}; selection-color: {t1};
}}
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QComboBox:focus {{
    border: 2px solid {t1}; padding: 4px 9px;
}}
QSpinBox::up-button, QSpinBox::down-button {{ width: 0; border: 0; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox QAbstractItemView {{ background: {r}; color: {t1}; border: 1px solid {ln2}; }}
QListWidget::indicator {{ width: 14px; height: 14px; border: 1px solid {t2}; }}
QListWidget::indicator:checked {{ background: {t1}; image: {tick}; }}
QPushButton {{
    background: {r2}; color: {t1}; border: 2px solid {r2}; border-radius: 4px; padding: 6px 12px;
}}
QPushButton:default {{ background: {t1}; color: {ink}; border-color: {t1}; }}
QPushButton:focus {{ border-color: {t1}; }}
QPushButton:default:focus {{ border-color: {t3}; }}
QPushButton:disabled {{ color: {t4}; background: {r}; border-color: {r}; }}
QTableView, QListView, QTreeView {{
    background: transparent; color: {t2}; gridline-color: {ln}; outline: 0;
    selection-background-color: {r}; selection-color: {t1};
}}
QHeaderView::section {{
    background: {bg}; color: {t3}; border: 0; border-bottom: 1px solid {ln}; padding: 6px 8px;
}}
QHeaderView {{ background: {bg}; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
QScrollBar::handle {{ background: {ln2}; border-radius: 0; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {r}; color: {t1}; border: 1px solid {ln2}; padding: 4px 8px; }}
QSplitter::handle {{ background: {ln}; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {ln2}; background: {bg}; }}
QCheckBox::indicator:checked {{ background: {t1}; border-color: {t1}; image: {tick}; }}
QCheckBox::indicator:focus {{ border: 2px solid {t1}; }}
"""
