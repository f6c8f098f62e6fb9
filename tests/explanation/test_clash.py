"""Every clash is found, each is smallest, and the ways out are the cheapest: against brute force on drawn worlds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from drawing import draws
from hypothesis import given
from test_enumeration import worlds
from worlds import small, three_doctors

from optimiser.explanation import Clash, clash
from optimiser.model.arithmetic import ARITHMETIC, every_choice
from optimiser.model.rules import Demand, demand_of
from optimiser.problem import Figure, Fixed, Link, Problem, RotaNeed, Service, Site, Team
from optimiser.search.enumeration import Every, size

STAFF_RULES = ("rota_is_filled", "moves_within_limit", "recruitment_within_limit")
MOST_DEMANDS = 10


def drawn(rng: np.random.Generator) -> Problem:
    """Draw a small world of two services whose rules may well clash; quicker to make than those of hypothesis."""
    candidates = [f"site_{i}" for i in range(int(rng.integers(2, 4)))]
    sites = {code: Site(code, code, code != "edge") for code in [*candidates, *["edge"][: int(rng.integers(0, 2))]]}
    areas = [f"area_{i}" for i in range(4)]
    maybe = lambda *values: Figure(float(rng.choice(values))) if rng.random() < 0.4 else None  # noqa: E731
    services = {
        code: Service(
            code,
            code,
            "visit" if rng.random() < 0.8 else None,
            neighbours=tuple(site for site in sites if site == "edge"),
            fixed={candidates[0]: Fixed(bool(rng.random() < 0.5), "drawn")} if rng.random() < 0.2 else {},
            at_least_sites=maybe(1, 2, 3),
            at_most_sites=maybe(1, 2),
            minimum_patients=maybe(4, 9, 15),
            maximum_patients=maybe(12, 20),
            longest_journey_minutes=maybe(10, 20, 30),
            standard_minutes=Figure(15),
            share_within_standard=maybe(0.5, 0.9),
            same_site=(Link(other),) if rng.random() < 0.3 else (),
            rotas=(RotaNeed("team", "people", Figure(float(rng.integers(1, 4)))),) if rng.random() < 0.5 else (),
        )
        for code, other in (("one", "two"), ("two", "one"))
    }
    minutes = {site: rng.choice([5.0, 10.0, 15.0, 25.0, 40.0], 4) for site in sites}
    return Problem(
        "A drawn world",
        sites,
        services,
        areas=pd.DataFrame({"resident": True, "population": 1, "deprivation_decile": 1}, index=areas),
        journeys=pd.DataFrame(minutes, index=areas),
        demand=pd.DataFrame({"visit": rng.choice([0.0, 2.5, 7.0, 12.0], 4)}, index=areas),
        teams={"team": Team("team", "team", maybe(0, 1), Figure(float(rng.integers(0, 2))))},
        staff={(site, "team", "people"): float(rng.integers(0, 3)) for site in candidates},
    )


def unfixed(problem: Problem) -> Problem:
    services = {code: replace(service, fixed={}) for code, service in problem.services.items()}
    return replace(problem, services=services)


class ByBruteForce:
    """Which sets of demands can hold together, by trying every joint designation. No solver, and no search."""

    def __init__(self, problem: Problem) -> None:
        self.problem, free = problem, unfixed(problem)
        self.choices = {code: every_choice(free, code) for code in problem.services}
        self.codes = list(self.choices)
        shape = [len(one.provided) for one in self.choices.values()]
        self.index = np.indices(shape).reshape(len(shape), -1)
        self.known: dict[frozenset[Demand], np.ndarray] = {}
        self.breaks = self._breaks(free)
        self.demands = sorted([*self.breaks, *self._staff_demands()])

    def _breaks(self, free: Problem) -> dict[Demand, np.ndarray]:
        """Return, for every demand but those of staff, which joint designations break it."""
        found: dict[Demand, np.ndarray] = {}
        for name, rule in ARITHMETIC.items():
            for one in rule(free, self.choices) if name not in STAFF_RULES else ():
                passes = np.broadcast_to(one.passes, [len(self.choices[code].provided) for code in one.services])
                broken = ~passes[tuple(self.index[self.codes.index(code)] for code in one.services)]
                demand = demand_of(name, one.names)
                found[demand] = found.get(demand, False) | broken
        for code, service in self.problem.services.items():
            for site, fixed in service.fixed.items():
                found["fixed_designations_stand", (code, site)] = self.at(code, site) != fixed.provided
        return self._presuming_a_journey(found)

    def _presuming_a_journey(self, found: dict[Demand, np.ndarray]) -> dict[Demand, np.ndarray]:
        """A rule about journeys is broken as well where somebody has none."""
        for (rule, names), broken in found.items():
            if rule in ("nobody_travels_too_far", "enough_patients_within_standard"):
                found[rule, names] = broken | found["every_area_is_served", names]
        return found

    def at(self, code: str, site: str) -> np.ndarray:
        column = self.problem.candidates.index(site)
        return self.choices[code].provided[self.index[self.codes.index(code)], column]

    def _staff_demands(self) -> list[Demand]:
        found: list[Demand] = []
        for team, unit in self.problem.team_units:
            limits = self.problem.teams[team]
            found += [("moves_within_limit", (team, unit))] if limits.moves_at_most else []
            found += [("recruitment_within_limit", (team, unit))] if limits.recruits_at_most else []
        rotas = [(code, rota) for code, one in self.problem.services.items() for rota in one.rotas]
        return [*found, *(("rota_is_filled", (code, rota.team, rota.unit)) for code, rota in rotas)]

    def staffed(self, kept: set[Demand]) -> np.ndarray:
        """Return which joint designations can be staffed if only these demands stand."""
        of_staff = frozenset(one for one in kept if one[0] in STAFF_RULES)
        if of_staff not in self.known:
            self.known[of_staff] = self._staffed(of_staff)
        return self.known[of_staff]

    def _staffed(self, kept: frozenset[Demand]) -> np.ndarray:
        every = np.ones(self.index.shape[1], dtype=bool)
        for team, unit in self.problem.team_units:
            limits, asked = self.problem.teams[team], {}
            for name in ("moves_at_most", "recruits_at_most"):
                rule = {"moves_at_most": "moves_within_limit", "recruits_at_most": "recruitment_within_limit"}[name]
                figure = getattr(limits, name)
                most = np.inf if figure is None or (rule, (team, unit)) not in kept else figure.value
                asked[name] = np.floor(most) if unit == "people" else most
            missing, spare = np.zeros(len(every)), np.zeros(len(every))
            for site in self.problem.candidates:
                need = np.zeros(len(every))
                for code, service in self.problem.services.items():
                    for rota in service.rotas:
                        demand = ("rota_is_filled", (code, team, unit))
                        if (rota.team, rota.unit) == (team, unit) and demand in kept and not rota.may_fall_short:
                            need = np.maximum(need, rota.needed.value * self.at(code, site))
                here = self.problem.staff.get((site, team, unit), 0.0)
                missing, spare = missing + np.maximum(0, need - here), spare + np.maximum(0, here - need)
            every &= missing <= np.minimum(spare, asked["moves_at_most"]) + asked["recruits_at_most"] + 1e-9
        return every

    def possible(self, kept: set[Demand]) -> bool:
        met = self.staffed(kept)
        for demand in kept & set(self.breaks):
            met = met & ~self.breaks[demand]
        return bool(met.any())

    def meets(self, designated: frozenset[tuple[str, str]], kept: set[Demand]) -> bool:
        is_it = np.ones(self.index.shape[1], dtype=bool)
        for code, site in product(self.codes, self.problem.candidates):
            is_it &= self.at(code, site) == ((site, code) in designated)
        return all(not self.breaks[one][is_it].any() for one in kept & set(self.breaks)) and bool(
            self.staffed(kept)[is_it].all()
        )

    @property
    def hopeless(self) -> bool:
        """Whether no plan meets every demand, and few enough are made to try all subsets of them."""
        return len(self.demands) <= MOST_DEMANDS and not self.possible(set(self.demands))

    def clashes(self) -> set[frozenset[Demand]]:
        """Return every smallest set that cannot hold together, by trying all subsets, small ones first."""
        found: list[frozenset[Demand]] = []
        for bits in sorted(product((0, 1), repeat=len(self.demands)), key=sum):
            kept = frozenset(one for one, bit in zip(self.demands, bits, strict=True) if bit)
            if not any(one <= kept for one in found) and not self.possible(set(kept)):
                found.append(kept)
        return set(found)


def hopeless(problem: Problem) -> bool:
    """Whether a drawn world has no plan, and few enough demands and designations to try all subsets of them."""
    return size(unfixed(problem)) <= 2**9 and ByBruteForce(problem).hopeless


def agree(by_force: ByBruteForce, found: Clash) -> None:
    assert Every.of(by_force.problem).lawful == 0
    assert found.all_found
    assert {frozenset(one.demands) for one in found.sets} == by_force.clashes()
    for one in found.sets:
        assert set(one.exhibits) == set(one.demands)
        for demand, designated in one.exhibits.items():
            assert by_force.meets(designated, set(one.demands) - {demand})
            assert not by_force.meets(designated, set(one.demands))


def test_every_clash_of_200_drawn_worlds_is_found_and_each_is_smallest():
    rng, checked, several = np.random.default_rng(4), 0, 0
    while checked < 200:
        by_force = ByBruteForce(drawn(rng))
        if by_force.hopeless:
            found = clash(by_force.problem)
            agree(by_force, found)
            checked, several = checked + 1, several + (len(found.sets) > 1)
    assert several > 50


@draws(15)
@given(worlds().filter(hopeless))
def test_every_clash_of_stranger_worlds_is_found(problem: Problem):
    agree(ByBruteForce(problem), clash(problem))


def test_two_reasons_are_both_named():
    problem = small(rotas=three_doctors(), at_least_sites=Figure(2), minimum_patients=Figure(33))
    found = clash(problem)
    agree(ByBruteForce(problem), found)
    assert len(found.sets) == 2
    assert "These clash as well" in str(found)


def test_where_no_rule_is_enough_alone_the_cheapest_several_of_a_unit_are_named():
    problem = small(rotas=three_doctors(), at_least_sites=Figure(2), minimum_patients=Figure(33))
    # Staff and patients both stand in the way of two sites; giving way on sites alone is enough.
    assert [way.by for way in clash(problem).ways_out if way.unit == "sites"] == [1]
    fixed = {site: Fixed(True, "a promise") for site in ("ash", "birch")}
    stuck = clash(small(fixed=fixed, minimum_patients=Figure(67)))
    # Both are promised; ash would see 30 and birch 35, so they are 37 and 32 short of 67.
    (way,) = stuck.ways_out
    assert (way.by, way.unit, len(way.demands)) == (69, "patients a year", 2)
    assert "Only together, but then enough" in str(stuck)
