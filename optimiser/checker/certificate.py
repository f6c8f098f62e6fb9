"""Does certificate.json prove that no lawful plan has fewer patient-minutes? Added up again in whole numbers.

A service reached directly takes at least the minutes to the nearest open site, whatever other rules ask. Each area
with patients has at each site a cost: its patients times its minutes. All costs are counted in ``unit``, the largest
of which each is a whole number, and values in parts of it. For values v of the areas, each site takes back the sum of
what v exceeds the area's cost there, where it does; the nearest neighbour of each area, which is always open, likewise.
With some sites open and at most ``m`` more of those left: all v, less what neighbours and open sites take back, less
the ``m`` largest of what those left would, is never more than the cost of any such plan. More than one unit less than
``least`` is enough, since every plan's cost is whole.

The nodes are a tree. A node parts its plans by whether one site more is open; or closes them, by values or by trying
every largest set of sites left, since more sites never make a journey longer; or it narrows them: of some sites left it
says that they are open, of some that they are shut, since values show that each of them alone otherwise is no better.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from optimiser.checker.reading import Breach, brief
from optimiser.checker.run import LEAVES, MICRO, PULLED, STAYS, Run

CHECK, FILE = "the_certificate_proves_it", "certificate.json"
AIM = "patient_minutes"
CLAIM = "no lawful plan has fewer patient-minutes a year"
ENTRIES = {"format", "claim", "unit", "value", "services"}
OF_A_SERVICE = {"service", "least", "parts", "areas", "values", "nodes"}
LARGEST, MOST_NODES, MOST_SETS = 10**30, 100_000, 1_000


class Proved(NamedTuple):
    """What a sound certificate adds up: its nodes, its lists of values, and the least there is, in patient-minutes."""

    nodes: int
    lists: int
    least: Fraction


class _WrongError(Exception):
    """Something of the certificate is not so: where, and why."""


class _Costs(NamedTuple):
    """The costs of one service: of each area by site, and at the nearest neighbour; and what is beyond decision."""

    by_site: Mapping[str, Mapping[str, int]]
    beside: Mapping[str, int]
    always: int


def the_certificate_proves_it(run: Run) -> Iterator[Breach]:
    """A certificate that is there proves that no lawful plan has fewer patient-minutes than the plan."""
    if run.certificate is not None:
        try:
            _add_up(run)
        except _WrongError as why:
            where, message = why.args
            yield Breach(CHECK, f"{FILE} {where}".strip(), "", "", f"{FILE}: {message}.")


def proved(run: Run) -> Proved:
    """Return what the certificate of a sound run proves: it has been added up already, and is not once more."""
    said = run.certificate
    nodes, lists = (sum(len(one[part]) for one in said["services"]) for part in ("nodes", "values"))
    return Proved(nodes, lists, said["value"] * Fraction(said["unit"]))


def _add_up(run: Run) -> None:
    """Add up a certificate; raises where it does not prove what it claims."""
    stated = _group(run.certificate, ENTRIES, "")
    if stated["format"] != 1 or stated["claim"] != CLAIM:
        raise _WrongError("claim", f"it does not claim that {CLAIM}")
    objective = run.question.objectives[0]
    if run.result.outcome != "proved best" or objective.name != AIM:
        raise _WrongError("claim", "the run does not claim to have the fewest patient-minutes first of all")
    codes = [c for c in objective.services or run.question.services if run.question.services[c].activity is not None]
    if any(run.question.services[code].transfer for code in codes):
        raise _WrongError("services", "it is of services that are not reached directly, of which it proves nothing")
    services = [_group(one, OF_A_SERVICE, "services") for one in _list(stated["services"], "services")]
    if [one["service"] for one in services] != codes:
        raise _WrongError("services", "it is not of the services that the objective covers, in order")
    raw = [_costs_of(run, code) for code in codes]
    every = math.gcd(*(cost for one in raw for cost in _each(one))) or 1
    unit = Fraction(every, MICRO * run.inputs.patients_scale)
    if not isinstance(stated["unit"], str) or stated["unit"] != str(unit):
        raise _WrongError("unit", f"its unit is {brief(stated['unit'])}, but that of this question is {unit}")
    least = sum(_whole(one["least"], f"{one['service']} least") for one in services)
    if _whole(stated["value"], "value") != least:
        raise _WrongError("value", "its value is not the sum of what its services come to at least")
    has = sum((run.patient_minutes(code, run.residents_of(code)) for code in codes), Fraction(0))
    if least * unit != has:
        raise _WrongError("value", f"it is of {brief(least * unit)} patient-minutes, but the plan has {brief(has)}")
    for one, costs in zip(services, raw, strict=True):
        _Tree(run, one, _in_units(costs, every)).check()


def _group(node: Any, keys: Collection[str], where: str) -> dict[str, Any]:
    if not isinstance(node, dict) or set(node) != set(keys):
        raise _WrongError(where, f"{where or 'it'} is not a group of {', '.join(sorted(keys))}")
    return node


def _list(node: Any, where: str) -> list[Any]:
    if not isinstance(node, list) or not node:
        raise _WrongError(where, f"{where} is not a list, or is empty")
    return node


def _whole(node: Any, where: str) -> int:
    if not isinstance(node, int) or isinstance(node, bool):
        raise _WrongError(where, f"{where} has {brief(node)}, which is not a whole number")
    if not 0 <= node <= LARGEST:
        raise _WrongError(where, f"{where} has a number below 0 or above {LARGEST:.0e}")
    return node


def _costs_of(run: Run, code: str) -> _Costs:
    """Return what areas' residents come to at each site, in millionths of a minute times whole parts of patients."""
    minutes, neighbours = run.minutes_to(code), run.neighbours(code)
    by_site: dict[str, dict[str, int]] = {}
    beside: dict[str, int] = {}
    always = 0
    streams = run.streams(code)
    for stream in run.residents_of(code):
        patients = streams[stream]
        # Who stays takes no neighbour, and who leaves takes one.
        beyond = {STAYS: [], LEAVES: [stream.neighbour]}.get(stream.how, neighbours)
        near = [patients * minutes[stream.area, s] for s in beyond if (stream.area, s) in minutes]
        here = {s: patients * minutes[stream.area, s] for s in run.candidates if (stream.area, s) in minutes}
        if not patients:
            continue
        if stream.how == LEAVES or not here:
            always += min(near, default=0)
            continue
        name = f"{stream.area} {PULLED}" if stream.how == PULLED else stream.area
        by_site[name] = here
        if near:
            beside[name] = min(near)
    return _Costs(by_site, beside, always)


