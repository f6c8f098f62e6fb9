"""Commands about roads: the way behind a journey, and journeys from a network."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimiser.cli.app import AsJson, Config, say

if TYPE_CHECKING:
    from optimiser.report.isochrones import Isochrones
    from optimiser.report.route import Route


class Costing(StrEnum):
    """How one travels, in Valhalla's words."""

    auto = "auto"
    bicycle = "bicycle"
    bus = "bus"
    pedestrian = "pedestrian"
    taxi = "taxi"


def route(
    config: Config,
    start: Annotated[str, typer.Argument(metavar="FROM", help="Code or name of an area, or of a site.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="Code or name of a site.")],
    geojson: Annotated[Path | None, typer.Option(help="Also write the way as GeoJSON to a new file.")] = None,
    on_map: Annotated[Path | None, typer.Option("--map", help="Also draw the way on a map, a new SVG file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which roads a journey takes on the place's network, beside the minutes that count.

    Example:  optimiser route my-place/my-place.yaml E01000001 my_hospital
    """
    from optimiser.report.route import route as way_of
    from optimiser.report.route import write_new

    found = way_of(config, start, end)
    drawn = write_new(found.map.svg, on_map) if on_map else None
    _told_and_drawn(found, geojson, "straight lines from junction to junction", as_json)
    if drawn and not as_json:
        say([f"Wrote {drawn}: the way on a map."], {}, as_json)


def isochrones(
    config: Config,
    site: Annotated[str, typer.Argument(metavar="SITE", help="Code or name of a site.")],
    minutes: Annotated[
        list[float] | None,
        typer.Option(help="Where a step ends; may be given several times. 15, 30, 45 and 60 if not."),
    ] = None,
    mode: Annotated[str | None, typer.Option(help="How one travels, as a service of the question names it.")] = None,
    geojson: Annotated[Path | None, typer.Option(help="Also write the outlines as GeoJSON to a new file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show from which areas a site is within 15, 30, 45 and 60 minutes, by the minutes that count.

    Example:  optimiser isochrones my-place/my-place.yaml my_hospital --geojson around.geojson
    """
    from optimiser.report.isochrones import LIMITS
    from optimiser.report.isochrones import isochrones as around

    found = around(config, site, minutes or LIMITS, mode=mode)
    _told_and_drawn(found, geojson, "whole areas, by where their people live", as_json)


def roads(
    config: Config,
    within: Annotated[Path, typer.Option(help="Outlines, such as of a flood: GeoJSON, GeoPackage or shapefile.")],
    crs: Annotated[str | None, typer.Option(help="Coordinate system of the outlines, such as EPSG:27700.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Layer of a GeoPackage.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the stretches of road that an outline touches, as a config says them to shut or slow them.

    Example:  optimiser roads my-place/my-place.yaml --within flood.geojson
    """
    from optimiser.report.within import within as touched

    found = touched(config, within, crs=crs, layer=sheet)
    say(found.lines, found.record, as_json)


def _told_and_drawn(found: Route | Isochrones, geojson: Path | None, what: str, as_json: bool) -> None:
    """Say what was found, and write it as GeoJSON if somebody wants that; ``what`` is what that then holds."""
    from optimiser.report.route import write_new

    written = write_new(found.geojson, geojson) if geojson else None
    record = found.record | ({"geojson": str(written)} if written else {})
    say(found.lines, record, as_json, last=f"Wrote {written}: {what}." if written else "")


def journeys(
    place: Annotated[Path, typer.Argument(metavar="PLACE", help="A place's folder, with a network of roads.")],
    graph: Annotated[
        Path | None,
        typer.Option(
            help="A file of roads, not the place's: GraphML as OSMnx saves it, OS Open Roads (.gpkg) or OpenStreetMap "
            "(.osm.pbf)."
        ),
    ] = None,
    valhalla: Annotated[
        Costing | None,
        typer.Option(help="Let Valhalla work them out, for who travels so, on an extract (.osm.pbf) named by --graph."),
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="How one travels, such as by_bicycle: they then stand beside those of the place.")
    ] = None,
    plus: Annotated[float, typer.Option(help="Minutes that every journey takes beside those on the network.")] = 0.0,
    times: Annotated[float, typer.Option(min=0.01, help="What minutes on the network are multiplied by.")] = 1.0,
    against: Annotated[
        Path | None,
        typer.Option(help="A table of times that are believed: plus and times are those of a line through them."),
    ] = None,
    uncalibrated: Annotated[
        bool, typer.Option("--uncalibrated", help="With --against: say how near the line comes, and do not apply it.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what is there, and keep it under replaced/.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Work out a place's journeys and transfers on its network of roads, or by Valhalla, and record how.

    Example:  optimiser journeys my-place/place --graph streets.graphml
    """
    from optimiser.inputs.importing.roads import Reading, Travel, journeys_on
    from optimiser.inputs.importing.writing import write_into

    if against and (plus, times) != (0.0, 1.0):
        raise typer.BadParameter("--against finds plus and times itself. Leave those out.", param_hint="--against")
    if uncalibrated and not against:
        raise typer.BadParameter("name the times to set the network beside: --against.", param_hint="--uncalibrated")
    if mode and graph and not valhalla:
        instead = "the roads of --graph would become the place's. Write --valhalla too, or leave one of the two out."
        raise typer.BadParameter(instead, param_hint="--mode")
    reading = Reading(plus, times, against, applied=not uncalibrated)
    made = journeys_on(place, graph=graph, reading=reading, travel=Travel(valhalla and valhalla.value, mode))
    written = write_into(place, made.files, replace=replace or made.adds, said=made.said)
    words = [f"Wrote {made.rows:,} rows to {written}, and {', '.join(list(made.files)[1:])}.", *made.said]
    say(words, {"files": list(made.files), "rows": made.rows, "said": list(made.said)}, as_json)
