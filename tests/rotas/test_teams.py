"""How a team works: one a site, one across sites, cover from elsewhere, and what is left where a service closes.

The small world's clinic needs three doctors; ash has two and birch four. X-ray may be at either site, and nobody's
journey depends on it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from drawing import seeds
from made_up_place import CONFIG, write_question
from test_checker import names
from test_covers import EVERY_DAY, OFFICE, sealed
from test_pack import accepted
from worlds import small, three_doctors, vary

import optimiser as op
from optimiser.checker import check
from optimiser.errors import InputError, NoPlan
from optimiser.explanation import clash
from optimiser.plan import evaluate, measures
from optimiser.plan.runs import files_of
from optimiser.problem import ACROSS_SITES, Figure, Fixed, Link, Problem, RotaNeed, Team
from optimiser.report import summary
from optimiser.search.enumeration import enumerate_all
from optimiser.search.planning import solve

DOCTORS = ("doctors", "people")


def needed(problem: Problem, *designated: tuple[str, str]) -> dict[str, float]:
    staffing = evaluate(problem, designated).staffing
    return dict(zip(staffing["site"], staffing["needed"], strict=True))


# What is left where a service closes ----------------------------------------------------------------------------------


def test_a_rota_is_needed_only_where_the_other_service_is_not():
    # Three doctors are needed for a clinic without an X-ray room beside it, and none where there is one.
    world = small(rotas=three_doctors(only_without=Link("x_ray")))
    both = (("ash", "clinic"), ("birch", "clinic"))
    assert needed(world, *both) == {"ash": 3, "birch": 3}
    assert needed(world, *both, ("ash", "x_ray")) == {"ash": 0, "birch": 3}
    # Ash has two, so it can only open beside an X-ray room; the plan puts one there, and both open: 800.
    plan = solve(world)
    assert ("ash", "x_ray") in plan.designated and plan.sites_of("clinic") == ("ash", "birch")
    # Where ash may have none, only birch opens, though an X-ray room is allowed there.
    shut = vary(world, "x_ray", fixed={"ash": Fixed(False, "no room")})
    assert solve(shut).sites_of("clinic") == ("birch",)


def test_cover_from_elsewhere_is_needed_nowhere_while_somebody_gives_it():
    # X-ray's own rota, wherever it is, gives the clinic's cover: with a room at birch, ash may open with two doctors.
    world = small(rotas=three_doctors(remote_from=Link("x_ray")))
    at_ash = vary(world, "x_ray", fixed={"ash": Fixed(False, "no room")})
    assert solve(at_ash).designated == {("ash", "clinic"), ("birch", "clinic"), ("birch", "x_ray")}
    nowhere = vary(world, "x_ray", at_most_sites=Figure(0))
    assert solve(nowhere).sites_of("clinic") == ("birch",)


# One team across sites ------------------------------------------------------------------------------------------------

ONE_TEAM = Team("doctors", "doctors", None, Figure(0), across_sites=True)


def test_one_team_needs_the_sum_over_its_sites_and_nobody_moves():
    world = small(rotas=three_doctors(), team=ONE_TEAM)
    plan = solve(world)
    # Six in all are enough for three at each.
    assert plan.sites_of("clinic") == ("ash", "birch")
    (row,) = plan.staffing.itertuples()
    assert (row.site, row.in_post, row.needed, row.moved_in, row.short) == (ACROSS_SITES, 6, 6, 0, 0)
    assert list(plan.rules.query("rule == 'rota_is_filled'")["instance"]) == [
        "rota_is_filled.clinic.across_sites.doctors.people"
    ]


def test_one_team_across_sites_counts_for_one_service():
    rota = RotaNeed("doctors", "people", Figure(3))
    problem = small(rotas=(rota,))
    both = vary(replace(problem, teams={"doctors": ONE_TEAM}), "x_ray", rotas=(rota,))
    with pytest.raises(InputError, match=r"team doctors.*\(clinic, x_ray\)"):
        solve(both)


def test_one_team_on_call_for_all_its_sites_is_needed_once():
    # Half a doctor's hours at each site, and five on call for both together: five in all, not six.
    rota = RotaNeed("doctors", "people", Figure(0.5), once=Figure(5))
    world = small(rotas=(rota,), team=ONE_TEAM, doctors={"ash": 2, "birch": 3})
    assert solve(world).sites_of("clinic") == ("ash", "birch")
    assert needed(world, ("ash", "clinic")) == {ACROSS_SITES: 5}
    assert solve(small(rotas=(rota,), team=ONE_TEAM, doctors={"ash": 2, "birch": 2})).sites_of("clinic") == ()
    # At 2.6 each the hours of both take 5.2 doctors, and that is six.
    more = (replace(rota, needed=Figure(2.6)),)
    assert needed(small(rotas=more, team=ONE_TEAM), ("ash", "clinic"), ("birch", "clinic")) == {ACROSS_SITES: 6}


def test_travel_makes_a_site_ask_for_more():
    # Birch is the base. With 2.5 there and 2.5 + 1.1 at ash, both take 6.1 and so seven; one of them fits in six.
    rota = RotaNeed("doctors", "people", Figure(2.5), at={"ash": 3.6})
    world = small(rotas=(rota,), team=ONE_TEAM)
    assert needed(world, ("ash", "clinic"), ("birch", "clinic")) == {ACROSS_SITES: 7}
    assert solve(world).sites_of("clinic") == ("birch",)


def test_residual_cover_of_one_team_counts_only_the_sites_that_need_it():
    # An X-ray room at ash stands alone: it must not take from what birch's clinic asks for.
    world = vary(
        small(rotas=three_doctors(only_without=Link("x_ray")), team=ONE_TEAM, doctors={"ash": 1, "birch": 1}),
        "x_ray",
        fixed={"ash": Fixed(True, "old"), "birch": Fixed(False, "no room")},
    )
    assert solve(world).sites_of("clinic") == ("ash",)


def test_a_clash_of_one_team_says_how_many_would_be_enough():
    rota = RotaNeed("doctors", "people", Figure(1), once=Figure(8))
    found = clash(small(rotas=(rota,), team=ONE_TEAM, at_least_sites=Figure(2)))
    assert {way.words for way in found.ways_out if way.demand[0] == "rota_is_filled"} == {
        "let the rotas of Clinic be short of 2 doctors in all"
    }
    told = "Clinic needs 1 of the doctors at each site that provides it and 8 in all; 6 are in post in all"
    assert told in str(found)


@seeds(40)
def test_solver_list_and_evaluation_agree_whatever_the_team(seed: int):
    dice = random.Random(seed)

    def link() -> Link | None:
        return Link("x_ray") if dice.random() < 0.4 else None

    def rota(unit: str) -> RotaNeed:
        at = {"ash": dice.choice([0.5, 1.25, 3.5])} if dice.random() < 0.5 else {}
        once = Figure(dice.randint(1, 6)) if dice.random() < 0.5 else None
        amount = Figure(dice.choice([0.5, 1, 2.25, 3]) if across else dice.randint(1, 4))
        return RotaNeed(
            "doctors",
            unit,
            amount,
            dice.random() < 0.5,
            at=at if across else {},
            once=once if across else None,
            only_without=link(),
            remote_from=link(),
        )

    across = dice.random() < 0.7
    moves = None if across else Figure(dice.randint(0, 2))
    team = Team("doctors", "doctors", moves, Figure(dice.randint(0, 1)), across_sites=across)
    rules = {"rotas": (rota("people"),), "neighbours": ("oak",) if dice.random() < 0.5 else ()}
    problem = small(team=team, doctors={"ash": dice.randint(0, 4), "birch": dice.randint(0, 4)}, **rules)
    if not across and dice.random() < 0.5:
        problem = vary(problem, "x_ray", rotas=(replace(rota("people"), only_without=None, remote_from=None),))
    if dice.random() < 0.5:
        problem = vary(problem, "x_ray", at_least_sites=Figure(1))
    objectives = ("staff_short", "patient_minutes") if dice.random() < 0.5 else ("patient_minutes", "staff_short")
    problem = replace(problem, objectives=tuple(op.problem.Objective(name) for name in objectives))
    listing = enumerate_all(problem)
    try:
        plan = solve(problem, list_all=False)
    except NoPlan:
        assert not listing.lawful
        return
    assert tuple(reached.value for reached in plan.proof.objectives) == listing.ranked[0].values
    for option in listing.ranked[:3]:
        assert evaluate(problem, option.designated).broken.empty


# From the config to the independent check -----------------------------------------------------------------------------

ROADS = "from_site,to_site,minutes\nash,birch,20\nbirch,ash,25\n"
HOME = f"{{{EVERY_DAY}, start_hour: 18, hours: 14, kind: on_call}}"
ALL_HOURS = f"{{{EVERY_DAY}, start_hour: 8, hours: 24, kind: on_call}}"
DAY_SHIFT = 'shifts: {D: {start: "08:00", end: "18:00", handover_minutes: 0}}'
STAFFED = "site,team,year,people,wte\nash,doctors,2025,4,3.5\nbirch,doctors,2025,2,2\n"
ACROSS = "across_sites: {based_at: ash, trips_a_week: 6}"


def question(folder: Path, rota: str, team: str = "", labs: str = "", more: str = "") -> op.Problem:
    config = CONFIG.replace("doctors: {people: 2}", f"doctors: {{{rota}}}")
    if team:
        config = config.replace(", moves_at_most: unlimited", f", {team}")
    if labs:
        config = config.replace(
            "    name: Laboratories\n", f"    name: Laboratories\n    rotas: {{doctors: {{{labs}}}}}\n"
        )
    roads = ROADS + "\n".join(f"elm,{s},30\n{s},elm,30" for s in ("ash", "birch")) + "\n"
    return op.read_problem(write_question(folder, config + more, staff=STAFFED, transfers=roads))


def test_travel_is_costed_step_by_step(tmp_path: Path):
    # Six trips a week of 20 + 25 minutes are 4.5 hours: 4.5 / 4 × 52 / 42 / 7.5 = 13/70 WTE, beside 130/63 of hours.
    problem = question(tmp_path, f"cover: [{OFFICE}], {DAY_SHIFT}", ACROSS)
    (rota,) = problem.services["care"].rotas
    assert rota.needed.value == 130 / 63 and rota.at == {"birch": pytest.approx(130 / 63 + 13 / 70)}
    plan = evaluate(problem, {("ash", "care"), ("birch", "care"), ("ash", "labs")})
    assert op.check(plan).empty, "\n".join(op.check(plan)["message"])
    assert plan.rota_needs is not None and plan.rotas is not None
    steps = plan.rota_needs.set_index("term")["exact"]
    assert steps["hours of travel to birch"] == "9/2" and steps["WTE that travel to birch takes"] == "13/70"
    assert plan.staffing["needed"].tolist() == [pytest.approx(2 * 130 / 63 + 13 / 70)]
    # Two seats on weekdays, and 4.31 WTE are five people.
    assert plan.rotas["week"].max() == 5 and (plan.rotas["shift"] == "D").sum() == 10


def test_on_call_is_shared_where_the_standard_allows_it(tmp_path: Path):
    apart = question(tmp_path / "1", f"one_in: 3, cover: [{ALL_HOURS}]", ACROSS)
    assert needed(apart, ("ash", "care"), ("birch", "care")) == {ACROSS_SITES: 6}
    shared = "shared_on_call: {source: A standard, verified: false}"
    together = question(tmp_path / "2", f"one_in: 3, {shared}, cover: [{ALL_HOURS}]", ACROSS)
    assert needed(together, ("ash", "care"), ("birch", "care")) == {ACROSS_SITES: 3}
    plan = evaluate(together, {("ash", "care"), ("birch", "care"), ("ash", "labs")})
    assert op.check(plan).empty
    assert plan.rotas is not None and plan.rotas["week"].max() == 3
    assert (plan.rotas["shift"] == "C").sum() == 7
    # What rests on sharing is as verified as that it may be shared: the rest of it is.
    terms = {"hours_a_plain_pa": 4, "working_weeks": 42, "direct_care_pas": 7.5, "weeks_a_year": 52}
    read = ", ".join(f"{name}: {{value: {value}, source: Read, verified: true}}" for name, value in terms.items())
    for verified in ("true", "false"):
        rota = (
            f"one_in: {{value: 3, source: Read, verified: true}}, "
            f"shared_on_call: {{source: A standard, verified: {verified}}}, "
            f"cover: [{ALL_HOURS.replace('}', ', source: Read, verified: true}')}]"
        )
        across = "across_sites: {based_at: ash, trips_a_week: {value: 6, source: Read, verified: true}}"
        problem = question(tmp_path / verified, rota, across, more=f"contract: {{{read}}}\n")
        plan = evaluate(problem, {("ash", "care"), ("birch", "care"), ("ash", "labs")})
        assert plan.rules.query("rule == 'rota_is_filled'")["verified"].tolist() == [verified == "true"]
        assert op.check(plan).empty


def test_the_summary_says_who_gives_cover_from_elsewhere(tmp_path: Path):
    rota = f"people: 2, remote_from: {{service: labs}}, cover: [{ALL_HOURS}]"
    plan = evaluate(question(tmp_path, rota), {("birch", "care"), ("ash", "labs")})
    words = "Care at Birch Hospital is covered on call by laboratories at Ash Hospital; that a standard allows it"
    assert f"{words} is not verified." in summary.lines(plan)


@seeds(10)
def test_whatever_the_team_solver_list_and_check_agree(seed: int, tmp_path: Path):
    dice = random.Random(seed)
    across = dice.random() < 0.7
    home = dice.random() < 0.5
    cover = f"cover: [{ALL_HOURS}]" if home else f"cover: [{OFFICE}, {HOME}], {DAY_SHIFT}"
    stated = dice.choice(["people: 2, ", "one_in: 3, ", "one_in: 2, wte: 1.5, "])
    link = dice.choice(["", "only_without: {service: labs}, ", "remote_from: {service: labs}, " if home else ""])
    shared = "shared_on_call: {source: x}, " if across and "wte" not in stated and dice.random() < 0.5 else ""
    short = f"may_fall_short: {dice.choice(['true', 'false'])}, "
    in_post = f", in_post: {dice.choice([3, 7])}" if dice.random() < 0.3 else ""
    base, trips = dice.choice(["ash", "birch"]), dice.choice([0, 2, 7.5])
    team = f"across_sites: {{based_at: {base}, trips_a_week: {trips}{in_post}}}"
    labs = "" if across else dice.choice(["", "people: 1, may_fall_short: true"])
    problem = question(tmp_path, f"{stated}{link}{shared}{short}{cover}", team if across else "", labs)
    for care in ({"ash"}, {"birch"}, {"ash", "birch"}):
        for rooms in ({"ash"}, {"ash", "birch"}):
            plan = evaluate(problem, {(s, "care") for s in care} | {(s, "labs") for s in rooms})
            assert op.check(plan).empty, "\n".join(op.check(plan)["message"])
            assert summary.lines(plan) and not measures.table(plan).empty
    try:
        plan = op.solve(problem)
    except NoPlan:
        return
    assert plan.proof.enumeration is not None and op.check(plan).empty
    assert op.check(op.solve(problem, list_all=False)).empty


REFUSED = {
    ("people: 2, only_without: {service: lab}", ""): "there is no service",
    ("people: 2, only_without: {service: care}", ""): "cannot do without its own rota",
    (f"people: 2, cover: [{OFFICE}], remote_from: {{service: labs}}", ""): "only cover on call from home",
    ("people: 2, remote_from: {service: labs}", ""): "only cover on call from home",
    (f"people: 2, cover: [{ALL_HOURS}], shared_on_call: {{source: x}}", ""): "sharing needs one team across sites",
    ("people: 2", "across_sites: {based_at: elm, trips_a_week: 1}"): "is a neighbour",
    ("people: 2", "across_sites: {based_at: as, trips_a_week: 1}"): "there is no site",
    ("people: 2", "across_sites: {based_at: ash, trips_a_week: 1, in_post: 5.5}"): "5.5 are not whole",
    ("people: 2", f"{ACROSS}, moves_at_most: 2"): "nobody moves within one team across sites",
}


@pytest.mark.parametrize("case", REFUSED)
def test_teams_that_cannot_be_are_refused_at_their_line(case: tuple[str, str], tmp_path: Path):
    with pytest.raises(InputError) as refused:
        question(tmp_path, *case)
    (fault,) = refused.value.faults
    assert REFUSED[case] in str(fault) and "base.yaml, line " in str(fault)


def test_one_team_across_sites_is_not_shared_by_two_services(tmp_path: Path):
    # Two at ash for care and two at birch for laboratories are four people; the larger of both needs would be two.
    with pytest.raises(InputError) as refused:
        question(tmp_path, "people: 2", ACROSS, labs="people: 2")
    (fault,) = refused.value.faults
    assert "doctors has a rota of care already" in str(fault) and "base.yaml, line " in str(fault)


# What somebody writes into the run of one team, and the check that finds it -------------------------------------------


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    shared = f"one_in: 3, shared_on_call: {{source: x}}, cover: [{ALL_HOURS}]"
    problem = question(tmp_path_factory.mktemp("honest"), shared, ACROSS)
    return files_of(evaluate(problem, {("ash", "care"), ("birch", "care"), ("ash", "labs")}))


@pytest.mark.parametrize(
    ("name", "old", "new", "found"),
    [
        (
            "rota_needs.csv",
            "hours of travel to birch,9/2,4.5",
            "hours of travel to birch,4,4",
            "rota_needs_are_worked_out",
        ),
        ("staffing.csv", "across_sites,6,0,0,0,6,3,0", "across_sites,6,0,0,0,6,2,0", "staff_needed_is_right"),
        ("staffing.csv", "doctors,people,across_sites", "doctors,people,ash", "staffing_is_complete"),
        (
            "rules.csv",
            "care.across_sites.doctors.people,6,>=,3",
            "care.across_sites.doctors.people,6,>=,2",
            "rota_is_filled",
        ),
        (
            "rotas.csv",
            "3,Mon,C,on_call,08:00,08:00,24",
            "3,Mon,C,on_call,08:00,08:00,23",
            "on_call_cover_is_given",
        ),
        (
            "config.yaml",
            "trips_a_week:\n        value: 6",
            "trips_a_week:\n        value: 7",
            "rota_needs_are_worked_out",
        ),
    ],
)
def test_a_run_of_one_team_that_is_not_true_is_found(
    name: str, old: str, new: str, found: str, honest: dict[str, bytes]
):
    assert names(honest) == set()
    text = honest[name].decode()
    assert text.count(old) == 1, text
    assert found in names(sealed({**honest, name: text.replace(old, new).encode()}))


# Grades and contracts -------------------------------------------------------------------------------------------------


def test_who_works_shifts_under_another_contract_is_needed_as_the_standard_says(tmp_path: Path):
    rota = f"wte: 1, cover: [{OFFICE}], {DAY_SHIFT}"
    by_contract = question(tmp_path / "1", rota)
    assert needed(by_contract, ("ash", "care"))["ash"] == pytest.approx(130 / 63)
    by_standard = question(tmp_path / "2", f"{rota}, consultant_contract: false")
    assert needed(by_standard, ("ash", "care"))["ash"] == 1
    plan = evaluate(by_standard, {("ash", "care"), ("ash", "labs")})
    assert op.check(plan).empty
    # Two may lawfully work ten hours on five days of every week, one may not: the pattern has more weeks than the need.
    assert plan.rotas is not None and plan.rotas["week"].max() == 2
    with pytest.raises(InputError, match="needs people or wte where the consultant contract does not count"):
        question(tmp_path / "3", f"cover: [{OFFICE}], consultant_contract: false")


def test_a_team_of_two_grades_is_refused_and_shortfalls_add_up_by_grade(tmp_path: Path):
    graded = "site,team,grade,year,people,wte\n"
    mixed = f"{graded}ash,doctors,consultant,2025,4,\nbirch,doctors,registrar,2025,2,\n"
    with pytest.raises(InputError, match=r"line 4: staff\.csv has doctors of the grades consultant, registrar"):
        op.read_problem(write_question(tmp_path / "1", staff=mixed))
    both = f"{graded}ash,doctors,consultant,2025,1,\nash,juniors,registrar,2025,1,\n"
    config = CONFIG.replace("  doctors: {name", "  juniors: {name: Juniors, year: 2025}\n  doctors: {name").replace(
        "doctors: {people: 2}",
        "doctors: {people: 2, may_fall_short: true}\n      juniors: {people: 4, may_fall_short: true}",
    )
    problem = op.read_problem(write_question(tmp_path / "2", config, staff=both))
    assert {code: team.grade for code, team in problem.teams.items()} == {
        "doctors": "consultant",
        "juniors": "registrar",
    }
    lines = summary.lines(evaluate(problem, {("ash", "care"), ("ash", "labs")}))
    assert "Short of 3 Juniors: 3 at Ash Hospital; this question allows it." in lines
    assert "By grade it is short of 3 people of the grade registrar, 1 people of the grade consultant." in lines or (
        "By grade it is short of 1 people of the grade consultant, 3 people of the grade registrar." in lines
    )


BY_TRAIN = "mode,from_site,to_site,minutes\nby_train,ash,birch,50\nby_train,birch,ash,70\n"


def by_train(folder: Path, more: str = "", **tables: str) -> op.Problem:
    """The team of the test above, which goes by a train: 50 minutes there and 70 back."""
    config = CONFIG.replace("doctors: {people: 2}", f"doctors: {{cover: [{OFFICE}], {DAY_SHIFT}}}")
    across = "across_sites: {based_at: ash, trips_a_week: 6, travel_by: by_train}"
    config = config.replace(", moves_at_most: unlimited", f", {across}")
    return op.read_problem(
        write_question(folder, config + more, staff=STAFFED, **{"transfers_by_mode": BY_TRAIN, **tables})
    )


def test_a_team_may_travel_by_another_mode_than_patients(tmp_path: Path):
    # Six trips a week of 120 minutes are 12 hours: 12 / 4 × 52 / 42 / 7.5 = 52/105 WTE.
    problem = by_train(tmp_path)
    (rota,) = problem.services["care"].rotas
    assert rota.at == {"birch": pytest.approx(130 / 63 + 52 / 105)}
    plan = evaluate(problem, {("ash", "care"), ("birch", "care"), ("ash", "labs")})
    assert op.check(plan).empty, "\n".join(op.check(plan)["message"])
    assert plan.rota_needs is not None
    sources = set(plan.rota_needs["source"])
    assert "transfers_by_mode.csv (by_train), times the travel factor" in sources
    files = files_of(solve(problem))
    assert accepted(files, tmp_path / "run")
    name = "inputs/transfers_by_mode.csv"
    lie = files | {name: files[name].replace(b"by_train,birch,ash,70", b"by_train,birch,ash,10")}
    assert not check(lie).empty
    # With a factor of 2 the train takes twice as long too.
    (rota,) = by_train(tmp_path / "slow", "travel: {factor: 2}\n").services["care"].rotas
    assert rota.at == {"birch": pytest.approx(130 / 63 + 104 / 105)}


@pytest.mark.parametrize(
    ("table", "more", "words"),
    [
        (BY_TRAIN.replace("by_train", "by_tram"), "", 'there is no mode "by_train" in transfers_by_mode.csv'),
        (BY_TRAIN[:-24], "", "transfers_by_mode.csv (by_train) does not say how far it is from birch to ash"),
        (BY_TRAIN, "roads: {close: [A1]}\n", "it is not known how much longer journeys by train take then"),
    ],
)
def test_what_is_not_known_of_a_teams_mode_is_refused(table: str, more: str, words: str, tmp_path: Path):
    with pytest.raises(InputError) as refused:
        by_train(tmp_path, more, transfers_by_mode=table)
    assert words in str(refused.value)
