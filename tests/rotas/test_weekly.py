"""Weekly patterns as they are written: on call from home, free weeks between, and every rota of the shipped questions.

One on call from home at all hours, 1 in 6: a day each, one person takes Saturday and Sunday, and going round
(Sat and Sun of week 1, then Fri of week 2, Thu of week 3 …) everybody has at least five days between two turns.
"""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from drawing import seeds
from shipped import answer as solved
from test_covers import EVERY_DAY, OFFICE, STAFFED, ask, sealed

import optimiser as op
from optimiser.checker import check
from optimiser.checker.patterns import ON_CALL_CHECKS
from optimiser.plan.runs import files_of
from optimiser.report import summary
from optimiser.rotas import DAYS, Cover, Roster, Shape, Shift, WorkingTime, drawn, grid, legend
from optimiser.rotas.weekly import NO_DUTY, written

ROOT = Path(__file__).parents[2]
HALF_HOURS = 7 * 48
SIXTEEN_HOURS = Shape(
    "sixteen hours",
    (Cover(DAYS, 8, 16),),
    (Shift("E", "08:00", "16:00"), Shift("L", "16:00", "00:00", 0)),
)


def cells(table: pd.DataFrame) -> list[str]:
    return [" ".join(week) for week in grid(table).itertuples(index=False)]


def test_one_in_six_from_home_is_a_table_of_six_weeks_in_which_turns_are_evenly_apart():
    table = written("on call", None, [Cover(DAYS, 8, 24, kind="on_call")], 6)
    assert cells(table) == [
        "– – – – – C C",
        "– – – – C – –",
        "– – – C – – –",
        "– – C – – – –",
        "– C – – – – –",
        "C – – – – – –",
    ]
    assert legend(table) == ["C 08:00 to 08:00, on call from home"]
    days = [
        7 * week + day
        for week, codes in enumerate(cells(table))
        for day, code in enumerate(codes.split())
        if code != NO_DUTY
    ]
    gaps = {after - before for before, after in zip(days, [*days[1:], days[0] + 42], strict=True)}
    assert gaps == {1, 5, 6, 12}  # 1 within the weekend, 12 from the Monday to the next weekend


def test_fewer_people_take_more_turns_and_two_seats_are_two_people():
    three = written("on call", None, [Cover(DAYS, 8, 24, kind="on_call")], 3)
    assert cells(three) == ["– – C – – C C", "– C – – C – –", "C – – C – – –"]
    two = written("on call", None, [Cover(DAYS, 8, 24, 2, kind="on_call")], 7)
    on = grid(two).ne(NO_DUTY).sum()
    assert set(on) == {2}


def test_free_weeks_between_keep_a_legal_pattern_legal_and_nobody_is_on_call_near_a_shift_who_need_not_be():
    roster = Roster("rota", WorkingTime(), 10, SIXTEEN_HOURS, (Cover(DAYS, 0, 8, kind="on_call"),))
    table = roster.table()
    smallest = roster.smallest()
    assert smallest is not None and smallest.people == 4
    assert len(grid(table)) == 10
    assert (grid(table) == NO_DUTY).all(axis=1).sum() >= 4
    assert not any(" " in cell for cell in grid(table).to_numpy().ravel())
    assert follow(table, [Cover(DAYS, 8, 16)], [Cover(DAYS, 0, 8, kind="on_call")]) == []


def test_where_too_few_are_free_one_more_shares_the_rota():
    # Four people keep 16 hours; two of them are free at any time, so two may be on call day and night, and not three.
    on_call = (Cover(DAYS, 0, 24, 2, kind="on_call"),)
    assert len(grid(Roster("rota", WorkingTime(), 1, SIXTEEN_HOURS, on_call).table())) == 4
    three = (Cover(DAYS, 0, 24, 3, kind="on_call"),)
    assert len(grid(Roster("rota", WorkingTime(), 1, SIXTEEN_HOURS, three).table())) == 5


