"""Whistles: which departments a town summoned, how they came, and how both rate each other."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "whistle",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "town", "kind", "matter", "place"),
        sa.Column("lon", sa.REAL(), nullable=True),
        sa.Column("lat", sa.REAL(), nullable=True),
        *_texts("state", "solved", "result"),
        sa.Column("blown_at", sa.Integer(), nullable=False),
        *_texts("blown_by", "blown_post"),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_table(
        "summons",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("whistle", "event", "town", "kind", "department", "state"),
        sa.Column("summoned_at", sa.Integer(), nullable=False),
        sa.Column("acked_at", sa.Integer(), nullable=True),
        sa.Column("reported_at", sa.Integer(), nullable=True),
        *_texts("basis"),
        sa.Column("released_at", sa.Integer(), nullable=True),
        *_texts("reason"),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_table(
        "rating",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("summons", "event", "side"),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("arrival", "effort", "outcome", "valid")
        ),
        *_texts("words"),
        sa.Column("at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    for table, column in INDEXED:
        op.create_index(f"ix_{table}_{column}", table, [column])


INDEXED = (
    ("whistle", "event"), ("whistle", "state"), ("summons", "whistle"), ("summons", "event"),
    ("rating", "summons"),
)  # fmt: skip


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
