"""Every clash is found, each is smallest, and the ways out are the cheapest: against brute force on drawn worlds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from as_files import read_world, with_files
from drawing import draws
from every_sharing import BEDS, ENOUGH, FEW_OUTSIDE, FEW_THERE, NOT_TOO_MANY, SERVED, TOO_FAR, WITHIN, EverySharing
from hypothesis import given
from test_enumeration import worlds
from worlds import small, three_doctors

from optimiser import checker
from optimiser.explanation import Clash, clash
from optimiser.explanation.clashes import MOST_CLASHES
from optimiser.model.arithmetic import ARITHMETIC, Choices, every_choice
from optimiser.model.rules import LIMITS, Demand, demand_of
from optimiser.plan.runs import files_without_plan
from optimiser.problem import Figure, Fixed, Link, Problem, RotaNeed, Service, Site, Team
from optimiser.search.enumeration import enumerate_all, size

STAFF_RULES = ("rota_is_filled", "moves_within_limit", "recruitment_within_limit")
OF_WHERE_THEY_GO = (SERVED, ENOUGH, NOT_TOO_MANY, BEDS, TOO_FAR, WITHIN, FEW_OUTSIDE, FEW_THERE)
MOST_DEMANDS = 10
# Drawn worlds of which the clashes were wrong once.
FAILED = sorted((Path(__file__).parents[1] / "worlds_that_failed" / "clash").iterdir())


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


def managed(problem: Problem) -> list[str]:
    return [code for code in problem.services_with_patients if problem.services[code].managed]


class ByBruteForce:
    """Which sets of demands can hold together, by trying every joint designation. No solver, and no search.

    Patients who are shared out are so in every way that comes of leaving out some limits of patients: demands can hold
    together if one of those ways meets them.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem, free = problem, unfixed(problem)
        self.sharings = {
            code: EverySharing(free, code) for code in problem.services_with_patients if problem.services[code].managed
        }
        self.sent = {code: list(one.each()) for code, one in self.sharings.items()}
        self.choices = {code: self._ways(every_choice(free, code)) for code in problem.services}
        self.codes = list(self.choices)
        shape = [len(one.provided) for one in self.choices.values()]
        self.index = np.indices(shape).reshape(len(shape), -1)
        self.known: dict[frozenset[Demand], np.ndarray] = {}
        self.breaks = self._breaks(free)
        self.demands = sorted([*self.breaks, *self._staff_demands()])

    def _ways(self, choices: Choices) -> Choices:
        """Return each choice of a service whose patients are shared out as often as there are sharings of it."""
        code = choices.service.code
        if code not in self.sent:
            return choices
        provided = [[site in one.sites for site in self.problem.candidates] for one in self.sent[code]]
        return replace(choices, provided=np.array(provided))

    def _breaks(self, free: Problem) -> dict[Demand, np.ndarray]:
        """Return, for every demand but those of staff, which joint designations break it."""
        found: dict[Demand, np.ndarray] = {}
        for name, rule in ARITHMETIC.items():
            for one in rule(free, self.choices) if name not in STAFF_RULES else ():
                passes = np.broadcast_to(one.passes, [len(self.choices[code].provided) for code in one.services])
                broken = ~passes[tuple(self.index[self.codes.index(code)] for code in one.services)]
                demand = demand_of(name, one.names)
                if name in OF_WHERE_THEY_GO and demand[1][0] in self.sharings:
                    continue
                found[demand] = found.get(demand, False) | broken
        for code, sharings in self.sharings.items():
            each = [sharings.broken(one) for one in self.sent[code]]
            for demand in each[0]:
                found[demand] = np.array([one[demand] for one in each])[self.index[self.codes.index(code)]]
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
        is_it = self.staffed(kept).copy()
        for code, site in product(self.codes, self.problem.candidates):
            is_it &= self.at(code, site) == ((site, code) in designated)
        for demand in kept & set(self.breaks):
            is_it &= ~self.breaks[demand]
        return bool(is_it.any())

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
    limits = sum(len(EverySharing(problem, code).limits) for code in managed(problem))
    if size(unfixed(problem)) > 2**9 or limits > MOST_DEMANDS or enumerate_all(problem).lawful:
        return False
    return len(ByBruteForce(problem).demands) <= MOST_DEMANDS


