"""What a config changes: the same as tables edited by hand, and as a sweep of one scenario, and checked by itself."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import test_parameters
from as_files import with_files
from command import optimiser
from drawing import draws
from hypothesis import assume, given
from made_up_place import CONFIG, TABLES, write_config, write_question
from pandas.testing import assert_frame_equal
from test_sweep import found_by, questions, sweep_of

from optimiser.checker import check
from optimiser.errors import InputError, NoPlan
from optimiser.inputs import read_question
from optimiser.inputs.assembling import problem_of
from optimiser.inputs.config import draft_config
from optimiser.inputs.tables import look_at_place
from optimiser.plan import Plan, evaluate
from optimiser.plan.finished import run_of
from optimiser.plan.runs import files_of
from optimiser.problem import Figure, Problem
from optimiser.problem.parameters import changed, parameters
from optimiser.problem.words import of_changes
from optimiser.report import rests_on, screen, summary
from optimiser.report.page.build import page
from optimiser.scenarios.settings import Sweep, read_sweep
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]
WHY = "drawn"
Files = dict[str, bytes]
Rows = list[dict[str, str]]


def files_asking(problem: Problem, change: Mapping[str, Any] | None = None, **more: Any) -> Files:
    """Return a world as a config with what it changes, and the tables of its place."""
    files = dict(with_files(problem).files)
    said = json.loads(files["config.yaml"]) | more
    if change:
        said["change"] = {name: {"value": value, "reason": WHY} for name, value in change.items()}
    files["config.yaml"] = json.dumps(said).encode()
    if "corridor" in problem.areas:
        rows = "".join(f"{area},{road}\n" for area, road in problem.areas["corridor"].items() if road)
        files["inputs/corridors.csv"] = f"area,corridor\n{rows}".encode()
    return {name: content for name, content in files.items() if content.count(b"\n") > 1 or name.endswith(".yaml")}


def asked(files: Files, folder: Path) -> Problem:
    """Return the question that files ask, with them beside it: drawn worlds ask for much that a config may not."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    config = draft_config(folder / "config.yaml").config
    assert config is not None
    place, _ = look_at_place(config.place)
    assert place is not None
    return replace(problem_of(config, place), files=files)


# By hand --------------------------------------------------------------------------------------------------------------


def edited(files: Files, values: Mapping[str, float]) -> Files:
    """Return files that ask the same without a change: tables and settings as somebody would edit them."""
    found = dict(files)
    said = json.loads(files["config.yaml"])
    for name, value in values.items():
        kind, *names = name.split(".")
        by = Fraction(Decimal(repr(value)))
        if kind == "journey_factor":
            on = {row["area"] for row in rows_of(found, "corridors") if row["corridor"] in names}
            cells(found, "journeys", "minutes", lambda row: not names or row["area"] in on, by)  # noqa: B023
            if not names:
                cells(found, "transfers", "minutes", lambda _row: True, by)
        elif kind == "journeys":
            by_area = {row["area"]: row["district"] for row in rows_of(found, "areas")}
            where = {area for area in by_area if names[2:] in ([], [area], [by_area[area]])}
            rows = rows_of(found, "journeys")
            for row in rows:
                if row["area"] in where and row["site"] == names[0]:
                    row["minutes"] = str(max(Decimal(row["minutes"]) + Decimal(repr(value)), Decimal(0)))
            write(found, "journeys", rows)
        elif kind == "demand_factor":
            cells(found, "demand", "patients_per_year", lambda row: row["activity"] == names[0], by)  # noqa: B023
        elif kind == "people_factor":
            older = {row["area"]: share_from_65(row) for row in rows_of(found, "areas")}
            for area, share in older.items():
                times = 1 + (by - 1) * (share if names[0] == "from_65" else 1 - share)
                cells(found, "demand", "patients_per_year", lambda row: row["area"] == area, times)  # noqa: B023
        elif kind == "staff":
            staff(found, names, value)
        elif not names:
            said[kind] = {"value": value, "source": WHY}
        else:
            service = said["services"][names[0]]
            group = {"stay_days": "beds", "dwell_minutes": "transfer", "share_transferred": "transfer"}.get(kind)
            (service[group] if group else service)[kind] = {"value": value, "source": WHY}
    found["config.yaml"] = json.dumps(said).encode()
    return found


