"""The main answer again, by plain Python over the committed tables: nothing of the product is asked how it works."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, combinations, product
from pathlib import Path

import pytest

import optimiser as op

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "data" / "mid-south-essex"
CANDIDATES = ("basildon", "broomfield", "southend")
STROKE, EMERGENCY = "stroke_admission", "emergency_attendance"

# Residents' mean minutes with a stroke unit at each set of sites, and who leaves, as worked out before the model.
MEAN = {
    "basildon": 24.635,
    "broomfield": 32.299,
    "southend": 26.254,
    "basildon broomfield": 21.447,
    "basildon southend": 21.592,
    "broomfield southend": 22.259,
    "basildon broomfield southend": 18.404,
}
LEAVERS = {"queens_romford": 64.4, "colchester": 63.1, "royal_london": 34.3, "addenbrookes": 12.1, "darent_valley": 6.9}


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((PLACE / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


class ByHand:
    """Who goes where: an area's share who leave go where they go today, the others to the nearest site provided.

    Of the areas outside there are all, or those of which patients of both kinds are counted.
    """

    def __init__(self, *, all_areas: bool = False) -> None:
        self.minutes = {(row["area"], row["site"]): Fraction(row["minutes"]) for row in rows("journeys")}
        demand = [row for row in rows("demand") if row["activity"] in (STROKE, EMERGENCY)]
        self.patients = {(row["activity"], row["area"]): Fraction(row["patients_per_year"]) for row in demand}
        counted = [row for row in rows("areas") if all_areas or (EMERGENCY, row["area"]) in self.patients]
        self.resident = {row["area"]: row["resident"] == "true" for row in counted}
        self.share: dict[str, dict[str, Fraction]] = {}
        for row in rows("border"):
            self.share.setdefault(row["area"], {})[row["goes_to"]] = Fraction(row["share"])

    def leave(self, area: str) -> dict[str, Fraction]:
        """Return the shares of a resident area who leave for each neighbour, of those who go anywhere that is known."""
        total = sum(self.share[area].values())
        return {site: share / total for site, share in self.share[area].items() if site != "candidates"}

    def leavers(self, activity: str) -> dict[str, Fraction]:
        found: dict[str, Fraction] = {}
        for area in (area for area, here in self.resident.items() if here):
            for site, share in self.leave(area).items():
                found[site] = found.get(site, Fraction(0)) + share * self.patients[activity, area]
        return found

    def comers(self, activity: str) -> Fraction:
        areas = (area for area, here in self.resident.items() if not here)
        return sum(
            (self.share[area].get("candidates", Fraction(0)) * self.patients[activity, area] for area in areas),
            Fraction(0),
        )

    def patient_minutes(self, activity: str, sites: tuple[str, ...]) -> Fraction:
        total = Fraction(0)
        for area in (area for area, here in self.resident.items() if here):
            leave = self.leave(area)
            nearest = min(self.minutes[area, site] for site in sites)
            away = sum((share * self.minutes[area, site] for site, share in leave.items()), Fraction(0))
            total += self.patients[activity, area] * (away + (1 - sum(leave.values())) * nearest)
        return total

    def volumes(self, activity: str, sites: tuple[str, ...]) -> dict[str, Fraction]:
        found = dict.fromkeys(sites, Fraction(0))
        for area, here in self.resident.items():
            # Equally near: the first by code.
            nearest = min(sites, key=lambda site: (self.minutes[area, site], site))
            stay = 1 - sum(self.leave(area).values()) if here else self.share[area].get("candidates", Fraction(0))
            found[nearest] += stay * self.patients.get((activity, area), Fraction(0))
        return found


@pytest.fixture(scope="module")
def by_hand() -> ByHand:
    return ByHand()


def subsets() -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(CANDIDATES, size) for size in (1, 2, 3))


def test_means_and_leavers_are_those_that_were_worked_out_beforehand(by_hand: ByHand):
    residents = sum(by_hand.patients[STROKE, area] for area, here in by_hand.resident.items() if here)
    mean = {" ".join(sites): float(by_hand.patient_minutes(STROKE, sites) / residents) for sites in subsets()}
    assert mean == pytest.approx(MEAN, abs=5e-4)
    leavers = by_hand.leavers(STROKE)
    assert {site: float(leavers[site]) for site in LEAVERS} == pytest.approx(LEAVERS, abs=0.05)
    assert float(sum(leavers.values())) == pytest.approx(186.9, abs=0.05)
    assert float(by_hand.comers(STROKE)) == pytest.approx(26.0, abs=0.05)
    assert float(by_hand.volumes(STROKE, ("basildon",))["basildon"]) == pytest.approx(1701.8, abs=0.05)


Sites = tuple[str, ...]


def lawful_choices(by_hand: ByHand) -> dict[tuple[Sites, Sites, Sites], Fraction]:
    """Return what every lawful choice of sites for hyper-acute and acute stroke and emergencies comes to."""

    # A hyper-acute unit sees at least 600 and at most 2,000, shares its site with an acute one, and takes 6 of the 13
    # stroke consultants; an emergency department takes 10 of the 25 consultants. Everybody may move.
    enough = {
        sites: all(600 <= seen <= 2000 for seen in by_hand.volumes(STROKE, sites).values()) for sites in subsets()
    }

    def lawful(hyper: tuple[str, ...], acute: tuple[str, ...], emergency: tuple[str, ...]) -> bool:
        return enough[hyper] and set(hyper) <= set(acute) and 6 * len(hyper) <= 13 and 10 * len(emergency) <= 25

    minutes = {
        (activity, sites): by_hand.patient_minutes(activity, sites)
        for activity in (STROKE, EMERGENCY)
        for sites in subsets()
    }
    return {
        (hyper, acute, emergency): minutes[STROKE, hyper] + minutes[STROKE, acute] + minutes[EMERGENCY, emergency]
        for hyper, acute, emergency in product(subsets(), repeat=3)
        if lawful(hyper, acute, emergency)
    }


def assert_best(config: str, by_hand: ByHand, expected: tuple[Sites, Sites, Sites]) -> op.Plan:
    found = lawful_choices(by_hand)
    chosen = min(found, key=lambda sites: found[sites])
    assert chosen == expected
    plan = op.solve(op.read_problem(ROOT / "configs" / config))
    services = ("hyper_acute_stroke", "acute_stroke", "emergency_department")
    assert tuple(plan.sites_of(code) for code in services) == chosen
    assert plan.proof.enumeration is not None
    assert plan.proof.enumeration.lawful == len(found)
    # Patients are parted in millionths, so that sums of many parts differ a little.
    assert plan.proof.objectives[0].value == pytest.approx(float(found[chosen]), rel=1e-9)
    return plan


def test_the_answer_is_the_best_of_all_that_the_config_allows(by_hand: ByHand):
    assert_best("base.yaml", by_hand, (("basildon",), CANDIDATES, ("basildon", "broomfield")))


def test_with_every_area_outside_that_sends_a_hundredth_two_stroke_units_are_allowed_and_best():
    everywhere, two = ByHand(all_areas=True), ("broomfield", "southend")
    assert sum(not here for here in everywhere.resident.values()) == 847
    assert float(everywhere.comers(STROKE)) == pytest.approx(112.71, abs=0.005)
    seen = {site: float(many) for site, many in everywhere.volumes(STROKE, two).items()}
    assert seen == pytest.approx({"broomfield": 601.66, "southend": 1186.82}, abs=0.005)
    # Of 823 of these areas emergency attendances are not known, and residents' minutes do not rest on them.
    config = "what_if/incomers_from_everywhere.yaml"
    plan = assert_best(config, everywhere, (two, CANDIDATES, ("basildon", "broomfield")))
    mean = plan.measures.set_index(["measure", "service", "group"])["value"]["mean_minutes", "hyper_acute_stroke", ""]
    assert mean == pytest.approx(MEAN[" ".join(two)], abs=5e-4)
