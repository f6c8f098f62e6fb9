"""A finished sweep as files and in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.model.objectives import UNITS
from optimiser.plan.runs import csv_files, versions
from optimiser.problem import Problem
from optimiser.problem.parameters import ages_told
from optimiser.problem.words import sites_in_words
from optimiser.scenarios.draws import scenarios
from optimiser.scenarios.influence import BEST, influence
from optimiser.scenarios.listing import Designations
from optimiser.scenarios.regret import Results, minimax, table, value_of_waiting
from optimiser.scenarios.running import FORMAT, Work, together
from optimiser.scenarios.settings import ROADS, read_sweep

RESULT_FILES = ("scenarios.csv", "results.csv", "regret.csv", "options.csv")
MOST_SAID = 5


@dataclass(frozen=True, eq=False)
class Finding:
    """What a sweep found, as tables."""

    work: Work
    results: Results

    @property
    def problem(self) -> Problem:
        """The question."""
        return self.work.sweep.problem

    @property
    def unit(self) -> str:
        """What the first objective is counted in."""
        return UNITS[self.problem.objectives[0].name]

    @cached_property
    def minimax(self) -> int | None:
        """Column of the plan whose largest regret is least."""
        return minimax(self.results)

    @cached_property
    def value_of_waiting(self) -> float:
        """What knowing the scenario before deciding would save on average, in units of the first objective."""
        return value_of_waiting(self.results)

    @cached_property
    def names(self) -> dict[int, list[str]]:
        """By number of a joint designation: why it is followed, the name that people gave it first."""
        found: dict[int, list[str]] = {}
        for code, number in self.work.named.items():
            if number is not None:
                found.setdefault(number, []).append(code)
        for rank, number in enumerate(self.work.best_of_base, start=1):
            found.setdefault(number, []).append(f"base_{rank}")
        best = self.results.best[self.results.best >= 0]
        columns, often = np.unique(best, return_counts=True)
        by_share = sorted(zip(-often, columns, strict=True))
        for rank, (_, column) in enumerate(by_share, start=1):
            found.setdefault(int(self.results.numbers[column]), []).append(f"winner_{rank}")
        if self.minimax is not None:
            found.setdefault(int(self.results.numbers[self.minimax]), []).append("minimax")
        return found

    @cached_property
    def regret(self) -> pd.DataFrame:
        """One row an option that is followed, by its largest regret, those lawful in most scenarios first.

        Options that go against what is fixed are lawful nowhere and come last.
        """
        frame = table(self.results)
        kept = frame[frame["number"].isin(self.names)]
        kept = kept.assign(
            option=[self.names[number][0] for number in kept["number"]],
            also=[" ".join(self.names[number][1:]) for number in kept["number"]],
            unit=self.unit,
        )
        never = [code for code, number in self.work.named.items() if number is None]
        lost = pd.DataFrame({"option": never, "lawful_scenarios": 0, "lawful_share": 0.0, "unit": self.unit})
        lost = lost.assign(also="", won_share=0.0, won_alone_share=0.0, worst_scenario=-1)
        ranked = kept.sort_values(["lawful_scenarios", "max_regret", "number"], ascending=[False, True, True])
        columns = ["option", "also", "lawful_share", "max_regret", "mean_regret", "p95_regret", "unit"]
        columns += ["won_share", "won_alone_share", "worst_scenario", "lawful_scenarios"]
        return pd.concat([ranked, lost] if never else [ranked], ignore_index=True)[columns]

    @cached_property
    def scenarios(self) -> pd.DataFrame:
        """One row a scenario: its number, the state of the roads in words, and the value of every varied parameter."""
        known = self.work.known
        values = list(scenarios(self.work.sweep.settings, known))
        names = list(dict.fromkeys(chain.from_iterable(values)))
        now = {name: float(known[name].current(self.problem)) for name in names}
        frame = pd.DataFrame([{**now, **one} for one in values], columns=names)
        if ROADS in frame:
            frame[ROADS] = [self.work.sweep.settings.states[int(state)] for state in frame[ROADS]]
        return frame.rename_axis("scenario").reset_index()

    @cached_property
    def by_scenario(self) -> pd.DataFrame:
        """One row a scenario: the best option, its value, how many equal it, and for every option value and lawful."""
        results = self.results
        code = np.array([self.names.get(int(number), ["?"])[0] for number in results.numbers], dtype=object)
        frame = pd.DataFrame(
            {
                "scenario": np.arange(len(results.best)),
                "best": np.where(results.best >= 0, code[np.maximum(results.best, 0)], ""),
                "best_value": np.where(results.answered, results.published(results.best_values), np.nan),
                "equal_best": results.equal_count,
                "lawful_designations": results.lawful_count,
            }
        )
        columns = [int(column) for column in np.flatnonzero(np.isin(results.numbers, list(self.names)))]
        followed = set(self.work.follow)
        for column in columns:
            value = results.published(results.values[:, column])
            # A designation that nobody follows is kept only where some scenario of its chunk allows it.
            seen = int(results.numbers[column]) in followed
            frame[f"value {code[column]}"] = value if seen else np.where(results.lawful[:, column], value, np.nan)
            frame[f"lawful {code[column]}"] = results.lawful[:, column]
        return frame

    @cached_property
    def options(self) -> pd.DataFrame:
        """One row an option, service and site that provides it."""
        rows = []
        for number, names in self.names.items():
            designated = self.designated[number]
            order = [(site, code) for code in self.problem.services for site in self.problem.candidates]
            rows += [(names[0], code, site) for site, code in order if (site, code) in designated]
        return pd.DataFrame(rows, columns=["option", "service", "site"])

    @cached_property
    def influence(self) -> pd.DataFrame | None:
        """One row a figure of the sweep and parameter that varied: its Sobol indices, where the sweep asks for them."""
        settings, best = self.work.sweep.settings, self.work.best_of_base
        return influence(self.results, list(settings.vary), best[0] if best else None) if settings.sobol else None

    @cached_property
    def designated(self) -> dict[int, Designations]:
        """What each option that is followed provides where, by number."""
        return {number: self.work.listed.designated(number) for number in self.names}

    def in_words(self, number: int, unlike: int | None = None) -> str:
        """Return an option's designations in words: those in which options differ, or in which it differs from one."""
        others = self.designated.values() if unlike is None else [self.designated[number], self.designated[unlike]]
        here, said = self.designated[number], []
        for code, service in self.problem.services.items():
            choices = {frozenset(site for site, of in one if of == code) for one in others}
            if len(choices) > 1:
                sites = [site for site in self.problem.candidates if (site, code) in here]
                said.append(f"{service.name.lower()} at {sites_in_words(self.problem, sites)}")
        words = "; ".join(said) or "the only option"
        if unlike is None or unlike == number:
            return words
        return f"as {self.names[unlike][0]}, but {words}"


