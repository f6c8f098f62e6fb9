"""Every option: what strikes it out, what is nearly as good and yet different, and what is best in some aim.

Exact and complete, without the solver, wherever a service has few enough choices to tabulate (``enumeration``); else
the solver finds the same plans one by one (``one_by_one``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from optimiser.errors import NO_PLAN, Fault, InputError, NoPlan, TooLarge, did_you_mean, quoted
from optimiser.inputs import Asked, problem_asked
from optimiser.model.arithmetic import ARITHMETIC, SCORES, Score, can_be_counted, value
from optimiser.plan.proof import Designations
from optimiser.problem import Objective, Problem
from optimiser.search import one_by_one
from optimiser.search.diagram import Diagram
from optimiser.search.enumeration import Every, can_be_ranked

BEST = 20
# All near-best options are written down, one by one, up to so many; of more, the best so many, though all are counted.
MOST_WRITTEN_DOWN = 100_000
WRITTEN_DOWN_OF_MORE = 1_000
MOST_DIFFERENT = 20
# What "within so many minutes" means, by aim: a patient's on average, or minutes as they are.
ON_AVERAGE, AS_THEY_ARE = ("patient_minutes",), ("worst_journey",)


@dataclass(frozen=True, eq=False)
class Ranked:
    """Some options in order: what each aim comes to, and who provides what.

    ``values`` is options × aims, in the unit of each; ``provided`` is options × services × candidates.
    """

    problem: Problem = field(repr=False)
    aims: tuple[Objective, ...]
    values: np.ndarray = field(repr=False)
    provided: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        """Return how many options there are."""
        return len(self.values)

    def designated(self, number: int) -> Designations:
        """Return the (site, service) pairs of one option, counted from 0."""
        services, sites = list(self.problem.services), self.problem.candidates
        return frozenset((sites[j], services[i]) for i, j in np.argwhere(self.provided[number]))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row an option (index: its rank from 1), one column an aim, then one a service: codes of its sites."""
        names = names_of(self.aims)
        columns = {name: self.values[:, n] for n, name in enumerate(names)}
        sites = self.problem.candidates
        for n, code in enumerate(self.problem.services):
            kinds, which = np.unique(self.provided[:, n], axis=0, return_inverse=True)
            words = [" ".join(site for site, here in zip(sites, kind, strict=True) if here) for kind in kinds]
            columns[code] = np.array(words, dtype=object)[which.ravel()] if len(words) else np.array([], dtype=object)
        return pd.DataFrame(columns, index=pd.RangeIndex(1, len(self) + 1, name="rank"))

    def some(self, rows: Sequence[int] | np.ndarray) -> Ranked:
        """Return some of the options, in this order."""
        return Ranked(self.problem, self.aims, self.values[rows], self.provided[rows])


@dataclass(frozen=True)
class OfServices:
    """What each service comes to by itself under some options against one of them.

    ``mean_minutes`` and ``within_standard`` (a share of patients) have one row an option and one column a service that
    somebody needs (and that has a standard), as residents' average journeys and patients are published.
    ``against_mean`` and ``against_within`` are those of what options are set against. ``worse`` is where the mean is
    longer than there by more than ``a_tie_is_within`` minutes or, where the question does not say, 1%.
    """

    mean_minutes: pd.DataFrame
    within_standard: pd.DataFrame
    against_mean: pd.Series[float]
    against_within: pd.Series[float]
    worse: pd.DataFrame

    @classmethod
    def of(cls, problem: Problem, provided: np.ndarray, against: np.ndarray) -> OfServices:
        """Work it out for options × services × candidates against the one option that has services × candidates."""
        every = np.concatenate([against[np.newaxis], provided])
        means = {code: _a_patient(problem, every, code, "patient_minutes") for code in problem.services_with_patients}
        within = {
            code: 1 - _a_patient(problem, every, code, "patients_beyond_standard")
            for code in problem.services_with_patients
            if problem.services[code].standard_minutes
        }
        minutes, shares = pd.DataFrame(means), pd.DataFrame(within, index=range(len(every)))
        first, rest = minutes.iloc[0], minutes.iloc[1:].reset_index(drop=True)
        tie = first.map(problem.level_within)
        worse = (rest - first).round(9).gt(tie)
        return cls(rest, shares.iloc[1:].reset_index(drop=True), first, shares.iloc[0], worse)


