"""Every designation of a small question, tried one by one: which break no rule, and what those come to.

A designation is judged by every rule there is. What a rule or an objective makes of it is worked out once for all
designations that are alike wherever it looked: the services whose designations it asked for are noted as it asks.
Staff are shared out as well as they can be, since there is no table of staff to judge them by.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator
from fractions import Fraction
from functools import cached_property
from itertools import chain, combinations, product
from math import floor, prod
from typing import Any, NamedTuple, TypeVar

from optimiser.checker.claims import OBJECTIVES, Aim
from optimiser.checker.question import Figure, Objective, Question
from optimiser.checker.reading import DUST, OF_ONE, Number, Row
from optimiser.checker.rules import ALL_OF, RULES, Fact
from optimiser.checker.run import LEAVES, Inputs, Piece, Result, Run, Stream
from optimiser.checker.sharing import ALL_STAND, Giving, Limited, limits_at, share_out, shared_out

MOST_TRIED = 2_500
# Areas times the ways in which patients can be shared out: by every set of sites, with every set of their limits.
MOST_SHARED_OUT = 100_000
PROVIDED = Row("tried", {"designated": True})
Designated = frozenset[tuple[str, str]]
Found = TypeVar("Found")


class Demand(NamedTuple):
    """A rule, and the names that say whose it is: an instance of it, or all that differ in the site alone."""

    rule: str
    names: tuple[str, ...]

    @property
    def whose(self) -> tuple[str, ...]:
        """The names of the service, or the team and unit, whose it is; none of a rule of the whole question."""
        return {"service": self.names[:1], "team": self.names[-2:], "question": ()}[RULES[self.rule].of]

    def __str__(self) -> str:
        """Return the name of the demand."""
        return ".".join((self.rule, *self.names))


def demands_of(rule: str, fact: Fact) -> tuple[Demand, ...]:
    """Return the demands of which a fact of a rule is part: its own, and of a service the one over all its sites."""
    parts = tuple(fact.instance.split("."))
    over_all = [Demand(rule, parts[:1] + parts[2:])] if RULES[rule].of == "service" else []
    return (Demand(rule, parts), *over_all)


class Staffing(NamedTuple):
    """What a team lacks: of rotas that may not fall short, and of all, as far as moves and recruits go."""

    lacking: Fraction
    short: Fraction


class _Watched(dict[tuple[str, str], Row]):
    """Designations that note the services that are looked at."""

    def __init__(self, designated: Designated, looked_at: set[str]) -> None:
        super().__init__(dict.fromkeys(designated, PROVIDED))
        self.looked_at = looked_at

    def get(self, pair: tuple[str, str], default: Any = None) -> Any:
        self.looked_at.add(pair[0])
        return super().get(pair, default)


class _SharedOut(dict[str, dict[Stream, list[Piece]]]):
    """Who goes where of those who are shared out, by service and stream, worked out once it is asked for."""

    def __init__(self, work: Callable[[str], dict[Stream, list[Piece]]]) -> None:
        super().__init__()
        self.work = work

    def __missing__(self, service: str) -> dict[Stream, list[Piece]]:
        self[service] = self.work(service)
        return self[service]


class Trial:
    """A question whose designations are tried."""

    def __init__(self, question: Question, inputs: Inputs, nothing: Run | None = None) -> None:
        self.question = question
        self.least: dict[Demand, Number | None] = {}
        self._nothing = nothing or Run(question, inputs, Result(question.title, "", [], 1), {})
        self._managed = shared_out(self._nothing)
        self._shares: dict[tuple[str, tuple[str, ...], Giving], dict[Stream, list[Piece]]] = {}
        self._looked_at: set[str] = set()
        self._kept: dict[Hashable, dict[frozenset[str], dict[Designated, Any]]] = {}

    @classmethod
    def of(cls, run: Run) -> Trial:
        """Return the one trial of a run's question, which shares with it what rests on where services are."""
        return run.once("trial", lambda: cls(run.question, run.inputs, run.beside({})))

    @property
    def candidates(self) -> list[str]:
        """Codes of the sites that may be given services."""
        return self._nothing.candidates

    @cached_property
    def demands(self) -> dict[Demand, Fact]:
        """Every demand there is, with a fact of it: what rules ask where one service after another is everywhere."""
        return {
            demand: fact
            for name, rule in RULES.items()
            for names in ALL_OF[rule.of](self.question)
            for fact in rule.facts(self.run(frozenset((names[0], s) for s in self.candidates if names)), *names)
            for demand in demands_of(name, fact)
        }

    def looking(self, work: Callable[[], Found]) -> tuple[Found, set[str]]:
        """Return what some work makes, and the services whose designations it looked at."""
        outside = set(self._looked_at)
        self._looked_at.clear()
        found, inside = work(), set(self._looked_at)
        self._looked_at |= outside
        return found, inside

    def run(self, designated: Designated) -> Run:
        """Return a run with these designations, as (service, site) pairs, and no claim beside."""
        return self._nothing.beside(_Watched(designated, self._looked_at))

    def going(self, designated: Designated, giving: Giving = ALL_STAND) -> Run:
        """Return a run with these designations in which patients go where the words share them out.

        Some of the limits that they are shared out by may give way.
        """
        found = self.run(designated)
        if not self._managed:
            return found
        shares = _SharedOut(lambda service: self._shared(found, service, giving))
        return found.beside(found.designations, shared_out=shares)

    def _shared(self, run: Run, service: str, giving: Giving) -> dict[Stream, list[Piece]]:
        """Return who goes where of those who are shared out, by stream."""
        key = (service, tuple(run.sites_of(service)), giving.among(limits_at(run, service)))
        if key not in self._shares:
            rows: dict[Stream, list[Row]] = {stream: [] for stream in run.streams(service)}
            for (stream, site), patients in share_out(run, service, giving).items():
                rows[stream].append(Row("shared out", {"site": site, "patients_per_year": patients}))
            for stream, journey in run.nearest(service).items():
                rows[stream] = rows[stream] or [Row("nearest", {"site": journey.site or "", "patients_per_year": 0})]
            self._shares[key] = {
                stream: [run.piece(service, stream, row, len(here)) for row in here] for stream, here in rows.items()
            }
        return self._shares[key]

    def limits(self, service: str, designated: Designated) -> list[Demand]:
        """Return the limits that a service's patients are shared out by; none where they are not."""
        found = limits_at(self.run(designated), service) if service in self._managed else []
        return [Demand(*limit) for limit in found]

    def giving_way(self, designated: Designated, but: Demand | None) -> Giving:
        """Return the limits that patients are shared out by and that give way in part where a demand need not hold."""
        limits = (limit for code in self._managed for limit in self.limits(code, designated))
        whose = (limit for limit in limits if but in (limit, Demand(limit.rule, limit.names[:1])))
        return Giving(in_part=frozenset[Limited](whose))

    def kept(
        self, key: Hashable, designated: Designated, work: Callable[[Run], Found], giving: Giving = ALL_STAND
    ) -> Found:
        """Return what work makes of a designation, once for all that are alike in the services that it looks at."""
        key = (key, giving)
        for services, known in self._kept.setdefault(key, {}).items():
            here = frozenset(pair for pair in designated if pair[0] in services)
            if here in known:
                self._looked_at |= services
                return known[here]  # type: ignore[no-any-return]
        found, looked_at = self.looking(lambda: work(self.going(designated, giving)))
        services = frozenset(looked_at)
        here = frozenset(pair for pair in designated if pair[0] in services)
        self._kept[key].setdefault(services, {})[here] = found
        return found

    def designations(self, but: Demand | None = None) -> list[Designated] | None:
        """Return every designation that agrees with what is fixed and the numbers of sites; None if not to be tried.

        ``but`` is a demand that need not hold.
        """
        if not self.sites_are_few:
            return None
        choices = [self._choices(code, but) for code in self.question.services]
        if prod(map(len, choices)) > MOST_TRIED:
            return None
        return [frozenset(chain(*joint)) for joint in product(*choices)]

    @property
    def sites_are_few(self) -> bool:
        """Whether every set of sites of one service can be tried, its patients shared out where they are to be."""
        return 2 ** len(self.candidates) <= MOST_TRIED and self.sharings_are_few

    @cached_property
    def sharings_are_few(self) -> bool:
        """Whether patients who are shared out can be so at every set of sites, with every set of limits left out."""
        sites, moved = self.candidates, 0
        for code in self._managed:
            limits = [limit.names[1] for limit in self.limits(code, frozenset((code, site) for site in sites))]
            staying = sum(stream.how != LEAVES for stream in self._nothing.streams(code))
            moved += staying * prod(1 + 2 ** limits.count(site) for site in sites)
        return moved <= MOST_SHARED_OUT

    def _choices(self, code: str, but: Demand | None) -> list[Designated]:
        """Return every choice of sites for a service that agrees with what is fixed and the numbers of sites."""
        rules = [(name, rule) for name, rule in RULES.items() if rule.kind in ("fixed", "sites")]
        every = chain.from_iterable(combinations(self.candidates, n) for n in range(len(self.candidates) + 1))
        pairs = [frozenset((code, site) for site in chosen) for chosen in every]
        return [
            chosen
            for chosen in pairs
            if not any(
                rule.spare(fact) < 0 and but not in demands_of(name, fact)
                for name, rule in rules
                for fact in rule.facts(self.run(chosen), code)
            )
        ]

    def lawful(self, tried: list[Designated]) -> Iterator[Designated]:
        """Yield those that break no rule, staff shared out as well as they can be."""
        return (one for one in tried if not self.breaks_a_rule(one))

    def breaks_a_rule(self, designated: Designated, but: Demand | None = None) -> bool:
        """Whether a designation breaks a rule, other than a demand that need not hold, however staff are shared out."""
        giving = self.giving_way(designated, but)
        if any(but not in demands_of(name, fact) for name, fact in self._broken(designated, giving)):
            return True
        team = but.names[-2:] if but and RULES[but.rule].kind == "staff" else None
        return any(self.staffing(designated, *key).lacking > DUST for key in self.question.rota_units() if key != team)

    def _broken(self, designated: Designated, giving: Giving) -> Iterator[tuple[str, Fact]]:
        """Yield every fact that does not hold, with the name of its rule, but for those that rest on staff."""
        for whose, all_of in ALL_OF.items():
            rules = [name for name, rule in RULES.items() if rule.of == whose and rule.kind != "staff"]
            for names in all_of(self.question):
                yield from self.kept((whose, names), designated, self._of_all(rules, names, designated, giving), giving)

    def _of_all(
        self, rules: list[str], names: tuple[str, ...], designated: Designated, giving: Giving
    ) -> Callable[[Run], list[tuple[str, Fact]]]:
        def of_one(name: str) -> list[tuple[str, Fact]]:
            return self.kept((name, names), designated, broken(name, names), giving)

        return lambda _: [found for name in rules for found in of_one(name)]

    def staffing(self, designated: Designated, team: str, unit: str) -> Staffing:
        """Return what a team lacks with those in post, moved and recruited as far as they may be."""
        return self.kept(("staff", team, unit), designated, lambda run: staffing(run, team, unit))

    def values(self, designated: Designated) -> tuple[Number, ...]:
        """Return what each objective comes to."""
        return tuple(self._value(objective, designated) for objective in self.question.objectives)

    def _value(self, objective: Objective, designated: Designated) -> Number:
        aim = OBJECTIVES[objective.name]
        each = aim.parts(self.question, objective)
        if aim.of == "team":
            found = aim.total(self.staffing(designated, *names).short for names in each)
        else:
            found = aim.total(self.kept((objective.name, names), designated, part_of(aim, names)) for names in each)
        return round(found, 9) if aim.rounded and isinstance(found, Fraction) else found

    def changes_and_sites(self, designated: Designated) -> tuple[int, int]:
        """Return what settles equal plans: changes from today, then sites."""
        run = self.run(designated)
        return sum(run.changes(code) for code in self.question.services), len(designated)


