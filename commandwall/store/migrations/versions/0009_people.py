"""Who may sit at a station, who does, and the wrong secrets that were typed there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "officer",
        sa.Column("id", sa.Text(), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("name", "area", "posts", "state", "secret")
        ),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.Text(), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("officer", "name", "seat", "state", "area")
        ),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("before_seat", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "signin",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Integer()),
        sqlite_strict=True,
    )
