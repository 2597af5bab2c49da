"""Roll calls and who answered."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.create_table(
        "rollcall",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("station"),
        sa.Column("called_at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sa.Column("ended_at", sa.Integer()),
        sqlite_strict=True,
    )
    op.create_index("ix_rollcall_station", "rollcall", ["station"])
    op.create_table(
        "rollanswer",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("roll", "subject", "role", "area", "name"),
        sa.Column("answered_at", sa.Integer()),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_index("ix_rollanswer_roll", "rollanswer", ["roll"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
