"""What people decide between sources, and which of them they switch off."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "sourceswitch",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "verdict",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("keep", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
