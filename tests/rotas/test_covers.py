"""Rotas whose need is worked out from cover, from the config to the independent check.

The made-up place has 4 doctors at ash and 2 at birch. One of them present from 08:00 to 18:00, Monday to Friday, is 50
hours of plain time: 50 / 4 × 52 / 42 / 7.5 = 130/63 = 2.063 WTE, so 3 people; the standard's 2 are fewer.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pandas as pd
import pytest
from drawing import seeds
from made_up_place import CONFIG, write_question
from shipped import answer, question

import optimiser as op
from optimiser.checker import CHECKS, check
from optimiser.checker.patterns import PATTERN_CHECKS
from optimiser.errors import InputError
from optimiser.inputs.config import read_config
from optimiser.inputs.config.rotas import ContractSettings, WorkingTimeSettings
from optimiser.inputs.covers import units_of
from optimiser.plan import measures
from optimiser.plan.finished import read_tables
from optimiser.plan.runs import files_of, write_run
from optimiser.problem import Figure, RotaNeed
from optimiser.report import summary
from optimiser.rotas import Contract, WorkingTime, grid, weekly

OFFICE = "{days: [Mon, Tue, Wed, Thu, Fri], start_hour: 8, hours: 10}"
DAY_SHIFT = 'shifts: {D: {start: "08:00", end: "18:00", handover_minutes: 0}}'
EVERY_DAY = "days: [Mon, Tue, Wed, Thu, Fri, Sat, Sun]"


def with_rota(rota: str, more: str = "") -> str:
    """Return the config with another rota of doctors, and more at its end."""
    return CONFIG.replace("doctors: {people: 2}", f"doctors: {{{rota}}}") + more


def ask(folder: Path, rota: str, more: str = "", **tables: str) -> op.Problem:
    return op.read_problem(write_question(folder, with_rota(rota, more), **tables))


def needs(problem: op.Problem) -> dict[str, Figure]:
    return {rota.unit: rota.needed for rota in problem.services["care"].rotas}


def faults(folder: Path, rota: str, more: str = "", **tables: str) -> list[str]:
    with pytest.raises(InputError) as refused:
        ask(folder, rota, more, **tables)
    return [str(fault) for fault in refused.value.faults]


def test_the_need_is_the_larger_of_what_is_stated_and_what_cover_takes(tmp_path: Path) -> None:
    source = "The larger of what cover takes (rota_needs.csv) and"
    assert needs(ask(tmp_path / "1", f"people: 2, cover: [{OFFICE}]")) == {
        "people": Figure(3, f"{source} 2: no source stated")
    }
    stated = "people: {value: 4, source: A book, verified: true}"
    assert needs(ask(tmp_path / "2", f"{stated}, cover: [{OFFICE}]")) == {"people": Figure(4, f"{source} 4: A book")}


STAFFED = "site,team,year,people,wte\nash,doctors,2025,4,3.5\nbirch,doctors,2025,2,2\n"


def test_where_neither_is_stated_the_wte_worked_out_are_needed(tmp_path: Path) -> None:
    found = needs(ask(tmp_path / "1", f"cover: [{OFFICE}]", staff=STAFFED))
    assert found == {"WTE": Figure(130 / 63, "Worked out from cover (rota_needs.csv)")}
    assert needs(ask(tmp_path / "2", f"wte: 3, cover: [{OFFICE}]", staff=STAFFED))["WTE"].value == 3


def test_a_need_is_verified_if_every_term_is(tmp_path: Path) -> None:
    cover = f"cover: [{OFFICE.replace('}', ', source: A law, verified: true}')}]"
    terms = ", ".join(
        f"{name}: {{value: {getattr(Contract(), name).value:g}, source: Read, verified: true}}"
        for name in ContractSettings.model_fields
        if name != "plain_days"
    )
    verified = f"contract: {{{terms}}}\n"
    assert needs(ask(tmp_path / "1", cover, verified, staff=STAFFED))["WTE"].verified
    assert not needs(ask(tmp_path / "2", f"cover: [{OFFICE}]", verified, staff=STAFFED))["WTE"].verified
    assert not needs(ask(tmp_path / "3", cover, staff=STAFFED))["WTE"].verified
    unsaid = verified.replace("plain_to_hour: {value: 19, source: Read, verified: true}", "plain_to_hour: 19")
    assert not needs(ask(tmp_path / "5", cover, unsaid, staff=STAFFED))["WTE"].verified
    assert not needs(ask(tmp_path / "4", f"wte: 1, {cover}", verified, staff=STAFFED))["WTE"].verified


ON_CALL = f"{{{EVERY_DAY}, start_hour: 18, hours: 14, kind: on_call}}"


@pytest.mark.parametrize(
    ("rota", "units"),
    {
        f"cover: [{OFFICE}]": ("WTE",),
        f"people: 1, cover: [{OFFICE}]": ("people",),
        f"wte: 1, cover: [{OFFICE}]": ("WTE",),
        f"people: 1, wte: 1, cover: [{OFFICE}]": ("people", "WTE"),
        f"one_in: 6, cover: [{ON_CALL}]": ("people",),
        f"one_in: 6, cover: [{OFFICE}, {ON_CALL}]": ("people", "WTE"),
        f"one_in: 6, people: 1, cover: [{OFFICE}, {ON_CALL}]": ("people",),
        f"one_in: 6, wte: 1, cover: [{ON_CALL}]": ("people", "WTE"),
        f"people: 1, cover: [{ON_CALL}]": ("people",),
        f"wte: 1, cover: [{ON_CALL}]": ("WTE",),
        f"wte: 1, cover: [{OFFICE}, {ON_CALL}]": ("WTE",),
    }.items(),
)
def test_the_units_that_a_rota_counts(rota: str, units: tuple[str, ...], tmp_path: Path) -> None:
    path = write_question(tmp_path, with_rota(rota), staff=STAFFED)
    assert units_of(read_config(path).settings.services["care"].rotas["doctors"]) == units
    problem = op.read_problem(path)
    assert tuple(needs(problem)) == units
    assert op.check(op.evaluate(problem, problem.today | {("ash", "labs")})).empty


def test_terms_and_law_have_the_defaults_of_the_code() -> None:
    for stated, own in ((ContractSettings(), Contract()), (WorkingTimeSettings(), WorkingTime())):
        for name in type(stated).model_fields:
            said = getattr(stated, name)
            assert (said.figure() if hasattr(said, "figure") else said) == getattr(own, name), name


# What is refused, and where ------------------------------------------------------------------------------------------

OVERLAP = "{days: [Mon], start_hour: 0, hours: 8.5}, {days: [Sun], start_hour: 20, hours: 5}"
REFUSED = {
    f"people: 2, cover: [{OFFICE}, {OVERLAP}]": [
        "blocks 1 and 2 of resident cover overlap on Mon at 08:00. Split them",
        "blocks 2 and 3 of resident cover overlap on Mon at 00:00. Split them",
    ],
    f"people: 2, cover: [{OFFICE.replace('10', '10.001')}]": ["do not start and end on a whole minute"],
    f"people: 2, cover: [{OFFICE.replace('start_hour: 8', 'start_hour: 24')}]": ["start_hour is 24"],
    f"people: 2, one_in: 6, cover: [{OFFICE}]": ["A frequency is stated, but nobody is on call"],
    f"cover: [{ON_CALL}]": ["Cover on call from home needs its frequency"],
    f"people: 2, cover: [{ON_CALL}], {DAY_SHIFT}": ["A weekly pattern gives resident cover."],
    "people: 2, one_in: 6": ['"doctors" has one_in but no cover to give'],
    f"people: 2, {DAY_SHIFT}": ['"doctors" has shifts but no cover to give'],
    f'people: 2, cover: [{OFFICE}], shifts: {{D: {{start: "09:00", end: "18:00", handover_minutes: 0}}}}': [
        "No shift covers Mon 08:00, when 1 must be there. Add one."
    ],
    f'people: 2, cover: [{OFFICE}], shifts: {{D: {{start: "08:00", end: "21:01"}}}}': ["at most 13 are allowed"],
    f'people: 2, cover: [{OFFICE}], shifts: {{D: {{start: "08:00", end: "08:30"}}}}': ["handover is as long as"],
    f'people: 2, cover: [{OFFICE}], shifts: {{D: {{start: "8 am", end: "18:00"}}}}': ["must be a time of day"],
    f"people: 2, cover: [{OFFICE}], shifts: "
    '{D: {start: "08:00", end: "18:30"}, N: {start: "21:00", end: "06:00"}, M: {start: "00:30", end: "08:30"}}': [
        "most of M lies in the night before that of N"
    ],
}


@pytest.mark.parametrize("rota", REFUSED)
def test_cover_and_shifts_that_cannot_be_are_refused_at_their_line(rota: str, tmp_path: Path) -> None:
    found = faults(tmp_path, rota, staff=STAFFED)
    # Of cover that is missing every day, only the first is said here.
    found = [fault for fault in found if "No shift covers" not in fault or "Mon" in fault]
    assert len(found) == len(REFUSED[rota]), found
    for fault, words in zip(found, REFUSED[rota], strict=True):
        assert words in fault
        assert "base.yaml, line 12: " in fault


def test_terms_that_cannot_be_are_refused_at_their_line(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, f"cover: [{OFFICE}]", "contract: {working_weeks: 53}\n", staff=STAFFED)
    assert "line 20: There are more working weeks than weeks in the year." in found
    (found,) = faults(tmp_path, f"cover: [{OFFICE}]", "working_time: {weekends_counted: 0}\n", staff=STAFFED)
    assert "line 20: weekends_counted is at least 1." in found


def test_staff_that_are_not_counted_in_the_unit_worked_out_are_asked_for(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, f"cover: [{OFFICE}]")
    assert "line 12: the rota needs wte of doctors, but wte is blank for birch" in found


def test_a_rota_that_nobody_can_work_is_refused_by_name_and_with_the_reason(tmp_path: Path) -> None:
    seven = f"people: 2, cover: [{OFFICE.replace('[Mon, Tue, Wed, Thu, Fri]', EVERY_DAY[6:])}], {DAY_SHIFT}"
    problem = ask(tmp_path, seven, "working_time: {weekends_worked: 0}\n")
    with pytest.raises(InputError, match=r"^rota care\.doctors: no pattern for up to 40 people\. Sat takes at least 1"):
        op.evaluate(problem, problem.today)
    # Nobody asks for a pattern where nobody needs the rota.
    assert op.evaluate(problem, {("ash", "labs")}).patterns == ()


# The run and its check -----------------------------------------------------------------------------------------------

ROTA = f"people: 2, cover: [{OFFICE}], {DAY_SHIFT}"


def test_a_run_says_how_the_need_was_worked_out_and_who_works_when(tmp_path: Path) -> None:
    plan = op.solve(ask(tmp_path, ROTA))
    assert op.check(plan).empty
    assert plan.sites_of("care") == ("ash",)
    run = write_run(plan, tmp_path / "run")
    assert op.check(write_run(op.evaluate(plan.problem, plan.designated), tmp_path / "again")).empty
    tables, _ = read_tables(run)
    steps = tables["rota_needs"].set_index("term")
    assert steps.loc["WTE that the hours take", "exact"] == "130/63"
    assert steps.index[-1] == "people needed (hours)"
    assert (steps["value"].iloc[-1], steps["verified"].iloc[-1]) == (3, "false")
    assert set(steps["rota"]) == {"care.doctors"}
    pattern = tables["rotas"]
    assert len(pattern) == 7 * 3 and pattern["hours"].sum() == 50
    assert set(tables["rules"].query("rule == 'rota_is_filled'")["right"]) == {3}
    again = op.read_problem(run / "config.yaml")
    assert again.services == plan.problem.services


def test_a_run_without_cover_has_neither_the_tables_nor_the_terms(tmp_path: Path) -> None:
    files = files_of(op.solve(ask(tmp_path, "people: 2")))
    assert not {"rotas.csv", "rota_needs.csv"} & set(files)
    assert b"contract" not in files["config.yaml"] and b"cover" not in files["config.yaml"]
    plan = op.solve(ask(tmp_path, f"people: 2, cover: [{OFFICE}]"))
    assert plan.rotas is None and "rota_needs.csv" in files_of(plan)
    assert op.check(plan).empty


def test_rotas_of_one_shape_are_worked_out_once(tmp_path: Path) -> None:
    two = with_rota(ROTA).replace("    name: Laboratories\n", f"    name: Labs\n    rotas: {{doctors: {{{ROTA}}}}}\n")
    problem = op.read_problem(write_question(tmp_path, two))
    weekly._smallest.cache_clear()
    plan = op.evaluate(problem, problem.today | {("ash", "labs")})
    assert [set(pattern["rota"]) for pattern in plan.patterns] == [{"care.doctors"}, {"labs.doctors"}]
    assert weekly._smallest.cache_info().misses == 1
    assert op.check(plan).empty


def test_one_vacancy_is_measured_and_said(tmp_path: Path) -> None:
    plan = op.solve(ask(tmp_path, ROTA.replace("people: 2", "people: 4")))
    found = measures.table(plan).set_index("group")
    found = found[found["measure"] == "short_with_one_vacancy"]
    assert dict(found["value"]) == {"ash doctors (people)": 1}
    (said,) = [line for line in summary.lines(plan) if line.startswith("Fragile")]
    assert said.startswith("Fragile: one vacancy would leave care at Ash Hospital short of 1 of the Doctors.")
    assert not any("Fragile" in line for line in summary.lines(op.solve(ask(tmp_path / "3", ROTA))))


def test_nobody_leaves_where_nobody_is(tmp_path: Path) -> None:
    staff = "site,team,year,people,wte\nash,doctors,2025,9,\n"
    rota = "people: 2, may_fall_short: true"
    problem = op.read_problem(
        write_question(tmp_path, with_rota(rota).replace(", moves_at_most: unlimited", ""), staff=staff)
    )
    plan = op.evaluate(problem, problem.today | {("ash", "labs")})
    table = measures.table(plan)
    assert measures.number(table, "short_with_one_vacancy", "care", "ash doctors (people)") == 0
    assert measures.number(table, "short_with_one_vacancy", "care", "birch doctors (people)") == 2
    assert op.check(plan).empty


def sealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a run with the true hashes of its files."""
    record = json.loads(files["run.json"])
    record["files"] = {name: hashlib.sha256(one).hexdigest() for name, one in files.items() if name != "run.json"}
    return files | {"run.json": json.dumps(record).encode()}


