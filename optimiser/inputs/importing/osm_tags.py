"""What the tags of OpenStreetMap mean to a car."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from optimiser.errors import holds_hidden

KMH_IN_A_MILE = 1.609344

# Speeds in km an hour of OSRM's profile for a car (profiles/car.lua of release 26.10): no speed was measured.
SPEEDS = {
    "motorway": 90,
    "motorway_link": 45,
    "trunk": 85,
    "trunk_link": 40,
    "primary": 65,
    "primary_link": 30,
    "secondary": 55,
    "secondary_link": 25,
    "tertiary": 40,
    "tertiary_link": 20,
    "unclassified": 25,
    "residential": 25,
    "living_street": 10,
    "service": 15,
}
# Of a limit that is tagged, that profile drives so much.
OF_A_LIMIT = 0.8
AS_ACCESS = "residential"
PROFILE = "OSRM's profile for a car"

# What is said for cars goes before what is said for all.
FOR_CARS = ("motorcar", "motor_vehicle", "vehicle", "access")
MAY_NOT = {
    *("no", "agricultural", "forestry", "emergency", "emergency_vehicle", "psv", "bus", "minibus", "taxi"),
    *("share_taxi", "hov", "foot", "restricted", "military", "official", "private", "delivery", "permit", "residents"),
}
ON_BUSINESS = {"destination", "customers"}
LETS_CARS_PASS = {
    *("no", "entrance", "cattle_grid", "border_control", "toll_booth", "sally_port", "height_restrictor", "arch"),
    *("gate", "lift_gate", "kerb"),
}
ROUND = {"roundabout", "circular"}
FORTH, BACK, BOTH = {"yes", "true", "1"}, {"-1", "reverse"}, {"no", "false", "0"}
MILES = {"nsl_restricted": 30, "nsl_single": 60, "nsl_dual": 70, "motorway": 70}
LIMIT = re.compile(r"(\d{1,3}(?:\.\d+)?)(?: ?(mph|km/h|kmh|kph))?")

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Limit:
    """A limit of speed as a class names it, such as ``30mph`` or ``50``, and in km an hour."""

    name: str
    kmh: float


def limit_of(said: str) -> Limit | None:
    """Return the limit of speed that a tag says: in km an hour, in miles, or as a law of Great Britain's; or None."""
    if said.partition(":")[0] in ("GB", "UK"):
        said = f"{MILES.get(said.partition(':')[2], '')} mph"
    found = LIMIT.fullmatch(said.strip())
    if found is None:
        return None
    number = float(found[1])
    kmh = round(number * KMH_IN_A_MILE, 6) if found[2] == "mph" else number
    return Limit(f"{number:g}{'mph' if found[2] == 'mph' else ''}", kmh) if 5 <= kmh <= 200 else None


def said_of_cars(tags: Tags) -> str | None:
    """Return what is said of who may pass, by what goes before all else for a car."""
    return next((tags[key].split(";")[0].strip() for key in FOR_CARS if key in tags), None)


def directions(tags: Tags) -> tuple[bool, ...]:
    """Return the ways that one may drive a road: along its nodes (True), against them (False), both or neither."""
    said = next((tags[key] for key in ("oneway:motorcar", "oneway:motor_vehicle", "oneway") if key in tags), "")
    if said == "reversible":
        return ()
    if said in BACK:
        return (False,)
    implied = tags.get("junction") in ROUND or tags.get("highway") == "motorway"
    return (True,) if said in FORTH or (implied and said not in BOTH) else (True, False)


def limit_on(tags: Tags, forth: bool) -> Limit | None:
    """Return the limit of speed of a road, along its nodes or against them; None where none is understood."""
    said = tags.get(f"maxspeed:{'forward' if forth else 'backward'}") or tags.get("maxspeed", "")
    return limit_of(said)


def shuts(tags: Tags) -> bool:
    """Whether a node keeps cars from passing it, by what is said of them or by what stands there."""
    said = said_of_cars(tags)
    if said is not None:
        return said in MAY_NOT
    return tags.get("barrier", "no") not in LETS_CARS_PASS and tags.get("bollard") != "rising"


def word_of(said: str) -> str:
    """Return the first of several words of a tag, as a table may hold it."""
    return " ".join("".join(one for one in said.split(";")[0] if not holds_hidden(one)).split())
