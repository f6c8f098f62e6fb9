"""Put the page together: one HTML file with its data, style and scripts inside, that asks the network for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.explanation.then_best import best_straight_there
from optimiser.plan.affected import of_plans, one_row_an_area
from optimiser.plan.finished import Run, Source, alone_without_plan, runs_of
from optimiser.plan.measures import STRAIGHT_THERE, straight_there
from optimiser.plan.proof import PROVED
from optimiser.plan.runs import versions, write_file
from optimiser.problem import ACROSS_SITES, Problem
from optimiser.problem.words import begun, of_changes, percent, short
from optimiser.report import cards, glossary, rests_on, screen, set_against, summary, words
from optimiser.report.counted import Counted, counted_today, in_words
from optimiser.report.page import lawful, parts, placements, roads, side_by_side, tables
from optimiser.report.page.matrix import matrix
from optimiser.report.page.no_plan import page_without_plan
from optimiser.report.page.outlines import CLOSE_UP, Drawing, drawing
from optimiser.report.page.question import designated_at, question
from optimiser.report.page.rendering import rendered, visible
from optimiser.report.page.swept import swept
from optimiser.report.summary_of_staff import fragile, rotas
from optimiser.search.enumeration import size

SCRIPTS = (
    *("packing.js", "evaluate.js", "map.js", "floors.js", "roads.js", "isochrones.js", "lookup.js", "figures.js"),
    *("ways.js", "sweep.js", "weights.js", "page.js", "print.js"),
)
SECTIONS = (
    ("answer", "Answer"),
    ("choose", "Choose"),
    ("map", "Map"),
    ("roads", "Roads"),
    ("journeys", "Journey times"),
    ("affected", "Who is affected"),
    ("rotas", "Rotas and beds"),
    ("transfers", "Ambulances and transfers"),
    ("ways", "All ways that meet the rules"),
    ("swept", "What a sweep found"),
    ("options", "Options side by side"),
    ("checked", "How this was checked"),
)
# What the page's script needs of a state of the roads.
ROADS = ("name", "best", "changes", "longer")
# What stands elsewhere on the page of all that is said beside an answer.
ELSEWHERE = ("The option", "What to know before repeating it")
# So many services are named by a button each above the first table; all are in the list of services.
MOST_NAMED = 4
SOURCES = "Sources and licences: under How this was checked."
# Joint designations up to which the question is asked again behind its border, which takes as long as solving it.
MOST_ASKED_AGAIN = 100_000


def page(
    runs: Sequence[Source],
    *,
    judged: Path | None = None,
    roads: Mapping[str, Problem] | None = None,
    sweep: Path | None = None,
    scripts: Sequence[str] = (),
    connect: str = "'none'",
) -> str:
    """Return the page of some runs as HTML; the first is the one it answers, and the others are set beside it.

    Of one run in which no plan meets every rule it says which clash.

    Parameters
    ----------
    runs
        Run folders or plans.
    judged
        A CSV file of what people judged about them: criterion, run, judgement, by, date.
    roads
        The question of the first run in other states of the roads, by the state in words: the page is asked in each.
    sweep
        The folder of a sweep of the first run's question, whose findings are drawn.
    scripts, connect
        Further scripts, and what the page may connect to, as a content security policy says it. For a server that
        shows the page; a page on disk has none and connects to nothing.
    """
    if without := alone_without_plan(runs):
        if sweep:
            raise InputError([Fault(str(sweep), "no plan meets every rule in this run, so no sweep is drawn with it.")])
        return page_without_plan(without, scripts=scripts, connect=connect)
    return _Page(_as_people_say(runs_of(runs)), judged, tuple(scripts), connect, roads or {}, sweep).html


def data(runs: Sequence[Source]) -> dict[str, Any]:
    """Return what a page of some runs carries as data: the question, the map, the runs, and how to show them."""
    return dict(visible(_Page(_as_people_say(runs_of(runs)), None, (), "'none'").data))


def _as_people_say(runs: Sequence[Run]) -> list[Run]:
    return [replace(run, name=name) for run, name in zip(runs, words.as_people_say(runs), strict=True)]


def write_report(
    runs: Sequence[Source],
    path: str | Path,
    *,
    judged: Path | None = None,
    roads: Mapping[str, Problem] | None = None,
    sweep: Path | None = None,
) -> Path:
    """Write the page of some runs to a new file; ``judged``, ``roads`` and ``sweep`` as for ``page``.

    Raises
    ------
    NotWritten
        When there is a file of that name already, or it cannot be written; no half of a page is left.
    """
    return write_file(page(runs, judged=judged, roads=roads, sweep=sweep).encode(), Path(path))


@dataclass(frozen=True)
class _Page:
    """One page: what the template is filled with."""

    runs: list[Run]
    judged: Path | None
    more_scripts: tuple[str, ...]
    connect: str
    roads: Mapping[str, Problem] = field(default_factory=dict)
    sweep: Path | None = None

    @property
    def run(self) -> Run:
        return self.runs[0]

    @property
    def problem(self) -> Problem:
        return self.run.plan.problem

    @cached_property
    def drawn(self) -> Drawing | None:
        return drawing(self.problem)

    @cached_property
    def counted(self) -> list[str]:
        """Services with patients, the one shown first at the head."""
        first = words.main_service(self.problem)
        return sorted(self.problem.services_with_patients, key=lambda code: code != first)

    @cached_property
    def breaks(self) -> dict[str, list[float]]:
        """Where the five steps of minutes begin and end, by service."""
        return {code: parts.breaks(self.problem, code, (self.run.plan, self.run.before)) for code in self.counted}

    @cached_property
    def counts(self) -> dict[str, Counted]:
        """What was counted today, by service; of those of which nothing was counted, nothing."""
        known = self.problem.services_with_today
        return {code: one for one in counted_today(self.run.plan) for code in one.services if code in known}

    @cached_property
    def data(self) -> dict[str, Any]:
        problem, drawn = self.problem, self.drawn
        return {
            "question": question(problem),
            "runs": [parts.run_data(run, problem) for run in self.runs],
            "today": designated_at(problem, self.run.before.designated),
            "answer_word": self.answer_word,
            "breaks": self.breaks,
            "short": {code: short(problem.pool_name(code)) for code in (*problem.sites, ACROSS_SITES)},
            "letters": parts.letters_that_tell(problem) or None,
            "teams": {code: team.name for code, team in problem.teams.items()},
            "aims": parts.aims(self.runs),
            **({"roads": [{key: one[key] for key in ROADS} for one in self.on_roads]} if self.on_roads else {}),
            "lawful": self.lawful and self.lawful["strip"] and self.lawful["strip"]["data"],
            "sweep": swept(self.run, self.sweep) if self.sweep else None,
            "placements": self._placements,
            "map": drawn
            and {
                "borders": drawn.stretches,
                "points": drawn.points or None,
                "towns": drawn.towns,
            },
        }

    @property
    def _placements(self) -> dict[str, Any]:
        """The ways to place each service as data; of the first what is not settled stands with its way."""
        found = {code: placements.data(self.runs, code, self.answer_word) for code in self.counted}
        for row in self.ways[1]:
            if row.not_settled:
                ways = found[self.counted[0]]["ways"]
                next(one for one in ways if one["sites"] == list(row.way.sites))["not_settled"] = row.not_settled
        return found

    @cached_property
    def on_roads(self) -> list[dict[str, Any]]:
        """The states of the roads in which the page can be asked."""
        return roads.shown(self.run.plan, self.roads)

    @cached_property
    def lawful(self) -> dict[str, Any] | None:
        """Every way that meets all rules, as the template draws it; None where they were not judged one and all."""
        found = lawful.ways(self.run.plan)
        return lawful.shown(found) if found else None

    @property
    def answer_word(self) -> str:
        return "the answer" if self.run.plan.proof.outcome == PROVED else "this run"

    @cached_property
    def html(self) -> str:
        return rendered(
            "page.html.j2",
            {**self.context, "data": self.data},
            own_scripts=SCRIPTS,
            more_scripts=self.more_scripts,
            connect=self.connect,
        )

    @property
    def notes(self) -> list[str]:
        """What the answer rests on, and what would have to be true for another to be best."""
        run, plan = self.run, self.run.plan
        few = size(plan.problem) <= MOST_ASKED_AGAIN and plan.proof.outcome == PROVED
        said = [one["text"] for one in run.record.get("sentences", ()) if one["kind"] == "border"]
        # That none is there does not say that none is due: whoever wrote the run may not have asked.
        border = said or map(str, set_against.across_the_border(plan))
        # Under the rotas, and among the references.
        elsewhere = {*rotas(plan), *fragile(plan, run.measures), *rests_on.unverified(plan)}
        said = [one for one in summary.notes(plan, run.measures, standing=False) if one not in elsewhere]
        return [*(border if few else ()), *said]

    @cached_property
    def measured(self) -> dict[str, float]:
        """Every measure of the answer by its key on the page."""
        straight = (row for code in self.counted for row in straight_there(self.run.plan, code))
        changes = (row for code in self.counted for row in of_plans(self.run.plan, self.run.before, code))
        return tables.values_of(self.run, [*changes, *straight])

    @cached_property
    def measured_today(self) -> dict[str, float]:
        """Every measure of today by its key on the page."""
        before = self.run.before
        unchanged = (row for code in self.counted for row in of_plans(before, before, code))
        return tables.values_of(Run("today", before, pd.DataFrame(), {}), unchanged)

    @property
    def context(self) -> dict[str, Any]:
        """What the template is filled with, section by section."""
        return {
            **self._head,
            **self._answer,
            **self._choose,
            **self._map,
            **self._rotas,
            **self._options,
            **self._checked,
        }

    @property
    def _head(self) -> dict[str, Any]:
        return {
            "title": self.problem.title,
            "sections": [
                one
                for one in SECTIONS
                if {"ways": self.lawful, "roads": self.on_roads, "swept": self.sweep}.get(one[0], True)
            ],
            "swept": self.sweep is not None,
            "years": words.data_years(self.run),
            "version": versions()["optimiser"],
            "run": {"name": self.run.name},
            "runs": [{"name": one.name} for one in self.runs],
            "failed": [{"name": one.name, "breaches": one.breaches} for one in self.runs if len(one.breaches)],
        }

    @cached_property
    def references(self) -> list[parts.Reference]:
        """What a reviewer can cite by its number."""
        return parts.references(self.run)

    @property
    def _answer(self) -> dict[str, Any]:
        run, main = self.run, words.main_service(self.problem)
        known = len(parts.to_know(run))
        first = {
            "answer": words.headline(run.plan, cards.in_doubt(run, self.ways[1])),
            "leads": self._leads(),
            "cards": cards.cards(run, self.measured, self.measured_today, self.ways[1]),
        }
        return {
            **first,
            "key": cards.key(self.references, known, str(first)),
            "status": words.status(run),
            "checked": words.checked(run),
            "rests": self._rests(),
            "placed": self._placed(main),
            "matrix": self._matrix(),
            "figures_of": self.problem.services[main].name if main else "",
            "most_named": MOST_NAMED,
            "broken": list(parts.broken(run)),
            "called": [*summary.option(run.plan, coded=False), *of_changes(self.problem)],
            "beside": {heading: said for heading, said in summary.beside(run).items() if heading not in ELSEWHERE},
            "before": self.references[:known],
            "unverified": self.references[known:],
            "told": cards.told_in_full(run),
            "unverified_numbers": parts.ends([one.number for one in self.references[known:]]),
            "as_counted": self._as_counted(main),
            "on_the_road": begun(summary.on_the_road(run.measures, main).removeprefix(", ")) if main else "",
            "notes": self.notes,
            "counted": [self._of_service(code) for code in self.counted],
            "run_word": self.answer_word,
            "services_many": len(self.run.problem.services) > 1,
            "today_known": bool(self.problem.services_with_today),
            "counted_are": "residents" if "population" in self.problem.areas else "patients",
            "stay": words.of_those_who_stay(self.problem),
            "shares_out": any(self.problem.services[code].managed for code in self.counted),
        }

    def _leads(self) -> list[cards.Line]:
        """Return what stands straight under the answer: what closes, what is gained for that, and what decides."""
        run, plan = self.run, self.run.plan
        straight = best_straight_there(self.problem) if plan.proof.outcome == PROVED else None
        closing = cards.closes(plan)
        if closing and self._matrix():
            # The matrix names what closes, first.
            closing = replace(closing, paper="")
        said = {
            "Gained for the longer journeys:": cards.gained(plan),
            "If all ambulances went straight there (not what is asked here):": cards.if_straight(plan, straight),
            "What decides:": cards.decides(run, self.ways[1]),
        }
        return [*filter(None, [closing]), *_said(said)]

    def _rests(self) -> list[cards.Line]:
        """Return on what the answer rests, which stands below: by which pathway, which rules hold, and which staff."""
        plan = self.run.plan
        return _said(
            {
                "By transfer, as is assumed:": cards.pathway(plan),
                "Every choice was held to:": cards.held_to(plan),
                "Staff:": cards.staff(plan),
            }
        )

    @cached_property
    def ways(self) -> tuple[str, list[placements.Placement]]:
        """The ways to place the service that is shown first, under a title; none where nobody is counted."""
        main = words.main_service(self.problem)
        if main is None:
            return "", []
        title, rows = placements.placements(self.runs, main, self.answer_word)
        cited = cards.doubts(self.run, rows)
        return title, [replace(one, not_settled=cited.get(one.way.sites, "")) for one in rows]

    def _placed(self, main: str | None) -> dict[str, Any] | None:
        """Return the ways to place the service shown first, as a table; None where nobody is counted."""
        if main is None:
            return None
        title, rows = self.ways
        answer = next((n for n, row in enumerate(rows) if row.way.sites == self.run.plan.sites_of(main)), None)
        heads = placements.heads(self.problem, main)
        # Of several services the buttons say which is shown.
        alone = f"{self.problem.services[main].name}: " if len(self.counted) == 1 else ""
        return {
            "title": f"{alone}{title}",
            "heads": heads,
            "rows": rows,
            "answer": answer,
            "longest": placements.LONGEST,
            "units_at": placements.units_at(self.problem, main),
            "units": cards.whom_units_see(self.run.plan, self.measured, self.answer_word),
        }

    def _matrix(self) -> dict[str, Any] | None:
        """Return who provides what where more services are open to decision than a sentence can name; else None."""
        plan, problem = self.run.plan, self.problem
        if len(words.decided(problem)) <= MOST_NAMED or len(problem.candidates) > screen.MOST_IN_A_MATRIX:
            return None
        straight = {code: self._straight(code) for code in problem.reached_by_transfer}
        return matrix(plan, self.run.measures, straight)

    def _straight(self, code: str) -> list[str]:
        """Return average minutes and the share within the standard if patients were taken straight to a service."""
        mean = self.measured.get(f"mean_minutes{STRAIGHT_THERE}|{code}|", float("nan"))
        near = words.share_within(self.measured, code, STRAIGHT_THERE)
        return [f"{mean:.2f}" if isfinite(mean) else "no site", percent(near)]

    def _as_counted(self, main: str | None) -> list[str]:
        """Return what was counted today of the service shown first, and how far the model is from that."""
        one = self.counts.get(main or "")
        return [in_words(self.run.plan, one)] if one else []

    @property
    def _choose(self) -> dict[str, Any]:
        problem = self.problem
        return {
            "grid": parts.grid(self.run.plan),
            "tall": len(problem.candidates) > parts.MOST_SITES_ACROSS,
            "presets": [
                {"name": one.name, "number": number}
                for number, one in enumerate(self.runs)
                if number and parts.run_data(one, problem)["designated"] is not None
            ],
            "ask_why": [{"code": code, "name": problem.services[code].name} for code in words.decided(problem)],
            "candidates": [{"code": c, "short": short(problem.sites[c].name)} for c in problem.candidates],
            "reasons": list(parts.reasons(problem)),
            "yaml": parts.yaml(self.run),
        }

    @property
    def _rotas(self) -> dict[str, Any]:
        return {
            "rotas": tables.rotas(self.run),
            "beds": tables.beds(self.run, self.measured),
            "patterns": tables.patterns(self.run),
        }

    @property
    def _options(self) -> dict[str, Any]:
        return {
            **side_by_side.measured(self.runs),
            "options_title": parts.options_title(self.runs),
            "options_called": {
                one.name: [*summary.option(one.plan, coded=False), *of_changes(one.problem)] for one in self.runs
            },
            "lawful": self.lawful,
            "borders": parts.borders(self.runs),
            "judged": side_by_side.judged(self.judged, self.runs),
            "aims": parts.aims(self.runs)["aims"],
        }

    @property
    def _checked(self) -> dict[str, Any]:
        run = self.run
        return {
            "proof": [
                words.status(run),
                *(_named(one, said) for one in self.runs for said in (words.checked(one), *words.best(one))),
            ],
            "rules": tables.rules(run),
            "references": self.references,
            "glossary_words": list(glossary.on_the_page()),
            "not_modelled": words.NOT_MODELLED,
            "data_used": tables.data_used(run),
            "source_list": list(parts.sources(run)),
            "versions": tables.versions(run),
        }

    def _of_service(self, code: str) -> dict[str, Any]:
        service, word = self.problem.services[code], self.answer_word.capitalize()
        of = tables.OfService(
            self.problem, service, self.measured_today, self.measured, word, counted := self.counts.get(code)
        )
        shown = ("scorecard", "journeys", "affected", "volumes", "ambulances")
        by = (
            f"Counted{' by ' + counted.source if counted.source else ': whoever counted is not stated'}."
            if counted
            else ""
        )
        return {"code": code, "name": of.service.name, "by": by, **{name: getattr(of, name) for name in shown}}

    @property
    def _map(self) -> dict[str, Any]:
        return {
            "roads": self.on_roads,
            "roads_verified": next((one.longer.verified for one in self.roads.values() if one.longer), ""),
            "around": [
                {"code": code, "short": short(self.problem.sites[code].name)} for code in self.problem.site_order
            ],
            "map": self._drawn_map(),
            "map_note": parts.map_note(self.drawn, self.problem),
            "sources": SOURCES,
        }

    def _drawn_map(self) -> dict[str, Any] | None:
        drawn, plan = self.drawn, self.run.plan
        if drawn is None or not self.counted:
            return None
        code = self.counted[0]
        journeys = one_row_an_area(plan, code)
        site = journeys["site"].where(journeys["resident"]).tolist()
        district = plan.problem.areas["district"].tolist() if "district" in plan.problem.areas else [""] * len(site)
        kilometres, units = drawn.scale_bar
        return {
            "width": drawn.width,
            "height": drawn.height,
            "areas": drawn.areas,
            "fills": parts.fills(journeys, self.breaks[code]),
            "edge": drawn.edge,
            "districts": drawn.around(district),
            "catchments": drawn.around(site),
            "labels": drawn.labels,
            "land": drawn.land,
            "roads": drawn.roads,
            "sites": list(parts.marks(plan, code, drawn)),
            "close_up": drawn.close_up and {"left": drawn.close_up[0], "top": drawn.close_up[1], "side": CLOSE_UP},
            "bar_km": kilometres,
            "bar_units": units,
        }


def _said(each: Mapping[str, str]) -> list[cards.Line]:
    """Return sentences as lines, by how they begin, without those that say nothing."""
    return [cards.Line(lead, more) for lead, more in each.items() if more]


def _named(run: Run, status: words.Status) -> words.Status:
    return words.Status(status.kind, f"{run.name}: {status.words}", status.more)


__all__ = ["data", "page", "write_report"]
