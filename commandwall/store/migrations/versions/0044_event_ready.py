"""An index of the closed events that owe nothing: each second it is asked which are put away."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"

READY = "state = 'CLOSED' AND lesson <> '' AND (visit_at IS NULL OR visited_at IS NOT NULL)"


def upgrade() -> None:
    op.create_index("ix_eventwork_ready", "eventwork", ["closed_at"], sqlite_where=sa.text(READY))
