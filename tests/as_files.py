"""A made-up problem as the files that it could have been read from: for the checker, and to keep worlds that failed."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis.errors import UnsatisfiedAssumption
from ruamel.yaml import YAML

from optimiser.inputs.assembling import problem_of
from optimiser.inputs.config import draft_config
from optimiser.inputs.tables import look_at_place
from optimiser.problem import Beds, Figure, Problem, Service, Transfer


def with_files(problem: Problem) -> Problem:
    """Return the problem with a resolved config and the tables of its place beside it.

    A config says of a team, not of each unit, whether its rota may fall short: here, if either unit may.
    """
    problem = replace(problem, services={code: _one_flag(service) for code, service in problem.services.items()})
    tables = {
        "areas": _named(problem.areas.rename_axis("area").reset_index()),
        "sites": pd.DataFrame(
            [(code, site.name, "candidate" if site.candidate else "neighbour") for code, site in problem.sites.items()],
            columns=["site", "name", "role"],
        ),
        "journeys": _long(problem.journeys, "area", "site", "minutes"),
        "demand": _long(problem.demand, "area", "activity", "patients_per_year"),
        "staff": _staff(problem),
        "transfers": _long(problem.transfers, "from_site", "to_site", "minutes").query("from_site != to_site"),
    }
    if problem.by_mode:
        by_mode = [_long(table, "area", "site", "minutes").assign(mode=mode) for mode, table in problem.by_mode.items()]
        tables["journeys_by_mode"] = pd.concat(by_mode).dropna()
    if len(counts := _counts(problem)):
        tables["activity"] = counts
    if problem.border is not None:
        tables["border"] = _long(problem.border.shares, "area", "goes_to", "share")
    files = {f"inputs/{name}.csv": _csv(frame) for name, frame in tables.items()}
    # JSON is YAML too.
    return replace(problem, files={"config.yaml": json.dumps(_config(problem)).encode(), **files})


@contextmanager
def shown_if_it_fails(problem: Problem) -> Iterator[None]:
    """Where what is claimed of a drawn world fails, save the world as a config and tables, and show them all.

    What is saved last is what a test ends with: the smallest world that was found. Copied to ``worlds_that_failed``,
    beside those of the same claim, it is tried ever after.
    """
    try:
        yield
    except UnsatisfiedAssumption:
        raise  # of another world something might be claimed
    except Exception as failure:
        name = re.sub(r"\W+", "_", os.environ.get("PYTEST_CURRENT_TEST", "world").rpartition("::")[2].split(" ")[0])
        folder = _kept() / name
        shutil.rmtree(folder, ignore_errors=True)
        save_world(problem, folder)
        told = [f"The world that failed. Run it: optimiser solve {folder / 'config.yaml'}"]
        told += [f"==> {path.relative_to(folder)}\n{path.read_text('utf-8')}" for path in files_of_world(folder)]
        failure.add_note("\n".join(told))
        raise


@cache
def _kept() -> Path:
    return Path(tempfile.mkdtemp(prefix="worlds_that_failed_"))


def files_of_world(folder: Path) -> list[Path]:
    """Return the files of a saved world, the config first."""
    return [folder / "config.yaml", *sorted(folder.glob("inputs/*.csv"))]


def save_world(problem: Problem, folder: Path) -> None:
    """Write a world as a config and the tables of its place, but for tables without a row."""
    (folder / "inputs").mkdir(parents=True)
    for name, content in with_files(problem).files.items():
        if name.endswith(".yaml"):
            written = io.BytesIO()
            YAML().dump(json.loads(content, object_hook=_in_short), written)
            content = written.getvalue()
        if content.count(b"\n") > 1:
            (folder / name).write_bytes(content)


def _in_short(figure: dict[str, Any]) -> dict[str, Any]:
    """Return a figure without the source that nobody stated for it; anything else as it is."""
    return {"value": figure["value"]} if figure.get("source") == "" and "value" in figure else figure


def read_world(folder: Path) -> Problem:
    """Read a saved world as it stands, with its files: drawn worlds ask for much that is refused of a config."""
    config = draft_config(folder / "config.yaml").config
    assert config is not None
    place, _ = look_at_place(config.place)
    assert place is not None
    return with_files(problem_of(config, place))


def _named(areas: pd.DataFrame) -> pd.DataFrame:
    return areas if "name" in areas else areas.assign(name=areas["area"])


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
        **({"border": "as_today", "border_pull": _figure(problem.border.pull)} if problem.border else {}),
        **({"demand": {"ages": ages}} if (ages := _ages(problem)) else {}),
        "teams": {
            code: {
                "name": team.name,
                "year": 2024,
                "moves_at_most": _limit(team.moves_at_most),
                "recruits_at_most": _limit(team.recruits_at_most),
                **({"posts_funded": team.posts_funded.value} if team.posts_funded else {}),
            }
            for code, team in problem.teams.items()
        },
        "services": {code: _service(service) for code, service in problem.services.items()},
        "today": {code: sites for code, sites in today.items() if code in problem.services_with_today},
        **_figures(problem),
        "exceptions": [asdict(one) for one in problem.exceptions],
        "objectives": [{one.name: list(one.services)} if one.services else one.name for one in problem.objectives],
    }


def _ages(problem: Problem) -> dict[str, Any]:
    return {activity: {age: _figure(one) for age, one in shares.items()} for activity, shares in problem.ages.items()}


def _limit(figure: Figure | None) -> Any:
    return "unlimited" if figure is None else _figure(figure)


def _figure(one: Figure) -> Any:
    """Return a figure as people write one: the bare number where nothing is said of where it comes from."""
    return asdict(one) if one.source or one.verified else one.value


def _figures(of: Problem | Service | Transfer) -> dict[str, Any]:
    return {one.name: _figure(value) for one in fields(of) if isinstance(value := getattr(of, one.name), Figure)}


def _taken_outside(service: Service) -> dict[str, Any]:
    return {site: _figure(most) for site, most in service.neighbours_take_at_most.items() if service.activity}


def _service(service: Service) -> dict[str, Any]:
    counted = _figures(service)
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
        **({"neighbours_take_at_most": taken} if (taken := _taken_outside(service)) else {}),
        **{name: stated for name, stated in links_and_rotas.items() if stated},
        **({"beds": _beds(service.beds)} if service.beds and service.activity else {}),
        **(_observed(service) if service.observed and service.activity else {}),
        **(_transfer(service.transfer) if service.transfer else {}),
        **({"patients_go_to": "managed"} if service.managed else {}),
        **{name: mode for name in ("travel_by", "visitors_travel_by") if (mode := getattr(service, name))},
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    said = {"first_contact": transfer.first_contact, "to_neighbours": transfer.to_neighbours}
    return {"pathway": "transfer", "transfer": said | _figures(transfer)}


def _observed(service: Service) -> dict[str, Any]:
    offsets = {site: _figure(one) for site, one in (service.observed.offsets if service.observed else {}).items()}
    period = {"period": service.observed.period} if service.observed and service.observed.period else {}
    return {"patients_go_to": "observed", "observed": {"offsets": offsets, **period}} if offsets else {}


def _counts(problem: Problem) -> pd.DataFrame:
    """Return the patients who were counted, of services that say of which period."""
    seen = [(service.activity, one) for service in problem.services.values() if (one := service.observed)]
    rows = [(site, of, one.period, count) for of, one in seen for site, count in one.counts.items()]
    return pd.DataFrame(rows, columns=["site", "activity", "period", "count"])


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
