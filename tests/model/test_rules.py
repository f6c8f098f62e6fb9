"""One hand-solved world a rule: the rule changes the answer in exactly the way that its words say."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pulp
import pytest
from worlds import by_transfer, roads, small, three_doctors, two_by_transfer, vary

from optimiser.errors import NoPlan
from optimiser.journeys import nearest
from optimiser.model import build, solver
from optimiser.plan import evaluate
from optimiser.problem import Beds, Excepted, Figure, Fixed, Link, Objective, Observed, Problem, Reach, Team
from optimiser.problem.beds import Stays, beds_needed, most_patients
from optimiser.search.planning import solve


def sites(problem: Problem) -> tuple[str, ...]:
    return solve(problem).sites_of("clinic")


def minutes(problem: Problem) -> float:
    return solve(problem).proof.objectives[0].value


def minutes_without(problem: Problem, rule: str) -> float:
    """Solve the bare model without the rows of one rule."""
    chains = {code: nearest.chains(problem, code) for code in problem.services_with_patients}
    rows = build(problem, chains).rule_of
    model = build(problem, chains, leave_out=[row for row, of in rows.items() if of == rule])
    return solver.run(model.programme).objective


def test_without_rules_both_open_because_minutes_are_all_that_count():
    assert sites(small()) == ("ash", "birch")
    assert minutes(small()) == 800


def test_nobody_is_counted_nearer_than_they_are():
    # With nothing open everybody would go to oak for 2050; free of this rule the model claims they are all at their
    # nearest site: 100 + 400 + 300.
    shut = small(at_most_sites=Figure(0))
    assert minutes(shut) == 2050
    assert minutes_without(shut, "nobody_is_counted_nearer_than_they_are") == pytest.approx(800)


def test_nobody_passes_an_open_site():
    # Birch has 35 when both are open. To leave it 34, one patient would have to go past it to oak.
    world = small(maximum_patients=Figure(34), at_least_sites=Figure(2))
    with pytest.raises(NoPlan):
        solve(world)
    assert 800 < minutes_without(world, "nobody_passes_an_open_site") < 820


def test_nobody_passes_an_open_site_that_they_choose_for_its_offset():
    # Ash is drawn 31 minutes nearer: east, 10 minutes from birch, goes there for 40. If nobody need, all go to birch.
    world = small(observed=Observed({"ash": Figure(-31)}), at_least_sites=Figure(2))
    assert minutes(world) == 10 * 10 + 20 * 20 + 30 * 40
    assert minutes_without(world, "nobody_passes_an_open_site") == pytest.approx(10 * 30 + 20 * 20 + 30 * 10)


def test_an_offset_changes_where_patients_go_and_not_how_long_it_takes():
    # Oak is drawn 30 minutes nearer: mid goes there past ash and birch, east past birch; west stays with ash.
    plan = solve(small(observed=Observed({"oak": Figure(-30)}), at_least_sites=Figure(2)))
    going = plan.journeys.set_index("area")
    assert going["site"].to_dict() == {"east": "oak", "far": "oak", "mid": "oak", "west": "ash"}
    assert going["minutes"].to_dict() == {"east": 25, "far": 20, "mid": 40, "west": 10}
    # Equal with its offset, a candidate comes before a neighbour: mid is then back at ash, 20 minutes away.
    plan = solve(small(observed=Observed({"oak": Figure(-20)}), at_least_sites=Figure(2)))
    assert plan.journeys.set_index("area")["site"].to_dict()["mid"] == "ash"


def test_patients_are_shared_out():
    # With both open ash has 30 and birch 35. To give ash its 32, two of east's go past birch, 30 minutes further each.
    world = small(minimum_patients=Figure(32), managed=True)
    assert sites(world) == ("ash", "birch")
    assert minutes(world) == 800 + 2 * 30
    # Were everybody to go to the nearest, birch would be alone.
    assert sites(world.to_the_nearest()) == ("birch",)
    # With nothing open everybody goes to oak. Free of this rule the model sends nobody anywhere.
    shut = vary(world, "clinic", at_most_sites=Figure(0))
    assert minutes(shut) == 2050
    assert minutes_without(shut, "patients_are_shared_out") == 0


def test_every_area_is_served():
    # Behind its border somebody must open; with oak's doors open nobody need.
    assert minutes(small(at_most_sites=Figure(0))) == 2050
    with pytest.raises(NoPlan):
        solve(small(at_most_sites=Figure(0)).behind_its_border())


def test_fixed_designations_stand():
    assert sites(small(fixed={"birch": Fixed(False, "no room")})) == ("ash",)
    assert sites(small(fixed={"ash": Fixed(True, "new building")}, at_most_sites=Figure(1))) == ("ash",)


def test_enough_sites():
    # Three doctors each, six in all: they would all stand at birch, were it not for the rule.
    team = Team("doctors", "doctors", Figure(1), Figure(0))
    world = small(rotas=three_doctors(), team=team, at_least_sites=Figure(2))
    assert solve(world).sites_of("clinic") == ("ash", "birch")
    # X-ray has no patients and so no reason of its own to open.
    assert solve(vary(small(), "x_ray", at_least_sites=Figure(1))).sites_of("x_ray") == ("ash",)


def test_not_too_many_sites():
    assert sites(small(at_most_sites=Figure(1))) == ("birch",)


def test_no_site_provides_too_many():
    # The X-ray room must be somewhere, and a site has room for one service: the clinic leaves it the site where it is
    # missed less, and with ash shut everybody goes to birch. Free of this rule the clinic is at both.
    world = vary(replace(small(), at_most_services_a_site=Figure(1)), "x_ray", at_least_sites=Figure(1))
    plan = solve(world)
    assert (plan.sites_of("clinic"), plan.sites_of("x_ray")) == (("birch",), ("ash",))
    assert minutes(world) == 1000
    assert minutes_without(world, "no_site_provides_too_many") == pytest.approx(800)
    rows = plan.rules[plan.rules["rule"] == "no_site_provides_too_many"].set_index("instance")
    assert rows["left"].to_dict() == {f"no_site_provides_too_many.{site}": 1 for site in ("ash", "birch")}


def test_what_is_fixed_at_a_site_takes_up_room_there():
    world = vary(replace(small(), at_most_services_a_site=Figure(1)), "x_ray", fixed={"birch": Fixed(True, "stays")})
    assert sites(world) == ("ash",)


def test_every_site_has_enough_patients():
    # Of 30 and 35 one falls short of 33; alone, ash has 30 and birch 65, five of them from across the border.
    assert sites(small(minimum_patients=Figure(33))) == ("birch",)
    assert sites(small(minimum_patients=Figure(30))) == ("ash", "birch")
    assert sites(small(minimum_patients=Figure(66))) == ()


def test_no_site_has_too_many_patients():
    # Birch has 35 or 65; ash has 30 either way.
    assert sites(small(maximum_patients=Figure(34))) == ("ash",)
    assert sites(small(maximum_patients=Figure(35))) == ("ash", "birch")


def test_nobody_travels_too_far():
    # One site: birch is better for all together, but west is 30 minutes from it. From ash, east goes to oak: 25.
    assert sites(small(at_most_sites=Figure(1), longest_journey_minutes=Figure(25))) == ("ash",)
    with pytest.raises(NoPlan):
        solve(small(at_most_sites=Figure(1), longest_journey_minutes=Figure(24)))


def test_nobody_travels_too_far_to_the_site_that_they_choose():
    # With birch drawn 25 minutes nearer, west would go 30 minutes to it though ash is 10 away: birch must stay shut.
    drawn = Observed({"birch": Figure(-25)})
    assert sites(small(observed=drawn)) == ("ash", "birch")
    assert sites(small(observed=drawn, longest_journey_minutes=Figure(29))) == ("ash",)
    with pytest.raises(NoPlan):
        solve(small(observed=drawn, longest_journey_minutes=Figure(29), at_least_sites=Figure(2)))


def test_enough_patients_within_standard():
    # Within 10 minutes: from ash only west, 10 of 60; from birch only east, 30 of 60; from both, 40 of 60.
    standard = {"standard_minutes": Figure(10), "at_most_sites": Figure(1)}
    assert sites(small(**standard, share_within_standard=Figure(0.5))) == ("birch",)
    with pytest.raises(NoPlan):
        solve(small(**standard, share_within_standard=Figure(0.51)))


def test_few_enough_are_treated_outside():
    # With ash alone east goes to oak, 30 of 60 residents. Far is not resident, and does not count.
    one = {"at_most_sites": Figure(1), "fixed": {"birch": Fixed(False, "no room")}}
    assert sites(small(**one, at_most_share_outside=Figure(0.5))) == ("ash",)
    with pytest.raises(NoPlan):
        solve(small(**one, at_most_share_outside=Figure(0.49)))


def test_neighbours_are_not_sent_too_many():
    # As above: oak treats 30 residents with ash alone, and far's 5 do not count. A limit on nobody's neighbour is none.
    one = {"at_most_sites": Figure(1), "fixed": {"birch": Fixed(False, "no room")}}
    assert sites(small(**one, neighbours_take_at_most={"oak": Figure(30)})) == ("ash",)
    with pytest.raises(NoPlan):
        solve(small(**one, neighbours_take_at_most={"oak": Figure(29)}))
    closed = {"neighbours": (), "neighbours_take_at_most": {"oak": Figure(29)}}
    assert sites(small(**one, **closed)) == ("ash",)


def test_fewest_are_treated_outside():
    # With birch nobody leaves, whether ash is open or not; of equal plans the one with the first site comes first.
    plan = solve(replace(small(), objectives=(Objective("patients_outside"),)))
    assert plan.sites_of("clinic") == ("ash", "birch")
    assert [one.value for one in plan.proof.objectives] == [0]


def test_services_share_a_site():
    # X-ray cannot be at ash, so neither can the clinic.
    world = vary(small(same_site=(Link("x_ray"),)), "x_ray", fixed={"ash": Fixed(False, "no room")})
    plan = solve(world)
    assert plan.sites_of("clinic") == plan.sites_of("x_ray") == ("birch",)


def test_beds_are_enough():
    # Everybody stays a year, so that a load is a number of patients, and half may be turned away. One bed takes 1:
    # 1 / (1 + 1) is half. Two beds turn away half where load² / 2 = 1 + load, at 1 + √3 = 2.73 patients.
    stay = {"days": Figure(365), "blocking": Figure(0.5)}
    assert most_patients(1, Stays(365), 0.5) == 1
    assert most_patients(2, Stays(365), 0.5) == 2
    # Birch has 35 or, alone, 65 patients; ash has 30 either way.
    needed = {n: beds_needed(Fraction(n), 0.5) for n in (30, 35, 65)}
    assert needed == {30: 16, 35: 19, 65: 34}
    for available, expected in ((34, ("ash", "birch")), (19, ("ash", "birch")), (18, ("ash",))):
        assert sites(small(beds=Beds(**stay, at={"birch": Figure(available)}))) == expected
    # At one site only, birch needs 34.
    for available, expected in ((34, ("birch",)), (33, ("ash",))):
        assert sites(small(at_most_sites=Figure(1), beds=Beds(**stay, at={"birch": Figure(available)}))) == expected
    # Where it is not said how many beds there are, nothing is asked.
    assert sites(small(beds=Beds(**stay))) == ("ash", "birch")


def test_services_are_within_reach():
    # X-ray is at birch only. From there to ash is 20 minutes, from ash to birch 30: staff come from there to here.
    fixed = {"ash": Fixed(False, "no room"), "birch": Fixed(True, "it is there")}
    ways = roads({("birch", "ash"): 20.0, ("ash", "birch"): 30.0})
    for minutes_, expected in ((0, ("birch",)), (19, ("birch",)), (20, ("ash", "birch"))):
        world = small(in_reach=(Reach("x_ray", Figure(minutes_)),), at_least_sites=Figure(1))
        assert sites(replace(vary(world, "x_ray", fixed=fixed), transfers=ways)) == expected
    # Its own site is always in reach, and where nobody knows how far it is, nothing else is.
    world = vary(small(in_reach=(Reach("x_ray", Figure(60)),)), "x_ray", fixed=fixed)
    assert sites(world) == ("birch",)


def test_a_documented_exception_switches_one_row_off_and_is_listed():
    world = vary(small(same_site=(Link("x_ray"),)), "x_ray", fixed={"ash": Fixed(False, "no room")})
    excused = replace(world, exceptions=(Excepted("clinic", "x_ray", "ash", "a van comes", "minutes", "board"),))
    assert sites(world) == ("birch",)
    plan = solve(excused)
    assert plan.sites_of("clinic") == ("ash", "birch")
    assert set(plan.rules["instance"]) & {"services_share_a_site.clinic.ash.x_ray"} == set()
    assert plan.exceptions.to_dict("records") == [
        {
            "service": "clinic",
            "needs": "x_ray",
            "site": "ash",
            "reason": "a van comes",
            "source": "minutes",
            "by": "board",
            "would_have_broken": True,
        }
    ]
    # Listed but not needed: nothing is broken at birch, where x-ray is.
    there = vary(world, "x_ray", fixed={"ash": Fixed(False, "no room"), "birch": Fixed(True, "it is there")})
    unused = replace(there, exceptions=(Excepted("clinic", "x_ray", "birch", "to be safe"),))
    assert not solve(unused).exceptions["would_have_broken"].any()


def test_where_patients_are_transferred_nothing_is_asked_and_the_way_is_listed():
    world = vary(small(by_transfer=(Link("x_ray"),)), "x_ray", fixed={"ash": Fixed(False, "no room")})
    plan = solve(replace(world, transfers=roads({("ash", "birch"): 30.0, ("birch", "ash"): 20.0})))
    assert plan.sites_of("clinic") == ("ash", "birch")
    opened = evaluate(plan.problem, plan.designated | {("birch", "x_ray")})
    here = opened.links.set_index("site")
    # Patients leave ash for birch: 30 minutes that way.
    assert here["provider"].to_dict() == {"ash": "birch", "birch": "birch"}
    assert here["minutes"].to_dict() == {"ash": 30, "birch": 0}
    assert here["met"].isna().all()


def test_rota_is_filled():
    # Two doctors at ash and four at birch: nobody moves, so only birch has three.
    assert sites(small(rotas=three_doctors())) == ("birch",)


def test_staff_add_up():
    # One mover makes three and three.
    plan = solve(small(rotas=three_doctors(), team=Team("doctors", "doctors", Figure(1), Figure(0))))
    assert plan.sites_of("clinic") == ("ash", "birch")
    staff = plan.staffing.set_index("site")
    assert staff["staff"].to_dict() == {"ash": 3, "birch": 3}
    assert staff["moved_in"].to_dict() == {"ash": 1, "birch": 0}
    assert staff["moved_out"].to_dict() == {"ash": 0, "birch": 1}


def test_moves_within_limit():
    # Ash lacks two; birch has two to spare, but only one may move.
    world = small(rotas=three_doctors(), doctors={"ash": 1, "birch": 5})
    for most, expected in ((0, ("birch",)), (1, ("birch",)), (2, ("ash", "birch"))):
        team = Team("doctors", "doctors", Figure(most), Figure(0))
        assert sites(small(rotas=three_doctors(), doctors={"ash": 1, "birch": 5}, team=team)) == expected
    assert sites(world) == ("birch",)


def test_recruitment_within_limit():
    # Ash lacks one, and nobody may move.
    for most, expected in ((0, ("birch",)), (1, ("ash", "birch"))):
        assert sites(small(rotas=three_doctors(), team=Team("doctors", "doctors", Figure(0), Figure(most)))) == expected
    assert sites(small(rotas=three_doctors(), team=Team("doctors", "doctors", Figure(0), None))) == ("ash", "birch")


def test_the_worst_journey_is_the_worst():
    # One site: from birch the worst is 30 (west), from ash 25 (east, who goes to oak).
    world = small(at_most_sites=Figure(1))
    plan = solve(_asked(world, Objective("worst_journey")))
    assert plan.sites_of("clinic") == ("ash",)
    assert plan.proof.objectives[0].value == 25
    assert minutes_without(_asked(world, Objective("worst_journey")), "the_worst_journey_is_the_worst") == 0


def test_a_rota_may_fall_short_where_the_config_says_so():
    # Six are needed and six are there, but nobody moves: one short at ash.
    world = _asked(small(rotas=three_doctors(may_fall_short=True)), Objective("patient_minutes"))
    plan = solve(world)
    assert plan.sites_of("clinic") == ("ash", "birch")
    assert plan.staffing.set_index("site")["short"].to_dict() == {"ash": 1, "birch": 0}
    # Asked for least shortfall first, it gives up ash instead.
    assert sites(_asked(world, Objective("staff_short"), Objective("patient_minutes"))) == ("birch",)


def test_shared_staff_count_for_each_service_not_for_their_sum():
    world = small(rotas=three_doctors(), same_site=(Link("x_ray"),))
    plan = solve(vary(world, "x_ray", rotas=three_doctors()))
    assert plan.sites_of("clinic") == plan.sites_of("x_ray") == ("birch",)
    assert plan.staffing["needed"].max() == 3


def test_deprived_patient_minutes_look_at_the_most_deprived_fifth_only():
    # Only west is resident and in deciles 1 and 2: ten patients, ten minutes from ash.
    plan = solve(_asked(small(at_most_sites=Figure(1)), Objective("deprived_patient_minutes")))
    assert plan.sites_of("clinic") == ("ash",)
    assert plan.proof.objectives[0].value == 100


def test_patients_beyond_standard_are_counted():
    # Beyond 15 minutes: from ash mid and east (50), from birch west and mid (30).
    world = small(at_most_sites=Figure(1), standard_minutes=Figure(15))
    plan = solve(_asked(world, Objective("patients_beyond_standard")))
    assert plan.sites_of("clinic") == ("birch",)
    assert plan.proof.objectives[0].value == 30


def test_the_fewest_sites_are_those_that_cover_everybody():
    # Within 20 minutes ash has west and mid, birch mid and east: both are needed. Within 40 either has everybody.
    for most, expected in ((20, ("ash", "birch")), (40, ("ash",))):
        world = small(longest_journey_minutes=Figure(most)).behind_its_border()
        plan = solve(_asked(world, Objective("fewest_sites")))
        assert (plan.sites_of("clinic"), plan.proof.objectives[0].value) == (expected, len(expected))
    # Of one service each site counts, though it has the other.
    both = _asked(vary(small(at_least_sites=Figure(2)), "x_ray", at_least_sites=Figure(1)), Objective("fewest_sites"))
    assert solve(both).proof.objectives[0].value == 3


def test_ties_go_to_fewest_changes_then_fewest_sites_then_the_first_site():
    # X-ray has no patients: wherever it opens, nobody travels further.
    plan = solve(vary(small(), "x_ray", at_least_sites=Figure(1)))
    assert plan.sites_of("x_ray") == ("ash",)
    assert plan.proof.enumeration.equal_best == 3
    today = replace(plan.problem, today=plan.problem.today | {("birch", "x_ray")})
    assert solve(today).sites_of("x_ray") == ("birch",)


def test_the_model_is_plain_pulp():
    chains = {"clinic": nearest.chains(small(), "clinic")}
    assert isinstance(build(small(), chains).programme, pulp.LpProblem)


def test_both_legs_are_counted_together():
    # One scanner. With the clinic at both sites the best is birch: 800 + 1250. With both at birch nobody is moved,
    # though the clinic is further: 1000 + 1000. Free of this rule nobody would pass a shut scanner: 800 + 800.
    world = by_transfer(at_most_sites=Figure(1))
    assert minutes(world) == 2050
    free = vary(world, "clinic", fixed={})
    plan = solve(free)
    assert (plan.sites_of("clinic"), plan.sites_of("scanner")) == (("birch",), ("birch",))
    assert minutes(free) == 2000
    assert minutes_without(free, "both_legs_are_counted_together") == pytest.approx(1600)


def test_not_too_many_transfers():
    # The worst journey is shorter with the scanner at ash: 45 against 50. But 21.875 a year are 0.0599 a day.
    for most, expected in ((0.06, ("ash",)), (0.059, ("birch",)), (0.05, ("ash", "birch"))):
        world = by_transfer(most_transfers_a_day=Figure(most), at_most_sites=Figure(2 if most == 0.05 else 1))
        assert solve(_asked(world, Objective("worst_journey", ("scanner",)))).sites_of("scanner") == expected
    with pytest.raises(NoPlan):
        solve(by_transfer(most_transfers_a_day=Figure(0.05), at_most_sites=Figure(1)))


def test_not_too_many_transfers_in_all():
    # The worst journey is shorter from ash, 45 against 50, and the scanner's counts first. With both at ash 39.375 a
    # year move; the theatre saves 2.5 of them at birch, and the scanner, of whose patients more move, 3.125.
    aims = (Objective("worst_journey", ("scanner",)), Objective("worst_journey", ("theatre",)))
    for most, scanner, theatre in (
        (39.375, "ash", "ash"),
        (39.374999, "ash", "birch"),
        (36.875, "ash", "birch"),
        (36.8, "birch", "ash"),
        (36.2, "birch", "birch"),
        (33.75, "birch", "birch"),
    ):
        plan = solve(replace(two_by_transfer(most), objectives=aims))
        assert (plan.sites_of("scanner"), plan.sites_of("theatre")) == ((scanner,), (theatre,)), most
    with pytest.raises(NoPlan):
        solve(two_by_transfer(33.749999))


def test_a_cap_on_all_transfers_of_nothing_that_is_transferred_asks_nothing():
    assert solve(replace(small(), most_transfers_a_year=Figure(0))).broken.empty


def test_not_too_many_ambulance_hours():
    # At ash 18.15625 hours a year, at birch 11.9375.
    for most, expected in ((18.15625, ("ash",)), (18.15, ("birch",)), (11.9375, ("birch",))):
        world = by_transfer(most_ambulance_hours=Figure(most), at_most_sites=Figure(1))
        assert solve(_asked(world, Objective("worst_journey", ("scanner",)))).sites_of("scanner") == expected
    with pytest.raises(NoPlan):
        solve(by_transfer(most_ambulance_hours=Figure(11.9), at_most_sites=Figure(1)))


def test_not_too_many_repatriations():
    # At ash 3.5 go back a year, at birch 3.
    for most, expected in ((3.5, ("ash",)), (3.4, ("birch",)), (3, ("birch",))):
        world = by_transfer(most_repatriations_a_year=Figure(most), at_most_sites=Figure(1))
        assert solve(_asked(world, Objective("worst_journey", ("scanner",)))).sites_of("scanner") == expected
    with pytest.raises(NoPlan):
        solve(by_transfer(most_repatriations_a_year=Figure(2.9), at_most_sites=Figure(1)))


def test_fewest_transfers_may_be_asked_for():
    plan = solve(_asked(by_transfer(at_most_sites=Figure(1)), Objective("transfers")))
    assert plan.sites_of("scanner") == ("birch",)
    assert plan.proof.objectives[0].value == 18.75


def _asked(problem: Problem, *objectives: Objective) -> Problem:
    return replace(problem, objectives=objectives)
