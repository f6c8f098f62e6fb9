"""The inputs and the plan's own tables: complete, and each cell what the inputs and the decisions make it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from optimiser.checker.inputs import INPUTS_CHECK
from optimiser.checker.question import Link
from optimiser.checker.reading import Breach, Pairs, Row, is_ratio, nearly, same, shown
from optimiser.checker.run import ACROSS_SITES, CANDIDATES, MICRO, Run

# What shares that were each rounded may come to beyond 1.
ROUNDED_UP = Fraction(1, 10**4)


def label(key: object) -> str:
    """Return a row's key as people read it."""
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def differs(check: str, row: Row, column: str, found: Any) -> Iterator[Breach]:
    """Yield a breach if a cell is not what it should be."""
    claimed = row.cells[column]
    numeric = isinstance(found, Fraction) and claimed is not None
    if not same(claimed, found) if numeric else claimed != found:
        message = f"{row.where}: {column} is {shown(claimed) or 'blank'}, but should be {shown(found) or 'blank'}."
        yield Breach(check, f"{row.where} {column}", shown(claimed), shown(found), message)


def rows_are(check: str, table: str, rows: Mapping[Any, Row], expected: Collection[Any]) -> Iterator[Breach]:
    """Yield a breach for each row that is missing, and each that should not be there."""
    for key in expected:
        if key not in rows:
            message = f"{table}.csv has no row for {label(key)}."
            yield Breach(check, f"{table}.csv {label(key)}", "no row", "", message)
    wanted = set(expected)
    for key, row in rows.items():
        if key not in wanted:
            yield Breach(check, row.where, label(key), "no such row", f"{row.where}: nothing calls for {label(key)}.")


def inputs_are_complete(run: Run) -> Iterator[Breach]:
    """Every area has minutes to every site, every resident one patients of every activity, and nothing else has any."""
    inputs = run.inputs
    from_areas, sites = Pairs.among(inputs.minutes).of, inputs.roles.keys()
    unlike = [area for area in inputs.areas if from_areas.get(area, {}).keys() != sites]
    unlike += from_areas.keys() - inputs.areas.keys()
    pairs = {(area, site) for area in unlike if area in inputs.areas for site in sites}
    known = {(area, site) for area in unlike for site in from_areas.get(area, ())}
    activities = {activity for _, activity in inputs.patients}
    cells = {(area, activity) for area in inputs.areas for activity in activities}
    due = {(area, activity) for area, activity in cells if inputs.areas[area].resident}
    excused = run.question.allow_missing
    between = {(one, other) for one in inputs.roles for other in inputs.roles if one != other}
    by_transfer = any(service.transfer is not None for service in run.question.services.values())
    travelled = {service.travel_by for service in run.question.services.values()}
    of_patients = [(mode, table) for mode, table in inputs.by_mode.items() if mode in travelled]
    for missing, extra, name in (
        *((pairs - table.keys() - excused, set[tuple[str, str]](), "journeys_by_mode") for _, table in of_patients),
        (between - inputs.road.keys() if by_transfer else set(), inputs.road.keys() - between, "transfers"),
        (pairs - known - excused, known - pairs, "journeys"),
        (due - inputs.patients.keys(), inputs.patients.keys() - cells, "demand"),
    ):
        for pair in sorted(missing):
            message = f"inputs/{name}.csv has no figure for {label(pair)}."
            yield Breach(INPUTS_CHECK, f"inputs/{name}.csv {label(pair)}", "", "a figure", message)
        for pair in sorted(extra):
            message = f"inputs/{name}.csv has a row for {label(pair)}, which areas.csv and sites.csv do not know."
            yield Breach(INPUTS_CHECK, f"inputs/{name}.csv {label(pair)}", label(pair), "", message)
    yield from _modes_are_known(run)
    yield from _teams_have_their_ways(run)
    yield from _border_is_complete(run) if run.question.as_today else ()
    for site in sorted({site for _, _, site in inputs.in_post} - inputs.roles.keys() - {ACROSS_SITES}):
        message = f"inputs/staff.csv has staff at {site}, which sites.csv does not know."
        yield Breach(INPUTS_CHECK, f"inputs/staff.csv {site}", site, "", message)
    for what, there in (("areas.csv names no area", run.areas), ("sites.csv names no candidate", run.candidates)):
        if not there:
            yield Breach(INPUTS_CHECK, "inputs", "", "", f"inputs/{what}.")


