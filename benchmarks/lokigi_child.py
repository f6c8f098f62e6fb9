"""Rank every choice of sites for one service with lokigi's brute force, and say how long it took.

Run by benchmarks/options.py, if need be with another Python than its own. Reads a table of minutes from standard input
(one row an area, one column a site, and ``patients``), and prints as JSON CPU seconds and every choice's
patient-minutes.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import pandas as pd
from lokigi.site import SiteProblem


def main() -> None:
    """Rank every choice of one site, of two sites, and so on."""
    warnings.simplefilter("ignore")
    table = pd.read_csv(sys.stdin)
    sites = [name for name in table.columns if name not in ("area", "patients")]
    # lokigi wants places on a map; only the minutes count.
    places = pd.DataFrame({"site": sites, "lat": 51.5, "long": [number / 100 for number in range(len(sites))]})
    problem = SiteProblem(debug_mode=False)
    problem.add_demand(table[["area", "patients"]], demand_col="patients", location_id_col="area")
    problem.add_sites(places, candidate_id_col="site", crs="EPSG:4326")
    problem.add_travel_matrix(table[["area", *sites]], source_col="area", unit="minutes")
    problem.solve(p=1, objectives="p_median", show_progress=False)
    found: list[float] = []
    began = time.process_time()
    for number in range(1, len(sites) + 1):
        solved = problem.solve(p=number, objectives="p_median", show_progress=False)
        found += (solved.solution_df["weighted_average"] * table["patients"].sum()).tolist()
    print(json.dumps({"seconds": time.process_time() - began, "values": found}))


if __name__ == "__main__":
    main()
