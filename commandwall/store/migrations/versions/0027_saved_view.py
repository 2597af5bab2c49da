"""Filters of the event list that somebody keeps under a name."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
TEXTS = ("name", "whose", "owner", "share", "words", "source", "cls", "area")


def upgrade() -> None:
    op.create_table(
        "savedview",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