def _modes_are_known(run: Run) -> Iterator[Breach]:
    """Yield what is wrong with journeys_by_mode.csv: modes without a row, and rows of what is not there."""
    name, inputs = "inputs/journeys_by_mode.csv", run.inputs
    for mode, table in inputs.by_mode.items():
        if not table:
            yield Breach(INPUTS_CHECK, name, "", mode, f"{name} has no row of {mode}.")
        for area, site in sorted(table):
            if area not in inputs.areas or site not in inputs.roles:
                message = f"{name} has a row for {mode} {area} {site}, which areas.csv and sites.csv do not know."
                yield Breach(INPUTS_CHECK, name, label((mode, area, site)), "", message)


def _teams_have_their_ways(run: Run) -> Iterator[Breach]:
    """Yield each way of a team across sites that transfers_by_mode.csv does not have by its mode."""
    for team in run.question.teams.values():
        if team.across and (mode := team.across.travel_by):
            known, base = run.inputs.road_by_mode[mode], team.across.base
            others = [site for site in run.candidates if site != base]
            for pair in (pair for site in others for pair in ((base, site), (site, base)) if pair not in known):
                where = f"inputs/transfers_by_mode.csv {mode} {label(pair)}"
                yield Breach(INPUTS_CHECK, where, "", "a figure", f"{where}: it has no figure for that.")


def _border_is_complete(run: Run) -> Iterator[Breach]:
    """Yield what is wrong with border.csv: shares of what is not there, of more than everybody, or of nobody."""
    name, inputs = "inputs/border.csv", run.inputs
    known = {CANDIDATES, *(site for site, role in inputs.roles.items() if role == "neighbour")}
    total = dict.fromkeys(inputs.areas, 0)
    for (area, goes_to), share in inputs.border.items():
        where = f"{name} {area} {goes_to}"
        if area not in inputs.areas or goes_to not in known:
            message = f"{where}: there is no such area, or {goes_to} is neither a neighbour nor {CANDIDATES}."
            yield Breach(INPUTS_CHECK, where, label((area, goes_to)), "", message)
            continue
        total[area] += share
        leaves = share and goes_to != CANDIDATES and inputs.areas[area].resident
        if leaves and (area, goes_to) not in inputs.minutes:
            claimed = shown(Fraction(share, inputs.shares_scale))
            yield Breach(INPUTS_CHECK, where, claimed, "a journey", f"{where}: people go there without a journey.")
    for area, summed in total.items():
        where, everybody = f"{name} {area}", Fraction(summed, inputs.shares_scale)
        if everybody > 1 + ROUNDED_UP:
            message = f"{where}: the shares add up to {shown(everybody)}, more than everybody."
            yield Breach(INPUTS_CHECK, where, shown(everybody), "1", message)
        if inputs.areas[area].resident and not summed:
            yield Breach(INPUTS_CHECK, where, "", "a share", f"{where}: nothing says where its people go today.")


def designations_are_complete(run: Run) -> Iterator[Breach]:
    """designations.csv has one row for every service and candidate, and no other."""
    expected = [(service, site) for service in run.question.services for site in run.candidates]
    yield from rows_are("designations_are_complete", "designations", run.designations, expected)


def _known_designations(run: Run) -> Iterator[tuple[str, str, Row]]:
    for (service, site), row in run.designations.items():
        if service in run.question.services and site in run.candidates:
            yield service, site, row


def today_is_as_configured(run: Run) -> Iterator[Breach]:
    """The today column says what the config says of today, and is blank where that is unknown."""
    for service, site, row in _known_designations(run):
        today = run.question.today.get(service)
        yield from differs("today_is_as_configured", row, "today", None if today is None else site in today)


def fixed_is_as_configured(run: Run) -> Iterator[Breach]:
    """The fixed and reason columns say which designations the config fixes, and why."""
    for service, site, row in _known_designations(run):
        fixed = run.question.services[service].fixed.get(site)
        yield from differs("fixed_is_as_configured", row, "fixed", fixed is not None)
        yield from differs("fixed_is_as_configured", row, "reason", fixed.reason if fixed else "")


