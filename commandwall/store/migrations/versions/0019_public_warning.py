"""Public warnings, and the one that an incident grew from."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

NAMED = ("message", "kind", "status", "scope", "sender", "identifier")
TOLD = ("severity", "urgency", "certainty", "issuer", "headline", "text", "advice")


def upgrade() -> None:
    op.create_table(
        "publicwarning",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in NAMED),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TOLD),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("places", "geocodes", "wkt")),
        sa.Column("received_at", sa.Integer(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_publicwarning_sender", "publicwarning", ["sender"])
    op.add_column("incident", sa.Column("warned", sa.Text(), nullable=False, server_default=""))
