"""Units that were sent, and what became of each."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("lon", sa.REAL(), nullable=False),
        sa.Column("lat", sa.REAL(), nullable=False),
        sa.Column("from_lon", sa.REAL()),
        sa.Column("from_lat", sa.REAL()),
        sa.Column("eta_s", sa.Integer()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Integer()),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_assignment_subject", "assignment", ["subject"])
    op.create_index("ix_assignment_resource", "assignment", ["resource"])
    op.create_table(
        "assignmentstep",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("assignment", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_assignmentstep_assignment", "assignmentstep", ["assignment"])
