"""What a leader asks first of an answer, in four cards: is it safe, who loses, how sure are we, what would change it.

Sentences are those of the summary, the shortest of each kind; numbers are those of the run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from optimiser.explanation import SINCE, broken
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.affected import THRESHOLDS, against, gains_and_losses
from optimiser.plan.finished import Run
from optimiser.plan.proof import PROVED
from optimiser.problem.words import amount, decimals, first_sentence, listed, many_of, percent, shown, whole
from optimiser.problem.words import short as short_name
from optimiser.report import rests_on, words
from optimiser.report.against_today import busier, gains, moved
from optimiser.report.counted import counted_today
from optimiser.report.page.placements import Placement
from optimiser.report.summary import left_out
from optimiser.report.summary_of_staff import moves, short, staff_in_words, to_spare, vacancies

MOST_CHANGES = 2
NO_BENEFIT = "Benefit to patients was not estimated."
# Of what decides: how many patients a site would see.
WOULD_SEE = re.compile(r"would see ([\d,.]*\d) patients a year")
SPAN = re.compile(r"would see (\d+) to (\d+) patients a year")
GROWTH = "Enough for that: "
MOST_GAINS = 3
MOST_OTHERS = 2
# The changes that alter an answer, in the order in which people can decide on them.
KINDS = ("rule", "parameter", "border")


@dataclass(frozen=True)
class Line:
    """A sentence of a card: how it begins, which is set in bold, and the rest.

    ``caution`` is whether it is of what is not assured, ``not_checked`` what was not checked of what the lead says, and
    ``screen`` whether it is for a screen alone: on paper it stands beside the cards. ``paper`` is the rest on paper.
    """

    lead: str
    more: str = ""
    caution: bool = False
    not_checked: str = ""
    screen: bool = False
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
        Card("How sure are we?", [*_how_sure(run)]),
        Card("What would change it?", [*_what_would_change(run, ways)]),
    ]


def gained(plan: Plan) -> str:
    """Return what is gained against today's sites, in a sentence; nothing where today is not known."""
    if not plan.problem.services_with_today:
        return ""
    found = gains(plan, in_short=True)
    shown = found if len(found) <= MOST_GAINS else found[: MOST_GAINS - 1]
    more = [f"and {len(found) - len(shown)} more"] if len(found) > len(shown) else []
    return f"{'; '.join([*shown, *more])}. {NO_BENEFIT}" if found else ""


def closes(plan: Plan) -> Line | None:
    """Return where which services of today close, or of how many at each site; None where none does.

    A service that stays where nobody is taken to it is told beside them. On paper all are named.
    """
    problem, gone, in_name = plan.problem, _gone(plan), _in_name_only(plan)
    if not gone:
        return None
    names = {code: words.lower(problem.services[code].name) for code in gone}
    if len(gone) <= MOST_GAINS:
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


def _in_name_only(plan: Plan) -> str:
    """Return which services stay at sites to which nobody would be taken, as a sentence; nothing where none does."""
    problem = plan.problem
    kept = {
        code: [site for site in words.idle_sites(plan, code) if (site, code) in problem.today]
        for code in problem.services
    }
    each = [
        f"{words.lower(problem.services[code].name)} at {words.where(problem, at)}" for code, at in kept.items() if at
    ]
    return f" Kept in name only, as nobody would be taken there: {'; '.join(each)}." if each else ""


def decides(run: Run, ways: Sequence[Placement]) -> str:
    """Return what the answer turns on: sites with shorter journeys, and the rule that stops them; nothing if none are.

    Of several the ones that break fewest rules, and these by least. Of other services that close it says what keeping
    them as they are today would take.
    """
    main, quicker = words.main_service(run.plan.problem), _quicker(run.plan, ways)
    if main is None or not quicker:
        return ""
    row = quicker[0]
    here = next(one.mean for one in ways if one.way.designated == run.plan.designated)
    name = words.lower(run.plan.problem.services[main].name)
    minutes = f"{decimals(row.mean, 2)} minutes on average, not {decimals(here, 2)}"
    which = " Every other quicker choice breaks more rules, or by more." if len(quicker) > 1 else ""
    said = f"the {name} at {row.name} would be quicker ({minutes}), but {row.lacks}.{which}"
    return " ".join([said, *_as_today_takes(run.plan, main)])


