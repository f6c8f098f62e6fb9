"""The command that asks a question in many scenarios: sweep."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import AsJson, Quiet, app, new_run, progress, say


@app.command()
def sweep(
    sweep_file: Annotated[Path, typer.Argument(metavar="SWEEP", help="What may turn out otherwise, as a YAML file.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the result. Default: a new folder in runs/.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sweep that was stopped; needs --out.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes to share the work between.")] = 1,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Ask a question in many scenarios: the best in each, regret of every option, and what waiting is worth.

    Example:  optimiser sweep configs/sweeps/journeys_and_demand.yaml --out runs/sweep
    """
    if resume and out is None:
        raise typer.BadParameter("say which sweep to go on with: --out, as it was given before.", param_hint="--resume")
    from optimiser import scenarios as sweeps
    from optimiser.plan.runs import write_files

    with progress(quiet or as_json) as tell:
        tell("Reading the sweep, its config and its tables")
        asked = sweeps.read_sweep(sweep_file)
        folder = out or new_run(sweep_file.stem)
        work, chunks = sweeps.run(asked, folder, workers=workers, resume=resume, tell=tell)
        tell("Putting it together")
        finding = sweeps.Finding(work, sweeps.together(work, chunks))
        written = write_files(sweeps.files_of(finding), folder)
        sweeps.forget(folder)
    found = {"folder": str(written), **json.loads((written / "run.json").read_text(encoding="utf-8"))}
    words = sweeps.lines(finding)
    say(words, found, as_json, "" if quiet else f"read {written}/regret.csv", f"Sweep folder: {written}")
