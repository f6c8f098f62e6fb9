"""Time the search of roads: many areas to a few sites on a made-up network, ours beside networkx.

    python benchmarks/roads.py             125 sites on 300,000 junctions (a few minutes, most of them networkx's)
    python benchmarks/roads.py --quick     a small one, as the tests run it

Both start from the same networkx graph with one-way roads, and ours counts the making of its arrays. networkx is given
a few of the sites, one search back from each, and its time is told a site; minutes must be equal to the last digit.
CPU seconds, so that a busy machine matters less.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence

import networkx as nx
import numpy as np

from optimiser.journeys.roads import journey_minutes

QUICK, FULL = (60, 8, 3), (548, 125, 5)
ONE_WAY, DIAGONAL = 0.1, 0.05


def made_up_roads(side: int) -> nx.DiGraph[int]:
    """Return a network like a town's: a grid of streets of uneven length, some one way, with a few short cuts."""
    rng, number = np.random.default_rng(15), np.arange(side * side).reshape(side, side)
    pairs = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:]), (number[:-1, :-1], number[1:, 1:])]
    start, end = (np.concatenate([pair[n].ravel() for pair in pairs]) for n in (0, 1))
    kept = np.ones(len(start), dtype=bool)
    kept[-pairs[2][0].size :] = rng.random(pairs[2][0].size) < DIAGONAL
    start, end = start[kept], end[kept]
    minutes = np.round(rng.gamma(4.0, 0.1, len(start)) + 0.01, 3)
    back = rng.random(len(start)) > ONE_WAY
    roads: nx.DiGraph[int] = nx.DiGraph()
    # As they come from a file: in no order.
    edges = np.concatenate([np.stack([start, end]), np.stack([end[back], start[back]])], axis=1)
    order = rng.permutation(edges.shape[1])
    known = np.concatenate([minutes, minutes[back]])[order].tolist()
    names = rng.permutation(side * side)
    roads.add_nodes_from(range(side * side))
    ends = names[edges[:, order]].tolist()
    roads.add_edges_from((u, v, {"minutes": m}) for u, v, m in zip(*ends, known, strict=True))
    return roads


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print one line each; return 1 where the minutes differ."""
    parser = argparse.ArgumentParser(description="Time the search of roads, ours beside networkx.")
    parser.add_argument("--quick", action="store_true", help="a small network")
    side, sites, tried = QUICK if parser.parse_args(arguments).quick else FULL
    roads = made_up_roads(side)
    origins = {f"E{node}": node for node in roads}
    destinations = {f"S{n}": node for n, node in enumerate(range(7, side * side, side * side // sites))}
    destinations = dict(list(destinations.items())[:sites])
    began = time.process_time()
    minutes = journey_minutes(roads, origins, destinations)
    ours = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    print(f"{len(roads):,} junctions, {roads.number_of_edges():,} roads, all junctions to {len(destinations)} sites")
    print(f"ours: {ours:.2f} s in all, {ours / len(destinations):.3f} s a site ({peak:,.0f} MB)")
    backwards, began, same = roads.reverse(copy=False), time.process_time(), True
    some = list(destinations)[:tried]
    found = [nx.single_source_dijkstra_path_length(backwards, destinations[code], weight="minutes") for code in some]
    theirs = (time.process_time() - began) / tried * len(destinations)
    for code, lengths in zip(some, found, strict=True):
        same &= minutes[code].fillna(np.inf).tolist() == [lengths.get(node, np.inf) for node in roads]
    print(f"networkx: {theirs / len(destinations):.3f} s a site over {tried} of them, so {theirs:.0f} s for all")
    print(f"Ours is {theirs / ours:.1f} times faster.")
    print("Minutes are equal to the last digit." if same else "MINUTES DIFFER.")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