def not_settled(run: Run, ways: Sequence[Placement]) -> str:
    """Return what is to be known of the span of the number that decides, and what the counts would change then.

    Nothing where the sentences to know are not about it, as where they are of another question.
    """
    row = next(iter(_quicker(run.plan, ways)), None)
    sees = WOULD_SEE.search(row.lacks) if row else None
    if sees is None:
        return ""
    number = float(sees[1].replace(",", ""))
    told = [one for one in _known(run, "") if (span := SPAN.search(one)) and float(span[1]) <= number <= float(span[2])]
    return " ".join([*told, *_known(run, "Were ")]) if told else ""


def _as_today_takes(plan: Plan, main: str) -> Iterator[str]:
    """Yield what it would take to keep other services that close where they are today, in a sentence each."""
    problem = plan.problem
    for code in _others_told(plan, main):
        today = {pair for pair in problem.today if pair[1] == code}
        there = evaluate(problem, frozenset({pair for pair in plan.designated if pair[1] != code} | today))
        lacks = _lacks_staff(there, code) or broken.in_short(there, broken.lines(there))
        if lacks:
            means = [measures.number(one.measures, "mean_minutes", code) for one in (there, plan)]
            is_quicker = f" is quicker ({decimals(means[0], 2)} minutes, not {decimals(means[1], 2)}), but"
            quicker = is_quicker if means[0] < means[1] else ":"
            yield f"Keeping the {words.lower(problem.services[code].name)} as today{quicker} {lacks}."


def _lacks_staff(plan: Plan, service: str) -> str:
    """Return how many staff the rotas of a plan need of a team that a service needs, if so many are not in post."""
    for rota in plan.problem.services[service].rotas:
        here = plan.staffing_of(rota.team, rota.unit)
        needed, there = (round(float(here[name].sum()), 2) for name in ("needed", "in_post"))
        if needed > there:
            staff = staff_in_words(needed, plan.problem.teams[rota.team].name, rota.unit)
            return f"it takes {staff}, and {shown(there)} are in post"
    return ""


def pathway(plan: Plan, straight: Plan | None) -> str:
    """Return by which pathway patients get there in an answer, and what the other would mean; nothing without one.

    ``straight`` is the best plan if all were taken straight there, where that is known.
    """
    problem, by_first = plan.problem, dict[str, list[str]]()
    for code in problem.reached_by_transfer:
        leg = problem.services[code].transfer
        assert leg is not None
        by_first.setdefault(leg.first_contact, []).append(words.lower(problem.services[code].name))
    each = (
        f"patients of the {listed(names)} are seen first at the nearest {words.lower(problem.services[first].name)}, "
        "then taken on where need be"
        for first, names in by_first.items()
    )
    return f"{'; '.join(each)}.{_if_straight(plan, straight)}" if by_first else ""


def _if_straight(plan: Plan, straight: Plan | None) -> str:
    """Return what would be best if patients were taken straight there, and how long the first service would take."""
    problem, main, said = plan.problem, words.main_service(plan.problem), list[str]()
    if straight is not None:
        moved = [code for code in problem.services if straight.sites_of(code) != plan.sites_of(code)]
        each = (
            f"{words.lower(problem.services[code].name)} at {words.where(problem, straight.sites_of(code))}"
            for code in moved
        )
        said.append(f"{'; '.join(each) or 'the same sites'} would be best")
    waits = ""
    if main in problem.reached_by_transfer:
        name = words.lower(problem.services[main].name)
        here = measures.number(plan.measures, "mean_minutes", main)
        there = {measure: value for measure, _, group, value in measures.straight_there(plan, main) if not group}
        minutes = decimals(there[f"mean_minutes{measures.STRAIGHT_THERE}"], 2)
        said.append(f"{minutes} minutes on average to the {name}, not {decimals(here, 2)}")
        waits = _who_wait(plan, main)
    return f" Taken straight there, {'; '.join(said)}.{waits}" if said else ""


