"""Lines of the paper log that were re-entered."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "paperentry",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("step", "subject", "text"),
        sa.Column("told_at", sa.Integer(), nullable=False),
        *_texts("writer", "reason"),
        sa.Column("at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_index("ix_paperentry_subject", "paperentry", ["subject"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
