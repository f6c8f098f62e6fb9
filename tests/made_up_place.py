"""A made-up place on disk, small enough to see whole, for tests that spoil one thing in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

TABLES = {
    "areas": "area,name,resident,population,district,deprivation_decile\n"
    "A1,Appleby,true,1000,West,1\nA2,Brook,true,2000,West,5\nA3,Crossing,false,500,,\n",
    "sites": "site,name,role\nash,Ash Hospital,candidate\nbirch,Birch Hospital,candidate\nelm,Elm Hospital,neighbour\n",
    "journeys": "area,site,minutes\n"
    "A1,ash,10\nA1,birch,20.5\nA1,elm,40\n"
    "A2,ash,15\nA2,birch,12\nA2,elm,30\n"
    "A3,ash,50\nA3,birch,22\nA3,elm,8\n",
    "transfers": "from_site,to_site,minutes\n"
    "ash,birch,20\nash,elm,30\nbirch,ash,21\nbirch,elm,12\nelm,ash,31\nelm,birch,13\n",
    "demand": "area,activity,patients_per_year\nA1,visit,10\nA2,visit,4.333333\nA3,visit,0\n",
    "staff": "site,team,year,people,wte\nash,doctors,2024,3,\nash,doctors,2025,4,3.5\nbirch,doctors,2025,2,\n",
    "activity": "site,activity,period,count\nash,visit,2024/25,9\n",
    "sources": "source,title,verified\nmade_up,Made up,true\n",
    "columns": "table,column,source\njourneys,minutes,made_up\n",
}

CONFIG = """\
title: Where should care be?
place: ../place
teams:
  doctors: {name: Doctors, year: 2025, moves_at_most: unlimited}
services:
  care:
    name: Care
    activity: visit
    at_least_sites: 1
    minimum_patients: {value: 5, source: A book, verified: true}
    rotas:
      doctors: {people: 2}
  labs:
    name: Laboratories
    fixed:
      ash: {provided: true, reason: The machines are there}
today:
  care: [ash, birch]
objectives: [patient_minutes, {worst_journey: [care]}]
"""


def square(west: float, south: float) -> list[list[list[float]]]:
    """Return the coordinates of a square of one degree."""
    return [[[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]]


def geojson(areas: Mapping[str, list[list[list[float]]]]) -> str:
    """Return a GeoJSON page of one polygon an area."""
    features = [
        {"type": "Feature", "properties": {"area": area}, "geometry": {"type": "Polygon", "coordinates": outline}}
        for area, outline in areas.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def write_place(folder: Path, **changed: str | None) -> Path:
    """Write the place, with some tables changed or, where None, left out; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**TABLES, **changed}.items():
        if text is not None:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    outlines = {"A1": square(0, 50), "A2": square(1, 50), "A3": square(2, 50)}
    (folder / "boundaries.geojson").write_text(geojson(outlines), encoding="utf-8")
    return folder


def write_question(root: Path, config: str = CONFIG, **changed: str | None) -> Path:
    """Write the place and a config about it; return the config's path."""
    write_place(root / "place", **changed)
    return write_config(root, "base.yaml", config)


def write_config(root: Path, name: str, text: str) -> Path:
    """Write one config into the folder ``configs`` and return its path."""
    path = root / "configs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