def journeys_are_complete(run: Run) -> Iterator[Breach]:
    """journeys.csv has a row for every service with patients and area, more only where shared out, and no other.

    Where the border is as it is today, it has a row for those who go by what is designated, and one each for those who
    are pulled, if any are, and who leave for a neighbour that the service counts.
    """
    check = "journeys_are_complete"
    expected = {(service, stream): 0 for service in run.services_with_patients for stream in run.streams(service)}
    for row in run.journeys.values():
        service, stream = row.cells["service"], run.stream_of(row)
        if (service, stream) not in expected:
            where = label((service, stream.name))
            yield Breach(check, row.where, where, "no such row", f"{row.where}: nothing calls for {where}.")
            continue
        expected[service, stream] += 1
        if expected[service, stream] > 1 and not run.question.services[service].managed:
            message = (
                f"{row.where}: {stream.name} has a row for {service} already, and all its patients go to one site."
            )
            yield Breach(check, row.where, label((service, stream.name)), "one row", message)
    for (service, stream), rows in expected.items():
        if not rows:
            where = label((service, stream.name))
            yield Breach(check, f"journeys.csv {where}", "no row", "", f"journeys.csv has no row for {where}.")


def everyone_goes_to_the_nearest_site(run: Run) -> Iterator[Breach]:
    """An area's site has the least minutes, plus offset where flows are observed; of equals the first in site order.

    Where the border is as it is today, this is so of those who are pulled and, among candidates, of those who stay.
    """
    for service, _, row, pieces in run.rows_called_for:
        if not run.question.services[service].managed:
            yield from differs("everyone_goes_to_the_nearest_site", row, "site", pieces[0].journey.site or "")


def first_contact_is_at_the_nearest_site(run: Run) -> Iterator[Breach]:
    """Patients who are transferred are seen first at the nearest site of first contact; others where they go."""
    check = "first_contact_is_at_the_nearest_site"
    for service, _, row, pieces in run.rows_called_for:
        managed = run.question.services[service].managed
        own = (one for one, *_ in pieces if not managed or (one.site or "") == row.cells["site"])
        _, _, first_site, first_minutes, road = next(own)
        yield from differs(check, row, "first_site", first_site or "")
        for column, micro in (("first_minutes", first_minutes), ("transfer_minutes", road)):
            claimed = row.cells[column]
            if micro is None or claimed is None or not is_ratio(claimed, micro, MICRO):
                yield from differs(check, row, column, None if micro is None else Fraction(micro, MICRO))


def minutes_are_the_tables(run: Run) -> Iterator[Breach]:
    """A journey's minutes are those of inputs/journeys.csv to its site, times the travel factor.

    Where a service's patients travel by a mode, they are those of inputs/journeys_by_mode.csv.
    Where patients are transferred they are those to first contact, and from there dwell, overhead and the way by road.
    """
    check = "minutes_are_the_tables"
    for service, stream, row, pieces in run.rows_called_for:
        by_transfer = run.question.services[service].transfer is not None
        to_here = run.minutes_to(service).get((stream.area, row.cells["site"]))
        found = pieces[0].journey.minutes if by_transfer else to_here
        claimed = row.cells["minutes"]
        if found is None or claimed is None:
            yield from differs(check, row, "minutes", None if found is None else Fraction(found, MICRO))
        elif not is_ratio(claimed, found, MICRO):
            minutes = shown(Fraction(found, MICRO))
            message = f"{row.where}: minutes are {claimed}, but the table's times the factor are {minutes}."
            yield Breach(check, f"{row.where} minutes", shown(claimed), minutes, message)


def patients_are_the_tables(run: Run) -> Iterator[Breach]:
    """A journey's patients a year, grown where the config says so, and whether they are residents are the inputs'."""
    check, scale = "patients_are_the_tables", run.inputs.patients_scale
    patients_of = {service: run.streams(service) for service in run.services_with_patients}
    for service, stream, row, pieces in run.rows_called_for:
        claimed, found = row.cells["patients_per_year"], patients_of[service][stream]
        if len(pieces) == 1 and not run.question.as_today and not is_ratio(claimed, found, scale):
            patients = shown(Fraction(found, scale))
            message = f"{row.where}: patients a year are {claimed}, but {patients} by inputs/demand.csv."
            yield Breach(check, f"{row.where} patients_per_year", shown(claimed), patients, message)
        yield from differs(check, row, "resident", run.areas[stream.area].resident)


def as_many_cross_the_border_as_today(run: Run) -> Iterator[Breach]:
    """Where the border is as today, as many of an area stay, are pulled or leave as border.csv and border_pull say."""
    check, scale = "as_many_cross_the_border_as_today", run.inputs.patients_scale
    patients_of = {service: run.streams(service) for service in run.services_with_patients}
    for service, stream, row, pieces in run.rows_called_for if run.question.as_today else ():
        claimed, found = row.cells["patients_per_year"], patients_of[service][stream]
        if len(pieces) == 1 and not is_ratio(claimed, found, scale):
            patients = shown(Fraction(found, scale))
            message = f"{row.where}: patients a year are {claimed}, but {patients} of them go so, as things are today."
            yield Breach(check, f"{row.where} patients_per_year", shown(claimed), patients, message)


