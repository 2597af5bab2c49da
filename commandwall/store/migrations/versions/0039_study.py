"""Studies that were given out, and what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("kind", "template", "blocks", "title"),
        *_whole("since", "until"),
        *_texts("area", "cls", "source", "words", "state", "view"),
        *_whole("as_of", "rows"),
        *_texts("counts", "purpose", "files"),
        *_whole("at"),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_table(
        "studyuse",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        *_texts("study", "given_to", "outcome", "text"),
        *_whole("at"),
        *_texts("by", "post"),
        sqlite_strict=True,
    )
    op.create_index("ix_studyuse_study", "studyuse", ["study"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]
