"""Reports upward with their calls and losses, what was handed out, and what a review found."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
TABLES = {
    "report": (
        "incident", "kind", "no", "version", "state", "received", "source", "happened", "place",
        "nature", "extent", "people", "damage", "trend", "leaders", "measures", "advice", "filled",
        "before", "changed", "recipients", "way", "drafted_at", "sent_at", "by", "post",
    ),
    "phonereport": ("incident", "told", "reporter", "words", "told_at", "noted_at", "by", "post"),
    "losses": (
        "incident", "dead", "missing", "severe", "hurt", "damage", "source", "people_at", "at",
        "by", "post",
    ),
    "handout": ("incident", "what", "purpose", "name", "sha256", "at", "by", "post"),
    "finding": (
        "incident", "kind", "text", "owner", "due_at", "done_at", "result", "noted_at", "by",
        "post",
    ),
}  # fmt: skip
WHOLE = {"no", "version", "dead", "missing", "severe", "hurt", "at"}
OPEN = {"sent_at", "due_at", "done_at"}


def upgrade() -> None:
    for table, names in TABLES.items():
        op.create_table(
            table,
            sa.Column("id", sa.Text(), primary_key=True),
            *(sa.Column(name, _kind(name), nullable=name in OPEN) for name in names),
            sqlite_strict=True,
        )
        op.create_index(f"ix_{table}_incident", table, ["incident"])


def _kind(name: str) -> sa.Integer | sa.Text:
    return sa.Integer() if name in WHOLE or name.endswith("_at") else sa.Text()
