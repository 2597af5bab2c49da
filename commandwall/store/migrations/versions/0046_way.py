"""How a small matter is handled."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.add_column("eventwork", sa.Column("way", sa.Text(), nullable=False, server_default=""))
