"""Candidates that a config adds to those of the place's tables, worked out from the words alone.

A site's journeys are those of a table of its own, or lie on a line: so many minutes at once, and so many for each metre
as the crow flies, whole metres. The line is Tukey's resistant one through the journeys that the place knows from areas
to the twelve candidates nearest to the new site: ordered by metres, then minutes, the medians of the nearest third and
of the furthest make its slope, and the median of what is left is what it begins with. Minutes are rounded to the
decimals that those journeys have, halves to the even one, and are never below 0. Ways between sites lie on the same
line. How far it is off is found with each of those sites left out in turn. By roads it is the same, with thousandths of
a minute on the network in place of metres.
"""

from __future__ import annotations

from cmath import sin as complex_sin
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import atan, atan2, atanh, cos, hypot, isqrt, pi, sin, sinh, sqrt
from typing import Any, NamedTuple

from optimiser.checker.question import AddedSite, Question
from optimiser.checker.reading import Breach, Row, brief, nearly, rounded_ratio
from optimiser.checker.roads import Network
from optimiser.checker.run import Run

CHECK = "added_sites_are_those_of_the_config"
STRAIGHT, BY_ROAD, MARK = "straight_line", "roads", " (estimated)"
ESTIMATED = (STRAIGHT, BY_ROAD)
FITTED, LEAST, MICRO, MOST_PLACES = 12, 9, 10**6, 6
METRES_APART = 10
NO_LINE = {"at_once": None, "a_km": None, "median_off": None, "nine_in_ten_within": None, "sites": 0}

Point = tuple[Fraction, Fraction]
# Metres, or thousandths of a minute on the roads, and millionths of a minute.
Journey = tuple[int, int]
Rows = dict[Any, Row]
# What a table says of each pair: nothing where it is known that there is no way.
Minutes = Mapping[tuple[str, str], Decimal | None]


class Estimate(NamedTuple):
    """What is known of the journeys of a site that is added: which are estimated, by which line, and how well."""

    estimated: tuple[str, ...]
    figures: Mapping[str, Fraction | int | None]


class Line(NamedTuple):
    """Millionths of a minute at once, and for each metre."""

    at_once: Fraction
    a_metre: Fraction

    def micro(self, metres: int, places: int) -> int:
        """Return the millionths of a minute of a journey, with so many decimals of a minute."""
        exact, each = self.at_once + self.a_metre * metres, int(10 ** (MOST_PLACES - places))
        return max(rounded_ratio(exact.numerator, exact.denominator * each) * each, 0)


class Tables(NamedTuple):
    """The tables that speak of sites; ``transfers`` are empty where the place has none."""

    areas: Rows
    sites: Rows
    journeys: Minutes
    transfers: Minutes
    staff: list[Row]


def with_added(
    question: Question, tables: Tables, own: Mapping[tuple[str, str], Minutes], roads: Network | None
) -> tuple[Tables, dict[str, Estimate]]:
    """Return the tables with the sites that the config adds, and how their journeys are known.

    ``own`` are the tables that a site has of its own, by site and name; sites by road join the ``roads``. Raises
    ``ValueError`` where the words cannot be followed.
    """
    known, estimates = tables, dict[str, Estimate]()
    for code, site in question.sites.items():
        if code in tables.sites:
            raise ValueError(f"adds {code}, which inputs/sites.csv has already")
        due = ["journeys", *(["transfers"] if known.transfers else [])]
        guessed = tuple(name for name in due if getattr(site, name) in ESTIMATED)
        means = {getattr(site, name) for name in guessed}
        if len(means) > 1:
            raise ValueError(f"estimates journeys to {code} by one means, and ways between it and sites by another")
        cells: dict[str, Any] = {"site": code, "role": "candidate", "name": site.name + MARK * bool(guessed)}
        cells |= {"easting_m": site.easting_m, "northing_m": site.northing_m}
        net, here = roads if means == {BY_ROAD} else None, point_of(cells)
        if net and here:
            net.join(code, here)
        line, places, figures = drawn(known, code, here, net) if guessed else (None, 0, NO_LINE)
        new: dict[str, Any] = {"staff": [*tables.staff, *staff_of(code, site, question)]}
        for name in due:
            lies = line if name in guessed else None
            rows = estimated(name, code, cells, lies, places, tables, net) if lies else own[code, name]
            new[name] = {**getattr(tables, name), **rows}
        new["sites"] = {**tables.sites, code: Row(f"config.yaml sites.{code}", cells)}
        tables, estimates[code] = tables._replace(**new), Estimate(guessed, figures)
    return tables, estimates


