"""From a question to a plan: ``solve`` finds the best and proves it, ``evaluate`` works out what people chose."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pulp

from optimiser.errors import NO_PLAN, NoPlan, NotProved, SolverFailed, TooLarge
from optimiser.journeys import nearest
from optimiser.journeys.going import Ints
from optimiser.model import Model, build, expression, solver
from optimiser.model.arithmetic import lawful, value
from optimiser.model.objectives import UNITS
from optimiser.plan import Plan, Tell, patterns_of, say_nothing
from optimiser.plan.proof import NOT_PROVED, PROVED, Designations, Enumeration, Proof, Reached
from optimiser.problem import Objective, Problem
from optimiser.search import head_start
from optimiser.search.enumeration import TIE_BREAK, can_be_ranked, enumerate_all
from optimiser.search.head_start import Learnt

# A chain is cut short, and deepened where an answer needs it, only where a service has more candidates than this.
MOST_CANDIDATES_IN_FULL = 16
SHORT_CHAIN = 2
# Objectives that count no minute: of a chain they need no more than whether it ends within the service's standard.
COUNT_NO_MINUTES = {"patients_beyond_standard", "staff_short", "changes_from_today", "fewest_sites"}

# Equal plans are put in site order where there are so few designations, so many of them in one solve.
MOST_PUT_IN_ORDER = 100
PUT_IN_ORDER_AT_ONCE = 12

# A first answer of no plan is asked again, without presolve, for at most so many seconds.
LONGEST_SECOND_ASK = 10.0

NO_TIME = "Time ran out before any plan was found. Allow more time: --time-limit-minutes."
REPORT_IT = "Do not use this answer; please report it with the config."


def solve(
    problem: Problem,
    *,
    time_limit_minutes: float | None = None,
    list_all: bool = True,
    tell: Tell | None = None,
    learnt: Learnt | None = None,
) -> Plan:
    """Find the best plan and prove it.

    Parameters
    ----------
    problem
        The question.
    time_limit_minutes
        Stop after so long and return what was found, with outcome "not proved". The problem's own limit if not given.
    list_all
        Also judge every joint designation without the solver, where arithmetic can: a second proof, and the ranking.
    tell
        Called with a line of plain words as each step begins.
    learnt
        What the same question with fewer sites taught, to begin with; afterwards, what this one did.

    Raises
    ------
    NoPlan
        When no plan meets every rule; which of them clash is another question (``explanation.solving`` asks it).
    NotProved
        When time ran out before any plan was found.
    SolverFailed
        When the solver cannot be trusted: wrong version, failed canary, or an answer that the full list contradicts.
    """
    started = time.perf_counter()
    tell = tell or say_nothing
    limit = 60 * (problem.time_limit_minutes if time_limit_minutes is None else time_limit_minutes)
    search = _Search(problem, started + limit, learnt=learnt)
    tell("Building the model")
    try:
        for objective in problem.objectives:
            search.minimise(objective, tell)
    except NoPlan:
        _not_in_the_list(problem, list_all)
        raise
    solved = time.perf_counter()
    if list_all and can_be_ranked(problem):
        tell("Judging every joint designation")
    listing = _full_list(problem) if list_all else None
    if listing:
        search.agree_with(listing)
    else:
        search.settle_ties(tell)
    outcome = PROVED if search.proved else NOT_PROVED
    seconds = {"solver": round(solved - started, 3), "listing": round(time.perf_counter() - solved, 3)}
    proof = Proof(outcome, tuple(search.reached), listing, dict(solver.about()), seconds)
    return Plan(problem, search.designated, proof, patterns_of(problem, search.designated, tell))


def best_but(
    problem: Problem, known: Collection[Designations], *, time_limit_minutes: float | None = None
) -> Designations:
    """Find the best plan that is none of those known already, and prove it.

    Raises
    ------
    NoPlan
        When no other plan meets every rule.
    NotProved
        When time ran out first.
    """
    limit = 60 * (problem.time_limit_minutes if time_limit_minutes is None else time_limit_minutes)
    # A head start rules out what no best plan can have; the next best may have it.
    search = _Search(problem, time.perf_counter() + limit, not_these=list(known), head_start=False)
    for objective in problem.objectives:
        search.minimise(objective, say_nothing)
    if search.proved:
        search.settle_ties(say_nothing)
    if not search.proved:
        raise NotProved("Time ran out before the next best plan was proved. Allow more time: time_limit_minutes.")
    return search.designated


def best_by(problem: Problem, run: Callable[..., solver.Outcome], *, deadline: float) -> Designations:
    """Find the best plan by another solver, without a head start, before a time as ``perf_counter`` counts it.

    ``run`` takes a model, a time limit, a start and whether to simplify first, as ``solver.run`` does.

    Raises
    ------
    NoPlan
        When by its word no plan meets every rule.
    NotProved
        When time ran out before it was proved.
    SolverFailed
        When arithmetic refutes what it says.
    """
    search = _Search(problem, deadline, ask=run, head_start=False)
    for objective in problem.objectives:
        search.minimise(objective, say_nothing)
    if not search.proved:
        raise NotProved(NO_TIME)
    return search.designated


@dataclass
class _Search:
    """One solve under way: the chains so far, what is already held at its best, and the answer in hand."""

    problem: Problem
    deadline: float
    chains: dict[str, nearest.Chains] = field(default_factory=dict)
    reached: list[Reached] = field(default_factory=list)
    not_these: list[Designations] = field(default_factory=list)
    known: Designations = frozenset()
    designated: Designations = frozenset()
    proved: bool = True
    ask: Callable[..., solver.Outcome] = field(default_factory=lambda: solver.run)
    head_start: bool = True
    learnt: Learnt | None = None
    built: tuple[dict[str, nearest.Chains], Model, set[str]] | None = None

    def __post_init__(self) -> None:
        begun = _with_head_start(self.problem, self.deadline, self.learnt) if self.head_start else None
        self.chains, self.known = begun or (_first_chains(self.problem), frozenset())

    def minimise(self, objective: Objective, tell: Tell) -> None:
        """Minimise one objective with the earlier ones held, deepening chains until the answer is exact."""
        if not self.proved:
            self.reached.append(self._reached(objective, None))
            return
        outcome, designated = self._best(objective, tell)
        self.proved = outcome.status == "optimal"
        if self.proved or self._is_as_good(objective, designated):
            self.designated = designated
        elif not self.reached:
            raise NotProved(NO_TIME)
        self.reached.append(self._reached(objective, outcome.bound))

    def _is_as_good(self, objective: Objective, designated: Designations) -> bool:
        """Whether an answer that time cut short is lawful, keeps what is held, and improves on what is in hand."""
        if not (designated and lawful(self.problem, designated) and self._keeps_what_is_held(designated)):
            return False
        return value(self.problem, designated, objective) <= self._in_hand(objective)

    def _in_hand(self, objective: Objective) -> float:
        """Return what an objective comes to under the plan in hand; infinite before there is one."""
        return value(self.problem, self.designated, objective) if self.reached else math.inf

    def settle_ties(self, tell: Tell) -> None:
        """Of equal best plans take that with fewest changes, fewest sites and first in site order, if time allows."""
        if self.proved and self.problem.services_with_today:
            outcome, designated = self._best(TIE_BREAK, tell)
            self.designated = designated if outcome.status == "optimal" else self.designated
        in_full = not any(chain.cut.any() for chain in self.chains.values())
        if self.proved and in_full and len(self.problem.services) * len(self.problem.candidates) <= MOST_PUT_IN_ORDER:
            tell("Putting equal plans in order")
            self._take_the_first()

    def _take_the_first(self) -> None:
        """Take fewest sites, then the first in site order, of the plans that equal the one in hand and its changes."""
        changes = value(self.problem, self.designated, TIE_BREAK)
        if self.problem.services_with_today:
            model = self._model()
            model.programme.addConstraint(expression(self.problem, model.x, TIE_BREAK) <= changes + 0.5)
        order = [(site, code) for code in self.problem.services for site in self.problem.candidates]
        blocks = [order[n : n + PUT_IN_ORDER_AT_ONCE] for n in range(0, len(order), PUT_IN_ORDER_AT_ONCE)]
        in_order = [{pair: -(2**n) for n, pair in enumerate(reversed(block))} for block in blocks]
        for wish in [dict.fromkeys(order, 1), *in_order]:
            if not self._settle(wish, changes):
                return

    def _settle(self, wish: Mapping[tuple[str, str], int], changes: float) -> bool:
        """Take the plan with the least of a wish and hold it to that; return whether there was time to."""
        while True:
            model = self._model()
            aim = pulp.lpSum(weight * model.x.designated[where] for where, weight in wish.items())
            outcome = self._ask(model, aim, _sum_of(wish, self.designated))
            if outcome.status != "optimal":
                return False
            designated = _designated_in(model, outcome)
            if designated == self.designated or self._is_alike(designated, changes):
                self.designated = designated
                model.programme.addConstraint(aim <= _sum_of(wish, designated) + 0.5)
                return True
            self.not_these.append(designated)

    def _is_alike(self, designated: Designations, changes: float) -> bool:
        """Whether arithmetic finds designations lawful, with so many changes, and keeping what is held."""
        same = value(self.problem, designated, TIE_BREAK) == changes and self._keeps_what_is_held(designated)
        return same and lawful(self.problem, designated)

    def _best(self, objective: Objective, tell: Tell) -> tuple[solver.Outcome, Designations]:
        """Solve for one objective until its answer is exact and keeps what is held to the last digit."""
        while True:
            tell(f"Solving for {objective.name.replace('_', ' ')}")
            outcome, designated = self._run(objective)
            if outcome.status != "optimal":
                return outcome, designated
            if self._deepen(designated):
                continue
            if not self._is_true(objective, outcome, designated):
                continue
            if self._keeps_what_is_held(designated):
                return outcome, designated
            self.not_these.append(designated)

    def _is_true(self, objective: Objective, outcome: solver.Outcome, designated: Designations) -> bool:
        """Whether arithmetic finds an optimum lawful and counts it alike; if not, its chains are no longer cut."""
        exact = value(self.problem, designated, objective)
        alike = abs(outcome.objective - exact) <= _room(exact)
        if alike and lawful(self.problem, designated):
            return True
        if not any(chain.cut.any() for chain in self.chains.values()):
            counts = f"The model counts {objective.name} as {outcome.objective}, arithmetic as {exact}."
            breaks = "By arithmetic the model's best plan breaks a rule."
            raise SolverFailed(f"{breaks if alike else counts} {REPORT_IT}")
        self.chains = {code: nearest.chains(self.problem, code) for code in self.chains}
        return False

    def agree_with(self, listing: Enumeration) -> None:
        """Take the first of the equal best options of the full list, once both agree on what best is."""
        if not listing.ranked:
            raise SolverFailed(f"The solver found a plan, but the full list of options holds none. {REPORT_IT}")
        best = listing.ranked[0]
        found = tuple(reached.value for reached in self.reached)
        if self.proved and found != best.values:
            raise SolverFailed(f"The solver's best {found} is not the full list's {best.values}. {REPORT_IT}")
        self.designated, self.proved = best.designated, True
        self.reached = [self._reached(objective, None) for objective in self.problem.objectives]

    def _model(self) -> Model:
        """Return the model with what is held, and without what arithmetic has refused; built once for its chains."""
        if self.built is None or self.built[0] != self.chains:
            self.built = (dict(self.chains), build(self.problem, self.chains), set())
        _, model, there = self.built
        for name, row in self._rows(model, there):
            model.programme.addConstraint(row, name)
            there.add(name)
        return model

    def _rows(self, model: Model, there: Collection[str]) -> Iterator[tuple[str, pulp.LpConstraint]]:
        """Yield what is held and what has been refused, but for the rows that are there already."""
        for number, (earlier, reached) in enumerate(zip(self.problem.objectives, self.reached, strict=False), start=1):
            name = f"objective_{number}_stays_at_its_best"
            if name not in there:
                # With room for rounding; whether the answer really keeps what is held is then settled exactly.
                yield name, expression(self.problem, model.x, earlier) <= reached.value + _room(reached.value)
        for number, designated in enumerate(self.not_these, start=1):
            name = f"not_these_designations.{number}"
            if name not in there:
                differs = pulp.lpSum(1 - x if where in designated else x for where, x in model.x.designated.items())
                yield name, differs >= 1

    def _run(self, objective: Objective) -> tuple[solver.Outcome, Designations]:
        model = self._model()
        outcome = self._ask(model, expression(self.problem, model.x, objective), self._in_hand(objective))
        if outcome.status == "interrupted":
            raise KeyboardInterrupt
        if outcome.status == "infeasible":
            raise NoPlan(NO_PLAN)
        return outcome, _designated_in(model, outcome)

    def _ask(self, model: Model, aim: pulp.LpAffineExpression, in_hand: float) -> solver.Outcome:
        """Make an aim as small as possible; where the plan in hand refutes the answer, ask again without presolve.

        An answer of no plan is asked again where there is none in hand, and stands unless soon refuted.
        """
        model.programme.setObjective(aim)
        start = {x.name: float(where in self.known) for where, x in model.x.designated.items()} if self.known else None
        for presolve in (True, False):
            left = max(0.1, self.deadline - time.perf_counter())
            outcome = self.ask(model.programme, time_limit_seconds=left, presolve=presolve, start=start)
            if outcome.status == "unbounded":
                raise SolverFailed(f"The solver finds no end to how good a plan can be. {REPORT_IT}")
            best = {"optimal": outcome.objective, "infeasible": math.inf}.get(outcome.status, -math.inf)
            if best == in_hand == math.inf:
                soon = min(left, LONGEST_SECOND_ASK)
                try:
                    again = self.ask(model.programme, time_limit_seconds=soon, presolve=False)
                except SolverFailed:
                    # CBC crashes at some small models that it may not simplify, which refutes nothing.
                    return outcome
                return again if again.feasible or again.status == "interrupted" else outcome
            if best <= in_hand + _room(in_hand):
                return outcome
        raise SolverFailed(f"The solver lost a plan that it had found. {REPORT_IT}")

    def _deepen(self, designated: Designations) -> bool:
        """Lengthen the chains that this answer runs past; return whether any did."""
        deeper = False
        for service, chain in self.chains.items():
            if not chain.cut.any():
                continue
            open_sites = [site for site, of in designated if of == service]
            depth = nearest.deepen(
                chain, self.problem, service, open_sites, at_most=_steps_that_count(self.problem, service)
            )
            if depth is not None:
                self.chains[service] = nearest.chains(
                    self.problem, service, depth, never=chain.never, always=chain.always
                )
                deeper = True
        return deeper

    def _keeps_what_is_held(self, designated: Designations) -> bool:
        earlier = zip(self.problem.objectives, self.reached, strict=False)
        return all(value(self.problem, designated, objective) <= reached.value for objective, reached in earlier)

    def _reached(self, objective: Objective, bound: float | None) -> Reached:
        found = value(self.problem, self.designated, objective)
        # The solver's bound carries its rounding; where it proved a gap of 0 the exact value is the bound.
        bound = found if self.proved else bound if bound is not None and math.isfinite(bound) else None
        return Reached(objective.name, objective.services, found, bound, UNITS[objective.name])


def _room(value_of: float) -> float:
    """Return how far the solver's rounding may take it from a value."""
    return 1e-6 * max(1.0, abs(value_of))


