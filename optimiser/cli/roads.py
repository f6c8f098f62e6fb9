"""The command that shows the way behind a journey."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import AsJson, Config, say


def route(
    config: Config,
    start: Annotated[str, typer.Argument(metavar="FROM", help="Code or name of an area, or of a site.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="Code or name of a site.")],
    geojson: Annotated[Path | None, typer.Option(help="Also write the way as GeoJSON to a new file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which roads a journey takes on the place's network, beside the minutes that count.

    Example:  optimiser route configs/base.yaml "Castle Point 001A" southend
    """
    from optimiser.report.route import route as way_of
    from optimiser.report.route import write_geojson

    found = way_of(config, start, end)
    written = write_geojson(found, geojson) if geojson else None
    record = found.record | ({"geojson": str(written)} if written else {})
    say(
        found.lines,
        record,
        as_json,
        last=f"Wrote {written}: straight lines from junction to junction." if written else "",
    )
