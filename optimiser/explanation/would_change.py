"""What would change the answer: the smallest changes after which another plan, or none, would be best.

Three kinds. A *rule* that gives way, by as much as the plan that is then best is from lawful today. A *parameter*:
journeys, patients or staff in post, up to the value beyond which the answer is another. The *border*: more patients who
go to the nearest hospital of all. Each is asked again, exactly: what is said to be best is best there.

Of rules the fewest notches are taken that change anything. Of parameters a value is looked for where the answer at an
end of the range is another, so what turns and turns back within it is not found. Minutes to one site change where
patients go, so those are tried: 1, 2, 4 and so on, between what is still the same and what is not by halving, and then
three more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, zip_longest
from math import isfinite

from optimiser.errors import TooLarge
from optimiser.explanation.best import best_listed
from optimiser.explanation.broken import broken_rules, has_of
from optimiser.explanation.costs import elsewhere_in_words
from optimiser.explanation.prices import Giving, givings, just_looser, that_matter
from optimiser.explanation.record import record
from optimiser.model.arithmetic import lawful, values
from optimiser.model.objectives import UNITS
from optimiser.model.rules import JUDGED, LIMITS, Demand, demand_of, name_of
from optimiser.model.staffing import totals
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.equally_near import hangs_on, tied
from optimiser.plan.proof import PROVED, Option
from optimiser.problem import Problem
from optimiser.problem.decimals import exactly
from optimiser.problem.parameters import BORDER_PULL, FROM_EVERYWHERE, MORE, Parameter, areas_of, parameters
from optimiser.problem.words import (
    PATIENTS,
    amount,
    as_told,
    begun,
    hundredths,
    listed,
    percent,
    places,
    short,
)
from optimiser.scenarios.switching import Switching, switching
from optimiser.scenarios.turning import turning_values
from optimiser.search.enumeration import can_be_ranked

MOST_SAID = 9
NOT_PROVED_BEST = "the plan is not proved best"
# What begins the reason where all else was worked out.
TOO_FINE = "it cannot be worked out exactly: other "
# The staff of so many sites are named one by one.
MOST_SITES_TOLD = 4
# Objectives of how long people travel: minutes of services that none of these covers are no gain.
OF_JOURNEYS = ("patient_minutes", "deprived_patient_minutes", "worst_journey", "patients_beyond_standard")
RULE, PARAMETER, BORDER = "rule", "parameter", "border"
# Journeys to work out for one asking, over all services, times what may have to be asked about: a quarter of a minute.
MOST_WORK = 60_000_000
# Steps in which a parameter is said. Of journeys they are coarse, for with more decimals sums are no longer exact.
STEPS = {
    "journey_factor": Fraction(1, 20),
    "journeys": Fraction(1),
    "demand_factor": Fraction(1, 100),
    "staff": Fraction(1),
}
# So much longer journeys to one site are tried.
MOST_MINUTES_MORE = 30
# That in which the growth of patients is said that would be enough for a site.
FINEST_GROWTH = Fraction(1, 10_000)
MOST_RIVALS = 8
# So many steps beyond the first at which the answer turns are looked at, too.
NEXT_STEPS = 3
# What begins why a plan's own sites are not among those that are then best.
SINCE = "; the plan's own sites would then break a rule: "

Designations = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Gain:
    """What one measure or objective comes to under the plan and under what would then be best, in today's question."""

    measure: str
    service: str
    unit: str
    before: float
    after: float


@dataclass(frozen=True)
class Change:
    """One change that alters the answer.

    Attributes
    ----------
    kind, what
        "rule", "parameter" or "border", and the name of the rule with whose it is, or of the parameter.
    by, unit
        By how much it changes: nothing where it has no size, as a rule on what shares a site.
    to
        The value that a parameter then has; nothing of a rule. Of the border, that beyond which the answer turns.
    size
        That as a share of what stands now: of what a rule asks, of a parameter, of all patients.
    service
        The only service that it is about, with all else as it is; nothing where the whole answer is meant.
    then
        What would be designated; None where no plan would meet every rule.
    gained
        What is gained, where a rule gives way. Where a parameter turns the answer, the two are as good there.
    words
        All that in one sentence.
    """

    kind: str
    what: str
    by: float | None
    unit: str
    to: float | None
    size: float
    service: str
    then: Designations | None
    gained: tuple[Gain, ...]
    words: str

    def __str__(self) -> str:
        """Return the sentence."""
        return self.words


