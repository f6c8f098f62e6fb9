"""Many scenarios at once, exactly, from tables over subsets of the sites.

A factor stretches all journeys of an area alike, so it never changes which site is nearest. For one subset of the
sites, the minutes of a corridor's patients are therefore its factor times a sum that no factor changes, and a scenario
is a product of small tables: corridors × subsets. Tables depend on demand alone; each distinct demand is tabled once.
What depends on neither, such as rotas, is judged by ``arithmetic`` once for each distinct state of other parameters.

Sums are whole numbers of their last decimal place: below 2^53 where a float adds them, and int64 from there on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from optimiser.errors import TooLarge
from optimiser.journeys.by_transfer import LARGEST_EXACT
from optimiser.model.arithmetic import All, Choices, score
from optimiser.model.rules import JUDGED
from optimiser.problem import MOST_DEPRIVED_DECILES, Problem, beds
from optimiser.scenarios.listing import Joint
from optimiser.scenarios.parameters import Parameter, changed, corridors, parameters
from optimiser.scenarios.scope import (
    CORRIDOR,
    DEMAND,
    OVERALL,
    PLACES,
    STILL_OBJECTIVES,
    factor_places,
    places_of,
)

Values = Mapping[str, float]
Batch = Mapping[str, np.ndarray]
Ints = np.ndarray

# Two of these still fit in an int64.
LARGEST_SUM = 2**61
# Tables of earlier scenarios are kept for later ones until there are so many.
MOST_KEPT = 5_000
# No parameter is below 0.
AS_IT_STANDS = -1.0


def _or_one(values: np.ndarray) -> np.ndarray:
    return np.where(values == AS_IT_STANDS, 1.0, values)


@dataclass(eq=False)
class Tables:
    """What scenarios are read off. ``places`` says how many decimal places each varied parameter has at most."""

    listed: Joint
    places: Mapping[str, int]
    _demand: dict[object, np.ndarray] = field(default_factory=dict)
    _tabled: dict[object, np.ndarray] = field(default_factory=dict)
    _still: dict[object, tuple[np.ndarray, dict[int, np.ndarray], Problem]] = field(default_factory=dict)

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
        """Corridors × areas: is the area on the corridor?"""
        on = self.problem.areas["corridor"].to_numpy() if "corridor" in self.problem.areas else np.array([""])
        on = np.broadcast_to(np.array([one if isinstance(one, str) else "" for one in on]), len(self.problem.areas))
        return np.array([on == corridor for corridor in self.corridors])

    @cached_property
    def minute_places(self) -> int:
        """Decimal places of the question's journeys."""
        return places_of(self.problem.journeys.to_numpy(dtype=float))

    @cached_property
    def factor_scale(self) -> int:
        """What makes the product of both journey factors whole."""
        return int(10 ** factor_places(self.places))

    @property
    def minute_scale(self) -> int:
        """What makes every journey time of every scenario whole."""
        return int(10**self.minute_places) * self.factor_scale

    def patient_places(self, activity: str) -> int:
        """Return how many decimal places an activity's patients may have in any scenario."""
        if any(name.startswith(DEMAND[1:]) for name in self.places):
            return PLACES
        base = places_of(self.problem.demand[activity].to_numpy(dtype=float))
        return min(PLACES, base + self.places.get(f"{DEMAND[0]}{activity}", 0))

    @cached_property
    def most_patient_places(self) -> int:
        """The most decimal places that patients of any service may have."""
        found = (self.patient_places(str(self.problem.services[code].activity)) for code in self.counted)
        return max(found, default=0)

    @property
    def counted(self) -> tuple[str, ...]:
        """Services whose patients count."""
        return self.problem.services_with_patients

    # A scenario taken apart ------------------------------------------------------------------------------------------

    def batch(self, scenarios: Sequence[Values]) -> Batch:
        """Return scenarios by parameter, one value a scenario; ``AS_IT_STANDS`` where a scenario does not say."""
        return {name: np.array([one.get(name, AS_IT_STANDS) for one in scenarios]) for name in self.places}

    def factors(self, batch: Batch, count: int) -> Ints:
        """Return scenarios × corridors: what each journey is multiplied by, times ``factor_scale``."""
        overall, own = self.places.get(OVERALL, 0), factor_places(self.places) - self.places.get(OVERALL, 0)
        same = np.ones(count)
        by_road = np.stack([_or_one(batch.get(f"{CORRIDOR}{road}", same)) for road in self.corridors], axis=1)
        everywhere = _or_one(batch.get(OVERALL, same))[:, None]
        found = np.rint(everywhere * 10**overall) * np.rint(by_road * 10**own)
        return np.asarray(found.astype(np.int64))

    def demand_states(self, batch: Batch, count: int, activity: str) -> tuple[Ints, list[np.ndarray]]:
        """Return which demand each scenario has of an activity, and each distinct one: areas, scaled to be whole."""
        names = [name for name in self.places if name == f"{DEMAND[0]}{activity}" or name.startswith(DEMAND[1:])]
        if not names:
            return np.zeros(count, dtype=np.int64), [self._patients(activity, ())]
        distinct, which = np.unique(np.stack([batch[name] for name in names], axis=1), axis=0, return_inverse=True)
        keys = [
            tuple((n, v) for n, v in zip(names, row, strict=True) if v != AS_IT_STANDS) for row in distinct.tolist()
        ]
        return which.reshape(-1), [self._patients(activity, key) for key in keys]

    def _patients(self, activity: str, key: tuple[tuple[str, float], ...]) -> np.ndarray:
        if (activity, key) not in self._demand:
            demand = changed(self.problem, dict(key), self.known).demand[activity].to_numpy(dtype=float)
            self._demand[activity, key] = np.rint(demand * 10 ** self.patient_places(activity))
        return self._demand[activity, key]

    # Tables of one service -------------------------------------------------------------------------------------------

    def stack(
        self, kind: str, service: str, states: Iterable[np.ndarray], make: Callable[..., np.ndarray]
    ) -> np.ndarray:
        """Return a table for each state of demand, made once each: states × whatever ``make`` gives."""
        found = []
        for patients in states:
            key = (kind, service, patients.tobytes())
            if key not in self._tabled:
                self._tabled[key] = make(self.listed.choices[service], patients)
            found.append(self._tabled[key])
        return np.stack(found)

    def minutes(self, service: str, which: Ints, states: list[np.ndarray], factors: Ints, counted: np.ndarray) -> Ints:
        """Return patient-minutes of some areas, scenarios × choices, in whole numbers; ``LARGEST_SUM`` where lost."""
        whole = 10**self.minute_places
        chosen = self.listed.choices[service]
        finite = np.isfinite(chosen.minutes)
        scaled = np.rint(np.where(finite, chosen.minutes, 0.0) * whole)

        def by_corridor(_: Choices, patients: np.ndarray) -> np.ndarray:
            sums = (self.members * (patients * counted)) @ scaled.T
            if sums.max(initial=0) >= LARGEST_EXACT:
                raise TooLarge("Patient-minutes are too large to add exactly. Draw with fewer decimals.")
            return np.asarray(sums.astype(np.int64))

        def lost(_: Choices, patients: np.ndarray) -> np.ndarray:
            return np.asarray((~finite) @ (patients * counted) > 0)

        tables = self.stack(f"minutes of {counted.sum()}", service, states, by_corridor)
        gone = self.stack(f"lost of {counted.sum()}", service, states, lost)
        if int(tables.sum(axis=1).max(initial=0)) * int(factors.max(initial=0)) >= LARGEST_SUM:
            raise TooLarge("Patient-minutes are too large to add exactly. Draw with fewer decimals.")
        found = np.zeros((len(which), tables.shape[2]), dtype=np.int64)
        for corridor in range(len(self.corridors)):
            found += tables[which, corridor] * factors[:, corridor, None]
        return np.where(gone[which], LARGEST_SUM, found)

    def volumes(self, service: str, which: Ints, states: list[np.ndarray]) -> np.ndarray:
        """Return patients a year at each candidate: scenarios × choices × candidates."""
        candidates = np.arange(len(self.problem.candidates))

        def at_sites(chosen: Choices, patients: np.ndarray) -> np.ndarray:
            return np.stack([(chosen.site == site) @ patients for site in candidates], axis=1)

        scale = 10 ** self.patient_places(str(self.problem.services[service].activity))
        return np.asarray(self.stack("volumes", service, states, at_sites)[which] / scale)

    def worst(self, service: str, factors: Ints) -> np.ndarray:
        """Return the longest journey of any resident area, scenarios × choices, in minutes."""
        minutes = self.listed.choices[service].minutes
        resident = self.problem.areas["resident"].to_numpy(dtype=bool)
        whole, found = np.rint(minutes * 10**self.minute_places), np.zeros((len(factors), len(minutes)))
        for corridor, on in enumerate(self.members):
            here = on & resident
            if here.any():
                np.maximum(found, whole[:, here].max(axis=1) * factors[:, corridor, None], out=found)
        return found / self.minute_scale

    def beyond(self, service: str, which: Ints, states: list[np.ndarray], factors: Ints, limit: float) -> Ints:
        """Return resident patients (scaled) with a longer journey than ``limit``, scenarios × choices."""
        chosen = self.listed.choices[service]
        resident = self.problem.areas["resident"].to_numpy(dtype=bool)
        whole, found = np.rint(chosen.minutes * 10**self.minute_places), np.zeros((len(which), len(chosen.provided)))
        demand = np.stack(states)
        for corridor, on in enumerate(self.members):
            here = on & resident
            for factor in np.unique(factors[:, corridor]) if here.any() else ():
                rows = np.flatnonzero(factors[:, corridor] == factor)
                late = whole[:, here] * factor / self.minute_scale > limit
                found[rows] += (demand[:, here] @ late.T)[which[rows]]
        return np.asarray(found.astype(np.int64))

    # Everything together ---------------------------------------------------------------------------------------------

    def judge(
        self, scenarios: Sequence[Values], follow: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Return some joint designations: their numbers, which are lawful, and each objective (scenarios × columns).

        Those that no scenario allows are left out, unless they are to be followed.
        """
        caches: tuple[dict[Any, Any], ...] = (self._demand, self._tabled, self._still)
        for cache in caches:
            if len(cache) > MOST_KEPT:
                cache.clear()
        still = [self._state(one) for one in scenarios]
        distinct = {id(lawful): lawful for lawful, _, _ in still}
        columns = np.union1d(np.flatnonzero(np.any(list(distinct.values()), axis=0)), np.array(follow, dtype=int))
        lawful = np.stack([one[0][columns] for one in still])
        batch = self.batch(scenarios)
        factors, problems = self.factors(batch, len(scenarios)), [problem for _, _, problem in still]
        for service in self.counted:
            lawful &= self._moving(service, batch, factors, problems)[:, self.listed.picks[service][columns]]
        values = [self._value(number, batch, factors, still, columns) for number in range(len(self.problem.objectives))]
        kept = lawful.any(axis=0) | np.isin(columns, follow)
        return columns[kept], lawful[:, kept], [found[:, kept] for found in values]

    def scale(self, objective: int) -> int:
        """Return what an objective's whole numbers are divided by."""
        name = self.problem.objectives[objective].name
        patients = int(10**self.most_patient_places)
        return {
            "patient_minutes": patients * self.minute_scale,
            "deprived_patient_minutes": patients * self.minute_scale,
            "patients_beyond_standard": patients,
        }.get(name, 1)

    def _state(self, scenario: Values) -> tuple[np.ndarray, dict[int, np.ndarray], Problem]:
        """Return what depends on neither journeys nor demand: lawful, objectives, and the question with the rest."""
        rest = {name: n for name, n in scenario.items() if not name.startswith((OVERALL, *DEMAND))}
        roads = {OVERALL: scenario[OVERALL]} if OVERALL in scenario and self._leans_across_sites else {}
        key = tuple(sorted({**rest, **roads}.items()))
        if key not in self._still:
            problem = changed(self.problem, dict(key), self.known)
            choices = {
                code: replace(chosen, problem=problem, service=problem.services[code])
                for code, chosen in self.listed.choices.items()
            }
            lawful = np.ones(self.listed.count, dtype=bool)
            for rule in (rule for rule in JUDGED.values() if rule.tabled == "still"):
                for instance in rule.instances(problem, choices):
                    lawful &= self.listed.spread(instance.services, instance.passes)
            self._still[key] = lawful, dict(self._still_values(problem, choices)), problem
        return self._still[key]

    @cached_property
    def _leans_across_sites(self) -> bool:
        return any(service.in_reach for service in self.problem.services.values())

    def _still_values(self, problem: Problem, choices: All) -> Iterator[tuple[int, np.ndarray]]:
        for number, objective in enumerate(problem.objectives):
            if objective.name in STILL_OBJECTIVES:
                found, total = score(problem, choices, objective), np.zeros(self.listed.count)
                for part in found.parts:
                    total += self.listed.spread(*part)
                yield number, total / found.scale

    def _moving(self, service: str, batch: Batch, factors: Ints, problems: Sequence[Problem]) -> np.ndarray:
        """Return which choices of a service obey the rules that depend on journeys or demand: scenarios × choices."""
        rules, provided = self.problem.services[service], self.listed.choices[service].provided
        passes = np.ones((len(factors), len(provided)), dtype=bool)
        which, states = self.demand_states(batch, len(factors), str(rules.activity))
        if rules.counts_volumes:
            volumes = self.volumes(service, which, states)
            for least, most in (("minimum_patients", np.inf), (None, "maximum_patients")):
                setting = least or str(most)
                if getattr(rules, setting):
                    figure = np.array([getattr(p.services[service], setting).value for p in problems])[:, None, None]
                    holds = volumes >= figure if least else volumes <= figure
                    passes &= (holds | ~provided).all(axis=2)
            if rules.beds and rules.beds.at:
                passes &= self._beds(service, volumes, problems)
        if rules.longest_journey_minutes:
            passes &= self.worst(service, factors) <= rules.longest_journey_minutes.value
        if rules.share_within_standard and rules.standard_minutes:
            beyond = self.beyond(service, which, states, factors, rules.standard_minutes.value)
            resident = self.problem.areas["resident"].to_numpy(dtype=bool)
            patients = np.array([state[resident].sum() for state in states])[which][:, None]
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(patients > 0, np.round((patients - beyond) / patients, 12), 1.0)
            passes &= share >= rules.share_within_standard.value
        return passes

    def _beds(self, service: str, volumes: np.ndarray, problems: Sequence[Problem]) -> np.ndarray:
        scale = 10 ** self.patient_places(str(self.problem.services[service].activity))
        provided, passes = self.listed.choices[service].provided, np.ones(volumes.shape[:2], dtype=bool)
        for column, site in enumerate(self.problem.candidates):
            most = []
            for problem in problems:
                wanted = problem.services[service].beds
                if wanted is None or site not in wanted.at:
                    most.append(np.inf)
                    continue
                key = ("beds", service, site, wanted.days.value, scale)
                if key not in self._tabled:
                    there, blocking = int(wanted.at[site].value), wanted.blocking.value
                    self._tabled[key] = np.array(beds.most_patients(there, wanted.stays, blocking, scale=scale))
                most.append(float(self._tabled[key]))
            passes &= (volumes[:, :, column] <= np.array(most)[:, None]) | ~provided[:, column]
        return passes

    def _value(
        self,
        number: int,
        batch: Batch,
        factors: Ints,
        still: Sequence[tuple[np.ndarray, dict[int, np.ndarray], Problem]],
        columns: np.ndarray,
    ) -> np.ndarray:
        """Return an objective, scenarios × columns, in whole numbers of 1 / ``scale`` where it adds patients up."""
        objective = self.problem.objectives[number]
        if objective.name in STILL_OBJECTIVES:
            return np.stack([one[1][number][columns] for one in still])
        worst = objective.name == "worst_journey"
        total = np.zeros((len(factors), len(columns)), dtype=float if worst else np.int64)
        for service in (code for code in self.problem.services_of(objective) if code in self.counted):
            found = self._part(objective.name, service, batch, factors)
            if found is not None:
                picked = found[:, self.listed.picks[service][columns]]
                total = np.maximum(total, picked) if worst else np.minimum(total + picked, LARGEST_SUM)
        return total

    def _part(self, name: str, service: str, batch: Batch, factors: Ints) -> np.ndarray | None:
        rules = self.problem.services[service]
        activity = str(rules.activity)
        which, states = self.demand_states(batch, len(factors), activity)
        lift = 10 ** (self.most_patient_places - self.patient_places(activity))
        resident = self.problem.areas["resident"].to_numpy(dtype=bool)
        if name == "worst_journey":
            return self.worst(service, factors)
        if name == "patients_beyond_standard":
            standard = rules.standard_minutes
            return None if standard is None else lift * self.beyond(service, which, states, factors, standard.value)
        if name == "deprived_patient_minutes":
            resident = resident & (self.problem.areas["deprivation_decile"] <= MOST_DEPRIVED_DECILES).to_numpy()
        found = self.minutes(service, which, states, factors, resident)
        if int(np.where(found == LARGEST_SUM, 0, found).max(initial=0)) * lift >= LARGEST_SUM // len(self.counted):
            raise TooLarge("Patient-minutes are too large to add exactly. Draw with fewer decimals.")
        return np.where(found == LARGEST_SUM, LARGEST_SUM, np.where(found == LARGEST_SUM, 0, found) * lift)
