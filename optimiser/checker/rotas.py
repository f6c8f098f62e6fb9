"""Rotas that say which cover they give: is what they need worked out right, and is their pattern one they may work?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from optimiser.checker.cover import DAY, DAYS, Asked, Block, Step
from optimiser.checker.patterns import ON_CALL, breaches_of_pattern, breaches_on_call, weeks_of
from optimiser.checker.reading import Breach, Row, same, shown
from optimiser.checker.run import ACROSS_SITES, Run


def asked_rotas(run: Run) -> dict[str, tuple[str, Asked]]:
    """Return the rotas that state cover: by name, with their service."""
    return {f"{code}.{team}": (code, asked) for code, team, asked in run.question.covers()}


def rota_needs_are_worked_out(run: Run) -> Iterator[Breach]:
    """rota_needs.csv has every step from the cover asked for to what a rota needs, each as worked out anew."""
    check = "rota_needs_are_worked_out"
    stated = dict(run.rota_needs)
    for name, (service, asked) in asked_rotas(run).items():
        steps = [*asked.steps, *run.travel_steps(service, name.removeprefix(f"{service}."))]
        for number, step in enumerate(steps, start=1):
            row = stated.pop((name, Fraction(number)), None)
            where = f"rota_needs.csv {name} step {number}"
            if row is None:
                yield Breach(check, where, "no row", shown(step.exact), f"{where} ({step.term}) is missing.")
                continue
            expected: dict[str, object] = {"term": step.term, "unit": step.unit, "verified": step.verified}
            expected["source"] = step.said(steps)
            for column, found in expected.items():
                yield from _differs(check, row, column, row.cells[column] == found, found)
            yield from _differs(check, row, "exact", row.cells["exact"] == step.exact, str(step.exact))
            yield from _differs(check, row, "value", same(row.cells["value"], step.exact), step.exact)
    for key, row in stated.items():
        yield Breach(check, row.where, shown(key[0]), "no such step", f"{row.where}: nothing calls for this step.")


def rotas_are_those_asked_for(run: Run) -> Iterator[Breach]:
    """rotas.csv has a pattern for every rota that can have one, of enough weeks and all their days, and no other."""
    check = "rotas_are_those_asked_for"
    expected, found = _with_patterns(run), _by_rota(run)
    for name in expected.keys() - found.keys():
        yield Breach(check, f"rotas.csv {name}", "no rows", "", f"rotas.csv has no pattern for {name}.")
    for name, rows in found.items():
        if name not in expected:
            message = f"rotas.csv has a pattern for {name}, which nothing calls for."
            yield Breach(check, f"rotas.csv {name}", name, "no such rota", message)
            continue
        for row in rows:
            yield from _not_offered(check, row, expected[name])
        yield from _days_missing(check, name, rows)
        yield from _too_few(check, name, rows, expected[name])


def _not_offered(check: str, row: Row, asked: Asked) -> Iterator[Breach]:
    """Yield a breach if a row is neither a day off, nor a shift of the rota, nor a stretch on call that it asks for."""
    cells = row.cells
    times = (cells["start"], cells["end"])
    if not any(cells[column] for column in ("shift", "kind", "start", "end")):
        return
    if cells["kind"] == ON_CALL:
        offered = bool(cells["shift"]) and any(_is_block(block, cells) for block in asked.blocks)
    else:
        kind = asked.shifts.get(cells["shift"])
        there = kind is not None and times == kind[:2] and cells["day"] in kind.days
        offered = there and cells["kind"] == "resident"
    if not offered:
        claimed = f"{cells['shift']} {cells['kind']} {cells['start']} to {cells['end']}"
        message = f"{row.where}: the config has no shift or cover {claimed} on {cells['day']}."
        yield Breach(check, row.where, claimed, "no such shift", message)


def _is_block(block: Block, cells: Mapping[str, str]) -> bool:
    """Whether a row is a stretch on call that a block of cover asks for."""
    start = int(block.start * 60)
    ends = (start + int(block.hours * 60)) % DAY
    times = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in (start, ends))
    return block.kind == ON_CALL and cells["day"] in block.days and (cells["start"], cells["end"]) == times


def _days_missing(check: str, name: str, rows: list[Row]) -> Iterator[Breach]:
    """Yield a breach unless every day of every week is there: once where it is free, else once a duty."""
    duties = [(row.cells["week"], row.cells["day"], row.cells["start"], row.cells["kind"]) for row in rows]
    there = [duty[:2] for duty in duties]
    wanted = {(str(week), day) for week in range(1, min(weeks_of(rows), len(rows)) + 1) for day in DAYS}
    free = [day for *day, _, kind in duties if not kind]
    repeated = len(set(duties)) < len(duties) or any(there.count((week, day)) > 1 for week, day in free)
    if set(there) != wanted or repeated:
        message = f"rotas.csv does not have every day of every week of {name} just once, or once a duty."
        yield Breach(check, f"rotas.csv {name}", str(len(set(there))), str(len(wanted)), message)


def _too_few(check: str, name: str, rows: list[Row], asked: Asked) -> Iterator[Breach]:
    """Yield a breach where fewer people share the pattern than the rota needs."""
    needed = max((math.ceil(step.exact) for step in asked.needed.values()), default=0)
    if weeks_of(rows) < needed:
        message = f"{name} needs {needed} people, but its pattern is for {weeks_of(rows)}."
        yield Breach(check, f"rotas.csv {name}", str(weeks_of(rows)), str(needed), message)


def patterns_are_lawful(run: Run) -> Iterator[Breach]:
    """Every pattern of rotas.csv gives the cover asked for and breaks no rule of the config's working time."""
    expected = _with_patterns(run)
    for name, rows in _by_rota(run).items():
        if name in expected:
            asked, weeks = expected[name], weeks_of(rows)
            shifts = [row.cells for row in rows if row.cells["kind"] != ON_CALL]
            yield from breaches_of_pattern(shifts, asked.resident, run.question.law, people=weeks)
            yield from breaches_on_call(name, rows, asked, weeks)


