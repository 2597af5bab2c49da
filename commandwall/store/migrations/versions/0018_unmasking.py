"""Who looked at a whole telephone number, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    words = ("kind", "subject", "area", "incident", "whose", "name", "reason")
    op.create_table(
        "unmasking",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in words),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_unmasking_incident", "unmasking", ["incident"])
