"""Commands about runs: check and compare."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optimiser.cli.app import (
    AS_WRITTEN,
    AsJson,
    Full,
    Quiet,
    Roads,
    Run,
    breaches_in_words,
    number_in_words,
    progress,
    say,
)
from optimiser.errors import CheckFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from optimiser.explanation import OnRoads
    from optimiser.plan.comparison import Tables
    from optimiser.problem import Problem


def check(run: Run, as_json: AsJson = False) -> None:
    """Recompute a run from its inputs, independently, and list every disagreement.

    Example:  optimiser check runs/base
    """
    from optimiser.checker import CHECKS, examined, said_of_no_plan

    # Of a run that is not so, whether its plan is best is no question.
    breaches, best, unread = examined(run)
    if as_json:
        found = {"checks": len(CHECKS), "breaches": [one._asdict() for one in breaches], "best": best, "unread": unread}
        typer.echo(json.dumps(found, indent=2, default=str))
    if breaches:
        raise CheckFailed(breaches_in_words(breaches))
    if not as_json:
        no_plan = said_of_no_plan(run)
        words = [no_plan] if no_plan else [f"{run} is clean: {len(CHECKS)} kinds of check, no disagreement."]
        words += [best["words"]] if best and not no_plan else []
        words += [f"Of these files no check looked at more than the hash: {', '.join(unread)}."] if unread else []
        say(words, {}, False, f"optimiser {'explain' if no_plan else 'report'} {run}")


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Two or more run folders; or a config, then run folders and options (YAML files)."
        ),
    ],
    full: Full = False,
    roads: Roads = None,
    csv: Annotated[Path | None, typer.Option(help="Write every table of the comparison to this new folder.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Set runs side by side: every number, broken rules by name, who gains, who loses, and what may be quoted.

    Example:  optimiser compare configs/care_model.yaml configs/options/q0_2016.yaml configs/options/*.yaml

    The first is what the others are set against. With --roads, whether each is still the best in each state of the
    roads that a sweep says.
    """
    from optimiser.plan.asked import designated_in
    from optimiser.plan.comparison import affected
    from optimiser.plan.comparison import compare as compare_tables
    from optimiser.plan.quotable import SAID_FIRST, as_if_taken_on, of_whom
    from optimiser.plan.runs import csv_files, write_files
    from optimiser.problem.words import amount, first_sentence, listed

    config = runs[0] if runs[0].suffix in (".yaml", ".yml") else None
    # Named first and again by *, an option is still one.
    shown = list(dict.fromkeys(runs[1:] if config else runs))
    if len(shown) < (1 if config else 2):
        hint = "give two or more run folders, or a config and the options to evaluate with it."
        raise typer.BadParameter(hint, param_hint="RUN...")
    if config is None and (options := [str(path) for path in shown if path.suffix in (".yaml", ".yml")]):
        hint = "is evaluated by a question: name its config first, as in CONFIG RUN... OPTION.yaml."
        raise typer.BadParameter(f"{options[0]} {hint}", param_hint="RUN...")
    with progress(quiet or as_json) as tell:
        each = _set_of(shown, config, tell)
        tables = {name: one.tables for name, one in each.items()}
        compared, frames = compare_tables(tables), affected(tables)
        on_roads = _on_roads(roads, shown, config, tables, tell) if roads else {}
    known = {sentence: source for one in each.values() for sentence, source in one.known.items()}
    # What warns of the others stands before them, whichever answer it is of.
    known = dict(sorted(known.items(), key=lambda one: not one[0].startswith("Warning")))
    everything = {
        "compared": compared.reset_index(),
        **frames,
        "best": _best({name: one.best for name, one in each.items()}),
        "options": _of_each({name: one.to_know for name, one in each.items()}, "to_know"),
        "know_before": _known_before(known),
        "ties": _of_each({name: one.hangs_on for name, one in each.items()}, "hangs_on"),
    }
    if on_roads:
        everything["roads"] = _roads(on_roads)
    written = write_files(csv_files(everything), csv) if csv else None
    if as_json:
        rows = {name: json.loads(frame.to_json(orient="records")) for name, frame in everything.items()}
        typer.echo(json.dumps(rows, indent=2))
        return
    shown_rows = compared
    # One alone differs from nothing.
    if not full and len(tables) > 1:
        shown_rows = _one_row_a_rule(compared, tables)
        shown_rows = shown_rows[shown_rows.map(_cell).nunique(axis=1) > 1]
    if len(shown_rows):
        _print_table(shown_rows, _names_in(tables), as_if_taken_on(tables))
    else:
        typer.echo("Every number compared agrees, as it is rounded here.")
    for note in of_whom(tables):
        typer.echo(note)
    if said_of := [f"- {name}: {' '.join(one.to_know)}" for name, one in each.items() if one.to_know]:
        typer.echo("\n".join(["\nWhat to know of each option:", *said_of]))
    left_out = [amount(len(compared) - len(shown_rows), "rows")] if len(compared) > len(shown_rows) else []
    hidden, so_far = 0, dict[tuple[str, ...], str]()
    for name, said in frames["sentences"].groupby("answer", sort=False) if "sentences" in frames else ():
        base = next(iter(tables))
        beside = " with what to know of each option, above" * bool(each[str(name)].to_know or each[base].to_know)
        typer.echo(f"\n{name} against {base}, in sentences that may be quoted{beside}:")
        first = said if full else said[said["kind"].isin(SAID_FIRST)]
        told = [f"- {sentence}" for sentence in first["sentence"]]
        key = tuple(line.replace(str(name), "") for line in told)
        first_so = so_far.get(key)
        if first_so and designated_in(tables[str(name)]) == designated_in(tables[first_so]):
            told = [f"- The same as {first_so}: both have every service at the same sites."]
        typer.echo("\n".join(told))
        so_far.setdefault(key, str(name))
        hidden += len(said) - len(first)
    left_out += [amount(hidden, "sentences")] if hidden else []
    of_words: dict[str, list[str]] = {}
    for name, one in each.items():
        of_words.setdefault(str(one.best["words"]), []).append(name)
    said_of_best = [f"- {listed(names)}: {words}" for words, names in of_words.items()]
    typer.echo("\n".join(["\nIs each the best of its question?", *said_of_best]))
    if on_roads:
        lines = (f"- {name}: {found if full else found.in_short}" for name, found in on_roads.items())
        typer.echo("\n".join(["\nIs each still the best as roads are shut or slow?", *lines]))
    if near := [f"- {name}: {sentence}" for name, one in each.items() for sentence in one.level]:
        typer.echo("\n".join(["\nToo near to call, each within its own question:", *near]))
    if hangs := [f"- {name}: {sentence}." for name, one in each.items() for sentence in one.hangs_on]:
        typer.echo("\n".join(["\nThat these break no rule hangs on equal journeys:", *hangs]))
    if known:
        sentences = known if full else map(first_sentence, known)
        typer.echo("\n".join(["\nBefore this is repeated:", *(f"- {one}" for one in sentences)]))
    typer.echo("\nDraft: not a decision.")
    if left_out:
        typer.echo(f"\nLeft out, where all agree or less is at stake: {listed(left_out)}. See them: --full.")
    if written:
        typer.echo(f"\nTables: {written}")
    if len(tables) == 1:
        alone = "\nAlone it is set against nothing: put the run of an answer before it."
        say([alone], {}, False, f"optimiser compare {config} RUN {shown[0]}")


