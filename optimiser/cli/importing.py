"""The command that brings a person's own tables into a place."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import AsJson, say


class Unit(StrEnum):
    """Units of time."""

    seconds = "seconds"
    minutes = "minutes"
    hours = "hours"


def import_(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="What it becomes: journeys, demand, boundaries, …")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Excel, Parquet, JSON, GeoPackage, shapefile, …")],
    into: Annotated[Path, typer.Option(help="The place's folder; a new one is made.")],
    column: Annotated[
        list[str] | None, typer.Option(help="Which column is which, as OURS=THEIRS. May be given several times.")
    ] = None,
    unit: Annotated[Unit | None, typer.Option(help="What times are in, if the file does not say.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook, or layer of a GeoPackage.")] = None,
    activity: Annotated[str | None, typer.Option(help="Code of what the patients of demand need.")] = None,
    suppressed: Annotated[
        float | None, typer.Option(min=0, help="What stands for a count that was not published.")
    ] = None,
    crs: Annotated[str | None, typer.Option(help="Coordinate system, such as EPSG:27700.")] = None,
    lookup: Annotated[
        Path | None, typer.Option(help="CSV of two columns: codes of the file, and those of the place.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="How one travels, such as by_bus: journeys then stand beside those of the place.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what is there, and keep it under replaced/.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a table or outlines of your own into a place, and say what was taken for what.

    Example:  optimiser import journeys matrix.csv --into my-place/place --unit seconds
    """
    from optimiser.inputs.importing import Wishes, bring_in
    from optimiser.inputs.importing.writing import write_into

    pairs = [one.partition("=") for one in column or ()]
    if wrong := [ours for ours, between, theirs in pairs if not (ours and between and theirs)]:
        raise typer.BadParameter(f"{wrong[0]} is not of the form OURS=THEIRS.", param_hint="--column")
    wishes = Wishes(
        {ours.strip(): theirs.strip() for ours, _, theirs in pairs},
        unit.value if unit else None,
        sheet,
        activity,
        suppressed,
        crs,
        lookup,
        mode,
    )
    brought = bring_in(table, file, into, wishes)
    written = write_into(into, brought.files, replace=replace or brought.adds, said=brought.said)
    words = [f"Wrote {brought.rows:,} rows to {written}.", *(f"  {line}" for line in brought.said)]
    then = _then(into)
    say(words, {"file": str(written), "rows": brought.rows, "said": list(brought.said)}, as_json, then)


def _then(place: Path) -> str:
    """Return the command that comes next: look at the question about a place, or make one once its tables are there."""
    from optimiser.inputs.starter import has_no_question, missing_tables

    folder = place.parent
    asked = folder / f"{folder.resolve().name}.yaml"
    if asked.is_file():
        return f"optimiser validate {asked}"
    complete = place.name == "place" and has_no_question(folder) and not missing_tables(folder)
    return f"optimiser init {folder}" if complete else ""
