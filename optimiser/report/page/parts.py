"""The parts of the page that are neither words nor tables of numbers: ticks, marks on the map, aims, sources."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from optimiser.plan import Plan
from optimiser.plan.affected import asked_about, one_row_an_area
from optimiser.plan.asked import differing
from optimiser.plan.finished import Run
from optimiser.plan.measures import number
from optimiser.problem import Problem
from optimiser.problem.words import OF_INPUTS, begun, first_sentence, hundredths, listed, percent, places, short
from optimiser.report import rests_on, words
from optimiser.report.page.outlines import Drawing, end_at_mark
from optimiser.report.page.question import designated_at, in_words

# With more candidates than this, sites go down the table of ticks and services across.
MOST_SITES_ACROSS = 6
COLOURS = 6
# How a line of what a run keeps of its inputs begins.
SAID_OF_INPUTS = {"doubts": "Doubtful, so check before you use this:", "taken": "Taken otherwise than written:"}
STEPS = 5


def run_data(run: Run, problem: Problem) -> dict[str, Any]:
    """Return a run as data; its designations only where it is about the same services and candidates."""
    same = run.plan.problem.candidates == problem.candidates and set(run.plan.problem.services) == set(problem.services)
    return {
        "name": run.name,
        "title": run.plan.problem.title,
        "designated": designated_at(problem, run.plan.designated) if same else None,
        "broken": len(run.plan.broken),
        "asked_otherwise": asked_otherwise(problem, run),
    }


def asked_otherwise(problem: Problem, run: Run) -> bool:
    """Whether a run answers another question: it is set beside others, and none is the best."""
    other = run.plan.problem
    return other is not problem and bool(differing(asked_about(problem), asked_about(other)))


def broken(run: Run) -> Iterator[str]:
    """Yield every rule that a run breaks, with both sides."""
    for row in run.plan.broken.itertuples():
        names = str(row.instance).split(".")[1:]
        said = f"{hundredths(float(str(row.left)))} against {hundredths(float(str(row.right)))} {row.unit}"
        yield f"{in_words(run.plan.problem, str(row.rule), names)}: {said}"


def grid(plan: Plan) -> dict[str, Any]:
    """Return the table of ticks: services down and sites across, or the other way round where sites are many."""
    problem = plan.problem

    def tick(code: str, site: str) -> dict[str, Any]:
        service = problem.services[code]
        return {
            "service": code,
            "site": site,
            "on": (site, code) in plan.designated,
            "locked": site in service.fixed,
            "label": f"{service.name} at {problem.sites[site].name}",
        }

    services, sites = list(problem.services), list(problem.candidates)
    if len(sites) <= MOST_SITES_ACROSS:
        rows = [
            {
                "head": service.name,
                "way": way(problem, code),
                "transfer": bool(service.transfer),
                "ticks": [tick(code, site) for site in sites],
            }
            for code, service in problem.services.items()
        ]
        return {"heads": [short(problem.sites[site].name) for site in sites], "rows": rows}
    rows = [{"head": problem.sites[s].name, "way": "", "ticks": [tick(c, s) for c in services]} for s in sites]
    return {"heads": [problem.services[code].name for code in services], "rows": rows}


def way(problem: Problem, code: str) -> str:
    """Return how patients of a service get there, in words; nothing for one without patients, or if all go straight."""
    service = problem.services[code]
    if service.transfer:
        return f"by way of the nearest {problem.services[service.transfer.first_contact].name.lower()}"
    if service.managed:
        return "shared out between sites"
    return "taken straight there" if service.activity and problem.reached_by_transfer else ""


def reasons(problem: Problem) -> Iterator[str]:
    """Yield what is fixed and why, and which sites are not decided on."""
    for service in problem.services.values():
        here = [site for site, fixed in service.fixed.items() if fixed.provided]
        told = [service.fixed[site].reason for site in here or service.fixed]
        if told:
            where = f"at {places(problem, here)}" if here else "as not provided"
            yield f"{service.name} is fixed {where}: {'; '.join(dict.fromkeys(told))}."
    neighbours = [short(site.name) for site in problem.sites.values() if not site.candidate]
    if neighbours:
        yield f"Always open, and not decided on: {listed(neighbours)}."


def yaml(run: Run) -> str:
    """Return the plan as an option that ``optimiser evaluate --option`` reads."""
    at = designated_at(run.plan.problem, run.plan.designated)
    lines = ["option: MY_CHOICE", "title: Chosen on the page", "designations:"]
    lines += [f"  {code}: {json.dumps(sites)}" for code, sites in at.items()]
    return "\n".join(
        [*lines, f"source: {json.dumps('Chosen on the page of the run ' + run.name)}", "verified: false", ""]
    )


def fills(journeys: pd.DataFrame, breaks: Sequence[float]) -> list[str]:
    """Return the class of every area: m0 to m4 by minutes, or out where it lies outside the system."""
    step = np.searchsorted(breaks, journeys["minutes"].fillna(np.inf).to_numpy(float), side="left")
    return [f"m{number}" if resident else "out" for number, resident in zip(step, journeys["resident"], strict=True)]


def breaks(problem: Problem, code: str, plans: Sequence[Plan]) -> list[float]:
    """Return four minutes between five steps: by the standard, or fifths where most are beyond it."""
    standard = problem.services[code].standard_minutes
    minutes = np.concatenate([one_row_an_area(plan, code)["minutes"] for plan in plans])
    minutes = minutes[np.isfinite(minutes)]
    limit = standard.value if standard else 30.0
    if len(minutes) and np.median(minutes) <= limit:
        return words.ends_of_steps(limit)
    fifths = (
        [5 * round(float(np.quantile(minutes, share)) / 5) for share in (0.2, 0.4, 0.6, 0.8)] if len(minutes) else []
    )
    steps = sorted(set(fifths))
    return [float(one) for one in steps] if len(steps) == STEPS - 1 else [limit, limit * 2, limit * 3, limit * 4]


def marks(plan: Plan, code: str, drawn: Drawing) -> Iterator[dict[str, Any]]:
    """Yield the sites on the map, neighbours first so that candidates lie on top."""
    problem = plan.problem
    letter = letters(problem)
    used = {problem.sites[site].code for site in problem.reachable_sites(code)}
    for site, (x, y) in sorted(drawn.sites.items(), key=lambda one: problem.sites[one[0]].candidate):
        candidate = problem.sites[site].candidate
        if not candidate and site not in used:
            continue
        open_here = (site, code) in plan.designated
        yield {
            "code": site,
            "x": x,
            "y": y,
            "short": short(problem.sites[site].name),
            "named": site in drawn.named,
            "end": end_at_mark(short(problem.sites[site].name), x),
            "letter": letter.get(site, ""),
            "number": problem.candidates.index(site) % COLOURS if candidate else 0,
            "kind": "neighbour" if not candidate else "site open" if open_here else "site",
        }


def letters(problem: Problem) -> dict[str, str]:
    """Return the letter of each candidate: as the place states it, else the first of its name."""
    text = problem.files.get("inputs/sites.csv")
    frame = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False) if text else pd.DataFrame()
    stated = dict(zip(frame["site"], frame["letter"], strict=True)) if "letter" in frame else {}
    return {code: (stated.get(code) or problem.sites[code].name[:1]).strip()[:2] for code in problem.candidates}


def letters_that_tell(problem: Problem) -> dict[str, str]:
    """Return the letter of each candidate where every one has another; else none."""
    found = letters(problem)
    return found if len(set(found.values()) - {""}) == len(found) else {}


def map_note(drawn: Drawing | None, problem: Problem) -> str:
    """Return what a reader of the map should know."""
    if drawn is None:
        return ""
    away = " Those who leave whatever is designated are not drawn." if words.of_those_who_stay(problem) else ""
    said = [
        f"Minutes by road from each area, residents of the system in colour.{away} British National Grid.",
        *(["Sand: areas outside that are counted. Pale: other land. Blue: water."] if drawn.land else []),
        *(["The outer line is the edge of the areas: coast or border."] if drawn.areas and not drawn.land else []),
        *(["Main roads are straight lines between junctions."] if drawn.roads else []),
        *([f"Names of towns: {source}."] if (source := _source_of_towns(problem)) else []),
    ]
    return " ".join(said)


def _source_of_towns(problem: Problem) -> str:
    """Return who publishes the table of towns, and under which licence, as the place states it."""
    towns, stated = (problem.files.get(f"inputs/{name}.csv") for name in ("towns", "sources"))
    if towns is None or stated is None:
        return ""
    rows = pd.read_csv(io.BytesIO(stated), dtype=str, keep_default_na=False).set_index("source")
    of = pd.read_csv(io.BytesIO(towns), dtype=str, keep_default_na=False).get("source", pd.Series(dtype=str)).unique()
    named = rows.reindex(columns=["publisher", "licence"], index=[one for one in of if one in rows.index])
    return "; ".join(", ".join(filter(None, row)) for row in named.fillna("").itertuples(index=False))


def sources(run: Run) -> Iterator[str]:
    """Yield where the data come from, with licences."""
    for row in run.inputs.get("sources", pd.DataFrame()).to_dict("records"):
        named = ", ".join(part for name in ("title", "publisher", "year", "licence") if (part := row.get(name, "")))
        yield f"{named}{'' if row.get('verified') == 'true' else ' (not verified)'}."


@dataclass(frozen=True)
class Reference:
    """What a reviewer can cite: its number, how it begins, all that is said, the source, and of which setting it is."""

    number: str
    short: str
    sentence: str
    source: str
    about: rests_on.About = frozenset()


def to_know(run: Run) -> list[tuple[str, str]]:
    """Return what to know before an answer is repeated, with its source: first what of its tables can hardly be."""
    of_tables = [
        (f"{SAID_OF_INPUTS[name]} {said}", f"{OF_INPUTS[name]} of the run")
        for name, lines in run.said_of_inputs.items()
        for said in lines
    ]
    return [*of_tables, *((one["sentence"], one["source"]) for one in run.record.get("know_before", ()))]


def numbered(number: int) -> str:
    """Return how a reviewer cites the reference of a number."""
    return f"R-{number:02}"


def references(run: Run) -> list[Reference]:
    """Return what to know before an answer is repeated, then every figure it rests on without a checked source."""
    known = [(*one, frozenset[str]()) for one in to_know(run)]
    unverified = [(*_source_apart(one), about) for one, about in rests_on.figures_and_settings(run.plan)]
    return [
        Reference(numbered(number), first_sentence(said), said, source or rests_on.NO_SOURCE, about)
        for number, (said, source, about) in enumerate([*known, *unverified], start=1)
    ]


def _source_apart(figure: str) -> tuple[str, str]:
    """Return a figure in words without its source, which stands in brackets at its end, and the source."""
    said, _, source = figure.removesuffix(")").partition(" (")
    return f"{begun(said)}.", source


def ends(numbers: Sequence[str]) -> list[str]:
    """Return the first and the last of some reference numbers; one of one, none of none."""
    return list(dict.fromkeys([*numbers[:1], *numbers[-1:]]))


def aims(runs: Sequence[Run]) -> dict[str, Any]:
    """Return up to three aims on which runs differ, and each run's score on each: 0 the worst of them, 100 the best.

    Runs that answer another question than the first are not ranked with it, and have no scores.
    """
    problem = runs[0].plan.problem
    ranked, first = [not asked_otherwise(problem, run) for run in runs], words.main_service(problem)
    wanted = [
        ("average journey", "mean_minutes", first or ""),
        (f"longest journey{words.of_those_who_stay(runs[0].plan.problem)}", "worst_minutes", first or ""),
        ("few changes from today", "changes_from_today", ""),
    ]
    aims, scores = [], []
    for name, measure, service in wanted:
        values = [number(run.measures, measure, service) for run in compress(runs, ranked)]
        if len(values) > 1 and all(map(isfinite, values)) and max(values) > min(values):
            aims.append({"name": begun(name)})
            scored = (100 * (max(values) - value) / (max(values) - min(values)) for value in values)
            scores.append([next(scored) if one else 0.0 for one in ranked])
    return {"aims": aims, "scores": [list(one) for one in zip(*scores, strict=True)]}


def borders(runs: Sequence[Run]) -> str:
    """Return who crosses the border in each run, where runs differ in that; else nothing."""
    found: dict[str, list[str]] = {}
    for run in runs:
        found.setdefault(_border(run.plan.problem), []).append(run.name)
    if len(found) == 1:
        return ""
    said = "; ".join(f"in {listed(names)} {border}" for border, names in found.items())
    return f"These runs differ in who crosses the border, so minutes and volumes are not of the same patients: {said}."


def _border(problem: Problem) -> str:
    if problem.border is None:
        crosses = any(service.neighbours for service in problem.services.values())
        return "everybody goes to the nearest hospital of all" if crosses else "nobody crosses it"
    pull = problem.border.pull.value
    return "as many leave as do today" + (f", but for {percent(pull)} who go to the nearest of all" if pull else "")


def options_title(runs: Sequence[Run]) -> str:
    """Return what the comparison finds, in a few words."""
    if len(runs) == 1:
        return "One run so far: name more runs to set them side by side"
    lawful = sum(run.plan.broken.empty for run in runs)
    return f"Of {len(runs)} options, {lawful or 'none'} break{'s' if lawful == 1 else ''} no rule"
