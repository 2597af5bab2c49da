"""Who has an event, the town or the county."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.add_column("eventwork", sa.Column("tier", sa.Text(), nullable=False, server_default=""))
    for name in ("tier_at", "back_at"):
        op.add_column("eventwork", sa.Column(name, sa.Integer()))
    count = sa.Column("tier_no", sa.Integer(), nullable=False, server_default="0")
    op.add_column("eventwork", count)