def share_from_65(row: Mapping[str, str]) -> Fraction:
    return Fraction(int(row["population_65_plus"]), int(row["population"]))


def rows_of(files: Files, table: str) -> Rows:
    return list(csv.DictReader(files.get(f"inputs/{table}.csv", b"").decode().splitlines()))


def write(files: Files, table: str, rows: Rows) -> None:
    if rows:
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        files[f"inputs/{table}.csv"] = "".join(f"{line}\n" for line in lines).encode()


def cells(files: Files, table: str, column: str, chosen: Callable[[Mapping[str, str]], bool], by: Fraction) -> None:
    """Multiply the cells of some rows, each rounded to six decimals, halves to the even one."""
    rows = rows_of(files, table)
    for row in rows:
        if chosen(row) and row[column]:
            row[column] = f"{Decimal(round(Fraction(row[column]) * by * 10**6)) / 10**6:f}"
    write(files, table, rows)


def staff(files: Files, names: list[str], value: float) -> None:
    """Put so many of a team at a site, or share so many out between all, by the largest remainder."""
    team, unit, *sites = names
    column = unit.lower()
    rows = rows_of(files, "staff")
    mine = [row for row in rows if row["team"] == team and (not sites or row["site"] == sites[0])]
    each = [Fraction(value)]
    if not sites:
        there = [Fraction(row[column] or 0) for row in mine]
        parts = 1 if unit == "people" else 10**6
        due = [Fraction(value) * parts * (n / sum(there) if sum(there) else Fraction(1, len(mine))) for n in there]
        whole = [int(one) for one in due]
        for n in sorted(range(len(due)), key=lambda n: (whole[n] - due[n], n))[: int(value * parts) - sum(whole)]:
            whole[n] += 1
        each = [Fraction(n, parts) for n in whole]
    for row, number in zip(mine, each, strict=True):
        row[column] = f"{float(number):g}"
    write(files, "staff", rows)


def answered(problem: Problem) -> Plan | None:
    try:
        return solve(problem)
    except NoPlan:
        return None


@draws(40)
@given(questions())
def test_a_change_is_what_tables_edited_by_hand_and_a_sweep_of_one_scenario_are_and_the_checker_agrees(
    tmp_path_factory: pytest.TempPathFactory, sweep: Sweep
):
    world, values = sweep.problem, dict(sweep.settings.scenarios[0])
    folder = tmp_path_factory.mktemp("changed")
    base = asked(files_asking(world), folder / "base")
    ordered = parameters(base, values)
    stated = {name: value for name, value in values.items() if name in ordered}
    signed = {name: f"{value:+g}" if name.startswith("journeys.") else value for name, value in stated.items()}
    assume(can_be_made(base, stated))
    here = asked(files_asking(world, signed), folder / "changed")
    known = [name for name in ordered if name in stated]
    by_hand = asked(edited(files_asking(world), {name: stated[name] for name in known}), folder / "by_hand")
    same_question(here, by_hand)
    assert [one.name for one in here.changed] == known
    plan, other = answered(here), answered(by_hand)
    finding = found_by(sweep_of(base, [stated]))
    best = int(finding.results.best[0])
    if plan is None or other is None:
        assert plan is other and best < 0
        return
    assert plan.designated == other.designated
    assert_frame_equal(plan.measures, other.measures)
    assert plan.proof.objectives == other.proof.objectives
    first = finding.results.values[0, best] / finding.results.scale
    assert first == pytest.approx(plan.proof.objectives[0].value, rel=1e-12, abs=1e-9)
    breaches = check(files_of(plan))
    assert breaches.empty, breaches.to_string()