def part_of(aim: Aim, names: tuple[str, ...]) -> Callable[[Run], Number]:
    """Return what works out the part of an objective whose names these are."""
    return lambda run: aim.part(run, *names)


def broken(name: str, names: tuple[str, ...]) -> Callable[[Run], list[tuple[str, Fact]]]:
    """Return what finds the facts of a rule, of those whose names these are, that do not hold for a run."""
    rule = RULES[name]
    # A share is a quotient, and is compared as it is published.
    return lambda run: [(name, fact) for fact in rule.facts(run, *names) if rule.spare(fact) < -OF_ONE]


def staffing(
    run: Run, team: str, unit: str, *, rotas: Collection[str] | None = None, free: Collection[str] = ()
) -> Staffing:
    """Return what a team lacks with those in post, moved and recruited as far as they may be.

    ``rotas`` are the services whose rotas count, all if not given; ``free`` names the limits that do not hold.
    """
    question, pools = run.question, run.pools(team)
    here = [run.in_post(team, unit, pool) for pool in pools]
    needs = [[(c, n) for c, n in run.needs(team, unit, p) if rotas is None or c in rotas] for p in pools]
    stated = question.teams[team]
    moves, recruits = (
        Fraction(floor(limit.value)) if unit == "people" and limit.value is not None else limit.value
        for limit in (
            Figure(None) if "moves_within_limit" in free else stated.moves,
            Figure(None) if "recruitment_within_limit" in free else stated.recruits,
        )
    )

    def left_over(firm: bool) -> Fraction:
        counted = (
            [n for c, n in each if not (firm and question.services[c].rotas[team, unit].may_fall_short)]
            for each in needs
        )
        over = [max(each, default=Fraction(0)) - there for each, there in zip(counted, here, strict=True)]
        missing = sum((each for each in over if each > 0), Fraction(0))
        spare = sum((-each for each in over if each < 0), Fraction(0))
        moved = spare if moves is None else min(spare, moves)
        return Fraction(0) if recruits is None else max(Fraction(0), missing - moved - recruits)

    return Staffing(left_over(firm=True), left_over(firm=False))
