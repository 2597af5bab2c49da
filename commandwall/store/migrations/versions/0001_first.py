"""The first wall.db."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("sensor", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("cls", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("value", sa.REAL(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("lon", sa.REAL(), nullable=False),
        sa.Column("lat", sa.REAL(), nullable=False),
        sa.Column("raised_at", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        sa.Column("cleared_at", sa.Integer()),
        sa.Column("acked_at", sa.Integer()),
        sa.Column("acked_by", sa.Text(), nullable=False),
        sa.Column("acked_post", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_alarm_sensor", "alarm", ["sensor"])
    op.create_table(
        "buildingcolour",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "changed",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "commandpost",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("lon", sa.REAL(), nullable=False),
        sa.Column("lat", sa.REAL(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.Integer(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_commandpost_incident", "commandpost", ["incident"])
    op.create_table(
        "conflict",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("kept_origin", sa.Text(), nullable=False),
        sa.Column("other_origin", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "directive",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("from_post", sa.Text(), nullable=False),
        sa.Column("to_post", sa.Text(), nullable=False),
        sa.Column("cc", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("lon", sa.REAL()),
        sa.Column("lat", sa.REAL()),
        sa.Column("due_at", sa.Integer()),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("supersedes", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.Integer()),
        sa.Column("acked_at", sa.Integer()),
        sa.Column("executing_at", sa.Integer()),
        sa.Column("done_at", sa.Integer()),
        sa.Column("verified_at", sa.Integer()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_directive_incident", "directive", ["incident"])
    op.create_table(
        "eventnote",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_eventnote_event", "eventnote", ["event"])
    op.create_table(
        "eventwork",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.Integer()),
        sa.Column("dispatched_at", sa.Integer()),
        sa.Column("closed_at", sa.Integer()),
        sqlite_strict=True,
    )
    op.create_table(
        "filedevent",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("cls", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lon", sa.REAL()),
        sa.Column("lat", sa.REAL()),
        sa.Column("acc_m", sa.REAL()),
        sa.Column("reported_at", sa.Integer(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "head",
        sa.Column("origin", sa.Text(), primary_key=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hlc", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("warning", sa.Integer()),
        sa.Column("response", sa.Integer()),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("lon", sa.REAL(), nullable=False),
        sa.Column("lat", sa.REAL(), nullable=False),
        sa.Column("radius_m", sa.REAL(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "journal",
        sa.Column("origin", sa.Text(), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("hlc", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("body", sa.Text()),
        sqlite_strict=True,
    )
    op.create_index("ix_journal_hlc", "journal", ["hlc"])
    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "version",
        sa.Column("record", sa.Text(), primary_key=True),
        sa.Column("hlc", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
