"""Before-images of what stations wrote, and every line that tells of a record."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

KNOWN = """
INSERT OR IGNORE INTO told(record, hlc, origin)
SELECT kind.key || ':' || (row.value ->> '$.id'), l.hlc, l.origin
FROM journal l, json_each(iif(json_valid(l.body), l.body, '{}'), '$.records') kind,
    json_each(iif(kind.type = 'array', kind.value, '[]')) row
WHERE row.type = 'object' AND typeof(row.value ->> '$.id') = 'text'
"""


def upgrade() -> None:
    op.create_table(
        "wall_log",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_wall_log_at", "wall_log", ["at"])
    op.create_table(
        "told",
        sa.Column("record", sa.Text(), primary_key=True),
        sa.Column("hlc", sa.Integer(), primary_key=True),
        sa.Column("origin", sa.Text(), primary_key=True),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_hlc", "told", ["hlc"])
    op.get_bind().exec_driver_sql(KNOWN)