def can_be_made(problem: Problem, values: Mapping[str, float]) -> bool:
    """Whether no journey would take less than nothing, with what is changed before: that is refused of a config."""
    for name in parameters(problem, values):
        if name in values:
            parameter = parameters(problem, [name])[name]
            if parameter.refuses(values[name]):
                return False
            problem = parameter.apply(problem, values[name])
    return True


def same_question(one: Problem, other: Problem) -> None:
    for name in ("journeys", "transfers", "demand", "areas"):
        assert_frame_equal(getattr(one, name), getattr(other, name), check_dtype=False)
    assert {key: n for key, n in one.staff.items() if n} == {key: n for key, n in other.staff.items() if n}
    assert one.services == other.services
    assert one.most_transfers_a_year == other.most_transfers_a_year
    assert (one.border and one.border.pull.value) == (other.border and other.border.pull.value)


# Every kind, and whatever rests on it ---------------------------------------------------------------------------------


def everything() -> Problem:
    """Return a world in which every kind of parameter has something to vary, but for growth."""
    return replace(test_parameters.everything(), growth=None, files={})


GROWTH = {"growth": {"years": 2, "by_activity": {"visit": 0.1}}, "year": 2027}


def test_whatever_a_sweep_can_vary_a_config_can_change_and_the_checker_knows_it(tmp_path: Path):
    whole = asked(files_asking(everything(), demand=GROWTH), tmp_path / "whole")
    known = parameters(whole)
    assert {one.split(".")[0] for one in known} == {
        one.split(".")[0] for one in parameters(test_parameters.everything())
    }
    for number, (name, parameter) in enumerate(known.items()):
        value = float(parameter.low + (parameter.high - parameter.low) / 2)
        here = asked(files_asking(everything(), {name: value}, demand=GROWTH), tmp_path / str(number))
        same_question(here, changed(whole, {name: Figure(value, WHY)}))
        plan = evaluate(here, here.today)
        assert check(files_of(plan)).empty, name
        assert of_changes(here)[0].startswith(f"Changed: {parameter.said_with(value)}")
        assert json.loads(files_of(plan)["run.json"])["changed"][0]["was"] == float(parameter.current(whole))


def test_configs_sweeps_and_the_page_on_changes_know_the_same_names(tmp_path: Path):
    base = write_question(tmp_path, CONFIG)
    problem = read_question(base).problem
    whence = ("district.West", "area.A1", "everywhere")
    names = [*parameters(problem), *(f"journeys.ash.from_{one}" for one in whence)]
    known = parameters(problem, names)
    values = {name: float(known[name].low) for name in names}
    scenarios = "".join(f"  - {{{name}: {value}}}\n" for name, value in values.items())
    sweep = write_config(tmp_path, "sweep.yaml", f"title: A\nconfig: base.yaml\nscenarios:\n{scenarios}")
    assert [list(one) for one in read_sweep(sweep).settings.scenarios] == [[name] for name in names]
    for name, value in values.items():
        said = f"{value:+g}" if name.startswith("journeys.") else f"{value:g}"
        text = f"based_on: base.yaml\nchange: {{{name}: {{value: {said}, reason: Asked}}}}\n"
        assert [one.name for one in read_question(write_config(tmp_path, "w.yaml", text)).problem.changed] == [name]
    for stranger in ("weather", "staff.nobody.people", "journeys.ash.from_area.A9", "journeys.x.from_everywhere"):
        with pytest.raises(InputError, match=stranger):
            read_sweep(write_config(tmp_path, "no.yaml", f"title: A\nconfig: base.yaml\ngrid: {{{stranger}: [1]}}\n"))
        text = f"based_on: base.yaml\nchange: {{{stranger}: {{value: +1, reason: Asked}}}}\n"
        with pytest.raises(InputError, match=stranger):
            read_question(write_config(tmp_path, "no.yaml", text))
    # The page tells of every kind that there is, and of no other.
    _, table = (Path(__file__).parents[2] / "docs/change.md").read_text("utf-8").split("| name | value |", 1)
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    told = {name.split(".")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell)} - {""}
    assert told == {one.split(".")[0] for one in parameters(test_parameters.everything())} | {"journeys"}


