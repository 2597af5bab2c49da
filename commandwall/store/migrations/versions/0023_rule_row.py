"""Rules of alarms that a person proposed and another one decided."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
COLUMNS = (
    ("rule", sa.Text), ("zh", sa.Text), ("en", sa.Text), ("cls", sa.Text),
    ("severity", sa.Integer), ("low_bad", sa.Integer), ("threshold", sa.REAL), ("on_s", sa.REAL),
    ("off_s", sa.REAL), ("deadband", sa.REAL), ("files_event", sa.Integer),
    ("urgency", sa.Integer), ("event_class", sa.Text), ("unit", sa.Text), ("light", sa.Text),
    ("mode", sa.Text), ("samples", sa.Integer), ("lift_rate", sa.REAL), ("lift_pair_s", sa.REAL),
    ("from_h", sa.REAL), ("until_h", sa.REAL),
    ("retired", sa.Integer), ("asked", sa.Integer), ("reason", sa.Text), ("tried_days", sa.REAL),
    ("tried", sa.Integer), ("tried_now", sa.Integer), ("state", sa.Text), ("at", sa.Integer),
    ("by", sa.Text), ("post", sa.Text),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "rulerow",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *(sa.Column(name, kind(), nullable=False) for name, kind in COLUMNS),
        sa.Column("decided_at", sa.Integer()),
        sa.Column("since", sa.Integer()),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("decided_by", "decided_post", "answer")
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_rulerow_state", "rulerow", ["state"])
