"""What a leader asks first of an answer, in four cards: is it safe, who loses, how sure are we, what would change it.

Sentences are those of the summary, the shortest of each kind; numbers are those of the run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

from optimiser.explanation import SINCE, broken
from optimiser.model.rules import JUDGED
from optimiser.model.rules.rule import Names
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.affected import THRESHOLDS, against, averages, gains_and_losses
from optimiser.plan.finished import Run
from optimiser.plan.proof import PROVED
from optimiser.problem import Problem
from optimiser.problem.words import (
    amount,
    apart,
    begun,
    decimals,
    first_sentence,
    listed,
    many_of,
    percent,
    shown,
    whole,
)
from optimiser.problem.words import short as short_name
from optimiser.report import glossary, rests_on, words
from optimiser.report.against_today import busier, by_count, gained_at_all, gains, moved
from optimiser.report.counted import counted_today
from optimiser.report.page import parts, placements
from optimiser.report.page.placements import Placement
from optimiser.report.summary import left_out
from optimiser.report.summary_of_staff import lacks_staff, short, staff_at_each, staff_in_words, to_spare, vacancies
from optimiser.report.summary_of_staff import moved as moved_staff

MOST_CHANGES = 2
NO_BENEFIT = "Benefit: not estimated."
WOULD = " would "
# How it begins to say what the answer would be by what was counted, and how many units that are.
COUNTED = "With as many"
UNITS_AS_COUNTED = re.compile(r"\b(\w+)(?: [\w-]+)* units would be best: (.*)")
MOST_RULES = 6
RECRUITED = "recruitment_within_limit"
# Under which heading of the page all changes stand that would alter an answer.
ALL_CHANGES = "“What would change it”"
# Of what decides: how many patients a site would see.
WOULD_SEE = re.compile(r"would see ([\d,.]*\d) patients a year")
SPAN = re.compile(r"would see (\d+) to (\d+) patients a year")
GROWTH = "Enough for that: "
PARTS_OF_A_PERCENT = re.compile(r"\b([1-9]\d*\.\d+)%")
MOST_GAINS, FEW_GAINS = 4, 2
MOST_OTHERS = 2
MOST_CLOSING = 3
MOST_DISTRICTS = 3
# The changes that alter an answer, in the order in which people can decide on them.
KINDS = ("rule", "parameter", "border")


@dataclass(frozen=True)
class Line:
    """A sentence of a card: how it begins, which is set in bold, and the rest.

    ``caution`` is whether it is of what is not assured, ``not_checked`` what was not checked of what the lead says, and
    ``paper`` the rest on paper.
    """

    lead: str
    more: str = ""
    caution: bool = False
    not_checked: str = ""
    paper: str = ""


@dataclass(frozen=True)
class Card:
    """One question of a leader, and what the run answers."""

    heading: str
    lines: Sequence[Line]


def cards(run: Run, answer: dict[str, float], today: dict[str, float], ways: Sequence[Placement] = ()) -> list[Card]:
    """Return the four cards of a run.

    ``answer`` and ``today`` are values by measure, service and group, as ``page.tables.values_of`` gives them;
    ``ways`` are those to place the service that comes first.
    """
    return [
        Card("Is it safe?", [*_is_it_safe(run.plan, answer, today)]),
        Card("Who loses?", [*_who_loses(run.plan, answer, today)]),
        Card("How sure are we?", [*_how_sure(run, ways)]),
        Card("What would change it?", [*_what_would_change(run, ways)]),
    ]


def gained(plan: Plan) -> str:
    """Return what is gained against today's sites, of much first in a few words; nothing where today is not known."""
    every = gains(plan, in_short=True, by_whom=True) if plan.problem.services_with_today else []
    at_all = gained_at_all(plan) if len(_of_one_subject(every)) > FEW_GAINS else ""
    return f"{f'{at_all}, as the rules ask: ' if at_all else ''}{gained_in_words(every)}"


def gained_in_words(every: Sequence[str]) -> str:
    """Return what is gained in a sentence, and that no benefit was estimated; nothing where nothing is."""
    found = _of_one_subject(every)
    shown = found if len(found) <= MOST_GAINS else found[: MOST_GAINS - 1]
    more = [f"and {len(found) - len(shown)} more"] if len(found) > len(shown) else []
    return f"{'; '.join([*shown, *more])}. {NO_BENEFIT}" if found else ""


def _of_one_subject(said: Sequence[str]) -> list[str]:
    """Return sentences with those that follow one another and are of the same thing put into one."""
    found = list[str]()
    for one in said:
        subject, _, does = one.partition(WOULD)
        if does and found and found[-1].startswith(f"{subject}{WOULD}"):
            found[-1] += f", and {does}"
        else:
            found.append(one)
    return found


def closes(plan: Plan) -> Line | None:
    """Return where which services of today close, or of how many at each site; None where none does.

    A service that stays where nobody is taken to it is told beside them. On paper all are named.
    """
    problem, gone, in_name = plan.problem, _gone(plan), _in_name_only(plan)
    if not gone:
        return None
    names = {code: words.lower(problem.services[code].name) for code in gone}
    if len(gone) <= MOST_CLOSING:
        each = (f"{names[code]} at {words.where(problem, at)}" for code, at in gone.items())
        return Line("Closes:", f"{'; '.join(each)}.{in_name}")
    at_site = {site: [names[code] for code, at in gone.items() if site in at] for site in problem.candidates}
    today = {site: sum(at == site for at, _ in problem.today) for site in at_site}
    number, named = list[str](), list[str]()
    for site, closing in at_site.items():
        if closing:
            of = f"{len(closing)} of {amount(today[site], 'services')} at {short_name(problem.sites[site].name)}"
            number.append(of)
            named.append(f"{of} ({listed(closing)})")
    return Line("Closes:", f"{listed(number)}.{in_name}", paper=f"{'; '.join(named)}.{in_name}")