def test_changes_are_made_in_one_order_each_on_top_of_those_before_and_the_checker_does_the_same(tmp_path: Path):
    change = {
        "staff.doctors.people.ash": "+1",
        "staff.doctors.people": "x2",
        "people_factor.from_65": 1.1,
        "demand_factor.visit": "x1.25",
        "growth_years": "+3",
        "journey_factor.A1": 1.333333,
        "journey_factor": "x0.7",
        "minimum_patients.clinic": "-1.5",
    }
    here = asked(files_asking(everything(), change, demand=GROWTH), tmp_path)
    # Two and four doctors become four and eight, and then one more at ash.
    assert {site: here.staff[site, "doctors", "people"] for site in ("ash", "birch")} == {"ash": 5, "birch": 8}
    # East's 30 patients grow by a tenth a year for five years, by a quarter, and by a tenth of the fifth who are old.
    assert here.demand.loc["east", "visit"] == round(round(round(30 * 1.1**5, 6) * 1.25, 6) * 1.02, 6)
    assert here.journeys.loc["east", "ash"] == round(28 * 1.333333, 6)
    assert here.services["clinic"].minimum_patients == Figure(3.5, WHY)
    assert here.growth and (here.growth.years, here.growth.year) == (5, 2030)
    assert [one.name for one in here.changed][:2] == ["journey_factor", "journey_factor.A1"]
    assert check(files_of(evaluate(here, here.today))).empty


def test_a_sweep_of_years_keeps_what_the_config_changed_of_patients(tmp_path: Path):
    here = asked(files_asking(everything(), {"demand_factor.visit": 1.5}, demand=GROWTH), tmp_path / "here")
    later = asked(files_asking(everything(), {"demand_factor.visit": 1.5, "growth_years": 7}, demand=GROWTH), tmp_path)
    assert changed(here, {"growth_years": 7}).demand.equals(later.demand)


def test_a_change_of_staff_and_roads_of_one_team_over_all_sites_is_checked(tmp_path: Path):
    path = tmp_path / "team.yaml"
    path.write_text(
        f"based_on: {ROOT / 'configs/what_if/one_stroke_team.yaml'}\n"
        "change:\n"
        "  staff.stroke_consultants.people: {value: +2, reason: drawn}\n"
        "  journey_factor: {value: 1.5, reason: drawn}\n"
    )
    problem = read_question(path).problem
    assert problem.in_post("across_sites", "stroke_consultants", "people") == 15
    plan = evaluate(problem, {("basildon", code) for code in problem.services})
    assert check(files_of(plan)).empty


# Faults ---------------------------------------------------------------------------------------------------------------


def test_every_fault_of_changes_is_listed_at_once_with_its_line_and_a_remedy(tmp_path: Path):
    change = """
border: nerest
change:
  staff.doctors.people.brich: {value: 7, reason: Two posts more}
  staff.doctors.people.ash: {value: -5, reason: Nobody}
  staff.doctors.people.birch: 7
  staff.doctors.people: {value: 2.5, reason: Half a doctor}
  journey_factor: {value: 0, reason: No way}
  demand_factor.visit: {value: many, reason: More}
  minimum_patients.care: {value: x1.5}
"""
    with pytest.raises(InputError) as refused:
        read_question(write_question(tmp_path, f"{CONFIG}{change}"))
    lines = f"{CONFIG}{change}".splitlines()
    where = [int(one.place.rpartition(" ")[2]) for one in refused.value.faults]
    names = ["border", "staff.doctors.people.birch", "demand_factor.visit", "minimum_patients.care"]
    names += ["staff.doctors.people.brich", "staff.doctors.people.ash", "staff.doctors.people", "journey_factor"]
    assert [lines[line - 1].split(":")[0].strip() for line in where] == names
    said = [one.message for one in refused.value.faults]
    together = "\n".join(said)
    unknown = 'nothing called "staff.doctors.people.brich" to change in this question'
    assert f'{unknown}. Did you mean "staff.doctors.people.birch"?' in together
    assert "staff.doctors.people.ash must be at least 0, not -1 (-5 to 4). Correct it." in together
    assert "needs a reason. Write {value: 7, reason: Why it is changed}." in together
    assert "staff.doctors.people must be a whole number, not 2.5. Correct it." in together
    assert "journey_factor is a factor and must be above 0, not 0. Correct it." in together
    assert 'must be a number such as 7, or such as x1.2, +15 or -2, not "many".' in together
    assert '"reason" is missing' in together


