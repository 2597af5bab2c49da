"""What is played in a drill: acts on its clock, free injects, what was sent."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def number(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def key() -> sa.Column[Any]:
    return sa.Column("id", sa.Text(), primary_key=True, nullable=False)


def upgrade() -> None:
    op.create_table(
        "clockact", key(), number("no"), *texts("kind", "subject"), number("moment", True),
        number("rate"), *texts("way", "why", "refused"), number("at"), number("since", True),
        *texts("by", "post"), sqlite_strict=True,
    )  # fmt: skip
    op.create_index("ix_clockact_no", "clockact", ["no"])
    op.create_table(
        "freeinject", key(), *texts("channel", "receiver", "words", "cls"), number("at"),
        *texts("by", "post"), sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "sentinject", key(), number("run"),
        *texts("inject", "channel", "sender", "receiver", "zh", "en"), number("moment"),
        number("at"), *texts("kind", "subject", "fault"), sqlite_strict=True,
    )  # fmt: skip