@dataclass(frozen=True)
class WouldChange:
    """The smallest changes that alter an answer, smallest first, and why others or all were not worked out, if so."""

    changes: tuple[Change, ...]
    not_worked_out: str = ""

    @property
    def record(self) -> dict[str, object]:
        """The same as plain data, as ``run.json`` holds it."""
        return {"changes": record(self.changes), "not_worked_out": self.not_worked_out}


def would_change(plan: Plan, *, most: int = MOST_SAID) -> WouldChange:
    """Return the smallest changes that alter the answer: for each that they lead to, one of a rule and one of a figure.

    First stands how many patients would have to go to the nearest of all for another site to be best, by service; these
    are not counted among the ``most``. Nothing is worked out where asking again would take long, and that is said.
    """
    if why_not := why_not_worked_out(plan):
        return WouldChange((), why_not)
    found, too_fine = [*reversed(list(_by_rules(plan)))], []
    for parameter in _looked_at(plan.problem):
        try:
            found += _by_parameter(plan, parameter)
        except TooLarge:
            too_fine.append(_named(plan.problem, parameter))
    left_out = f"{TOO_FINE}{listed(too_fine)}" if too_fine else ""
    return WouldChange((*_by_the_border(plan), *_smallest(found, most)), left_out)


def _smallest(found: Iterable[Change], most: int) -> list[Change]:
    """Return the smallest changes, one for each answer that they lead to: of rules and of parameters by turns."""
    leads_to: dict[tuple[bool, Designations | None], Change] = {}
    for one in sorted(found, key=lambda one: one.size):
        leads_to.setdefault((one.kind == RULE, one.then), one)
    of_kind = [[one for one in leads_to.values() if one.kind == kind] for kind in (RULE, PARAMETER)]
    by_turns = [one for pair in zip_longest(*of_kind) for one in pair if one]
    return sorted(by_turns[:most], key=lambda one: one.size)


def why_not_worked_out(plan: Plan) -> str:
    """Return why rules and figures are not varied to find what would change an answer; nothing where they are."""
    problem = plan.problem
    if plan.proof.outcome != PROVED:
        return NOT_PROVED_BEST
    if any(service.managed for service in problem.services.values()):
        return "patients are shared out between sites by a programme of their own"
    choices = sum(2 ** _open_sites(problem, code) for code in problem.services_with_patients)
    asked = len(givings(problem)) + 4 * len(list(_looked_at(problem)))
    if not can_be_ranked(problem) or asked * choices * len(problem.streams.area) > MOST_WORK:
        return f"to vary {asked} rules and figures one by one would take too long here"
    return ""


def _open_sites(problem: Problem, code: str) -> int:
    return sum(site not in problem.services[code].fixed for site in problem.candidates)


# Rules ----------------------------------------------------------------------------------------------------------------


def _by_rules(plan: Plan) -> Iterator[Change]:
    """Yield, for each rule without which another plan were best, how little of it has to give."""
    problem = plan.problem
    before = tuple(reached.value for reached in plan.proof.objectives)
    for way in that_matter(problem, givings(problem), before):
        varied, given = just_looser(problem, way, before)
        best = best_listed(varied)
        assert best is not None, "the plan meets every rule of a looser question"
        if best.designated == plan.designated:
            # Only staff come out better: the answer stands.
            continue
        yield _gives_way(plan, way, given, evaluate(problem, best.designated))


def _gives_way(plan: Plan, way: Giving, given: str, then: Plan) -> Change:
    problem, needs, by, asked = plan.problem, dict[Demand, float](), 0.0, 0.0
    for row in then.broken.to_dict("records"):
        rule, *names = str(row["instance"]).split(".")
        short = -float(row["spare"])
        demand = demand_of(rule, tuple(names))
        needs[demand] = needs.get(demand, 0.0) + short
        by, asked = by + short, asked + abs(float(row["right"]))
    unit = str(then.broken["unit"].iloc[0]) if len(then.broken) else ""
    takes = [
        words
        for (rule, whose), short in needs.items()
        if isfinite(short) and (words := LIMITS[rule].it_would_take(problem, whose, _rounded_up(short, unit)))
    ]
    words = _if_they_saw(problem, then) or (f"with {listed(takes)}" if takes else _given_in_words(problem, way, given))
    gained = tuple(_gains(plan, then))
    has_size = bool(given) and isfinite(by) and unit != "designated"
    return Change(
        RULE,
        name_of((way.rule.name, way.names)),
        round(by, 6) if has_size else None,
        unit if has_size else "",
        None,
        by / asked if has_size and asked else 1.0,
        "",
        then.designated,
        gained,
        f"{_sentence(plan, words, then.designated, gained, _on_paper(plan, then))}{_enough_and_ties(then)}",
    )


