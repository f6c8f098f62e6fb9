"""Commands that put a question: init, validate, solve, evaluate and sites."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimiser.cli.app import (
    NOT_PROVED_EXIT,
    AsJson,
    Cluster,
    Config,
    Full,
    Out,
    Quiet,
    breaches_in_words,
    draft,
    finish,
    new_run,
    progress,
    say,
    table,
    taken_in_words,
)
from optimiser.errors import CheckFailed, Fault, InputError, NoPlan, NotWritten, quoted, shown

if TYPE_CHECKING:
    from optimiser.explanation import Clash
    from optimiser.plan.quotable import Otherwise
    from optimiser.problem import Problem
    from optimiser.search.by_number import WithSoMany

# As plans say so (``plan.proof``).
PROVED = "proved best"
MOST_SITES_NAMED, MOST_DIGITS = 6, 6


def init(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A new folder.")] = None,
    icb: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Of this integrated care board of England; may be repeated."),
    ] = None,
    england: Annotated[bool, typer.Option("--england", help="Of the whole of England.")] = False,
    all_units: Annotated[
        bool, typer.Option("--all-units", help="With stroke units that give no thrombolysis, too.")
    ] = False,
    list_boards: Annotated[bool, typer.Option("--list", help="List the boards, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start a new place: the stroke units of any part of England or, without a name, a small made-up one.

    Where DIR has tables of yours under place/ and no question yet, a first question about them.

    Example:  optimiser init devon --icb Devon
    """
    if list_boards:
        _list_boards(all_units, as_json)
        return
    if folder is None:
        raise typer.BadParameter("name a new folder.", param_hint="DIR")
    if (icb and england) or (all_units and not (icb or england)):
        raise typer.BadParameter("give either --icb or --england; --all-units goes with one of them.")
    from optimiser.inputs.importing.writing import write_into
    from optimiser.plan.runs import write_files

    stem = folder.resolve().name
    if not (icb or england):
        from optimiser.inputs.starter import first_question, has_no_question, starter_files

        if has_no_question(folder):
            written = write_into(folder, {f"{stem}.yaml": first_question(folder)}, replace=False)
            words = [f"Wrote a first question about the tables of {folder} to {written}.", "Open it, and say your own."]
            say(words, {"file": str(written)}, as_json, f"optimiser validate {written}")
            return
        written = write_files(starter_files(stem), folder)
        words = [f"Wrote a made-up place and a question about it to {written}.", "Replace its tables with your own."]
        say(words, {"folder": str(written)}, as_json, f"optimiser solve {written}/{stem}.yaml")
        return
    from optimiser.inputs.england import place_of

    made = place_of(icb or (), stem, whole=england, all_units=all_units)
    written = write_files(made.files, folder)
    words = [f"Wrote {made.name} and a question about its stroke units to {written}.", *made.remarks]
    record = {
        "folder": str(written),
        "place": made.name,
        "nearest_reproduces": round(made.reproduced, 4),
        "remarks": list(made.remarks),
    }
    say(words, record, as_json, f"optimiser solve {written}/{stem}.yaml")


