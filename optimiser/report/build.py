"""Put the page together: one HTML file with its data, style and scripts inside, that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from functools import cached_property
from importlib.resources import files as package_files
from pathlib import Path
from math import isfinite
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from optimiser import summary
from optimiser.measures import number
from optimiser.plan import PROVED, Plan
from optimiser.problem import Problem
from optimiser.report import side_by_side, tables, words
from optimiser.report.affected import affected
from optimiser.report.outlines import Drawing, drawing
from optimiser.report.question import designated_at, question
from optimiser.report.run import Run, runs_of
from optimiser.runs import versions

SCRIPTS = ("evaluate.js", "map.js", "page.js")
SECTIONS = (
    ("answer", "Answer"),
    ("choose", "Choose"),
    ("map", "Map"),
    ("journeys", "Journey times"),
    ("affected", "Who is affected"),
    ("rotas", "Rotas and beds"),
    ("transfers", "Ambulances and transfers"),
    ("options", "Options side by side"),
    ("checked", "How this was checked"),
)
# With more candidates than this, sites go down the table of ticks and services across.
MOST_SITES_ACROSS = 6
COLOURS = 6
STEPS = 5

Source = Plan | str | Path | Run


def page(
    runs: Sequence[Source], *, judged: Path | None = None, scripts: Sequence[str] = (), connect: str = "'none'"
) -> str:
    """Return the page of some runs as HTML; the first is the one it answers, and the others are set beside it.

    Parameters
    ----------
    runs
        Run folders or plans.
    judged
        A CSV file of what people judged about them: criterion, run, judgement, by, date.
    scripts, connect
        Further scripts, and what the page may connect to, as a content security policy says it. For a server that
        shows the page; a page on disk has none and connects to nothing.
    """
    return _Page(runs_of(runs), judged, tuple(scripts), connect).html


def data(runs: Sequence[Source]) -> dict[str, Any]:
    """Return what a page of some runs carries as data: the question, the map, the runs, and how to show them."""
    return _Page(runs_of(runs), None, (), "'none'").data


def write_report(runs: Sequence[Source], path: str | Path, *, judged: Path | None = None) -> Path:
    """Write the page of some runs to a new file.

    Raises
    ------
    NotWritten
        When there is a file of that name already, or it cannot be written.
    """
    from optimiser.errors import NotWritten

    html, target = page(runs, judged=judged).encode(), Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(html)
    except FileExistsError as error:
        raise NotWritten(f"{target} exists already. Choose another name with --out, or move it away.") from error
    except OSError as error:
        raise NotWritten(f"{target} could not be written: {error.strerror}.") from error
    return target


@dataclass(frozen=True)
class _Page:
    """One page: what the template is filled with."""

    runs: list[Run]
    judged: Path | None
    more_scripts: tuple[str, ...]
    connect: str

    @property
    def run(self) -> Run:
        return self.runs[0]

    @property
    def problem(self) -> Problem:
        return self.run.plan.problem

    @cached_property
    def today(self) -> Run:
        before = self.run.before
        return Run("today", before, pd.DataFrame(), {})

    @cached_property
    def changes(self) -> list[tuple[str, str, str, float]]:
        counted = self.problem.services_with_patients
        return [row for code in counted for row in affected(self.run.plan, self.run.before, code)]

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
        return {code: _breaks(self.problem, code, (self.run.plan, self.run.before)) for code in self.counted}

    @cached_property
    def data(self) -> dict[str, Any]:
        problem, drawn = self.problem, self.drawn
        found = {
            "question": question(problem),
            "runs": [_run_data(run, problem) for run in self.runs],
            "today": designated_at(problem, self.run.before.designated),
            "answer_word": self.answer_word,
            "breaks": self.breaks,
            "short": {code: words.short(site.name) for code, site in problem.sites.items()},
            "aims": _aims(self.runs),
            "map": drawn and {"borders": [[b.one, b.other, b.path] for b in drawn.borders if b.other >= 0]},
        }
        if drawn and drawn.points:
            found["map"]["points"] = drawn.points
        return dict(_visible(found))

    @property
    def answer_word(self) -> str:
        return "the answer" if self.run.plan.proof.outcome == PROVED else "this run"

    @cached_property
    def html(self) -> str:
        folder = package_files("optimiser.report") / "page"
        css = (folder / "page.css").read_text(encoding="utf-8")
        scripts = [*((folder / name).read_text(encoding="utf-8") for name in SCRIPTS), *self.more_scripts]
        environment = jinja2.Environment(
            autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False, "default": _plain}
        template = environment.from_string((folder / "page.html.j2").read_text(encoding="utf-8"))
        markup = jinja2.utils.markupsafe.Markup
        return template.render(
            **_visible(self.context),
            data=self.data,
            css=markup(css),
            scripts=[markup(script) for script in scripts],
            policy=_policy(css, scripts, self.connect),
        )

    @property
    def context(self) -> dict[str, Any]:
        run, problem = self.run, self.problem
        answer = tables.values_of(run, self.changes)
        today = tables.values_of(self.today)
        answer_word = self.answer_word.capitalize()
        main = words.main_service(problem)
        changes = {(m, g): v for m, s, g, v in self.changes if s == main}
        names = {code: problem.services[code].name for code in problem.services}
        transfer = {code: bool(problem.services[code].transfer) for code in self.counted}
        return {
            "title": problem.title,
            "sections": SECTIONS,
            "years": words.data_years(run),
            "version": versions()["optimiser"],
            "run": {"name": run.name},
            "runs": [{"name": one.name} for one in self.runs],
            "failed": [{"name": one.name, "breaches": one.breaches} for one in self.runs if len(one.breaches)],
            "answer": words.answer(run.plan),
            "status": words.status(run),
            "checked": words.checked(run),
            "figures": words.key_figures(run, self.today, changes),
            "figures_of": names[main] if main else "",
            "broken": list(_broken(run)),
            "notes": summary.notes(run.plan, run.measures),
            "counted": [
                {
                    "code": code,
                    "name": names[code],
                    "journeys": tables.journeys(code, names[code], today, answer, answer_word),
                    "affected": tables.affected(code, names[code], today, answer),
                    "volumes": tables.volumes(problem, code, names[code], today, answer),
                    "ambulances": tables.ambulances(code, names[code], transfer[code], today, answer),
                }
                for code in self.counted
            ],
            "grid": _grid(run.plan),
            "tall": len(problem.candidates) > MOST_SITES_ACROSS,
            "run_word": self.answer_word,
            "today_known": bool(problem.services_with_today),
            "presets": [
                {"name": one.name, "number": number}
                for number, one in enumerate(self.runs)
                if number and _run_data(one, problem)["designated"] is not None
            ],
            "ask_why": [{"code": code, "name": names[code]} for code in words.decided(problem)],
            "candidates": [{"code": c, "short": words.short(problem.sites[c].name)} for c in problem.candidates],
            "reasons": list(_reasons(problem)),
            "yaml": _yaml(run),
            "map": self._map(),
            "map_note": _map_note(self.drawn),
            "sources": "",
            "source_list": list(_sources(run)),
            "rotas": tables.rotas(run),
            "beds": tables.beds(run, answer),
            "patterns": tables.patterns(run),
            "measured": side_by_side.measured(self.runs),
            "options_title": _options_title(self.runs),
            "judged": side_by_side.judged(self.judged, self.runs),
            "aims": _aims(self.runs)["aims"],
            "proof": [words.status(run), *(_named(one, words.checked(one)) for one in self.runs)],
            "rules": tables.rules(run),
            "unverified": list(_unverified(run)),
            "not_modelled": words.NOT_MODELLED,
            "versions": tables.versions(run),
        }

    def _map(self) -> dict[str, Any] | None:
        drawn, plan = self.drawn, self.run.plan
        if drawn is None or not self.counted:
            return None
        code = self.counted[0]
        journeys = plan.journeys[plan.journeys["service"] == code]
        site = np.where(journeys["resident"], journeys["site"].fillna(""), None).tolist()
        district = plan.problem.areas["district"].tolist() if "district" in plan.problem.areas else [""] * len(site)
        kilometres, units = drawn.scale_bar
        return {
            "width": drawn.width,
            "height": drawn.height,
            "areas": drawn.areas,
            "fills": _fills(journeys, self.breaks[code]),
            "edge": drawn.edge,
            "districts": drawn.around(district),
            "catchments": drawn.around(site),
            "labels": drawn.labels,
            "sites": list(_marks(plan, code, drawn)),
            "bar_km": kilometres,
            "bar_units": units,
        }


def _policy(css: str, scripts: Sequence[str], connect: str) -> str:
    """Return a content security policy that allows this style and these scripts, and nothing else."""

    def allowed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(allowed, scripts))}",
            f"style-src {allowed(css)}",
            "img-src data:",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _visible(value: Any) -> Any:
    """Return data with every character that does not print, such as one that turns text round, as ``�``."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(c if c.isprintable() or c in "\n\t" else "�" for c in value)
    if isinstance(value, dict):
        return {_visible(key): _visible(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_visible(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _visible({name: getattr(value, name) for name in value.__dataclass_fields__})
    return value


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value.item()


def _named(run: Run, status: words.Status) -> words.Status:
    return words.Status(status.kind, f"{run.name}: {status.words}", status.more)


def _run_data(run: Run, problem: Problem) -> dict[str, Any]:
    """Return a run as data; its designations only where it is about the same services and candidates."""
    same = run.plan.problem.candidates == problem.candidates and set(run.plan.problem.services) == set(problem.services)
    return {
        "name": run.name,
        "title": run.plan.problem.title,
        "designated": designated_at(problem, run.plan.designated) if same else None,
        "broken": len(run.plan.broken),
    }


def _broken(run: Run) -> Any:
    from optimiser.report.question import in_words

    for row in run.plan.broken.itertuples():
        names = str(row.instance).split(".")[1:]
        said = f"{tables.hundredths(float(str(row.left)))} against {tables.hundredths(float(str(row.right)))} {row.unit}"
        yield f"{in_words(run.plan.problem, str(row.rule), names)}: {said}"


def _grid(plan: Plan) -> dict[str, Any]:
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

    def ways(code: str) -> list[str]:
        transfer = problem.services[code].transfer
        if transfer:
            return [f"seen first at the nearest {problem.services[transfer.first_contact].name.lower()}, then transferred"]
        return ["taken straight there"] if problem.services[code].activity else []

    services, sites = list(problem.services), list(problem.candidates)
    if len(sites) <= MOST_SITES_ACROSS:
        rows = [
            {"head": problem.services[c].name, "ways": ways(c), "ticks": [tick(c, s) for s in sites]} for c in services
        ]
        return {"heads": [words.short(problem.sites[site].name) for site in sites], "rows": rows}
    rows = [{"head": problem.sites[s].name, "ways": [], "ticks": [tick(c, s) for c in services]} for s in sites]
    return {"heads": [problem.services[code].name for code in services], "rows": rows}


def _reasons(problem: Problem) -> Any:
    for service in problem.services.values():
        for site, fixed in service.fixed.items():
            where = words.short(problem.sites[site].name)
            provided = "provided" if fixed.provided else "not provided"
            yield f"{service.name} is {provided} at {where}: {fixed.reason}."
    neighbours = [words.short(site.name) for site in problem.sites.values() if not site.candidate]
    if neighbours:
        yield f"Always open, and not decided on: {words.joined(neighbours)}."


def _yaml(run: Run) -> str:
    """Return the plan as an option that ``optimiser evaluate --option`` reads."""
    at = designated_at(run.plan.problem, run.plan.designated)
    lines = ["option: MY_CHOICE", "title: Chosen on the page", "designations:"]
    lines += [f"  {code}: {json.dumps(sites)}" for code, sites in at.items()]
    return "\n".join([*lines, f"source: {json.dumps('Chosen on the page of the run ' + run.name)}", "verified: false", ""])


def _fills(journeys: pd.DataFrame, breaks: Sequence[float]) -> list[str]:
    """Return the class of every area: m0 to m4 by minutes, or out where it lies outside the system."""
    step = np.searchsorted(breaks, journeys["minutes"].fillna(np.inf).to_numpy(float), side="left")
    return [f"m{number}" if resident else "out" for number, resident in zip(step, journeys["resident"], strict=True)]


def _breaks(problem: Problem, code: str, plans: Sequence[Plan]) -> list[float]:
    """Return four minutes between five steps: up to the standard in even steps, or fifths where most are beyond it."""
    standard = problem.services[code].standard_minutes
    minutes = np.concatenate([plan.journeys[plan.journeys["service"] == code]["minutes"].dropna() for plan in plans])
    limit = standard.value if standard else 30.0
    if len(minutes) and np.median(minutes) <= limit:
        return [limit / 2, limit * 2 / 3, limit * 5 / 6, limit]
    fifths = [5 * round(float(np.quantile(minutes, share)) / 5) for share in (0.2, 0.4, 0.6, 0.8)] if len(minutes) else []
    steps = sorted(set(fifths))
    return [float(one) for one in steps] if len(steps) == STEPS - 1 else [limit, limit * 2, limit * 3, limit * 4]


def _marks(plan: Plan, code: str, drawn: Drawing) -> Any:
    problem = plan.problem
    letters = _letters(problem)
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
            "short": words.short(problem.sites[site].name),
            "letter": letters.get(site, ""),
            "number": problem.candidates.index(site) % COLOURS if candidate else 0,
            "kind": "neighbour" if not candidate else "site open" if open_here else "site",
        }


def _letters(problem: Problem) -> dict[str, str]:
    import io

    text = problem.files.get("inputs/sites.csv")
    frame = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False) if text else pd.DataFrame()
    stated = dict(zip(frame["site"], frame["letter"], strict=True)) if "letter" in frame else {}
    return {code: (stated.get(code) or problem.sites[code].name[:1]).strip()[:2] for code in problem.candidates}


def _map_note(drawn: Drawing | None) -> str:
    if drawn is None:
        return ""
    edge = " The outer line is the edge of the areas: coast or border. Roads are not drawn." if drawn.areas else ""
    return f"Minutes by road from each area, residents of the system in colour. British National Grid.{edge}"


def _sources(run: Run) -> Any:
    import io

    text = run.plan.problem.files.get("inputs/sources.csv")
    if text is None:
        return
    for row in pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False).to_dict("records"):
        parts = [row.get(name, "") for name in ("title", "publisher", "year", "licence")]
        yield ", ".join(part for part in parts if part) + ("" if row.get("verified") == "true" else " (not verified)") + "."