def _a_patient(problem: Problem, provided: np.ndarray, service: str, aim: str) -> np.ndarray:
    """Return what an aim comes to of one service for each option, by the patients whom residents need it for."""
    transfer, codes = problem.services[service].transfer, list(problem.services)
    leans_on = [service, *([transfer.first_contact] if transfer else [])]
    kinds, which = np.unique(provided[:, [codes.index(one) for one in leans_on]], axis=0, return_inverse=True)
    found = []
    for kind in kinds:
        there = frozenset((problem.candidates[j], leans_on[i]) for i, j in np.argwhere(kind))
        found.append(value(problem, there, Objective(aim, (service,))))
    patients = float(problem.patients(service)[problem.resident].sum())
    return np.array(found, dtype=float)[which.ravel()] / patients


@dataclass(frozen=True)
class Options:
    """The long list, what made it shorter, and the best of it.

    Attributes
    ----------
    listed, lawful
        How many joint designations agree with what is fixed, and how many of those break no rule.
    hurdles
        One row a rule in the order applied: how many it strikes out that are still there, and how many are left.
    ranked
        The best, best first: every objective in turn, then fewest changes from today, fewest sites, site order.
    equal_best, equal_to_last
        How many lawful options equal the first and the last of ``ranked`` in every objective.
    equal_to_last_shown
        How many of those equal to the last are in ``ranked``.
    """

    listed: int
    lawful: int
    hurdles: pd.DataFrame
    ranked: Ranked
    equal_best: int
    equal_to_last: int
    equal_to_last_shown: int


@dataclass(frozen=True)
class NearBest:
    """All plans that are nearly as good as the best in one aim.

    Attributes
    ----------
    by, best, limit
        The aim, its best value, and the largest value that still counts as near, both in its unit.
    count
        How many lawful options are within the limit, exactly.
    ranked
        All of them, best first; where there are more than ``MOST_WRITTEN_DOWN``, the first ``WRITTEN_DOWN_OF_MORE``.
    different
        Some of ``ranked``, each at least so many designations from every other: the best, then again and again that
        which is farthest from all chosen so far (the better ranked of equals), until none is far enough or there are
        ``MOST_DIFFERENT``.
    shares
        One row a service and candidate: in how many of the plans it is provided there, as a count and as a share, and
        whether that makes it ``core`` (all), ``contested`` (some) or ``never``; ``fixed`` where it was settled before.
    """

    by: Objective
    best: float
    limit: float
    count: int
    ranked: Ranked
    different: Ranked
    shares: pd.DataFrame

    @property
    def is_complete(self) -> bool:
        """Whether ``ranked`` holds all of them."""
        return len(self.ranked) == self.count


@dataclass(frozen=True)
class EveryLawful:
    """All plans that break no rule: ``count`` of the ``listed`` that agree with what is fixed, exactly.

    ``ranked`` has all of them, best first, or none where they are too many. ``shares`` is as in ``NearBest``.
    """

    listed: int
    count: int
    ranked: Ranked
    shares: pd.DataFrame


@dataclass(frozen=True)
class Front:
    """Every trade-off between some aims: no plan is as good in all of them and better in one.

    ``ranked`` has one option for each trade-off (of equals that with fewest changes, then fewest sites, then in site
    order), in order of the aims; ``options`` how many options share it, nothing where the solver found them.
    """

    ranked: Ranked
    options: tuple[int, ...] | None


