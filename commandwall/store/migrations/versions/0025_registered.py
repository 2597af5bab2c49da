"""Events that a person registers: how they were placed, and who reported them."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    for name in ("placed", "person", "phone"):
        op.add_column("filedevent", sa.Column(name, sa.Text(), nullable=False, server_default=""))
