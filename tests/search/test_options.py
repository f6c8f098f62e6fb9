"""The long list, near-best plans, trade-offs and weights equal what trying every option one by one gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from test_enumeration import OBJECTIVES, worlds
from worlds import small

import optimiser as op
from optimiser.errors import InputError, NoPlan, TooLarge
from optimiser.model.arithmetic import ARITHMETIC, All, lawful, one_choice, value
from optimiser.model.rules import LIMITS
from optimiser.model.rules.rule import OneFigure
from optimiser.model.rules.volumes import beds_are_enough
from optimiser.plan.proof import Designations
from optimiser.problem import Figure, Objective, Problem, RotaNeed, Site
from optimiser.search import one_by_one
from optimiser.search.enumeration import TIE_BREAK, Every

TINY = ((2, 1), (2, 2), (2, 3), (3, 1), (3, 2))

# Figures that most of these worlds go without; but for the least number of sites, without which most plans do nothing.
FIGURES = {name: rule for name, rule in LIMITS.items() if isinstance(rule, OneFigure | beds_are_enough)}
LIFTED = [rule for name, rule in FIGURES.items() if name != "enough_sites"]


@st.composite
def lenient(draw: st.DrawFn) -> Problem:
    """Draw a tiny world in which most limits are lifted and rotas may fall short: there is much to choose from."""
    problem = draw(worlds(TINY))
    for rule in LIFTED:
        for names in list(rule.stated(problem)):
            problem = rule.without(problem, names) if draw(st.integers(0, 4)) else problem
    services = {}
    for code, service in problem.services.items():
        rotas = tuple(replace(rota, may_fall_short=draw(st.integers(0, 3)) > 0) for rota in service.rotas)
        fixed = service.fixed if draw(st.booleans()) else {}
        if not rotas and draw(st.booleans()):
            rotas = (RotaNeed("team", "people", Figure(draw(st.integers(1, 5))), may_fall_short=True),)
        services[code] = replace(service, rotas=rotas, fixed=fixed)
    return replace(problem, services=services)


@dataclass
class ByHand:
    """Every option of a world, tried one by one."""

    problem: Problem

    def __post_init__(self) -> None:
        free = [
            (site, code)
            for code, service in self.problem.services.items()
            for site in self.problem.candidates
            if site not in service.fixed
        ]
        stands = {
            (site, code)
            for code, service in self.problem.services.items()
            for site, fixed in service.fixed.items()
            if fixed.provided
        }
        self.all = [
            frozenset(stands | {pair for pair, bit in zip(free, bits, strict=True) if bit})
            for bits in product((False, True), repeat=len(free))
        ]
        self.lawful = [designated for designated in self.all if lawful(self.problem, designated)]
        self._choices: dict[Designations, All] = {}
        self._values: dict[tuple[Designations, Objective], float] = {}

    def values(self, designated: Designations, aims: tuple[Objective, ...]) -> tuple[float, ...]:
        for aim in aims:
            if (designated, aim) not in self._values:
                self._values[designated, aim] = value(self.problem, designated, aim)
        return tuple(self._values[designated, aim] for aim in aims)

    def order(self, designated: Designations, aims: tuple[Objective, ...]) -> tuple[object, ...]:
        """By every aim, then fewest changes, fewest sites, and the first in site order."""
        pairs = [(site, code) for code in self.problem.services for site in self.problem.candidates]
        changes = self.values(designated, (TIE_BREAK,))
        return (*self.values(designated, aims), changes, len(designated), [pair not in designated for pair in pairs])

    def ranked(self, aims: tuple[Objective, ...]) -> list[Designations]:
        return sorted(self.lawful, key=lambda designated: self.order(designated, aims))

    def front(self, aims: tuple[Objective, ...]) -> dict[tuple[float, ...], list[Designations]]:
        alike: dict[tuple[float, ...], list[Designations]] = {}
        for designated in self.ranked(aims):
            alike.setdefault(self.values(designated, aims), []).append(designated)
        return {
            one: plans
            for one, plans in alike.items()
            if not any(other != one and all(a <= b for a, b in zip(other, one, strict=True)) for other in alike)
        }

    def struck(self, order: list[str]) -> dict[str, int]:
        left, found = self.all, {}
        for name in order:
            passing = [designated for designated in left if self.passes(name, designated)]
            found[name], left = len(left) - len(passing), passing
        return found

    def passes(self, name: str, designated: Designations) -> bool:
        if designated not in self._choices:
            choices = {code: one_choice(self.problem, code, designated) for code in self.problem.services}
            self._choices[designated] = choices
        return all(instance.passes.all() for instance in ARITHMETIC[name](self.problem, self._choices[designated]))


def listed(ranked: op.Ranked) -> list[Designations]:
    return [ranked.designated(n) for n in range(len(ranked))]


@draws(200)
@given(lenient(), st.data())
def test_every_answer_equals_trying_every_option(problem: Problem, data: st.DataObject):
    tried = ByHand(problem)
    the_list_is_right(tried, data.draw(st.integers(1, 12)), data.draw(st.permutations(sorted(ARITHMETIC))))
    aims = tuple(map(Objective, data.draw(st.lists(st.sampled_from(OBJECTIVES), min_size=1, max_size=4, unique=True))))
    if not tried.lawful:
        with pytest.raises(NoPlan):
            op.front(problem, aims)
        with pytest.raises(NoPlan):
            op.near_best(problem, within=0.1)
        return
    near_best_is_right(tried, aims[0].name, data.draw(st.sampled_from([0, 0.05, 0.5, 2])), data.draw(st.integers(1, 3)))
    the_front_is_right(tried, aims)


def the_list_is_right(tried: ByHand, best: int, hurdles: list[str]) -> None:
    problem, objectives = tried.problem, tried.problem.objectives
    found, ranked = op.options(problem, best=best, hurdles=hurdles[:3]), tried.ranked(objectives)
    assert (found.listed, found.lawful) == (len(tried.all), len(tried.lawful))
    order = list(found.hurdles["rule"])
    assert [name for name in order if name in hurdles[:3]] == [name for name in hurdles[:3] if name in order]
    assert dict(zip(order, found.hurdles["struck_out"], strict=True)) == tried.struck(order)
    assert found.hurdles["left"].iloc[-1] == found.lawful
    assert listed(found.ranked) == ranked[:best]
    all_values = [tried.values(designated, objectives) for designated in ranked]
    assert [tuple(row) for row in found.ranked.values] == all_values[:best]
    if ranked:
        last = all_values[min(best, len(ranked)) - 1]
        assert found.equal_best == all_values.count(all_values[0])
        assert (found.equal_to_last, found.equal_to_last_shown) == (
            all_values.count(last),
            all_values[:best].count(last),
        )


def near_best_is_right(tried: ByHand, by: str, within: float, apart: int) -> None:
    problem, aim = tried.problem, op.aims_of(tried.problem, [by])[0]
    found = op.near_best(problem, within=within, apart=apart, by=by)
    values = {designated: tried.values(designated, (aim,))[0] for designated in tried.lawful}
    limit = Fraction(str(min(values.values()))) * (1 + Fraction(str(within)))
    near = {designated for designated, here in values.items() if Fraction(str(here)) <= limit}
    others = tuple(one for one in problem.objectives if one != aim)
    assert listed(found.ranked) == [one for one in tried.ranked((aim, *others)) if one in near]
    assert (found.count, found.best, found.is_complete) == (len(near), min(values.values()), True)
    for row in found.shares.itertuples():
        here = sum((row.site, row.service) in designated for designated in near)
        assert (row.plans, row.share) == (here, here / len(near))
        assert row.standing == ("core" if here == len(near) else "contested" if here else "never")
    chosen = listed(found.different)
    assert chosen[0] == found.ranked.designated(0)
    assert all(len(one ^ other) >= apart for one, other in combinations(chosen, 2))
    assert all(min(len(one ^ other) for other in chosen) < apart for one in near - set(chosen)) or len(chosen) == 20


def the_front_is_right(tried: ByHand, aims: tuple[Objective, ...]) -> None:
    found, front = op.front(tried.problem, aims), tried.front(aims)
    assert [tuple(row) for row in found.ranked.values] == list(front)
    assert found.options == tuple(map(len, front.values()))
    assert listed(found.ranked) == [plans[0] for plans in front.values()]
    won = op.weights_won(found)
    assert sum(won["exact"]) == 1
    for weights in np.random.default_rng(0).dirichlet(np.ones(len(aims)), 20):
        low = found.ranked.values.min(axis=0)
        width = found.ranked.values.max(axis=0) - low
        scores = ((found.ranked.values - low) / np.where(width, width, 1)) @ weights
        clear = np.sort(scores)[1] - scores.min() > 1e-9 if len(scores) > 1 else True
        assert not clear or won["exact"].iloc[scores.argmin()] > 0


@draws(40)
@given(lenient(), st.lists(st.sampled_from(OBJECTIVES), min_size=1, max_size=3, unique=True))
def test_the_solver_finds_the_same_front_and_order_where_both_run(problem: Problem, names: list[str]):
    aims = op.aims_of(problem, names)
    if not op.options(problem).lawful:
        with pytest.raises(NoPlan):
            one_by_one.front(problem, aims)
        assert not list(one_by_one.in_order(problem))
        return
    solved = [values for _, values in one_by_one.front(problem, aims)]
    assert solved == [tuple(row) for row in op.front(problem, aims).ranked.values]
    ranked = op.options(problem, best=4).ranked
    plans = [plan for plan, _ in zip(one_by_one.in_order(problem), range(4), strict=False)]
    assert [designated for designated, _ in plans] == listed(ranked)
    assert [values for _, values in plans] == [tuple(row) for row in ranked.values]


@draws(40)
@given(lenient(), st.sampled_from([62, 12]), st.sampled_from([2**53, 8]))
def test_every_lawful_option_is_written_down_in_order(problem: Problem, key_bits: int, largest_exact: int):
    with pytest.MonkeyPatch.context() as patch:
        # Few bits: rows that one whole number cannot hold; few options to a number: places of several numbers.
        patch.setattr("optimiser.search.diagram.rows.KEY_BITS", key_bits)
        patch.setattr("optimiser.search.diagram.paths.LARGEST_EXACT", largest_exact)
        every = Every.of(problem)
        values, places = every.all_in_order()
        best = every.best(every.lawful)
    assert [tuple(row) for row in values] == [option.values for option in best]
    assert len(places) == every.lawful == len({tuple(place) for place in places})


# Small() has 60 resident patients; with ash and birch open it comes to 800, with birch 1000, with ash 1250.
def test_minutes_are_a_patients_on_average():
    assert op.near_best(small(), within_minutes=3).limit == 800 + 3 * 60
    near = op.near_best(small(), within_minutes=4)
    assert set(near.ranked.table["clinic"]) == {"ash birch", "birch"}
    assert near.count == len(near.ranked) == 2 * 4
    worst = op.near_best(small(), within_minutes=10, by="worst_journey")
    assert (worst.best, worst.limit) == (20, 30)
    assert set(worst.ranked.table["clinic"]) == {"ash birch", "ash", "birch"}


def test_few_and_far_between():
    near = op.near_best(small(), within=2, apart=3)
    # The best is the clinic at both and X-ray nowhere; three designations away is X-ray at both and the clinic at one.
    assert list(near.different.table["clinic"]) == ["ash birch", ""]
    assert list(near.different.table["x_ray"]) == ["", "ash birch"]
    assert len(op.different(near.ranked, 1, at_most=5)) == 5


def front_of(*points: tuple[float, ...]) -> op.Front:
    aims = tuple(Objective("patient_minutes", (str(n),)) for n in range(len(points[0])))
    nothing = np.zeros((len(points), 2, 2), dtype=bool)
    return op.Front(op.Ranked(small(), aims, np.array(points), nothing), None)


@pytest.mark.parametrize(
    ("points", "shares"),
    [
        # Half of the line each.
        ([(0, 1), (1, 0)], ["1/2", "1/2"]),
        # From best to worst they are (0, 1), (1/3, 1/3), (1, 0): under w and 1 − w they score 1 − w, 1/3 and w.
        ([(0, 3), (1, 1), (3, 0)], ["1/3", "1/3", "1/3"]),
        # No weights reach what lies above the line between its neighbours.
        ([(0, 3), (2, 2), (3, 0)], ["1/2", "0", "1/2"]),
        ([(0, 1, 1), (1, 0, 1), (1, 1, 0)], ["1/3", "1/3", "1/3"]),
        ([(0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)], ["1/4"] * 4),
        # They score w3 and w1 + w2 = 1 − w3: the first wins up to w3 = 1/2, which leaves off a quarter of the triangle.
        ([(0, 0, 1), (1, 1, 0)], ["3/4", "1/4"]),
        ([(5, 5)], ["1"]),
    ],
)
def test_weights_won_by_hand(points: list[tuple[float, ...]], shares: list[str]):
    assert list(map(str, op.weights_won(front_of(*points))["exact"])) == shares


def test_shares_of_weights_are_refused_for_more_than_four_aims():
    with pytest.raises(InputError, match="up to 4 aims, not 5"):
        op.weights_won(front_of((0, 0, 0, 0, 1), (1, 1, 1, 1, 0)))


def test_an_aim_that_hardly_differs_counts_little():
    spread = op.effective_weights(front_of((0, 10), (9.9, 9.9), (10, 0)))
    assert spread.sum() == pytest.approx(1)
    even = op.effective_weights(front_of((0, 10), (10, 0)), [3, 1])
    assert list(even) == [0.75, 0.25]


def test_too_many_candidates_are_left_to_the_solver():
    problem = small()
    sites = [f"site_{i:02}" for i in range(17)]
    minutes = {site: [10.0 + abs(area * 5 - n) for area in range(4)] for n, site in enumerate(sites)}
    clinic = replace(problem.services["clinic"], neighbours=(), at_least_sites=Figure(1), at_most_sites=Figure(2))
    wide = replace(
        problem,
        sites={site: Site(site, site, True) for site in sites},
        services={"clinic": clinic},
        journeys=pd.DataFrame(minutes, index=problem.areas.index),
        today=frozenset({("site_08", "clinic")}),
    )
    with pytest.raises(TooLarge, match="17 candidates"):
        op.options(wide)
    tried = {
        frozenset((site, "clinic") for site in chosen): tuple(
            value(wide, [(site, "clinic") for site in chosen], Objective(name))
            for name in ("patient_minutes", "changes_from_today")
        )
        for size in (1, 2)
        for chosen in combinations(sites, size)
    }
    best = min(minutes for minutes, _ in tried.values())
    near = op.near_best(wide, within=0.05)
    assert set(listed(near.ranked)) == {one for one, (minutes, _) in tried.items() if minutes <= best * 1.05}
    front = op.front(wide, ["patient_minutes", "changes_from_today"]).ranked.values
    points = set(tried.values())
    beaten = {p for p in points for q in points if q != p and q[0] <= p[0] and q[1] <= p[1]}
    assert [tuple(row) for row in front] == sorted(points - beaten)
