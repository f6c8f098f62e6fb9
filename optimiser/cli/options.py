"""The command that lists: options."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import AsJson, Config, Quiet, app, progress, say
from optimiser.errors import Fault, InputError, NoPlan, quoted

Best = Annotated[int, typer.Option(min=1, max=100_000, help="How many of the best to list.")]
Hurdles = Annotated[str, typer.Option(metavar="RULE,RULE", help="Rules to apply first. Default: the config's hurdles.")]
Within = Annotated[str, typer.Option(metavar="5%", help="Also every plan within so much of the best.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Also every plan within so many minutes a patient.")]
NearIn = Annotated[str, typer.Option(metavar="AIM", help="The aim that counts as near. Default: the first objective.")]
Apart = Annotated[int, typer.Option(min=1, help="Designations by which near-best plans shown apart must differ.")]
Aims = Annotated[str, typer.Option("--front", metavar="AIM,AIM", help="Also every trade-off between these aims.")]
Folder = Annotated[Path | None, typer.Option(help="Write the tables and every lawful option to this new folder.")]


@app.command()
def options(
    config: Config,
    best: Best = 20,
    hurdles: Hurdles = "",
    within: Within = "",
    within_minutes: Minutes = None,
    near_in: NearIn = "",
    apart: Apart = 2,
    front: Aims = "",
    out: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List every option: struck out rule by rule, ranked, nearly as good, and best in some aim.

    Example:  optimiser options configs/base.yaml --within 5%
    """
    from optimiser.cli import listing
    from optimiser.inputs import read_problem
    from optimiser.search import option_files, options, weights

    if near_in and not within and within_minutes is None:
        raise InputError([Fault("--near-in", "say how near as well: --within 5% or --within-minutes 1.")])
    rules, aims = _names("--hurdles", hurdles), _names("--front", front)
    with progress(quiet or as_json) as tell:
        tell("Reading the config and its tables")
        problem = read_problem(config)
        tell("Judging every option")
        found = option_files.Found(problem, options.options(problem, best=best, hurdles=rules if hurdles else None))
        if (within or within_minutes is not None) and found.options.lawful:
            tell("Finding what is nearly as good")
            near = options.near_best(
                problem,
                within=_share(within) if within else None,
                within_minutes=within_minutes,
                apart=apart,
                by=near_in or None,
            )
            found = replace(found, near=near)
        if aims and found.options.lawful:
            tell("Finding every trade-off")
            traded = options.front(problem, aims)
            few = len(traded.ranked.aims) <= weights.MOST_AIMS
            found = replace(found, front=traded, won=weights.weights_won(traded) if few else None)
        if out:
            tell("Writing every option down")
        written = option_files.write(found, out) if out else None
    if as_json:
        say([], option_files.record(found), as_json=True)
    else:
        listing.show(found, apart)
        say([], {}, False, "" if quiet else f"optimiser solve {config}", f"Folder: {written}" if written else "")
    if not found.options.lawful:
        raise NoPlan(f"No option meets every rule. To see which rules clash: optimiser solve {config}")


def _names(option: str, written: str) -> list[str]:
    names = [name.strip() for name in written.split(",") if name.strip()]
    if twice := sorted({quoted(name) for name in names if names.count(name) > 1}):
        raise InputError([Fault(option, f"names {', '.join(twice)} more than once. Name each once.")])
    return names


def _share(written: str) -> float:
    """Return what is written as 5% or 0.05 as a share."""
    try:
        number = float(written.rstrip("%")) / (100 if written.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if number >= 1 and not written.endswith("%"):
        raise InputError([Fault("--within", f"{written} is {number:.0%}. Write {written}%, if that is what you mean.")])
    if not 0 <= number < float("inf"):
        raise InputError([Fault("--within", f"{quoted(written)} is not a share. Write 5% or 0.05.")])
    return number
