"""The two ladders: rungs of events, the watch list, meetings, and points of plans."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "rise",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "rung", "state", "trigger", "reason", "task"),
        sa.Column("times", sa.Integer(), nullable=False),
        *_moments("raised_at", "taken_at", "ended_at"),
        *_texts("raised_by", "raised_post"),
        *_last(),
        sqlite_strict=True,
    )
    op.create_table(
        "supervision",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("matter", "area", "state"),
        sa.Column("since", sa.Integer(), nullable=False),
        *_texts("result"),
        *_moments("released_at"),
        *_texts("put_post"),
        *_last(),
        sqlite_strict=True,
    )
    op.create_table(
        "council",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "rung", "held", "chair", "decision"),
        sa.Column("at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_table(
        "planpoint",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "rung", "task", "lead", "co"),
        sa.Column("made_at", sa.Integer(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        *_texts("state", "result"),
        *_moments("done_at"),
        *_texts("done_by", "done_post"),
        *_moments("verified_at"),
        *_texts("reason"),
        *_last(),
        sqlite_strict=True,
    )
    for table, column in INDEXED:
        op.create_index(f"ix_{table}_{column}", table, [column])


INDEXED = (
    ("rise", "event"), ("rise", "state"), ("supervision", "state"), ("council", "event"),
    ("planpoint", "event"), ("planpoint", "state"),
)  # fmt: skip


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=True) for name in names]


def _last() -> tuple[sa.Column[int], *tuple[sa.Column[str], ...]]:
    return sa.Column("changed_at", sa.Integer(), nullable=False), *_texts("by", "post")
