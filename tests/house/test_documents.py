"""What the documents say of the program is so."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

from commandwall import cli
from commandwall.config import CHOICES, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_plug_in_document_shows_the_example_that_the_tests_run() -> None:
    document, example = text("docs/plugins.md"), text("docs/examples/plugin/shelters.py")
    assert f"```python\n{example}```" in document
    assert len(example.splitlines()) < 40
    shown = re.search(r"```toml\n(.*?)```", document, re.S)
    assert shown is not None
    assert shown[1] in text("docs/examples/plugin/pyproject.toml")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)#]+)", path.read_text(encoding="utf-8"))
    own = [link for link in links if "://" not in link]
    assert [link for link in own if not (path.parent / link).exists()] == []


def table(name: str) -> list[list[str]]:
    """The cells of all tables of a document, without their heads."""
    lines = [line for line in text(name).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = [n for n, row in enumerate(cells) if set("".join(row)) <= {"-"}]
    return [row for n, row in enumerate(cells) if n not in rules and n + 1 not in rules]


def test_every_setting_stands_in_its_document_with_its_default() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in table("docs/settings.md")}
    defaults = {f.name: getattr(Settings(), f.name) for f in fields(Settings)}
    assert list(told) == list(defaults)
    del told["data_dir"]  # it differs from person to person
    assert {key: tomllib.loads(f"it = {value}")["it"] for key, value in told.items()} == {
        key: defaults[key] for key in told
    }
    meanings = {row[0].strip("`"): " ".join(row[1:]) for row in table("docs/settings.md")}
    absent = [(k, one) for k, some in CHOICES.items() for one in some if one not in meanings[k]]
    assert absent == []


def test_the_example_of_settings_is_one(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", text("docs/settings.md"), re.S)
    assert example is not None
    secret = tmp_path / "station.secret"
    secret.touch(mode=0o600)
    file = tmp_path / "hall.toml"
    file.write_text(re.sub(r'"/etc/[^"]+"', f'"{secret}"', example[1]))
    assert Settings.load({}, {}, file).screen == "DP-1"


FAMILIES = ("Apache", "BSD", "CC0", "LGPL", "MIT", "MPL", "OFL", "PSF", "Zlib")
UNSTATED = {"sqlcipher3"}  # its metadata names none; read from its licence file


def families(licence: str) -> set[str]:
    return {family for family in FAMILIES if family in licence}


def stated(package: str) -> str:
    """The licence of an installed package as its metadata says it."""
    about = metadata(package)
    kinds = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return about.get("License-Expression") or " ".join([about.get("License") or "", *kinds])


@pytest.mark.parametrize("extra", ["", "test", "dev"])
def test_every_dependency_is_listed_with_its_licence(extra: str) -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    asked = project["optional-dependencies"][extra] if extra else project["dependencies"]
    names = [found[0] for one in asked if (found := re.match(r"[\w.-]+", one))]
    listed = {row[0]: row[1] for row in table("docs/third-party.md")}
    assert [n for n in names if n != "commandwall" and n not in listed] == []
    wrong = []
    for name in set(names) - UNSTATED - {"commandwall"}:
        try:
            said = stated(name)
        except PackageNotFoundError:
            continue  # not for this system, or a developer's tool where there is none
        if not families(listed[name]) or not families(listed[name]) <= families(said):
            wrong.append((name, listed[name], said[:80]))
    assert wrong == []


def test_the_readme_names_the_commands_that_guard_a_landing() -> None:
    commands = re.search(r"```\n(make .*?)```", text("README.md"), re.S)
    assert commands is not None
    asked = commands[1].split("\n")
    assert asked[:2] == ["make run", "make test"]
    assert "make test" in text(".ci/run").splitlines()
    targets = re.findall(r"^(\w+):", text("Makefile"), re.M)
    for path in DOCUMENTS:
        named = re.findall(r"`make (\w+)", path.read_text(encoding="utf-8"))
        assert [name for name in named if name not in targets] == [], path.name


def test_every_test_that_the_page_of_faults_names_is_there() -> None:
    """And each fault has something that shows what it does."""
    rows = [row for row in table("docs/reliability.md") if row[0].startswith("R-")]
    assert len(rows) > 20
    for mark, *_, shown in rows:
        named = re.findall(r"`(tests/\S+?)::(\w+)`", shown)
        assert named, mark
        absent = [(file, test) for file, test in named if f"def {test}(" not in text(file)]
        assert absent == [], mark
        benches = re.findall(r"`benchmarks\.(\w+)`", shown)
        assert [b for b in benches if not (ROOT / f"benchmarks/{b}.py").exists()] == [], mark


def test_every_command_of_the_documents_is_understood() -> None:
    fenced = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
    found = [match for path in DOCUMENTS for match in fenced.findall(path.read_text("utf-8"))]
    blocks = [block for language, block in found if not language]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    named = re.compile(r"(?<!keyring set )commandwall (.+)")
    asked = [match[1] for line in lines if (match := named.search(line))]
    assert len(asked) > 8
    for arguments in asked:
        cli._parser().parse_args(shlex.split(arguments))


def test_each_sign_of_the_runbook_is_one_that_the_screen_shows() -> None:
    """Whoever looks up what the wall says must find it word by word."""
    shown = tomllib.loads(text("assets/i18n/en.toml"))
    quoted = {sign for row in table("docs/runbook.md") for sign in re.findall("「(.+?)」", row[0])}
    assert len(quoted) > 15
    assert [sign for sign in sorted(quoted) if not any(sign in words for words in shown)] == []
