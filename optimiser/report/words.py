"""What the page says of a run: the answer in one sentence, how good it is, and the figures that matter most."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
import pandas as pd

from optimiser.explanation import broken
from optimiser.model.arithmetic import value
from optimiser.plan import Plan
from optimiser.plan.finished import Run
from optimiser.plan.measures import BANDS, mean_minutes, residents
from optimiser.plan.proof import EVALUATED, PROVED, Standing
from optimiser.plan.quotable import but_for
from optimiser.problem import Objective, Problem, Service
from optimiser.problem.words import apart, begun, decimals, in_round_words, listed, percent, places, spoken
from optimiser.report import rests_on

# Columns that every number rests on, in any table, and what they count.
COUNTED = {
    "patients_per_year": "Patients",
    "minutes": "Journeys and transfers, minutes",
    "population": "Residents",
    "people": "Staff, people",
    "wte": "Staff, WTE",
}
# What is made as small as possible, by the name of an objective.
AIMS = {
    "patient_minutes": "fewest minutes of travel for residents' patients in all",
    "deprived_patient_minutes": "fewest minutes of travel for patients from the most deprived fifth of areas",
    "worst_journey": "the shortest longest journey",
    "patients_beyond_standard": "fewest residents' patients beyond the standard",
    "patients_outside": "fewest residents' patients treated outside",
    "staff_short": "fewest staff short",
    "changes_from_today": "fewest changes from today",
    "fewest_sites": "fewest sites that provide a service",
    "transfers": "fewest transfers",
}
NOT_PROVED = "that it is safe, or that the rules are right."
MOST_NAMED = 4
# From so large a share of an objective on it is said that one service decides most of it.
MUCH = 0.5
MOST_SITES_NAMED = 8
# Of the source of what a rota needs, what stands before that of the number which is stated; and where a name ends.
OF_WHAT_IS_STATED = re.compile(r"^The larger of .*? and [\d.]+: ")
END_OF_A_NAME = re.compile(r"[:;,(]")

# What no run takes account of, whatever the question.
NOT_MODELLED = (
    "Days and hours: minutes are those of one time of day and one way of driving, unless the question names others.",
    "Public transport, and the journeys of visitors and staff.",
    "Outcomes for patients: minutes, volumes and rotas stand in for them.",
    "Money: neither building nor running costs are counted.",
    "What people and hospitals would do differently once a plan is known.",
)


def of_those_who_stay(problem: Problem) -> str:
    """Return whose the longest journeys are, to stand behind them: nothing where nobody leaves in any case."""
    return " (of those who do not leave the system)" if problem.border and problem.border.pull.value < 1 else ""


def decided(problem: Problem) -> list[str]:
    """Return the services that are open to decision, those with patients first."""
    open_ones = [c for c, s in problem.services.items() if any(site not in s.fixed for site in problem.candidates)]
    return sorted(open_ones, key=lambda code: problem.services[code].activity is None)


def main_service(problem: Problem) -> str | None:
    """Return the service that the page shows first: the first decided one with patients."""
    counted = [code for code in decided(problem) if problem.services[code].activity]
    return next(iter(counted or problem.services_with_patients), None)


def answer(plan: Plan) -> str:
    """Return the plan in one sentence, with what people call it and the plans that are level with it."""
    problem = plan.problem
    open_ones = decided(problem)
    level = {one.service for one in plan.proof.standings or () if _is_level(plan, one)}
    counted = [code for code in open_ones if problem.services[code].activity]
    # Where not all can be named, those with a plan that is level come first.
    first = open_ones if len(open_ones) <= MOST_NAMED else sorted(counted, key=lambda code: code not in level)
    shown = [code for code in open_ones if code in first[:MOST_NAMED]]
    parts = [f"{lower(problem.services[code].name)} at {_sites_or_level(plan, code)}" for code in shown]
    tail = _of_all(plan) if len(shown) < len(open_ones) else ""
    there_today = {code for _, code in problem.today} - {*shown}
    lost = [one for code, one in problem.services.items() if code in there_today and not plan.sites_of(code)]
    tail += f" {begun(listed(lower(one.name) for one in lost))} would then be provided nowhere." if lost else ""
    said = "; ".join(parts) or "nothing is open to decision"
    called = f"{plan.option.in_short}: {said}" if plan.option else begun(said)
    return f"{called}.{tail}"


def _of_all(plan: Plan) -> str:
    """Return how many of all services change sites, and how many keep some where nobody would be taken."""
    problem = plan.problem
    known = [code for code in problem.services if code in problem.services_with_today]
    changing = [code for code in known if _changes(plan, code)]
    idle = [code for code in known if code not in changing and plan.idle_sites(code)]
    each = [f"{len(changing)} {'changes' if len(changing) == 1 else 'change'} sites"]
    each += [f"{len(idle)} {'keeps' if len(idle) == 1 else 'keep'} one in name only"] if idle else []
    return f" Of {len(problem.services)} services {listed(each)}."


def _changes(plan: Plan, service: str) -> bool:
    """Whether a service is at other sites than today."""
    return any(code == service for _, code in plan.designated ^ plan.problem.today)


def as_people_say(runs: Sequence[Run]) -> list[str]:
    """Return what runs are called: the names of their folders as people would say them, where that tells them apart.

    Where a folder is named after the code of an option, it is the option's title up to its first comma.
    """
    names = [_as_people_say(run) for run in runs]
    return names if len(set(names)) == len(runs) else [run.name for run in runs]


def _as_people_say(run: Run) -> str:
    option = run.plan.option
    if option and option.code.lower() in run.name.lower():
        return option.in_short
    return re.sub(r"^\d{4}-\d{2}-\d{2}_", "", run.name).replace("_", " ")


def headline(plan: Plan, not_settled: str = "") -> str:
    """Return the plan in one sentence, and how it is meant: as the best under the rules, or as worked out only.

    ``not_settled`` is what would be so if the number that decides were another, and who tells of it; else nothing.
    """
    said = answer(plan)
    if plan.proof.outcome == PROVED:
        though = f", though what decides is not settled ({not_settled})" if not_settled else ""
        return f"Best under these rules{though}: {lower(said)}"
    return f"Worked out, not recommended: {lower(said)}" if plan.proof.outcome == EVALUATED else said


def _sites_or_level(plan: Plan, service: str) -> str:
    """Return where a service is and, where other plans are level with that, where they have it."""
    here, idle = where(plan.problem, plan.sites_of(service)), plan.idle_sites(service)
    nobody = f"nobody is taken to {where(plan.problem, idle)}" if idle else ""
    found = [one for one in plan.proof.standings or () if one.service == service and one.rivals]
    if not found:
        return f"{here} ({nobody})" if nobody else here
    (standing,) = found
    own = standing.rivals[0].figures["mean_minutes"][0]
    there = [
        f"{where(plan.problem, _sites(plan.problem, service, one.designated))} "
        f"({decimals(one.figures['mean_minutes'][1], 2)})"
        for one in standing.rivals
    ]
    mean = "; ".join(filter(None, (nobody, f"{decimals(own, 2)} minutes on average")))
    return f"{here} ({mean}) or, level with it, at {', or at '.join(there)}"


def _is_level(plan: Plan, standing: Standing) -> bool:
    """Whether a plan that is level has a service elsewhere than at sites to which nobody is taken in any case."""
    code, idle = standing.service, {*plan.idle_sites(standing.service)}
    here = {*plan.sites_of(code)} - idle
    return any({*_sites(plan.problem, code, one.designated)} - idle != here for one in standing.rivals)


def _sites(problem: Problem, service: str, designated: Collection[tuple[str, str]]) -> list[str]:
    return [site for site in problem.candidates if (site, service) in designated]


def where(problem: Problem, sites: Sequence[str]) -> str:
    """Return the names of sites, or how many there are where they are too many for a sentence."""
    many = len(sites) > MOST_SITES_NAMED
    return f"{len(sites)} of {len(problem.candidates)} sites" if many else places(problem, sites)


@dataclass(frozen=True)
class Status:
    """How good an answer is: a kind (good, open or bad), a few words, and the rest of the sentence."""

    kind: str
    words: str
    more: str = ""


def aims(problem: Problem) -> str:
    """Return at what an answer is the best, in the order in which it counts, as a sentence."""
    return f"Best at: {at_what(problem)}.{waits_are_assumed(problem)}"


def waits_are_assumed(problem: Problem) -> str:
    """Return that minutes of travel hold waits, where some are taken on, as a sentence after a blank."""
    return " Minutes of travel hold the waits that are assumed." if problem.reached_by_transfer else ""


def at_what(problem: Problem) -> str:
    """Return what an answer is best at, in the order in which it counts."""
    every = len(problem.services_with_patients)
    first, *rest = (
        AIMS[one.name] + (_of_which(problem, one) if 0 < len(one.services) < every else "")
        for one in problem.objectives
    )
    return ", then ".join([f"first {first}" if rest else first, *rest])


def _of_which(problem: Problem, objective: Objective) -> str:
    """Return which services with patients an objective leaves out or, where these are many, how many it counts."""
    out = [problem.services[one].name for one in problem.services_with_patients if one not in objective.services]
    return f" ({listed(out)} not counted)" if len(out) <= MOST_NAMED else f" (of {len(objective.services)} services)"


def kept_in_name(plan: Plan, service: str) -> list[str]:
    """Return the sites where a service is today and would stay, though nobody would be taken there."""
    return [site for site in plan.idle_sites(service) if (site, service) in plan.problem.today]


def some_stay(plan: Plan, service: str) -> bool:
    """Whether some of a service's patients are taken on to it, and others stay where they are seen first."""
    transfer, rows = plan.problem.services[service].transfer, plan.journeys_to(service)
    return transfer is not None and transfer.share_transferred.value < 1 and bool(_taken_on(rows).any())


