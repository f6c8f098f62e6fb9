"""Commands that pass runs on to other people: export."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import AsJson, Quiet, app, progress, say


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