def options(problem: Asked, *, best: int = BEST, hurdles: Iterable[str] | None = None) -> Options:
    """Strike out what breaks a rule, rule by rule, and rank the rest.

    Parameters
    ----------
    problem
        The question, or the path of the config that asks it.
    best
        How many to rank.
    hurdles
        Rules to apply first, in this order; the others follow in their own. The config's if not given. The order
        changes what each strikes out, never what is left.

    Raises
    ------
    InputError
        When a hurdle is not a rule.
    TooLarge
        When there are too many candidates to judge every option.
    """
    problem = problem_asked(problem)
    order = _known("hurdle", problem.hurdles if hurdles is None else hurdles, ARITHMETIC)
    every = _every(problem)
    struck = every.struck(order)
    left = every.listed - np.cumsum(np.array(list(struck.values()), dtype=object))
    table = pd.DataFrame({"rule": list(struck), "struck_out": list(struck.values()), "left": list(left)})
    numbers = every.diagram.best(best)
    ranked, aims = _ranked(every, numbers), len(every.aims)
    if not len(ranked):
        return Options(every.listed, 0, table, ranked, 0, 0, 0)
    last = numbers[-1, :aims]
    shown = int((numbers[:, :aims] == last).all(axis=1).sum())
    equal = every.diagram.up_to(last.tolist()) - (len(numbers) - shown)
    return Options(every.listed, every.lawful, table, ranked, every.equal_to_the_best, equal, shown)


def near_best(
    problem: Asked,
    *,
    within: float | None = None,
    within_minutes: float | None = None,
    apart: int = 1,
    by: str | None = None,
) -> NearBest:
    """Find every plan that is nearly as good as the best.

    Parameters
    ----------
    problem
        The question, or the path of the config that asks it.
    within
        A share of the best value, e.g. 0.05 for 5%.
    within_minutes
        Or minutes: a patient's on average for patient_minutes, as they are for worst_journey.
    apart
        How many designations must differ between any two of ``different``.
    by
        The aim in which plans must be near; the first objective if not given.

    Raises
    ------
    InputError
        When it is not said how near, or an aim is not one or is not counted in minutes.
    NoPlan
        When no plan meets every rule.
    TooLarge
        When the solver has to find the plans, and there are more than 500.
    """
    problem = problem_asked(problem)
    aim = aims_of(problem, [by] if by else [])[0]
    others = tuple(one for one in problem.objectives if one != aim)
    if not can_be_ranked(problem):
        return _near_by_solver(problem, (aim, *others), within, within_minutes, apart)
    every = _every(problem, (aim, *others))
    if every.diagram.is_empty:
        raise NoPlan(f"{NO_PLAN} Which of them clash: optimiser.clash(problem).")
    score, least = every.scores[0], float(every.diagram.togo[0][0, 0])
    limit = _limit(problem, aim, _exactly(score, least), within, within_minutes)
    near = every.diagram.within(_at_most(score, limit))
    count = near.count()
    ranked = _ranked(every, near.best(count if count <= MOST_WRITTEN_DOWN else WRITTEN_DOWN_OF_MORE))
    apart_ones, shares = different(ranked, apart), _shares(problem, _counts(every, near), count)
    return NearBest(aim, least / score.scale, float(limit), count, ranked, apart_ones, shares)


def every_lawful(problem: Problem, *, at_most: int) -> EveryLawful:
    """Count every plan that breaks no rule, and list them where they are few.

    Raises
    ------
    TooLarge
        When there are too many candidates to judge every option.
    """
    every = _every(problem)
    count = every.lawful
    few = count if count <= at_most else 0
    numbers = every.diagram.best(max(1, few))[:few]
    return EveryLawful(
        every.listed, count, _ranked(every, numbers), _shares(problem, _counts(every, every.diagram), count)
    )


