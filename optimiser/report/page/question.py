"""A question as plain data that a page can answer from: whole numbers, and tables of every rule by choice.

Nobody solves anything on a page. It finds the nearest open site from the minutes, adds up whole numbers, and looks up
what each rule and objective comes to in tables that ``model.arithmetic`` filled, one axis a service. A new rule or
objective is therefore on the page without a line of JavaScript. Where a service has too many candidates for tables, the
page works out the left side of the rules with a ``quantity`` itself, and says which rules it does not judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from optimiser.journeys.by_transfer import second_legs
from optimiser.journeys.going import Going
from optimiser.journeys.nearest import nearest
from optimiser.journeys.shared_out import sharing
from optimiser.model import staffing
from optimiser.model.arithmetic import (
    All,
    Choices,
    Instance,
    every_choice,
    journeys,
    loads_of_beds,
    one_choice,
    score,
)
from optimiser.model.objectives import UNITS
from optimiser.model.rules import JUDGED, demand_of
from optimiser.model.rules import in_words as said
from optimiser.model.rules.staff import OfATeam, rota_is_filled
from optimiser.problem import HERE, MOST_DEPRIVED_DECILES, Border, Observed, Problem, RotaNeed, Service, beds
from optimiser.problem.decimals import MILLION
from optimiser.report.page.packing import Data, in_order, packed, packed_table, without_what_is_shared

# With more candidates a table of every choice, or of every pair of them, no longer fits on a page.
MOST_CANDIDATES_IN_TABLES = 8
MOST_IN_A_TABLE = 2 ** (2 * MOST_CANDIDATES_IN_TABLES)
MOST_ALLOCATIONS = 4096


def question(problem: Problem) -> Data:
    """Return a question as data: areas, sites, minutes, patients, services, rules, objectives and staff."""
    in_tables = len(problem.candidates) <= MOST_CANDIDATES_IN_TABLES
    minutes = _whole(problem.journeys[list(problem.site_order)], problem.minute_scale)
    choices = {code: _every_choice(problem, code) for code in problem.services} if in_tables else {}
    rules, not_judged = _rules(problem, choices)
    staff = list(_staff(problem))
    if any("table" not in one for one in staff):
        not_judged += [rule.name for rule in JUDGED.values() if rule.from_staff]
    return {
        "scales": {
            "patients": problem.patient_scale,
            "minutes": problem.minute_scale,
            "shares": problem.share_scale,
        },
        "candidates": len(problem.candidates),
        "sites": [{"code": code, "name": problem.sites[code].name} for code in problem.site_order],
        "areas": _areas(problem),
        "minutes": packed_table(minutes),
        "modes": {
            mode: packed_table(_whole(table[list(problem.site_order)], problem.minute_scale))
            for mode, table in problem.by_mode.items()
        },
        "patients": {
            activity: packed(np.rint(problem.demand[activity].to_numpy(float) * problem.patient_scale))
            for activity in dict.fromkeys(s.activity for s in problem.services.values() if s.activity)
        },
        **({"border": _border(problem, problem.border)} if problem.border else {}),
        "services": [_service(problem, service, choices) for service in problem.services.values()],
        "rules": rules,
        "not_judged": not_judged,
        "objectives": list(_objectives(problem, choices)),
        "staff": staff,
    }


def designated_at(problem: Problem, designated: frozenset[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the candidates that provide each service."""
    return {code: [site for site in problem.candidates if (site, code) in designated] for code in problem.services}


def _whole(minutes: pd.DataFrame, scale: float) -> np.ndarray:
    values = minutes.to_numpy(dtype=float)
    return np.where(np.isfinite(values), np.rint(np.nan_to_num(values, posinf=0) * scale), -1)


