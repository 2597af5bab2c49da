"""What an incident affects."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "extent",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("points", sa.Text(), nullable=False),
        sa.Column("size_m", sa.REAL(), nullable=False),
        sa.Column("toward", sa.REAL()),
        sa.Column("wind", sa.REAL()),
        sa.Column("wkt", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