@pytest.mark.parametrize(
    ("value", "doctors"),
    [("7", 7), ("+2", 6), ("'+2'", 6), ("-1", 3), ("x1.5", 6), ("×1.5", 6), ("'x 0.5'", 2), ("−3", 1), ("0", 0)],
)
def test_a_value_is_a_number_or_how_it_is_changed_however_that_is_written(tmp_path: Path, value: str, doctors: int):
    change = f"change:\n  staff.doctors.people.ash: {{value: {value}, reason: Why}}\n"
    problem = read_question(write_question(tmp_path, f"{CONFIG}{change}")).problem
    assert problem.staff["ash", "doctors", "people"] == doctors
    # What a run keeps asks the same.
    folder = tmp_path / "kept"
    assert asked(dict(problem.files), folder).staff == problem.staff


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("demand_factor.visit", "1e300"),
        ("demand_factor.visit", "x1000"),
        ("journey_factor", "1001"),
        ("growth_years", "3"),
    ],
)
def test_what_is_beyond_all_sense_is_refused(tmp_path: Path, name: str, value: str):
    demand = TABLES["demand"].replace("A1,visit,10", "A1,visit,1000000")
    change = f"change:\n  {name}: {{value: {value}, reason: Why}}\n"
    with pytest.raises(InputError) as refused:
        read_question(write_question(tmp_path, f"{CONFIG}{change}", demand=demand))
    assert len(refused.value.faults) == 1


def test_a_change_that_makes_sums_too_fine_is_refused_where_it_stands(tmp_path: Path):
    path = tmp_path / "fine.yaml"
    path.write_text(
        f"based_on: {ROOT / 'configs/what_if/treat_and_transfer.yaml'}\n"
        "change:\n"
        "  share_transferred.hyper_acute_stroke: {value: 0.731357, reason: Why}\n"
        "  demand_factor.emergency_attendance: {value: 1.000001, reason: Why}\n"
    )
    with pytest.raises(InputError, match=r"fine.yaml, line 2: .*, or change patients and shares by rounder numbers"):
        read_question(path)


def test_a_what_if_takes_a_change_of_its_base_away_or_states_it_anew(tmp_path: Path):
    change = "change:\n  staff.doctors.people.ash: {value: 7, reason: Why, source: A paper, verified: true}\n"
    write_question(tmp_path, f"{CONFIG}{change}")
    name = "staff.doctors.people.ash"
    without = write_config(tmp_path, "without.yaml", f"based_on: base.yaml\nchange:\n  {name}:\n")
    assert read_question(without).problem.changed == ()
    other = write_config(
        tmp_path, "other.yaml", f"based_on: base.yaml\nchange: {{{name}: {{value: 8, reason: More}}}}\n"
    )
    (one,) = read_question(other).problem.changed
    assert (one.value, one.reason, one.source, one.verified) == (8, "More", "", False)


# Journeys to one site -------------------------------------------------------------------------------------------------


