"""How many cases of our own each area of an attack on this project has by now, for ``docs/for_reviewers.md``.

An attack tried so many cases in each area; here stand the tests that try the same kinds now, counted by what they are
given: a test that is given 40 texts is 40 cases, and one that is given 60 drawn worlds is 60. Run as a script it prints
the table, which a test holds the page to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import isfunction
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple


class Area(NamedTuple):
    """What was attacked, how many cases the attack had, and the tests that have ours: by file, how their names begin.

    ``loops`` are cases that a test goes through by itself, counted by what it goes through.
    """

    attacked: str
    theirs: int
    tests: dict[str, str]
    loops: tuple[tuple[str, str], ...] = ()


AREAS = (
    Area(
        "Configs: YAML, `based_on`, `place`",
        84,
        {
            "test_config": "a_fault_is_said a_yaml_trap settings_that_contradict what_stands_elsewhere",
            "test_checker": "a_config_made",
        },
        (("test_hostile", "bases"), ("test_hostile", "deep")),
    ),
    Area(
        "Tables and outlines (CSV, GeoJSON)",
        145,
        {
            "test_tables": "a_bad_cell what_is_no_csv bad_boundaries a_file_that_is_not a_mistake_of what_does_no_harm",
            "test_wrong_input": "each_kind a_table_with",
        },
        (("test_hostile", "links"), ("test_hostile", "numbers"), ("test_hostile", "encodings")),
    ),
    Area(
        "Run folders that were spoilt",
        92,
        {
            "test_checker": "a_changed_byte a_missing_file a_malformed_file",
            "test_run_record": "an_entry_of what_is_no_record",
        },
        (("test_hostile", "runs"),),
    ),
    Area(
        "GeoPackages, options, values of commands, brackets",
        67,
        {
            "test_attack": "a_geopackage square_brackets a_share_of_minutes",
            "test_tables": "a_geopackage what_only_bears",
            "test_options_command": "what_is_wrong",
            "test_evaluating": "what_is_no_pair",
            "test_cli": "wrong_input",
            "test_wrong_kinds": "what_is_no_year",
            "test_roads_checked": "a_network_that",
            "test_teams": "teams_that_cannot",
        },
    ),
    Area("`boundaries.gpkg` that is a link, a pipe, huge", 2, {"test_attack": "outlines_that_are_no_file"}),
    Area(
        "Names that would run, through every output",
        39,
        {"test_export": "a_csv_cell_of", "test_web": "hostile_text_in"},
        (("test_hostile", "markup"), ("test_hostile", "formulas")),
    ),
    Area(
        "Texts such as “null” in quotes; what is passed on of an edited run",
        11,
        {
            "test_attack": "a_text_in_quotes",
            "test_export": "a_run_that_fails",
            "test_pack": "a_run_that_is_not_true a_pack_that_its_own a_change_without",
        },
    ),
    Area(
        "What a run folder could do to a terminal",
        7,
        {"test_attack": "no_run_writes"},
        (("test_hostile", "escapes"),),
    ),
    Area(
        "Kills, full disks, files that may not grow",
        106,
        {
            "test_survives": "what_is_killed_leaves where_no_file an_answer_that_cannot",
            "test_cli": "a_stopped_run ctrl_c a_stop_while",
        },
        (("test_survives", "KILLS"), ("test_survives", "SIZES"), ("test_survives", "DISKS")),
    ),
    Area(
        "Sweeps: kills, chunks that were spoilt, another sweep's",
        30,
        {"test_sweep": "a_sweep_that_is_stopped what_was_kept resume_says", "test_cluster": "a_sweep what_a_machine"},
        (("test_sweep", "KILLS"), ("test_sweep", "DAMAGES")),
    ),
    Area("A worker of a sweep that is killed", 22, {}, (("test_sweep", "WORKERS_KILLED"),)),
    Area(
        "Locale, time zone, hash seed, threads, `-OO`",
        6,
        {"test_survives": "an_answer_is_the_same what_each_command", "test_attack": "without_its_own"},
    ),
    Area(
        "`serve`: token, host, origin, paths, bodies, names",
        115,
        {
            "test_web": "without_the_token there_are_no_docs another_ a_request_that the_first_address every_answer"
            " a_large_body what_may_not no_number hostile_names it_listens",
            "test_web_page": "without_the_cookie a_page_of_another",
        },
    ),
    Area(
        "`serve`: floods, silence, limits, damage, signals",
        61,
        {
            "test_attack": "a_scenario_with a_record_that where_the_run connections_that",
            "test_web": "a_job_ memory_that one_job a_name_under ten_thousand it_stops ctrl_c",
        },
    ),
    Area("`serve`: requests drawn by schemathesis, at most", 548, {}, (("test_web", "DRAWN"),)),
    Area(
        "A solver that lies, crashes or hangs",
        40,
        {
            "test_attack": "what_a_solver",
            "test_lost_plans": "",
            "test_solver": "a_canary all_five a_version",
            "test_planning": "an_optimum a_lost a_worse an_unlawful",
            "test_second_opinion": "a_better a_variable",
        },
    ),
    Area(
        "A solver that is cut short",
        7,
        {
            "test_solver": "a_stopped a_search_stopped ctrl_c who_asks",
            "test_planning": "a_time_limit a_proved an_unlawful",
            "test_branching": "when_time",
            "test_rotas": "out_of_time",
            "test_second_opinion": "time_that",
        },
    ),
    Area("Questions that are too large", 4, {}, (("test_hostile", "wide"), ("test_hostile", "huge"))),
    Area(
        "Drawn places: the best, how many are lawful, ties, the whole ranking",
        1300,
        {
            "test_enumeration": "solver_and full_list",
            "test_options": "every_answer every_lawful the_solver_finds",
            "test_border_as_today": "solver_list",
            "test_by_transfer": "solver_full full_list",
            "test_teams": "solver_list whatever",
            "test_covers": "whatever",
            "test_changing": "a_change_is",
            "test_adding": "a_site_that",
            "test_areas_outside": "solver_and",
            "test_nearest": "chains_say a_cut_chain deepening sites_known nearest_and the_order_of",
            "test_second_opinion": "it_agrees_on_some it_agrees_on_200",
        },
    ),
    Area(
        "Drawn places: the checkers of a true run",
        87,
        {
            "test_enumeration": "the_checker_agrees",
            "test_pack": "drawn_",
            "test_shared_out": "the_checker",
            "test_observed": "the_checker",
            "test_growth": "the_checker",
        },
    ),
    Area("Patients shared out, against a linear programme", 150, {"test_shared_out": "a_linear of_every"}),
    Area(
        "Too many candidates for a list, by brute force",
        148,
        {
            "test_branching": "every_best",
            "test_head_start": "",
            "test_planning": "cut_chains",
            "test_certificate": "a_certificate_is_accepted",
        },
    ),
    Area(
        "Clashes: each smallest, none missing; ways out, each the least",
        207,
        {"test_clash": "every_clash_of_stranger every_clash_of_worlds", "test_shared_out": "a_way_out"},
        (("test_clash", "WORLDS"),),
    ),
    Area(
        "Weekly patterns, against a search of our own",
        38,
        {"test_rotas": "programme minima", "test_checker_patterns": "people_followed", "test_weekly": "whatever"},
    ),
    Area(
        "Lies about a run whose hashes were made good",
        199,
        {
            "test_checker": "a_broken_rule a_forged every_cell a_missing_an a_seeded a_ranking a_count",
            "test_pack": "a_lie_ a_false false_words a_worse",
            "test_sentences": "every_lie",
            "test_changes": "a_lie_",
            "test_border_as_today": "a_lie_",
            "test_no_plan": "a_lie_",
            "test_certificate": "a_fault what_is_no",
        },
    ),
    Area(
        "Places of prices, switching values, sweeps and what would change the answer, against asking again",
        175,
        {
            "test_would_change": "what_is_said_of_drawn",
            "test_switching": "every_switching at_each",
            "test_turning": "what_turns",
            "test_sweep": "regret_minimax tables_give a_sweep_of_who",
            "test_explain": "the_price every_site",
        },
        (("test_explain", "OPTIONS"),),
    ),
)


def cases(module: ModuleType, begin: str) -> int:
    """Return how many cases the tests of a file have whose names begin so; each such beginning must be of some test."""
    found = 0
    for start in begin.split() or [""]:
        some = [count(one) for name, one in vars(module).items() if name.startswith(f"test_{start}")]
        assert some, f"no test of {module.__name__} begins with {start}"
        found += sum(some)
    return found


def count(test: Any) -> int:
    """Return how many cases a test has: what it is given, each with each, times the worlds that are drawn for it."""
    assert isfunction(test)
    given = (len(list(mark.args[1])) for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize")
    settings = getattr(test, "_hypothesis_internal_use_settings", None)
    return prod(given) * (settings.max_examples if settings else 1)


def loop(module: ModuleType, name: str) -> int:
    """Return how many cases a test goes through by itself: hostile entries of an area, or a number of its file."""
    if module.__name__ == "test_hostile":
        from hostile_files import entries

        return sum(one.startswith(f"{name}:") for one in entries(whole=True))
    found = getattr(module, name)
    return sum(found.values()) if name == "OPTIONS" else found if isinstance(found, int) else len(found)


def lines() -> Iterator[str]:
    """Yield the rows of the table."""
    yield "| attacked | cases of the attack | our own, all held | tests/…/test_ |"
    yield "|---|--:|--:|---|"
    for area in AREAS:
        ours = sum(cases(import_module(file), begin) for file, begin in area.tests.items())
        ours += sum(loop(import_module(file), name) for file, name in area.loops)
        files = ", ".join(
            one.removeprefix("test_") for one in dict.fromkeys([*area.tests, *(file for file, _ in area.loops)])
        )
        yield f"| {area.attacked} | {area.theirs:,} | {ours:,} | {files} |"


if __name__ == "__main__":
    sys.path += [str(one) for one in Path(__file__).parent.iterdir() if one.is_dir()]
    sys.stdout.write("\n".join([*lines(), ""]))