def _if_they_saw(problem: Problem, then: Plan) -> str:
    """Return in words how many patients sites would have to see that see too few, if that is all that is broken."""
    if not _sees_too_few(then):
        return ""
    by_service: dict[tuple[str, float], dict[str, float]] = {}
    for row in then.broken.to_dict("records"):
        _, code, site = str(row["instance"]).split(".")
        by_service.setdefault((code, float(row["right"])), {})[site] = float(row["left"])
    found = []
    for (code, right), sees in by_service.items():
        others = [other for other in then.sites_of(code) if other not in sees]
        beside = f", beside {places(problem, others)}," if others else ""
        name, asked = problem.services[code].name.lower(), amount(right, PATIENTS)
        each = {site: has_of(left, right, PATIENTS) for site, left in sees.items()}
        if len(sees) == 1:
            ((site, number),) = each.items()
            found.append(f"the {name} at {places(problem, [site])}{beside} saw {asked}, and not {number}")
        else:
            now = listed(f"{number} at {places(problem, [site])}" for site, number in each.items())
            found.append(f"every {name}{beside} saw {asked}, and not {now}")
    return f"if {'; and if '.join(found)}"


def _enough_and_ties(then: Plan) -> str:
    """Return in sentences which growth would be enough for sites that see too few, and who is as near to others."""
    if not _sees_too_few(then):
        return ""
    short: dict[str, set[str]] = {}
    for instance in map(str, then.broken["instance"]):
        _, code, site = instance.split(".")
        short.setdefault(code, set()).add(site)
    ties = [
        one
        for code, sites in short.items()
        for one in tied(then, [code], lambda one, sites=sites: bool({one.site, *one.others} & sites))  # type: ignore[misc]
    ]
    enough, hangs = _growth_that_is_enough(then)
    # Who ties once there are more tells enough of who ties now.
    now = [] if hangs else [f"now {one}" for one in ties]
    return _sentences(filter(None, ("; ".join([enough, *hangs]), *now)))


def _sentences(found: Iterable[str]) -> str:
    """Return what was found as sentences, each with a blank before it."""
    return "".join(f" {begun(one)}." for one in found)


def _sees_too_few(then: Plan) -> bool:
    """Whether all that a plan breaks is that sites see too few patients."""
    rules = [JUDGED[rule] for rule in set(then.broken["rule"])]
    return bool(rules) and all(rule.would_see and rule.relation == ">=" for rule in rules)


def _growth_that_is_enough(then: Plan) -> tuple[str, list[str]]:
    """Return by how much patients would have to grow, in every area alike, for a plan to be lawful and best.

    Nothing where it would not then be both, or the patients are of several activities. The growth is the least of
    hundredths of a percent. With it comes on whose equal journeys that then hangs.
    """
    problem = then.problem
    codes = {str(instance).split(".")[1] for instance in then.broken["instance"]}
    activities = {str(problem.services[code].activity) for code in codes}
    parameter = parameters(problem).get(f"demand_factor.{next(iter(activities))}") if len(activities) == 1 else None
    if parameter is None:
        return "", []
    sides = zip(then.broken["right"], then.broken["left"], strict=True)
    needed = max((exactly(float(right)) / exactly(float(left)) for right, left in sides if left > 0), default=None)
    if needed is None or (then.broken["left"] <= 0).any():
        return "", []
    least = Fraction(math.ceil(needed / FINEST_GROWTH)) * FINEST_GROWTH
    try:
        # What is grown is rounded to millionths, so the last hundredth may be just too little.
        grown = (least, least + FINEST_GROWTH)
        enough = next((one for one in grown if lawful(parameter.apply(problem, one), then.designated)), None)
        best = best_listed(parameter.apply(problem, enough)) if enough and enough <= parameter.high else None
    except TooLarge:
        return "", []
    if enough is None or best is None or best.designated != then.designated:
        return "", []
    more = _as_changed(problem, parameter, enough - 1)
    said = f"enough for that: {more}, in every area alike (fewer may turn it to other sites)"
    return said, hangs_on(evaluate(parameter.apply(problem, enough), then.designated))


