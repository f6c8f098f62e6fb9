"""What a leader asks first of an answer, in four cards: is it safe, who loses, how sure are we, what would change it.

Sentences are those of the summary, the shortest of each kind; numbers are those of the run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from optimiser.explanation.record import record
from optimiser.plan import Plan, measures
from optimiser.plan.affected import THRESHOLDS, against, gains_and_losses
from optimiser.plan.finished import Run
from optimiser.plan.proof import PROVED
from optimiser.problem.words import amount, decimals, first_sentence, listed, percent, whole
from optimiser.problem.words import short as short_name
from optimiser.report import broken, rests_on, words
from optimiser.report.against_today import busier, gains, moved
from optimiser.report.counted import counted_today
from optimiser.report.page.placements import Placement
from optimiser.report.summary import left_out
from optimiser.report.summary_of_staff import moves, short, to_spare, vacancies

MOST_CHANGES = 2
MOST_GAINS = 3
MOST_OTHERS = 2
# The changes that alter an answer, in the order in which people can decide on them.
KINDS = ("rule", "parameter", "border")


@dataclass(frozen=True)
class Line:
    """A sentence of a card: how it begins, which is set in bold, and the rest.

    ``caution`` is whether it is of what is not assured, ``not_checked`` what was not checked of what the lead says.
    """

    lead: str
    more: str = ""
    caution: bool = False
    not_checked: str = ""


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
    return f"{'; '.join([*shown, *more])}." if found else ""


def closes(plan: Plan) -> str:
    """Return where which services of today close, or of how many at each site; nothing where none does."""
    problem, gone = plan.problem, _gone(plan)
    if not gone:
        return ""
    if len(gone) <= MOST_GAINS:
        each = (
            f"{words.lower(problem.services[code].name)} at {words.where(problem, at)}" for code, at in gone.items()
        )
        return f"{'; '.join(each)}."
    today = {site: [code for at, code in problem.today if at == site] for site in problem.candidates}
    number = {site: sum(site in at for at in gone.values()) for site in problem.candidates}
    of_each = (
        f"{n} of {amount(len(today[site]), 'services')} at {short_name(problem.sites[site].name)}"
        for site, n in number.items()
        if n
    )
    return f"{listed(of_each)}."


def decides(run: Run, ways: Sequence[Placement]) -> str:
    """Return what the answer turns on: sites with shorter journeys, and the rule that stops them; nothing if none are.

    Of several the ones that break fewest rules, and these by least.
    """
    main, quicker = words.main_service(run.plan.problem), _quicker(run.plan, ways)
    if main is None or not quicker:
        return ""
    row = quicker[0]
    here = next(one.mean for one in ways if one.way.designated == run.plan.designated)
    name = words.lower(run.plan.problem.services[main].name)
    road = measures.number(run.plan.measures, "mean_road_minutes", main)
    waits = f", of which {decimals(here - road, 2)} are assumed waits" if isfinite(road) and here > road else ""
    minutes = f"{decimals(row.mean, 2)} minutes on average, not {decimals(here, 2)}{waits}"
    which = " Of the quicker choices it comes nearest." if len(quicker) > 1 else ""
    return f"the {name} at {row.name} would be quicker ({minutes}), but {row.lacks}.{which}"


def against_today(plan: Plan, first: Collection[str]) -> Iterator[Line]:
    """Yield what closes, who has longer journeys and what is gained, where a page has no cards of a plan.

    Of those who have longer journeys the services named first come first.
    """
    if said := closes(plan):
        yield Line("Closes:", said)
    known = [code for code in plan.problem.services_with_patients if code in plan.problem.services_with_today]
    each = (moved(plan, code)[0].partition(";")[0] for code in sorted(known, key=lambda code: code not in first))
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
    looked_at = f"{listed(_not_looked_at(plan))} were not looked at."
    yield Line("Not shown:", looked_at, caution=True)
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


def _not_looked_at(plan: Plan) -> list[str]:
    """Return what an answer does not tell of whether it is safe: of room, at the site to which most more would come."""
    staffed = any(service.rotas for service in plan.problem.services.values())
    more = [one for one in busier(plan) if one.service == words.main_service(plan.problem)] or busier(plan)
    room = []
    if more:
        most = max(more, key=lambda one: one.now - one.today)
        name = short_name(plan.problem.sites[most.site].name)
        room = [f"room for {whole(most.now)} patients a year at {name} (today {whole(most.today)})"]
    return ["outcomes", *([] if staffed else ["staff"]), *room]


def _within(plan: Plan, answer: dict[str, float], today: dict[str, float], main: str) -> Iterator[str]:
    """Yield which share of patients is near enough of the first service, and of the few others that close somewhere."""
    others = _others_that_close(plan, main)
    of_main = words.limit_of(plan.problem.services[main])
    for code in (main, *(others if len(others) <= MOST_OTHERS else ())):
        service = plan.problem.services[code]
        now, before = (percent(words.share_within(values, code)) for values in (answer, today))
        limit = "" if words.limit_of(service) == of_main else f" in {words.limit_of(service):g}"
        known = f" ({'today ' if code == main else ''}{before})" if code in plan.problem.services_with_today else ""
        counted = f"{whole(answer[f'patients|{code}|'])}{' patients' if code == main else ''}"
        yield f"{words.lower(service.name)} {now} of {counted}{limit}{known}"


def _who_loses(plan: Plan, answer: dict[str, float], today: dict[str, float]) -> Iterator[Line]:
    code = words.main_service(plan.problem)
    if code is None:
        return
    if code in plan.problem.services_with_today:
        longer, shorter = moved(plan, code)
        yield Line("Longer journeys than today:", f"{longer}.") if longer else Line("Nobody's journey is longer.")
        if shorter:
            yield Line("Shorter:", f"{shorter}.")
        yield from _far(plan, code, answer)
        yield from _others_who_lose(plan, code)
    outside = [words.share_outside(values, plan.problem, code) for values in (answer, today)]
    if all(map(isfinite, outside)):
        patients = answer[f"patients|{code}|"]
        of = f"the area, {whole(outside[0] * patients)} of {whole(patients)} patients"
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
        said = f"{whole(patients)} of {whole(all_patients)} patients ({share})."
        yield Line(f"Over {THRESHOLDS[-1]} minutes longer:", said)


def _others_that_close(plan: Plan, main: str) -> list[str]:
    """Return the other services with patients that close somewhere, those of whom most are counted first."""
    gone = _gone(plan)
    closing = [code for code in plan.problem.services_with_patients if code != main and code in gone]
    return sorted(closing, key=lambda code: -measures.number(plan.measures, "patients", code))


def _others_who_lose(plan: Plan, main: str) -> Iterator[Line]:
    """Yield how many lose in the other services that close somewhere; of many, in the first and that there are more."""
    closing = _others_that_close(plan, main)
    shown = closing if len(closing) <= MOST_OTHERS else closing[:1]
    left = len(closing) - len(shown)
    for code in shown:
        longer, _ = moved(plan, code)
        more = f"; {left} more services close below" if left else ""
        if longer:
            yield Line("And", f"{words.lower(longer.partition(';')[0])}{more}.")


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
    yield from (Line("", said) for said in (*tie, *words.by_how_much(plan)))


def _off_today(plan: Plan) -> Iterator[Line]:
    """Yield by how much the model is off what was counted today, of the service that comes first."""
    main = words.main_service(plan.problem)
    for one in counted_today(plan):
        if main in one.services:
            names = {site: short_name(plan.problem.sites[site].name) for site in one.modelled}
            each = (
                f"{names[site]} {whole(number)} ({'' if n else 'counted '}{whole(one.counts[site])})"
                for n, (site, number) in enumerate(one.modelled.items())
            )
            apart = any(round(number) != round(one.counts[site]) for site, number in one.modelled.items())
            yield Line("Today by the model, patients a year:", f"{listed(each)}.", caution=apart)


def _what_would_change(run: Run, ways: Sequence[Placement]) -> Iterator[Line]:
    """Yield the smallest changes that alter the answer, those of rules first: they are what people can decide."""
    found = run.record.get("would_change") or {"changes": [], "not_worked_out": ""}
    changes = sorted(found["changes"], key=lambda one: KINDS.index(one["kind"]))
    row = next(iter(_quicker(run.plan, ways)), None)
    above = _by_its_rule(run, row) if row else None
    if row and above:
        changes.remove(above)
        name = words.lower(run.plan.problem.services[str(words.main_service(run.plan.problem))].name)
        yield Line("If what decides were allowed:", f"{name} at {row.name}.")
    elif row:
        yield Line("Perhaps what decides:", "whether those sites would then be best is not known from this run.")
    most = MOST_CHANGES - (above is not None)
    for one in changes[:most]:
        yield Line("", _in_short(one))
    if len(changes) > most:
        yield Line("", f"{len(changes) - most} more below.")
    yield from (Line("", one) for one in _known(run, "Were "))
    for said in left_out(found["not_worked_out"])[:1]:
        yield Line("", said)
    if not changes and not above and not found["not_worked_out"]:
        yield Line("", "Nothing was looked for in this run.")


def _in_short(change: Mapping[str, Any]) -> str:
    """Return a change without what stands with all else below: how much shorter journeys are, and growth."""
    said = str(change["words"])
    said = (first_sentence(said) if change["kind"] == "rule" else said).removesuffix(".")
    head, _, inside = said.rpartition(" (")
    return f"{head if head and ' in place of ' in inside else said}."


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
    there = record(row.way.designated)
    changes = (run.record.get("would_change") or {"changes": []})["changes"]
    return next((one for one in changes if one["kind"] == "rule" and one["then"] == there), None)
