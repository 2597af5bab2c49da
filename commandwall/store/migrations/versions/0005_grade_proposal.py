"""The alarm that an incident grew from; the grade that its harm suggests."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("incident", sa.Column("alarm", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "gradeproposal",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("dead", sa.Integer(), nullable=False),
        sa.Column("hurt", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Integer(), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