def _given_in_words(problem: Problem, way: Giving, given: str) -> str:
    if not given:
        return f"without the rule that {way.words}"
    named = way.names and way.names[0] in problem.services and problem.services[way.names[0]].name in given
    return given if named else f"{way.words}, loosened to {given}"


def _rounded_up(number: float, unit: str) -> float:
    """Return a number rounded up to what people count in: what is enough stays enough."""
    places = 0 if unit in (PATIENTS, "people") else 1
    return float(math.ceil(round(number * 10**places, 6)) / 10**places)


def _gains(plan: Plan, then: Plan) -> Iterator[Gain]:
    """Yield the measures and objectives in which two plans of one question differ."""
    for code in plan.problem.services_with_patients:
        if plan.sites_of(code) != then.sites_of(code):
            here, there = (measures.residents(one, code) for one in (plan, then))
            if not here["patients_per_year"].sum():
                continue  # nobody is no nearer
            yield Gain("mean_minutes", code, "minutes", *(measures.mean_minutes(one) for one in (here, there)))
            standard = plan.problem.services[code].standard_minutes
            if standard:
                within = []
                for rows in (here, there):
                    patients = rows["patients_per_year"]
                    within.append(float(patients[rows["minutes"] <= standard.value].sum() / patients.sum()))
                yield Gain("share_within_standard", code, "share of patients", *within)
    for mine, other in zip(plan.proof.objectives, then.proof.objectives, strict=True):
        if mine.value != other.value:
            yield Gain(mine.name, "", UNITS[mine.name], mine.value, other.value)


# Parameters -----------------------------------------------------------------------------------------------------------


def _looked_at(problem: Problem) -> Iterator[Parameter]:
    """Yield journeys, all, from one corridor and to one site; patients; and staff in post in all."""
    to_one_site = [f"journeys.{site}.{FROM_EVERYWHERE}" for site in problem.candidates]
    for name, parameter in parameters(problem, to_one_site).items():
        kind, *names = name.split(".")
        if kind == "journeys":
            low = Fraction(math.ceil(parameter.low))
            yield replace(parameter, low=low, high=Fraction(MOST_MINUTES_MORE))
        elif kind in ("journey_factor", "demand_factor") or (kind == "staff" and len(names) == 2):
            yield parameter


def _by_parameter(plan: Plan, parameter: Parameter) -> Iterator[Change]:
    """Yield where a parameter that becomes less or more turns the answer; more staff is what rules are asked about."""
    parameter = parameter.once_of(plan.problem)
    ends = (parameter.low,) if parameter.name.startswith("staff") else (parameter.low, parameter.high)
    turns = _turns_by_trying if parameter.unit == MORE else _turns
    for end in ends:
        if end != parameter.current(plan.problem):
            for turn in turns(plan, parameter, end):
                yield _turned(plan, parameter, *turn)


def _turned(plan: Plan, parameter: Parameter, at: Fraction, best: Option | None) -> Change:
    now = parameter.current(plan.problem)
    by, then = abs(at - now), best.designated if best else None
    since = _why_not_here(plan, parameter.apply(plan.problem, at)) if best else ""
    words = _sentence(plan, _as_changed(plan.problem, parameter, at - now), then, ()).removesuffix(".")
    there = evaluate(parameter.apply(plan.problem, at), then) if then is not None else None
    words = f"{words}{_if_level(plan, there) if there and parameter.unit == MORE and not since else ''}"
    lacking = _lacking(evaluate(there.problem, plan.designated)) if there and not since else []
    words = f"{'; '.join([words, *(hangs_on(there) if there else []), *lacking])}{since}."
    if parameter.unit == MORE:
        now = exactly(round(float(plan.problem.journeys[_site_of(parameter)].mean()), 6))
    size = float(by / now) if now else 1.0
    return Change(PARAMETER, parameter.name, float(by), parameter.unit, float(at), size, "", then, (), words)


