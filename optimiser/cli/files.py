"""Commands that pass runs on to other people and programs: report, export, pack and serve."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimiser.cli.app import AsJson, Quiet, Run, breaches_in_words, new_run, progress, say
from optimiser.errors import CheckFailed

if TYPE_CHECKING:
    from optimiser.problem import Problem

Ticked = Annotated[
    Path | None,
    typer.Option(
        "--roads", metavar="SWEEP", help="Also tick on the page each state of the roads that this sweep says."
    ),
]
WithoutWorkbook = Annotated[
    bool, typer.Option("--without-workbook", help="Leave out the workbook, which needs XlsxWriter.")
]


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders; the first is the answer shown.")],
    out: Annotated[
        Path | None, typer.Option(help="The page to write. Default: a new one beside the first run.")
    ] = None,
    judged: Annotated[
        Path | None, typer.Option(help="A CSV of what people judged: criterion, run, judgement, by, date.")
    ] = None,
    roads: Ticked = None,
    sweep: Annotated[
        Path | None, typer.Option(help="The folder of a sweep of the first run's question, to be drawn as well.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page that shows runs side by side and answers what-ifs, from disk and without a network.

    Example:  optimiser report runs/base runs/july_2018
    """
    from optimiser.checker import Breach
    from optimiser.plan.finished import alone_without_plan, run_of
    from optimiser.plan.runs import next_free_file
    from optimiser.report.page.build import write_report

    target = out or next_free_file(runs[0].resolve().parent, f"{runs[0].resolve().name}_report", ".html")
    without = alone_without_plan(runs)
    read = [without] if without else [run_of(run) for run in runs]
    if roads and without:
        raise typer.BadParameter(
            "no plan meets every rule in this run, so that none can be driven to.", param_hint="--roads"
        )
    with progress(as_json or not roads) as tell:
        tell("Asking again in every state of the roads")
        written = write_report(read, target, judged=judged, roads=_states(roads, runs[0]), sweep=sweep)
    size, failed = written.stat().st_size, [run for run in read if len(run.breaches)]
    words = [f"Wrote {written} ({size / 1e6:.1f} MB). Open it in any browser; it needs no network."]
    record = {"page": str(written), "bytes": size, "check_failed": [run.name for run in failed]}
    say(words, record, as_json)
    if failed:
        raise CheckFailed(breaches_in_words([Breach(*row) for row in failed[0].breaches.itertuples(index=False)]))


def export(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="One or more run folders.")],
    out: Annotated[Path | None, typer.Option(help="A new folder. Default: one under exports/.")] = None,
    png: Annotated[bool, typer.Option("--png", help="Also draw figures as PNG, with a browser found here.")] = False,
    without_workbook: WithoutWorkbook = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write runs as a workbook, a GeoPackage, CSV files and figures, for other programs.

    Example:  optimiser export runs/base
    """
    from optimiser.report.export import write_export

    with progress(quiet or as_json) as tell:
        tell("Checking the runs and writing them")
        folder = write_export(runs, out, workbook=not without_workbook, png=png)
    names = sorted(path.name for path in folder.iterdir())
    words = [f"Wrote {len(names)} files to {folder}:", *(f"  {name}" for name in names)]
    then = "" if quiet else "open the workbook; its sheet Recalculation works the numbers out again"
    say(words, {"folder": str(folder), "files": names}, as_json, then)


def pack(
    run: Run,
    out: Annotated[Path | None, typer.Option(help="The zip file to write. Default: a new one beside the run.")] = None,
    without_workbook: WithoutWorkbook = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Pack a run with its proof in one zip file: the words, every table, and a checker that needs nothing installed.

    Example:  optimiser pack runs/base
    """
    from optimiser.plan.runs import next_free_file
    from optimiser.report.pack import write_pack

    target = out or next_free_file(run.resolve().parent, f"{run.resolve().name}_pack", ".zip")
    with progress(quiet or as_json) as tell:
        tell("Checking the run, packing it, and checking the pack")
        written = write_pack(run, target, workbook=not without_workbook)
    size = written.stat().st_size
    words = [
        f"Wrote {written} ({size / 1e6:.1f} MB). Unpack it and open 00_START_HERE.html.",
        "To check it without this program, in the unpacked folder: python verify.py",
    ]
    say(words, {"pack": str(written), "bytes": size}, as_json)


def serve(
    what: Annotated[
        Path | None, typer.Argument(metavar="[RUN or CONFIG]", help="Default: the newest run under runs/.")
    ] = None,
    scenarios: Annotated[Path, typer.Option(help="Folder in which scenarios are kept.")] = Path("scenarios"),
    minutes_a_job: Annotated[float, typer.Option(min=0.01, help="Longest that one job may take.")] = 10.0,
    memory_gb: Annotated[float, typer.Option(min=0.25, help="Most memory that one job may use.")] = 4.0,
    idle_minutes: Annotated[float, typer.Option(min=0.01, help="Stop when not used for so long.")] = 30.0,
    roads: Ticked = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address, and open no browser.")] = False,
) -> None:
    """Show the page on this machine only, with "find the best", "why not" and scenarios that are kept.

    Example:  optimiser serve runs/base
    """
    from optimiser.web import Limits, Sitting
    from optimiser.web import serve as serve_run

    run = _run_to_serve(what)
    limits = Limits(60 * minutes_a_job, memory_gb)
    sitting = Sitting(scenarios, limits, idle_minutes, open_browser=not no_open, roads=_states(roads, run))
    serve_run(run, sitting, tell=typer.echo)


def _states(roads: Path | None, run: Path) -> dict[str, Problem]:
    """Return the question of a run in every state of the roads that a sweep says, by the state in words."""
    from optimiser.inputs import read_question
    from optimiser.scenarios.settings import read_states

    return read_states(roads, read_question(run / "config.yaml")) if roads else {}


def _run_to_serve(what: Path | None) -> Path:
    """Return the run folder to serve: the one given, that of a config solved now, or the newest under runs/."""
    from optimiser.inputs import read_problem
    from optimiser.plan.finished import read_tables
    from optimiser.plan.runs import write_run
    from optimiser.search import planning

    if what is None:
        found = sorted(Path("runs").glob("*/run.json"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise typer.BadParameter("there is no run under runs/ yet. Give a run folder or a config.")
        return found[-1].parent
    if what.is_dir():
        read_tables(what)
        return what
    with progress(False) as tell:
        plan = planning.solve(read_problem(what), tell=tell)
    run = write_run(plan, new_run(what.stem))
    typer.echo(f"Run folder: {run}")
    return run
