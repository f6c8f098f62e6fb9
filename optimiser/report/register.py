"""The register of assumptions: every figure that an answer rests on, what it does to the answer by itself, and where
the answer turns.

A row is a parameter of the question or a figure of its config. What a parameter does is worked out by the sweep's own
arithmetic (``scenarios.alone``) and by exact switching values; of a figure that is no parameter it is left blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import InputError, TooLarge
from optimiser.inputs.config import Settings, meaning_of
from optimiser.inputs.layers import Said, Spot, said_in
from optimiser.model.objectives import UNITS
from optimiser.plan import Plan
from optimiser.plan.finished import Run
from optimiser.problem import worked_out_once
from optimiser.problem.parameters import ALL_JOURNEYS, BORDER_PULL, TIMES, Parameter
from optimiser.problem.words import in_full, listed, percent, places, shown
from optimiser.report import rests_on
from optimiser.report.counted import sources_of
from optimiser.report.page.parts import references, to_know
from optimiser.scenarios.alone import Effect, There, effects
from optimiser.scenarios.courses import NotWorkedOut

COLUMNS = (
    *("id", "reference", "setting", "what", "value", "unit", "low", "high", "range", "source", "verified"),
    *("at_low", "at_high", "turns", "change_at_low", "change_at_high", "switches_below", "switches_above"),
    *("would_change", "owner"),
)
BY_CONVENTION = "a tenth either way, by convention: none is stated"
AT_LEAST_ONE = "a tenth either way and at least 1, by convention: none is stated"
UP_TO_A_TENTH = "up to a tenth of how far it can be looked at, by convention: none is stated"
ESTIMATED = "fitted to the journeys that the place knows (run.json, added_sites)"
RULE = "rule"
# Which columns of the place's tables a parameter varies, by the first part of its name.
OF_TABLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "journey_factor": (("journeys", "minutes"),),
    "people_factor": (("areas", "population"), ("areas", "population_65_plus"), ("areas", "population_75_plus")),
    "demand_factor": (("demand", "patients_per_year"),),
    "staff": (("staff", "people"), ("staff", "wte")),
    BORDER_PULL: (("border", "share"),),
}


@dataclass(frozen=True)
class Register:
    """The rows of a register, and why no effects are in it, if so."""

    rows: pd.DataFrame
    why_not: str = ""


def register(config: Said, record: Mapping[str, Any], run: Run | None) -> Register:
    """Return the register of a run, or of a question that has no plan: those that turn the answer first.

    Returns
    -------
    Register
        One row an assumption, columns ``COLUMNS``. ``change_at_low`` and ``change_at_high`` are shares of what the
        plan's first objective comes to. ``switches_below`` and ``switches_above`` are the nearest values at which the
        plan and the next best change places, or one of them breaks or ceases to break a rule: of whole numbers the
        first at which they do. ``would_change`` is what ``run.json`` says of a change that would turn the answer, to
        whichever plan. ``owner`` is to be filled in.
    """
    figures = [*_figures(config), *_estimates(record)]
    found, why_not = _effects(run.plan) if run else ((), "no plan meets every rule")
    cited = references(run)[len(to_know(run)) :] if run else []
    stated = {row["setting"]: row for row in figures}
    rows = [_of_parameter(run.plan, one, stated) for one in found] if run else []
    merged = {row["merged"] for row in rows}
    rows += [row for row in figures if row["setting"] not in merged]
    for row in rows:
        row["reference"] = " ".join(one.number for one in cited if one.about and one.about <= row["about"])
        row["would_change"] = " ".join(_would_change(run.plan, record, row)) if run else ""
    numbered = ({**row, "id": f"A{n:03}"} for n, row in enumerate(sorted(rows, key=_by_effect), start=1))
    cells = ([row.get(name, "") for name in COLUMNS] for row in numbered)
    return Register(in_text(cells, COLUMNS), why_not)


def register_of(run: Run) -> Register | None:
    """Return the register of a run; nothing where its plan rests on no config.

    Raises ``InputError`` where its config cannot be read.
    """
    content = run.problem.files.get("config.yaml")
    return None if content is None else register(config_in(content), run.record, run)


def config_in(content: bytes) -> Said:
    """Return the config of a run, from its contents, with where each of its values stands.

    Raises ``InputError`` where it cannot be read.
    """
    said, faults = said_in(content, Path("config.yaml"))
    if said is None or faults:
        raise InputError(faults)
    return said


def in_text(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a frame whose cells are text, or true or false: some have a number here and nothing there."""
    cells = [[in_full(cell) if isinstance(cell, float) else cell for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=list(columns), dtype=object)


@worked_out_once
def _effects(plan: Plan) -> tuple[tuple[Effect, ...], str]:
    try:
        return effects(plan), ""
    except (NotWorkedOut, TooLarge) as why:
        return (), str(why)


def _would_change(plan: Plan, record: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    for one in (record.get("would_change") or {}).get("changes", ()):
        is_rule, what = one["kind"] == RULE, one["what"]
        # Minutes to one site are no row of their own: they are of the same table as all journeys.
        setting = ALL_JOURNEYS if what.startswith("journeys.") else what
        if rests_on.setting_of(plan, what) <= row["about"] if is_rule else setting == row["setting"]:
            yield one["words"]


def _by_effect(row: Mapping[str, Any]) -> tuple[bool, bool, float, bool, bool]:
    most = max((abs(row[end]) for end in ("change_at_low", "change_at_high") if row.get(end, "") != ""), default=-1.0)
    switches = any(row.get(end, "") != "" for end in ("switches_below", "switches_above"))
    return row.get("turns") != "true", not row["would_change"], -most, not switches, row["verified"]


# Figures of the config ------------------------------------------------------------------------------------------------


def _figures(config: Said) -> Iterator[dict[str, Any]]:
    for spot, said in config.walk():
        stated = said.plain()
        if isinstance(stated, dict) and "verified" in stated:
            found, source = stated.get("value", stated.get("provided", "stated")), stated.get("source") or ""
            if source or found is not None:
                value = str(found).lower() if isinstance(found, bool) else str(found)
                yield _row(spot, value, source, bool(stated["verified"]), meaning_of(Settings, spot))


def _estimates(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in record.get("added_sites", ()):
        how = "roads" if "a_minute" in one else "straight_line"
        for name in one["estimated"]:
            yield _row(("sites", one["site"], name), how, ESTIMATED, False, f"{name} of a site that the config adds")


def _row(spot: Spot, value: str, source: str, verified: bool, what: str) -> dict[str, Any]:
    names = [str(part) for part in spot]
    return {
        "setting": ".".join(names),
        "what": what,
        "value": value,
        "source": source,
        "verified": verified,
        "about": frozenset(names),
    }


# Parameters -----------------------------------------------------------------------------------------------------------


def _of_parameter(plan: Plan, effect: Effect, stated: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the row of a parameter; of one that the config states, with what it says of it in place of its own row."""
    one = effect.parameter
    figure = _figure_of(one, stated)
    current = one.current(plan.problem)
    sides = {("low" if there.value < current else "high"): n for n, there in enumerate(effect.ends)}
    source, verified = _sources(plan, one)
    row: dict[str, Any] = {
        "setting": one.name,
        "merged": figure.get("setting"),
        "what": one.meaning if one.unit == TIMES else one.said_with(current),
        "value": shown(float(current)),
        "unit": one.unit,
        "range": UP_TO_A_TENTH if not current else AT_LEAST_ONE if one.whole else BY_CONVENTION,
        "source": figure.get("source", source),
        "verified": figure.get("verified", verified),
        "about": figure.get("about", frozenset()) | frozenset(one.name.split(".")),
        "turns": "true" if effect.turns else "false",
    }
    for side, n in sides.items():
        there = effect.ends[n]
        row |= {
            side: shown(float(there.value)),
            f"at_{side}": _in_words(plan, there, effect.changes[n]),
            f"change_at_{side}": round(effect.changes[n], 9),
        }
    if effect.switching and not effect.switching.why_not:
        row |= {"switches_below": _exactly(effect.switching.down), "switches_above": _exactly(effect.switching.up)}
    return row


def _figure_of(one: Parameter, stated: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the config's figure of which a parameter is the value; nothing where it multiplies or is of a table."""
    name, *whose = one.name.split(".")
    service = f"services.{'.'.join(whose)}."
    ways = (f"{service}{name}", f"{service}transfer.{name}", f"{service}beds.{name}", one.name)
    return next((stated[way] for way in ways if way in stated), {})


def _sources(plan: Plan, one: Parameter) -> tuple[str, bool]:
    """Return where what a parameter varies comes from, and whether all of it was verified."""
    kind, *whose = one.name.split(".")
    activity = whose[0] if kind == "demand_factor" else ""
    columns = [*OF_TABLES.get(kind, ())]
    if kind == "journey_factor" and whose:
        columns.append(("corridors", "corridor"))
    found = [row for table, column in columns for row in sources_of(plan.problem.files, table, column, activity)]
    titles = dict.fromkeys(row.get("title") or row.get("source") or "" for row in found)
    return "; ".join(titles), bool(found) and all(row.get("verified") == "true" for row in found)


def _in_words(plan: Plan, there: There, change: float) -> str:
    """Return whether the plan is best and lawful at an end, and by how much its first objective changes."""
    said = _standing(plan, there)
    if not change:
        return said
    name, share = UNITS[plan.problem.objectives[0].name], percent(abs(change))
    share = "under 1%" if share == "0%" else share
    return f"{said}; {share} {'more' if change > 0 else 'fewer'} {name}"


def _standing(plan: Plan, there: There) -> str:
    if there.lawful and there.is_best:
        return "the plan is best"
    if there.best is None:
        return "no plan meets every rule"
    best = f"{_elsewhere(plan, there.best)} would be best"
    return best if there.lawful else f"the plan breaks a rule, and {best}"


def _elsewhere(plan: Plan, best: frozenset[tuple[str, str]]) -> str:
    problem = plan.problem
    moved: Sequence[str] = [
        f"{service.name} at {places(problem, there)}"
        for code, service in problem.services.items()
        if (there := tuple(site for site in problem.candidates if (site, code) in best)) != plan.sites_of(code)
    ]
    return listed(moved)


def _exactly(value: Fraction | None) -> str:
    return "" if value is None else f"{float(value):.9g}"
