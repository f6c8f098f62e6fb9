"""Every designation of a small question, tried one by one: which break no rule, and what those come to.

Journeys, and what rules ask of them, rest on where one service is provided and where its patients are seen first, so
they are judged once for each choice of those. Links and staff are judged for every designation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain, combinations, product
from math import floor, prod
from typing import NamedTuple

from optimiser.checker.across import rota_need
from optimiser.checker.claims import OBJECTIVES
from optimiser.checker.reading import DUST, OF_ONE, Number, Row
from optimiser.checker.rules import RELATIONS, RULES, facts_of, spare_of
from optimiser.checker.run import Inputs, Result, Run
from optimiser.checker.shared import ALL_STAND, Giving, Limited, limits_at, shared_out_anew
from optimiser.checker.sharing import shared_out
from optimiser.checker.stated import Figure, Objective, Question, Service

MOST_TRIED = 2_500
# Areas times the ways in which patients can be shared out: by every set of sites, with every set of their limits.
MOST_SHARED_OUT = 100_000
# Judged by what staff there could be, since there is no table of staff to judge them by.
OF_STAFF = ("rota_is_filled", "moves_within_limit", "recruitment_within_limit")
OF_LINKS = ("services_share_a_site", "services_are_within_reach")
# Every choice that is tried obeys these.
OF_CHOICES = ("fixed_designations_stand", "enough_sites", "not_too_many_sites")
OF_JOURNEYS = tuple(name for name in RULES if name not in (*OF_STAFF, *OF_LINKS, *OF_CHOICES))
Designated = frozenset[tuple[str, str]]


def claiming_nothing(question: Question, inputs: Inputs, designated: Designated) -> Run:
    """Return a run that claims nothing but its designations, as (service, site) pairs."""
    rows = {pair: Row("tried", {"designated": True}) for pair in designated}
    return Run(question, inputs, Result(question.title, "", [], 1), rows, {}, {}, {}, [], {}, {})


class Staffing(NamedTuple):
    """What a team lacks: of rotas that may not fall short, and of all, as far as moves and recruits go."""

    lacking: Fraction
    short: Fraction


@dataclass(frozen=True)
class Trial:
    """A question whose designations are tried; what was worked out for one service is kept."""

    question: Question
    inputs: Inputs
    least: dict[tuple[str, tuple[str, ...]], Number | None] = field(default_factory=dict)
    _runs: dict[tuple[str, Designated, Giving], Run] = field(default_factory=dict)
    _journeys: dict[tuple[str, Designated, tuple[str, tuple[str, ...]]], bool] = field(default_factory=dict)
    _parts: dict[tuple[str, str, Designated], Number] = field(default_factory=dict)

    def designations(self, *, but: tuple[str, tuple[str, ...]] = ("", ())) -> list[Designated] | None:
        """Return every designation that agrees with what is fixed and the numbers of sites; None if not to be tried.

        ``but`` is a rule, with the names of whose it is, that need not hold.
        """
        if not self.sites_are_few:
            return None
        sites = self.run(frozenset()).candidates
        free = {but[1][0]: but[0]} if but[1] else {}
        choices = {
            code: _choices(sites, service, free.get(code, "")) for code, service in self.question.services.items()
        }
        if prod(map(len, choices.values())) > MOST_TRIED:
            return None
        return [
            frozenset((code, site) for code, chosen in zip(choices, joint, strict=True) for site in chosen)
            for joint in product(*choices.values())
        ]

    @cached_property
    def sites_are_few(self) -> bool:
        """Whether every choice of sites of one service can be tried, its patients shared out where they are to be."""
        run = self.run(frozenset())
        return 2 ** len(run.candidates) <= MOST_TRIED and len(run.areas) * self._ways_to_share_out <= MOST_SHARED_OUT

    @property
    def _ways_to_share_out(self) -> int:
        """How many sets of sites there are, each with every set of the limits of these sites, over all services."""
        sites = self.run(frozenset()).candidates
        ways = 0
        for code in shared_out(self.run(frozenset())):
            limits = [site for _, (_, site) in self.limits(code, frozenset((code, site) for site in sites))]
            ways += prod(1 + 2 ** limits.count(site) for site in sites)
        return ways

    def lawful(self, tried: list[Designated]) -> Iterator[Designated]:
        """Yield those that break no rule, staff shared out as well as they can be."""
        return (one for one in tried if not self.breaks_a_rule(one))

    def breaks_a_rule(self, designated: Designated) -> bool:
        """Whether a designation breaks a rule, however staff are shared out."""
        if any(self._journeys_break_a_rule(code, designated) for code in self.question.services):
            return True
        run = self.run(designated)
        links = any(spare_of(fact, RELATIONS[name]) < 0 for name in OF_LINKS for fact in facts_of(name, run))
        return links or any(staffing(run, *key).lacking > DUST for key in self.question.rota_units())

    def breaks_another_rule(self, designated: Designated, but: tuple[str, tuple[str, ...]]) -> bool:
        """Whether a designation breaks a rule other than one, which is named with whose it is."""
        rule, names = but
        if any(self._journeys_break_a_rule(code, designated, but) for code in self.question.services):
            return True
        run = self.run(designated)
        if any(spare_of(fact, RELATIONS[name]) < 0 for name in OF_LINKS for fact in facts_of(name, run)):
            return True
        others = [key for key in self.question.rota_units() if rule not in OF_STAFF or key != names[-2:]]
        return any(staffing(run, *key).lacking > DUST for key in others)

    def values(self, designated: Designated) -> tuple[Number, ...]:
        """Return what each objective comes to."""
        return tuple(self._value(objective, designated) for objective in self.question.objectives)

    def run(self, designated: Designated) -> Run:
        """Return a run with these designations, and no claim beside."""
        return claiming_nothing(self.question, self.inputs, designated)

    def _value(self, objective: Objective, designated: Designated) -> Number:
        codes = list(objective.services or self.question.services)
        if objective.name == "staff_short":
            run, teams = self.run(designated), {t for code in codes for t, _ in self.question.services[code].rotas}
            short = (staffing(run, *key).short for key in self.question.rota_units() if key[0] in teams)
            return round(sum(short, Fraction(0)), 9)
        parts = [self._part(objective.name, code, designated) for code in codes]
        return max(parts, default=Fraction(0)) if objective.name == "worst_journey" else sum(parts, Fraction(0))

    def _part(self, name: str, code: str, designated: Designated) -> Number:
        """Return what one service adds to an objective."""
        run, deciding = self._alone(code, designated)
        key = (name, code, deciding)
        if key not in self._parts:
            found = OBJECTIVES[name](run, Objective(name, (code,)))
            self._parts[key] = round(found, 9) if name == "transfers" and isinstance(found, Fraction) else found
        return self._parts[key]

    def _journeys_break_a_rule(
        self, code: str, designated: Designated, but: tuple[str, tuple[str, ...]] = ("", ())
    ) -> bool:
        run, deciding = self._alone(code, designated, Giving(in_part=frozenset({but})))
        if (code, deciding, but) not in self._journeys:
            facts = ((name, fact, fact.instance.split(".")) for name in OF_JOURNEYS for fact in facts_of(name, run))
            # A share is a quotient, and is compared as it is published.
            self._journeys[code, deciding, but] = any(
                spare_of(fact, RELATIONS[name]) < -OF_ONE
                for name, fact, names in facts
                if names[0] == code and (name, tuple(names)) != but
            )
        return self._journeys[code, deciding, but]

    def alone(self, code: str, designated: Designated, giving: Giving = ALL_STAND) -> Run:
        """Return a run of a service, with the one where its patients are seen first, and no other.

        Patients who are shared out go where the words send them if some limits give way.
        """
        return self._alone(code, designated, giving)[0]

    def limits(self, code: str, designated: Designated) -> list[Limited]:
        """Return the limits that a service's patients are shared out by; none where they are not."""
        run = self.run(designated)
        return limits_at(run, code) if code in shared_out(run) else []

    def _alone(self, code: str, designated: Designated, giving: Giving = ALL_STAND) -> tuple[Run, Designated]:
        """Return what ``alone`` does, and the designations that decide about it."""
        transfer = self.question.services[code].transfer
        names = [code, transfer.first_contact] if transfer else [code]
        deciding = frozenset(pair for pair in designated if pair[0] in names)
        giving = giving.among(self.limits(code, designated))
        if (code, deciding, giving) not in self._runs:
            services = {name: self.question.services[name] for name in names}
            run = claiming_nothing(replace(self.question, services=services), self.inputs, deciding)
            # Who goes where with such sites open is the same whoever asks.
            if self._runs:
                vars(run)["_nearest_of"] = next(iter(self._runs.values()))._nearest_of
            self._runs[code, deciding, giving] = run
            if code in shared_out(run):
                self._runs[code, deciding, giving] = replace(run, journeys=shared_out_anew(run, code, giving))
                vars(self._runs[code, deciding, giving])["_nearest_of"] = run._nearest_of
        return self._runs[code, deciding, giving], deciding