def _sum_of(weights: Mapping[tuple[str, str], int], designated: Designations) -> int:
    return sum(weight for where, weight in weights.items() if where in designated)


def _designated_in(model: Model, outcome: solver.Outcome) -> Designations:
    return frozenset(
        where for where, variable in model.x.designated.items() if outcome.values.get(variable.name, 0.0) > 0.5
    )


def _with_head_start(
    problem: Problem, deadline: float, learnt: Learnt | None
) -> tuple[dict[str, nearest.Chains], Designations] | None:
    """Return chains without what no best plan can have, and a good answer if one is known; None without a head start.

    It takes at most half of the time that is left.
    """
    asked = head_start.question(problem) if len(problem.candidates) > MOST_CANDIDATES_IN_FULL else None
    if asked is None:
        return None
    service, sites = asked
    now = time.perf_counter()
    start = head_start.start(problem, service, sites, now + (deadline - now) / 2, learnt)
    chains = nearest.chains(problem, service, start.depth, never=start.never, always=start.always)
    known = start.designated if math.isfinite(start.minutes) else ()
    return {service: chains}, frozenset((site, service) for site in known)


def _first_chains(problem: Problem) -> dict[str, nearest.Chains]:
    """Return full chains where that is small, else as short as an answer might need."""
    return {
        code: nearest.chains(problem, code, _first_depth(problem, code))
        for code in problem.services_with_patients
        if not problem.services[code].managed
    }