def _who_wait(plan: Plan, service: str) -> str:
    """Return how many patients are taken on to a service and how long they wait, in sentences; nothing if none do."""
    leg = plan.problem.services[service].transfer
    mean, road, patients = (
        measures.number(plan.measures, name, service) for name in ("mean_minutes", "mean_road_minutes", "patients")
    )
    each = leg.dwell_minutes.value + leg.overhead_minutes.value if leg else 0.0
    if not each or not mean > road:
        return ""
    taken_on = f"{whole((mean - road) * patients / each)} of {whole(patients)}"
    return f" By transfer {taken_on} wait an assumed {each:g} minutes; what is done for them meanwhile is not counted."


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
    yield Line("Not shown:", not_looked_at(plan), caution=True)
    code = words.main_service(plan.problem)
    if code and answer.get(f"patients|{code}|"):
        limit = words.limit_of(plan.problem.services[code])
        yield Line(f"Within {limit:g} minutes:", f"{'; '.join(_within(plan, answer, today, code))}.")
        worst = [values.get(f"worst_minutes|{code}|", float("nan")) for values in (answer, today)]
        if all(map(isfinite, worst)):
            journey = f"{words.journey(plan.problem.services[code])}{words.of_those_who_stay(plan.problem)}"
            yield Line("Longest", f"{journey}: {whole(worst[0])} minutes; today {whole(worst[1])}.")
    for said in (*short(plan, again=False)[:1], *moves(plan)):
        yield Line("", f"{said.partition('. ')[0].removesuffix('.')}.")
    fragile, every = vacancies(plan.measures)
    if fragile:
        moved = ", but others could move there" if to_spare(plan) else ""
        yield Line(f"{fragile} of {every} rotas have nobody to spare", f"at their site{moved}.")


def not_looked_at(plan: Plan) -> str:
    """Return what an answer does not tell of whether it is safe: of room, at the site to which most more would come."""
    staffed = any(service.rotas for service in plan.problem.services.values())
    more = [one for one in busier(plan) if one.service == words.main_service(plan.problem)] or busier(plan)
    room = []
    if more:
        most = max(more, key=lambda one: one.now - one.today)
        name = short_name(plan.problem.sites[most.site].name)
        room = [f"room for {whole(most.now)} patients a year at {name} (today, by the model, {whole(most.today)})"]
    return f"{listed(['outcomes', *([] if staffed else ['staff']), *room])} were not looked at."


def _within(plan: Plan, answer: dict[str, float], today: dict[str, float], main: str) -> Iterator[str]:
    """Yield which share of patients is near enough of the first service, and of the few others that close somewhere."""
    others = _others_that_close(plan, main)
    of_main = words.limit_of(plan.problem.services[main])
    for code in (main, *(others if len(others) <= MOST_OTHERS else ())):
        service = plan.problem.services[code]
        now, before = (percent(words.share_within(values, code)) for values in (answer, today))
        limit = "" if words.limit_of(service) == of_main else f" in {words.limit_of(service):g}"
        known = f" (today {before})" if code in plan.problem.services_with_today else ""
        counted = f"{whole(answer[f'patients|{code}|'])}{f' {many_of(plan.problem, code)}' if code == main else ''}"
        yield f"{words.lower(service.name)} {now} of {counted}{limit}{known}"


def _who_loses(plan: Plan, answer: dict[str, float], today: dict[str, float]) -> Iterator[Line]:
    code = words.main_service(plan.problem)
    if code is None:
        return
    if code in plan.problem.services_with_today:
        longer, shorter = moved(plan, code)
        who, _, most_lost = longer.partition("; most minutes lost ")
        yield Line("Longer journeys than today:", f"{who}.") if longer else Line("Nobody's journey is longer.")
        if most_lost:
            yield Line("Most minutes lost", f"{most_lost}.")
        if shorter:
            yield Line("Shorter:", f"{shorter}.")
        yield from _far(plan, code, answer)
        yield from _others_who_lose(plan, code)
    outside = [words.share_outside(values, plan.problem, code) for values in (answer, today)]
    if all(map(isfinite, outside)):
        patients = answer[f"patients|{code}|"]
        of = f"the area, {whole(outside[0] * patients)} of {whole(patients)}"
        kept = (
            ", since who leaves is kept as it was" if plan.problem.border and not plan.problem.border.pull.value else ""
        )
        yield Line(f"{percent(outside[0])} treated outside", f"{of}; today {percent(outside[1])}{kept}.")


