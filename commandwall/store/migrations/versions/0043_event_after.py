"""How often a dispatch was taken back; what is due of an event after it was closed."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    count = sa.Column("taken_back_no", sa.Integer(), nullable=False, server_default="0")
    op.add_column("eventwork", count)
    for name in ("visit_at", "visited_at"):
        op.add_column("eventwork", sa.Column(name, sa.Integer()))
    for name in ("visit", "lesson", "summary"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default="")
        op.add_column("eventwork", column)
