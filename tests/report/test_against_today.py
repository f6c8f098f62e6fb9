"""Who is worse off than today, what is gained, and what neighbours see: sentence by sentence, by hand."""

from __future__ import annotations

from dataclasses import replace

from shipped import answer
from worlds import as_today, by_transfer, small, three_doctors, vary

from optimiser.explanation import broken
from optimiser.plan import Plan, evaluate
from optimiser.problem import Figure, Problem, RotaNeed, Team
from optimiser.report import against_today, rests_on, screen, summary_of_staff

BOTH = frozenset({("ash", "clinic"), ("birch", "clinic")})
ASH, BIRCH = (frozenset({(site, "clinic")}) for site in ("ash", "birch"))


def with_districts(problem: Problem) -> Problem:
    return replace(problem, areas=problem.areas.assign(district=["Shore", "Far", "Hills", "Hills"]))


def test_who_is_worse_off_and_what_is_gained_is_told_in_a_line_each():
    # Today ash has 30 patients and birch 35. With birch alone the west's 10 go 30 minutes, not 10; with the middle's
    # 20, who stay as far, they are the Hills.
    problem = with_districts(small(minimum_patients=Figure(31)))
    worse, gained = against_today.gains_and_losses(evaluate(problem, BIRCH))
    assert worse == (
        "Worse off than with today's sites: Clinic, 10 of 60 residents' visits a year (17%), by 20.0 minutes on "
        "average; most minutes lost in the district of Hills (10 of 30 visits, by 20.0 on average)."
    )
    assert gained == (
        "Gained: the clinic would see at least 31 patients a year (today, by this model, Ash 30). Nobody's "
        "journey is shorter."
    )
    lines = screen.lines(evaluate(problem, BIRCH))
    assert worse in lines and gained in lines


def test_that_other_years_counts_say_otherwise_than_the_model_is_told_beside_what_is_gained():
    """By the model Basildon alone sees 600 strokes today; Southend alone did as counted, until all three did.

    Why two of them close all the same stands beside it: three rotas of six take more consultants than there are.
    """
    in_short, in_full = (against_today.gains(answer("base"), in_short=short)[0] for short in (True, False))
    all_three = "all 3 in 2021/22, taking 18 stroke consultants; there were 13 in 2019 and 15 in 2021)"
    assert in_short.endswith(
        f" (by this model Basildon alone today; as counted Southend alone in 2018/19 and 2019/20, {all_three}"
    )
    counted = (
        "; counted in 2018/19: Basildon 557, Broomfield 555 and Southend 713; as counted Southend alone in 2019/20,"
    )
    assert in_full.endswith(f"{counted} {all_three}")


def test_where_nothing_is_gained_and_nobody_loses_that_is_told():
    assert against_today.gains_and_losses(evaluate(small(), BOTH)) == [
        "Worse off than with today's sites: nobody, by the length of journeys.",
        "Gained: nothing that a rule asks. Nobody's journey is shorter.",
    ]


def test_without_districts_the_deprivation_fifth_is_told_and_where_today_is_unknown_nothing():
    worse, _ = against_today.gains_and_losses(evaluate(small(), BIRCH))
    assert worse.endswith(
        "most minutes lost in deprivation fifth 1 (most deprived) (10 of 10 visits, by 20.0 on average)."
    )
    bare = replace(small(), areas=small().areas.drop(columns="deprivation_decile"))
    worse, _ = against_today.gains_and_losses(evaluate(bare, BIRCH))
    assert worse.endswith("by 20.0 minutes on average.")
    assert against_today.gains_and_losses(evaluate(replace(small(), today=frozenset()), BIRCH)) == []


def test_the_district_that_loses_most_minutes_in_all_is_hardest_hit_and_those_from_outside_are_told():
    # With ash alone the east's 30 and the far's 5, from outside, go to ash in 40 and 45 minutes, not to birch, or oak.
    problem = with_districts(small(neighbours=()))
    worse, _ = against_today.gains_and_losses(plan := evaluate(problem, ASH))
    rows = {area: [journeys_of(one, area) for one in (plan, plan.today)] for area in ("east", "far")}
    east, far = (after - before for after, before in rows.values())
    assert f"by {east:.1f} minutes on average, and all 5 from outside, by {far:.1f}; most minutes lost" in worse
    assert worse.endswith(f"Shore (30 of 30 visits, by {east:.1f} on average).")


def journeys_of(plan: Plan, area: str) -> float:
    rows = plan.journeys_to("clinic")
    return float(rows.loc[rows["area"] == area, "minutes"].iloc[0])


def test_of_those_from_outside_too_only_some_are_taken_on():
    # From far, outside, 5 are seen first at birch. With the scanner at ash 2.5 of them go on, and the others stay.
    everywhere = frozenset((site, code) for site in ("ash", "birch") for code in ("clinic", "scanner"))
    problem = replace(by_transfer(), today=everywhere)
    worse, _ = against_today.gains_and_losses(plan := evaluate(problem, everywhere - {("birch", "scanner")}))
    far = plan.journeys_to("scanner").set_index("area").loc["far"]
    assert f"and 3 of 5 from outside, by {far['minutes'] - far['first_minutes']:.1f}" in worse


