"""Minutes from every area to every site, worked out on a graph of roads."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import networkx as nx
import pandas as pd


def journey_minutes(
    roads: nx.Graph[Any], origins: Mapping[str, Hashable], destinations: Mapping[str, Hashable]
) -> pd.DataFrame:
    """Shortest minutes from each origin to each destination; missing where there is no way.

    Parameters
    ----------
    roads
        A graph whose edges have ``minutes``; directed if some roads go one way only. Between two points joined by
        several roads of a multigraph, the quickest counts.
    origins, destinations
        Node of the graph by code, of areas and of sites. They become the rows and columns of the answer.

    Raises
    ------
    ValueError
        If a code's node is not in the graph; the message names every such code.
    """
    lost = [code for code, node in [*origins.items(), *destinations.items()] if node not in roads]
    if lost:
        raise ValueError(f"These are not on the road graph: {', '.join(lost)}. Give each a node that is.")
    # Sites are few and areas many: one search back from each site finds the way from every area.
    backwards = nx.reverse_view(roads) if isinstance(roads, nx.DiGraph) else roads
    columns = {code: _minutes_to(backwards, node, origins) for code, node in destinations.items()}
    return pd.DataFrame(columns, index=list(origins), dtype=float)


def _minutes_to(backwards: nx.Graph[Any], destination: Hashable, origins: Mapping[str, Hashable]) -> list[float]:
    minutes = nx.single_source_dijkstra_path_length(backwards, destination, weight="minutes")
    return [minutes.get(node, float("nan")) for node in origins.values()]