def _taken_on(rows: pd.DataFrame) -> pd.Series[bool]:
    return rows["site"].notna() & (rows["site"] != rows["first_site"]) & (rows["patients_per_year"] > 0)


def within_by_patient(plan: Plan, service: str, limit: float) -> float:
    """Return the share of residents' patients within so many minutes, some of whom stay where they are seen first."""
    one, rows = plan.problem.services[service], residents(plan, service)
    assert one.transfer is not None
    share = np.where(_taken_on(rows), one.transfer.share_transferred.value, 1.0)
    near = share * (rows["minutes"] <= limit) + (1 - share) * (rows["first_minutes"] <= limit)
    return float((rows["patients_per_year"] * near).sum() / rows["patients_per_year"].sum())


def weighs_most(
    problem: Problem, designated: Collection[tuple[str, str]], objective: Objective
) -> tuple[str, float] | None:
    """Return the service that decides most of an objective, and its share of it; None where only one is counted."""
    codes = [code for code in problem.services_of(objective) if problem.services[code].activity]
    each = {code: value(problem, designated, replace(objective, services=(code,))) for code in codes}
    total = sum(each.values())
    if len(each) < 2 or not 0 < total < float("inf"):
        return None
    most = max(each, key=lambda code: each[code])
    return most, float(each[most] / total)