def staffing_is_complete(run: Run) -> Iterator[Breach]:
    """staffing.csv has one row for every team and unit that a rota needs and every pool of its staff, and no other."""
    expected = [(team, unit, site) for team, unit in run.question.rota_units() for site in run.pools(team)]
    yield from rows_are("staffing_is_complete", "staffing", run.staffing, expected)


def _known_staffing(run: Run) -> Iterator[tuple[tuple[str, str, str], Row]]:
    known = set(run.question.rota_units())
    for (team, unit, site), row in run.staffing.items():
        if (team, unit) in known and site in run.pools(team):
            yield (team, unit, site), row


def staff_in_post_is_the_tables(run: Run) -> Iterator[Breach]:
    """Staff in post are those of inputs/staff.csv in the team's year, nobody where it has no figure."""
    for key, row in _known_staffing(run):
        yield from differs("staff_in_post_is_the_tables", row, "in_post", run.in_post(*key))


def staff_adds_up(run: Run) -> Iterator[Breach]:
    """Staff are those in post, plus moved in, minus moved out, plus recruited."""
    for key, row in _known_staffing(run):
        yield from differs("staff_adds_up", row, "staff", run.staff(*key))


def staff_needed_is_right(run: Run) -> Iterator[Breach]:
    """Staff needed are the largest need of the rotas that are needed there."""
    for key, row in _known_staffing(run):
        yield from differs("staff_needed_is_right", row, "needed", run.needed(*key))


def staff_short_is_right(run: Run) -> Iterator[Breach]:
    """Staff short are those needed beyond those there, and never below zero."""
    for key, row in _known_staffing(run):
        yield from differs("staff_short_is_right", row, "short", run.short(*key))


def moves_balance(run: Run) -> Iterator[Breach]:
    """As many of a team move in, over all sites, as move out."""
    for team, unit in run.question.rota_units():
        moved_in, moved_out = (run.total_moving(team, unit, column) for column in ("moved_in", "moved_out"))
        if not nearly(moved_in, moved_out):
            message = f"{shown(moved_in)} {unit} of {team} move in, but {shown(moved_out)} move out."
            yield Breach("moves_balance", f"staffing.csv {team} {unit}", shown(moved_in), shown(moved_out), message)


def people_are_whole(run: Run) -> Iterator[Breach]:
    """People move and are recruited whole."""
    for (team, unit, site), row in _known_staffing(run):
        for column in ("moved_in", "moved_out", "recruited") if unit == "people" else ():
            value = row.cells[column]
            if not same(value, Fraction(round(value))):
                message = f"{row.where}: {shown(value)} people of {team} {column} at {site} is not a whole number."
                yield Breach("people_are_whole", f"{row.where} {column}", shown(value), "a whole number", message)


def nobody_is_negative(run: Run) -> Iterator[Breach]:
    """No site moves, recruits or keeps fewer than no staff."""
    for (team, _, site), row in _known_staffing(run):
        for column in ("moved_in", "moved_out", "recruited", "staff"):
            value = row.cells[column]
            if value < 0 and not same(value, Fraction(0)):
                message = f"{row.where}: {column} of {team} at {site} is {shown(value)}, which is below zero."
                yield Breach("nobody_is_negative", f"{row.where} {column}", shown(value), "0 or more", message)


def staff_go_where_they_are_missing(run: Run) -> Iterator[Breach]:
    """Staff who can be spared go where staff are missing, then recruits do: firm rotas first, then in site order."""
    for team, unit in run.question.rota_units():
        if _go_beyond_what_may_be(run, team, unit):
            continue  # said under the name of what they go beyond
        due = _shared_out_by_the_words(run, team, unit)
        for pool in (one for one in run.pools(team) if (team, unit, one) in run.staffing):
            row = run.staffing[team, unit, pool]
            for column in ("moved_in", "moved_out", "recruited"):
                yield from differs("staff_go_where_they_are_missing", row, column, due[column, pool])