def agree(problem: Problem, found: Clash) -> None:
    by_force = ByBruteForce(problem)
    known, clashes = {frozenset(one.demands) for one in found.sets}, by_force.clashes()
    # Past so many the search ends, and says that there may be more.
    assert known == clashes if found.all_found else known < clashes and len(known) == MOST_CLASHES
    for one in found.sets:
        assert set(one.exhibits) == set(one.demands)
        for demand, designated in one.exhibits.items():
            assert by_force.meets(designated, set(one.demands) - {demand})
            assert not by_force.meets(designated, set(one.demands))
    files = files_without_plan(with_files(problem), found.tables(), found.all_found)
    assert not list(checker.check(files)["message"])
    assert "confirmed independently" in checker.said_of_no_plan(files)


WORLDS = 200


def test_every_clash_of_200_drawn_worlds_is_found_and_each_is_smallest():
    rng, checked, several = np.random.default_rng(4), 0, 0
    while checked < WORLDS:
        problem = drawn(rng)
        if hopeless(problem):
            found = clash(problem)
            agree(problem, found)
            checked, several = checked + 1, several + (len(found.sets) > 1)
    assert several > 50


@draws(15)
@given(worlds().map(with_files).filter(hopeless))
def test_every_clash_of_stranger_worlds_is_found(problem: Problem):
    agree(problem, clash(problem))


@pytest.mark.parametrize("world", FAILED, ids=lambda folder: folder.name)
def test_every_clash_of_worlds_that_failed_is_found(world: Path):
    problem = read_world(world)
    assert hopeless(problem)
    agree(problem, clash(problem))


def test_two_reasons_are_both_named():
    problem = small(rotas=three_doctors(), at_least_sites=Figure(2), minimum_patients=Figure(33))
    found = clash(problem)
    agree(problem, found)
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


def places_for(services: tuple[Service, ...], most: int, *sites: str) -> Problem:
    """Return the small world with other services, of which so many may be at one of some sites."""
    problem = small()
    return replace(
        problem,
        sites={site: problem.sites[site] for site in sites},
        services={service.code: service for service in services},
        journeys=problem.journeys[list(sites)],
        today=frozenset(),
        at_most_services_a_site=Figure(most),
    )


def test_a_clash_with_a_million_others_beside_it_is_said_at_once_and_that_there_may_be_more():
    # Each of 20 services must be at ash for two reasons, one of which is in any clash: there are 2 to the 20 of them.
    promised = {"at_least_sites": Figure(1), "fixed": {"ash": Fixed(True, "a promise")}}
    found = clash(places_for(tuple(Service(f"s_{n:02}", "S", **promised) for n in range(20)), 19, "ash"))
    assert (len(found.sets), len(found.demands), found.all_found) == (1, 21, False)
    assert "There may be more sets that clash." in str(found)
    assert [(way.demands, way.by) for way in found.ways_out] == [((("no_site_provides_too_many", ("ash",)),), 1)]


def test_ways_out_that_are_alike_stand_in_order_of_their_names():
    # Six services must be at ash and birch, where six may be; a seventh is promised at ash.
    both = tuple(Service(code, code, at_least_sites=Figure(2)) for code in "abcdef")
    found = clash(places_for((*both, Service("g", "g", fixed={"ash": Fixed(True, "a promise")})), 6, "ash", "birch"))
    alone = [name for way in found.ways_out for name in way.demands]
    # Last comes what has no size: to decide anew on what is promised.
    sized = [*(("enough_sites", (code,)) for code in "abcdef"), ("no_site_provides_too_many", ("ash",))]
    assert alone == [*sized, ("fixed_designations_stand", ("g", "ash"))]


def test_nobody_is_told_to_ask_for_no_site_at_all():
    # Two services must each be at ash, which has room for one: a site less of either is none.
    one = tuple(Service(code, code, at_least_sites=Figure(1)) for code in "ab")
    problem = places_for(one, 1, "ash")
    found = clash(problem)
    agree(problem, found)
    assert [way.words for way in found.ways_out] == ["allow 2 services at Ash"]
    assert LIMITS["enough_sites"].looser(problem, ("a",), 1) is None
    # Of a service that must be at two sites, one may be left.
    two = (Service("c", "c", at_least_sites=Figure(2)), Service("d", "d", fixed={"ash": Fixed(True, "a promise")}))
    found = clash(places_for(two, 1, "ash", "birch"))
    anew = "decide anew on d at Ash, which is fixed as there"
    assert [way.words for way in found.ways_out] == ["ask for 1 site for c", "allow 2 services at Ash", anew]