def of_journeys(tmp_path: Path, *lines: str, more: str = "") -> Path:
    """Return a config of the made-up place that changes journeys, each with a reason."""
    change = "".join(f"  {line.replace(': ', ': {value: ')}, reason: Road works}}\n" for line in lines)
    return write_question(tmp_path, f"{CONFIG}{more}change:\n{change}")


def test_journeys_from_an_area_a_district_or_everywhere_to_one_site_take_so_many_minutes_more(tmp_path: Path):
    more = "travel: {factor: 1.5, decimals: 1, times: {peak: 2, night: 1}, time: peak}\n"
    path = of_journeys(
        tmp_path,
        "journeys.birch.from_area.A1: +10.25",
        "journeys.ash.from_district.West: -4.5",
        "journeys.ash.from_district.West.at.peak: +2",
        "journeys.elm.from_district.West.at.night: +60",
        "journeys.elm.from_everywhere: +0.5",
        "journeys.elm.from_everywhere.at.peak: -1",
        "journeys.elm.from_everywhere.at.night: +7",
        "journey_factor: x2",
        more=more,
    )
    problem = read_question(path).problem
    # Of 10 and 15 minutes to ash, 20.5 and 12 to birch; times 1.5 and 2 at peak, and twice as long; then what is added.
    assert problem.journeys["ash"].tolist() == [57.5, 87.5, 300]
    assert problem.journeys["birch"].tolist() == [133.2, 72, 132]
    assert problem.journeys["elm"].tolist() == [239.5, 179.5, 47.5]
    assert [line.partition(". Reason: ")[0] for line in of_changes(problem)] == [
        "Changed: Every journey and every way between sites takes 2 times as long",
        "Changed: Journeys from West to Ash Hospital take 4.5 minutes less",
        "Changed: Journeys from West to Ash Hospital take 2 minutes more at peak",
        "Changed: Journeys from A1 to Birch Hospital take 10.25 minutes more",
        "Changed: Journeys from West to Elm Hospital take 60 minutes more at night, "
        "but the question is not asked at night (travel.time)",
        "Changed: Journeys from everywhere to Elm Hospital take 0.5 minutes more",
        "Changed: Journeys from everywhere to Elm Hospital take 7 minutes more at night, "
        "but the question is not asked at night (travel.time)",
        "Changed: Journeys from everywhere to Elm Hospital take 1 minute less at peak",
    ]
    plan = evaluate(problem, problem.today)
    assert check(files_of(plan)).empty
    assert "minutes_are_the_tables" in lied(files_of(plan), "config.yaml", "-4.5", "-3.5")
    assert "minutes_are_the_tables" in lied(files_of(plan), "config.yaml", "time: peak", "time: night")


def test_what_cannot_be_added_to_journeys_is_refused_with_a_remedy(tmp_path: Path):
    path = of_journeys(
        tmp_path,
        "journeys.ash.from_area.A1: 15",
        "journeys.ash.from_area.A2: x1.2",
        "journeys.ash.from_district.Wset: +1",
        "journeys.asch.from_district.West: +1",
        "journeys.birch.from_area.A2: -12.5",
        "journeys.birch.from_area.A1.at.peak: +1",
        "journeys.elm: +1",
        "journeys.asch.from_everywhere: +1",
        "journeys.ash.from_everywhere.at.noon: +1",
    )
    with pytest.raises(InputError) as refused:
        read_question(path)
    said = [one.message for one in refused.value.faults]
    assert len(said) == 9
    assert said[0].endswith("says how many minutes more or less. Write +15, with its sign.")
    assert said[1].endswith("Write +15, with its sign.")
    assert 'Did you mean "journeys.ash.from_district.West"?' in said[2]
    assert 'Did you mean "journeys.ash.from_district.West"?' in said[3]
    assert said[4] == "journeys.birch.from_area.A2 must be at least -12, not -12.5 (-12.5 to 0). Correct it."
    assert 'Did you mean "journeys.birch.from_area.A1"?' in said[5]
    assert all('Did you mean "journeys.ash.from_everywhere"?' in one for one in said[7:])