# What somebody writes into the run, and the checks that find it.
SEEDED: dict[str, tuple[set[str], list[tuple[str, str, str]]]] = {
    "a step altered": ({"rota_needs_are_worked_out"}, [("rota_needs.csv", "130/63,", "131/63,")]),
    "a value altered": ({"rota_needs_are_worked_out"}, [("rota_needs.csv", ",25/2,12.5,", ",25/2,12.6,")]),
    "a term called verified": (
        {"rota_needs_are_worked_out"},
        [("rota_needs.csv", "not read in a source,false", "not read in a source,true")],
    ),
    "a source made up": ({"rota_needs_are_worked_out"}, [("rota_needs.csv", "weeks,Calendar", "weeks,Almanac")]),
    "another sum": ({"rota_needs_are_worked_out"}, [("rota_needs.csv", "Step 1 ÷ step 3", "Step 1 × step 3")]),
    "a step left out": (
        {"rota_needs_are_worked_out"},
        [("rota_needs.csv", "care.doctors,6,weeks a year,52,52,weeks,Calendar,true\n", "")],
    ),
    "a step too many": (
        {"rota_needs_are_worked_out"},
        [("rota_needs.csv", "care.doctors,6,", "care.doctors,60,luck,1,1,people,,true\ncare.doctors,6,")],
    ),
    "a contract that is kinder": (
        {
            "rota_needs_are_worked_out",
            "rota_is_filled",
            "staff_needed_is_right",
            "staff_short_is_right",
            "listed_options_are_lawful",
            "staff_go_where_they_are_missing",
            "measures_are_right",
            "rotas_are_those_asked_for",
        },
        [("config.yaml", "direct_care_pas:\n    value: 7.5", "direct_care_pas:\n    value: 1.5")],
    ),
    "a need that is not the sum's": (
        {"rota_is_filled"},
        [("rules.csv", "ash.doctors.people,4,>=,3,", "ash.doctors.people,4,>=,2,")],
    ),
    "a contract without a term": (
        {"config_is_understood"},
        [("config.yaml", "  direct_care_pas:\n    value: 7.5", "  direct_care_pas:\n    value: 0")],
    ),
    "cover that overlaps": (
        {"config_is_understood"},
        [
            (
                "config.yaml",
                "        - days:\n          - Mon\n",
                "        - {days: [Mon], start_hour: 9, hours: 1, people: 1}\n        - days:\n          - Mon\n",
            )
        ],
    ),
    "a shift that is not worked": (
        {"enough_people_are_present", "rotas_are_those_asked_for"},
        [("rotas.csv", "WORKED", "")],
    ),
    "a shift at another time": (
        {"enough_people_are_present", "rotas_are_those_asked_for"},
        [("rotas.csv", "WORKED", "09:00,19:00")],
    ),
    "hours that are not": ({"hours_are_end_less_start"}, [("rotas.csv", "WORKED", "08:00,18:00,9")]),
    "a law that is stricter": (
        {"mean_hours_are_within_limit"},
        [("config.yaml", "mean_hours:\n    value: 48", "mean_hours:\n    value: 12")],
    ),
    "another rota": (
        {"rotas_are_those_asked_for"},
        [("rotas.csv", "hours\n", "hours\nlabs.doctors,1,Mon,,,,,0\n")],
    ),
    "a law left out": (
        {"config_is_understood"},
        [("config.yaml", "  mean_hours:\n    value: 48", "  mean_minutes:\n    value: 48")],
    ),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(op.solve(ask(tmp_path_factory.mktemp("honest"), ROTA)))


@pytest.mark.parametrize("fault", SEEDED)
def test_a_seeded_fault_is_found_under_its_own_name(fault: str, honest: dict[str, bytes]) -> None:
    expected, edits = SEEDED[fault]
    files = dict(honest)
    for name, old, new in edits:
        text = files[name].decode()
        if old == "WORKED":
            old = next(line for line in text.splitlines() if ",D," in line)
            times = new if new.count(",") == 2 else f"{new},10"
            new = f"{old.split(',D,')[0]},D,resident,{times}" if new else f"{old.split(',D,')[0]},,,,,0"
            expected = expected if times != ",10" else {"enough_people_are_present"}
        assert text.count(old) == 1, (old, text.count(old))
        files[name] = text.replace(old, new).encode()
    found = check(sealed(files))
    assert set(found["check"]) == expected, "\n".join(found["message"])


def test_no_damage_to_cover_ends_in_a_traceback(honest: dict[str, bytes]) -> None:
    dice = random.Random(5)
    for _ in range(40):
        name = dice.choice(["config.yaml", "rotas.csv", "rota_needs.csv"])
        content = honest[name]
        start = dice.randrange(max(0, content.find(b"cover:")), len(content))
        new = bytes(dice.choice(b"0179.-,:{}[]\"'\n aex#&*!/") for _ in range(dice.choice([0, 1, 2])))
        damaged = content[:start] + new + content[start + dice.choice([0, 1, 2, 5, 30]) :]
        found = check(sealed({**honest, name: damaged}))
        # A config's own words on where its figures come from are nobody's claim.
        assert damaged == content or not found.empty or name == "config.yaml"


@pytest.mark.parametrize("name", ["rotas.csv", "rota_needs.csv"])
def test_a_table_of_cover_that_is_missing_unlisted_or_uncalled_for_is_found(
    name: str, honest: dict[str, bytes]
) -> None:
    assert "files_can_be_read" in set(check(sealed({n: one for n, one in honest.items() if n != name}))["check"])
    changed = {**honest, name: honest[name] + b"\n"}
    assert "files_are_as_listed" in set(check(changed)["check"])
    bare = honest["config.yaml"].decode()
    start, end = bare.index("        cover:"), bare.index("  labs:")
    uncalled = sealed({**honest, "config.yaml": (bare[:start] + bare[end:]).encode()})
    assert {"rota_needs_are_worked_out", "rotas_are_those_asked_for"} <= set(check(uncalled)["check"])


def test_every_check_of_rotas_is_made_to_speak_here_or_in_the_tests_of_patterns() -> None:
    spoken = {name for expected, _ in SEEDED.values() for name in expected}
    assert {"rota_needs_are_worked_out", "rotas_are_those_asked_for"} <= spoken
    assert set(PATTERN_CHECKS) <= set(CHECKS)


@seeds(12)
def test_whatever_the_cover_solver_list_and_check_agree(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    hours = dice.choice([6, 8.5, 10, 12])
    days = dice.sample(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], dice.randint(1, 7))
    start = dice.choice([0, 7.5, 13, 20])
    block = f"days: [{', '.join(days)}], start_hour: {start}, hours: {hours}, people: {dice.randint(1, 2)}"
    stated = dice.choice(["", "wte: 1.25, ", "people: 3, ", "people: 1, wte: 2, "])
    short = dice.choice(["may_fall_short: true, ", ""])
    first = dice.choice([0, 20, 22])
    shifts = ", ".join(
        f'{code}: {{start: "{hour % 24:02d}:00", end: "{(hour + 8) % 24:02d}:30"}}'
        for code, hour in (("A", first), ("B", first + 8), ("C", first + 16))
    )
    law = f"working_time: {{prospective_cover: {dice.choice(['true', 'false'])}, rest_hours: {dice.choice([8, 11])}}}\n"
    problem = ask(tmp_path, f"{stated}{short}cover: [{{{block}}}], shifts: {{{shifts}}}", law, staff=STAFFED)
    for designated in ({("ash", "care")}, {("birch", "care")}, {("ash", "care"), ("birch", "care")}):
        found = op.check(op.evaluate(problem, designated | {("ash", "labs")}))
        assert found.empty, "\n".join(found["message"])
    try:
        plan = op.solve(problem)
    except op.errors.NoPlan:
        return
    assert plan.proof.enumeration is not None and plan.proof.outcome == "proved best"
    assert op.check(plan).empty
    assert all(isinstance(rota, RotaNeed) for rota in problem.services["care"].rotas)


# The page ------------------------------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]


def markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).itertuples(index=False)]
    page = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return page.replace("|  |", "| |").replace("|  |", "| |")


def test_the_page_says_what_the_what_if_comes_to() -> None:
    problem = question("what_if/emergency_rotas_from_cover")
    plan, page = answer("what_if/emergency_rotas_from_cover"), (ROOT / "docs/rotas.md").read_text(encoding="utf-8")
    assert plan.rotas is not None and plan.rota_needs is not None
    emergency = "emergency_department.emergency_consultants"
    steps = plan.rota_needs[plan.rota_needs["rota"] == emergency]
    steps = steps[["step", "term", "exact", "value", "unit", "verified"]].copy()
    steps["value"] = [f"{value:.4g}" for value in steps["value"]]
    steps["verified"] = steps["verified"].map({True: "yes", False: "no"})
    assert markdown(steps) in page
    assert markdown(grid(plan.rotas[plan.rotas["rota"] == emergency]).reset_index()) in page
    assert len(plan.sites_of("emergency_department")) == 2
    today = measures.table(op.evaluate(problem, problem.today))
    group = "emergency_consultants (WTE)"
    found = [measures.number(today, name, "", group) for name in ("staff_in_post", "staff_needed", "staff_short")]
    assert [round(value, 2) for value in found] == [25, 32.44, 7.44]
