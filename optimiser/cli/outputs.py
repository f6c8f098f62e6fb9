"""Commands that make something to hand on from runs: report."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import AsJson, app, breaches_in_words, say
from optimiser.errors import CheckFailed


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders; the first is the answer shown.")],
    out: Annotated[
        Path | None, typer.Option(help="The page to write. Default: a new one beside the first run.")
    ] = None,
    judged: Annotated[
        Path | None, typer.Option(help="A CSV of what people judged: criterion, run, judgement, by, date.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page that shows runs side by side and answers what-ifs, from disk and without a network.

    Example:  optimiser report runs/base runs/july_2018
    """
    from optimiser.plan.runs import next_free_file
    from optimiser.report import run_of, write_report

    read = [run_of(run) for run in runs]
    target = out or next_free_file(runs[0].resolve().parent, f"{read[0].name}_report", ".html")
    written = write_report(read, target, judged=judged)
    size, failed = written.stat().st_size, [run for run in read if len(run.breaches)]
    words = [f"Wrote {written} ({size / 1e6:.1f} MB). Open it in any browser; it needs no network."]
    record = {"page": str(written), "bytes": size, "check_failed": [run.name for run in failed]}
    say(words, record, as_json)
    if failed:
        raise CheckFailed(breaches_in_words(failed[0].breaches))