def _areas(problem: Problem) -> Data:
    areas = problem.areas
    resident = areas["resident"].to_numpy(bool)
    names = areas["name"] if "name" in areas else pd.Series("", index=areas.index)
    found: Data = {
        "codes": in_order([str(code) for code in areas.index]),
        "names": [name if isinstance(name, str) else "" for name in names],
        "resident": packed(resident.astype(float)),
    }
    if "population" in areas:
        found["people"] = packed(areas["population"].fillna(0).to_numpy(float))
    if "population_75_plus" in areas:
        found["older"] = packed(areas["population_75_plus"].fillna(0).to_numpy(float))
    if "deprivation_decile" in areas:
        decile = areas["deprivation_decile"].to_numpy(float)
        found["fifths"] = packed(np.nan_to_num(np.ceil(decile / 2)))
        found["most_deprived"] = MOST_DEPRIVED_DECILES // 2
    if "district" in areas:
        districts = areas["district"].where(areas["district"].map(lambda name: isinstance(name, str) and name != ""))
        known = sorted(set(districts[resident].dropna()))
        everywhere = [*known, *sorted(set(districts.dropna()) - set(known))]
        found["districts"] = everywhere
        found["resident_districts"] = len(known)
        found["district"] = packed(np.array([everywhere.index(d) if isinstance(d, str) else -1 for d in districts]))
        found["names"] = without_what_is_shared(found["names"], list(districts))
    if "ward" in areas:
        # Two districts may have wards of one name.
        homes = areas["district"].fillna("") if "district" in areas else pd.Series("", areas.index)
        each = [
            (str(ward), str(home)) if ward else None for ward, home in zip(areas["ward"].fillna(""), homes, strict=True)
        ]
        wards = sorted({one for one in each if one})
        found["wards"] = [ward for ward, _ in wards]
        found["ward"] = packed(np.array([wards.index(one) if one else -1 for one in each], dtype=float))
    return found


def _border(problem: Problem, border: Border) -> Data:
    """Return who crosses the border whatever is designated: shares of each area's patients, and those pulled over it.

    Shares are in millionths. Residents who leave are listed by neighbour; as most areas have some, ``after`` is how far
    each area lies behind the one before.
    """
    known = (border.shares.fillna(0.0) * MILLION).round()
    leavers = []
    for number, site in enumerate(problem.site_order):
        if site in known:
            share = known[site].to_numpy(float)
            at = np.flatnonzero(problem.resident_areas & (share > 0))
            after = packed(np.diff(at, prepend=0))
            leavers.append({"site": number, "after": after, "share": packed(share[at])})
    found: Data = {"pull": border.pull.value, "here": packed(known[HERE].to_numpy(float)), "leavers": leavers}
    if 0 < border.pull.value < 1:
        by_activity = {str(problem.services[code].activity): code for code in problem.services_with_patients}
        whole = {name: np.rint(problem.patients(code) * problem.patient_scale) for name, code in by_activity.items()}
        areas = len(problem.areas)
        found["pulled"] = {name: packed(patients[areas : 2 * areas]) for name, patients in whole.items()}
    return found


def _numbers(problem: Problem, sites: Iterable[str]) -> list[int]:
    return [problem.site_order.index(site) for site in sites]


def _service(problem: Problem, service: Service, choices: All) -> Data:
    order = {code: number for number, code in enumerate(problem.site_order)}
    known = service.code in problem.services_with_today
    found: Data = {
        "code": service.code,
        "name": service.name,
        "activity": service.activity,
        "sites": [order[site] for site in problem.reachable_sites(service.code)],
        "today": [site for site in problem.candidates if (site, service.code) in problem.today] if known else None,
        "fixed": {
            site: {"provided": one.provided, "reason": one.reason} for site, one in sorted(service.fixed.items())
        },
        "standard": service.standard_minutes.value if service.standard_minutes else None,
    }
    found |= {"travel_by": service.travel_by} if service.travel_by else {}
    found |= {"visitors_travel_by": service.visitors_travel_by} if service.visitors_travel_by else {}
    if problem.border:
        found["leave_for"] = _numbers(problem, problem.counted_at(service.code))
    if service.transfer:
        found["transfer"] = _transfer(problem, service)
    elif service.observed:
        found["offsets"] = _offsets(service.observed, problem.reachable_sites(service.code))
    if service.managed:
        found["shared"] = [_sharing(problem, service.code, choice) for choice in range(2 ** len(problem.candidates))]
    if service.beds and service.activity and choices:
        found["beds"] = _beds(problem, service, journeys(problem, choices, service.code))
    return found


def _beds(problem: Problem, service: Service, going: Going) -> Data:
    wanted = service.beds
    assert wanted is not None
    needed = {}
    for site in problem.candidates:
        loads = loads_of_beds(going, wanted, site)
        known = {load: beds.beds_needed(load, wanted.blocking.value) for load in set(loads)}
        needed[site] = _table(np.array([known[load] for load in loads]).reshape(going.arriving(site).shape))
    return {"axes": list(going.services), "needed": needed}


