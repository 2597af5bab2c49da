"""Standing instructions."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_table(
        "instruction",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("seat", "text", "state"),
        sa.Column("at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sa.Column("withdrawn_at", sa.Integer()),
        *_texts("withdrawn_by", "withdrawn_post"),
        sqlite_strict=True,
    )
    op.create_index("ix_instruction_state", "instruction", ["state"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
