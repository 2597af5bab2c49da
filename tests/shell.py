"""`commandwall import` as a person would run it, against a database of its own."""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from pathlib import Path

import psycopg

from commandwall.config import ASSETS, Settings
from commandwall.pool import schema
from commandwall.pool.imports import door

COUNT = itertools.count(1)
CHILD = """
import argparse, sys
from pathlib import Path
from commandwall.config import ASSETS, Settings
from commandwall.pool.imports import door

url, secret, folder, *arguments = sys.argv[1:]
parser = argparse.ArgumentParser()
door.add_arguments(parser)
asked = parser.parse_args(arguments)
sys.exit(door.run(Settings(data_dir=Path(folder), pool=url, secret_file=secret), asked))
"""


class Shell:
    """Runs the command as a person would, against a database of its own."""

    def __init__(self, server, folder):
        self.folder = folder
        name = f"imports{next(COUNT)}"
        self.password = Path(server.owner_secret).read_text().strip()
        with self.connect(server.owner_url) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        self.url = server.owner_url.replace("/city?", f"/{name}?")
        self.settings = Settings(
            data_dir=folder / "data", pool=self.url, secret_file=server.owner_secret
        )
        with self.connect(self.url) as conn:
            schema.create(conn)

    def connect(self, url):
        return psycopg.connect(url, password=self.password, autocommit=True)

    def run(self, *arguments):
        parser = argparse.ArgumentParser()
        door.add_arguments(parser)
        return door.run(self.settings, parser.parse_args([str(a) for a in arguments]))

    def ask(self, sql):
        with self.connect(self.url) as conn:
            return conn.execute(sql).fetchall()

    def file(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name


def begun(shell, *arguments):
    """An import in a program of its own that has written its first rows."""
    child = started(shell, *arguments)
    child.stderr.readline()
    return child


def started(shell, *arguments):
    """An import in a program of its own."""
    place = (shell.url, shell.settings.secret_file, shell.folder / "data")
    command = [sys.executable, "-c", CHILD, *map(str, (*place, *arguments))]
    return subprocess.Popen(
        command, cwd=ASSETS.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