def weights(plan: Plan) -> str:
    """Return which service has most of the minutes that are made fewest, in a sentence; nothing where it is alone."""
    minutes = next((one for one in plan.problem.objectives if one.name == "patient_minutes"), None)
    found = weighs_most(plan.problem, plan.designated, minutes) if minutes else None
    if found is None or found[1] < MUCH:
        return ""
    return f" Of these minutes {percent(found[1])} are those of {plan.problem.services[found[0]].name}."


def status(run: Run) -> Status:
    """Return what is proved of a run."""
    proof, listing = run.plan.proof, run.plan.proof.enumeration
    if proof.outcome == EVALUATED:
        breaks = len(run.plan.broken)
        rules = (
            f"It breaks {broken.how_many(run.plan)}." if breaks else f"It breaks no rule{but_for(run.plan.exceptions)}."
        )
        return Status("bad" if breaks else "open", "Worked out, not optimised.", rules)
    if proof.outcome != PROVED:
        return Status("open", "Not proved best.", begun(how_far(run.plan)))
    how = (
        f"All {in_round_words(listing.listed)} ways were compared by arithmetic; "
        f"{in_round_words(listing.lawful)} meet every rule."
        if listing
        else "The solver closed the gap to 0."
    )
    at_what, not_proved = proved(run.plan.problem)
    said = [f"Not proved: {not_proved}", *equal_best(run.plan), *by_how_much(run.plan), how]
    return Status("good", f"{at_what[0]} {at_what[1]}", " ".join(said))