def test_a_sweep_varies_journeys_to_one_site_and_refuses_a_time_that_is_not_asked(tmp_path: Path):
    write_question(tmp_path, f"{CONFIG}travel: {{times: {{peak: 2}}}}\n")
    name = "journeys.ash.from_district.West"
    path = write_config(tmp_path, "sweep.yaml", f"title: A\nconfig: base.yaml\ngrid: {{{name}: [-10, 0, 20.5]}}\n")
    finding = found_by(read_sweep(path))
    assert finding.work.way == "one by one"
    # Birch alone would see 4.333333 of the 5 that are asked for, so that everybody is at ash or everybody at birch.
    assert finding.scenarios[name].tolist() == [-10, 0, 20.5]
    best = [10 * 0 + 4.333333 * 5, 10 * 10 + 4.333333 * 15, 10 * 20.5 + 4.333333 * 12]
    assert finding.by_scenario["best_value"].tolist() == pytest.approx(best)
    idle = write_config(tmp_path, "idle.yaml", f"title: A\nconfig: base.yaml\ngrid: {{{name}.at.peak: [0, 20]}}\n")
    with pytest.raises(InputError, match="would change nothing: the question is not asked at peak"):
        read_sweep(idle)


# Closed sites ---------------------------------------------------------------------------------------------------------


def test_a_closed_site_provides_nothing_whatever_is_fixed_there_and_everybody_is_told_and_checks_it(tmp_path: Path):
    closed = "closed_sites: {ash: {reason: A flood, source: The news, verified: true}}\n"
    path = write_question(tmp_path, f"{CONFIG}{closed}")
    problem = read_question(path).problem
    plan = solve(problem)
    # The machines of the laboratories are at ash, and it is the nearest to A1.
    assert {site for site, _ in plan.designated} == {"birch"}
    assert problem.staff["ash", "doctors", "people"] == 4
    said = "Closed: Ash Hospital provides nothing here. Reason: A flood (The news)."
    assert said in summary.lines(plan) and said in screen.lines(plan)
    files = files_of(plan)
    assert b"labs,ash,false,,true,A flood" in files["designations.csv"]
    assert check(files).empty
    assert "fixed_is_as_configured" in lied(files, "config.yaml", "A flood", "A fire")
    assert "config_is_understood" in lied(files, "config.yaml", "closed_sites:\n  ash:", "closed_sites:\n  asch:")
    # Of the same question with the site open, the answer is at ash.
    assert ("ash", "care") in solve(read_question(write_question(tmp_path / "open")).problem).designated


def test_only_a_candidate_can_be_closed_and_only_with_a_reason(tmp_path: Path):
    closed = "closed_sites: {ahs: {reason: A flood}, elm: {reason: A flood}, birch: {source: The news}}\n"
    with pytest.raises(InputError) as refused:
        read_question(write_question(tmp_path, f"{CONFIG}{closed}"))
    said = [one.message for one in refused.value.faults]
    assert said[0].startswith('"reason" is missing from "closed_sites.birch".')
    assert 'there is no site "ahs" in sites.csv. Did you mean "ash"?' in said[1]
    assert '"elm" is a neighbour, and neighbours are never decided on.' in said[2]


# What people are told, and what is checked ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Files:
    change = (
        "change:\n"
        "  staff.doctors.people.birch: {value: 3, reason: One more from April., source: A paper}\n"
        "  demand_factor.visit: {value: 1.5, reason: A new town, verified: true}\n"
    )
    problem = read_question(write_question(tmp_path_factory.mktemp("run"), f"{CONFIG}{change}")).problem
    return files_of(solve(problem))


