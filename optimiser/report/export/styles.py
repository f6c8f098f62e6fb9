"""How a mapping program draws the layers of the GeoPackage at once, and what it calls their columns (QGIS reads this).

A style stands as XML in the table ``layer_styles``, one row a layer, as QGIS writes and reads it.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pandas as pd

from optimiser.report.export.drawing import FIVE_STEPS, INK, PAPER

STYLES = "layer_styles"
# From, to, colour and label.
Step = tuple[float, float, str, str]
BEYOND_ALL = 10_000.0


def styles(layers: Sequence[tuple[str, str, ET.Element]], aliases: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return the table of styles: for each layer its name, the column of its shapes, and how it is drawn."""
    rows = []
    for name, shapes, renderer in layers:
        whole = ET.Element("qgis", {"styleCategories": "Symbology|Fields", "version": "3.22.0"})
        whole.append(renderer)
        called = ET.SubElement(whole, "aliases")
        for number, (column, words) in enumerate(aliases.get(name, {}).items()):
            ET.SubElement(called, "alias", {"index": str(number), "field": column, "name": words})
        rows.append(("", "", name, shapes, name, ET.tostring(whole, encoding="unicode"), "", True, "", "", ""))
    names = ["f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column"]
    names += ["styleName", "styleQML", "styleSLD", "useAsDefault", "description", "owner", "ui"]
    return pd.DataFrame(rows, columns=names)


def by_minutes(column: str, steps: Sequence[Step], *, outlined: bool) -> ET.Element:
    """Return how areas are drawn by the minutes of a column: each step with its own colour."""
    drawn = ET.Element("renderer-v2", {"type": "graduatedSymbol", "attr": column, "graduatedMethod": "GraduatedColor"})
    ranges, symbols = ET.SubElement(drawn, "ranges"), ET.SubElement(drawn, "symbols")
    for number, (low, high, colour, label) in enumerate(steps):
        ends = {"lower": f"{max(low, 0.0):g}", "upper": f"{min(high, BEYOND_ALL):g}"}
        ET.SubElement(ranges, "range", {**ends, "symbol": str(number), "label": label, "render": "true"})
        symbols.append(_area(str(number), colour) if outlined else _mark(str(number), colour, colour, "circle"))
    return drawn


def by_provision(column: str) -> ET.Element:
    """Return how sites are drawn: a disc where they provide a service, a ring where not, a square for neighbours."""
    drawn = ET.Element("renderer-v2", {"type": "categorizedSymbol", "attr": column})
    kinds, symbols = ET.SubElement(drawn, "categories"), ET.SubElement(drawn, "symbols")
    named = (("yes", "provides it", INK, "circle"), ("no", "could, and does not", PAPER, "circle"))
    for number, (value, label, fill, shape) in enumerate((*named, ("", "hospital outside", PAPER, "square"))):
        ET.SubElement(kinds, "category", {"value": value, "symbol": str(number), "label": label, "render": "true"})
        symbols.append(_mark(str(number), fill, INK, shape))
    return drawn


def outlined_only() -> ET.Element:
    """Return how catchments are drawn: their edge alone."""
    drawn = ET.Element("renderer-v2", {"type": "singleSymbol"})
    ET.SubElement(drawn, "symbols").append(_area("0", "", edge=INK, width="0.6"))
    return drawn


def _area(name: str, colour: str, edge: str = PAPER, width: str = "0.05") -> ET.Element:
    symbol = ET.Element("symbol", {"type": "fill", "name": name, "alpha": "1"})
    fill = {"color": _rgba(colour), "style": "solid"} if colour else {"style": "no"}
    return _layer(symbol, "SimpleFill", {**fill, "outline_color": _rgba(edge), "outline_width": width})


def _mark(name: str, colour: str, edge: str, shape: str) -> ET.Element:
    symbol = ET.Element("symbol", {"type": "marker", "name": name, "alpha": "1"})
    return _layer(
        symbol, "SimpleMarker", {"name": shape, "color": _rgba(colour), "outline_color": _rgba(edge), "size": "3.4"}
    )


def _layer(symbol: ET.Element, kind: str, options: Mapping[str, str]) -> ET.Element:
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1"})
    stated = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in options.items():
        ET.SubElement(stated, "Option", {"type": "QString", "name": name, "value": value})
    return symbol


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


def steps_of(ends: Sequence[float]) -> list[Step]:
    """Return five steps of minutes that end at these, the last at none: from, to, colour and label."""
    lows, highs = [-1.0, *ends], [*ends, float("inf")]
    between = (f"{low:g} to {high:g}" for low, high in pairwise(ends))
    labels = [f"{ends[0]:g} or less", *between, f"more than {ends[-1]:g}"]
    return list(zip(lows, highs, FIVE_STEPS, labels, strict=True))
