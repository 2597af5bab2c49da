"""Directives with all their states; requests, situation reports, answers written down for others,
second persons, messages and decisions."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0011"
down_revision = "0010"
TEXTS, MOMENTS = ("reason", "source"), ("eta_at", "ended_at", "end_acked_at")
DEGREES = ("done_lon", "done_lat")
NEW = {
    "request": (
        "no# incident from_post to_post what amount place lon% lat% need_at? priority# state said "
        "became asked_at# changed_at# by post",
        "incident",
    ),
    "situationreport": ("incident now casualties forces needs next at# by post", "incident"),
    "answer": ("kind record step person person_post channel at# by post", "record"),
    "countersign": (
        "incident kind record second channel at# by post signed_at? signed_by signed_post",
        "record",
    ),
    "message": ("incident from_post to_post text place lon% lat% at# by post", "incident"),
    "decision": ("no# incident what why source place lon% lat% at# by post", "incident"),
}
"""Table -> its columns beside the id, and the indexed one. # a number, ? a moment or none, %
degrees or none, else a text."""


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("directive", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in MOMENTS:
        op.add_column("directive", sa.Column(name, sa.Integer()))
    for name in DEGREES:
        op.add_column("directive", sa.Column(name, sa.REAL()))
    for table, (columns, indexed) in NEW.items():
        key = sa.Column("id", sa.Text(), primary_key=True, nullable=False)
        op.create_table(table, key, *map(_column, columns.split()), sqlite_strict=True)
        op.create_index(f"ix_{table}_{indexed}", table, [indexed])


def _column(name: str) -> sa.Column[Any]:
    kinds: dict[str, tuple[TypeEngine[Any], bool]] = {
        "#": (sa.Integer(), False), "?": (sa.Integer(), True), "%": (sa.REAL(), True),
    }  # fmt: skip
    kind, empty = kinds.get(name[-1], (sa.Text(), False))
    return sa.Column(name.rstrip("#?%"), kind, nullable=empty)
