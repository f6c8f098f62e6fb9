"""What a leader asks first of an answer, in four cards: is it safe, who loses, how sure are we, what would change it.

Sentences are those of the summary, the shortest of each kind; numbers are those of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from optimiser.plan import Plan
from optimiser.plan.finished import Run
from optimiser.problem.words import amount, decimals, listed, percent, whole
from optimiser.problem.words import short as short_name
from optimiser.report import broken, rests_on, words
from optimiser.report.against_today import gains, moved, room
from optimiser.report.counted import counted_today
from optimiser.report.page.placements import Placement
from optimiser.report.summary import left_out
from optimiser.report.summary_of_staff import moves, short, to_spare, vacancies

MOST_CHANGES = 2
MOST_GAINS = 3
MOST_OTHERS = 2
# Of those who live in an area it is said how many have so many minutes longer.
FAR = "people_more_than_10_longer"


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
    found = gains(plan)
    more = [f"and {len(found) - MOST_GAINS} more"] if len(found) > MOST_GAINS else []
    return f"{'; '.join([*found[:MOST_GAINS], *more])}." if found else ""


def not_kept(plan: Plan) -> str:
    """Return which services are not kept where they are today, or how many at which site; nothing where all are."""
    problem, gone = plan.problem, _gone(plan)
    if not gone:
        return ""
    if len(gone) <= MOST_GAINS:
        each = (
            f"{words.lower(problem.services[code].name)} at {words.where(problem, at)}" for code, at in gone.items()
        )
        return f"{'; '.join(each)}."
    number = {site: sum(site in at for at in gone.values()) for site in problem.candidates}
    of_each = (f"{amount(n, 'services')} at {short_name(problem.sites[site].name)}" for site, n in number.items() if n)
    return f"{listed(of_each)}."


def _gone(plan: Plan) -> dict[str, list[str]]:
    """Return where services are today and would not be any more, by service."""
    gone, problem = plan.problem.today - plan.designated, plan.problem
    at = {code: [site for site in problem.candidates if (site, code) in gone] for code in problem.services}
    return {code: sites for code, sites in at.items() if sites}


def _is_it_safe(plan: Plan, answer: dict[str, float], today: dict[str, float]) -> Iterator[Line]:
    if len(plan.broken):
        yield Line(f"It breaks {broken.how_many(plan)}.", caution=True)
    yield Line("Not looked at:", f"{listed(_not_looked_at(plan))}.", caution=True)
    code = words.main_service(plan.problem)
    if code and answer.get(f"patients|{code}|"):
        limit = words.limit_of(plan.problem.services[code])
        now, before = (words.share_within(values, code) for values in (answer, today))
        known = f"; today {percent(before)}" if code in plan.problem.services_with_today else ""
        patients = whole(answer[f"patients|{code}|"])
        of = f" of the {words.lower(plan.problem.services[code].name)}"
        yield Line(f"{percent(now)} of {patients} patients within {limit:g} minutes", f"{of}{known}.")
        worst = [values.get(f"worst_minutes|{code}|", float("nan")) for values in (answer, today)]
        if all(map(isfinite, worst)):
            journey = f"{words.journey(plan.problem.services[code])}{words.of_those_who_stay(plan.problem)}"
            yield Line("Longest", f"{journey}: {whole(worst[0])} minutes; today {whole(worst[1])}.")
    for said in (*short(plan, again=False)[:1], *moves(plan)):
        yield Line("", f"{said.partition('. ')[0].removesuffix('.')}.")
    fragile, every = vacancies(plan.measures)
    if fragile:
        spare = listed(to_spare(plan))
        moved = f", unless others move there: {spare} are on no rota." if spare else "."
        yield Line(f"With one vacancy {fragile} of {every} rotas would be short", moved)


def _not_looked_at(plan: Plan) -> list[str]:
    """Return what an answer does not tell of whether it is safe."""
    staffed = any(service.rotas for service in plan.problem.services.values())
    full = ["whether there is room (no number of beds is stated)"] if room(plan) else []
    return ["outcomes", *([] if staffed else ["staff"]), *full]


def _who_loses(plan: Plan, answer: dict[str, float], today: dict[str, float]) -> Iterator[Line]:
    code = words.main_service(plan.problem)
    if code is None:
        return
    known = code in plan.problem.services_with_today
    if known:
        longer, shorter = moved(plan, code)
        yield Line("Longer journeys than today:", f"{longer}.") if longer else Line("Nobody's journey is longer.")
        if shorter:
            yield Line("Shorter:", f"{shorter}.")
        yield from _others_who_lose(plan, code)
    far, people = (answer.get(f"{name}|{code}|", float("nan")) for name in (FAR, "people"))
    if known and isfinite(far) and people:
        of_all = f"{whole(far)} of {whole(people)} residents ({percent(far / people)})"
        yield Line(of_all, "live where it takes over 10 minutes longer.")
    outside = [words.share_outside(values, plan.problem, code) for values in (answer, today)]
    if all(map(isfinite, outside)):
        of = f"of the {words.lower(plan.problem.services[code].name)}'s patients"
        yield Line(f"{percent(outside[0])} treated outside", f"{of}; today {percent(outside[1])}.")


def _others_who_lose(plan: Plan, main: str) -> Iterator[Line]:
    """Yield how many lose in the other services that close somewhere; of many, that there are more."""
    gone = _gone(plan)
    closing = [code for code in plan.problem.services_with_patients if code != main and code in gone]
    if len(closing) > MOST_OTHERS:
        yield Line("", f"{len(closing)} more services with patients are not kept somewhere: the table below.")
        return
    for code in closing:
        longer, _ = moved(plan, code)
        if longer:
            yield Line("And", f"{words.lower(longer.partition(';')[0])}.")


def _how_sure(run: Run) -> Iterator[Line]:
    status, checked = words.status(run), words.checked(run)
    yield Line(status.words, status.more, caution=status.kind != "good")
    yield from _off_today(run.plan)
    if checked.kind == "good":
        not_checked = rests_on.not_checked(run.plan)
        more = "" if not_checked else "No figure that it rests on is marked as unverified."
        yield Line(checked.words, more, not_checked=not_checked)
    else:
        yield Line(checked.words, checked.more, caution=True)


def _off_today(plan: Plan) -> Iterator[Line]:
    """Yield by how much the model is off what was counted today, of the service that comes first."""
    main = words.main_service(plan.problem)
    for one in counted_today(plan):
        if main in one.services:
            names = {site: short_name(plan.problem.sites[site].name) for site in one.modelled}
            each = (
                f"{names[site]} {whole(number)} for {whole(one.counts[site])}" for site, number in one.modelled.items()
            )
            lead = "Today by the model, for as many as were counted:"
            yield Line(lead, f" {listed(each)} a year.", caution=True)


def _what_would_change(run: Run, ways: Sequence[Placement]) -> Iterator[Line]:
    """Yield the smallest changes that alter the answer, those of rules first: they are what people can decide."""
    record = run.record.get("would_change") or {"changes": [], "not_worked_out": ""}
    changes = sorted(record["changes"], key=lambda one: one["kind"] != "rule")
    for one in changes[:MOST_CHANGES]:
        # Which growth would be enough stands with all else below.
        first, more, _ = one["words"].partition(". ")
        yield Line("", f"{first}." if more and one["kind"] == "rule" else one["words"])
    if len(changes) > MOST_CHANGES:
        yield Line("", f"{len(changes) - MOST_CHANGES} more below.")
    if not changes:
        yield from _nearer(run.plan, ways)
    for said in left_out(record["not_worked_out"])[:1]:
        yield Line("", said)
    if not changes and not record["not_worked_out"]:
        yield Line("", "Nothing was looked for in this run.")


def _nearer(plan: Plan, ways: Sequence[Placement]) -> Iterator[Line]:
    """Yield the way to place the service with shorter journeys that breaks fewest rules, and which these are."""
    here = next((one.mean for one in ways if one.way.designated == plan.designated), 0.0)
    nearer = [one for one in ways if one.broken and one.mean < here]
    main = words.main_service(plan.problem)
    if not nearer or main is None:
        return
    row = min(nearer, key=lambda one: (one.broken, one.mean))
    minutes = f"{decimals(row.mean, 2)} minutes on average in place of {decimals(here, 2)}"
    name = words.lower(plan.problem.services[main].name)
    yield Line("Nearer, but against the rules:", f"{name} at {row.name}, every other service as here ({minutes}).")
    first, *more = row.stopped_by
    yield Line("", f"What stops it: {first}{f'; and {len(more)} more' if more else ''}.")