def _lacking(here: Plan) -> list[str]:
    """Return in words how many staff a plan's own sites would then lack, and where; nothing where they lack none."""
    problem, found = here.problem, list[str]()
    for (team, unit), many in totals(here.staffing, "short").items():
        if many > 0:
            rows = here.staffing[(here.staffing["team"] == team) & (here.staffing["unit"] == unit)]
            at = listed(short(problem.pool_name(str(site))) for site in rows["site"][rows["short"] > 0])
            wte = "" if unit == "people" else f" {unit}"
            found.append(f"{hundredths(many)}{wte} of the {problem.teams[team].name} (at {at})")
    return [f"the plan's own sites would then lack {listed(found)}"] if found else []


def _if_level(plan: Plan, then: Plan) -> str:
    """Return that what is then best is better by little, where the plan's own sites are level with it throughout."""
    problem, here = then.problem, evaluate(then.problem, plan.designated)
    for code in problem.services_with_patients:
        now, other = (measures.mean_minutes(measures.residents(one, code)) for one in (here, then))
        nobody = math.isnan(now) and math.isnan(other)
        if not nobody and now != other and not abs(now - other) <= problem.level_within(now):
            return ""
    return " (level with this plan)"


def _why_not_here(plan: Plan, varied: Problem) -> str:
    """Return which rules a plan's own sites break in a question that varies its own; nothing where they break none."""
    if lawful(varied, plan.designated):
        return ""
    broken, said = broken_rules(evaluate(varied, plan.designated)), list[str]()
    # Of patients at each site a rule is said once, with those of every site.
    service = broken["instance"].map(lambda instance: str(instance).split(".")[1])
    for (rule, code), rows in broken.groupby([broken["rule"], service], sort=False):
        if len(rows) > 1 and JUDGED[str(rule)].would_see:
            at = (str(one).split(".")[2] for one in rows["instance"])
            each = (
                f"{has_of(left, right, PATIENTS)} at {places(varied, [site])}"
                for site, left, right in zip(at, rows["left"], rows["right"], strict=True)
            )
            said.append(f"{LIMITS[str(rule)].stated_in_words(varied, (str(code),))} ({listed(each)})")
            continue
        for row in rows.to_dict("records"):
            of_patients = row["unit"] == PATIENTS and isfinite(row["left"])
            has = f" (it would have {has_of(row['left'], row['right'], PATIENTS)})" if of_patients else ""
            said.append(f"{str(row['words']).partition('; ')[0]}{has}")
    return f"{SINCE}{'; '.join(dict.fromkeys(said))}" if said else ""


def looked_for(problem: Problem) -> str:
    """Return in words which parameters are varied, how far and in which steps; nothing where none is."""
    every = list(_looked_at(problem))
    kinds = {parameter.name.split(".")[0]: parameter for parameter in every}
    named = {"journey_factor": "journeys", "demand_factor": "patients"}
    # All factors have one range, and journeys to any site get so much longer.
    factors = [kinds[kind] for kind in named if kind in kinds]
    steps = listed(f"{what} in steps of {float(100 * STEPS[kind]):g}%" for kind, what in named.items() if kind in kinds)
    said = [f"{steps}, from {float(one.low):g} to {float(one.high):g} times what they are" for one in factors[:1]]
    if to_one := [one for one in every if one.unit == MORE]:
        shorter = max(-one.low for one in to_one)
        to_one_site = f"journeys to one site by whole minutes, up to {MOST_MINUTES_MORE} longer"
        said.append(f"{to_one_site}{f' and {float(shorter):g} shorter' if shorter else ''}")
    return "; ".join([*said, *(["staff one by one, down to none"] if "staff" in kinds else [])])


def _turns(plan: Plan, parameter: Parameter, end: Fraction) -> Iterator[tuple[Fraction, Option | None]]:
    """Yield where a parameter turns the answer first on its way to an end of its range, and what is then best."""
    if turn := _turn(plan, parameter, end):
        yield turn


