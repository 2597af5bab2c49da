"""The state that a view asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column("savedview", sa.Column("state", sa.Text(), nullable=False, server_default=""))
