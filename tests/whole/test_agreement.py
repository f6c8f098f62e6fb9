"""What must be said in several places is said in all: rules, arithmetic, checks, goldens, measures, commands."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import combinations
from pathlib import Path

import pytest
import test_goldens
import test_rules
from as_files import with_files
from checkers_view import CheckersView
from conftest import CORE
from forgotten import nothing_is_forgotten
from hypothesis import Phase, given, settings
from test_enumeration import worlds
from test_words import where_everything_is_one
from worlds import by_transfer, small, three_doctors, two_by_transfer, vary

from optimiser.checker import CHECKS, RULE_CHECKS, check, claims, verify
from optimiser.checker.tried import Trial
from optimiser.cli.app import app
from optimiser.explanation.prices import givings
from optimiser.inputs.config import OBJECTIVES as CONFIG_OBJECTIVES
from optimiser.inputs.config.settings import ServiceSettings, Settings
from optimiser.inputs.schema import RUN_TABLES
from optimiser.journeys import nearest
from optimiser.model import build
from optimiser.model.arithmetic import ARITHMETIC, SCORES, every_choice, lawful, one_choice
from optimiser.model.objectives import OBJECTIVES
from optimiser.model.objectives import UNITS as OBJECTIVE_UNITS
from optimiser.model.rules import JUDGED, LIMITS, RULES, journeys, links, sites, staff, transfers, volumes
from optimiser.model.rules.rule import Rule
from optimiser.plan import evaluate
from optimiser.plan.measures import JOURNEY_MEASURES, table
from optimiser.plan.runs import COVER_TABLES, TABLES, TABLES_OF_LINKS, files_of
from optimiser.problem import (
    Beds,
    Excepted,
    Figure,
    Fixed,
    Link,
    Objective,
    Observed,
    Problem,
    Reach,
    RotaNeed,
    Service,
    Team,
    Transfer,
)
from optimiser.scenarios import courses
from optimiser.search.diagram import build as build_diagram
from optimiser.search.enumeration import enumerate_all, judged
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]

# What a word means is a rule of the model alone: a finished plan has no rows for it to be judged by.
MEANINGS = {
    "both_legs_are_counted_together",
    "nobody_is_counted_nearer_than_they_are",
    "nobody_passes_an_open_site",
    "patients_are_shared_out",
    "staff_add_up",
    "the_worst_journey_is_the_worst",
}
# Limits on staff bind moves and recruits, which arithmetic shares out within them.
LIMITS_ON_STAFF = {"moves_within_limit", "recruitment_within_limit"}
# What worlds() in tests/search/test_enumeration.py draws alike in every world, and who draws it if anybody needs to.
NOT_DRAWN = {
    "Observed.counts": "what offsets were fitted to, which no rule reads",
    "Problem.a_tie_is_within": "which plans are level, which no rule reads",
    "Problem.added": "which sites are in no table, which no rule reads: tests/inputs/test_adding.py",
    "Problem.ages": "whom patients grow with: tests/scenarios/test_switching.py and tests/problem/test_growth.py",
    "Problem.factors": "what journeys were multiplied by before a rule reads them",
    "Problem.changed": "what was changed of all else, which no rule reads: tests/inputs/test_changing.py",
    "Problem.closed": "why what is fixed is so, which no rule reads: tests/inputs/test_changing.py",
    "Problem.files": "what a question was read from",
    "Problem.growth": "what demand was before it grew",
    "Problem.hurdles": "in which order rules strike out: tests/search/test_options.py",
    "Problem.know_before": "what people are told, which no rule reads",
    "Problem.longer": "what shut roads added before a rule reads journeys: tests/checker/test_roads_checked.py",
    "Problem.minute_places": "how finely journeys were read: tests/inputs/test_exactness.py",
    "Problem.nowhere_today": "which changes from today count: tests/model/test_links_and_beds.py",
    "Problem.times_of_day": "when journeys are as they are, which no rule reads: tests/inputs/test_changing.py",
    "Problem.time_limit_minutes": "how long may be looked",
    "Problem.uncalibrated": "what came off before a rule reads journeys: tests/checker/test_calibration_taken_back.py",
    "Problem.uncounted": "of which areas nobody is counted, which no rule reads: tests/checker/test_areas_outside.py",
    "RotaNeed.at": "tests/rotas/test_teams.py",
    "RotaNeed.once": "tests/rotas/test_teams.py",
    "RotaNeed.only_without": "tests/rotas/test_teams.py",
    "RotaNeed.remote_from": "tests/rotas/test_teams.py",
    "RotaNeed.roster": "tests/rotas/test_covers.py",
    "RotaNeed.steps": "tests/rotas/test_covers.py",
    "Team.across_sites": "tests/rotas/test_teams.py",
    "Team.posts_funded": "posts to fill, which no rule reads",
    "Team.year": "when staff were counted, which no rule reads",
}
# What these ask has no size: a designation is as it is fixed, or not; two services share a site, or do not.
WITHOUT_NOTCHES = {"fixed_designations_stand", "services_share_a_site"}

Designations = frozenset[tuple[str, str]]


# Rules ----------------------------------------------------------------------------------------------------------------


def test_every_rule_says_how_what_it_has_to_spare_runs_with_a_parameter():
    silent = {name for name in ARITHMETIC if JUDGED[name].bends not in ("straight", *courses.BENDS)}
    nothing_is_forgotten(silent, "A rule, step 2, bends", "optimiser/model/rules/")
    unknown = set(OBJECTIVES) - {*courses.SUMS, *courses.KINKED}
    nothing_is_forgotten(unknown, "An objective, step 3", "optimiser/scenarios/courses.py")


def test_a_page_can_judge_every_rule_that_adds_up_over_services():
    silent = set()
    for name, problem in BITES.items():
        choices = {code: every_choice(problem, code) for code in problem.services}
        if any(one.adds_up for one in ARITHMETIC[name](problem, choices)) and not JUDGED[name].quantity:
            silent.add(name)
    nothing_is_forgotten(silent, "A rule, step 2, quantity", "optimiser/report/page/evaluate.js")


def test_every_rule_stands_in_reading_order_under_its_own_name():
    files = (sites, volumes, journeys, transfers, links, staff)
    there = [one for file in files for one in vars(file).values() if isinstance(one, type) and issubclass(one, Rule)]
    # What several rules have in common has a name in capitals.
    written = {one.__name__ for one in there if one.__name__.islower()}
    nothing_is_forgotten(written - set(RULES), "A rule, step 2", "optimiser/model/rules/__init__.py")


def test_every_rule_says_what_it_is():
    for name, rule in RULES.items():
        assert (rule.__doc__ or "").strip().splitlines()[0].endswith("."), f"{name} is not said in a sentence"
    for part in ("unit", "relation"):
        silent = {name for name, rule in JUDGED.items() if not getattr(rule, part, "")}
        nothing_is_forgotten(silent, f"A rule, step 2, {part}", "optimiser/model/rules/")
    assert set(JUDGED) == set(RULES) - MEANINGS == set(LIMITS) | {"every_area_is_served"}
    assert set(ARITHMETIC) == set(JUDGED) - LIMITS_ON_STAFF


def test_every_rule_has_its_independent_check():
    nothing_is_forgotten(set(JUDGED) - set(RULE_CHECKS), "A rule, step 3", "optimiser/checker/rules.py")
    nothing_is_forgotten(set(RULE_CHECKS) - set(JUDGED), "A rule, step 2", "optimiser/model/rules/__init__.py")
    assert set(RULE_CHECKS) <= set(CHECKS)


def test_every_rule_and_setting_is_known_to_the_checker_that_a_pack_brings_along():
    where = "optimiser/checker/verify.py"
    unknown = {name for name in JUDGED if f'"{name}"' not in (ROOT / where).read_text(encoding="utf-8")}
    nothing_is_forgotten(unknown, "A rule, step 3", where)
    nothing_is_forgotten(set(Settings.model_fields) - set(verify.SETTINGS.split()), "A rule, step 3", where)
    of_a_service = set(ServiceSettings.model_fields) - set(verify.SERVICE_SETTINGS.split())
    nothing_is_forgotten(of_a_service, "A rule, step 3", where)


def test_every_rule_has_a_world_solved_by_hand():
    there = {name.removeprefix("test_") for name in vars(test_rules)}
    nothing_is_forgotten(set(RULES) - there, "A rule, step 4", "tests/model/test_rules.py")


def test_every_rule_that_can_give_way_has_a_price():
    # At 1 no smaller minimum would let more options through, and there is no fewer sites; at 31 and 2 there are.
    problem = vary(where_everything_is_one(), "clinic", minimum_patients=Figure(31), at_least_sites=Figure(2))
    ways = givings(problem)
    stated = {way.rule.name for way in ways}
    nothing_is_forgotten(set(LIMITS) - stated, "A rule, step 4", "tests/model/test_words.py, where_everything_is_one")
    without = {way.rule.name for way in ways if not way.looser(problem, 1)}
    but = "optimiser/model/rules/, or WITHOUT_NOTCHES in tests/whole/test_agreement.py if what it asks has no size"
    nothing_is_forgotten(without - WITHOUT_NOTCHES, "A rule, step 2, looser", but)
    assert without == WITHOUT_NOTCHES
    for way in ways:
        left = {(one.rule, one.names) for one in givings(way.removed(problem))}
        assert (way.rule, way.names) not in left, f"{way.rule.name} is not removed"
        if found := way.looser(problem, 1):
            looser, words = found
            stated_then = {(one.rule, one.names, one.words) for one in givings(looser)}
            assert (way.rule, way.names, way.words) not in stated_then, f"{way.rule.name} does not give"
            assert words, f"nobody is told what a notch of {way.rule.name} is"


def parts_of(one: object) -> Iterator[object]:
    """Yield a part of a question and all that it is made of in turn."""
    if is_dataclass(one):
        yield one
        one = [getattr(one, part.name) for part in fields(one)]
    inside = one.values() if isinstance(one, dict) else one if isinstance(one, list | tuple) else ()
    for part in inside:
        yield from parts_of(part)


def test_every_setting_of_a_rule_is_drawn_in_strange_worlds():
    drawn: list[Problem] = []

    @settings(max_examples=150, phases=[Phase.generate])
    @given(worlds())
    def draw(problem: Problem) -> None:
        drawn.append(problem)

    draw()
    where = "tests/search/test_enumeration.py, worlds()"
    stated = {name for name, rule in LIMITS.items() if any(list(rule.stated(problem)) for problem in drawn)}
    nothing_is_forgotten(set(LIMITS) - stated, "A rule, step 4", where)
    found: dict[str, set[str]] = {}
    for part in parts_of(drawn):
        if isinstance(part, Problem | Service | Team | RotaNeed | Beds | Transfer | Observed | Reach):
            for one in fields(part):
                if one.type != "str":
                    found.setdefault(f"{type(part).__name__}.{one.name}", set()).add(str(getattr(part, one.name)))
    same = {name for name, values in found.items() if len(values) == 1}
    either = f"{where}, or NOT_DRAWN in tests/whole/test_agreement.py"
    nothing_is_forgotten(same - set(NOT_DRAWN), "A rule, step 4", either)
    assert same == set(NOT_DRAWN)


def test_every_rule_has_a_golden_and_yields_rows_in_it():
    written = {path.stem for path in test_goldens.GOLDEN.glob("*.lp") if path.read_text()}
    nothing_is_forgotten(set(RULES) - written, "A rule, step 4", "tests/model/test_goldens.py, and run it")
    assert written == set(RULES) | {f"objective_{name}" for name in OBJECTIVES}


def limited_transfers(**limits: float) -> Problem:
    """Return the world whose scanner is reached by way of the clinic, which some limits leave at birch or nowhere."""
    return by_transfer(**{name: Figure(most) for name, most in limits.items()}, at_least_sites=Figure(1))


# A small world for each rule that strikes out some designations and leaves others.
BITES: dict[str, Problem] = {
    "every_area_is_served": small().behind_its_border(),
    "fixed_designations_stand": small(fixed={"ash": Fixed(True, "it stays")}),
    "enough_sites": small(at_least_sites=Figure(2)),
    "not_too_many_sites": small(at_most_sites=Figure(1)),
    "no_site_provides_too_many": replace(by_transfer(at_least_sites=Figure(1)), at_most_services_a_site=Figure(2)),
    "every_site_has_enough_patients": small(minimum_patients=Figure(31)),
    "no_site_has_too_many_patients": small(maximum_patients=Figure(34)),
    "beds_are_enough": small(beds=Beds(Figure(3), Figure(0.01), at={"ash": Figure(3), "birch": Figure(2)})),
    "nobody_travels_too_far": small(longest_journey_minutes=Figure(30)),
    "enough_patients_within_standard": small(standard_minutes=Figure(20), share_within_standard=Figure(0.8)),
    "few_enough_are_treated_outside": small(at_most_share_outside=Figure(0.4)),
    "neighbours_are_not_sent_too_many": small(neighbours_take_at_most={"oak": Figure(29)}),
    "not_too_many_transfers": limited_transfers(most_transfers_a_day=0.055),
    "not_too_many_repatriations": limited_transfers(most_repatriations_a_year=3.2),
    "not_too_many_ambulance_hours": limited_transfers(most_ambulance_hours=18),
    "not_too_many_transfers_in_all": two_by_transfer(36, at_most_sites=None),
    "services_share_a_site": small(same_site=(Link("x_ray"),)),
    "services_are_within_reach": small(in_reach=(Reach("x_ray", Figure(0)),)),
    "rota_is_filled": small(rotas=three_doctors()),
}


def together(problem: Problem) -> Problem:
    """Return a world with little room at its sites besides all else that it states: rules stand beside one another."""
    return replace(problem, at_most_services_a_site=Figure(2))


WORLDS = {
    **BITES,
    "everything": test_goldens.everything(),
    "transfers": together(test_goldens.transferring()),
    **{f"{name} beside others": together(problem) for name, problem in BITES.items() if problem.reached_by_transfer},
}


def all_designations(problem: Problem) -> Iterator[Designations]:
    pairs = [(site, code) for code in problem.services for site in problem.candidates]
    return (frozenset(chosen) for n in range(len(pairs) + 1) for chosen in combinations(pairs, n))


def test_every_rule_strikes_something_out_of_a_small_world_and_leaves_something():
    nothing_is_forgotten(set(ARITHMETIC) - set(BITES), "A rule, step 4", "tests/whole/test_agreement.py, BITES")
    for name, problem in BITES.items():
        choices = (
            {code: one_choice(problem, code, chosen) for code in problem.services}
            for chosen in all_designations(problem)
        )
        held = [all(one.passes.all() for one in ARITHMETIC[name](problem, chosen)) for chosen in choices]
        assert any(held) and not all(held), name


@pytest.mark.parametrize("world", WORLDS)
def test_arithmetic_the_full_list_and_the_checker_find_the_same_designations_lawful(world: str):
    problem = with_files(WORLDS[world])
    view = CheckersView(evaluate(problem, problem.today))
    trial = Trial(view.run.question, view.run.inputs)
    found = {chosen for chosen in all_designations(problem) if lawful(problem, chosen)}
    by_checker = {
        chosen
        for chosen in all_designations(problem)
        if not trial.breaks_a_rule(frozenset((code, site) for site, code in chosen))
    }
    assert by_checker == found, "optimiser/checker/rules.py and the rule's instances differ (docs/adding.md, A rule)"
    assert enumerate_all(problem).lawful == len(found), "optimiser/search/enumeration.py counts others"
    if found:
        faults = check(files_of(solve(problem)))
        assert faults.empty, "\n".join(faults["message"])


@pytest.mark.parametrize("world", [*WORLDS, "teams"])
def test_services_that_a_rule_ties_are_those_that_stand_together_in_its_instances(world: str):
    problem = WORLDS.get(world) or test_goldens.with_teams()
    choices = {code: every_choice(problem, code) for code in problem.services}
    for rule in (rule for rule in JUDGED.values() if rule.by_arithmetic):
        by_transfer = {frozenset((code, leg.first_contact)) for code, leg in transferred(problem)}
        seen = {frozenset(one.services) for one in rule.instances(problem, choices) if not one.adds_up}
        declared = {frozenset(tied) for tied in rule.ties(problem)}
        assert seen - by_transfer - {frozenset((code,)) for code in problem.services} <= declared, (
            f"{rule.name}: write its ties in optimiser/model/rules (docs/adding.md, A rule, step 2)"
        )
        assert declared <= seen, f"{rule.name} ties services that stand in no instance together"


def transferred(problem: Problem) -> Iterator[tuple[str, Transfer]]:
    for code in problem.reached_by_transfer:
        transfer = problem.services[code].transfer
        assert transfer
        yield code, transfer


def test_a_rule_that_adds_up_over_twenty_services_needs_no_table_of_them_all():
    bare = small()
    services = {f"service_{n}": Service(f"service_{n}", f"Service {n}") for n in range(20)}
    problem = replace(bare, services=services, today=frozenset(), at_most_services_a_site=Figure(2))
    problem = replace(problem, objectives=(Objective("changes_from_today"),))
    # At each of two sites none, one or two of twenty: 1 + 20 + 190, chosen apart.
    tracemalloc.start()
    assert enumerate_all(problem).lawful == 211**2
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20_000_000
    # At least so many is the same with the sign turned.
    choices = {code: every_choice(problem, code) for code in services}
    at_least = [
        replace(one, relation=">=", right=19.0)
        for one in JUDGED["no_site_provides_too_many"].instances(problem, choices)
    ]
    sums = [part for one in at_least for part in judged(choices, one)]
    assert build_diagram([4] * 20, sums, []).count() == 21**2


# Objectives, measures, tables -----------------------------------------------------------------------------------------


def test_no_setting_no_rows():
    bare = small(standard_minutes=None)
    model = build(bare, {"clinic": nearest.chains(bare, "clinic")})
    assert set(model.rule_of.values()) == {"nobody_is_counted_nearer_than_they_are"}


def test_every_objective_has_its_arithmetic_and_its_check():
    names = set(OBJECTIVES)
    nothing_is_forgotten(names - set(CONFIG_OBJECTIVES), "An objective, step 1", "optimiser/inputs/config/settings.py")
    nothing_is_forgotten(names - set(SCORES), "An objective, step 3", "optimiser/model/scores.py")
    nothing_is_forgotten(names - set(claims.OBJECTIVES), "An objective, step 4", "optimiser/checker/claims.py")
    assert names == set(OBJECTIVE_UNITS) == set(CONFIG_OBJECTIVES) == set(SCORES) == set(claims.OBJECTIVES)
    for function in OBJECTIVES.values():
        assert (function.__doc__ or "").strip().splitlines()[0].endswith(".")


def test_every_published_rule_row_is_checked_under_its_own_name():
    plan = solve(small(rotas=three_doctors(), at_least_sites=Figure(1), maximum_patients=Figure(70)))
    assert set(plan.rules["rule"]) <= set(RULE_CHECKS)
    assert plan.rules["instance"].is_unique


def test_tables_of_a_run_are_those_of_the_data_dictionary():
    plan = solve(small(rotas=three_doctors()))
    files = files_of(plan)
    described = {one.name: [column.name for column in one.columns] for one in RUN_TABLES}
    # Said only where some of an area's patients go as today.
    assert described["journeys"].pop() == "how"
    assert set(described) == {*TABLES, *TABLES_OF_LINKS, *COVER_TABLES}
    assert {one.name for one in RUN_TABLES if one.required} == set(TABLES)
    assert not {f"{name}.csv" for name in TABLES_OF_LINKS} & set(files)
    linked = replace(plan.problem, exceptions=(Excepted("clinic", "x_ray", "ash", "a van comes"),))
    files |= files_of(solve(vary(linked, "clinic", in_reach=(Reach("x_ray", Figure(0)),))))
    described = {name: columns for name, columns in described.items() if name not in COVER_TABLES}
    for name, columns in described.items():
        assert files[f"{name}.csv"].decode().splitlines()[0].split(",") == columns


def test_measures_by_name_are_published():
    assert set(JOURNEY_MEASURES) <= set(table(solve(small()))["measure"])


@pytest.mark.parametrize("folder", ["optimiser", "tests", "configs", "data", "docs", "benchmarks"])
def test_nothing_names_a_machine_or_a_registry(folder: str):
    words = re.compile(r"/work/|/root/|pypi\.org|files\.pythonhosted|debian\.org|npmjs")
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".md", ".yaml", ".csv", ".toml", ".svg"} and path.name != Path(__file__).name:
            assert not words.search(path.read_text(encoding="utf-8")), path


def test_no_place_is_named_in_the_package():
    places = re.compile(
        r"basildon|broomfield|southend|chelmsford|essex|hyper_acute|emergency_department", re.IGNORECASE
    )
    for path in (ROOT / "optimiser").rglob("*.py"):
        assert not places.search(path.read_text()), path


def test_every_command_starts_its_help_with_what_it_does_and_gives_an_example():
    for command in app.registered_commands:
        assert "Example:" in (command.callback.__doc__ or ""), command.callback


def test_no_process_is_copied_with_its_threads():
    # A copy has the locks of threads that it has not got: it may wait for them for ever.
    copies = re.compile(r"os\.fork|ProcessPool|preexec_fn|get_context\((?!\"spawn\")")
    for folder in ("optimiser", "tests", "benchmarks", "docs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            assert path.name == "test_agreement.py" or not copies.search(path.read_text(encoding="utf-8")), path


def test_the_core_tests_are_there():
    assert set(CORE) <= {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
