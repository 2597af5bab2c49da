"""What was found of an alarm by who looked."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
BEFORE = ("alarm", "sensor", "area", "finding", "way", "words")


def upgrade() -> None:
    op.create_table(
        "verification",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in BEFORE),
        sa.Column("at", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("by", "post")),
        sqlite_strict=True,
    )
    op.create_index("ix_verification_alarm", "verification", ["alarm"])