def _far(plan: Plan, code: str, answer: dict[str, float]) -> Iterator[Line]:
    """Yield how many patients travel over ten minutes longer."""
    rows = gains_and_losses(against(plan, plan.today, code))
    row = rows[(rows["group"] == "") & (rows["by_more_than_minutes"] == THRESHOLDS[-1])].iloc[0]
    patients, all_patients = float(row["patients_longer"]), answer.get(f"patients|{code}|", 0.0)
    if all_patients and patients:
        share = percent(patients / all_patients)
        said = f"{whole(patients)} of {whole(all_patients)} ({share})."
        yield Line(f"Over {THRESHOLDS[-1]} minutes longer:", said)


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
    told = _others_told(plan, main)
    # Those whose patients nobody counts close, too.
    left = len(_gone(plan).keys() - {main, *told})
    for code in told:
        more = f"; {left} more services close below" if left else ""
        if longer := longer_than_today(plan, code):
            who = longer.replace(" residents' ", " ")
            yield Line("And", f"{words.lower(who)}{more}.")


def _how_sure(run: Run) -> Iterator[Line]:
    checked = words.checked(run)
    yield from _proved(run)
    yield from (Line("", one, caution=True) for one in _known(run, "Warning"))
    yield from _off_today(run.plan)
    if checked.kind == "good":
        not_checked = rests_on.not_checked(run.plan)
        more = "" if not_checked else "No figure that it rests on is marked as unverified."
        yield Line(checked.words, more, not_checked=not_checked)
    else:
        yield Line(checked.words, checked.more, caution=True)


def _known(run: Run, begins: str) -> list[str]:
    """Return what is to be known before an answer is repeated, of that which begins so: its first sentence."""
    every = (one["sentence"] for one in run.record.get("know_before", ()))
    return [first_sentence(one) for one in every if one.startswith(begins)]


def _proved(run: Run) -> Iterator[Line]:
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
    next_best = (said for code in (None, *others) for said in words.by_how_much(plan, code, averages=False))
    yield from (Line("", said) for said in (*tie, *next_best))


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


def _what_would_change(run: Run, ways: Sequence[Placement]) -> Iterator[Line]:
    """Yield the smallest changes that alter the answer, those of rules first: they are what people can decide."""
    found = run.record.get("would_change") or {"changes": [], "not_worked_out": ""}
    changes = sorted(found["changes"], key=lambda one: KINDS.index(one["kind"]))
    row = next(iter(_quicker(run.plan, ways)), None)
    above = _by_its_rule(run, row) if row else None
    if row and above:
        changes.remove(above)
        sees = WOULD_SEE.search(row.lacks)
        head = f"Were a unit of {sees[1]} patients accepted:" if sees else "If what decides were allowed:"
        # Where what is to be known tells of that number, it says more than one growth for every area.
        growth = [] if not_settled(run, ways) else str(above["words"]).split(". ")
        enough = [f" {one.removesuffix('.')}." for one in growth if one.startswith(GROWTH)]
        yield Line(head, f"{_would_move(run.plan, above['then'])}.{''.join(enough)}")
    elif row:
        yield Line("Perhaps what decides:", "whether those sites would then be best is not known from this run.")
    most = MOST_CHANGES - (above is not None)
    more = len(changes) - most
    left = f" {amount(more, 'more changes stand' if more > 1 else 'more change stands')} below." if more > 0 else ""
    for number, one in enumerate(changes[:most], start=1):
        yield Line("", f"{_in_short(run.plan, one)}{left if number == most else ''}")
    if not changes and not above:
        yield from (Line("", said) for said in left_out(found["not_worked_out"])[:1])
    if not changes and not above and not found["not_worked_out"]:
        yield Line("", "Nothing was looked for in this run.")


def _in_short(plan: Plan, change: Mapping[str, Any]) -> str:
    """Return a change without what stands with all else below: how much shorter journeys are, and growth.

    Where many services would be elsewhere the first is named.
    """
    said = str(change["words"])
    then = change["then"] or {}
    if len(_moved(plan, then)) > MOST_OTHERS:
        takes, _, _ = said.partition(": ")
        return f"{takes}: {_would_move(plan, then)}."
    said = (first_sentence(said) if change["kind"] == "rule" else said).partition(SINCE)[0].removesuffix(".")
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