def test_staff_that_every_site_would_have_are_gained_and_that_sites_are_few_is_none():
    problem = small(rotas=three_doctors(), at_most_sites=Figure(1), doctors={"ash": 2, "birch": 3})
    _, gained = against_today.gains_and_losses(evaluate(problem, BIRCH))
    assert gained.startswith(
        "Gained: the clinic would have 3 doctors (in post: 2 and 3; 3 of these 5 would be on its rotas). "
    )


def test_where_many_more_would_come_is_told_unless_beds_are_stated():
    # With birch alone its 35 a year become 65, and nothing is said of who has as many as today.
    plan = evaluate(small(neighbours=()), BIRCH)
    now, then = (
        one.measures.query("measure == 'site_patients' and group == 'birch'")["value"].item()
        for one in (plan, plan.today)
    )
    assert against_today.room(plan) == [
        "Whether there is room was not checked, since this question states no number of beds. By this model, a year: "
        "Birch "
        f"would see {now:.0f} visits at its clinic (today {then:.0f})."
    ]
    assert against_today.room(evaluate(small(), BOTH)) == []
    assert against_today.room(evaluate(replace(small(), today=frozenset()), BIRCH)) == []


def test_a_rule_broken_at_several_sites_is_one_rule():
    plan = evaluate(small(rotas=three_doctors(), minimum_patients=Figure(36), doctors={"ash": 2, "birch": 2}), BOTH)
    assert broken.how_many(plan) == "2 rules, at 4 places"
    assert broken.lines(plan) == [
        "Clinic has at least 36 patients a year at each site: Ash has 30, Birch 35",
        "Clinic needs 3 doctors at each site: Ash has 2, Birch 2",
    ]
    plan = evaluate(small(rotas=three_doctors(), doctors={"ash": 2, "birch": 2}), BOTH)
    said = "it breaks 1 rule, at 2 sites: Clinic needs 3 doctors at each site: Ash has 2, Birch 2."
    assert any(line.endswith(said) for line in screen.lines(plan))
    assert not any(line.startswith("Short of") for line in screen.lines(plan))


def test_staff_who_may_move_are_lacking_in_all_and_at_no_site_in_particular():
    # Two and three of four each, and one may move: three in all are missing, wherever the one is.
    moving = Team("doctors", "doctors", None, Figure(0))
    four = (RotaNeed("doctors", "people", Figure(4)),)
    plan = evaluate(small(rotas=four, doctors={"ash": 2, "birch": 3}, team=moving), BOTH)
    assert broken.how_many(plan) == "1 rule"
    assert broken.lines(plan) == ["Clinic needs 4 doctors at each site: Ash has 2, Birch 3 (3 people too few in all)"]


def test_staff_who_would_move_are_not_said_to_be_there():
    # Of birch's four one can go: ash then has two of three.
    moving = Team("doctors", "doctors", Figure(1), Figure(0))
    plan = evaluate(small(rotas=three_doctors(), doctors={"ash": 1, "birch": 4}, team=moving), BOTH)
    assert broken.lines(plan) == ["Clinic needs 3 doctors at each site: Ash has 2 (1 moved there)"]


def test_what_waits_are_made_of_is_said_and_that_they_are_not_minutes_to_treatment():
    problem = by_transfer()
    plan = evaluate(problem, BOTH | {("birch", "scanner")})
    how = problem.services["scanner"].transfer
    assert how is not None and how.dwell_minutes.value and how.overhead_minutes.value
    (said,) = (line for line in screen.lines(plan) if line.startswith("Scanner: of the 20.83"))
    assert said == (
        "Scanner: of the 20.83 minutes 15.83 are on the road and 5.00 assumed waits "
        f"({how.dwell_minutes.value:g} at the first hospital and {how.overhead_minutes.value:g} for the transfer, of "
        "all taken on). What the first hospital does meanwhile is not counted: these are no minutes to "
        "treatment."
    )


def test_a_rule_that_the_answer_breaks_elsewhere_is_not_gained():
    # Today ash has too few; with ash alone, where oak takes the east, ash still has 30.
    problem = small(minimum_patients=Figure(31))
    assert against_today.gains_and_losses(evaluate(problem, ASH))[1].startswith("Gained: nothing that a rule asks.")


def test_who_leaves_in_any_case_is_not_worse_off_but_is_among_all():
    # Of the west's 10 one leaves in any case.
    worse, _ = against_today.gains_and_losses(evaluate(as_today(small()), BIRCH))
    assert "Clinic, 9 of 60 residents' visits a year (15%), by 20.0 minutes" in worse


