"""Unit, lamp and days that a view asks for; urgings; units that help; tags of events; who checked
a whistle."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0047"


def upgrade() -> None:
    for name in ("unit", "lamp", "first_day", "last_day", "tag"):
        op.add_column("savedview", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("whistle", sa.Column("checked_at", sa.Integer()))
    for name in ("checked_by", "checked_post"):
        op.add_column("whistle", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("study", sa.Column("tag", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "urge",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "unit"),
        sa.Column("urgency", sa.Integer(), nullable=False),
        *_texts("state", "text"),
        _moment("asked_at"),
        *_texts("asked_by", "asked_post", "result"),
        _moment("answered_at", nullable=True),
        _moment("changed_at"),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_table(
        "cohandling",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "unit", "state"),
        _moment("given_at"),
        _moment("signed_at", nullable=True),
        _moment("done_at", nullable=True),
        *_texts("result"),
        _moment("changed_at"),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_table(
        "eventtag",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("event", "tag"),
        sa.Column("stands", sa.Integer(), nullable=False),
        _moment("at"),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    for name in ("event", "tag"):
        op.create_index(f"ix_eventtag_{name}", "eventtag", [name])
    for table in ("urge", "cohandling"):
        for name in ("event", "unit"):
            op.create_index(f"ix_{table}_{name}", table, [name])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moment(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)
