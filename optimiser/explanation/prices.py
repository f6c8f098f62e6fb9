"""The price of each rule: what every objective would gain if it gave way by one notch, or altogether.

Each price is exact: the question is asked again. Rules whose giving way all at once gains nothing gain nothing one by
one, so groups that gain nothing are not asked about further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from optimiser.explanation.best import best_option
from optimiser.model.arithmetic import ARITHMETIC, every_choice
from optimiser.model.objectives import UNITS
from optimiser.model.words import SAYS, WAYS_OUT, number_of
from optimiser.plan import Plan
from optimiser.problem import Beds, Figure, Problem, Reach, RotaNeed, Service, Team, Transfer
from optimiser.problem.words import amount

COLUMNS = ["rule", "names", "words", "step", "given", "objective", "before", "after", "saved", "measured_in"]
NOTCH, FIRST, REMOVED = "one notch", "the first that saves", "removed"
Vary = Callable[[Problem], Problem]
# So many notches, and what that is in words.
Notches = Callable[[int], tuple[Vary, str]]
MOST_NOTCHES = 64
MOST_CANDIDATES = 8

# One notch: a site, a person or a WTE, a bed, and else what people would give way by at a time.
MINUTES, SHARE, TRANSFERS, REPATRIATIONS, HOURS = 5.0, 0.01, 1.0, 52.0, 365.0
# Rules that stand or do not: what they ask has no size.
WITHOUT_NOTCHES = {
    "fixed_designations_stand": "a designation is as it is fixed, or not",
    "services_share_a_site": "two services share a site, or do not",
}
VOLUMES = {"minimum_patients": "every_site_has_enough_patients", "maximum_patients": "no_site_has_too_many_patients"}


@dataclass(frozen=True)
class Giving:
    """One rule that could give way: altogether, and by so many notches, if it has any."""

    rule: str
    names: tuple[str, ...]
    words: str
    removed: Vary
    notches: Notches | None = None


def price_of_rules(plan: Plan) -> pd.DataFrame:
    """Work out what each rule costs, by solving again with it relaxed notch by notch, and with it removed.

    Parameters
    ----------
    plan
        The best plan of a question.

    Returns
    -------
    pandas.DataFrame
        One row a rule, step and objective: what it comes to before and after, and what is saved, in ``measured_in``.
        The steps are "one notch", "the first that saves" where one notch saves nothing but a few do, and "removed".
        Rules without which the best plan is as good have rows for their removal alone, which save 0.
    """
    problem = plan.problem
    before = tuple(reached.value for reached in plan.proof.objectives)
    rows: list[tuple[object, ...]] = []
    ways = list(givings(problem))
    costly = _that_matter(problem, ways, before)
    for way in ways:
        if way in costly:
            rows += _by_notches(problem, way, before)
        rows += _rows(problem, way, (REMOVED, ""), before, costly.get(way, before))
    return pd.DataFrame(rows, columns=COLUMNS)


def prices_in_words(prices: pd.DataFrame) -> list[str]:
    """Return a line for each rule that costs something, and how many cost nothing."""
    lines, free = [], 0
    for (_, _, words), rows in prices.groupby(["rule", "names", "words"], sort=False):
        if not rows["saved"].any():
            free += 1
            continue
        lines.append(f"  - {words}")
        for (_, given), one in rows.groupby(["step", "given"], sort=False):
            saved = [_saved(row, several=len(one) > 1) for row in one.itertuples() if row.saved]
            lines.append(f"      {given or 'without it'}: {'; '.join(saved) or 'saves nothing'}")
    return [*lines, *_cost_nothing(free, bool(lines))]


def _cost_nothing(free: int, beside_others: bool) -> list[str]:
    if not free:
        return [] if beside_others else ["  No rule could give way."]
    other = " other" if beside_others else ""
    if free == 1:
        return [f"  1{other} rule costs nothing: without it the best plan is as good."]
    return [f"  {free}{other} rules cost nothing: without any one of them the best plan is as good."]


def _saved(row: Any, *, several: bool) -> str:
    of = f" ({row.objective.replace('_', ' ')})" if several else ""
    return f"{'saves' if row.saved > 0 else 'costs'} {amount(abs(row.saved), row.measured_in)}{of}"


def _rows(
    problem: Problem, way: Giving, step: tuple[str, str], before: Sequence[float], after: Sequence[float]
) -> Iterator[tuple[object, ...]]:
    for objective, here, there in zip(problem.objectives, before, after, strict=True):
        saved = here - there if here != there else 0.0
        name, unit = objective.name, UNITS[objective.name]
        yield way.rule, ".".join(way.names), way.words, *step, name, here, there, saved, unit


def _by_notches(problem: Problem, way: Giving, before: tuple[float, ...]) -> Iterator[tuple[object, ...]]:
    """Yield what one notch saves and, if that is nothing, the fewest notches that save something, by halving."""
    if not way.notches:
        return
    vary, given = way.notches(1)
    after = _best(vary(problem))
    yield from _rows(problem, way, (NOTCH, given), before, after)
    nothing, something = 1, MOST_NOTCHES
    if after != before or _best(way.notches(something)[0](problem)) == before:
        return
    while something - nothing > 1:
        middle = (nothing + something) // 2
        if _best(way.notches(middle)[0](problem)) == before:
            nothing = middle
        else:
            something = middle
    vary, given = way.notches(something)
    yield from _rows(problem, way, (FIRST, given), before, _best(vary(problem)))


def _best(problem: Problem) -> tuple[float, ...]:
    found = best_option(problem)
    assert found is not None, "the plan meets every rule of a looser question"
    return found.values


def _that_matter(
    problem: Problem, ways: Sequence[Giving], before: tuple[float, ...]
) -> dict[Giving, tuple[float, ...]]:
    """Return the rules without which the best plan would be better, with what it would then come to."""
    if not ways:
        return {}
    varied = problem
    for way in ways:
        varied = way.removed(varied)
    after = _best(varied)
    if after == before:
        return {}
    if len(ways) == 1:
        return {ways[0]: after}
    half = len(ways) // 2
    return _that_matter(problem, ways[:half], before) | _that_matter(problem, ways[half:], before)


# What may give way, and by how much ----------------------------------------------------------------------------------


def givings(problem: Problem) -> Iterator[Giving]:
    """Yield every rule of a question that could give way, in reading order."""
    for code, service in problem.services.items():
        yield from _sites(problem, code, service)
        yield from _volumes(problem, code, service)
        yield from _beds(problem, code, service)
        yield from _journeys(problem, code, service)
        yield from _transfers(problem, code, service)
        yield from _links(problem, code, service)
        yield from _rotas(problem, code, service)
    for team, unit in problem.team_units:
        for setting, rule in (
            ("moves_at_most", "moves_within_limit"),
            ("recruits_at_most", "recruitment_within_limit"),
        ):
            figure = getattr(problem.teams[team], setting)
            if figure:
                names, words = (team, unit), SAYS[rule](problem, (team, unit))

                def more(
                    by: int, to: Any = (team, setting, figure), rule: str = rule, of: Any = names
                ) -> tuple[Vary, str]:
                    name, limit, stated = to
                    return _team(name, limit, _other(stated, stated.value + by)), WAYS_OUT[rule](problem, of, by)

                yield Giving(rule, names, words, _team(team, setting, None), more)


def _sites(problem: Problem, code: str, service: Service) -> Iterator[Giving]:
    for setting, rule, by in (("at_least_sites", "enough_sites", -1), ("at_most_sites", "not_too_many_sites", 1)):
        figure = getattr(service, setting)
        if figure:
            notches = _stepwise(problem, code, setting, figure, by, rule)
            yield Giving(rule, (code,), SAYS[rule](problem, (code,)), _set(code, setting, None), notches)
    for site in service.fixed:
        words = SAYS["fixed_designations_stand"](problem, (code, site))
        yield Giving("fixed_designations_stand", (code, site), words, _unfix(code, site))


def _volumes(problem: Problem, code: str, service: Service) -> Iterator[Giving]:
    for setting, rule in VOLUMES.items():
        figure = getattr(service, setting)
        if figure and service.activity:
            least = "at least" if setting == "minimum_patients" else "at most"
            words = f"{service.name} has {least} {amount(figure.value, 'patients a year')} at each site"
            volumes = next_volumes(problem, code, setting)

            def to(number: int, said: str = least, into: Any = (setting, figure, volumes)) -> tuple[Vary, str]:
                setting, figure, volumes = into
                volume = volumes[min(number, len(volumes)) - 1]
                return _set(code, setting, _other(figure, volume)), f"{said} {amount(volume, 'patients a year')}"

            yield Giving(rule, (code,), words, _set(code, setting, None), to if volumes else None)


def next_volumes(problem: Problem, code: str, setting: str) -> tuple[float, ...]:
    """Return the numbers of patients, nearest first, at which a minimum (or maximum) would let more options through.

    Where a service has too many candidates to list its sites they are one patient apart, and may not be those.
    """
    here = number_of(getattr(problem.services[code], setting))
    down = setting == "minimum_patients"
    if len(problem.candidates) > MOST_CANDIDATES:
        return tuple(here + (-by if down else by) for by in range(1, MOST_NOTCHES + 1) if by < here or not down)
    choices = {one: every_choice(problem, one) for one in problem.services}
    hardest: Any = np.inf if down else -np.inf
    for one in ARITHMETIC[VOLUMES[setting]](problem, choices):
        if one.names[0] == code:
            volume = np.where(one.applies, one.left, np.inf if down else -np.inf)
            hardest = np.minimum(hardest, volume) if down else np.maximum(hardest, volume)
    found = np.unique(hardest)
    beyond = found[(found < here) if down else (found > here) & np.isfinite(found)]
    return tuple((beyond[::-1] if down else beyond).tolist())


def _beds(problem: Problem, code: str, service: Service) -> Iterator[Giving]:
    def at(site: str, by: int | None) -> Callable[[Beds], Beds]:
        def vary(beds: Beds) -> Beds:
            rest = {other: figure for other, figure in beds.at.items() if other != site}
            there = {} if by is None else {site: _other(beds.at[site], beds.at[site].value + by)}
            return replace(beds, at={**rest, **there})

        return vary

    for site in service.beds.at if service.beds else ():
        names = (code, site)
        words = SAYS["beds_are_enough"](problem, names)

        def more(by: int, site: str = site) -> tuple[Vary, str]:
            return _within(code, "beds", at(site, by)), f"{amount(by, 'beds', 'more ')} at {problem.sites[site].name}"

        yield Giving("beds_are_enough", names, words, _within(code, "beds", at(site, None)), more)


def _journeys(problem: Problem, code: str, service: Service) -> Iterator[Giving]:
    longest, share = service.longest_journey_minutes, service.share_within_standard
    if longest:
        rule, setting = "nobody_travels_too_far", "longest_journey_minutes"
        notches = _stepwise(problem, code, setting, longest, MINUTES, "allow journeys of up to {:g} minutes")
        yield Giving(rule, (code,), SAYS[rule](problem, (code,)), _set(code, setting, None), notches)
    if share and service.standard_minutes:
        rule, setting = "enough_patients_within_standard", "share_within_standard"
        notches = _stepwise(problem, code, setting, share, -SHARE, "a share of {:g} within the standard")
        yield Giving(rule, (code,), SAYS[rule](problem, (code,)), _set(code, setting, None), notches)


def _transfers(problem: Problem, code: str, service: Service) -> Iterator[Giving]:
    for setting, rule, each in (
        ("most_transfers_a_day", "not_too_many_transfers", TRANSFERS),
        ("most_repatriations_a_year", "not_too_many_repatriations", REPATRIATIONS),
        ("most_ambulance_hours", "not_too_many_ambulance_hours", HOURS),
    ):
        figure = getattr(service.transfer, setting, None)
        if figure:

            def to(new: Figure | None, setting: str = setting) -> Vary:
                fields: dict[str, Any] = {setting: new}
                return _within(code, "transfer", lambda leg: replace(leg, **fields))

            def more(
                by: int, to: Callable[..., Vary] = to, of: Any = (figure, each), rule: str = rule
            ) -> tuple[Vary, str]:
                figure, each = of
                return to(_other(figure, figure.value + each * by)), WAYS_OUT[rule](problem, (code,), each * by)

            yield Giving(rule, (code,), SAYS[rule](problem, (code,)), to(None), more)


def _links(problem: Problem, code: str, service: Service) -> Iterator[Giving]:
    for link in service.same_site:

        def drop(problem: Problem, other: str = link.service) -> Problem:
            kept = tuple(one for one in problem.services[code].same_site if one.service != other)
            return _set(code, "same_site", kept)(problem)

        names = (code, link.service)
        yield Giving("services_share_a_site", names, SAYS["services_share_a_site"](problem, names), drop)
    for reach in service.in_reach:

        def wider(number: int, reach: Reach = reach) -> tuple[Vary, str]:
            to = reach.minutes.value + MINUTES * number
            far = replace(reach, minutes=_other(reach.minutes, to))

            def widen(problem: Problem) -> Problem:
                reaches = problem.services[code].in_reach
                return _set(code, "in_reach", tuple(far if one == reach else one for one in reaches))(problem)

            return widen, f"within {to:g} minutes"

        def let_go(problem: Problem, other: str = reach.service) -> Problem:
            kept = tuple(one for one in problem.services[code].in_reach if one.service != other)
            return _set(code, "in_reach", kept)(problem)

        names, words = (code, reach.service), SAYS["services_are_within_reach"](problem, (code, reach.service))
        yield Giving("services_are_within_reach", names, words, let_go, wider)


def _rotas(problem: Problem, code: str, service: Service) -> Iterator[Giving]:
    for rota in service.rotas:
        key = (rota.team, rota.unit)

        def kept(problem: Problem, key: tuple[str, str] = key, by: float | None = None) -> Problem:
            rotas: list[RotaNeed] = []
            for one in problem.services[code].rotas:
                if (one.team, one.unit) != key:
                    rotas.append(one)
                elif by is not None:
                    rotas.append(replace(one, needed=_other(one.needed, max(0.0, one.needed.value - by))))
            return _set(code, "rotas", tuple(rotas))(problem)

        def fewer(by: int, rota: RotaNeed = rota, kept: Callable[..., Problem] = kept) -> tuple[Vary, str]:
            needed = max(0.0, rota.needed.value - by)
            return lambda problem: kept(
                problem, (rota.team, rota.unit), by
            ), f"{amount(needed, rota.unit)} at each site"

        names = (code, rota.team, rota.unit)
        yield Giving("rota_is_filled", names, SAYS["rota_is_filled"](problem, names), kept, fewer)


def _stepwise(problem: Problem, code: str, setting: str, figure: Figure, by: float, said: str) -> Notches:
    """Return a figure's notches: steps of ``by``, said in words with the new figure in them, or as a way out."""

    def to(number: int) -> tuple[Vary, str]:
        new = round(max(0.0, figure.value + by * number), 9)
        words = said.format(new) if said not in WAYS_OUT else WAYS_OUT[said](problem, (code,), abs(new - figure.value))
        return _set(code, setting, _other(figure, new)), words

    return to


def _set(code: str, setting: str, new: object) -> Vary:
    def vary(problem: Problem) -> Problem:
        fields: dict[str, Any] = {setting: new}
        return replace(problem, services={**problem.services, code: replace(problem.services[code], **fields)})

    return vary


def _within(code: str, setting: str, change: Callable[[Any], Beds | Transfer]) -> Vary:
    return lambda problem: _set(code, setting, change(getattr(problem.services[code], setting)))(problem)


def _unfix(code: str, site: str) -> Vary:
    def vary(problem: Problem) -> Problem:
        rest = {other: fixed for other, fixed in problem.services[code].fixed.items() if other != site}
        return _set(code, "fixed", rest)(problem)

    return vary


def _team(team: str, setting: str, new: Figure | None) -> Vary:
    def vary(problem: Problem) -> Problem:
        fields: dict[str, Any] = {setting: new}
        changed: Team = replace(problem.teams[team], **fields)
        return replace(problem, teams={**problem.teams, team: changed})

    return vary


def _other(figure: Figure, value: float) -> Figure:
    return Figure(value, f"Relaxed from {figure.value:g}", verified=False)