def _sharing(problem: Problem, service: str, choice: int) -> Data:
    """Return who of those shared out under a choice is sent elsewhere than to the nearest: area, site and patients.

    The sites of one area stand together, that of most of its patients first. Where some go as today, areas are streams,
    of which those who leave are no part.
    """
    chosen = [site for number, site in enumerate(problem.candidates) if choice >> number & 1]
    shared = sharing(problem, service, chosen)
    column = pd.Index(shared.sites).get_indexer(pd.Index(nearest(problem, service, chosen)))
    stay = np.arange(len(shared.sites)) == column[:, None]
    sent = ((shared.patients > 0) & ~stay).any(axis=1)
    area, site = np.nonzero((shared.patients > 0) & sent[:, None])
    patients = shared.patients[area, site]
    rows = np.lexsort((-patients, area))
    order = np.array([problem.site_order.index(one) for one in shared.sites])
    return {
        "keeps_to_limits": shared.keeps_to_limits,
        "area": packed(area[rows]),
        "site": packed(order[site[rows]]),
        "patients": packed(patients[rows]),
    }


def _offsets(observed: Observed, sites: Sequence[str]) -> list[int]:
    """Return each site's offset in millionths of a minute."""
    return [round(observed.offsets[site].value * MILLION) if site in observed.offsets else 0 for site in sites]


def _transfer(problem: Problem, service: Service) -> Data:
    legs = second_legs(problem, service.code)
    transfer, scale = legs.transfer, problem.minute_scale
    first = problem.reachable_sites(transfer.first_contact)
    return {
        "first_offsets": _offsets(service.observed, first) if service.observed else None,
        "first_contact": transfer.first_contact,
        "road": [[int(m) if m >= 0 else -1 for m in row] for row in _whole(pd.DataFrame(legs.road), scale)],
        "waits": round((transfer.dwell_minutes.value + transfer.overhead_minutes.value) * scale),
        "overhead": transfer.overhead_minutes.value,
        "share": round(transfer.share_transferred.value * problem.share_scale),
        "suspected": transfer.suspected_per_confirmed.value,
        "repatriated": transfer.repatriated_share.value,
        **({"straight_for": _numbers(problem, service.neighbours)} if problem.border else {}),
    }


# Tables of every choice -----------------------------------------------------------------------------------------------


def _every_choice(problem: Problem, service: str) -> Choices:
    """Return every choice of candidates, whatever is fixed: choice i has candidate j exactly when bit j of i is set."""
    free = replace(problem, services={**problem.services, service: replace(problem.services[service], fixed={})})
    found = every_choice(free, service)
    rows = np.argsort((found.provided << np.arange(len(problem.candidates))).sum(axis=1))
    minutes, site = found.minutes[rows], found.site[rows]
    return Choices(problem, problem.services[service], found.provided[rows], minutes, site)


def _table(values: Any) -> Any:
    """Return a number, or an array with its shape; what does not change over choices as a number."""
    array = np.asarray(values, dtype=float)
    if array.size and (array == array.flat[0]).all():
        return _number(array.flat[0])
    return {"shape": list(array.shape), "values": [_number(value) for value in array.ravel()]}


def _number(value: Any) -> float | int | None:
    """Return a number as JSON has it: None for infinity."""
    number = float(value)
    if not np.isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def _rules(problem: Problem, choices: All) -> tuple[list[Data], list[str]]:
    """Return every instance of every rule but those on staff, and the rules that a page cannot judge."""
    rules, not_judged = [], []
    one = choices or {code: one_choice(problem, code, problem.today) for code in problem.services}
    for rule in (rule for rule in JUDGED.values() if not rule.from_staff):
        for found in rule.instances(problem, one):
            by_table = choices and not found.adds_up
            if by_table and max(np.size(found.left), np.size(found.right)) <= MOST_IN_A_TABLE:
                sides = {side: _table(getattr(found, side)) for side in ("left", "right", "applies")}
                # What the page works out itself where other patients are asked about than the tables know.
                sides["again"] = rule.quantity
            elif rule.quantity and (found.adds_up or not set(found.services) & set(problem.reached_by_transfer)):
                sides = {"left": {"quantity": rule.quantity}, "right": _table(found.right), "applies": 1}
            else:
                not_judged.append(rule.name)
                continue
            rules.append(_rule(problem, found, sides))
    return rules, list(dict.fromkeys(not_judged))


def _rule(problem: Problem, found: Instance, sides: Mapping[str, Any]) -> Data:
    figure = found.figure
    return {
        "rule": found.rule,
        "names": list(found.names),
        "axes": list(found.services),
        **sides,
        "relation": found.relation,
        "unit": found.unit,
        "words": in_words(problem, found.rule, found.names),
        "source": figure.source if figure else "",
        "verified": figure.verified if figure else True,
    }


