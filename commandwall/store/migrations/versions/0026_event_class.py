"""The class of an event that a station set right."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("eventwork", sa.Column("cls", sa.Text(), nullable=False, server_default=""))
