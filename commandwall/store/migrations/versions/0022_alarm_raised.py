"""Which devices alarmed most in the last days is asked by when their alarms began."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_alarm_raised_at", "alarm", ["raised_at"])
