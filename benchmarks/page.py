"""How large the page is and how quick: bytes, and milliseconds in a browser until it is drawn and for a tick.

    python benchmarks/page.py                the base question, and a made-up country of 34,752 areas and 113 sites
    python benchmarks/page.py --no-browser   sizes only

The made-up country is drawn at random with a fixed seed: areas in a square, minutes in
proportion to distance, in tenths.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import optimiser as op
from optimiser.problem import Figure, Problem, Service, Site
from optimiser.report.page import build as report

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

AREAS, SITES, DISTRICTS, OPEN = 34_752, 113, 300, 50
TICKS = 21
TICK = """async times => {
    const boxes = Array.from(document.querySelectorAll('.ticks input')), took = [];
    for (let n = 0; n < times; n++) {
        const start = performance.now();
        boxes[n % boxes.length].click();
        document.body.getBoundingClientRect();
        took.push(performance.now() - start);
    }
    return took;
}"""


def country(areas: int = AREAS, sites: int = SITES) -> Problem:
    """Return a made-up country with one service: where should so many of the sites be?"""
    draw = np.random.default_rng(20_190_731)
    places = draw.uniform(0, 600_000, (areas, 2)).round()
    hospitals = places[draw.choice(areas, sites, replace=False)]
    codes = [f"site_{number:03}" for number in range(sites)]
    names = [f"E0{1_000_000 + number}" for number in range(areas)]
    index = pd.Index(names, name="area")
    far = np.sqrt(((places[:, None, :] - hospitals[None, :, :]) ** 2).sum(axis=2))
    district = (places[:, 0] // 35_000).astype(int) * 18 + (places[:, 1] // 35_000).astype(int)
    frame = pd.DataFrame(
        {
            "name": [f"Place {number:05}" for number in range(areas)],
            "resident": True,
            "population": draw.integers(1_000, 2_400, areas),
            "population_75_plus": draw.integers(40, 400, areas),
            "deprivation_decile": draw.integers(1, 11, areas),
            "district": [f"District {number:03}" for number in district],
        },
        index=index,
    )
    points = pd.DataFrame({"area": names, "easting_m": places[:, 0], "northing_m": places[:, 1]})
    marks = pd.DataFrame({"site": codes, "easting_m": hospitals[:, 0], "northing_m": hospitals[:, 1]})
    return Problem(
        title=f"Where should {OPEN} of {sites} units be in a made-up country?",
        sites={code: Site(code, f"Hospital {code[-3:]}", True) for code in codes},
        services={
            "unit": Service("unit", "Unit", "admission", at_most_sites=Figure(OPEN), standard_minutes=Figure(30))
        },
        areas=frame,
        journeys=pd.DataFrame(np.round(5 + far / 1000, 1), index=index, columns=codes),
        demand=pd.DataFrame({"admission": draw.integers(0, 9, areas).astype(float)}, index=index),
        today=frozenset((code, "unit") for code in codes),
        files={
            "inputs/areas.csv": points.to_csv(index=False).encode(),
            "inputs/sites.csv": marks.to_csv(index=False).encode(),
        },
    )


def country_page(problem: Problem) -> str:
    """Return the page of the first so many sites."""
    return report.page([op.evaluate(problem, {(code, "unit") for code in problem.candidates[:OPEN]})])


def measured(html: str) -> tuple[float, float, float]:
    """Return milliseconds until the page is drawn, for a tick in the middle, and for the slowest tick."""
    from browser import started, visit

    with tempfile.TemporaryDirectory() as folder, started() as browser:
        path = Path(folder) / "page.html"
        path.write_text(html, encoding="utf-8")
        with visit(browser, path.as_uri()) as seen:
            drawn = seen.page.evaluate(
                "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
            )
            ticks = seen.page.evaluate(TICK, TICKS)
            assert seen.quiet
    return float(drawn), statistics.median(ticks), max(ticks)


def main(words: list[str]) -> None:
    """Print a line for each page."""
    base = op.solve(op.read_problem(ROOT / "configs/base.yaml"))
    print(f"{'page':<34}{'MB':>8}{'made, s':>10}{'drawn, ms':>12}{'tick, ms':>10}{'slowest':>10}")
    for name, make in (
        ("base, 729 areas, 3 candidates", lambda: report.page([base])),
        (f"made up, {AREAS:,} areas, {SITES} sites", lambda: country_page(country())),
    ):
        start = time.perf_counter()
        html = make()
        seconds = time.perf_counter() - start
        times = measured(html) if "--no-browser" not in words else (float("nan"),) * 3
        sizes = f"{len(html.encode()) / 1e6:>8.2f}{seconds:>10.1f}"
        print(f"{name:<34}{sizes}{times[0]:>12.0f}{times[1]:>10.1f}{times[2]:>10.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