def staffing(
    run: Run, team: str, unit: str, *, rotas: Collection[str] | None = None, free: Collection[str] = ()
) -> Staffing:
    """Return what a team lacks with those in post, moved and recruited as far as they may be.

    ``rotas`` are the services whose rotas count, all if not given; ``free`` names the limits that do not hold.
    """
    question, here = run.question, [run.in_post(team, unit, pool) for pool in run.pools(team)]
    counted = question.services if rotas is None else rotas
    needs = [list(_needs(run, team, unit, pool, counted)) for pool in run.pools(team)]
    firm = [max((need for need, may_fall_short in each if not may_fall_short), default=Fraction(0)) for each in needs]
    full = [max((need for need, _ in each), default=Fraction(0)) for each in needs]
    moves, recruits = (
        None if limit.value is None else Fraction(floor(limit.value)) if unit == "people" else limit.value
        for limit in (
            Figure(None) if "moves_within_limit" in free else question.teams[team].moves,
            Figure(None) if "recruitment_within_limit" in free else question.teams[team].recruits,
        )
    )

    def left_over(needed: list[Fraction]) -> Fraction:
        missing = sum((max(Fraction(0), need - there) for need, there in zip(needed, here, strict=True)), Fraction(0))
        spare = sum((max(Fraction(0), there - need) for need, there in zip(needed, here, strict=True)), Fraction(0))
        moved = spare if moves is None else min(spare, moves)
        return Fraction(0) if recruits is None else max(Fraction(0), missing - moved - recruits)

    return Staffing(left_over(firm), left_over(full))


def _needs(run: Run, team: str, unit: str, pool: str, counted: Collection[str]) -> Iterator[tuple[Fraction, bool]]:
    for code, service in run.question.services.items():
        rota = service.rotas.get((team, unit)) if code in counted else None
        need = rota_need(run, code, (team, unit), pool) if rota else None
        if rota and need is not None:
            yield need, rota.may_fall_short


def _choices(sites: list[str], service: Service, free: str) -> list[tuple[str, ...]]:
    """Return the choices that agree with what is fixed and the numbers of sites, but for a rule that is free."""
    least = None if free == "enough_sites" else service.figure("at_least_sites")
    most = None if free == "not_too_many_sites" else service.figure("at_most_sites")
    every = chain.from_iterable(combinations(sites, number) for number in range(len(sites) + 1))
    return [
        chosen
        for chosen in every
        if (least is None or len(chosen) >= least)
        and (most is None or len(chosen) <= most)
        and all((site in chosen) == fixed.provided for site, fixed in service.fixed.items())
    ]


def changes_and_sites(trial: Trial, designated: Designated) -> tuple[int, int]:
    """Return what settles equal plans: changes from today, then sites."""
    run = trial.run(designated)
    return sum(run.changes(code) for code in trial.question.services), len(designated)
