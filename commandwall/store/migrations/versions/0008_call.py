"""Who is called about an incident, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    words = ("incident", "subject", "area", "name", "role")
    op.create_table(
        "call",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in words),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("stands_for", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.Integer()),
        sa.Column("answered_at", sa.Integer()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.Integer()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_call_incident", "call", ["incident"])