def test_a_rota_is_drawn_as_people_read_it():
    lines = drawn(written("unit.doctors", None, [Cover(DAYS, 8, 24, kind="on_call")], 2))
    assert lines[0].startswith("unit.doctors: 2 people. Everybody works week 1, then week 2")
    assert lines[1].split() == list(DAYS)
    assert lines[3].split() == ["1", "C", "–", "C", "–", "–", "C", "C"] or lines[3].startswith("1")
    assert lines[-1] == "C 08:00 to 08:00, on call from home"


# Followed hour by hour, in the plainest way: every person through every week of two cycles --------------------------


def slots_of(cover: list[Cover]) -> list[int]:
    """Return how many are asked for in each half-hour of the week."""
    asked = [0] * HALF_HOURS
    for block in cover:
        for day in block.days:
            first = DAYS.index(day) * 48 + int(block.start_hour * 2)
            for slot in range(first, first + int(block.hours * 2)):
                asked[slot % HALF_HOURS] += block.people
    return asked


def follow(
    table: pd.DataFrame, resident: list[Cover], on_call: list[Cover], law: WorkingTime | None = None
) -> list[str]:
    """Return what is wrong with a pattern, each person followed through every half-hour of two cycles."""
    law, people = law or WorkingTime(), int(table["week"].max())
    length = 2 * people * HALF_HOURS
    works = [[0] * (length + 96) for _ in range(people)]
    called = [[0] * (length + 96) for _ in range(people)]
    starts: list[list[tuple[int, int, bool]]] = [[] for _ in range(people)]
    for person in range(people):
        for week in range(-1, 2 * people):
            for row in table[table["week"] == (week + person) % people + 1].itertuples():
                if not row.start:
                    continue
                hour, minute = str(row.start).split(":")
                first = week * HALF_HOURS + DAYS.index(str(row.day)) * 48 + int(hour) * 2 + int(minute) // 30
                line = works if row.kind == "resident" else called
                for slot in range(first, first + int(2 * float(str(row.hours)))):
                    if 0 <= slot < len(line[person]):
                        line[person][slot] += 1
                if row.kind == "resident" and first >= 0:
                    starts[person].append((first, int(2 * float(str(row.hours))), False))
    faults = []
    seen = range(HALF_HOURS, length)
    for name, line, cover in (("resident", works, resident), ("on call", called, on_call)):
        asked = slots_of(cover)
        if any(sum(each[slot] for each in line) < asked[slot % HALF_HOURS] for slot in seen):
            faults.append(f"too few {name}")
    for person in range(people):
        if any(works[person][slot] + called[person][slot] > 1 for slot in seen):
            faults.append("in two places")
        total, most = sum(works[person][:HALF_HOURS]), 0
        for slot in range(length - HALF_HOURS):
            most = max(most, total)
            total += works[person][slot + HALF_HOURS] - works[person][slot]
        if most > 2 * law.hours_in_168.value:
            faults.append("72 hours")
        if sum(works[person][:length]) / 2 / (2 * people) > law.mean_hours.value:
            faults.append("mean hours")
        ordered = sorted(starts[person])
        for (before, lasts, _), (after, *_) in pairwise(ordered):
            if after - before - lasts < 2 * law.rest_hours.value:
                faults.append("rest")
        weekends = [any(works[person][w * HALF_HOURS + 240 : (w + 1) * HALF_HOURS]) for w in range(2 * people)]
        if people > 1 and any(one and other for one, other in pairwise(weekends)):
            faults.append("two weekends in a row")
    return sorted(set(faults))


