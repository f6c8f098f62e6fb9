"""What services lean on, again: the tables of links and of documented exceptions, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from optimiser.checker.reading import Breach, Row
from optimiser.checker.run import MICRO, Run
from optimiser.checker.stated import Link
from optimiser.checker.tables import differs, label

LINKS_CHECK = "links_are_right"
EXCEPTIONS_CHECK = "exceptions_are_right"


class Standing(NamedTuple):
    """How one link stands: from which site, in how many minutes, and whether that is near enough."""

    provider: str | None
    minutes: Fraction | None
    at_most: Fraction | None
    met: bool | None
    link: Link


def standings(run: Run) -> dict[tuple[str, str, str, str], Standing]:
    """Return how every link of every designation stands, by service, site, service needed and kind."""
    found = {}
    for code, service in run.question.services.items():
        for site in run.sites_of(code):
            for other, link in service.same_site.items():
                provider, minutes = _nearest(run, other, site, leaving=False)
                found[code, site, other, "same_site"] = Standing(provider, minutes, None, provider == site, link)
            for other, reach in service.in_reach.items():
                provider, minutes = _nearest(run, other, site, leaving=False)
                limit = reach.value or Fraction(0)
                met = minutes is not None and minutes <= limit
                link = Link(reach.source, reach.verified)
                found[code, site, other, "in_reach"] = Standing(provider, minutes, limit, met, link)
            for other, link in service.by_transfer.items():
                provider, minutes = _nearest(run, other, site, leaving=True)
                found[code, site, other, "by_transfer"] = Standing(provider, minutes, None, None, link)
    return found


def _nearest(run: Run, needed: str, site: str, *, leaving: bool) -> tuple[str | None, Fraction | None]:
    """Return the candidate that provides a service in the fewest minutes: the site itself, else by code."""
    ways = []
    for other in run.sites_of(needed):
        minutes = run.transfer_minutes(site, other) if leaving else run.transfer_minutes(other, site)
        if minutes is not None:
            ways.append((minutes, other != site, other))
    if not ways:
        return None, None
    minutes, _, provider = min(ways)
    return provider, Fraction(minutes, MICRO)


def _rows(check: str, table: str, rows: Mapping[Any, Row], expected: Iterable[Any]) -> Iterator[Breach]:
    wanted = list(expected)
    for key in wanted:
        if key not in rows:
            message = f"{table}.csv has no row for {label(key)}."
            yield Breach(check, f"{table}.csv {label(key)}", "no row", "", message)
    for key in rows.keys() - set(wanted):
        row = rows[key]
        yield Breach(check, row.where, label(key), "no such row", f"{row.where}: nothing calls for {label(key)}.")


def links_are_right(run: Run) -> Iterator[Breach]:
    """links.csv says of every designation what it leans on, from where, in how many minutes, and whether so."""
    expected = standings(run) if run.question.leans_across_sites() else {}
    yield from _rows(LINKS_CHECK, "links", run.links, expected)
    for key, standing in expected.items():
        row = run.links.get(key)
        if row is None:
            continue
        service, site, other, kind = key
        excepted = kind != "by_transfer" and (service, other, site) in run.question.exceptions
        for column, value in (
            ("provider", standing.provider),
            ("minutes", standing.minutes),
            ("at_most", standing.at_most),
            ("met", standing.met),
            ("excepted", excepted),
            ("source", standing.link.source),
            ("verified", standing.link.verified),
        ):
            yield from differs(LINKS_CHECK, row, column, value)


def broken_without_exception(run: Run) -> set[tuple[str, str, str]]:
    """Return the documented exceptions, as service, service needed and site, without which a rule would be broken."""
    unmet = {(key[0], key[2], key[1]) for key, standing in standings(run).items() if standing.met is False}
    return unmet & run.question.exceptions.keys()


def exceptions_are_right(run: Run) -> Iterator[Breach]:
    """exceptions.csv lists every documented exception of the config, and says which the plan makes use of."""
    stated = run.question.exceptions
    yield from _rows(EXCEPTIONS_CHECK, "exceptions", run.exceptions, stated)
    broken = broken_without_exception(run)
    for key, one in stated.items():
        row = run.exceptions.get(key)
        if row is not None:
            for column, value in (*one._asdict().items(), ("would_have_broken", key in broken)):
                yield from differs(EXCEPTIONS_CHECK, row, column, value)


LINK_CHECKS = (links_are_right, exceptions_are_right)
