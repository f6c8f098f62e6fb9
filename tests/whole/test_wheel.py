"""What is installed from a wheel has all that its commands need, without this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]


def test_a_wheel_starts_a_place_solves_it_and_draws_its_page(tmp_path: Path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path), str(ROOT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("hospital_service_optimiser-*.whl")
    ZipFile(wheel).extractall(tmp_path / "installed")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}

    def optimiser(*words: str) -> str:
        command = [sys.executable, "-m", "optimiser", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=120
        ).stdout

    tables = "from optimiser.inputs.england.national import shipped_text; print(shipped_text('units.csv')[:10])"
    code = [sys.executable, "-c", tables]
    assert subprocess.run(code, cwd=tmp_path, env=environment, capture_output=True, text=True).stdout == "unit,trust\n"
    optimiser("init", "place")
    optimiser("solve", "place/place.yaml", "--out", "run")
    optimiser("report", "run")
    assert "clean" in optimiser("check", "run")
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert wheel.name.startswith(f"hospital_service_optimiser-{record['versions']['optimiser']}-")