def front(problem: Asked, aims: Sequence[str | Objective]) -> Front:
    """Find every trade-off between two aims or more: no weights, nothing left out.

    Parameters
    ----------
    problem
        The question, or the path of the config that asks it.
    aims
        What to make small, by name; over the services that the config names for it, or all.

    Raises
    ------
    InputError
        When an aim is not one.
    NoPlan
        When no plan meets every rule.
    """
    problem = problem_asked(problem)
    wanted = aims_of(problem, aims)
    if not can_be_ranked(problem):
        return Front(_of_plans(problem, wanted, one_by_one.front(problem, wanted)), None)
    every = _every(problem, wanted)
    if every.diagram.is_empty:
        raise NoPlan(f"{NO_PLAN} Which of them clash: optimiser.clash(problem).")
    numbers, many = every.diagram.front(len(wanted))
    return Front(_ranked(every, numbers), tuple(many))


def different(ranked: Ranked, apart: int, *, at_most: int = MOST_DIFFERENT) -> Ranked:
    """Return some options that differ in at least so many designations, farthest first.

    The first, then again and again that which is farthest from all chosen so far (the better ranked of equals), until
    none is far enough or there are ``at_most``. Deterministic; not always the largest such set.
    """
    if not len(ranked):
        return ranked
    bits = ranked.provided.reshape(len(ranked), -1)
    chosen, distance = [0], np.full(len(ranked), bits.shape[1] + 1)
    while True:
        np.minimum(distance, (bits != bits[chosen[-1]]).sum(axis=1), out=distance)
        farthest = int(distance.argmax())
        if distance[farthest] < max(1, apart) or len(chosen) == at_most:
            return ranked.some(chosen)
        chosen.append(farthest)


def aims_of(problem: Problem, aims: Sequence[str | Objective]) -> tuple[Objective, ...]:
    """Return objectives by name, as the config states them where it does; its own where none are named.

    Raises
    ------
    InputError
        When a name is not that of an objective, or the tables have not all that it takes to count it.
    """
    stated = {objective.name: objective for objective in reversed(problem.objectives)}
    asked, known = [aim for aim in aims if isinstance(aim, str)], can_be_counted(problem)
    if lacking := [aim for aim in asked if aim in SCORES and aim not in known]:
        words = "areas.csv has no deprivation_decile for some resident area. Fill it in there, or leave this aim out."
        raise InputError(Fault(f"aim {quoted(aim)}", words) for aim in lacking)
    _known("aim", asked, known)
    named = [stated.get(aim, Objective(aim)) if isinstance(aim, str) else aim for aim in aims]
    return tuple(dict.fromkeys(named)) or problem.objectives


def names_of(aims: Sequence[Objective]) -> list[str]:
    """Return a name for each aim that no other has: its own, with its services where it covers some."""
    return [".".join((aim.name, *aim.services)) for aim in aims]


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    names, known = tuple(names), list(known)
    wrong = {name: did_you_mean(name, known, list_at_most=20) for name in names if name not in known}
    if wrong:
        said = (
            (f"{what} {quoted(name)}", f"there is no such {what}. {guess}".strip()) for name, guess in wrong.items()
        )
        raise InputError(Fault(*one) for one in said)
    return tuple(dict.fromkeys(names))


def _every(problem: Problem, aims: Sequence[Objective] = ()) -> Every:
    if not can_be_ranked(problem):
        raise TooLarge(
            f"{len(problem.candidates)} candidates have too many choices to judge every option. "
            "Fix some designations; from Python, near_best and front ask the solver instead."
        )
    return Every.of(problem, aims)


def _limit(problem: Problem, aim: Objective, best: Fraction, within: float | None, minutes: float | None) -> Fraction:
    """Return the largest value that is near the best, exactly."""
    if (within is None) == (minutes is None):
        raise InputError([Fault("near best", "say how near: a share of the best value, or minutes; one of the two.")])
    near = within if minutes is None else minutes
    if near is None or not math.isfinite(near):
        raise InputError([Fault("near best", f"{near} is no number that can be used. Give one such as 5.")])
    asked = Fraction(str(near))
    if asked < 0:
        raise InputError([Fault("near best", f"{float(asked):g} is below 0, and nothing is better than the best.")])
    if minutes is None:
        return best * (1 + asked)
    if aim.name in AS_THEY_ARE:
        return best + asked
    if aim.name not in ON_AVERAGE:
        known = " or ".join((*ON_AVERAGE, *AS_THEY_ARE))
        words = (
            f"minutes a patient say how near only in {known}, not in {aim.name}. Give a share instead (--within 5%)."
        )
        raise InputError([Fault("near best", words)])
    scale = problem.patient_scale
    patients = sum(
        int(np.rint(problem.patients(code)[problem.resident] * scale).sum()) for code in problem.services_of(aim)
    )
    return best + asked * Fraction(patients, scale)


