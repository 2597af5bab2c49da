"""The duty calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.create_table(
        "dutyturn",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("day", "shift", "role", "name", "phone"),
        sa.Column("at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_index("ix_dutyturn_day", "dutyturn", ["day"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