def _turn(plan: Plan, parameter: Parameter, end: Fraction) -> tuple[Fraction, Option | None] | None:
    """Return the nearest value towards an end of its range at which another plan is best, and that; else nothing.

    Rivals are taken one after another: who is best at the end, then who is best just short of where that overtakes.
    """
    problem, now = plan.problem, parameter.current(plan.problem)
    step = STEPS[parameter.name.split(".")[0]]
    away = 1 if end > now else -1
    at, best = end, best_listed(parameter.apply(problem, end))
    for _ in range(MOST_RIVALS):
        if _is_still_best(plan, parameter.apply(problem, at), best):
            return None
        looked_at = replace(parameter, low=min(now, at), high=max(now, at))
        rival = best.designated if best else plan.designated
        (found,) = switching(problem, plan.designated, rival, [looked_at])
        edge = _overtaken(found, away)
        if edge is None:
            return None
        inside = now + away * ((abs(edge - now) / step).__ceil__() - 1) * step
        beyond = inside + away * step
        if beyond == edge and not parameter.whole:
            beyond += away * step
        nearer = best_listed(parameter.apply(problem, inside))
        if inside == now or _is_still_best(plan, parameter.apply(problem, inside), nearer):
            last = beyond if abs(beyond - now) <= abs(end - now) else end
            then = best_listed(parameter.apply(problem, last))
            return None if _is_still_best(plan, parameter.apply(problem, last), then) else (last, then)
        at, best = inside, nearer
    return None


def _turns_by_trying(plan: Plan, parameter: Parameter, end: Fraction) -> Iterator[tuple[Fraction, Option | None]]:
    """Yield the same of a parameter that changes where patients go, by trying whole steps.

    And which others are best in the next few steps: as patients go elsewhere, what is lawful changes with each.
    """
    away, most = (1 if end > 0 else -1), int(abs(end))

    def other(steps: int) -> tuple[Option | None] | None:
        varied = parameter.apply(plan.problem, Fraction(away * steps))
        best = best_listed(varied)
        return None if _is_still_best(plan, varied, best) else (best,)

    nothing, something, found = 0, min(1, most), None
    while something > nothing and not (found := other(something)):
        nothing, something = something, min(2 * something, most)
    if not found:
        return
    while something - nothing > 1:
        middle = (nothing + something) // 2
        if nearer := other(middle):
            something, found = middle, nearer
        else:
            nothing = middle
    told = set[Designations | None]()
    for steps in range(something, min(most, something + NEXT_STEPS) + 1):
        found = found if steps == something else other(steps)
        then = found[0].designated if found and found[0] else None
        if found and then not in told:
            told.add(then)
            yield Fraction(away * steps), found[0]


def _site_of(parameter: Parameter) -> str:
    """Return the site to which a parameter makes journeys longer."""
    return parameter.name.split(".")[1]


def _is_still_best(plan: Plan, varied: Problem, best: Option | None) -> bool:
    """Whether the plan is the best of a varied question, or as good."""
    if best is None or best.designated == plan.designated:
        return best is not None
    if not lawful(varied, plan.designated):
        return False
    return values(varied, plan.designated, varied.objectives) == best.values


def _overtaken(found: Switching, away: int) -> Fraction | None:
    """Return the nearest value from which on the first option is lawful no more, or the second better."""
    for one in found.stretches[::away]:
        first, second, order = one.standing.outcome
        if not first or (second and order > 0):
            return one.low if away > 0 else one.high
    return None


def _as_changed(problem: Problem, parameter: Parameter, by: Fraction) -> str:
    """Return in words that a parameter changes by so much."""
    kind, *names = parameter.name.split(".")
    share = f"{float(abs(by) * 100):.6g}%"
    if kind == "staff":
        counted = "" if names[1] == "people" else f" {names[1]}"
        one = "of the " if abs(by) == 1 and not counted else ""
        fewer = f"{float(abs(by)):g}{counted} fewer {one}{problem.teams[names[0]].name} in post"
        return f"{fewer}, {_left_in_post(parameter.apply(problem, parameter.current(problem) + by), *names)}"
    if parameter.unit == MORE:
        longer = f"{amount(float(abs(by)), 'minutes')} {'longer' if by > 0 else 'shorter'}"
        return f"every journey to {places(problem, [names[0]])} {longer}"
    if kind == "demand_factor":
        return f"{share} {'more' if by > 0 else 'fewer'} {_named(problem, parameter)}"
    return f"{_named(problem, parameter) if names else 'every journey'} {share} {'longer' if by > 0 else 'shorter'}"


