"""Consultations, what came of them in plans and standing instructions, and studies by date."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
BESIDE = ("by", "post")


def upgrade() -> None:
    _table(
        "consultation",
        *_texts("title", "matter", "kind", "subject"), _moment("planned_at"),
        *_texts("chair", "state"), _moment("as_of", nullable=True), *_texts("counts", "result"),
        _moment("called_at"), _moment("begun_at", nullable=True),
        _moment("ended_at", nullable=True), _moment("signed_at", nullable=True),
        *_texts("signer", "sealed", "reason"), _moment("changed_at"), *_texts(*BESIDE),
    )  # fmt: skip
    _table(
        "attendee",
        *_texts("consultation", "seat", "unit", "name"), _moment("present_at", nullable=True),
        _moment("changed_at"), *_texts(*BESIDE),
    )  # fmt: skip
    _table(
        "opinion",
        *_texts("consultation", "attendee", "text"), _moment("at"), *_texts(*BESIDE),
    )  # fmt: skip
    _table(
        "resolution",
        *_texts("consultation", "task", "basis", "seat", "unit"), _moment("days"), _moment("due"),
        *_texts("state", "reason"), _moment("at"), _moment("changed_at"), *_texts(*BESIDE),
    )  # fmt: skip
    _table(
        "scheduledstudy",
        *_texts("schedule"), _moment("due"), *_texts("state", "kind", "template"),
        _moment("since"), _moment("until"), *_texts("area", "cls"), _moment("as_of"),
        _moment("rows"), *_texts("counts", "study", "reason"), _moment("changed_at"),
        *_texts(*BESIDE),
    )  # fmt: skip
    for table in ("consultation", "scheduledstudy"):
        op.create_index(f"ix_{table}_state", table, ["state"])
    for table in ("attendee", "opinion", "resolution"):
        op.create_index(f"ix_{table}_consultation", table, ["consultation"])
    for table in ("planpoint", "instruction"):
        op.add_column(table, sa.Column("source", sa.Text(), nullable=False, server_default=""))


def _table(name: str, *columns: sa.Column[str] | sa.Column[int]) -> None:
    key = sa.Column("id", sa.Text(), primary_key=True, nullable=False)
    op.create_table(name, key, *columns, sqlite_strict=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moment(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)