def drawn(
    known: Tables, code: str, here: Point | None, net: Network | None
) -> tuple[Line, int, dict[str, Fraction | int | None]]:
    """Return the line of a site's journeys, the decimals of its minutes, and the figures that tell how good it is."""
    if here is None:
        raise ValueError(f"does not say where {code} is, though its journeys are estimated")
    fitted = fit(known, here, net)
    line, places = line_through([one for some in fitted.values() for one in some]), decimals(fitted)
    figures: dict[str, Fraction | int | None] = {"at_once": line.at_once / MICRO, "a_km": None}
    figures["a_minute" if net else "a_km"] = line.a_metre / 1000
    return line, places, {**figures, **how_far_off(fitted, places), "sites": len(fitted)}


def staff_of(code: str, site: AddedSite, question: Question) -> Iterator[Row]:
    """Yield the rows of staff that a site would have."""
    for team, counted in site.staff.items():
        cells = {"site": code, "team": team, "year": question.teams[team].year}
        yield Row(f"config.yaml sites.{code}.staff.{team}", {**cells, **counted})


def estimated(
    name: str, code: str, cells: Mapping[str, Any], line: Line, places: int, tables: Tables, net: Network | None
) -> dict[tuple[str, str], Decimal | None]:
    """Return the minutes of journeys to a site, or of the ways between it and all others."""
    found: dict[tuple[str, str], Decimal | None] = {}
    for other, row in (tables.areas if name == "journeys" else tables.sites).items():
        for pair in [(other, code)] if name == "journeys" else [(other, code), (code, other)]:
            far = net.far(*pair) if net else apart(cells, row.cells)
            if far is not None:
                found[pair] = Decimal(line.micro(far, places)) / MICRO
    return found


def apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> int | None:
    """Return the metres between two rows of tables; nothing where one of them does not say where it is."""
    here, there = point_of(one), point_of(other)
    return None if here is None or there is None else metres(here, there)


# The line -------------------------------------------------------------------------------------------------------------


def point_of(cells: Mapping[str, Any]) -> Point | None:
    """Return where something is, in metres; nothing where that is not known."""
    east, north = cells.get("easting_m"), cells.get("northing_m")
    return None if east is None or north is None else (Fraction(east), Fraction(north))


