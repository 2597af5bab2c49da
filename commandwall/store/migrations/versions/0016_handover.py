"""Posts that are handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

BEFORE = ("seat", "area", "station", "giver", "note", "state")
AFTER = ("by", "post", "relief", "relief_station")


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in BEFORE),
        sa.Column("offered_at", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in AFTER),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Integer()),
        sqlite_strict=True,
    )