def _each(costs: _Costs) -> Iterator[int]:
    yield costs.always
    yield from costs.beside.values()
    for here in costs.by_site.values():
        yield from here.values()


def _in_units(costs: _Costs, unit: int) -> _Costs:
    by_site = {area: {site: cost // unit for site, cost in here.items()} for area, here in costs.by_site.items()}
    return _Costs(by_site, {area: cost // unit for area, cost in costs.beside.items()}, costs.always // unit)


class _Tree:
    """The search tree of one service, of which every end must be closed."""

    def __init__(self, run: Run, stated: Mapping[str, Any], costs: _Costs) -> None:
        self.code, self.costs = stated["service"], costs
        self.least, self.parts = _whole(stated["least"], f"{self.code} least"), _whole(stated["parts"], "parts")
        if not self.parts:
            raise _WrongError("parts", "parts is 0")
        if stated["areas"] != list(costs.by_site):
            raise _WrongError(
                f"{self.code} areas", "its areas are not those of this question that have patients, in order"
            )
        self.values = [_list(one, "values") for one in _list_or_none(stated["values"], "values")]
        self.nodes = _list(stated["nodes"], "nodes")
        service = run.question.services[self.code]
        most = service.figure("at_most_sites")
        self.candidates = run.candidates
        self.most = len(self.candidates) if most is None else min(len(self.candidates), math.floor(most))
        self.opened = frozenset(site for site, one in service.fixed.items() if one.provided)
        self.shut = frozenset(site for site, one in service.fixed.items() if not one.provided)
        self._added: dict[int, tuple[int, dict[str, int]]] = {}

    def check(self) -> None:
        """Raise where an end is not closed, or a node is not part of the tree."""
        if len(self.nodes) > MOST_NODES:
            raise _WrongError("nodes", f"it has more than {MOST_NODES:,} nodes")
        waiting, seen = [(0, self.opened, self.shut)], set[int]()
        while waiting:
            number, opened, shut = waiting.pop()
            where = f"node {number}"
            if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self.nodes):
                raise _WrongError("nodes", "a node that is named is not there")
            if number in seen:
                raise _WrongError(where, f"{where} stands at two places of the tree")
            seen.add(number)
            node = self.nodes[number]
            keys = set(node) if isinstance(node, dict) else set()
            if keys == {"site", "open", "shut"}:
                site = node["site"]
                if site not in self.candidates or site in opened or site in shut:
                    raise _WrongError(where, f"{where} parts by {brief(site)}, which is no candidate that is left")
                waiting += [(node["open"], opened | {site}, shut), (node["shut"], opened, shut | {site})]
            elif keys == {"values", "open", "shut", "then"}:
                waiting.append(self._narrowed(node, opened, shut, where))
            elif keys == {"values"}:
                self._is_shown(node["values"], opened, shut, where)
            elif keys == {"tried"}:
                self._is_tried(node["tried"], opened, shut, where)
            else:
                raise _WrongError(where, f"{where} neither parts its plans nor closes them")
        if len(seen) < len(self.nodes):
            raise _WrongError("nodes", "some nodes are no part of the tree")

    def _left(self, opened: Collection[str], shut: Collection[str]) -> list[str]:
        return [site for site in self.candidates if site not in opened and site not in shut]

    def _narrowed(
        self, node: Mapping[str, Any], opened: frozenset[str], shut: frozenset[str], where: str
    ) -> tuple[Any, frozenset[str], frozenset[str]]:
        """Return what is left of a node once values have shown of some sites that they are open, or shut."""
        must, never = (_list_or_none(node[name], where) for name in ("open", "shut"))
        left = self._left(opened, shut)
        for site in [*must, *never]:
            if site not in left or [*must, *never].count(site) > 1:
                raise _WrongError(where, f"{where} narrows by {brief(site)}, which is no candidate left, or twice")
        for site in must:
            self._is_shown(node["values"], opened, shut | {site}, where)
        for site in never:
            self._is_shown(node["values"], opened | {site}, shut, where)
        return node["then"], opened | {*must}, shut | {*never}

    def _is_shown(self, index: Any, opened: frozenset[str], shut: frozenset[str], where: str) -> None:
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(self.values):
            raise _WrongError(where, f"{where} names values that are not there")
        total, back = self._adds_up(index)
        largest = sorted((back[site] for site in self._left(opened, shut)), reverse=True)
        shown = total - sum(back[site] for site in opened) - sum(largest[: max(0, self.most - len(opened))])
        if shown <= self.parts * (self.least - 1):
            found = float(Fraction(shown, self.parts))
            raise _WrongError(where, f"the values of {where} show {found:,.3f} units, fewer than {self.least:,}")

    def _adds_up(self, index: int) -> tuple[int, dict[str, int]]:
        """Return all values, less what neighbours take back of them, and what each site would."""
        if index not in self._added:
            areas, values = list(self.costs.by_site), self.values[index]
            if len(values) != len(areas):
                raise _WrongError("values", f"list {index} of values has not one for each area")
            total, back = self.parts * self.costs.always, dict.fromkeys(self.candidates, 0)
            for area, value in zip(areas, values, strict=True):
                total += _whole(value, "values")
                if area in self.costs.beside:
                    total -= max(0, value - self.parts * self.costs.beside[area])
                for site, cost in self.costs.by_site[area].items():
                    if value > (there := self.parts * cost):
                        back[site] += value - there
            self._added[index] = total, back
        return self._added[index]

    def _is_tried(self, said: Any, opened: frozenset[str], shut: frozenset[str], where: str) -> None:
        left, number = self._left(opened, shut), self.most - len(opened)
        # With too many open as it is there is no plan; the sets are then none.
        sets = math.comb(len(left), min(number, len(left))) if number >= 0 else 0
        if not isinstance(said, int) or isinstance(said, bool) or said != sets or sets > MOST_SETS:
            raise _WrongError(where, f"{where} is said to try {brief(said)} sets of sites, but there are {sets:,}")
        for chosen in combinations(left, min(number, len(left))) if sets else ():
            if (found := self._cost(opened | set(chosen))) is not None and found < self.least:
                raise _WrongError(
                    where, f"a set of sites of {where} comes to {found:,} units, fewer than {self.least:,}"
                )

    def _cost(self, opened: Collection[str]) -> int | None:
        """Return what patients come to at the nearest of these sites; nothing where somebody has none."""
        total = self.costs.always
        for area, here in self.costs.by_site.items():
            near = [here[site] for site in opened if site in here]
            near += [self.costs.beside[area]] if area in self.costs.beside else []
            if not near:
                return None
            total += min(near)
        return total


def _list_or_none(node: Any, where: str) -> list[Any]:
    return node if node == [] else _list(node, where)
