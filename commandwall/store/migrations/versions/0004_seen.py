"""When a person of the side that a directive is for saw it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("directive", sa.Column("seen_at", sa.Integer()))
