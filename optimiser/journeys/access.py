"""Where areas and sites join a network: straight lines to the junctions around them, over no water."""

from __future__ import annotations

import numpy as np
import pandas as pd

# The way to a junction is so many times the straight line.
DETOUR = 1.3
# How many junctions are looked at for each that is kept, for some may lie beyond a water.
LOOKED_AT = 4


def access_of(
    ends: pd.DataFrame,
    junctions: pd.DataFrame,
    waters: pd.DataFrame,
    *,
    nearest: int,
    within_km: float = float("inf"),
    within_times: float = 0.0,
) -> pd.DataFrame:
    """Return the junctions that each area or site joins, as a table of end, junction and km, in order of their codes.

    Parameters
    ----------
    ends, junctions, waters
        Tables with ``end``, ``junction``, and ``water`` and ``order``, each with easting_m and northing_m. No line to a
        junction may cross a water.
    nearest
        How many junctions each joins at most: the nearest of those that it reaches.
    within_km, within_times
        A junction further away than both, as a straight line in kilometres and in times the nearest, is left out.

    The kilometres are straight lines times 1.3, to the metre.
    """
    import shapely
    from scipy.spatial import KDTree

    places = junctions[["easting_m", "northing_m"]].to_numpy(dtype=float)
    starts = ends[["easting_m", "northing_m"]].to_numpy(dtype=float)
    distances, numbers = KDTree(places).query(starts, k=list(range(1, min(len(places), nearest * LOOKED_AT) + 1)))
    ordered = waters.assign(order=waters["order"].astype(int)).sort_values(["water", "order"])
    lines = [shapely.LineString(one[["easting_m", "northing_m"]]) for _, one in ordered.groupby("water")]
    water = shapely.union_all(lines)
    codes, rows = junctions["junction"].tolist(), []
    for end, start, far, there in zip(ends["end"], starts, distances, numbers, strict=True):
        over = np.asarray(shapely.intersects(shapely.linestrings([(start, places[n]) for n in there]), water))
        reached = sorted((metres, codes[n]) for metres, n, wet in zip(far, there, over, strict=True) if not wet)
        most = max(within_km * 1000, within_times * reached[0][0]) if reached else 0.0
        rows += [(end, code, round(m * DETOUR / 1000, 3)) for m, code in reached[:nearest] if m <= most]
    return pd.DataFrame(sorted(rows), columns=["end", "junction", "km"])