@pytest.mark.parametrize("name", ["base", "care_model"])
def test_every_rota_that_a_shipped_plan_relies_on_is_written_down_and_can_be_worked_hour_by_hour(name: str):
    plan = solved(name)
    assert plan.rotas is not None
    relied_on = {
        (f"{code}.{rota.team}", rota.needed.value, rota.roster)
        for code, service in plan.problem.services.items()
        for rota in service.rotas
        if plan.sites_of(code)
    }
    assert {rota for rota, *_ in relied_on} == set(plan.rotas["rota"])
    for rota, needed, roster in relied_on:
        assert isinstance(roster, Roster)
        table = plan.rotas[plan.rotas["rota"] == rota]
        assert table["week"].max() >= needed
        resident = list(roster.shape.cover) if roster.shape else []
        assert follow(table, resident, list(roster.on_call), roster.law) == [], rota
    assert "rotas.csv, drawn by `optimiser rotas RUN`." in " ".join(summary.lines(plan))


def test_the_follower_finds_what_is_wrong():
    table = written("on call", None, [Cover(DAYS, 8, 24, kind="on_call")], 2)
    assert follow(table, [], [Cover(DAYS, 8, 24, 2, kind="on_call")]) == ["too few on call"]
    smallest = Roster("rota", WorkingTime(), 4, SIXTEEN_HOURS).table()
    assert follow(smallest, [Cover(DAYS, 8, 16, 2)], []) == ["too few resident"]
    early = smallest.assign(start=smallest["start"].where(smallest["day"] != "Tue", "00:00"))
    assert {"rest", "too few resident"} <= set(follow(early, [Cover(DAYS, 8, 16)], []))


def test_the_summary_says_where_a_pattern_takes_more_people_than_the_rota_asks_for(tmp_path: Path):
    # One seat at all hours in shifts of twelve takes four within the law, whatever floor a standard states.
    round_the_clock = f"cover: [{{{EVERY_DAY}, start_hour: 8, hours: 24}}]"
    shifts = 'shifts: {D: {start: "08:00", end: "20:30"}, N: {start: "20:00", end: "08:30"}}'
    for folder, people in (("few", 2), ("enough", 4)):
        rota = f"people: {people}, may_fall_short: true, consultant_contract: false, {round_the_clock}, {shifts}"
        plan = op.evaluate(ask(tmp_path / folder, rota, staff=STAFFED), {("ash", "care"), ("ash", "labs")})
        words = "The weekly pattern of care.doctors takes 4 people within the law; the rota asks for 2 only."
        assert (words in summary.lines(plan)) == (people == 2)


# The run and its check --------------------------------------------------------------------------------------

NIGHTS = f"{{{EVERY_DAY}, start_hour: 18, hours: 14, kind: on_call}}"
DAY_SHIFT = 'shifts: {D: {start: "08:00", end: "18:00", handover_minutes: 0}}'
BOTH = f"people: 2, one_in: 3, cover: [{OFFICE}, {NIGHTS}], {DAY_SHIFT}"


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(op.solve(ask(tmp_path_factory.mktemp("honest"), BOTH)))


def test_a_rota_at_work_by_day_and_on_call_by_night_is_one_pattern(honest: dict[str, bytes]) -> None:
    assert check(honest).empty
    text = honest["rotas.csv"].decode()
    assert text.count(",C,on_call,18:00,08:00,14") == 7
    assert text.count(",D,resident,08:00,18:00,10") == 5


def first(text: str, part: str) -> str:
    return next(line for line in text.splitlines(keepends=True) if part in line)


def without_a_night(text: str) -> str:
    line = first(text, ",C,")
    return text.replace(line, f"{line.split(',C,')[0]},,,,,0\n")


def another_hour(text: str) -> str:
    line = first(text, ",C,")
    return text.replace(line, line.replace("18:00,08:00,14", "18:00,08:00,13"))


def another_start(text: str) -> str:
    line = first(text, ",C,")
    return text.replace(line, line.replace("18:00,08:00,14", "19:00,08:00,13"))


def called_while_at_work(text: str) -> str:
    """Let the person with the first day shift be on call in its middle too."""
    line = first(text, ",D,")
    return text.replace(line, line + line.replace("D,resident,08:00,18:00,10", "C,on_call,09:00,10:00,1"))


