"""Commands about runs: check, compare and export."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimiser.errors import CheckFailed

if TYPE_CHECKING:
    pass
from optimiser.cli.app import AsJson, Quiet, Run, app, breaches_in_words, print_table, progress, say


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
        raise CheckFailed(breaches_in_words(breaches))
    if not as_json:
        words = [f"{run} is clean: {len(CHECKS)} kinds of check, no disagreement."]
        say(words, {}, False, f"optimiser compare {run} RUN...")


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
    print_table(compared)


@app.command()
def export(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="One or more run folders.")],
    out: Annotated[Path | None, typer.Option(help="A new folder. Default: one under exports/.")] = None,
    png: Annotated[bool, typer.Option("--png", help="Also draw figures as PNG, with a browser found here.")] = False,
    without_workbook: Annotated[
        bool, typer.Option("--without-workbook", help="Leave out the workbook, which needs XlsxWriter.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write runs as a workbook, a GeoPackage, CSV files and figures, for other programs.

    Example:  optimiser export runs/2026-11-22_base
    """
    from optimiser.export import write_export

    with progress(quiet or as_json) as tell:
        tell("Checking the runs and writing them")
        folder = write_export(runs, out, workbook=not without_workbook, png=png)
    names = sorted(path.name for path in folder.iterdir())
    words = [f"Wrote {len(names)} files to {folder}:", *(f"  {name}" for name in names)]
    then = "" if quiet else "open the workbook; its sheet Recalculation works the numbers out again"
    say(words, {"folder": str(folder), "files": names}, as_json, then)
