"""The whole life of an alarm: how often it came, what put it aside, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("alarm", sa.Column("count", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("alarm", sa.Column("read_at", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("alarm", sa.Column("until", sa.Integer()))
    for name in ("reason", "work_order", "put_by", "put_post"):
        op.add_column("alarm", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("alarm", sa.Column("put_severity", sa.Integer()))
    op.create_index("ix_alarm_until", "alarm", ["until"])
