"""Many scenarios at once, exactly, from tables over subsets of the sites.

A factor stretches all journeys of an area alike, so it never changes which site is nearest. For one subset of the
sites, the minutes of a corridor's patients are therefore its factor times a sum that no factor changes, and a scenario
is a product of small tables: corridors × subsets. Tables depend on demand alone; each distinct demand is tabled once.
Rules and objectives are those of ``arithmetic``, asked of journeys that have an axis of scenarios. What has no such
axis when it answers depends on neither, and is judged once for each distinct state of the other parameters.

Sums are whole numbers of their last decimal place: below 2^53 where a float adds them, and int64 from there on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from optimiser.errors import TooLarge
from optimiser.journeys.by_transfer import LARGEST_EXACT
from optimiser.model.arithmetic import ARITHMETIC, All, Choices, Instance, Score, score
from optimiser.problem import Problem, Service
from optimiser.problem.parameters import BORDER_PULL, ONE_WAY, Parameter, changed, corridors, parameters
from optimiser.scenarios.listing import Joint
from optimiser.scenarios.settings import ROADS

Values = Mapping[str, float]
Batch = Mapping[str, np.ndarray]
Ints = np.ndarray
State = tuple[tuple[str, float], ...]

PLACES = 6
OVERALL, CORRIDOR = "journey_factor", "journey_factor."
DEMAND = ("demand_factor.", "people_factor.", "growth_years")
# Two of these still fit in an int64.
LARGEST_SUM = 2**61
# Tables of earlier scenarios are kept for later ones until there are so many.
MOST_KEPT = 5_000
# No parameter is below 0.
AS_IT_STANDS = -1.0
TOO_FINE = "Patient-minutes are too large to add exactly. Draw with fewer decimals."


def can_be_tabled(listed: Joint, places: Mapping[str, int]) -> bool:
    """Whether every scenario can be read off tables, if each named parameter has at most so many decimal places.

    Not where a factor may change who goes where: by offsets, by way of other sites, or by sharing patients out; nor
    where journeys to one site alone vary, or the roads. Nor where the streams of patients are others in some scenarios,
    as with the share who go to the nearest of all.
    """
    if {BORDER_PULL, ROADS} & places.keys() or any(ONE_WAY.fullmatch(name) for name in places):
        return False
    problem = listed.problem
    services = problem.services.values()
    decimals = _places_of_journeys(problem) + factor_places(places)
    return decimals <= PLACES and not any(one.transfer or one.managed or one.observed for one in services)


def _places_of_journeys(problem: Problem) -> int:
    tables = (problem.journeys, *problem.by_mode.values())
    return max(places_of(table.to_numpy(dtype=float)) for table in tables)


def factor_places(places: Mapping[str, int]) -> int:
    """Return how many decimal places the product of both journey factors has at most."""
    corridor = max((n for name, n in places.items() if name.startswith(CORRIDOR)), default=0)
    return places.get(OVERALL, 0) + corridor


def places_of(values: np.ndarray) -> int:
    """Return how many decimal places some numbers have; more than ``PLACES`` where they have more."""
    finite = values[np.isfinite(values)]
    return next(
        (n for n in range(PLACES + 1) if np.all(np.abs(finite * 10**n - np.rint(finite * 10**n)) <= 1e-9)), PLACES + 1
    )


@dataclass(frozen=True, eq=False)
class InScenarios(Choices):
    """Choices for one service in many scenarios: what depends on journeys or demand has an axis of scenarios first.

    ``factors`` is scenarios × corridors, in whole numbers of 1 / ``tables.factor_scale``. ``states`` has each distinct
    demand by area, in whole numbers of 1 / ``patient_scale``, and ``which`` says which of them a scenario has.
    """

    tables: Tables
    factors: Ints
    which: Ints
    states: tuple[np.ndarray, ...]

    @property
    def patient_scale(self) -> int:
        """What makes every number of patients of every scenario whole."""
        return int(10**self.tables.patient_places)

    @property
    def volume_scale(self) -> int:
        """What makes every number of patients at a site whole."""
        return self.patient_scale

    @property
    def minute_scale(self) -> int:
        """What makes every journey time of every scenario whole."""
        return int(10**self.tables.minute_places) * self.tables.factor_scale

    @cached_property
    def resident_patients(self) -> np.ndarray:
        """Resident patients a year (scaled), scenarios × 1."""
        totals = np.array([state[self.resident].sum() for state in self.states])
        return np.asarray(totals[self.which][:, None])

    def patient_minutes(self, counted: np.ndarray) -> np.ndarray:
        """Return minutes a year (scaled) that patients of some areas spend on the way, scenarios × choices.

        Nothing is counted of those who reach no site: no plan that leaves any is lawful.
        """

        def by_corridor(patients: np.ndarray) -> np.ndarray:
            sums = (self.tables.members * (patients * counted)) @ self._whole.T
            if sums.max(initial=0) >= LARGEST_EXACT:
                raise TooLarge(TOO_FINE)
            return np.asarray(sums.astype(np.int64))

        tables = self._for_each_state(("minutes", counted.tobytes()), by_corridor)
        largest = LARGEST_SUM // len(self.tables.problem.services_with_patients)
        if int(tables.sum(axis=1).max(initial=0)) * int(self.factors.max(initial=0)) >= largest:
            raise TooLarge(TOO_FINE)
        found = np.zeros((len(self.which), tables.shape[2]), dtype=np.int64)
        for corridor in range(tables.shape[1]):
            found += tables[self.which, corridor] * self.factors[:, corridor, None]
        return found

    def arriving(self, site: str, counted: np.ndarray | None = None) -> np.ndarray:
        """Return patients a year at a site, from every area or from those that are counted, scenarios × choices."""
        column = self.problem.reachable_sites(self.service.code).index(site)
        mine = np.ones_like(self.resident) if counted is None else counted
        key = ("arriving", column, mine.tobytes())
        here = self._for_each_state(key, lambda patients: (self.site == column) @ (patients * mine))
        return np.asarray(here[self.which] / self.patient_scale)

    @property
    def worst_minutes(self) -> np.ndarray:
        """The longest journey from any resident area, scenarios × choices."""
        found = np.zeros((len(self.factors), len(self.minutes)))
        for corridor, here in self._on(self.stays):
            np.maximum(found, self._whole[:, here].max(axis=1) * self.factors[:, corridor, None], out=found)
        lost = ~np.isfinite(self.minutes[:, self.stays]).all(axis=1)
        return np.where(lost, np.inf, found / self.minute_scale)

    def patients_beyond(self, minutes: float) -> np.ndarray:
        """Return resident patients a year (scaled) with a longer journey than ``minutes``, scenarios × choices."""
        found = np.zeros((len(self.which), len(self.provided)))
        demand, lost = np.stack(self.states), ~np.isfinite(self.minutes)
        for corridor, here in self._on(self.resident):
            for factor in np.unique(self.factors[:, corridor]):
                rows = np.flatnonzero(self.factors[:, corridor] == factor)
                late = (self._whole[:, here] * factor / self.minute_scale > minutes) | lost[:, here]
                found[rows] += (demand[:, here] @ late.T)[self.which[rows]]
        return np.asarray(found.astype(np.int64))

    def _on(self, streams: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each corridor that has some of these streams, with those."""
        for corridor, on in enumerate(self.tables.members):
            if (here := on & streams).any():
                yield corridor, here

    @property
    def _whole(self) -> np.ndarray:
        """Minutes as they stand, in whole numbers of their last decimal place; 0 where nobody can be reached."""
        reached = np.where(np.isfinite(self.minutes), self.minutes, 0.0)
        return np.asarray(np.rint(reached * 10**self.tables.minute_places))

    def _for_each_state(self, kind: tuple[object, ...], make: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return a table for each state of demand, made once each: states × whatever ``make`` gives."""
        found = []
        for patients in self.states:
            key = (*kind, self.service.code, patients.tobytes())
            if key not in self.tables.tabled:
                self.tables.tabled[key] = make(patients)
            found.append(self.tables.tabled[key])
        return np.stack(found)


@dataclass(frozen=True)
class _Still:
    """What a state of the parameters that are neither journeys nor demand comes to, by joint designation."""

    problem: Problem
    lawful: np.ndarray
    values: Mapping[int, np.ndarray]


@dataclass(eq=False)
class Tables:
    """What scenarios are read off. ``places`` says how many decimal places each varied parameter has at most."""

    listed: Joint
    places: Mapping[str, int]
    tabled: dict[object, np.ndarray] = field(default_factory=dict)
    _demand: dict[object, np.ndarray] = field(default_factory=dict)
    _still: dict[State, _Still] = field(default_factory=dict)
    _asks: dict[str, bool] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        """The question as it stands."""
        return self.listed.problem

    @cached_property
    def known(self) -> dict[str, Parameter]:
        """The question's parameters."""
        return parameters(self.problem)

    @cached_property
    def corridors(self) -> tuple[str, ...]:
        """The corridors, and last the areas that are on none."""
        return (*corridors(self.problem), "")

    @cached_property
    def members(self) -> np.ndarray:
        """Corridors × streams: is the area on the corridor?"""
        on = self.problem.of_areas("corridor") if "corridor" in self.problem.areas else np.array([""])
        on = np.broadcast_to(np.array([one if isinstance(one, str) else "" for one in on]), len(self.problem.resident))
        return np.array([on == corridor for corridor in self.corridors])

    @cached_property
    def minute_places(self) -> int:
        """Decimal places of the question's journeys."""
        return _places_of_journeys(self.problem)

    @cached_property
    def factor_scale(self) -> int:
        """What makes the product of both journey factors whole."""
        return int(10 ** factor_places(self.places))

    @cached_property
    def patient_places(self) -> int:
        """The most decimal places that patients of any service may have in any scenario."""
        if self.problem.border or any(name.startswith(DEMAND[1:]) for name in self.places):
            return PLACES
        counted = {str(self.problem.services[code].activity) for code in self.problem.services_with_patients}
        known = {one: places_of(self.problem.demand[one].to_numpy(dtype=float)) for one in counted}
        drawn = (places + self.places.get(f"{DEMAND[0]}{one}", 0) for one, places in known.items())
        return min(PLACES, max(drawn, default=0))

    # A scenario taken apart ------------------------------------------------------------------------------------------

    def factors(self, batch: Batch, count: int) -> Ints:
        """Return scenarios × corridors: what each journey is multiplied by, times ``factor_scale``."""
        overall, own = self.places.get(OVERALL, 0), factor_places(self.places) - self.places.get(OVERALL, 0)
        same = np.ones(count)
        by_road = np.stack([_or_one(batch.get(f"{CORRIDOR}{road}", same)) for road in self.corridors], axis=1)
        everywhere = _or_one(batch.get(OVERALL, same))[:, None]
        found = np.rint(everywhere * 10**overall) * np.rint(by_road * 10**own)
        return np.asarray(found.astype(np.int64))

    def demand_states(self, batch: Batch, count: int, service: Service) -> tuple[Ints, tuple[np.ndarray, ...]]:
        """Return which patients of a service each scenario has, and each distinct list: streams, scaled to be whole."""
        names = [
            name for name in self.places if name == f"{DEMAND[0]}{service.activity}" or name.startswith(DEMAND[1:])
        ]
        if not names:
            return np.zeros(count, dtype=np.int64), (self._patients(service, ()),)
        distinct, which = np.unique(np.stack([batch[name] for name in names], axis=1), axis=0, return_inverse=True)
        keys = [
            tuple((n, v) for n, v in zip(names, row, strict=True) if v != AS_IT_STANDS) for row in distinct.tolist()
        ]
        return which.reshape(-1), tuple(self._patients(service, key) for key in keys)

    def _patients(self, service: Service, key: State) -> np.ndarray:
        # Services of one activity and the same neighbours have the same patients.
        named = (service.activity, service.neighbours if self.problem.border else (), key)
        if named not in self._demand:
            patients = changed(self.problem, dict(key), self.known).patients(service.code)
            self._demand[named] = np.rint(patients * 10**self.patient_places)
        return self._demand[named]

    def choices(self, scenarios: Sequence[Values]) -> All:
        """Return every choice of every service in some scenarios, for the question as it stands but for those."""
        batch = {name: np.array([one.get(name, AS_IT_STANDS) for one in scenarios]) for name in self.places}
        factors, found = self.factors(batch, len(scenarios)), dict(self.listed.choices)
        for code in self.problem.services_with_patients:
            one = found[code]
            which, states = self.demand_states(batch, len(scenarios), one.service)
            base = {name.name: getattr(one, name.name) for name in fields(Choices)}
            found[code] = InScenarios(**base, tables=self, factors=factors, which=which, states=states)
        return found

    # Everything together ---------------------------------------------------------------------------------------------

    def judge(
        self, scenarios: Sequence[Values], follow: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Return some joint designations: their numbers, which are lawful, and each objective (scenarios × columns).

        Those that no scenario allows are left out, unless they are to be followed. Objectives are whole numbers of
        1 / ``scale`` where they depend on journeys or demand.
        """
        caches: tuple[dict[Any, Any], ...] = (self._demand, self.tabled, self._still)
        for cache in caches:
            if len(cache) > MOST_KEPT:
                cache.clear()
        states = [self._state_of(one) for one in scenarios]
        still = {state: self._judged_still(state) for state in dict.fromkeys(states)}
        allowed = np.any([one.lawful for one in still.values()], axis=0)
        columns = np.union1d(np.flatnonzero(allowed), np.array(follow, dtype=int))
        choices, picks = self.choices(scenarios), self.listed.picked(columns)
        lawful = np.stack([still[state].lawful[columns] for state in states])
        values = {n: np.stack([still[state].values[n][columns] for state in states]) for n in self._still_objectives}
        for problem, rows in self._asked_alike(states, still):
            here = self._in_state(choices, problem, rows)
            for instance in self._moving(problem, here):
                lawful[rows] &= self.listed.spread(instance.services, instance.passes, picks)
            for number, objective in enumerate(problem.objectives):
                if number not in self._still_objectives:
                    total = self._total(score(problem, here, objective), picks)
                    values.setdefault(number, np.zeros(lawful.shape, dtype=total.dtype))[rows] = total
        kept = lawful.any(axis=0) | np.isin(columns, follow)
        return columns[kept], lawful[:, kept], [values[number][:, kept] for number in sorted(values)]

    def scale(self, objective: int) -> float:
        """Return what an objective's whole numbers are divided by."""
        return 1 if objective in self._still_objectives else self._one_scenario(objective).scale

    def _total(self, found: Score, picks: Any) -> np.ndarray:
        """Return an objective by scenario and joint designation, in its whole numbers."""
        parts = [self.listed.spread(*part, picks) for part in found.parts]
        total = np.zeros(1, dtype=np.result_type(np.int64, *(part.dtype for part in parts)))
        for part in parts:
            total = found.combine(total, part)
        return total

    def _state_of(self, scenario: Values) -> State:
        """Return what a scenario says of neither journeys nor demand."""
        rest = {name: n for name, n in scenario.items() if not name.startswith((OVERALL, *DEMAND))}
        roads = {OVERALL: scenario[OVERALL]} if OVERALL in scenario and self._leans_across_sites else {}
        return tuple(sorted({**rest, **roads}.items()))

    @cached_property
    def _leans_across_sites(self) -> bool:
        return any(service.in_reach for service in self.problem.services.values())

    def _asked_alike(self, states: Sequence[State], still: Mapping[State, _Still]) -> Iterator[tuple[Problem, Ints]]:
        """Yield the scenarios that ask the same of services, whoever is in post, with a question that asks it."""
        asked: dict[State, list[int]] = {}
        for row, state in enumerate(states):
            asked.setdefault(tuple(one for one in state if self._asks_of_services(one[0])), []).append(row)
        for rows in asked.values():
            # Nothing that depends on journeys or demand looks at staff; if ever it did, it should not go unnoticed.
            yield replace(still[states[rows[0]]].problem, staff=NOT_ASKED), np.array(rows)

    def _asks_of_services(self, name: str) -> bool:
        """Whether a parameter changes anything but who is in post."""
        if name not in self._asks:
            varied = self.known[name].apply(self.problem, self.known[name].low)
            self._asks[name] = any(
                getattr(varied, one.name) is not getattr(self.problem, one.name)
                for one in fields(Problem)
                if one.name not in ("staff", "files")
            )
        return self._asks[name]

    def _judged_still(self, state: State) -> _Still:
        """Judge what depends on neither journeys nor demand: every rule and objective without an axis of scenarios."""
        if state not in self._still:
            problem = changed(self.problem, dict(state), self.known)
            choices = self._in_state(self.listed.choices, problem)
            lawful = np.ones(self.listed.count, dtype=bool)
            for name in ARITHMETIC.keys() - self._moving_rules:
                for instance in ARITHMETIC[name](problem, choices):
                    lawful &= self.listed.spread(instance.services, instance.passes)
            values = {}
            for number in self._still_objectives:
                found = score(problem, choices, problem.objectives[number])
                values[number] = np.broadcast_to(self._total(found, self.listed.picks) / found.scale, lawful.shape)
            self._still[state] = _Still(problem, lawful, values)
        return self._still[state]

    def _in_state(self, choices: All, problem: Problem, rows: Ints | None = None) -> All:
        """Return choices for a question that differs in neither journeys nor demand, perhaps of some scenarios only."""
        found = {code: replace(one, problem=problem, service=problem.services[code]) for code, one in choices.items()}
        for code, one in found.items():
            if isinstance(one, InScenarios):
                found[code] = replace(one, factors=one.factors[rows], which=one.which[rows])
        return found

    def _moving(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for name in ARITHMETIC:
            if name in self._moving_rules:
                yield from ARITHMETIC[name](problem, choices)

    @cached_property
    def _as_it_stands(self) -> All:
        """Every choice in one scenario, that of the question as it stands."""
        return self.choices([{}])

    @cached_property
    def _moving_rules(self) -> frozenset[str]:
        """The rules of which some instance has an axis of scenarios."""
        return frozenset(
            name
            for name, rule in ARITHMETIC.items()
            if any(one.passes.ndim > len(one.services) for one in rule(self.problem, self._as_it_stands))
        )

    @cached_property
    def _still_objectives(self) -> frozenset[int]:
        """Which objectives have no axis of scenarios."""
        found = range(len(self.problem.objectives))
        return frozenset(n for n in found if all(part.ndim == len(axes) for axes, part in self._one_scenario(n).parts))

    def _one_scenario(self, objective: int) -> Score:
        return score(self.problem, self._as_it_stands, self.problem.objectives[objective])


class _NotAsked(Mapping[Any, float]):
    """Staff that must not be asked about."""

    def __getitem__(self, key: object) -> float:
        """Refuse."""
        raise LookupError("a rule that depends on journeys or demand asks for staff: judge it scenario by scenario")

    def __iter__(self) -> Iterator[Any]:
        """Refuse."""
        return iter((self[None],))

    def __len__(self) -> int:
        """Refuse."""
        return int(self[None])


NOT_ASKED = _NotAsked()


def _or_one(values: np.ndarray) -> np.ndarray:
    return np.where(values == AS_IT_STANDS, 1.0, values)