def _named(problem: Problem, parameter: Parameter) -> str:
    """Return in words what a parameter is of."""
    kind, *names = parameter.name.split(".")
    if kind == "staff":
        return problem.teams[names[0]].name
    if kind == "demand_factor":
        return f"patients for {listed(one.name for one in problem.services.values() if one.activity == names[0])}"
    if parameter.unit == MORE:
        return f"journeys to {places(problem, [names[0]])}"
    return f"journeys{f' from {areas_of(problem, names[0])}' if names else ''}"


def _left_in_post(fewer: Problem, team: str, unit: str) -> str:
    """Return how many of a team are in post at each site once there are fewer, or at many sites how they are shared."""
    here = {site: fewer.in_post(site, team, unit) for site in fewer.pools(team)}  # type: ignore[arg-type]
    each = [f"{short(fewer.pool_name(site))} {hundredths(number)}" for site, number in here.items() if number]
    return f"which leaves {listed(each)}" if 0 < len(each) <= MOST_SITES_TOLD else "shared as they are now"


# The border -----------------------------------------------------------------------------------------------------------


def _by_the_border(plan: Plan) -> Iterator[Change]:
    for one in turning_values(plan):
        if one.value is not None and not (one.best is None and one.of_others):
            by = float(one.value - one.now)
            where = BORDER, BORDER_PULL, by, "share of patients", float(one.value), by
            yield Change(*where, one.service, one.designated, (), one.words)


# Words ----------------------------------------------------------------------------------------------------------------


def _sentence(plan: Plan, takes: str, then: Designations | None, gained: Iterable[Gain], on_paper: str = "") -> str:
    problem = plan.problem
    if then is None:
        return f"{begun(takes)}: no plan would meet every rule."
    by_service: dict[str, list[Gain]] = {}
    for one in gained:
        by_service.setdefault(one.service, []).append(one)
    moved = {code for _, code in then ^ plan.designated}
    gains = {
        problem.services[code].name: words
        for code in problem.services
        if code in moved
        and _counts(problem, code)
        and (words := ", ".join(filter(None, (_gain_in_words(problem, one) for one in by_service.get(code, ())))))
    }
    each = "; ".join(f"{name}: {words}" if len(moved) > 1 else words for name, words in gains.items())
    decides = _what_decides(by_service, not each)
    decides += on_paper if decides else ""
    told = f" ({'; '.join(filter(None, (each, decides)))})" if each or decides else ""
    return f"{begun(takes)}: {elsewhere_in_words(plan, then)} would be best{told}."


def _on_paper(plan: Plan, then: Plan) -> str:
    """Return for which services nobody would be taken to a site that is new: there they would be on paper alone."""
    found, problem = "", plan.problem
    for code in problem.services_with_patients:
        idle = [site for site in then.idle_sites(code) if (site, code) not in plan.designated]
        found += f"; nobody would be taken to {places(problem, idle)} for {problem.services[code].name}" if idle else ""
    return found


def _what_decides(by_service: Mapping[str, list[Gain]], nothing_else: bool) -> str:
    """Return what is then better that counts before what is worse, where some average journey gets longer.

    Or, where ``nothing_else`` is gained that counts, by what alone that is then best.
    """
    longer = any(one.measure == "mean_minutes" and one.after > one.before for one in chain(*by_service.values()))
    first = next(iter(by_service.get("", ())), None)
    if first is None or not (longer or nothing_else):
        return ""
    then, now = (as_told(one, first.unit) for one in (first.after, first.before))
    better = f"{first.measure.replace('_', ' ')} {then} in place of {now}"
    return f"some journeys get longer, but what counts first is better: {better}" if longer else better


def _counts(problem: Problem, service: str) -> bool:
    """Whether some objective that counts minutes or patients of its own covers a service."""
    return any(service in problem.services_of(one) for one in problem.objectives if one.name in OF_JOURNEYS)


def _gain_in_words(problem: Problem, gain: Gain) -> str:
    if gain.measure == "mean_minutes":
        now, then = (f"{minutes:.2f}" for minutes in (gain.before, gain.after))
        waits = ", waits included" if problem.services[gain.service].transfer else ""
        level = abs(gain.after - gain.before) <= problem.level_within(gain.before)
        words = f"{then} minutes on average in place of {now}{waits}{', which counts as level' * level}"
        return words if now != then else ""
    standard = problem.services[gain.service].standard_minutes
    assert standard is not None
    before, after = percent(gain.before), percent(gain.after)
    return f"{after} within {amount(standard.value, 'minutes')} in place of {before}" if before != after else ""