def proved(problem: Problem) -> tuple[tuple[str, str], str]:
    """Return at what a plan that is proved is the best, in two parts of a sentence, and what that does not prove."""
    every = [AIMS[one.name] for one in problem.objectives]
    by = "one measure" if len(every) == 1 else f"{len(every)} measures in turn"
    return (f"Proved best under these rules by {by}:", f"{'; then '.join(every)}."), NOT_PROVED


def equal_best(plan: Plan) -> list[str]:
    """Return that a plan is one of several that are the best, where it is."""
    listing = plan.proof.enumeration
    return [f"It is one of {listing.equal_best} equal best."] if listing and listing.equal_best > 1 else []


def others_stay(problem: Problem) -> str:
    """Return that all other services stay where they are, as a clause; nothing where there are none."""
    return ", every other service where it is" if len(problem.services) > 1 else ""


def by_how_much(plan: Plan, service: str | None = None, *, averages: bool = True) -> list[str]:
    """Return by how much a plan is best, and over which, in a service: the one that the page shows first or another.

    ``averages`` is whether both averages are said as well.
    """
    code = service or main_service(plan.problem)
    standing = next((one for one in plan.proof.standings or () if one.service == code), None)
    if standing is None:
        return []
    name = lower(plan.problem.services[standing.service].name)
    if standing.margin is None:
        return [f"No other sites of the {name} are lawful{others_stay(plan.problem)}."]
    own = mean_minutes(residents(plan, standing.service))
    each = f"per {spoken(str(plan.problem.services[standing.service].activity)).rpartition(' ')[2]}"
    numbers = f"{decimals(own, 2)} minutes on average against {decimals(own + standing.margin, 2)}"
    next_best = where(plan.problem, _sites(plan.problem, standing.service, standing.runner_up or ()))
    if standing.margin < 0:
        other = f"{name} at {next_best}" if next_best else f"{name} elsewhere"
        said = f"With the {other} journeys to it alone would be shorter by {apart(-standing.margin)} {each} ({numbers})"
        said += "; what comes first decides."
    else:
        there = f"{next_best}, " if next_best else ""
        means = f"{decimals(own + standing.margin, 2)} minutes on average, not {decimals(own, 2)}"
        longer = f"+{apart(standing.margin)} {each}{f' ({means})' if averages else ''}"
        said = f"Next best sites for the {name}: {there}{longer}."
    return [said, *([f"Up to {apart(standing.within)} apart is level."] if standing.rivals else [])]


def how_far(plan: Plan, what: str = "it") -> str:
    """Return how far from the best possible an answer that is not proved could be, as the end of a sentence."""
    first = next((r for r in plan.proof.objectives if r.bound is not None and r.bound != r.value), None)
    if first is None or first.bound is None or not first.value:
        return "time ran out before the proof was complete."
    share = (first.value - first.bound) / first.value
    return f"{what} is at most {share:.2%} from the best possible ({first.name.replace('_', ' ')})."


def checked(run: Run) -> Status:
    """Return whether the independent check agrees."""
    if not run.is_checked:
        return Status("open", "Not checked.", "This plan was never written to a run folder, which is what is checked.")
    if len(run.breaches):
        return Status(
            "bad", "Check failed.", f"{len(run.breaches)} numbers or rules do not stand up. Do not use this run."
        )
    head, _, more = rests_on.checked(run.plan).partition(": ")
    return Status("good", f"{head}.", begun(more))


