"""Worlds in which HiGHS 1.15.1, simplifying by parallel rows, lost plans: each is small, solved by hand, and kept.

They were found among drawn worlds and made as small as they go. The numbers hardly matter; the pattern of rules does.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from worlds import small

from optimiser.errors import NoPlan, SolverFailed
from optimiser.model import solver
from optimiser.plan import Plan
from optimiser.problem import Beds, Figure, Fixed, Link, Objective, Problem, Reach, Service, Site, Transfer
from optimiser.search.enumeration import enumerate_all
from optimiser.search.planning import LONGEST_SECOND_ASK, solve


def place(
    services: tuple[Service, ...],
    minutes: dict[str, list[float]],
    patients: dict[str, list[float]],
    objectives: tuple[str, ...],
    today: frozenset[tuple[str, str]] = frozenset(),
) -> Problem:
    """Return a world of areas with ``minutes`` to each candidate and, last, to the neighbour oak; 20 between sites."""
    areas = pd.Index(minutes, name="area")
    candidates = ["ash", "birch", "cedar", "elm"][: len(next(iter(minutes.values()))) - 1]
    sites = [*candidates, "oak"]
    return Problem(
        title="Where should the services be?",
        sites={site: Site(site, site.title(), site != "oak") for site in sites},
        services={service.code: service for service in services},
        areas=pd.DataFrame({"resident": True, "population": 100}, index=areas),
        journeys=pd.DataFrame(list(minutes.values()), index=areas, columns=sites, dtype=float),
        demand=pd.DataFrame(patients, index=areas, dtype=float),
        today=today,
        objectives=tuple(map(Objective, objectives)),
        transfers=pd.DataFrame(20.0, index=sites, columns=sites),
    )


def beds(**at: int) -> Beds:
    """Return beds for stays of a year of which half may be turned away: 1 takes 1 patient a year, 2 take 2.7."""
    return Beds(Figure(365), Figure(0.5), at={site: Figure(number) for site, number in at.items()})


def clinic_by_its_ward(ward: Service, today: frozenset[tuple[str, str]], *objectives: str) -> Problem:
    """Return a clinic that stands only where its ward does, and has too few beds for west.

    area   clinic   ward   ash (2 beds)   birch (1)   cedar   oak (neighbour, of the clinic alone)
    east        0      1             10          30       5    20
    west        7      0              5          15      10    20

    West goes to ash where that has a clinic, else to cedar, else to birch. So a clinic at ash is too small, and one at
    birch is too small but with one at cedar.
    """
    same_site = (Link("ward"),)
    clinic = Service("clinic", "Clinic", "visit", neighbours=("oak",), same_site=same_site, beds=beds(ash=2, birch=1))
    minutes = {"east": [10.0, 30, 5, 20], "west": [5.0, 15, 10, 20]}
    return place((ward, clinic), minutes, {"visit": [0.0, 7], "stay": [1.0, 0]}, objectives, today)


def ward_of_today(*objectives: str) -> Problem:
    """Return the clinic with a ward at ash and birch today.

    Without a change cedar has no ward, so that nowhere has a clinic and all go to oak, 20 minutes away.
    """
    return clinic_by_its_ward(Service("ward", "Ward"), frozenset({("ash", "ward"), ("birch", "ward")}), *objectives)


def ward_without_beds(*objectives: str) -> Problem:
    """Return the clinic with a ward that has no bed at cedar, where east would go: it is at ash, at birch or at both.

    So again nowhere has a clinic, and all go to oak. East's ward is 10 minutes away at ash and 30 at birch.
    """
    return clinic_by_its_ward(Service("ward", "Ward", "stay", beds=beds(cedar=0)), frozenset(), *objectives)


def scanner_of_a_and_e() -> Problem:
    """Return one area 20, 10 and 10 minutes from ash, birch and cedar, and 15 from the neighbour oak, which has an A&E.

    All of a scanner's patients are seen at A&E first, and A&E stands only where there is a theatre, for which cedar has
    no room. Nobody is transferred where the scanner is at the A&E that patients go to. At oak there is none, and ash is
    further than oak: so all three are at birch.
    """
    services = (
        Service("scanner", "Scanner", "visit", transfer=Transfer("a_and_e", to_neighbours=False)),
        Service("theatre", "Theatre", "visit", managed=True, fixed={"cedar": Fixed(False, "no room")}),
        Service("a_and_e", "A&E", "stay", neighbours=("oak",), same_site=(Link("theatre"),)),
    )
    return place(services, {"east": [20.0, 10, 10, 15]}, {"visit": [1.0], "stay": [0.0]}, ("transfers",))


def theatre_of_three() -> Problem:
    """Return 3 patients, each of whom needs a theatre and a scanner, with birch and the neighbour oak 10 minutes away.

    No journey is shorter than 10 minutes, so that nothing is better than 60: with a theatre at birch, and all else at
    oak, which has an A&E and a scanner, so that nobody is transferred. At ash it would be 10 + 2 × 30 for the theatre.
    """
    none_moved = Transfer("a_and_e", to_neighbours=False)
    theatre = {"managed": True, "fixed": {"cedar": Fixed(False, "no room")}, "minimum_patients": Figure(2)}
    same_site, oak = (Link("theatre"),), ("oak",)
    services = (
        Service("scanner", "Scanner", "visit", oak, same_site=same_site, beds=beds(ash=2), transfer=none_moved),
        Service("theatre", "Theatre", "visit", **theatre),
        Service("a_and_e", "A&E", "stay", oak, in_reach=(Reach("theatre", Figure(0)),)),
    )
    minutes = {"east": [10.0, 10, 10, 20, 10], "west": [30.0, 10, 10, 20, 10]}
    return place(services, minutes, {"visit": [1.0, 2], "stay": [0.0, 0]}, ("transfers", "patient_minutes"))


def solved(problem: Problem) -> tuple[tuple[float, ...], frozenset[tuple[str, str]]]:
    """Return what the objectives come to and what is designated, by the solver alone; the full list agrees."""
    plan = solve(problem, list_all=False)
    best = enumerate_all(problem).ranked[0]
    assert plan.proof.outcome == "proved best"
    assert (values_of(plan), plan.designated) == (best.values, best.designated)
    return best.values, best.designated


@pytest.fixture
def misled(monkeypatch: pytest.MonkeyPatch):
    """Let HiGHS simplify by parallel rows again."""
    solver.about()
    monkeypatch.setattr(solver, "OPTIONS", solver.OPTIONS | {"presolve_rule_off": 0})


def values_of(plan: Plan) -> tuple[float, ...]:
    return tuple(reached.value for reached in plan.proof.objectives)


@pytest.mark.parametrize(("second", "value"), [("transfers", 0), ("worst_journey", 20), ("patient_minutes", 140)])
def test_a_plan_is_not_lost_where_an_earlier_objective_is_held(second: str, value: float):
    values, designated = solved(ward_of_today("changes_from_today", second))
    assert values == (0, value)
    assert designated == {("ash", "ward"), ("birch", "ward")}


@pytest.mark.parametrize(("objective", "value"), [("worst_journey", 20), ("patient_minutes", 10 + 7 * 20)])
def test_a_place_that_has_a_plan_is_not_said_to_have_none(objective: str, value: float):
    assert solved(ward_without_beds(objective)) == ((value,), {("ash", "ward")})


def test_equal_plans_are_settled_by_fewest_sites_where_the_solver_is_alone():
    assert solved(scanner_of_a_and_e()) == ((0,), {("birch", code) for code in ("scanner", "theatre", "a_and_e")})


def test_a_worse_plan_is_not_called_the_best():
    assert solved(theatre_of_three()) == ((0, 60), {("birch", "theatre")})


@pytest.mark.parametrize("second", ["transfers", "worst_journey", "patient_minutes"])
def test_what_the_plan_in_hand_refutes_is_asked_again_without_presolve(misled: None, second: str):
    _, designated = solved(ward_of_today("changes_from_today", second))
    assert designated == {("ash", "ward"), ("birch", "ward")}
    _, designated = solved(scanner_of_a_and_e())
    assert len(designated) == 3


@pytest.mark.parametrize("objective", ["worst_journey", "patient_minutes"])
def test_a_first_answer_of_no_plan_is_asked_again_without_presolve(misled: None, objective: str):
    _, designated = solved(ward_without_beds(objective))
    assert designated == {("ash", "ward")}


@pytest.mark.parametrize("again", ["infeasible", "time limit", "a crash"])
def test_no_plan_is_said_once_a_second_ask_finds_none_in_little_time(monkeypatch: pytest.MonkeyPatch, again: str):
    honest, asked = solver.run, []

    def finds_none(*args: object, presolve: bool = True, **options: object) -> solver.Outcome:
        asked.append((presolve, options["time_limit_seconds"] <= LONGEST_SECOND_ASK))
        if not presolve and again == "a crash":
            raise SolverFailed("It crashed.")
        nothing = {"status": "infeasible" if presolve else again, "feasible": False, "values": {}}
        return replace(honest(*args, **options), **nothing)

    monkeypatch.setattr(solver, "run", finds_none)
    with pytest.raises(NoPlan):
        solve(small(), list_all=False)
    assert asked == [(True, False), (False, True)]


def test_a_version_that_loses_plans_fails_its_canary(misled: None):
    canary = solver.CANARIES[-1]
    lost = solver.run(canary.build()).status == "infeasible"
    assert solver.run(canary.build(), presolve=False).objective == pytest.approx(canary.best)
    solver.about.cache_clear()
    try:
        solver.about()
    except SolverFailed as error:
        assert lost
        assert "canary 'rows become parallel' has the best value 1" in str(error)
    else:
        assert solved(ward_without_beds("worst_journey"))
    finally:
        solver.about.cache_clear()


@pytest.mark.parametrize(("status", "worse_by"), [("infeasible", 0), ("optimal", 1)])
def test_a_plan_that_stays_lost_is_refused(monkeypatch: pytest.MonkeyPatch, status: str, worse_by: float):
    honest, presolved = solver.run, []

    def loses(*args: object, presolve: bool = True, **options: object) -> solver.Outcome:
        presolved.append(presolve)
        outcome = honest(*args, **options)
        late = len(presolved) > 1
        return replace(outcome, status=status, objective=outcome.objective + worse_by) if late else outcome

    monkeypatch.setattr(solver, "run", loses)
    objectives = (Objective("patient_minutes"), Objective("worst_journey"))
    with pytest.raises(SolverFailed, match="The solver lost a plan that it had found"):
        solve(replace(small(), objectives=objectives), list_all=False)
    assert presolved == [True, True, False]


def test_a_plan_that_is_almost_as_good_does_not_settle_a_tie():
    """A million patients are 6 minutes from anywhere, and one is 10 from all candidates and 12 from oak.

    A clinic anywhere gives 6,000,010 minutes, and none at all 2 more: less than a millionth, and one site fewer.
    """
    minutes = {"east": [10.0, 10, 10, 12], "west": [6.0, 6, 6, 6]}
    clinic = Service("clinic", "Clinic", "visit", neighbours=("oak",))
    problem = place((clinic,), minutes, {"visit": [1.0, 1_000_000]}, ("patient_minutes",))
    assert solved(problem) == ((6_000_010,), {("ash", "clinic")})