SEEDED = {
    "a night that nobody has": ({"on_call_cover_is_given"}, without_a_night),
    "hours on call that are not": ({"on_call_cover_is_given"}, another_hour),
    "a night from another hour": ({"on_call_cover_is_given", "rotas_are_those_asked_for"}, another_start),
    "on call while at work": (
        {"on_call_cover_is_given", "rotas_are_those_asked_for", "nobody_is_on_call_and_at_work"},
        called_while_at_work,
    ),
}


@pytest.mark.parametrize("fault", SEEDED)
def test_a_seeded_fault_on_call_is_found_under_its_own_name(fault: str, honest: dict[str, bytes]) -> None:
    expected, spoil = SEEDED[fault]
    files = sealed({**honest, "rotas.csv": spoil(honest["rotas.csv"].decode()).encode()})
    assert set(check(files)["check"]) == expected


def test_the_command_draws_every_rota_of_a_run(honest: dict[str, bytes], tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from optimiser.cli.app import app
    from optimiser.plan.runs import write_files

    run = write_files(honest, tmp_path / "run")
    drawing = CliRunner().invoke(app, ["rotas", str(run)]).stdout
    assert drawing.startswith("care.doctors: 3 people.") and "Mon Tue Wed" in drawing
    assert "C 18:00 to 08:00, on call from home" in drawing and "D 08:00 to 18:00" in drawing
    as_json = CliRunner().invoke(app, ["rotas", str(run), "--json"]).stdout
    assert pd.DataFrame(json.loads(as_json)).shape[1] == 8
    bare = write_files({n: one for n, one in honest.items() if n != "rotas.csv"}, tmp_path / "bare")
    assert "there is no pattern" in CliRunner().invoke(app, ["rotas", str(bare)]).stdout


def test_a_pattern_for_fewer_than_are_needed_and_one_too_often_are_found(honest: dict[str, bytes]) -> None:
    # Two weeks: everybody is on call 1 in 2, where at most 1 in 3 is allowed and three people are needed.
    table = written(
        "care.doctors",
        Roster(
            "x", WorkingTime(), 2, Shape("x", (Cover(DAYS[:5], 8, 10),), (Shift("D", "08:00", "18:00", 0),))
        ).smallest(),
        [Cover(DAYS, 18, 14, kind="on_call")],
        2,
    )
    files = sealed({**honest, "rotas.csv": table.to_csv(index=False).encode()})
    assert set(check(files)["check"]) == {"nobody_is_on_call_too_often", "rotas_are_those_asked_for"}
    assert {name for expected, _ in SEEDED.values() for name in expected} | {"nobody_is_on_call_too_often"} >= set(
        ON_CALL_CHECKS
    )


@seeds(8)
def test_whatever_the_cover_on_call_the_pattern_is_written_and_the_check_agrees(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    start = dice.choice([0, 7.5, 16, 20])
    days = sorted(dice.sample(DAYS, dice.randint(1, 7)), key=DAYS.index)
    length, seats = dice.choice([4, 8, 12, 24]), dice.randint(1, 3)
    home = f"{{days: [{', '.join(days)}], start_hour: {start}, hours: {length}, kind: on_call, people: {seats}}}"
    shifts = f", {DAY_SHIFT}" if dice.random() < 0.7 else ""
    office = f"{OFFICE}, " if shifts else ""
    stated = dice.choice(["people: 3, ", "one_in: 4, ", "wte: 1.5, ", "people: 1, one_in: 2.0, "])
    problem = ask(tmp_path, f"{stated}may_fall_short: true, cover: [{office}{home}]{shifts}", staff=STAFFED)
    for designated in ({("ash", "care")}, {("ash", "care"), ("birch", "care")}):
        plan = op.evaluate(problem, designated | {("ash", "labs")})
        assert op.check(plan).empty, "\n".join(op.check(plan)["message"])
        roster = problem.services["care"].rotas[0].roster
        assert plan.rotas is not None and isinstance(roster, Roster)
        assert follow(plan.rotas, list(roster.shape.cover) if roster.shape else [], list(roster.on_call)) == []
    assert op.check(op.solve(problem)).empty
