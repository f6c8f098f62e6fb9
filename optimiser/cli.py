"""The command line: a skin. Each command calls one public function, prints to stdout, and ends with what to do next.

Exit codes: 0 done and proved; 1 our bug; 2 wrong usage; 3 input refused; 4 no plan meets every rule; 5 answered, not
proved; 6 check failed; 7 solver failed; 8 over a size limit; 9 could not write; 130 and 143 stopped.
"""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from optimiser.errors import CheckFailed, NoPlan, NotProved, OptimiserError, SolverFailed

if TYPE_CHECKING:
    from optimiser.plan import Plan

app = typer.Typer(
    help="Decide which hospital should provide which specialist service, and let anyone check the answer.\n\n"
    "Example:  optimiser solve configs/base.yaml",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="A question, as a YAML file.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as solve and evaluate write it.")]
Out = Annotated[Path | None, typer.Option(help="Where to write the run folder. Default: a new one under runs/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress and nothing but the answer.")]

NOT_PROVED_EXIT = 5

# The root of click's own errors, wherever this version of typer keeps it.
_CLICK_EXCEPTION: Any = typer.BadParameter.mro()[2]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    as_json: AsJson = False,
) -> None:
    """Start a new place: a small made-up one that works, to be replaced table by table.

    Example:  optimiser init my-place
    """
    from optimiser.runs import write_files
    from optimiser.starter import starter_files

    written = write_files(starter_files(), folder)
    words = [f"Wrote a made-up place and a question about it to {written}.", "Replace its tables with your own."]
    _say(words, {"folder": str(written)}, as_json, f"optimiser solve {written}/config.yaml")


@app.command()
def validate(config: Config, as_json: AsJson = False) -> None:
    """Read a config and its tables, and list every fault at once.

    Example:  optimiser validate configs/base.yaml
    """
    from optimiser.reading import read_question
    from optimiser.tables import read_boundaries

    question = read_question(config)
    problem = question.problem
    shapes = question.place_folder / "boundaries.geojson"
    outlines = len(read_boundaries(shapes, areas=problem.areas.index)) if shapes.exists() else 0
    counts = {
        "areas": len(problem.areas),
        "candidates": len(problem.candidates),
        "neighbours": len(problem.sites) - len(problem.candidates),
        "services": len(problem.services),
        "boundaries": outlines,
    }
    words = [f"{config} is sound: {', '.join(f'{number} {name}' for name, number in counts.items())}."]
    _say(words, counts, as_json, f"optimiser solve {config}")