def _go_beyond_what_may_be(run: Run, team: str, unit: str) -> bool:
    """Whether staff move or are recruited past a limit, to nowhere, in halves, or fewer than none."""
    limits = run.question.teams[team]
    rows = [row for (who, counted, _), row in run.staffing.items() if (who, counted) == (team, unit)]
    cells = [row.cells[column] for row in rows for column in ("moved_in", "moved_out", "recruited")]
    moved_in, moved_out, recruited = (run.total_moving(team, unit, c) for c in ("moved_in", "moved_out", "recruited"))
    past = ((moved_in, limits.moves.value), (recruited, limits.recruits.value))
    return (
        any(most is not None and amount > most and not nearly(amount, most) for amount, most in past)
        or not nearly(moved_in, moved_out)
        or any(amount < 0 or (unit == "people" and amount % 1) for amount in cells)
    )


def _shared_out_by_the_words(run: Run, team: str, unit: str) -> dict[tuple[str, str], Fraction]:
    """Return how many move in, move out and are recruited at each pool. People do so whole."""
    pools, stated = run.pools(team), run.question.teams[team]
    needs = {pool: list(run.needs(team, unit, pool)) for pool in pools}
    soft = {code: service.rotas[team, unit].may_fall_short for code, service in run.question.services.items()
            if (team, unit) in service.rotas}  # fmt: skip
    every, firm = (
        {pool: max((n for code, n in needs[pool] if take or not soft[code]), default=Fraction(0)) for pool in pools}
        for take in (True, False)
    )
    staff = {pool: run.in_post(team, unit, pool) for pool in pools}
    found = {(column, pool): Fraction(0) for column in ("moved_in", "moved_out", "recruited") for pool in pools}
    left = {"moved_in": stated.moves.value, "recruited": stated.recruits.value}

    def come(column: str, pool: str, amount: Fraction) -> Fraction:
        limit = left[column]
        amount = amount if limit is None else min(amount, limit)
        amount = max(Fraction(amount // 1) if unit == "people" else amount, Fraction(0))
        found[column, pool] += amount
        staff[pool] += amount
        left[column] = None if limit is None else limit - amount
        return amount

    def move(asked: Mapping[str, Fraction], kept_back: Mapping[str, Fraction]) -> None:
        for here in pools:
            for there in pools:
                spare = staff[there] - kept_back[there]
                spare = Fraction(spare // 1) if unit == "people" else spare
                going = come("moved_in", here, min(asked[here] - staff[here], spare))
                found["moved_out", there] += going
                staff[there] -= going

    def recruit(asked: Mapping[str, Fraction]) -> None:
        for here in pools:
            missing = asked[here] - staff[here]
            come("recruited", here, Fraction(-(-missing // 1)) if unit == "people" else missing)

    move(firm, every)
    recruit(firm)
    move(firm, firm)
    move(every, every)
    recruit(every)
    return found


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


def links_are_right(run: Run) -> Iterator[Breach]:
    """links.csv says of every designation what it leans on, from where, in how many minutes, and whether so."""
    expected = standings(run) if run.question.leans_across_sites() else {}
    yield from rows_are("links_are_right", "links", run.links, expected)
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
            yield from differs("links_are_right", row, column, value)


def broken_without_exception(run: Run) -> set[tuple[str, str, str]]:
    """Return the documented exceptions, as service, service needed and site, without which a rule would be broken."""
    unmet = {(key[0], key[2], key[1]) for key, standing in standings(run).items() if standing.met is False}
    return unmet & run.question.exceptions.keys()


def exceptions_are_right(run: Run) -> Iterator[Breach]:
    """exceptions.csv lists every documented exception of the config, and says which the plan makes use of."""
    stated = run.question.exceptions
    yield from rows_are("exceptions_are_right", "exceptions", run.exceptions, stated)
    broken = broken_without_exception(run)
    for key, one in stated.items():
        row = run.exceptions.get(key)
        if row is not None:
            for column, value in (*one._asdict().items(), ("would_have_broken", key in broken)):
                yield from differs("exceptions_are_right", row, column, value)


TABLE_CHECKS = (
    inputs_are_complete,
    designations_are_complete,
    today_is_as_configured,
    fixed_is_as_configured,
    journeys_are_complete,
    everyone_goes_to_the_nearest_site,
    first_contact_is_at_the_nearest_site,
    minutes_are_the_tables,
    patients_are_the_tables,
    as_many_cross_the_border_as_today,
    staffing_is_complete,
    staff_in_post_is_the_tables,
    staff_adds_up,
    staff_needed_is_right,
    staff_short_is_right,
    moves_balance,
    people_are_whole,
    nobody_is_negative,
    staff_go_where_they_are_missing,
)
LINK_CHECKS = (links_are_right, exceptions_are_right)
