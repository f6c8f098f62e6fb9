"""Hostile files and texts are refused in words or taken as text: nothing outside is opened and nobody is called."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hostile_files import REFUSED, SECRET, TAKEN
from made_up_place import TABLES
from shipped import answer

from optimiser.plan.runs import files_of, write_files

SCRIPT = Path(__file__).parents[1] / "hostile_files.py"
# How many entries there are at least, by area, in a quick run and in a whole one.
LEAST = {"links": (15, 50), "markup": (15, 15), "formulas": (10, 10), "escapes": (10, 10), "bases": (16, 16)}
LEAST |= {"numbers": (24, 24), "encodings": (10, 10), "runs": (12, 36), "deep": (0, 7), "wide": (0, 9), "huge": (0, 4)}
# Texts that say nothing but themselves, and numbers that are one.
MAY_BE_TAKEN = {"markup", "formulas", "escapes", "numbers"}


@pytest.mark.parametrize("part", ["quick", pytest.param("whole", marks=pytest.mark.deep)])
def test_no_hostile_folder_is_read_beyond_or_ends_otherwise_than_in_words(part: str, tmp_path: Path):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, text in TABLES.items():
        (secrets / f"{name}.csv").write_text(text.replace("Appleby", SECRET), encoding="utf-8")
    for name in ("secret.txt", "boundaries.geojson"):
        (secrets / name).write_text(SECRET, encoding="utf-8")
    write_files(files_of(answer("tiny")), tmp_path / "run")
    command = [sys.executable, str(SCRIPT), str(tmp_path), part]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert not ended.returncode, ended.stderr
    found = json.loads(ended.stdout)
    watched = found.pop("watched")
    assert any("secret.txt" in one for one in watched) and any(one.startswith("socket.") for one in watched)
    areas = Counter(name.partition(":")[0] for name in found)
    assert {area: areas[area] for area, least in LEAST.items() if areas[area] < least[part == "whole"]} == {}
    wrong = {}
    for name, one in found.items():
        area, shown = name.partition(":")[0], one["words"]
        hidden = [sign for sign in shown if not sign.isprintable() and sign != "\n"]
        may_end = (REFUSED, TAKEN) if area in MAY_BE_TAKEN else (REFUSED,)
        if one["opened"] or hidden or SECRET in shown or "bound method" in shown or one["ended"] not in may_end:
            wrong[name] = one
        if area == "formulas" and name.partition(": ")[2][1:2] in "=+-@" and one["ended"] == TAKEN:
            wrong[name] = one
    assert wrong == {}
