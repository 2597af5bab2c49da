"""What self-checks of a shift found."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_table(
        "selfcheck",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("station", "fine", "attention"),
        sa.Column("at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_index("ix_selfcheck_station", "selfcheck", ["station"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