def lied(run: Files, name: str, old: str, new: str) -> set[str]:
    """Return which checks a run fails of which one thing is altered and whose hashes are made right again."""
    files = run | {name: run[name].replace(old.encode(), new.encode())}
    assert files[name] != run[name]
    record = json.loads(files["run.json"])
    record["files"] = {name: hashlib.sha256(one).hexdigest() for name, one in files.items() if name != "run.json"}
    return set(check(files | {"run.json": json.dumps(record).encode()})["check"])


def test_a_run_whose_changes_were_tampered_with_is_caught(run: Files):
    assert check(run).empty
    ours = "changes_are_those_of_the_config"
    assert "patients_are_the_tables" in lied(run, "config.yaml", "value: 1.5", "value: 1.6")
    assert "staff_in_post_is_the_tables" in lied(run, "config.yaml", "value: 3\n", "value: 4\n")
    assert lied(run, "config.yaml", "One more from April.", "Nobody knows") == {ours}
    assert lied(run, "run.json", '"was": 2.0', '"was": 3.0') == {ours}
    assert lied(run, "run.json", '"value": 1.5,\n      "reason"', '"value": 1.4,\n      "reason"') == {ours}
    assert lied(run, "run.json", '"reason": "A new town"', '"reason": "A new town", "by": "us"') == {ours}
    assert lied(run, "run.json", '"name": "demand_factor.visit"', '"name": "demand_factor.stay"') == {ours}
    assert "config_is_understood" in lied(run, "config.yaml", "demand_factor.visit", "demand_factor.stay")
    assert "config_is_understood" in lied(run, "config.yaml", "value: 1.5", "value: many")


def test_what_was_changed_and_why_stands_in_the_summary_on_the_page_and_among_what_nobody_verified(
    run: Files, tmp_path: Path
):
    for name, content in run.items():
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_bytes(content)
    plan = run_of(tmp_path / "run").plan
    there = "3 Doctors are in post at Birch Hospital, in place of 2"
    staff = f"Changed: {there}. Reason: One more from April (A paper; not verified)."
    patients = "Changed: There are 1.5 times as many patients of visit. Reason: A new town (no source stated)."
    assert of_changes(plan.problem) == [patients, staff]
    for told in (summary.lines(plan), screen.lines(plan)):
        assert {staff, patients} <= set(told)
    html = page([tmp_path / "run"])
    assert f'<p class="note">{staff}</p>' in html and f'<p class="note">{patients}</p>' in html
    assert f"{there} (A paper)" in rests_on.figures(plan)
    assert not [one for one in rests_on.figures(plan) if "1.5 times" in one]


def test_a_question_without_a_plan_records_what_it_changed_and_is_checked(tmp_path: Path):
    change = "change: {staff.doctors.people: {value: 1, reason: All but one leave}}\n"
    path = write_question(tmp_path, f"{CONFIG}{change}")
    done = optimiser("solve", str(path), "--out", str(tmp_path / "run"), cwd=tmp_path)
    assert done.returncode == 4
    assert "Changed: 1 Doctors are in post in all, shared as they are now, in place of 6." in done.stdout
    record = json.loads((tmp_path / "run/run.json").read_bytes())
    assert [one["value"] for one in record["changed"]] == [1]
    assert check(tmp_path / "run").empty
    record["changed"][0]["reason"] = "Nobody knows"
    files = {str(one.relative_to(tmp_path / "run")): one.read_bytes() for one in (tmp_path / "run").rglob("*.*")}
    assert set(check(files | {"run.json": json.dumps(record).encode()})["check"]) == {"changes_are_those_of_the_config"}


def test_the_what_if_that_ships_is_three_lines_and_says_what_it_changed(tmp_path: Path):
    path = ROOT / "configs/what_if/seven_stroke_consultants_at_broomfield.yaml"
    assert len(path.read_text().splitlines()) == 3
    done = optimiser("validate", str(path), cwd=tmp_path)
    assert "Changed: 7 stroke consultants are in post at Broomfield Hospital, in place of 4." in done.stdout
    problem = read_question(path).problem
    assert problem.staff["broomfield", "stroke_consultants", "people"] == 7
