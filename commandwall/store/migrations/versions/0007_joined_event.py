"""Further events of an incident, and the phase it is in."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("incident", sa.Column("phase", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "joinedevent",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_joinedevent_incident", "joinedevent", ["incident"])