def _exactly(score: Score, number: float) -> Fraction:
    """Return what a number of the diagram is in the aim's unit."""
    # Minutes are decimals; sums are whole numbers of a part that is a fraction of small whole numbers.
    return Fraction(str(number)) if score.combine is np.maximum else Fraction(number) / _parts(score)


def _at_most(score: Score, limit: Fraction) -> float:
    """Return the largest number of the diagram within a limit."""
    return float(limit) if score.combine is np.maximum else float(math.floor(limit * _parts(score)))


def _parts(score: Score) -> Fraction:
    return Fraction(score.scale).limit_denominator(10**9)


def _counts(every: Every, among: Diagram) -> dict[tuple[str, str], int]:
    """Return in how many of some options each candidate provides each service."""
    chosen = dict(zip(every.choices, among.chosen(), strict=True))
    return {
        (code, site): sum(n for n, here in zip(chosen[code], choices.provided[:, j], strict=True) if here)
        for code, choices in every.choices.items()
        for j, site in enumerate(every.problem.candidates)
    }


def _shares(problem: Problem, counts: dict[tuple[str, str], int], count: int) -> pd.DataFrame:
    rows = []
    for (code, site), here in counts.items():
        standing = "core" if here == count else "contested" if here else "never"
        fixed = site in problem.services[code].fixed
        rows.append((code, site, here, here / count if count else 0.0, standing, fixed))
    return pd.DataFrame(rows, columns=["service", "site", "plans", "share", "standing", "fixed"])


def _near_by_solver(
    problem: Problem, aims: tuple[Objective, ...], within: float | None, minutes: float | None, apart: int
) -> NearBest:
    limit: Fraction | None = None
    found: list[one_by_one.Found] = []
    for designated, values in one_by_one.in_order(replace(problem, objectives=aims)):
        if limit is None:
            limit = _limit(problem, aims[0], Fraction(str(values[0])), within, minutes)
        if values[0] > float(limit):
            break
        if len(found) == one_by_one.MOST_PLANS:
            raise TooLarge(f"More than {one_by_one.MOST_PLANS:,} plans are that near the best. Ask for those nearer.")
        found.append((designated, values))
    if limit is None:
        raise NoPlan(f"{NO_PLAN} Which of them clash: optimiser.clash(problem).")
    ranked = _of_plans(problem, aims, found)
    counts = {
        (code, site): int(ranked.provided[:, i, j].sum())
        for i, code in enumerate(problem.services)
        for j, site in enumerate(problem.candidates)
    }
    shares = _shares(problem, counts, len(found))
    return NearBest(aims[0], found[0][1][0], float(limit), len(found), ranked, different(ranked, apart), shares)


def _of_plans(
    problem: Problem, aims: tuple[Objective, ...], plans: Sequence[tuple[Designations, tuple[float, ...]]]
) -> Ranked:
    pairs = [(site, code) for code in problem.services for site in problem.candidates]
    provided = np.array([[pair in designated for pair in pairs] for designated, _ in plans], dtype=bool)
    shape = (len(plans), len(problem.services), len(problem.candidates))
    values = np.array([values for _, values in plans], dtype=float).reshape(len(plans), len(aims))
    return Ranked(problem, aims, values, provided.reshape(shape))


def _ranked(every: Every, numbers: np.ndarray) -> Ranked:
    scales = np.array([found.scale for found in every.scores[: len(every.aims)]], dtype=float)
    return Ranked(every.problem, every.aims, numbers[:, : len(scales)] / scales, every.provided(numbers))