def rotas(run: Run, as_json: AsJson = False) -> None:
    """Draw the weekly pattern of every rota that a run relies on: a row a week, a column a day.

    Example:  optimiser rotas runs/base
    """
    from optimiser.plan.finished import read_tables
    from optimiser.rotas import drawn

    table = read_tables(run)[0].get("rotas")
    patterns = [] if table is None else [rows for _, rows in table.groupby("rota", sort=False)]
    if as_json:
        typer.echo(json.dumps([row for rows in patterns for row in rows.to_dict("records")], indent=2))
        return
    words = [line for rows in patterns for line in (*drawn(rows), "")]
    say(words or [f"No rota of {run} says how its cover is given, so there is no pattern."], {}, False)


def _known_before(known: Mapping[str, str]) -> pd.DataFrame:
    """Return what to know before any of the answers is repeated, a row a sentence."""
    import pandas as pd

    return pd.DataFrame(list(known.items()), columns=["sentence", "source"])


def _best(said: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return what the check made sure of that each answer is best, a row each."""
    import pandas as pd

    return pd.DataFrame([{"answer": name, **one} for name, one in said.items()])


def _of_each(said: Mapping[str, Sequence[str]], column: str) -> pd.DataFrame:
    """Return what is said of each answer, a row a sentence."""
    import pandas as pd

    return pd.DataFrame([(name, one) for name, each in said.items() for one in each], columns=["answer", column])


def _roads(found: Mapping[str, OnRoads]) -> pd.DataFrame:
    """Return how each answer stands in each state of the roads, a row each."""
    import pandas as pd

    rows = [(name, one.state, one.still_best) for name, of_one in found.items() for one in of_one.states]
    return pd.DataFrame(rows, columns=["answer", "state", "still_best"])


def _on_roads(
    sweep: Path, shown: list[Path], config: Path | None, tables: Mapping[str, Tables], tell: Callable[[str], None]
) -> dict[str, OnRoads]:
    """Return how each answer stands in each state of the roads that a sweep says: runs by their own questions."""
    from optimiser.explanation import on_roads
    from optimiser.inputs import read_question, with_exceptions_of
    from optimiser.inputs.config import read_option
    from optimiser.plan import evaluate
    from optimiser.plan.asked import designated_in
    from optimiser.scenarios.settings import read_states

    found: dict[str, OnRoads] = {}
    for (name, answer), path in zip(tables.items(), shown, strict=True):
        tell(f"Asking {name} again in every state of the roads")
        question = read_question(path / "config.yaml" if path.is_dir() else config or path)
        problem, states = question.problem, read_states(sweep, question)
        if not path.is_dir():
            option = read_option(path)
            problem = with_exceptions_of(problem, option)
            states = {state: with_exceptions_of(one, option) for state, one in states.items()}
        found[name] = on_roads(evaluate(problem, designated_in(answer)), states)
    return found


@dataclass(frozen=True)
class _Set:
    """A run, or an option once it is evaluated and checked, as it is set beside others.

    With what the check made sure of that it is best, what is level with it, what to know of an option, on whose equal
    journeys it hangs that no rule is broken, and what to know before it is repeated, each sentence with its source.
    """

    tables: Tables
    best: Mapping[str, Any]
    level: Sequence[str]
    to_know: Sequence[str]
    hangs_on: Sequence[str]
    known: Mapping[str, str]


def _set_of(shown: list[Path], config: Path | None, tell: Callable[[str], None]) -> dict[str, _Set]:
    """Return every run and, evaluated with the config and checked, every option, by what it is called."""
    from optimiser.inputs import read_problem

    names = [str(path) if [p.name for p in shown].count(path.name) > 1 else path.name for path in shown]
    problem = read_problem(config) if config else None
    found: dict[str, _Set] = {}
    for name, path in zip(names, shown, strict=True):
        tell(f"Reading {name}")
        if problem is None or path.is_dir():
            found[name] = _of_run(path)
        else:
            code, evaluated = _evaluated(problem, path)
            found[name if code in found else code] = evaluated
    return found


def _of_run(path: Path) -> _Set:
    from optimiser.checker import said_of_best
    from optimiser.inputs import read_problem
    from optimiser.plan import evaluate
    from optimiser.plan.asked import designated_in
    from optimiser.plan.comparison import broken_today
    from optimiser.plan.equally_near import hangs_on
    from optimiser.plan.finished import read_tables
    from optimiser.plan.proof import Written
    from optimiser.report.how_sure import level_in_short

    tables, record = read_tables(path)
    plan = evaluate(read_problem(path / "config.yaml"), designated_in(tables))
    to_know = Written(**record["option"]).to_know if "option" in record else []
    known = {one["sentence"]: one["source"] for one in record.get("know_before", ())}
    tables |= broken_today(plan)
    return _Set(tables, said_of_best(path), level_in_short(record, tables), to_know, hangs_on(plan), known)


def _evaluated(problem: Problem, path: Path) -> tuple[str, _Set]:
    """Return the code of an option, and what it is set beside others by, once the check has found nothing."""
    from optimiser.checker import examined
    from optimiser.inputs import designations_of, with_exceptions_of
    from optimiser.inputs.config import read_option
    from optimiser.plan import evaluate
    from optimiser.plan.comparison import tables_of
    from optimiser.plan.equally_near import hangs_on
    from optimiser.plan.runs import files_of
    from optimiser.plan.told import told, written_down

    option = read_option(path)
    with_its_own = with_exceptions_of(problem, option)
    written = written_down(problem, option)
    plan = evaluate(with_its_own, designations_of(with_its_own, option), option=written)
    breaches, best, _ = examined(files_of(plan))
    if best is None:
        raise CheckFailed(f"{path}: {breaches_in_words(breaches)}")
    known = {one["sentence"]: one["source"] for one in told(plan)}
    return written.code, _Set(tables_of(plan), best, [], written.to_know, hangs_on(plan), known)


def _names_in(answers: dict[str, Tables]) -> dict[str, str]:
    """Return what sites and services of answers are called, by code."""
    from optimiser.problem.words import short

    known: dict[str, str] = {}
    for tables in answers.values():
        sites, services = tables["sites"], tables["services"]
        known |= {code: short(name) for code, name in zip(sites["site"], sites["name"], strict=True)}
        known |= dict(zip(services["service"], services["name"], strict=True))
    return known


def _row_in_words(name: str, known: dict[str, str]) -> str:
    """Return what a row of a comparison is, without codes."""
    from optimiser.model.rules import JUDGED
    from optimiser.problem.words import rule_in_words

    if name.startswith(BREAKS):
        instance, unit = _broken_in(name)
        rule, *names = instance.split(".")
        if rule == "rota_is_filled":
            whose = ", ".join(known.get(one, one) for one in names[:-2])
            return f"{whose}: short of {known.get(names[-2], names[-2].replace('_', ' '))}, {unit}"
        much = {">=": f"{unit} too few", "<=": f"{unit} too many"}.get(JUDGED[rule].relation, "")
        how = "so often not so" if unit == "designated" else much or f"{unit} off"
        return f"{how}: {rule_in_words(instance, known)}"
    if name in SAID_SHORTER:
        return SAID_SHORTER[name]
    if name.startswith("excepted: without "):
        code = name.removeprefix("excepted: without ")
        return f"places where it is excepted to go without {known.get(code, code)}"
    name = name.replace("p95_minutes", "95th centile, minutes")
    return " ".join(known.get(word, word.replace("_", " ")) for word in name.split(" "))


# How rows of broken rules begin, and what some rows about them are called on a screen.
BREAKS = "breaks "
SAID_SHORTER = {
    "places where rules are broken": "places where these are broken",
    "places where rules would be broken if no exception were granted": "places, were no exception granted",
}


def _broken_in(name: str) -> tuple[str, str]:
    """Return the rule that a row says is broken, and the unit in which it says by how much."""
    rule, _, unit = name.removeprefix(BREAKS).partition(" (")
    return rule, unit.removesuffix(")")


def _one_row_a_rule(compared: pd.DataFrame, answers: Mapping[str, Tables]) -> pd.DataFrame:
    """Return a comparison with a row for each broken rule, whichever its sites, and without rows that say one again.

    How many places there are is said where they are other than the rules, and who is lacking where the rules do not.
    An answer that keeps a rule of its question falls short of it by 0; nothing stands where that is not asked.
    """
    from optimiser.plan.comparison import PLACES_BROKEN, WITHOUT_EXCEPTIONS
    from optimiser.problem.words import without_sites

    sites = {str(site) for tables in answers.values() for site in tables["sites"]["site"]}
    names = {}
    for name in compared.index.get_level_values("measure"):
        rule, unit = _broken_in(name)
        names[name] = f"{BREAKS}{without_sites(rule, sites)} ({unit})" if name.startswith(BREAKS) else name
    found = compared.rename(index=names, level="measure")
    alike = found.index.duplicated(keep=False)
    sums = found[alike].groupby(level=[0, 1]).sum(min_count=1)
    found = found[~found.index.duplicated()].astype(object)
    found.loc[sums.index] = sums
    for name, tables in answers.items():
        asked = {without_sites(str(one), sites) for one in tables["rules"]["instance"]}
        kept = [row for row in found.index if row[1].startswith(BREAKS) and _broken_in(row[1])[0] in asked]
        found.loc[kept, name] = found.loc[kept, name].fillna(0)
    again, zeros = list[tuple[str, str]](), dict(zip(found.index, found.fillna(0).to_numpy().tolist(), strict=True))
    for name, before in ((WITHOUT_EXCEPTIONS, PLACES_BROKEN), (PLACES_BROKEN, "rules broken")):
        again += [("", name)] if zeros["", name] == zeros["", before] else []
    for service, name in found.index:
        if name.startswith("short of "):
            team, _, unit = name.removeprefix("short of ").removesuffix(")").partition(" (")
            rotas = [one for one in found.index if one[1].startswith(f"{BREAKS}rota_is_filled.")]
            of_team = [one for one in rotas if _broken_in(one[1])[0].split(".")[-2:] == [team, unit]]
            if of_team and [*map(sum, zip(*(zeros[one] for one in of_team), strict=True))] == zeros[service, name]:
                again.append((service, name))
    return found.drop(index=again)


# From so many on, patients are told in whole numbers.
WHOLE_PATIENTS = 10
# Rows of average minutes, which have two decimals everywhere.
MEANS = ("mean_minutes", "mean_road_minutes", "nearest_mean_minutes", "visitors_mean_minutes")
# Of these rows everybody is counted as if taken on, where only some are.
AS_IF_TAKEN_ON = ("median_minutes", "p95_minutes", "worst_minutes", "people_beyond_")
# These rows hold what those who are taken on wait.
WITH_WAITS = ("mean_minutes", *AS_IF_TAKEN_ON, "patients_beyond_standard")


def _print_table(compared: Any, known: dict[str, str], as_if: Mapping[str, str]) -> None:
    """Print a comparison as a table, in the words of services and sites; ``as_if`` are shares taken on, by service."""
    from rich.console import Console
    from rich.table import Table

    from optimiser.plan.measures import STRAIGHT_THERE

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("service", "measure", *compared.columns):
        table.add_column(
            str(heading), overflow="fold", justify="left" if heading in ("service", "measure") else "right"
        )
    before = None
    for (service, name), row in compared.iterrows():
        cells = [_cell(value, name) for value in row]
        if name == "sites":
            cells = [", ".join(known.get(site, site) for site in cell.split(", ")) for cell in cells]
        words = known.get(service, service) or "all services"
        row_words = _row_in_words(name, known)
        waits = (service, "mean_road_minutes") in compared.index and not name.endswith(STRAIGHT_THERE)
        if waits and name.startswith(WITH_WAITS):
            row_words += ", waits included"
        if service in as_if and name.startswith(AS_IF_TAKEN_ON):
            row_words += f", if all were taken on ({as_if[service]} are)"
        table.add_row("" if service == before else words, row_words, *cells)
        before = service
    console = Console()
    width = console.width if console.is_terminal else 150 + 32 * len(compared.columns)
    Console(width=width, soft_wrap=False, **AS_WRITTEN).print(table)


def _cell(value: Any, name: str = "") -> str:
    """Return a value as it is told: shares in percent, and of many patients no parts of one."""
    from optimiser.problem.words import decimals, percent

    if isinstance(value, str):
        return value
    if value is None or value != value:
        return "–"
    if name.startswith("share_"):
        return percent(float(value))
    if name.startswith(MEANS):
        return decimals(float(value), 2)
    of_patients = name.startswith("patients") or (
        name.startswith(BREAKS) and _broken_in(name)[1].startswith("patients")
    )
    return number_in_words(round(value) if of_patients and value >= WHOLE_PATIENTS else value)