def _first_depth(problem: Problem, service: str) -> int | Ints | None:
    rules = problem.services[service]
    # A volume and a transfer must be counted to the last patient, and minutes need not grow along a chain with offsets.
    whole = rules.counts_volumes or rules.observed or service in problem.on_a_transfer_pathway
    if whole or len(problem.candidates) <= MOST_CANDIDATES_IN_FULL:
        return None
    counted = _steps_that_count(problem, service)
    return SHORT_CHAIN if counted is None else counted


def _steps_that_count(problem: Problem, service: str) -> Ints | None:
    """Return after how many steps of each chain no more of it counts; nothing where all of it may."""
    if not COUNT_NO_MINUTES.issuperset(objective.name for objective in problem.objectives):
        return None
    standard = problem.services[service].standard_minutes
    within = problem.minutes(service) <= (standard.value if standard else -math.inf)
    return np.asarray(within.sum(axis=1) + 1)


def _full_list(problem: Problem) -> Enumeration | None:
    """Judge every joint designation by arithmetic; nothing where there are too many to do so."""
    if not can_be_ranked(problem):
        return None
    try:
        return enumerate_all(problem)
    except TooLarge:
        return None


def _not_in_the_list(problem: Problem, list_all: bool) -> None:
    """Refuse to say that no plan exists where the full list holds one."""
    listing = _full_list(problem) if list_all else None
    if listing and listing.lawful:
        raise SolverFailed(f"The solver found no plan, but the full list of options holds one. {REPORT_IT}")
