"""Clues that are no events yet."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "clue",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("source", "title", "body", "area", "state"),
        sa.Column("told_at", sa.Integer(), nullable=False),
        *_texts("told_by", "told_post", "event", "reason"),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    for column in ("state", "event"):
        op.create_index(f"ix_clue_{column}", "clue", [column])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
