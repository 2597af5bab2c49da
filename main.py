"""Puts the parts together: settings, clock, store, desk, agent, wall."""

from __future__ import annotations

import sys

from commandwall import cli


def main() -> int:
    """The command `commandwall`; returns its exit code."""
    return cli.run(sys.argv[1:], run_wall)


def run_wall(settings: object, snapshot: object = None) -> int:
    raise NotImplementedError


if __name__ == "__main__":
    raise SystemExit(main())
