"""Set a paper: a program of its own, without the rest of ours, that soon ends.

    python -I child.py FOLDER FONTS TARGET MEGABYTES SECONDS

FOLDER holds main.typ (for pictures charts.typ), data.json and pictures, and nothing outside it can
be read. What outside texts say is data: no text becomes markup.
"""

import runpy
import sys
import warnings
from pathlib import Path
from typing import Literal

import typst

PLATFORM = Path(__file__).parents[1] / "platform.py"
FORMS: dict[str, Literal["html", "png"]] = {".html": "html", ".png": "png"}
DOTS = 220
"""Of a picture, for each inch: fine enough to be printed."""


def set_paper(folder: Path, fonts: str, target: str) -> None:
    """TARGET ends in .pdf, .html, or in .png for the charts, one a page: chart-{p}.png."""
    warnings.simplefilter("ignore")  # typst calls its HTML an experiment each time
    form: Literal["pdf", "html", "png"] = FORMS.get(Path(target).suffix, "pdf")
    main = "charts.typ" if form == "png" else "main.typ"
    typst.compile(
        str(folder / main), output=target, root=str(folder), format=form, ppi=DOTS,
        font_paths=[fonts], ignore_system_fonts=True,
    )  # fmt: skip


if __name__ == "__main__":
    runpy.run_path(str(PLATFORM))["bound"](int(sys.argv[4]), int(sys.argv[5]), alone=False)
    set_paper(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
