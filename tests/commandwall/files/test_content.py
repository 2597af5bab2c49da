"""A file is what its bytes say. What could run when it is opened is not taken, by any name."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from commandwall.files.content import Unfit, named, recognise

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, form)
    return out.getvalue()


def packed(*names: str, size: int = 10) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            text = "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x" * size
            file.writestr(name, text)
    return out.getvalue()


def utf16(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le")


def found(folder: Path, body: bytes) -> str:
    file = folder / "file"
    file.write_bytes(body)
    return recognise(file)


GOOD = {
    "image/jpeg": picture("JPEG"),
    "image/png": picture("PNG"),
    "image/gif": picture("GIF"),
    "image/webp": picture("WEBP"),
    "image/bmp": picture("BMP"),
    "image/tiff": picture("TIFF"),
    "application/pdf": b"%PDF-1.7\n...",
    "audio/amr": b"#!AMR\n....",
    "audio/mpeg": b"ID3\x04...",
    "audio/wav": b"RIFF\x10\x00\x00\x00WAVEfmt ",
    "video/mp4": b"\x00\x00\x00\x18ftypisom....",
    "video/x-matroska": b"\x1a\x45\xdf\xa3....",
    WORD: packed("[Content_Types].xml", "word/document.xml"),
    "application/vnd.oasis.opendocument.text": packed("mimetype", "content.xml"),
    "application/msword": OLE + utf16("WordDocument"),
    "application/vnd.ms-excel": OLE + utf16("Workbook"),
}


@pytest.mark.parametrize("mime", GOOD)
def test_what_may_be_attached_is_known_by_its_bytes(tmp_path: Path, mime: str) -> None:
    assert found(tmp_path, GOOD[mime]) == mime


BAD = [
    ("empty", b""),
    ("executable", b"MZ\x90\x00" + bytes(99)),
    ("executable", b"\x7fELF\x02\x01"),
    ("executable", OLE + utf16("Property")),  # an installer
    ("script", b"#!/bin/sh\nrm -rf /"),
    ("script", b"@echo off\r\ndel *.*"),
    ("script", b"<?php system('x');"),
    ("shortcut", b"[Desktop Entry]\nExec=sh"),
    ("shortcut", b"\n[Desktop Entry]\nExec=sh"),
    ("shortcut", b"[InternetShortcut]\nURL=file:///x"),
    ("shortcut", b"L\x00\x00\x00\x01\x14\x02\x00\x00"),
    ("web", b"<!DOCTYPE html><script>"),
    ("web", b"  <HTML><body>"),
    ("web", b"\xef\xbb\xbf<script>alert(1)</script>"),
    ("web", b"MIME-Version: 1.0\r\n"),
    ("svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"),
    ("svg", b"<?xml version='1.0'?><svg/>"),
    ("archive", packed("a.txt")),
    ("archive", packed("../../etc/passwd", "[Content_Types].xml", "word/x")),
    ("archive", b"PK\x03\x04 broken"),
    ("archive", b"\x1f\x8b\x08\x00"),
    ("macro", packed("[Content_Types].xml", "word/vbaProject.bin")),
    ("macro", OLE + utf16("WordDocument") + utf16("_VBA_PROJECT")),
    ("bomb", packed("[Content_Types].xml", "word/a.xml", size=30_000_000)),
    ("bomb", packed("[Content_Types].xml", *(f"word/{n}" for n in range(1_100)))),
    ("unknown", "普通文字".encode()),
]


@pytest.mark.parametrize(("code", "body"), BAD)
def test_what_may_not_is_refused_by_what_it_is(tmp_path: Path, code: str, body: bytes) -> None:
    with pytest.raises(Unfit) as refused:
        found(tmp_path, body)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("现场 1.JPG", "现场 1.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\用户\\图.png", "图.jpg"),
        ("报告.pdf.exe", "报告.pdf.jpg"),
        ("照片\u202egpj.exe", "照片_gpj.jpg"),
        (".bashrc", "file.jpg"),
        ("con.jpg", "file_con.jpg"),
        ("", "file.jpg"),
        ("a" * 300 + ".jpg", "a" * 80 + ".jpg"),
        ("<b>\n粗</b>.jpg", "b.jpg"),
    ],
)
def test_a_name_is_made_plain_and_ends_as_the_content_does(given: str, kept: str) -> None:
    assert named(given, "image/jpeg") == kept
