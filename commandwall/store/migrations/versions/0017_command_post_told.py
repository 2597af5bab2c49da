"""When a command post last reported who leads there and how many are there."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("commandpost", sa.Column("told_at", sa.Integer()))
