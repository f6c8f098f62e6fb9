"""A made-up problem as the files that it could have been read from, so that the checker can judge its plans."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from optimiser.problem import Beds, Figure, Problem, Service, Transfer


def with_files(problem: Problem) -> Problem:
    """Return the problem with a resolved config and the tables of its place beside it.

    A config says of a team, not of each unit, whether its rota may fall short: here, if either unit may.
    """
    problem = replace(problem, services={code: _one_flag(service) for code, service in problem.services.items()})
    tables = {
        "areas": problem.areas.rename_axis("area").reset_index(),
        "sites": pd.DataFrame(
            [(code, site.name, "candidate" if site.candidate else "neighbour") for code, site in problem.sites.items()],
            columns=["site", "name", "role"],
        ),
        "journeys": _long(problem.journeys, "area", "site", "minutes"),
        "demand": _long(problem.demand, "area", "activity", "patients_per_year"),
        "staff": _staff(problem),
        "transfers": _long(problem.transfers, "from_site", "to_site", "minutes").query("from_site != to_site"),
    }
    files = {f"inputs/{name}.csv": _csv(frame) for name, frame in tables.items()}
    # JSON is YAML too.
    return replace(problem, files={"config.yaml": json.dumps(_config(problem)).encode(), **files})


def _one_flag(service: Service) -> Service:
    may = {rota.team for rota in service.rotas if rota.may_fall_short}
    return replace(service, rotas=tuple(replace(rota, may_fall_short=rota.team in may) for rota in service.rotas))


def _long(frame: pd.DataFrame, rows: str, columns: str, values: str) -> pd.DataFrame:
    return frame.rename_axis(rows).reset_index().melt(rows, var_name=columns, value_name=values)


def _csv(frame: pd.DataFrame) -> bytes:
    for column in frame.select_dtypes(bool).columns:
        frame[column] = frame[column].map({True: "true", False: "false"})
    return frame.to_csv(index=False).encode()


def _staff(problem: Problem) -> pd.DataFrame:
    rows = []
    for team in problem.teams:
        for site in problem.candidates:
            counts = (problem.staff.get((site, team, unit)) for unit in ("people", "WTE"))
            rows.append((site, team, 2024, *counts))
    return pd.DataFrame(rows, columns=["site", "team", "year", "people", "wte"])


def _config(problem: Problem) -> dict[str, Any]:
    today = {code: [s for s in problem.candidates if (s, code) in problem.today] for code in problem.services}
    return {
        "title": problem.title,
        "place": "inputs",
        "teams": {
            code: {
                "name": team.name,
                "year": 2024,
                "moves_at_most": _limit(team.moves_at_most),
                "recruits_at_most": _limit(team.recruits_at_most),
            }
            for code, team in problem.teams.items()
        },
        "services": {code: _service(service) for code, service in problem.services.items()},
        "today": {code: sites for code, sites in today.items() if code in problem.services_with_today},
        "at_most_services_a_site": _figure(most) if (most := problem.at_most_services_a_site) else None,
        "exceptions": [asdict(one) for one in problem.exceptions],
        "objectives": [{one.name: list(one.services)} if one.services else one.name for one in problem.objectives],
    }


def _limit(figure: Figure | None) -> Any:
    return "unlimited" if figure is None else _figure(figure)


def _figure(one: Figure) -> Any:
    """Return a figure as people write one: the bare number where nothing is said of where it comes from."""
    return asdict(one) if one.source or one.verified else one.value


def _service(service: Service) -> dict[str, Any]:
    figures = ["at_least_sites", "at_most_sites", "minimum_patients", "maximum_patients", "longest_journey_minutes"]
    figures += ["standard_minutes", "share_within_standard"]
    counted = {name: _figure(getattr(service, name)) for name in figures if getattr(service, name)}
    if service.activity is None:
        counted = {name: figure for name, figure in counted.items() if name.endswith("sites")}
    rotas: dict[str, dict[str, Any]] = {}
    for rota in service.rotas:
        rota_of_team = rotas.setdefault(rota.team, {"may_fall_short": True} if rota.may_fall_short else {})
        rota_of_team["people" if rota.unit == "people" else "wte"] = _figure(rota.needed)
    links_and_rotas = {
        "fixed": {site: asdict(one) for site, one in service.fixed.items()},
        "same_site": {link.service: {"source": link.source} for link in service.same_site},
        "in_reach": {link.service: {"minutes": _figure(link.minutes)} for link in service.in_reach},
        "by_transfer": {link.service: {"source": link.source} for link in service.by_transfer},
        "rotas": rotas,
    }
    return {
        "name": service.name,
        **({"activity": service.activity} if service.activity else {}),
        "neighbours": list(service.neighbours),
        **counted,
        **{name: stated for name, stated in links_and_rotas.items() if stated},
        **({"beds": _beds(service.beds)} if service.beds and service.activity else {}),
        **(_observed(service) if service.observed and service.activity else {}),
        **(_transfer(service.transfer) if service.transfer else {}),
        **({"patients_go_to": "managed"} if service.managed else {}),
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    figures = {name: _figure(one) for name, one in vars(transfer).items() if isinstance(one, Figure)}
    said = {"first_contact": transfer.first_contact, "to_neighbours": transfer.to_neighbours}
    return {"pathway": "transfer", "transfer": said | figures}


def _observed(service: Service) -> dict[str, Any]:
    offsets = {site: _figure(one) for site, one in (service.observed.offsets if service.observed else {}).items()}
    return {"patients_go_to": "observed", "observed": {"offsets": offsets}} if offsets else {}


def _beds(beds: Beds) -> dict[str, Any]:
    stated = {
        "stay_days": beds.days,
        "blocking": beds.blocking,
        "other_patients_share": beds.other_share,
        "other_stay_days": beds.other_days,
    }
    figures = {name: _figure(figure) for name, figure in stated.items() if figure}
    by_code = {"at": beds.at, "staff_per_bed": beds.staff_per_bed}
    return figures | {name: {code: _figure(one) for code, one in found.items()} for name, found in by_code.items()}
