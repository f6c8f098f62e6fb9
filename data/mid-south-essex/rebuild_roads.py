"""Rebuild, or compare, what is worked out of the network of roads: where areas and sites join it, and its speeds.

Junctions, links and waters are kept by hand. Where an area or a site joins is found from coordinates alone; speeds are
those at which minutes on the network, plus a constant, are nearest to journeys.csv.

    python data/mid-south-essex/rebuild_roads.py            say whether road_access.csv agrees, and how well minutes fit
    python data/mid-south-essex/rebuild_roads.py --write    write road_access.csv again
    python data/mid-south-essex/rebuild_roads.py --fit      look for speeds that fit better, and with half held out

Ends with 0 when all agrees (or was written), 1 when it differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.journeys.access import access_of
from optimiser.journeys.network import THOUSAND, network_of

HERE = Path(__file__).resolve().parent
OF_AN_AREA: dict[str, Any] = {"nearest": 8, "within_km": 3.5, "within_times": 2.5}
OF_A_SITE: dict[str, Any] = {"nearest": 3}
# Speeds that are stated and not fitted: too few journeys take the crossing.
STATED = ("crossing",)
GRID = ("easting_m", "northing_m")
MOTORWAY_AT_MOST = 112
MOST_OFF = 6.0


def table(name: str, folder: Path = HERE) -> pd.DataFrame:
    """Return one of the tables beside this file."""
    return pd.read_csv(folder / f"{name}.csv")


def access(folder: Path = HERE) -> pd.DataFrame:
    """Return where areas and sites join the network; areas of which no coordinates are known join nowhere."""
    junctions, waters = table("road_junctions", folder), table("road_waters", folder)
    areas = table("areas", folder).dropna(subset="easting_m").rename(columns={"area": "end"})
    sites = table("sites", folder).rename(columns={"site": "end"})
    found = [access_of(areas, junctions, waters, **OF_AN_AREA), access_of(sites, junctions, waters, **OF_A_SITE)]
    return pd.concat(found).sort_values(["end", "junction"])


class Fit:
    """Minutes of journeys.csv beside those on the network, of areas that join it: areas × sites."""

    def __init__(self, folder: Path = HERE) -> None:
        names = ("road_junctions", "road_links", "road_speeds", "road_access")
        self.junctions, self.links, self.speeds, self.access = (table(name, folder) for name in names)
        sites = table("sites", folder)
        minutes = table("journeys", folder).pivot(index="area", columns="site", values="minutes")
        self.matrix = minutes.loc[sorted(set(self.access["end"]) - set(sites["site"]))]
        self.near = sites["site"][sites["role"] == "candidate"].tolist()
        areas = table("areas", folder).set_index("area").reindex(self.matrix.index)
        self.districts = areas["district"]
        apart = (areas[name].to_numpy()[:, None] - sites.set_index("site")[name][self.near].to_numpy() for name in GRID)
        self.straight_km = np.hypot(*apart) / 1000

    def off(self, speeds: dict[str, int] | None = None) -> pd.DataFrame:
        """Return minutes of the matrix less those on the network, at these speeds or at those of the table."""
        kmh = self.speeds if speeds is None else pd.DataFrame({"class": list(speeds), "kmh": list(speeds.values())})
        network = network_of(self.junctions, self.links, kmh, self.access)
        return self.matrix - network.thousandths(self.matrix.index, self.matrix.columns) / THOUSAND

    def off_by_straight_lines(self) -> pd.DataFrame:
        """Return minutes of the matrix less those of a straight line to each candidate, at the speed that fits best."""
        tried = [self.matrix[self.near] - minutes_a_km * self.straight_km for minutes_a_km in np.arange(0.5, 1.5, 0.01)]
        return min(tried, key=lambda off: float((off - self.constant(off)).abs().to_numpy().mean()))

    def constant(self, off: pd.DataFrame) -> float:
        """Return the minutes that the matrix has beside those on the network: the median, at the candidates."""
        return float(np.median(off[self.near]))

    def badness(self, off: pd.DataFrame) -> float:
        """Return how bad a fit is: mean and 90th percentile of the errors at the candidates, and a little of all."""
        errors = (off - self.constant(off)).abs()
        near = errors[self.near].to_numpy()
        return float(near.mean() + 0.5 * np.quantile(near, 0.9) + 0.3 * errors.clip(upper=MOST_OFF).to_numpy().mean())

    def neighbours(self, speeds: dict[str, int], step: int) -> Iterator[dict[str, int]]:
        """Yield the speeds with one of them a step higher or lower."""
        for kind in speeds:
            for change in (step, -step) if kind not in STATED else ():
                if kind != "motorway" or speeds[kind] + change <= MOTORWAY_AT_MOST:
                    yield speeds | {kind: speeds[kind] + change}

    def best(self, rows: slice) -> dict[str, int]:
        """Return whole speeds of which none can be a little higher or lower and fit some of the areas better."""
        speeds = dict(zip(self.speeds["class"], self.speeds["kmh"].astype(int), strict=True))
        least = self.badness(self.off(speeds).iloc[rows])
        for step in (4, 2, 1):
            moved = True
            while moved:
                moved = False
                for other in self.neighbours(speeds, step):
                    if (found := self.badness(self.off(other).iloc[rows])) < least - 1e-9:
                        speeds, least, moved = other, found, True
                        break
        return speeds


def how_well(fit: Fit) -> pd.DataFrame:
    """Return absolute errors in minutes, median and 90th percentile: at candidates, all sites, by site, by district."""
    off = fit.off()
    errors = (off - fit.constant(off)).abs()
    straight = fit.off_by_straight_lines()
    groups = {"the candidates": errors[fit.near], "all sites": errors}
    groups["the candidates, by straight lines"] = (straight - fit.constant(straight)).abs()
    groups |= {f"site {site}": errors[[site]] for site in errors}
    groups |= {f"district {name}": one for name, one in errors[fit.near].groupby(fit.districts)}
    found = {name: (np.median(one), np.quantile(one, 0.9)) for name, one in groups.items()}
    return pd.DataFrame(found, index=["median", "90%"]).T


def held_out(fit: Fit) -> tuple[float, float]:
    """Return the errors at the candidates of areas that were held out of the fit, each half in its turn."""
    errors = []
    for rows, others in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        off = fit.off(fit.best(rows))
        errors.append((off.iloc[others][fit.near] - fit.constant(off.iloc[rows])).abs().to_numpy().ravel())
    return float(np.median(np.concatenate(errors))), float(np.quantile(np.concatenate(errors), 0.9))


def main(arguments: list[str] | None = None) -> int:
    """Compare or write road_access.csv, and say how well the minutes fit."""
    parser = argparse.ArgumentParser(description="Compare or rebuild what is worked out of the network of roads.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="write road_access.csv again")
    choice.add_argument("--fit", action="store_true", help="look for speeds that fit better; takes minutes")
    chosen = parser.parse_args(arguments)
    path = HERE / "road_access.csv"
    text = access().assign(km=lambda one: one["km"].map("{:g}".format)).to_csv(index=False, lineterminator="\n")
    agrees = path.is_file() and path.read_text(encoding="utf-8") == text
    if chosen.write and not agrees:
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"road_access.csv: {'agrees' if agrees else 'written' if chosen.write else 'differs; write it with --write'}")
    fit = Fit()
    print(f"minutes = {fit.constant(fit.off()):.2f} + minutes on the network; absolute errors in minutes:")
    print(how_well(fit).round(2).to_string())
    if chosen.fit:
        print("speeds that fit best:", fit.best(slice(None)))
        print("areas held out, median and 90%: {:.3f} {:.3f}".format(*held_out(fit)))
    return int(not (agrees or chosen.write))


if __name__ == "__main__":
    sys.exit(main())