def in_words(problem: Problem, rule: str, names: Sequence[str]) -> str:
    """Return one instance of a rule as a sentence without its full stop."""
    site = JUDGED[rule].site_of(tuple(names))
    at = f" (at {problem.pool_name(site)})" if site else ""
    return said(problem, demand_of(rule, tuple(names))) + at


def _objectives(problem: Problem, choices: All) -> Iterator[Data]:
    for objective in problem.objectives:
        found: Data = {
            "name": objective.name,
            "services": list(problem.services_of(objective)),
            "unit": UNITS[objective.name],
        }
        if choices:
            scored = score(problem, choices, objective)
            if all(part.size <= MOST_IN_A_TABLE for _, part in scored.parts):
                found["scale"] = scored.scale
                found["largest"] = scored.combine is np.maximum
                found["parts"] = [{"axes": list(axes), "table": _table(part)} for axes, part in scored.parts]
        yield found


def _staff(problem: Problem) -> Iterator[Data]:
    """Yield, for every team and unit, who works where under every joint choice of the services that decide it."""
    for team, unit in problem.team_units:
        rotas = [
            (code, rota)
            for code, service in problem.services.items()
            for rota in service.rotas
            if (rota.team, rota.unit) == (team, unit)
        ]
        deciding = {code for code, _ in rotas} | {other for _, rota in rotas for other in rota.rests_on}
        axes = [code for code in problem.services if code in deciding]
        posts = problem.teams[team].posts_funded
        found: Data = {
            "team": team,
            "unit": unit,
            "axes": axes,
            "pools": list(problem.pools(team)),
            "limits": [
                {
                    "rule": rule.name,
                    "column": rule.column,
                    "most": rule.value(problem, team),
                    "words": rule.said(problem, (team, unit)),
                }
                for rule in JUDGED.values()
                if isinstance(rule, OfATeam) and rule.figure(problem, team)
            ],
            "posts_funded": posts.value if posts else None,
        }
        if _fits_in_a_table(problem, axes):
            found["columns"], found["table"] = _allocations(problem, team, unit, axes)
            found["rotas"] = [_rota(problem, code, rota, axes) for code, rota in rotas]
        yield found


def _fits_in_a_table(problem: Problem, axes: Sequence[str]) -> bool:
    few = len(problem.candidates) <= MOST_CANDIDATES_IN_TABLES
    return few and 2 ** (len(problem.candidates) * len(axes)) <= MOST_ALLOCATIONS


def _joint_choices(problem: Problem, axes: Sequence[str]) -> Iterator[frozenset[tuple[str, str]]]:
    """Yield every joint choice of some services, the last of them fastest; bit n of each stands for candidate n."""
    for masks in product(range(2 ** len(problem.candidates)), repeat=len(axes)):
        yield frozenset(
            (site, code)
            for code, mask in zip(axes, masks, strict=True)
            for number, site in enumerate(problem.candidates)
            if mask >> number & 1
        )


def _rota(problem: Problem, service: str, rota: RotaNeed, axes: Sequence[str]) -> Data:
    """Return what one rota needs of each pool, None where it is not needed, over every joint choice of ``axes``."""
    pools = problem.pools(rota.team)
    needed: dict[str, list[float | None]] = {pool: [] for pool in pools}
    for designated in _joint_choices(problem, axes):
        found = {
            pool: amount
            for code, one, pool, amount in staffing.rotas_needed(problem, designated)
            if code == service and one is rota
        }
        for pool in pools:
            needed[pool].append(_number(found[pool]) if pool in found else None)
    names = {pool: (service, pool, rota.team, rota.unit) for pool in pools}
    rule = rota_is_filled.__name__
    return {
        "rule": rule,
        "service": service,
        "may_fall_short": rota.may_fall_short,
        "needed": needed,
        "words": {pool: in_words(problem, rule, names[pool]) for pool in pools},
    }


def _allocations(problem: Problem, team: str, unit: str, axes: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Return the columns of the staff table, and its numbers: joint choices × pools × columns."""
    rows, columns = [], []
    for designated in _joint_choices(problem, axes):
        frame = staffing.allocate(problem, designated)
        frame = frame[(frame["team"] == team) & (frame["unit"] == unit)].set_index("site")
        numbers = frame.loc[list(problem.pools(team))].select_dtypes("number")
        columns = [str(column) for column in numbers.columns]
        rows.append([[_number(value) for value in row] for row in numbers.to_numpy(float)])
    return columns, rows