def _seen_first_no_more(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield each site at which nobody is seen first any more, with the service that was seen first there."""
    problem, gone = plan.problem, _gone(plan)
    firsts = {leg.first_contact for code in problem.reached_by_transfer if (leg := problem.services[code].transfer)}
    yield from ((site, code) for code in problem.services if code in firsts for site in gone.get(code, ()))


def _stay_without(plan: Plan) -> Iterator[Line]:
    """Yield which services stay where nobody is seen first any more, without which of those that close there.

    Those are told that they are stated to need, in reach or by transfer.
    """
    problem, gone = plan.problem, _gone(plan)
    for site, _ in _seen_first_no_more(plan):
        closing = [code for code, sites in gone.items() if site in sites]
        needs = {code: _needed_elsewhere(plan, code, site, closing) for code in problem.services_with_patients}
        if staying := [words.lower(problem.services[code].name) for code, found in needs.items() if found]:
            by_how_many = {code: sum(code in found for found in needs.values()) for code in closing}
            most = max(by_how_many.values())
            away = [words.lower(problem.services[code].name) for code in closing if by_how_many[code] == most]
            more = sum(0 < number < most for number in by_how_many.values())
            has = listed([*away, *([f"{more} more"] if more else [])])
            need = "needs" if len(staying) == 1 else "need"
            at = short_name(problem.sites[site].name)
            yield Line(
                f"{at} keeps",
                f"{listed(staying)} without what {'it' if len(staying) == 1 else 'they'} {need}: {has}.",
                caution=True,
            )


def _needed_elsewhere(plan: Plan, service: str, site: str, closing: Collection[str]) -> set[str]:
    """Return which services that close at a site one that stays and is used there is stated to need."""
    one = plan.problem.services[service]
    if (site, service) not in plan.designated or site in plan.idle_sites(service):
        return set()
    return ({link.service for link in one.in_reach} | {link.service for link in one.by_transfer}) & {*closing}


def _in_name_only(plan: Plan) -> str:
    """Return which services stay at sites to which nobody would be taken, as a sentence; nothing where none does."""
    problem = plan.problem
    kept = {code: words.kept_in_name(plan, code) for code in problem.services}
    each = [
        f"{words.lower(problem.services[code].name)} at {words.where(problem, at)}" for code, at in kept.items() if at
    ]
    return f" Kept in name only, as nobody would be taken there: {'; '.join(each)}." if each else ""


def decides(run: Run, ways: Sequence[Placement]) -> str:
    """Return what the answer turns on: the rules that stop sites with shorter journeys, and these; nothing if none are.

    Of several the nearest to the rules: the ones that break fewest, and these by least. Of other services that close it
    says what keeping them as they are today would take.
    """
    main, quicker = words.main_service(run.plan.problem), _quicker(run.plan, ways)
    if main is None or not quicker:
        return ""
    row = quicker[0]
    here = next(one.mean for one in ways if one.way.designated == run.plan.designated)
    name = words.lower(run.plan.problem.services[main].name)
    minutes = f"{decimals(row.mean, 2)} minutes, not {decimals(here, 2)}"
    near = _within_not(run.plan, main, row, ways)
    span = f" (not settled, {found[1]}: {found[2]})" if (found := not_settled(run, ways)) else ""
    at = words.where(run.plan.problem, row.way.sites)
    others = list(_as_today_takes(run.plan, main))
    # What is asked comes first, in a sentence of its own.
    asked = listed([*(rule := _only_rule(run.plan, row)), *(each for each, _ in others if each)])
    there = at if rule else f"the {name} at {at}"
    said = f"of quicker choices {there} is nearest to the rules" if len(quicker) > 1 else f"{there} is quicker"
    said += f" ({minutes}{near}), but {row.lacks}{span}."
    return " ".join([*([f"{asked}.", begun(said)] if asked else [said]), *(takes for _, takes in others)])


def _only_rule(plan: Plan, row: Placement) -> list[str]:
    """Return what is asked of each site by the one rule that stops a way, if it is of patients or staff; else none."""
    there = evaluate(plan.problem, row.way.designated)
    rules = {broken.stated(plan.problem, str(one)) for one in there.broken["instance"]}
    found = [(_asked_of(plan.problem, one), one[1][0]) for one in rules if len(rules) == 1 and _of_number(one[0])]
    return [f"{asked} at each {words.lower(plan.problem.services[code].name)}" for asked, code in found]


def _within_not(plan: Plan, main: str, row: Placement, ways: Sequence[Placement]) -> str:
    """Return which share would be near enough at another way's sites, and at the plan's, as the end of a clause."""
    here = next(one for one in ways if one.way.designated == plan.designated)
    within = f"within {words.limit_of(plan.problem.services[main]):g}"
    # The first column is where, and no cell.
    column = placements.heads(plan.problem, main).index(f"{within} minutes") - 1
    there, mine = (one.cells[column].text for one in (row, here))
    return f"; {there} {within}, not {mine}" if there != mine else ""


def not_settled(run: Run, ways: Sequence[Placement]) -> tuple[Placement, str, str] | None:
    """Return the way of which it is not settled whether it is lawful, where that is told, and the span of its number.

    Nothing where the sentences to know are not about it, as where they are of another question.
    """
    row = next(iter(_quicker(run.plan, ways)), None)
    sees = WOULD_SEE.search(row.lacks) if row else None
    if row is None or sees is None:
        return None
    number = float(sees[1].replace(",", ""))
    for cited, one in _known(run, ""):
        if (span := SPAN.search(one)) and float(span[1]) <= number <= float(span[2]):
            return row, cited, f"{span[1]} to {span[2]}"
    return None


def in_doubt(run: Run, ways: Sequence[Placement]) -> str:
    """Return by what it is not settled what decides, where that is how many patients some site sees.

    By whom it sees, or by other counts. Nothing where no way is quicker that has too few.
    """
    row = next(iter(_quicker(run.plan, ways)), None)
    if row is None or not WOULD_SEE.search(row.lacks):
        return ""
    found = not_settled(run, ways)
    return in_doubt_by(run, [*([found[1]] if found else []), *told_in_full(run)])


def in_doubt_by(run: Run, cited: Sequence[str]) -> str:
    """Return references, and before them how many units would be best as counted, where one of them tells that."""
    units = [found[1] for number, found in _as_counted(run) if number in cited]
    return f"{f'as counted, {units[0]} units would be best; ' if units else ''}{listed(cited)}"


def doubts(run: Run, ways: Sequence[Placement]) -> dict[tuple[str, ...], str]:
    """Return by which reference it is not settled whether a way that breaks rules is lawful, by its sites."""
    of_counts = {
        row.way.sites: cited
        for cited, found in _as_counted(run)
        for row in ways
        if row.broken and len(row.way.sites) > 1 and row.name in found[2]
    }
    found = not_settled(run, ways)
    return of_counts | ({found[0].way.sites: found[1]} if found else {})


def _as_counted(run: Run) -> list[tuple[str, re.Match[str]]]:
    """Return which sentences to know say how many units would be best as counted, and where: each by its number."""
    return [(cited, found) for cited, one in _known(run, COUNTED) if (found := UNITS_AS_COUNTED.search(one))]


def held_to(plan: Plan) -> str:
    """Return the rules that every choice was held to, each service's by its name, and how many more there are.

    Named are those that ask for patients, staff or another service, of the service that comes first before others'.
    """
    problem, main = plan.problem, words.main_service(plan.problem)
    stated, name = who_asks(plan), {code: words.lower(one.name) for code, one in problem.services.items()}
    asked = [one for one in stated if _is_of_a_service(problem, one)]
    first = sorted(asked, key=lambda one: (not _of_number(one[0]), one[1][0] != main))[:MOST_RULES]
    by_service = {code: [one for one in asked if one in first and one[1][0] == code] for code in problem.services}
    each = [
        f"{name[code]}: {', '.join(_asked_of(problem, one) for one in rules)}"
        for code, rules in sorted(by_service.items(), key=lambda one: one[0] != main)
        if rules
    ]
    recruits = [one for one in plan.rules.to_dict("records") if one["rule"] == RECRUITED]
    nobody = ["nobody is recruited"] if recruits and not any(one["right"] for one in recruits) else []
    named = len(first) + (len(recruits) if nobody else 0)
    more = [f"and {len(stated) - named} more, under “How this was checked”"] if len(stated) > named else []
    return f"{'; '.join([*each, *nobody, *more])}." if each else ""


def key(references: Sequence[parts.Reference], known: int, said: str) -> tuple[str, str]:
    """Return the key to what stands first: where its references are, and what its words mean in short.

    So many of the references as are ``known`` are of what to know, the others of figures that nobody checked; ``said``
    is all that stands there.
    """
    at = {"“What to know”, below": references[:known], "“References”": references[known:]}
    each = {place: " to ".join(parts.ends([one.number for one in some])) for place, some in at.items() if some}
    return "; ".join(f"{numbers}: {place}" for place, numbers in each.items()), "; ".join(glossary.met_in(said))


def who_asks(plan: Plan) -> dict[tuple[str, Names], str]:
    """Return who asks for so many patients or staff, in brackets, by rule as ``stated`` has it; of others nothing."""
    rows = zip(plan.rules["rule"], plan.rules["instance"], plan.rules["source"], strict=True)
    return {
        broken.stated(plan.problem, str(one)): f" ({name})" if _of_number(str(rule)) and name else ""
        for rule, one, name in ((rule, one, words.name_of(str(source))) for rule, one, source in rows)
    }


def _of_number(rule: str) -> bool:
    """Whether a rule asks for so many patients or staff."""
    return bool(JUDGED[rule].would_see or JUDGED[rule].from_staff)


def _is_of_a_service(problem: Problem, rule: tuple[str, Names]) -> bool:
    """Whether a rule asks a service for patients, staff, or another service."""
    of_number = _of_number(rule[0]) and rule[1][0] in problem.services
    return of_number or (len(rule[1]) > 1 and all(name in problem.services for name in rule[1]))


def _asked_of(problem: Problem, rule: tuple[str, Names]) -> str:
    """Return what a rule asks of each site of a service, without the service's name."""
    said = broken.stated_in_words(problem, rule).partition("; ")[0].removesuffix(broken.THAT_PROVIDES_IT)
    said = said.removeprefix(f"{problem.services[rule[1][0]].name} ").removesuffix(" at each site")
    for name in (problem.services[one].name for one in rule[1][1:] if one in problem.services):
        said = said.replace(name, words.lower(name))
    return said.removeprefix("has ").removeprefix("needs ")


def _as_today_takes(plan: Plan, main: str) -> Iterator[tuple[str, str]]:
    """Yield what it would take to keep other services that close where they are today, in a sentence each.

    Before it stands what is asked of each site, where staff are lacking for that.
    """
    problem = plan.problem
    for code in _others_told(plan, main):
        today = {pair for pair in problem.today if pair[1] == code}
        there = evaluate(problem, frozenset({pair for pair in plan.designated if pair[1] != code} | today))
        takes = lacks_staff(there, code)
        lacks = f"it takes {takes}" if takes else broken.in_short(there, broken.lines(there))
        if lacks:
            means = [round(measures.mean_minutes(measures.residents(one, code)), 9) for one in (there, plan)]
            is_quicker = f" is quicker ({decimals(means[0], 2)} minutes, not {decimals(means[1], 2)}), but"
            quicker = is_quicker if means[0] < means[1] else ":"
            name = words.lower(problem.services[code].name)
            each = staff_at_each(there, code) if takes else ""
            yield f"{each} at each {name}" if each else "", f"Keeping the {name} as today{quicker} {lacks}."


def pathway(plan: Plan) -> str:
    """Return by which pathway patients get there in an answer; nothing where all go straight there."""
    problem, by_first = plan.problem, dict[str, list[str]]()
    for code in problem.reached_by_transfer:
        leg = problem.services[code].transfer
        assert leg is not None
        by_first.setdefault(leg.first_contact, []).append(words.lower(problem.services[code].name))
    waiting = {words.lower(problem.services[one].name) for one in problem.reached_by_transfer if _who_wait(plan, one)}
    each = []
    for first, names in by_first.items():
        go_on = [name for name in names if name in waiting]
        on = ", then taken on where need be" if go_on == names else "; nobody has to be taken on"
        on = f"; only those of the {listed(go_on)} have to be taken on" if go_on and go_on != names else on
        at = words.lower(problem.services[first].name)
        each.append(f"patients of the {listed(names)} are seen first at the nearest {at}{on}")
    return f"{'; '.join(each)}." if by_first else ""


def if_straight(plan: Plan, straight: Plan | None) -> str:
    """Return what would be best if patients were taken straight there, and how long the first service would take.

    ``straight`` is the best plan then, where that is known. Nothing where all go straight there.
    """
    problem, main, said = plan.problem, words.main_service(plan.problem), list[str]()
    if straight is not None:
        moved = [code for code in problem.services if straight.sites_of(code) != plan.sites_of(code)]
        each = (
            f"{words.lower(problem.services[code].name)} at {words.where(problem, straight.sites_of(code))}"
            for code in moved
        )
        said.append(f"{'; '.join(each) or 'the same sites'} would be best")
    if main in problem.reached_by_transfer:
        name = words.lower(problem.services[main].name)
        here = measures.number(plan.measures, "mean_minutes", main)
        there = {measure: value for measure, _, group, value in measures.straight_there(plan, main) if not group}
        minutes = decimals(there[f"mean_minutes{measures.STRAIGHT_THERE}"], 2)
        road = decimals(measures.mean_road_minutes(plan, main), 2)
        waits = f" ({road} of them on the road)" if road != decimals(here, 2) else ""
        said.append(f"{minutes} minutes on average to the {name}, not {decimals(here, 2)}{waits}")
    return f"{'; '.join(said)}." if said else ""


def _who_wait(plan: Plan, service: str) -> str:
    """Return how many patients are taken on to a service, from where, and how long they wait; nothing if none do.

    And which of the services that must be where that one is close there.
    """
    problem = plan.problem
    leg = problem.services[service].transfer
    mean, road, patients = (
        measures.number(plan.measures, name, service) for name in ("mean_minutes", "mean_road_minutes", "patients")
    )
    each = leg.dwell_minutes.value + leg.overhead_minutes.value if leg else 0.0
    if leg is None or not each or not mean > road:
        return ""
    seen_first = [site for site in plan.sites_of(leg.first_contact) if site not in plan.sites_of(service)]
    needs_it = [
        one
        for one in problem.services.values()
        if not one.activity and any(link.service == service for link in one.same_site)
    ]
    gone = [words.lower(one.name) for one in needs_it if {(site, one.code) for site in seen_first} <= _closed(plan)]
    also = f", where {listed(gone)} {'closes' if len(gone) == 1 else 'close'}" if gone else ""
    taken_on = f"{whole((mean - road) * patients / each)} of {whole(patients)} {many_of(problem, service)}"
    at = words.where(problem, seen_first)
    wait = f"{taken_on} are seen first at {at}{also}, and wait an assumed {each:g} minutes"
    return f"{wait}; care meanwhile is not counted."


def _closed(plan: Plan) -> set[tuple[str, str]]:
    return {(site, code) for code, sites in _gone(plan).items() for site in sites}


def longer_than_today(plan: Plan, service: str) -> str:
    """Return how many patients of a service have longer journeys than today, and by how much; nothing if none have."""
    return moved(plan, service)[0].partition(";")[0]


def against_today(plan: Plan, first: Collection[str]) -> Iterator[Line]:
    """Yield what closes, who has longer journeys and what is gained, where a page has no cards of a plan.

    Of those who have longer journeys the services named first come first.
    """
    if closing := closes(plan):
        yield closing
    known = [code for code in plan.problem.services_with_patients if code in plan.problem.services_with_today]
    each = (longer_than_today(plan, code) for code in sorted(known, key=lambda code: code not in first))
    if longer := list(filter(None, each)):
        more = [f"and {len(longer) - MOST_GAINS} more services"] if len(longer) > MOST_GAINS else []
        yield Line("Longer journeys than today:", f"{'; '.join([*longer[:MOST_GAINS], *more])}.")
    if said := gained(plan):
        yield Line("Gained for the longer journeys:" if longer else "Gained:", said)


def _gone(plan: Plan) -> dict[str, list[str]]:
    """Return where services are today and would not be any more, by service."""
    gone, problem = plan.problem.today - plan.designated, plan.problem
    at = {code: [site for site in problem.candidates if (site, code) in gone] for code in problem.services}
    return {code: sites for code, sites in at.items() if sites}


def _is_it_safe(plan: Plan, answer: dict[str, float], today: dict[str, float]) -> Iterator[Line]:
    if len(plan.broken):
        yield Line(f"It breaks {broken.how_many(plan)}.", caution=True)
    yield Line("Not looked at:", not_looked_at(plan), caution=True)
    code = words.main_service(plan.problem)
    if code and answer.get(f"patients|{code}|"):
        if waiting := _who_wait(plan, code):
            yield Line("Waiting:", waiting, caution=True)
        yield from _stay_without(plan)
        others = _others_that_close(plan, code)
        yield from how_near(plan, answer, today, [code, *(others if len(others) <= MOST_OTHERS else ())])
    for said in short(plan, again=False)[:1]:
        yield Line("", f"{said.partition('. ')[0].removesuffix('.')}.")
    fragile, every = vacancies(plan.measures)
    moving, others_could = _who_moves(plan), bool(fragile and to_spare(plan))
    if moving:
        yield Line("Would move:", f"{listed(moving)}{'; others could, too' if others_could else ''}.")
    if fragile:
        elsewhere = ", but others could move there" if others_could and not moving else ""
        yield Line(f"{fragile} of {every} rotas have nobody to spare", f"at their site{elsewhere}.")


def how_near(plan: Plan, answer: dict[str, float], today: dict[str, float], codes: Sequence[str]) -> Iterator[Line]:
    """Yield which share of patients is near enough of some services, and the longest journey to the first of them."""
    first = plan.problem.services[codes[0]]
    near = [_within(plan, answer, today, code, words.limit_of(first)) for code in codes]
    yield Line(f"Within {words.limit_of(first):g} minutes:", f"{'; '.join(near)}.")
    worst = [values.get(f"worst_minutes|{first.code}|", float("nan")) for values in (answer, today)]
    if all(map(isfinite, worst)):
        where_to = f"the {words.lower(first.name)}" if len(near) > 1 else "it"
        to = f"journey to {where_to}{words.of_those_who_stay(plan.problem)}"
        waits = ", waits included" if first.transfer else ""
        yield Line("Longest", f"{to}{waits}: {whole(worst[0])} minutes; today {whole(worst[1])}.")


def _who_moves(plan: Plan) -> list[str]:
    """Return how many of each team would move between sites."""
    teams = plan.problem.teams
    return [staff_in_words(number, teams[team].name, unit) for (team, unit), number in moved_staff(plan).items()]


def staff(plan: Plan) -> str:
    """Return on which rotas nobody is to spare; nothing where on none."""
    return f"none to spare of {_fragile(plan)}." if vacancies(plan.measures)[0] else ""


def _fragile(plan: Plan) -> str:
    """Return whose rotas one vacancy would leave short, site by site; what all teams are called is said once."""
    rows = plan.measures[(plan.measures["measure"] == measures.VACANCY) & (plan.measures["value"] > 0)]
    at = dict[str, list[str]]()
    for site, team, _ in (str(group).split(" ") for group in rows["group"]):
        at.setdefault(short_name(plan.problem.pool_name(site)), []).append(plan.problem.teams[team].name)
    names = [name for teams in at.values() for name in teams]
    last = f" {names[0].rpartition(' ')[2]}"
    alike = all(name.endswith(last) for name in names)
    each = (f"{site} ({', '.join(name.removesuffix(last * alike) for name in teams)})" for site, teams in at.items())
    return f"{last.strip() if alike else 'staff'} at {listed(each)}"


def whom_units_see(plan: Plan, answer: Mapping[str, float], word: str) -> str:
    """Return of whom the patients of the units of the service that comes first are; nothing where nobody is outside.

    ``word`` is what the run is called.
    """
    code = words.main_service(plan.problem)
    if code is None:
        return ""
    patients, share = (answer.get(f"{name}|{code}|", 0.0) for name in ("patients", "share_outside"))
    seen = sum(answer.get(f"site_patients|{code}|{site}", 0.0) for site in plan.sites_of(code))
    stay = patients * (1 - share)
    if not round(patients - stay) and not round(seen - stay):
        return ""
    residents = f"{whole(stay)} of {whole(patients)} residents ({whole(patients - stay)} are treated outside)"
    return f"Units of {word} see {whole(seen)} patients a year: {residents} and {whole(seen - stay)} from outside."


def not_looked_at(*plans: Plan) -> str:
    """Return what plans of one question do not tell of whether they are safe: of room, at the site to which most come.

    Where that is not the same in all of them, no number is told.
    """
    problem = plans[0].problem
    staffed = any(service.rotas for service in problem.services.values())
    room, services = dict[str, str](), dict[str, None]()
    for plan in plans:
        found = busier(plan)
        services |= dict.fromkeys(one.service for one in found)
        more = [one for one in found if one.service == words.main_service(problem)] or found
        if more:
            most = max(more, key=lambda one: one.now - one.today)
            name = short_name(problem.sites[most.site].name)
            today = f"(today {whole(most.today)} by the model{by_count(plan, most)})"
            room[f"room for {whole(most.now)} patients a year at {name} {today}"] = most.service
    many = len(room) > 1
    others = [words.lower(problem.services[code].name) for code in services if code not in room.values()]
    also = f"the {others[0]}" if len(others) == 1 else f"{len(others)} more services"
    said = [f"{one}{f' or in {also}' if others else ''}" for one in room]
    not_told = ["outcomes", *([] if staffed else ["staff"]), *(["room for more patients"] if many else said)]
    return f"{'; '.join(not_told)}."


def _within(plan: Plan, answer: dict[str, float], today: dict[str, float], code: str, but_for: float) -> str:
    """Return which share of a service's patients is near enough, and how many fewer or more a year than today.

    Within how many minutes is told where they are not ``but_for``.
    """
    service, patients = plan.problem.services[code], answer[f"patients|{code}|"]
    now, before = (words.share_within(values, code) for values in (answer, today))
    limit = "" if words.limit_of(service) == but_for else f" in {words.limit_of(service):g}"
    fewer = round(patients * (before - now)) if isfinite(before - now) else 0
    apart = f": {whole(abs(fewer))} {'fewer' if fewer > 0 else 'more'}" if fewer else ""
    known = f" (today {percent(before)}{apart})" if code in plan.problem.services_with_today else ""
    counted = f"{whole(patients)} {many_of(plan.problem, code)}"
    return f"{words.lower(service.name)} {percent(now)} of {counted}{limit}{known}"


def _who_loses(plan: Plan, answer: dict[str, float], today: dict[str, float]) -> Iterator[Line]:
    code = words.main_service(plan.problem)
    if code is None:
        return
    if code in plan.problem.services_with_today:
        longer, shorter = moved(plan, code)
        who, _, most_lost = longer.partition("; most minutes lost ")
        # Where it is most on average the figure of districts shows, which paper in brief has not.
        most_lost, elsewhere, _ = most_lost.partition(", most on average ")
        yield (
            Line("Longer journeys than today:", f"{words.lower(who)}.")
            if longer
            else Line("Nobody's journey is longer.")
        )
        yield from _far(plan, code)
        yield from where_it_closes(plan, code)
        if most_lost:
            said = most_lost.replace(f" {many_of(plan.problem, code)}", "")
            paper = f"{said}{_most_on_average(plan, code)}." if elsewhere else ""
            yield Line("Most minutes lost", f"{said}.", paper=paper)
        if shorter:
            yield Line("Shorter:", f"{shorter}.")
        yield from _others_who_lose(plan, code)
    outside = [words.share_outside(values, plan.problem, code) for values in (answer, today)]
    if all(map(isfinite, outside)):
        patients = answer[f"patients|{code}|"]
        of = f"the area: {whole(outside[0] * patients)} of {whole(patients)}"
        border = plan.problem.border
        kept = ", as who leaves is kept as it was" if border and not border.pull.value else ""
        yield Line(f"{percent(outside[0])} treated outside", f"{of} (today {percent(outside[1])}{kept}).")


def _far(plan: Plan, code: str) -> Iterator[Line]:
    """Yield how many patients travel over ten minutes longer."""
    change = against(plan, plan.today, code)
    rows, means = gains_and_losses(change), averages(change)
    row = rows[(rows["group"] == "") & (rows["by_more_than_minutes"] == THRESHOLDS[-1])].iloc[0]
    if patients := float(row["patients_longer"]):
        longer = float(means.loc[means["group"] == "", "longer"].iloc[0])
        yield Line(f"Over {THRESHOLDS[-1]} minutes longer:", f"{whole(patients)} of these {whole(longer)}.")


def _most_on_average(plan: Plan, code: str) -> str:
    """Return the districts in which journeys are longer by most on average of all, to end a sentence."""
    means = averages(against(plan, plan.today, code))
    rows = means[means["group"].str.startswith("district ") & (means["change"] > 0)].nlargest(MOST_DISTRICTS, "change")
    each = [
        f"{group.removeprefix('district ')} {by:+.1f}" for group, by in zip(rows["group"], rows["change"], strict=True)
    ]
    return f"; by average of all, {listed(each)}"


def _others_that_close(plan: Plan, main: str) -> list[str]:
    """Return the other services with patients that close somewhere, those of whom most are counted first."""
    gone = _gone(plan)
    closing = [code for code in plan.problem.services_with_patients if code != main and code in gone]
    return sorted(closing, key=lambda code: -measures.number(plan.measures, "patients", code))


def _others_told(plan: Plan, main: str) -> list[str]:
    """Return the other services with patients that close somewhere, where they are few; of many the first."""
    closing = _others_that_close(plan, main)
    return closing if len(closing) <= MOST_OTHERS else closing[:1]


def _others_who_lose(plan: Plan, main: str) -> Iterator[Line]:
    """Yield how many lose in the other services that close somewhere; of many, in the first and that there are more."""
    problem, told = plan.problem, _others_told(plan, main)
    for code in told:
        if longer := longer_than_today(plan, code):
            who = longer.replace(" residents' ", " ")
            yield Line("And", f"{words.lower(who)}.")
    left = [code for code in problem.services if code not in (main, *told)]
    further = sum(bool(longer_than_today(plan, code)) for code in left if code in problem.services_with_patients)
    uncounted = sum(code not in problem.services_with_patients for code in left if code in _gone(plan))
    said = [f"journeys to {amount(further, 'services', 'more ')}"] if further else []
    said += [f"{uncounted} more close of which no patients are counted"] if uncounted else []
    if said:
        yield Line("Longer, too:" if further else "And", f"{'; '.join(said)}.")


def _how_sure(run: Run, ways: Sequence[Placement]) -> Iterator[Line]:
    checked = words.checked(run)
    yield from _proved(run, ways)
    yield from (Line("", one, caution=True) for _, one in _known(run, "Warning"))
    yield from _off_today(run.plan)
    if checked.kind == "good":
        not_checked = rests_on.not_checked(run.plan)
        more = "" if not_checked else "No figure that it rests on is marked as unverified."
        yield Line(checked.words, more, not_checked=not_checked)
    else:
        yield Line(checked.words, checked.more, caution=True)


def not_settled_of(run: Run, service: str) -> list[str]:
    """Return the references by which it is not settled where a service would be: by whom it sees, or other counts."""
    name = words.lower(run.plan.problem.services[service].name)
    known = _known(run, "")
    return [cited for cited, one in known if name in one and (SPAN.search(one) or one.startswith(COUNTED))]


def told_in_full(run: Run) -> list[str]:
    """Return the numbers of what is to be known that a card has in full, so that paper need not repeat it."""
    return [number for number, _ in _known(run, COUNTED)]


def _known(run: Run, begins: str) -> list[tuple[str, str]]:
    """Return what to know before an answer is repeated, of that which begins so: its number and its first sentence."""
    every = enumerate((one for one, _ in parts.to_know(run)), start=1)
    return [(parts.numbered(number), first_sentence(one)) for number, one in every if one.startswith(begins)]


def _proved(run: Run, ways: Sequence[Placement]) -> Iterator[Line]:
    """Yield at what a plan is proved the best, that no more is proved, and what is next best; else how good it is."""
    plan = run.plan
    if plan.proof.outcome != PROVED:
        status = words.status(run)
        yield Line(status.words, status.more, caution=status.kind != "good")
        return
    at_what, not_proved = words.proved(plan.problem)
    yield Line(*at_what)
    yield Line("Not proved:", not_proved, caution=True)
    tie = words.equal_best(plan)
    others = _others_told(plan, main) if (main := words.main_service(plan.problem)) else []
    # Averages stand in the table below.
    next_best = [words.by_how_much(plan, code, averages=False) for code in (None, *others)]
    yield from (Line("", said) for said in tie)
    yield from _ruled_out(plan, ways)
    yield from (Line("", said) for each in next_best for said in each)


def _ruled_out(plan: Plan, ways: Sequence[Placement]) -> Iterator[Line]:
    """Yield that other sites of the first service are quicker, by how much, and what rules them out."""
    here = next((one.mean for one in ways if one.way.designated == plan.designated), 0.0)
    for row in _quicker(plan, ways)[:1]:
        floor = plan.problem.services[str(words.main_service(plan.problem))].minimum_patients
        by = (
            f"{shown(floor.value)} patients a unit"
            if floor and WOULD_SEE.search(row.lacks)
            else amount(row.broken, "rules")
        )
        at = words.where(plan.problem, row.way.sites)
        yield Line(f"Quicker by {apart(here - row.mean)}, but ruled out", f"by {by}: {at}.")


def _off_today(plan: Plan) -> Iterator[Line]:
    """Yield by how much the model is off what was counted today, of the service that comes first."""
    main = words.main_service(plan.problem)
    for one in counted_today(plan):
        if main in one.services:
            names = {site: short_name(plan.problem.sites[site].name) for site in one.modelled}
            each = (
                f"{names[site]} {whole(number)}{'' if n else ' patients'}, not {whole(one.counts[site])}"
                for n, (site, number) in enumerate(one.modelled.items())
            )
            apart = any(round(number) != round(one.counts[site]) for site, number in one.modelled.items())
            if apart:
                lead = f"The model's today is not as counted in {one.period}:"
                yield Line(lead, f"{'; '.join(each)}.", caution=True)


def where_it_closes(plan: Plan, code: str) -> Iterator[Line]:
    """Yield how many were counted at the sites of a service that close, where by the model they are not as many.

    The model's are parted as those who lose are told: residents, and who comes from outside.
    """
    gone, one = _gone(plan).get(code, []), next((one for one in counted_today(plan) if code in one.services), None)
    # Counts are of today: of patients as grown they tell nothing.
    if one is None or not gone or plan.problem.growth:
        return
    modelled, counted = (sum(of[site] for site in gone) for of in (one.modelled, one.counts))
    if round(modelled) == round(counted):
        return
    rows = plan.today.journeys_to(code)
    here = rows[rows["site"].isin(gone)].groupby("resident")["patients_per_year"].sum()
    parts_of = {"residents": here.get(True, 0.0), "from outside": here.get(False, 0.0)}
    parted = f" ({', '.join(f'{whole(n)} {who}' for who, n in parts_of.items())})" if all(parts_of.values()) else ""
    more = "more" if counted > modelled else "fewer"
    said = f"this model has {whole(modelled)} today{parted}; {whole(counted)} were counted in {one.period}"
    yield Line("Where it closes", f"{said}, so {more} may lose.", caution=True)


def _what_would_change(run: Run, ways: Sequence[Placement]) -> Iterator[Line]:
    """Yield the smallest changes that alter the answer, those of rules first: they are what people can decide."""
    found = run.record.get("would_change") or {"changes": [], "not_worked_out": ""}
    yield from (Line(f"By other counts ({number}):", one, caution=True) for number, one in _known(run, COUNTED))
    changes = sorted(found["changes"], key=lambda one: KINDS.index(one["kind"]))
    row = next(iter(_quicker(run.plan, ways)), None)
    above = _by_its_rule(run, row) if row else None
    if row and above:
        changes.remove(above)
        sees = WOULD_SEE.search(row.lacks)
        settled = not_settled(run, ways)
        enough = ", or enough counted (not settled)" if settled else ""
        head = f"Were a unit of {sees[1]} patients accepted{enough}:" if sees else "If what decides were allowed:"
        # Where what is to be known tells of that number, it says more than one growth for every area.
        growth = [] if settled else str(above["words"]).split(". ")
        grown = [f" {_rounded(one).removesuffix('.')}." for one in growth if one.startswith(GROWTH)]
        yield Line(head, f"{_would_move(run.plan, above['then'])}.{''.join(grown)}")
    elif row:
        yield Line("Perhaps what decides:", "whether those sites would then be best is not known from this run.")
    most = MOST_CHANGES - (above is not None)
    more = len(changes) - most
    yield from (Line("", _rounded(_in_short(run.plan, one))) for one in changes[:most])
    if more > 0:
        left = f"{more} more"
        yield Line("", f"{left} below, under {ALL_CHANGES}.", paper=f"{left}: full print, {ALL_CHANGES}.")
    if not changes and not above:
        yield from (Line("", said) for said in left_out(found["not_worked_out"])[:1])
    if not changes and not above and not found["not_worked_out"]:
        yield Line("", "Nothing was looked for in this run.")


def _rounded(said: str) -> str:
    """Return a sentence with its shares in about whole percent, rounded up, so that what is enough stays enough.

    Exactly they stand below, with every change.
    """
    return PARTS_OF_A_PERCENT.sub(lambda share: f"about {ceil(float(share[1]))}%", said)


def _in_short(plan: Plan, change: Mapping[str, Any]) -> str:
    """Return a change without what stands with all else below: how much shorter journeys are, and growth.

    Where many services would be elsewhere the first is named.
    """
    said = str(change["words"])
    then = change["then"] or {}
    if len(_moved(plan, then)) > MOST_OTHERS:
        takes, _, _ = said.partition(": ")
        return f"{takes}: {_would_move(plan, then)}."
    said = said if change["kind"] == "parameter" else first_sentence(said)
    said = said.partition(SINCE)[0].removesuffix(".")
    head, _, inside = said.rpartition(" (")
    return f"{head if head and ' in place of ' in inside else said}."


def _moved(plan: Plan, then: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the services that would be elsewhere, those with patients first."""
    elsewhere = [code for code, sites in then.items() if tuple(sites) != plan.sites_of(code)]
    return sorted(elsewhere, key=lambda code: not plan.problem.services[code].activity)


def _would_move(plan: Plan, then: Mapping[str, Sequence[str]]) -> str:
    """Return where the first service that would be elsewhere would be, and how many others would be elsewhere, too."""
    first, *others = _moved(plan, then)
    name = words.lower(plan.problem.services[first].name)
    if len(others) == 1 and then[others[0]] == then[first]:
        name, others = f"{name} and {words.lower(plan.problem.services[others[0]].name)}", []
    more = (
        f"; {len(others)} more {'service changes' if len(others) == 1 else 'services change'} sites" if others else ""
    )
    return f"{name} at {words.where(plan.problem, then[first])}{more}"


def _quicker(plan: Plan, ways: Sequence[Placement]) -> list[Placement]:
    """Return the ways to place the first service that have shorter journeys and break rules, nearest to lawful first.

    Of a plan that is not proved the best it is not known what stops another.
    """
    if plan.proof.outcome != PROVED:
        return []
    here = next((one.mean for one in ways if one.way.designated == plan.designated), 0.0)
    return sorted(
        (one for one in ways if one.broken and one.mean < here), key=lambda one: (one.broken, one.by, one.mean)
    )


def _by_its_rule(run: Run, row: Placement) -> Mapping[str, Any] | None:
    """Return the change of a rule by which a way would be the answer, as the run has it; None where it has none."""
    main, there = words.main_service(run.plan.problem), list(row.way.sites)
    changes = (run.record.get("would_change") or {"changes": []})["changes"]
    by_rules = (one for one in changes if one["kind"] == "rule" and one["then"])
    return next((one for one in by_rules if one["then"].get(main) == there), None)
