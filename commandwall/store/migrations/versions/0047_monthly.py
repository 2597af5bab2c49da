"""Monthly topics and the measures of their plans."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.create_table(
        "monthlytopic",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("month", "cls", "title", "lead", "state", "result"),
        _moment("chosen_at"),
        _moment("ended_at", nullable=True),
        _moment("changed_at"),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_index("ix_monthlytopic_state", "monthlytopic", ["state"])
    op.create_table(
        "measure",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("topic", "task", "lead"),
        _moment("due"),
        *_texts("state", "result"),
        _moment("made_at"),
        _moment("done_at", nullable=True),
        _moment("changed_at"),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_index("ix_measure_topic", "measure", ["topic"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moment(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)
