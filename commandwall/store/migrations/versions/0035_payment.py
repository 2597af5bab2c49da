"""Payments of the micro-fund."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "town", "item"),
        sa.Column("cents", sa.Integer(), nullable=False),
        *_texts("payee", "words", "state"),
        sa.Column("made_at", sa.Integer(), nullable=False),
        *_texts("made_by", "made_post"),
        sa.Column("decided_at", sa.Integer(), nullable=True),
        *_texts("decided_by", "decided_post", "reason"),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    for column in ("event", "town"):
        op.create_index(f"ix_payment_{column}", "payment", [column])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
