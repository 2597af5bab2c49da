"""Write a study as DOCX: a program of its own, without the rest of ours, that soon ends.

    python -I writer.py FOLDER FONTS TARGET MEGABYTES SECONDS

FOLDER holds data.json. What outside texts say is data: python-docx writes them as text.
"""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

PLATFORM = Path(__file__).parents[1] / "platform.py"
FACE = "Noto Sans CJK SC"
BODY, TITLE, HEAD, CELL = Pt(12), Pt(20), Pt(14), Pt(9)
WIDE = Mm(162)
"""Of a chart: all of the text's width."""


def write(data: dict[str, Any], folder: Path, target: str) -> None:
    """The whole document."""
    document = Document()
    _lay_out(document, data)
    _title(document, data)
    for block in data["blocks"]:
        _block(document, block, data["none"])
        if block["chart"]:
            _chart(document, block, folder / f"chart-{block['chart']['page']}.png")
    for line in (data["unit"], data["date"]):
        document.add_paragraph(line).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.core_properties.title = data["title"]
    document.core_properties.author = data["unit"]
    document.save(target)


def _lay_out(document: Any, data: dict[str, Any]) -> None:
    """A4, one face also for Chinese, the mark of a drill at the head of each page."""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(24)
    page.top_margin = page.bottom_margin = Mm(24)
    page.header.paragraphs[0].text = data["mark"]
    page.footer.paragraphs[0].text = data["foot"]
    _count_pages(page.footer.paragraphs[0])
    for name, size in (("Normal", BODY), ("Heading 1", HEAD), ("Title", TITLE)):
        style = document.styles[name]
        style.font.name, style.font.size = FACE, size
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(theme), None)
        fonts.set(qn("w:eastAsia"), FACE)


def _count_pages(paragraph: Any) -> None:
    paragraph.add_run("　")
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = text or None
        paragraph.add_run()._r.append(part)


def _title(document: Any, data: dict[str, Any]) -> None:
    document.add_paragraph(data["title"], style="Title").alignment = WD_ALIGN_PARAGRAPH.CENTER
    for line in data["told"]:
        run = document.add_paragraph().add_run(line)
        run.font.size = CELL


def _block(document: Any, block: dict[str, Any], none: str) -> None:
    document.add_paragraph(block["head"], style="Heading 1")
    for line in block["lines"]:
        document.add_paragraph(line).paragraph_format.first_line_indent = 2 * BODY
    if block["rows"]:
        _table(document, block)
    elif not block["lines"] and not block["chart"]:
        document.add_paragraph(none)


def _chart(document: Any, block: dict[str, Any], picture: Path) -> None:
    """Its picture, and for who cannot see it its numbers."""
    shape = document.add_picture(str(picture), width=WIDE)
    chart = block["chart"]
    told = "; ".join(f"{p['label']} {' / '.join(map(str, p['values']))}" for p in chart["points"])
    shape._inline.docPr.set("descr", f"{block['head']}: {' / '.join(chart['series'])}; {told}")


def _table(document: Any, block: dict[str, Any]) -> None:
    """Its head stands again on each page; no row is parted."""
    columns = block["columns"]
    table = document.add_table(rows=0, cols=len(columns), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for no, row in enumerate([columns, *block["rows"]]):
        cells = table.add_row().cells
        for cell, text, right in zip(cells, row, block["right"], strict=True):
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(text)
            run.font.size, run.bold = CELL, no == 0
            if right:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _keep(table.rows[-1], no == 0)


def _keep(row: Any, head: bool) -> None:
    about = row._tr.get_or_add_trPr()
    for name in ("w:cantSplit", "w:tblHeader")[: 1 + head]:
        about.append(OxmlElement(name))


if __name__ == "__main__":
    runpy.run_path(str(PLATFORM))["bound"](int(sys.argv[4]), int(sys.argv[5]), alone=False)
    folder = Path(sys.argv[1])
    write(json.loads((folder / "data.json").read_text(encoding="utf-8")), folder, sys.argv[3])