def best(run: Run) -> list[Status]:
    """Return what the independent check made sure of that a run is best, in its words; nothing of one not sound."""
    if run.best is None:
        return []
    head, _, more = str(run.best["words"]).partition(": ")
    if run.plan.proof.outcome == EVALUATED:
        more = "it was worked out as people wrote it down."
    is_sure = run.best["checked"] in ("tried", "tried by branches", "proved by certificate")
    return [Status("good" if is_sure else "open", f"{head}.", begun(more))]


def journey(service: Service) -> str:
    """Return what the minutes of a service are of: those of who is taken on hold waits that are assumed."""
    return "time from home to the unit, waits included" if service.transfer else "journey"


def limit_of(service: Service) -> float:
    """Return within how many minutes patients of a service count as near enough: its standard, or 30."""
    return service.standard_minutes.value if service.standard_minutes else BANDS[0]


def share_outside(values: Mapping[str, float], problem: Problem, code: str) -> float:
    """Return the share of a service's patients treated outside, of what is measured by measure, service and group.

    NaN where no hospital outside is stated for it: then none can be told.
    """
    known = problem.services[code].treated_outside_is_told
    return values.get(f"share_outside|{code}|", float("nan")) if known else float("nan")


def share_within(values: Mapping[str, float], code: str, ending: str = "") -> float:
    """Return the share of a service's patients within the standard, of what is measured by measure, service and group.

    ``ending`` is that of the measures of another pathway.
    """

    def of(name: str) -> float:
        return values.get(f"{name}|{code}|", float("nan"))

    patients, beyond = of("patients"), of(f"patients_beyond_standard{ending}")
    near = patients - beyond if isfinite(beyond) else of(f"patients_within_30{ending}")
    return near / patients if patients else float("nan")


def data_years(run: Run) -> str:
    """Return the years that patients, people, staff and journeys are of, such as ``2017 to 2019``."""
    years = {int(year) for _, cell, _ in data_used(run) for year in re.findall(r"\b(?:19|20)\d\d\b", cell)}
    if not years:
        return ""
    return f"{min(years)} to {max(years)}" if len(years) > 1 else str(min(years))


def data_used(run: Run) -> list[tuple[str, str, str]]:
    """Return what patients, people, staff and journeys come from: what, its year, and the source's title."""
    sources, columns = (run.inputs.get(name, pd.DataFrame()) for name in ("sources", "columns"))
    if not ({"source", "title", "year"} <= set(sources) and {"column", "source", "note"} <= set(columns)):
        return []
    known = {row["source"]: (row["year"], row["title"]) for row in sources.to_dict("records")}
    used = {service.activity for service in run.plan.problem.services.values()} | set(run.plan.problem.teams)
    found = {}
    for row in columns.to_dict("records"):
        rows = re.match(r"Rows of ([a-z_]+)\b(?!:)", row["note"])
        if row["column"] in COUNTED and (rows is None or rows.group(1) in used):
            of_what = f": {rows.group(1).replace('_', ' ')}" if rows else ""
            for source in re.split(r"[\s;,]+", row["source"]):
                if source in known:
                    found[COUNTED[row["column"]] + of_what, *known[source]] = list(COUNTED).index(row["column"])
    return sorted(found, key=lambda one: found[one])


def lower(name: str) -> str:
    """Return a name as it stands within a sentence: abbreviations as they are."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def name_of(source: str) -> str:
    """Return the name of a source, which ends where it says what is read there.

    Of a rota that needs what is stated, and no more for its cover, it is the name of what states it.
    """
    stated = OF_WHAT_IS_STATED.split(source, maxsplit=1)[-1]
    return END_OF_A_NAME.split(stated, maxsplit=1)[0].strip()


def ends_of_steps(standard: float) -> list[float]:
    """Return the four minutes at which five steps of journeys end: the standard, 45, 60, and what lies before them."""
    near, *far = map(float, BANDS)
    before = (standard / 2,) if standard < far[0] else (near, near / 2)
    return sorted(list(dict.fromkeys([standard, *far, *before]))[:4])