def run_sweep(path: str | Path) -> Finding:
    """Read a sweep file and work it out in this process, keeping nothing. Raises ``InputError`` with every fault."""
    work = Work(read_sweep(path))
    starts = range(0, work.size, work.chunk)
    return Finding(work, together(work, [work.work_out(start, start + work.chunk) for start in starts]))


def files_of(finding: Finding) -> dict[str, bytes]:
    """Return a sweep's folder as file names and contents. ``run.json`` has a hash of every table together."""
    frames = {
        "scenarios": finding.scenarios,
        "results": finding.by_scenario,
        "regret": finding.regret,
        "options": finding.options,
    }
    files = csv_files(frames)
    result = hashlib.sha256()
    for name in RESULT_FILES:
        result.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    if finding.influence is not None:
        files |= csv_files({"sobol": finding.influence})
    files |= dict(finding.problem.files)
    settings = finding.work.sweep.settings.model_dump(mode="json", exclude_none=True)
    files["sweep.json"] = json.dumps(settings, indent=2, ensure_ascii=False).encode() + b"\n"
    record = summary(finding) | {
        "format": FORMAT,
        "sweep": finding.work.fingerprint,
        "result": result.hexdigest(),
        "versions": versions(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    files["run.json"] = json.dumps(record, indent=2, ensure_ascii=False).encode() + b"\n"
    return files


def summary(finding: Finding) -> dict[str, object]:
    """Return the findings as plain data."""
    results, best = finding.results, finding.minimax
    waiting = finding.value_of_waiting
    return {
        "title": finding.work.sweep.settings.title,
        "question": finding.problem.title,
        "scenarios": finding.work.size,
        "scenarios_without_a_plan": int((~results.answered).sum()),
        "objective": finding.problem.objectives[0].name,
        "unit": finding.unit,
        "worked_out": finding.work.way,
        "minimax_regret": None
        if best is None
        else {
            "option": finding.names[int(results.numbers[best])][0],
            "designated": sorted(map(list, finding.designated[int(results.numbers[best])])),
            "max_regret": _row(finding, best)["max_regret"],
            "lawful_share": _row(finding, best)["lawful_share"],
        },
        "value_of_waiting": None if waiting != waiting else waiting,
        "value_of_waiting_minutes_a_patient": _a_patient(finding, waiting),
    }


def _row(finding: Finding, column: int) -> Mapping[str, float]:
    option = finding.names[int(finding.results.numbers[column])][0]
    rows = finding.regret.set_index("option")
    return {
        name: float(rows.loc[[option], name].iloc[0])
        for name in ("max_regret", "mean_regret", "lawful_share", "won_share")
    }


def _a_patient(finding: Finding, waiting: float) -> float | None:
    """Return the value of waiting in minutes a patient of today's, where the first objective is minutes of patients."""
    problem, objective = finding.problem, finding.problem.objectives[0]
    counted = [code for code in problem.services_of(objective) if code in problem.services_with_patients]
    patients = sum(float(problem.patients(code)[problem.resident].sum()) for code in counted)
    known = objective.name == "patient_minutes" and waiting == waiting and patients > 0
    return round(waiting / patients, 9) if known else None


def lines(finding: Finding) -> list[str]:
    """Return what a sweep found, in plain words."""
    results, unit = finding.results, finding.unit
    found, many = int(results.answered.sum()), finding.work.size
    said = [finding.work.sweep.settings.title, finding.problem.title, ""]
    said.append(f"{many:,} scenarios; some plan meets every rule in {_share(found, many)} of them.")
    if not found:
        return [*said, "So there is nothing to compare. Widen no range before looking at which rules clash."]
    regret = finding.regret.set_index("option")
    by_name = {names[0]: number for number, names in finding.names.items()}
    winners = regret[regret["won_share"] > 0].sort_values("won_share", ascending=False, kind="stable")
    those = "the 1 scenario that has" if found == 1 else f"the {found:,} scenarios that have"
    of_which = "" if found == many else f", of {those} a plan"
    said += ["", f"Best, alone or with others{of_which}:"]
    said += [
        f"  {row.won_share:.1%}  {name}: {finding.in_words(by_name[name], by_name[winners.index[0]] if n else None)}"
        for n, (name, row) in enumerate(_some(winners))
    ]
    said += _more(len(winners) - MOST_SAID)
    said += _by_state_of_roads(finding)
    said += ["", f"Regret, in {unit} (largest; mean; lawful in):"]
    said += [
        f"  {row.max_regret:,.1f}; {row.mean_regret:,.1f}; {row.lawful_share:.1%}  {_also(name, str(row.also))}"
        for name, row in _some(regret[regret["lawful_scenarios"] > 0])
    ]
    said += [f"  lawful in no scenario: {name}" for name in regret.index[regret["lawful_scenarios"] == 0]]
    if finding.minimax is not None:
        number = int(results.numbers[finding.minimax])
        row = _row(finding, finding.minimax)
        name = finding.names[number][0]
        which = (
            name
            if name in winners.index[:MOST_SAID]
            else f"{name}: {finding.in_words(number, by_name[winners.index[0]])}"
        )
        words = f"Least largest regret: {which}, at most {row['max_regret']:,.1f} {unit} from the best"
        said += ["", f"{words}, over every designation; it is lawful in {row['lawful_share']:.1%} of all scenarios."]
    said += _waiting(finding)
    said += _influence(finding)
    ages = ages_told(finding.problem, finding.work.places)
    return [*said, *ages, *_unverified(finding), "Draft: not a decision."]


def _by_state_of_roads(finding: Finding) -> list[str]:
    """Return which option is best in each state of the roads, by the order that settles equals."""
    states = finding.work.sweep.settings.states
    best = finding.by_scenario["best"].replace("", "no plan meets every rule").to_numpy()
    said = ["", "By the state of the roads:"] if states else []
    for number, state in enumerate(states):
        shares = pd.Series(best[number :: len(states)]).value_counts(normalize=True)
        which = [f"{name}{f' in {share:.1%}' if share < 1 else ''}" for name, share in shares.head(MOST_SAID).items()]
        said.append(f"  {state}: {', '.join(which)}")
    return said


def _influence(finding: Finding) -> list[str]:
    """Return which parameters move what, those that move it most first: estimates with their range, as percentages."""
    found = finding.influence
    if found is None:
        return []
    if found.empty:
        return ["", "Nothing that varies moves the answer or its value: there is nothing to share out."]
    said = []
    for of, rows in found.groupby("of", sort=False):
        said += ["", f"What moves whether {of}:" if of != BEST else "What moves the best value:"]
        ranked = rows.sort_values("total_order", ascending=False, kind="stable")
        said += [
            f"  {row.first_order:z.0%} alone ({row.first_low:z.0%} to {row.first_high:z.0%}), "
            f"{row.total_order:z.0%} with others ({row.total_low:z.0%} to {row.total_high:z.0%}): {row.parameter}"
            for row in ranked.itertuples()
        ]
    return [*said, "Shares of the variance over all scenarios (Sobol indices), and where 95% of resamples put each."]


def _some(frame: pd.DataFrame) -> Sequence[tuple[str, pd.Series]]:
    return [(str(name), row) for name, row in frame.head(MOST_SAID).iterrows()]


def _more(number: int) -> list[str]:
    return [f"  and {number} more in regret.csv"] if number > 0 else []


def _also(name: str, also: str) -> str:
    return f"{name} ({also})" if also else name


def _share(part: int, whole: int) -> str:
    return "all" if part == whole else f"{part / whole:.1%}"


def _waiting(finding: Finding) -> list[str]:
    waiting, unit = finding.value_of_waiting, finding.unit
    if waiting != waiting:
        return ["No option is lawful in every scenario, so waiting for information cannot be given a value."]
    each = _a_patient(finding, waiting)
    a_patient = f", {each:.3f} minutes a patient" if each is not None else ""
    return [f"Knowing the scenario before deciding would save {waiting:,.1f} {unit} on average{a_patient}, at most."]


def _unverified(finding: Finding) -> list[str]:
    guessed = [name for name, spread in finding.work.sweep.settings.vary.items() if not spread.verified]
    return [f"Ranges that no source was read for: {', '.join(guessed)}."] if guessed else []