def test_shorter_journeys_and_waits_are_told():
    everywhere = frozenset((site, code) for site in ("ash", "birch") for code in ("clinic", "scanner"))
    problem = replace(by_transfer(), today=everywhere - {("ash", "scanner")})
    _, gained = against_today.gains_and_losses(evaluate(problem, everywhere))
    # Half of the 30 who are seen first at ash go on today: it takes them 30 minutes more.
    assert gained.endswith(
        "Shorter journeys: Scanner, 15 of 60 residents' visits a year (25%), by 30.0 minutes on average, assumed "
        "waits included."
    )


def test_what_neighbours_see_more_than_today_is_told():
    for open_, said in (
        (BOTH, "Neighbouring hospitals would treat as many patients as with today's sites."),
        (ASH, "Neighbouring hospitals, patients a year against today's sites: Clinic: Oak +35."),
    ):
        plan = evaluate(small(), open_)
        assert against_today.neighbours(plan, plan.measures) == [said]


def test_staff_who_could_fill_a_vacancy_are_told_of():
    # Three are needed at birch, where four are, and two at ash whom no rota needs.
    spare = small(
        rotas=three_doctors(), doctors={"ash": 2, "birch": 3}, team=Team("doctors", "doctors", None, Figure(0))
    )
    plan = evaluate(spare, BIRCH)
    (said,) = summary_of_staff.fragile(plan, plan.measures)
    assert said.endswith("Elsewhere, needed by no rota of this question, are 2 doctors, who could move there.")
    fixed = replace(spare, teams={"doctors": Team("doctors", "doctors", Figure(0), Figure(0))})
    (said,) = summary_of_staff.fragile(evaluate(fixed, BIRCH), plan.measures)
    assert "could move" not in said


def test_an_average_that_says_little_of_those_who_move_has_half_of_them_beside_it():
    # With birch alone the middle's 20 go 1 minute longer, and the west's 10 go 20: 7.3 on average.
    uneven = small(neighbours=())
    uneven = replace(uneven, journeys=uneven.journeys.assign(birch=[10.0, 45, 21, 30]))
    worse, _ = against_today.gains_and_losses(evaluate(uneven, BIRCH))
    assert (
        "Clinic, 30 of 60 residents' visits a year (50%), by 7.3 minutes on average (half of them by at most 1.0)"
        in worse
    )


def test_staff_in_post_have_their_year_and_rotas_that_may_fall_short_gain_where_they_are_less_so():
    team = Team("doctors", "doctors", None, Figure(0), year=2019)
    kept = small(rotas=three_doctors(), doctors={"ash": 2, "birch": 3}, team=team)
    assert (
        "(in post in 2019: 2 and 3; 3 of these 5 would be on its rotas)"
        in against_today.gains_and_losses(evaluate(kept, BIRCH))[1]
    )
    rotas = tuple(replace(one, may_fall_short=True) for one in three_doctors())
    for there, left in (
        ({"ash": 2, "birch": 3}, "no doctors would be lacking"),
        ({"ash": 2, "birch": 0}, "only 3 doctors would be lacking"),
    ):
        gained = against_today.gains_and_losses(evaluate(small(rotas=rotas, doctors=there), BIRCH))[1]
        assert gained.startswith(
            f"Gained: {left} on the rotas that are counted (with today's sites {6 - sum(there.values())}). "
        )


def test_moves_that_nobody_limited_are_an_unverified_figure():
    rotas = tuple(replace(one, needed=Figure(3, "A letter", verified=True)) for one in three_doctors())
    limits = {None: 1, Figure(2, "A letter", verified=True): 0}
    for most, more in limits.items():
        team = Team("doctors", "doctors", most, Figure(0, "A letter", verified=True))
        problem = small(rotas=rotas, doctors={"ash": 2, "birch": 2}, team=team)
        said = [one for one in rests_on.figures(evaluate(problem, BIRCH)) if "move" in one]
        assert said == ["Doctors may move between sites without limit (no source stated)"] * more
        assert not [one for one in rests_on.figures(evaluate(problem, frozenset())) if "move" in one]


def test_whether_a_question_allows_a_shortfall_is_told():
    for may, ending in ((True, "; this question allows it."), (False, "; that breaks a rule.")):
        rotas = tuple(replace(one, may_fall_short=may) for one in three_doctors())
        plan = evaluate(small(rotas=rotas), BOTH)
        (said,) = summary_of_staff.short(plan)
        assert said.endswith(ending)


def test_what_was_not_checked_is_counted():
    assert rests_on.checked(evaluate(small(), BOTH)).endswith("No figure that it rests on is marked as unverified.")
    one = small(minimum_patients=Figure(31), standard_minutes=Figure(30, "A letter", verified=True))
    assert rests_on.checked(evaluate(one, BOTH)) == (
        "Arithmetic checked: every number of its tables was worked out again, independently, and none differs. "
        "1 of the figures it rests on is unverified."
    )
    assert rests_on.how_many(evaluate(vary(one, "clinic", standard_minutes=Figure(30)), BOTH)) == 2