def _with_patterns(run: Run) -> dict[str, Asked]:
    """Return the rotas that have a pattern, in shifts or on call alone, and are needed somewhere."""
    asked = asked_rotas(run).items()
    here = {name: _as_needed(run, service, name.removeprefix(f"{service}."), one) for name, (service, one) in asked}
    return {name: one for name, one in here.items() if one is not None and one.has_pattern}


def _as_needed(run: Run, service: str, team: str, asked: Asked) -> Asked | None:
    """Return what is asked of one rota's pattern, at each site of one team; nothing where nobody needs it."""
    keys = [key for key in run.question.services[service].rotas if key[0] == team]
    sites = {site for key in keys for site in run.sites_in_need(service, key)}
    if not sites:
        return None
    if run.question.teams[team].across is None:
        return asked
    shared = any(run.question.services[service].rotas[key].shared_on_call for key in keys)
    blocks = tuple(
        block._replace(people=block.people * (1 if shared and block.kind == ON_CALL else len(sites)))
        for block in asked.blocks
    )
    needs = {unit: run.rota_need(service, (team, unit), ACROSS_SITES) or Fraction(0) for _, unit in keys}
    needed = {unit: Step("all sites", need, unit, "", False) for unit, need in needs.items()}
    return replace(asked, blocks=blocks, needed=needed)


def _by_rota(run: Run) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in run.rotas:
        found.setdefault(row.cells["rota"], []).append(row)
    return found


def _differs(check: str, row: Row, column: str, agrees: bool, found: object) -> Iterator[Breach]:
    if not agrees:
        claimed = row.cells[column]
        message = f"{row.where}: {column} is {shown(claimed)}, but should be {shown(found)}."
        yield Breach(check, f"{row.where} {column}", shown(claimed), shown(found), message)


ROTA_CHECKS: tuple[Callable[[Run], Iterable[Breach]], ...] = (
    rota_needs_are_worked_out,
    rotas_are_those_asked_for,
    patterns_are_lawful,
)