@app.command()
def solve(
    config: Config,
    out: Out = None,
    time_limit_minutes: Annotated[
        float | None, typer.Option(min=0.001, help="Stop after so long. Default: the config's.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the best plan, prove it, check it, and write a run folder.

    Example:  optimiser solve configs/base.yaml
    """
    from optimiser import planning
    from optimiser.reading import read_problem

    with _progress(quiet or as_json) as tell:
        tell("Reading the config and its tables")
        problem = read_problem(config)
        try:
            plan = planning.solve(problem, time_limit_minutes=time_limit_minutes, tell=tell)
        except NoPlan as error:
            if error.clash:
                raise
            from optimiser.explanation import clash

            tell("Finding out which rules clash")
            found = clash(problem)
            raise NoPlan(str(found), (".".join((rule, *names)) for rule, names in found.demands)) from None
        tell("Looking across the border")
        extra = _border(plan)
    _finish(plan, out or _new_run(config.stem), extra, as_json, quiet)


@app.command()
def evaluate(
    config: Config,
    option: Annotated[Path, typer.Option(help="Designations that people have written down, as a YAML file.")],
    out: Out = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Work out what an option comes to and which rules it breaks. Nothing is optimised.

    Example:  optimiser evaluate configs/base.yaml --option configs/options/dmbc_jul2018.yaml
    """
    from optimiser import planning
    from optimiser.config import read_option
    from optimiser.reading import designations_of, read_problem, with_exceptions_of

    with _progress(quiet or as_json) as tell:
        tell("Reading the config and its tables")
        problem = read_problem(config)
        chosen = read_option(option)
        problem = with_exceptions_of(problem, chosen)
        plan = planning.evaluate(problem, designations_of(problem, chosen))
    _finish(plan, out or _new_run(f"{config.stem}_{option.stem}"), [f"Option: {chosen.title}"], as_json, quiet)


@app.command()
def check(run: Run, as_json: AsJson = False) -> None:
    """Recompute a run from its inputs, independently, and list every disagreement.

    Example:  optimiser check runs/2026-11-22_base
    """
    from optimiser.checker import CHECKS
    from optimiser.checker import check as check_run

    breaches = check_run(run)
    if as_json:
        typer.echo(json.dumps({"checks": len(CHECKS), "breaches": breaches.to_dict("records")}, indent=2, default=str))
    if len(breaches):
        raise CheckFailed(_breaches_in_words(breaches))
    if not as_json:
        words = [f"{run} is clean: {len(CHECKS)} kinds of check, no disagreement."]
        _say(words, {}, False, f"optimiser compare {run} RUN...")


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Two or more run folders; the first is the base.")
    ],
    as_json: AsJson = False,
) -> None:
    """Set runs side by side: sites, journeys, patients, staff, changes and broken rules.

    Example:  optimiser compare runs/2026-11-22_base runs/2026-11-22_one_hasu
    """
    if len(runs) < 2:
        raise typer.BadParameter("give two or more run folders; the first is the base.", param_hint="RUN...")
    from optimiser.comparison import compare as compare_runs
    from optimiser.runs import read_tables

    names = [str(run) if [r.name for r in runs].count(run.name) > 1 else run.name for run in runs]
    compared = compare_runs({name: read_tables(run)[0] for name, run in zip(names, runs, strict=True)})
    if as_json:
        rows = json.loads(compared.reset_index().to_json(orient="records"))
        typer.echo(json.dumps(rows, indent=2))
        return
    _print_table(compared)


@app.command()
def rules(as_json: AsJson = False) -> None:
    """List every rule that a plan must obey, in plain words.

    Example:  optimiser rules
    """
    from optimiser.model.rules import RULES, UNITS

    rows = [
        {"rule": name, "words": _first_line(rule), "unit": UNITS.get(name, ""), "may_be_relaxed": name in UNITS}
        for name, rule in RULES.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        unit = f" [{row['unit']}]" if row["unit"] else ""
        typer.echo(f"{row['rule']}{unit}\n    {row['words']}")


@app.command()
def schema(
    tables: Annotated[bool, typer.Option("--tables", help="Print the data dictionary of the tables instead.")] = False,
) -> None:
    """Print the JSON Schema of a config, for editors that complete and check YAML.

    Example:  optimiser schema > configs/schema.json
    """
    if tables:
        from optimiser.schema import data_dictionary

        typer.echo(data_dictionary(), nl=False)
        return
    from optimiser.config import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is installed and whether the solver can be trusted here.

    Example:  optimiser doctor
    """
    from optimiser import solver
    from optimiser.runs import versions

    about = dict(solver.about())
    found = {"versions": versions(), "solver": about}
    canaries = about["canaries"]
    words = [f"{name} {number}" for name, number in versions().items()]
    trusted = f"{len(canaries)} trial models with known answers, all right; gap asked for: 0"
    words.append(f"{about['name']} {about['version']}: {trusted}.")
    _say(words, found, as_json, "optimiser solve configs/base.yaml")


def main() -> NoReturn:
    """Run the command line and exit with a code that says how it went."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except OptimiserError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except _CLICK_EXCEPTION as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _stop(number: int, _frame: object) -> NoReturn:
    """End at once and leave nothing half-written. An exception would not do: libraries swallow it while they load."""
    if "optimiser.runs" in sys.modules:
        sys.modules["optimiser.runs"].remove_unfinished()
    sys.stdout.flush()
    os.write(2, b"Stopped. Nothing was left half-written.\n")
    os._exit(128 + number)


def _finish(plan: Plan, folder: Path, extra: list[str], as_json: bool, quiet: bool) -> None:
    """Check a plan, write its run folder, and say what it is."""
    from optimiser import summary
    from optimiser.checker import check as check_run
    from optimiser.plan import NOT_PROVED
    from optimiser.runs import files_of, write_files

    files = files_of(plan)
    breaches = check_run(files)
    written = write_files(files, folder)
    if as_json:
        typer.echo(json.dumps(_without_infinities(_answer(plan, written, breaches.to_dict("records"))), indent=2))
    else:
        checked = "Checked: every number recomputed independently from the inputs, no disagreement."
        words = [*summary.lines(plan), *extra, checked if not len(breaches) else "CHECK FAILED: do not use this run."]
        _say(words, {}, False, "" if quiet else f"optimiser compare {written} RUN...", f"Run folder: {written}")
    if len(breaches):
        raise CheckFailed(_breaches_in_words(breaches))
    if plan.proof.outcome == NOT_PROVED:
        raise typer.Exit(NOT_PROVED_EXIT)


def _answer(plan: Plan, folder: Path, breaches: list[dict[Any, Any]]) -> dict[str, object]:
    return {
        "folder": str(folder),
        "outcome": plan.proof.outcome,
        "designations": {code: list(plan.sites_of(code)) for code in plan.problem.services},
        "objectives": [
            {"name": r.name, "value": r.value, "bound": r.bound, "unit": r.unit} for r in plan.proof.objectives
        ],
        "broken_rules": plan.broken["instance"].tolist(),
        "check": breaches,
    }


def _without_infinities(value: Any) -> Any:
    """Return plain data with null for what JSON has no number for."""
    if isinstance(value, dict):
        return {str(name): _without_infinities(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_infinities(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _border(plan: Plan) -> list[str]:
    """Return a sentence where the border decides the answer; nothing where there is no border to cross."""
    from optimiser import planning, summary
    from optimiser.enumeration import can_be_listed

    closed = plan.problem.behind_its_border()
    if closed is plan.problem or not can_be_listed(plan.problem):
        return []
    try:
        return summary.border_line(plan, planning.solve(closed))
    except NoPlan:
        return ["The border matters: if nobody crossed it, no plan would meet every rule."]
    except (NotProved, SolverFailed) as error:
        return [f"What the border decides could not be found out: {error}"]


def _new_run(name: str) -> Path:
    from datetime import date

    from optimiser.runs import next_free

    return next_free(Path("runs"), f"{date.today():%Y-%m-%d}_{name}")


def _breaches_in_words(breaches: Any) -> str:
    shown = [f"  {row.check} ({row.where}): {row.message}" for row in breaches.head(20).itertuples()]
    more = [f"  and {len(breaches) - 20} more"] if len(breaches) > 20 else []
    return "\n".join([f"The independent check found {len(breaches)} disagreements:", *shown, *more])


@contextmanager
def _progress(silent: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows a line of progress on a terminal, and does nothing elsewhere."""
    if silent or not sys.stderr.isatty():
        yield lambda _line: None
        return
    from rich.console import Console

    with Console(stderr=True).status("Starting") as status:
        yield lambda line: status.update(f"{line} …")


def _say(words: list[str], record: dict[str, Any], as_json: bool, then: str = "", last: str = "") -> None:
    if as_json:
        typer.echo(json.dumps(record, indent=2, default=str))
        return
    for line in words:
        typer.echo(line)
    if last:
        typer.echo(last)
    if then:
        typer.echo(f"Next: {then}")


def _print_table(compared: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("service", "measure", *compared.columns):
        table.add_column(
            str(heading), overflow="fold", justify="left" if heading in ("service", "measure") else "right"
        )
    before = None
    for (service, name), row in compared.iterrows():
        table.add_row("" if service == before else service, name, *map(_cell, row))
        before = service
    console = Console()
    width = console.width if console.is_terminal else 60 + 32 * len(compared.columns)
    Console(width=width, soft_wrap=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return "–"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _first_line(function: object) -> str:
    return (function.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    main()
