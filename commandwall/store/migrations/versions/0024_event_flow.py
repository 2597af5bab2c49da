"""All states of an event: what stations keep of its course."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

TEXT, COUNT, MOMENT = "text", "count", "moment"
FIELDS = {
    **dict.fromkeys(("furthest", "was", "co"), TEXT),
    **dict.fromkeys(("given_at", "signed_at", "arrived_at", "fed_back_at"), MOMENT),
    **dict.fromkeys(("handler", "handler_post", "reason", "basis", "main", "plan"), TEXT),
    "review_at": MOMENT,
    "pauses": TEXT,
    **dict.fromkeys(
        ("suspended_ms", "return_no", "rework_no", "ext_no", "asked_ms", "extended_ms"), COUNT
    ),
    **dict.fromkeys(("evidence", "solved", "content", "missed"), TEXT),
}


def upgrade() -> None:
    for name, kind in FIELDS.items():
        op.add_column("eventwork", column(name, kind))
    op.create_index("ix_eventwork_state", "eventwork", ["state"])
    op.create_index("ix_eventwork_main", "eventwork", ["main"])


def column(name: str, kind: str) -> "sa.Column[object]":
    if kind == MOMENT:
        return sa.Column(name, sa.Integer())
    if kind == COUNT:
        return sa.Column(name, sa.Integer(), nullable=False, server_default="0")
    return sa.Column(name, sa.Text(), nullable=False, server_default="")