def _list_boards(all_units: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from optimiser.inputs.england import boards

    listed = boards(all_units=all_units)
    words = [
        f"{one.units:>3} {'units' if one.units != 1 else 'unit '} {one.areas:>6,} areas  {one.name}" for one in listed
    ]
    say(words, {"boards": [asdict(one) for one in listed]}, as_json, 'optimiser init my_place --icb "NAME"')


def validate(
    config: Annotated[Path | None, typer.Argument(metavar="CONFIG", help="A question, as a YAML file.")] = None,
    journeys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|PLACE",
            help="Instead: how good is this table of journeys, or that of this place? A table lies in its place's "
            "folder, or CONFIG names the place.",
        ),
    ] = None,
    spot_checks: Annotated[
        Path | None,
        typer.Option(help="With --journeys: write the pairs that people should look at to this new CSV file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a config and its tables, and list every fault at once; or say how good a table of journeys is.

    It ends with exit code 3 where something is refused, and with 0 where figures are doubted alone: they may be so.

    Example:  optimiser validate configs/base.yaml
    """
    if (config is None and journeys is None) or (spot_checks and journeys is None):
        raise typer.BadParameter("name a question, or a table with --journeys.", param_hint="CONFIG")
    if journeys:
        _validate_journeys(config, journeys, spot_checks, as_json)
        return
    assert config is not None
    from optimiser.inputs import read_question
    from optimiser.inputs.provenance import notes
    from optimiser.inputs.tables import boundary_file
    from optimiser.problem.words import amount, of_changes, of_incomers

    question = read_question(config, anew=True)
    problem, areas_outside = question.problem, question.config.settings.areas_outside
    counts = {
        "areas": len(problem.areas),
        "candidates": len(problem.candidates),
        "neighbours": len(problem.sites) - len(problem.candidates),
        "services": len(problem.services),
        "boundaries": len(problem.areas) if boundary_file(question.place_folder) else 0,
    }
    words = [f"{config} is sound: {', '.join(amount(number, name) for name, number in counts.items())}."]
    if left_out := len(question.place.areas) - len(question.place.counting(areas_outside).areas):
        some = amount(left_out, "areas outside")
        words.append(f"Left out: {some} of which not every activity is known (areas_outside: {areas_outside}).")
    on_roads = list[str]()
    if question.config.settings.roads:
        # A graph of roads takes a while to import.
        from optimiser.inputs.roads import touched

        on_roads = touched(question.config.settings.roads, question.place)
    words += [*on_roads, *of_changes(problem), *of_incomers(problem), *taken_in_words(question)]
    unsourced = notes(question.place, question.place_folder)
    words += ["Of where tables come from:", *(f"  {one}" for one in unsourced)] if unsourced else []
    record = counts | {
        "roads": on_roads,
        "doubts": list(question.doubts),
        "taken": list(question.taken),
        "sources": unsourced,
    }
    say(words, record, as_json, f"optimiser solve {config}")


def _validate_journeys(config: Path | None, journeys: Path, spot_checks: Path | None, as_json: bool) -> None:
    from optimiser.inputs import place_asked
    from optimiser.inputs.files import is_there
    from optimiser.inputs.tables.quality import quality_of
    from optimiser.plan.runs import write_file

    if not is_there(journeys):
        raise InputError([Fault(shown(journeys), "there is no such file, and no such folder. Correct the path.")])
    table = None if journeys.is_dir() else journeys
    place, allowed = place_asked(config) if config else (journeys.parent, ())
    found = quality_of(place if table else journeys, journeys=table, allow_missing=allowed)
    written = write_file(found.spot_checks, spot_checks) if spot_checks else None
    say(found.lines, found.record, as_json, last=f"Pairs to look at: {written}" if written else "")
    if found.faults:
        raise typer.Exit(InputError.exit_code)


def solve(
    config: Config,
    out: Out = None,
    time_limit_minutes: Annotated[
        float | None, typer.Option(min=0.001, help="Stop after so long. Default: the config's.")
    ] = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Also ask another solver (CBC) the same, for as long again.")
    ] = False,
    full: Full = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the best plan, prove it, check it, and write a run folder.

    Example:  optimiser solve configs/base.yaml
    """
    from optimiser.explanation import Clash, record
    from optimiser.inputs import read_question
    from optimiser.plan import evaluate as as_evaluated
    from optimiser.problem.words import of_changes
    from optimiser.report.answers import answer
    from optimiser.report.how_sure import second_opinion_of_none
    from optimiser.report.screen import before_it_is_repeated

    with progress(quiet or as_json) as tell:
        tell("Reading the config and its tables")
        question = read_question(config)
        problem = question.problem
        found = answer(problem, time_limit_minutes=time_limit_minutes, second_opinion=second_opinion, tell=tell)
    folder = out or new_run(config.stem)
    if isinstance(found, Clash):
        written = _no_plan(problem, found, folder)
        if as_json:
            typer.echo(json.dumps({"folder": str(written), "outcome": "no plan", "clash": record(found)}, indent=2))
            raise NoPlan(f"{found}\nRun folder: {written}", found.names)
        said = [second_opinion_of_none(found.second_opinion)] if found.second_opinion else []
        known = before_it_is_repeated(as_evaluated(problem, problem.today))
        words = [problem.title, *of_changes(problem), "", str(found), *said, "", *known, "Draft: not a decision."]
        say(words, {}, False, last=f"Run folder: {written}")
        raise typer.Exit(NoPlan.exit_code)
    extra: list[str | Otherwise] = [*found.set_against, *taken_in_words(question)]
    finish(found.plan, folder, extra, as_json=as_json, quiet=quiet, full=full, would_change=found.would_change)


def _no_plan(problem: Problem, found: Clash, folder: Path) -> Path:
    """Write a run that holds the question, its inputs and why no plan meets every rule, and check it."""
    from optimiser.checker import examined
    from optimiser.plan.runs import files_without_plan, write_files

    files = files_without_plan(problem, found.tables(), found.all_found, found.second_opinion)
    breaches = examined(files).breaches
    written = write_files(files, folder)
    if breaches:
        raise CheckFailed(breaches_in_words(breaches))
    return written


def evaluate(
    config: Config,
    option: Annotated[Path, typer.Option(help="Designations that people have written down, as a YAML file.")],
    out: Out = None,
    full: Full = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Work out what an option comes to and which rules it breaks. Nothing is optimised.

    Example:  optimiser evaluate configs/base.yaml --option configs/options/dmbc_jul2018.yaml
    """
    from optimiser.inputs import designations_of, read_question, with_exceptions_of
    from optimiser.inputs.config import read_option
    from optimiser.plan import evaluate
    from optimiser.plan.told import written_down

    with progress(quiet or as_json) as tell:
        tell("Reading the config and its tables")
        question = read_question(config)
        problem = question.problem
        chosen = read_option(option)
        problem = with_exceptions_of(problem, chosen)
        plan = evaluate(problem, designations_of(problem, chosen), option=written_down(problem, chosen))
    words = taken_in_words(question)
    folder = out or new_run(f"{config.stem}_{option.stem}")
    finish(plan, folder, words, as_json=as_json, quiet=quiet, full=full)


def sites(
    config: Config,
    service: Annotated[str, typer.Option(metavar="SERVICE", help="Of which service. Default: the only one.")] = "",
    numbers: Annotated[str, typer.Option(metavar="N-N", help="How many sites: 3, or 5-40. Default: 1 to all.")] = "",
    time_limit_minutes: Annotated[
        float | None, typer.Option(min=0.001, help="Stop each number after so long. Default: the config's.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the tables to this new folder.")] = None,
    cluster: Cluster = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the best plan with each number of sites, proved: what does one more bring?

    Example:  optimiser sites configs/tiny.yaml --service walk_in
    """
    from optimiser.inputs import read_problem
    from optimiser.plan.runs import csv_files, write_files
    from optimiser.search import by_number

    if out and out.exists():
        raise NotWritten(f"{out} exists already. Choose another name with --out, or move it away.")
    with progress(quiet or as_json) as tell:
        tell("Reading the config and its tables")
        problem = read_problem(config)
        code = by_number.service_asked(problem, service)
        asked = _numbers_asked(numbers, len(problem.candidates))
        each = by_number.with_each_number(
            problem, code, asked, time_limit_minutes=time_limit_minutes, cluster=cluster, tell=tell
        )
        found = list(each)
        frames = by_number.tables(code, found)
        written = write_files(csv_files(frames) | dict(problem.files), out) if out else None
    if as_json:
        rows = {
            name: json.loads(frame.to_json(orient="records", double_precision=15)) for name, frame in frames.items()
        }
        say([], {"question": problem.title, "service": code, **rows}, as_json=True)
    else:
        _show_numbers(problem, code, found)
        say([], {}, False, "" if quiet else f"optimiser solve {config}", f"Folder: {written}" if written else "")
    if all(one.outcome == by_number.NO_PLAN for one in found):
        raise typer.Exit(NoPlan.exit_code)
    if any(one.outcome not in (PROVED, by_number.NO_PLAN) for one in found):
        raise typer.Exit(NOT_PROVED_EXIT)


def _numbers_asked(written: str, most: int) -> range:
    """Return the numbers that are written as 3 or 5-40; 1 to all sites where nothing is."""
    first, to, last = written.partition("-") if written else ("1", "-", str(most))
    ends = [int(one) for one in (first, last if to else first) if one.strip().isdecimal() and len(one) < MOST_DIGITS]
    if len(ends) < 2 or not 0 <= ends[0] <= ends[1] <= most:
        words = (
            f"{quoted(written)} is not a number of sites, or two of them: write 3 or 1-{most}. There are {most} sites."
        )
        raise InputError([Fault("--numbers", words)])
    return range(ends[0], ends[1] + 1)


def _show_numbers(problem: Problem, code: str, found: Sequence[WithSoMany]) -> None:
    """Print a row for each number of sites: how near the best plan is, what one more brings, and what changes."""
    from optimiser.problem.words import percent

    service = problem.services[code]
    say(
        [problem.title, f"{service.name}: the best with each number of sites, all else as the config has it.", ""],
        {},
        False,
    )
    near = service.standard_minutes
    rows, before = [], None
    for one in found:
        known = isfinite(one.mean_minutes)
        saved = before.mean_minutes - one.mean_minutes if before and known and before.number + 1 == one.number else nan
        rows.append(
            (
                f"{one.number}",
                f"{one.mean_minutes:.2f}" if known else "",
                f"{saved:.2f}" if isfinite(saved) else "",
                percent(one.within_standard) if known and near else "",
                _where(problem, code, one, before) if one.outcome == PROVED else f"{one.outcome}",
            )
        )
        before = one if one.designated else None
    within = f"within {near.value:g}" if near else ""
    table(("sites", "minutes", "less", within, "where; then what changes"), rows, "rrrrl")
    say(
        [
            "",
            "Minutes are residents' on average; less is how many fewer than with one site less. Each plan is the",
            "solver's, counted again by arithmetic, but no run that is checked independently. For that, state its",
            "number as at_least_sites and at_most_sites, and solve.",
            draft(problem),
        ],
        {},
        False,
    )


def _where(problem: Problem, code: str, one: WithSoMany, before: WithSoMany | None) -> str:
    """Return where a service is, or what comes and goes in place of the plan before."""
    from optimiser.problem.words import places

    here, there = (
        {site for site, of in plan.designated if of == code} if plan else set[str]() for plan in (one, before)
    )
    if before is None:
        few = len(here) <= MOST_SITES_NAMED
        return places(problem, sorted(here)) if few else f"{len(here)} sites; --out and --json name them"
    comes, goes = (places(problem, sorted(some)) if some else "" for some in (here - there, there - here))
    return f"{comes} in place of {goes}" if goes else f"and {comes}"