def metres(one: Point, other: Point) -> int:
    """Return how far two points are apart, to the nearest metre."""
    square = (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2
    return (1 + isqrt(4 * square.numerator // square.denominator)) // 2


def fit(tables: Tables, here: Point, net: Network | None) -> dict[str, list[Journey]]:
    """Return the known journeys to each of the candidates nearest to a point."""
    sites = {
        code: at
        for code, row in tables.sites.items()
        if row.cells["role"] == "candidate" and (at := point_of(row.cells))
    }
    near_first = sorted(sites, key=lambda code: (metres(sites[code], here), code))
    found: dict[str, list[Journey]] = {}
    placed = {area for area, row in tables.areas.items() if net or point_of(row.cells)}
    for (area, site), minutes in tables.journeys.items():
        if area in placed and site in sites and minutes is not None:
            far = net.far(area, site) if net else apart(tables.areas[area].cells, tables.sites[site].cells)
            known = found.setdefault(site, [])
            if far is not None:
                known.append((far, round(Fraction(minutes) * MICRO)))
    return {site: found[site] for site in [one for one in near_first if one in found][:FITTED]}


def line_through(known: Sequence[Journey]) -> Line:
    """Return the resistant line through journeys; ``ValueError`` where there is none."""
    third, ordered = len(known) // 3, sorted(known)
    if len(known) < LEAST:
        raise ValueError("adds a site whose journeys are estimated from too few that are known")
    (x, y), (far_x, far_y) = (
        [middle([pair[n] for pair in some]) for n in (0, 1)]
        for some in (ordered[:third], ordered[len(ordered) - third :])
    )
    if far_x <= x or far_y <= y:
        raise ValueError("adds a site whose journeys are estimated from some that take no longer the further they lead")
    slope = (far_y - y) / (far_x - x)
    rest = middle([minutes * slope.denominator - far * slope.numerator for far, minutes in known])
    return Line(rest / slope.denominator, slope)


def middle(numbers: Collection[int | Fraction]) -> Fraction:
    """Return the median."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return Fraction(ordered[half] + ordered[-1 - half]) / 2


def decimals(fitted: Mapping[str, Sequence[Journey]]) -> int:
    """Return how many decimals of a minute the known journeys have, at most."""
    minutes = {n for some in fitted.values() for _, n in some}
    return min(n for n in range(MOST_PLACES + 1) if not any(one % 10 ** (MOST_PLACES - n) for one in minutes))


def how_far_off(fitted: Mapping[str, Sequence[Journey]], places: int) -> dict[str, Fraction | None]:
    """Return the median error and that within which nine in ten lie, in minutes, each site left out in turn."""
    off: list[int] = []
    try:
        for site, journeys in fitted.items():
            line = line_through([one for other, some in fitted.items() if other != site for one in some])
            off += [abs(line.micro(far, places) - minutes) for far, minutes in journeys]
    except ValueError:
        return {"median_off": None, "nine_in_ten_within": None}
    ninth = sorted(off)[-(-9 * len(off) // 10) - 1]
    return {"median_off": middle(off) / MICRO, "nine_in_ten_within": Fraction(ninth, MICRO)}


# Where it is ----------------------------------------------------------------------------------------------------------


def is_where_it_says(site: AddedSite) -> bool:
    """Whether easting and northing are those of latitude and longitude, where both are stated."""
    if site.latitude is None or site.longitude is None or site.easting_m is None or site.northing_m is None:
        return True
    if not (49 <= site.latitude <= 61.5 and -9 <= site.longitude <= 2.5):
        return False
    east, north = grid_of(float(site.latitude), float(site.longitude))
    return hypot(east - float(site.easting_m), north - float(site.northing_m)) <= METRES_APART


def grid_of(latitude: float, longitude: float) -> tuple[float, float]:
    """Return metres on the British National Grid: seven numbers turn the globe, and Kruger's series lays it flat."""
    a, b = 6378137.0, 6356752.314245
    phi, lam = latitude * pi / 180, longitude * pi / 180
    across = a * a / hypot(a * cos(phi), b * sin(phi))
    globe = (across * cos(phi) * cos(lam), across * cos(phi) * sin(lam), across * sin(phi) * (b / a) ** 2)
    rx, ry, rz = (turn * pi / 648000 for turn in (-0.1502, -0.2470, -0.8421))
    matrix = ((1 + 20.4894e-6, -rz, ry), (rz, 1 + 20.4894e-6, -rx), (-ry, rx, 1 + 20.4894e-6))
    x, y, z = (
        shift + sum(part * one for part, one in zip(row, globe, strict=True))
        for shift, row in zip((-446.448, 125.157, -542.060), matrix, strict=True)
    )
    a, b = 6377563.396, 6356256.909
    flat, far = 1 - (b / a) ** 2, hypot(x, y)
    leaning = atan2(z * a, far * b)
    phi = atan2(z + flat / (1 - flat) * b * sin(leaning) ** 3, far - flat * a * cos(leaning) ** 3)
    true_origin = plane(49 * pi / 180, 0.0, a, b)
    at = plane(phi, atan2(y, x) + 2 * pi / 180, a, b)
    return 400_000 + at.imag, -100_000 + at.real - true_origin.real


def plane(phi: float, lam: float, a: float, b: float) -> complex:
    """Return northing and easting from the meridian, as one complex number."""
    n = (a - b) / (a + b)
    round_the_sea, e = a / (1 + n) * (1 + n**2 / 4 + n**4 / 64), 2 * sqrt(n) / (1 + n)
    t = sinh(atanh(sin(phi)) - e * atanh(e * sin(phi)))
    at = complex(pi / 2 if cos(lam) == 0 else atan(t / cos(lam)), atanh(sin(lam) / sqrt(1 + t * t)))
    series = (n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16, 13 * n**2 / 48 - 3 * n**3 / 5, 61 * n**3 / 240)
    return 0.9996012717 * round_the_sea * (at + sum(c * complex_sin(2 * k * at) for k, c in enumerate(series, start=1)))


# What run.json says ---------------------------------------------------------------------------------------------------


def added_as_said(question: Question, estimates: Mapping[str, Estimate], record: Mapping[str, Any]) -> Iterator[Breach]:
    """Yield what run.json says of sites that are added that is not so."""
    said = record.get("added_sites", [])
    listed = [one if isinstance(one, dict) else {} for one in said] if isinstance(said, list) else []
    claimed, asked = [str(one.get("site")) for one in listed], list(question.sites)
    if claimed != asked:
        names, ours = (brief(", ".join(one)) or "none" for one in (claimed, asked))
        message = f"run.json: added_sites names {names}, but the config adds {ours}."
        yield Breach(CHECK, "run.json added_sites", names, ours, message)
        return
    for code, one in zip(asked, listed, strict=True):
        site, estimate = question.sites[code], estimates[code]
        due: dict[str, Any] = {"site": code, "reason": site.reason, "source": site.source, "verified": site.verified}
        due |= {"estimated": list(estimate.estimated), **estimate.figures}
        for key in sorted(due.keys() | one.keys()):
            told, found = one.get(key), due.get(key)
            agree = told == found
            if isinstance(found, Fraction) and isinstance(told, int | Fraction):
                agree = nearly(told, Fraction(rounded_ratio(found.numerator * MICRO, found.denominator), MICRO))
            if key not in due or key not in one or not agree:
                message = f"run.json: {key} of the site {code} is {brief(told)}, but should be {brief(found)}."
                yield Breach(CHECK, f"run.json added_sites {code} {key}", brief(told), brief(found), message)


def added_sites_are_those_of_the_config(run: Run) -> Iterator[Breach]:
    """run.json says which sites the config adds and why, how their journeys are estimated, and how far off that is."""
    yield from added_as_said(run.question, run.inputs.added, run.result.record)
