"""Commands about runs: check and compare."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimiser.errors import CheckFailed

if TYPE_CHECKING:
    pass
from optimiser.cli.app import AsJson, Run, app, breaches_in_words, print_table, say


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
        list[Path], typer.Argument(metavar="RUN...", help="Run folders; the first is what the others are set against.")
    ],
    option: Annotated[
        list[Path] | None, typer.Option(help="Evaluate this option on the first run's question, too. May be repeated.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every table of the comparison to this new folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set runs and options side by side: sites, journeys, staff; who gains, who loses; what may be quoted.

    Example:  optimiser compare runs/2026-11-22_base runs/2026-11-22_one_hasu
    """
    options = option or []
    if len(runs) + len(options) < 2:
        raise typer.BadParameter("give two or more run folders, or one and an --option.", param_hint="RUN...")
    from optimiser.comparison import affected, evaluated
    from optimiser.comparison import compare as compare_runs
    from optimiser.runs import csv_files, read_tables, write_files

    answers = dict(zip(_names(runs), (read_tables(run)[0] for run in runs), strict=True))
    answers |= dict(zip(_names([*runs, *options])[len(runs) :], evaluated(runs[0], options), strict=True))
    compared, frames = compare_runs(answers), affected(answers)
    written = write_files(csv_files({"compared": compared.reset_index(), **frames}), csv) if csv else None
    if as_json:
        everything = {"compared": compared.reset_index(), **frames}
        rows = {name: json.loads(frame.to_json(orient="records")) for name, frame in everything.items()}
        typer.echo(json.dumps(rows, indent=2))
        return
    print_table(compared)
    for name, said in frames["sentences"].groupby("answer", sort=False):
        typer.echo(f"\n{name} against {next(iter(answers))}, in sentences that may be quoted:")
        for sentence in said["sentence"]:
            typer.echo(f"- {sentence}")
    if written:
        typer.echo(f"\nTables: {written}")


def _names(paths: list[Path]) -> list[str]:
    """Return what to call runs and options: the last part of their path, or all of it where two share that."""
    short = [path.stem if path.suffix == ".yaml" else path.name for path in paths]
    return [str(path) if short.count(name) > 1 else name for name, path in zip(short, paths, strict=True)]