def _unverified(run: Run) -> Any:
    rules = run.plan.rules
    for row in rules[~rules["verified"].astype(bool)].drop_duplicates(["rule", "right", "source"]).itertuples():
        yield f"{row.instance}: {tables.hundredths(float(str(row.right)))} {row.unit}. {row.source or 'No source is given.'}"


def _aims(runs: Sequence[Run]) -> dict[str, Any]:
    """Return up to three aims on which runs differ, and each run's score on each: 0 the worst of them, 100 the best."""
    first = words.main_service(runs[0].plan.problem)
    wanted = [
        ("average journey", "mean_minutes", first or ""),
        ("longest journey", "worst_minutes", first or ""),
        ("few changes from today", "changes_from_today", ""),
    ]
    aims, scores = [], []
    for name, measure, service in wanted:
        values = [number(run.measures, measure, service) for run in runs]
        if len(runs) > 1 and all(map(isfinite, values)) and max(values) > min(values):
            aims.append({"name": name[:1].upper() + name[1:], "weight": 50})
            scores.append([100 * (max(values) - value) / (max(values) - min(values)) for value in values])
    return {"aims": aims, "scores": [list(one) for one in zip(*scores, strict=True)]}


def _options_title(runs: Sequence[Run]) -> str:
    if len(runs) == 1:
        return "One run so far: name more runs to set them side by side"
    lawful = sum(run.plan.broken.empty for run in runs)
    return f"Of {len(runs)} options, {lawful or 'none'} break{'s' if lawful == 1 else ''} no rule"


__all__ = ["data", "page", "write_report"]
