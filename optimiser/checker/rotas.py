"""Rotas that say which cover they give: is what they need worked out right, and is their pattern one they may work?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from optimiser.checker.cover import DAYS, Asked
from optimiser.checker.patterns import breaches_of_pattern
from optimiser.checker.reading import Breach, Row, same, shown
from optimiser.checker.run import Run


def asked_rotas(run: Run) -> dict[str, tuple[str, Asked]]:
    """Return the rotas that state cover: by name, with their service."""
    return {
        f"{code}.{team}": (code, asked)
        for code, service in run.question.services.items()
        for team, asked in service.covers.items()
    }


def rota_needs_are_worked_out(run: Run) -> Iterator[Breach]:
    """rota_needs.csv has every step from the cover asked for to what a rota needs, each as worked out anew."""
    check = "rota_needs_are_worked_out"
    stated = dict(run.rota_needs)
    for name, (_, asked) in asked_rotas(run).items():
        for number, step in enumerate(asked.steps, start=1):
            row = stated.pop((name, Fraction(number)), None)
            where = f"rota_needs.csv {name} step {number}"
            if row is None:
                yield Breach(check, where, "no row", shown(step.exact), f"{where} ({step.term}) is missing.")
                continue
            expected: dict[str, object] = {"term": step.term, "unit": step.unit, "verified": step.verified}
            expected["source"] = step.said(asked.steps)
            for column, found in expected.items():
                yield from _differs(check, row, column, row.cells[column] == found, found)
            yield from _differs(check, row, "exact", row.cells["exact"] == step.exact, str(step.exact))
            yield from _differs(check, row, "value", same(row.cells["value"], step.exact), step.exact)
    for key, row in stated.items():
        yield Breach(check, row.where, shown(key[0]), "no such step", f"{row.where}: nothing calls for this step.")


def rotas_are_those_asked_for(run: Run) -> Iterator[Breach]:
    """rotas.csv has a pattern for every rota with shifts that is needed, and no other: each day once, in its shifts."""
    check = "rotas_are_those_asked_for"
    expected, found = _with_shifts(run), _by_rota(run)
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


def _not_offered(check: str, row: Row, asked: Asked) -> Iterator[Breach]:
    """Yield a breach if a row is neither a day off nor one of the rota's shifts on one of its days."""
    cells = row.cells
    if not any(cells[column] for column in ("shift", "start", "end")):
        return
    kind = asked.shifts.get(cells["shift"])
    if kind is None or (cells["start"], cells["end"]) != kind[:2] or cells["day"] not in kind.days:
        claimed = f"{cells['shift']} {cells['start']} to {cells['end']}"
        message = f"{row.where}: the config has no shift {claimed} on {cells['day']}."
        yield Breach(check, row.where, claimed, "no such shift", message)


def _days_missing(check: str, name: str, rows: list[Row]) -> Iterator[Breach]:
    there = [(row.cells["week"], row.cells["day"]) for row in rows]
    weeks = max((int(week) for week, _ in there if week.isdecimal()), default=0)
    wanted = [(str(week), day) for week in range(1, min(weeks, len(rows)) + 1) for day in DAYS]
    if sorted(there) != sorted(wanted):
        message = f"rotas.csv does not have every day of every week of {name} just once."
        yield Breach(check, f"rotas.csv {name}", str(len(there)), str(len(wanted)), message)


def patterns_are_lawful(run: Run) -> Iterator[Breach]:
    """Every pattern of rotas.csv gives the cover asked for and breaks no rule of the config's working time."""
    expected = _with_shifts(run)
    for name, rows in _by_rota(run).items():
        if name in expected:
            cover = [block[:4] for block in expected[name].resident]
            yield from breaches_of_pattern([row.cells for row in rows], cover, run.question.law)


def _with_shifts(run: Run) -> dict[str, Asked]:
    """Return the rotas that need a pattern: they name shifts, and their service is designated somewhere."""
    asked = asked_rotas(run).items()
    return {name: one for name, (service, one) in asked if one.shifts and run.sites_of(service)}


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
