"""The GeoPackage: areas with minutes, sites, and the outlines of catchments, on the British National Grid."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from optimiser.errors import NotWritten
from optimiser.inputs.boundaries import merged
from optimiser.inputs.grid import transformer
from optimiser.inputs.tables import boundary_file, read_boundaries
from optimiser.plan.affected import one_row_an_area
from optimiser.plan.finished import Run
from optimiser.plan.measures import who_stay
from optimiser.report.export.contents import LEAVERS, YES_OR_NO, leavers, plain
from optimiser.report.export.styles import STYLES, by_minutes, by_provision, outlined_only, steps_of, styles
from optimiser.report.words import as_people_say, ends_of_steps, limit_of, main_service

BRITISH_NATIONAL_GRID = "EPSG:27700"
CENTIMETRES, MINUTES = 2, 9
# Columns of a service, and what they are called in words.
_COLUMNS = {
    "{}_minutes": "minutes",
    "{}_site": "where patients go",
    "{}_change": "minutes longer than today",
    "provides_{}": "is provided here",
}

ABOUT_AREAS = ("area", "name", "district", "resident", "population", "deprivation_decile")


def geopackage_bytes(runs: Sequence[Run]) -> bytes:
    """Return the GeoPackage of some runs. The same runs give the same bytes.

    Layers: ``areas`` (outlines or, where the place has none, points) with minutes and site for every run and service;
    ``sites`` with yes or no for every run and service; ``catchments`` where there are outlines. Areas and catchments
    leave those out who leave for a neighbour whatever is chosen; ``leavers``, a table, has those where there are some.
    ``layer_styles``, a table, says how QGIS draws each layer, and what it calls their columns.

    Raises
    ------
    NotWritten
        When GDAL, which writes it to a temporary folder first, cannot; most often there is no room.
    """
    with tempfile.TemporaryDirectory() as folder, _dated(runs[0].date):
        path = Path(folder) / "results.gpkg"
        try:
            _write_layers(runs, path)
        except (DataSourceError, DataLayerError) as error:
            # What it was about to do may be many thousand characters.
            said = str(error).rpartition(" failed: ")[2].partition("\n")[0]
            raise NotWritten(f"{path} could not be written. Is there room for it? GDAL says: {said}") from error
        return path.read_bytes()


def _write_layers(runs: Sequence[Run], path: Path) -> None:
    for name, says, frame in _layers(runs):
        options = {"IDENTIFIER": name.capitalize(), "DESCRIPTION": says}
        of_shapes = isinstance(frame, geopandas.GeoDataFrame) and not (frame.geom_type == "Point").any()
        pyogrio.write_dataframe(
            _plain(frame), path, layer=name, driver="GPKG", promote_to_multi=of_shapes, layer_options=options
        )


def outlines(run: Run) -> geopandas.GeoDataFrame | None:
    """Return the outline of every area on the British National Grid, by area code; None where the place has none."""
    path = boundary_file(run.folder / "inputs")
    return _on_the_grid(path, path.read_bytes()) if path else None


@lru_cache(maxsize=2)
def _on_the_grid(path: Path, _content: bytes) -> geopandas.GeoDataFrame:
    frame = read_boundaries(path).set_index("area")

    def metres(degrees: np.ndarray) -> np.ndarray:
        return np.round(np.column_stack(transformer().transform(degrees[:, 0], degrees[:, 1])), CENTIMETRES)

    frame.geometry = shapely.transform(frame.geometry.to_numpy(), metres)
    return frame.set_crs(BRITISH_NATIONAL_GRID, allow_override=True)


def _layers(runs: Sequence[Run]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    there = {"areas": areas(runs), "sites": sites(runs)}
    yield "areas", "Minutes, site and change from today of every area, by run and service", there["areas"]
    yield "sites", "Hospitals, and what each run has them provide", there["sites"]
    if any(outlines(run) is not None for run in runs):
        yield "catchments", "The areas that go to a site, by run and service", catchments(runs)
    if len(styled := _styles(runs, there)):
        yield STYLES, "How each layer is drawn, and what its columns are called", styled
    gone = pd.concat([leavers(run).assign(run=run.key) for run in runs])
    if len(gone):
        says = "Patients who leave for a neighbour whatever is designated, by area, run and service, and their share"
        yield "leavers", says, gone[list(LEAVERS.column_names)]


def _styles(runs: Sequence[Run], there: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how layers are drawn, of the service that comes first in the first run; nothing where none has shapes."""
    run, service = runs[0], main_service(runs[0].problem)
    if service is None:
        return pd.DataFrame()
    steps = steps_of(ends_of_steps(limit_of(run.problem.services[service])))
    outlined = any(outlines(one) is not None for one in runs)
    drawn = [
        ("areas", "geom", by_minutes(_column(runs, run, f"{service}_minutes"), steps, outlined=outlined)),
        ("sites", "geom", by_provision(_column(runs, run, f"provides_{service}"))),
    ]
    kept = [one for one in drawn if isinstance(there[one[0]], geopandas.GeoDataFrame)]
    edges = [("catchments", "geom", outlined_only())] if outlined else []
    return (
        styles([*kept, *edges], {name: _called(runs, frame) for name, frame in there.items()})
        if kept
        else pd.DataFrame()
    )


def _called(runs: Sequence[Run], frame: pd.DataFrame) -> dict[str, str]:
    """Return what the columns of every run and service are called in words."""
    found = {}
    for run, name in zip(runs, as_people_say(runs), strict=True):
        of_run = f" ({name})" if len(runs) > 1 else ""
        for code, service in run.problem.services.items():
            for column, words in _COLUMNS.items():
                found[_column(runs, run, column.format(code))] = plain(f"{service.name}: {words}{of_run}")
    return {column: found[column] for column in map(str, frame.columns) if column in found}


def areas(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row an area, with minutes, site, and change of minutes from today, of every run and service."""
    frames = [run.inputs["areas"].set_index("area") for run in runs]
    whole = pd.concat(frames)
    found = whole[~whole.index.duplicated()].sort_index()
    for run in runs:
        for code, rows in who_stay(run.tables["journeys"]).groupby("service", sort=False):
            service = str(code)
            found[_column(runs, run, f"{service}_minutes")] = _mean_minutes(rows)
            found[_column(runs, run, f"{service}_site")] = rows.groupby("area")["site"].agg(_each_once)
            if service in run.problem.services_with_today:
                was = one_row_an_area(run.before, service).set_index("area")["minutes"]
                change = found[_column(runs, run, f"{service}_minutes")] - was.reindex(found.index)
                found[_column(runs, run, f"{service}_change")] = change.where(np.isfinite(change)).round(MINUTES)
    found = found.reset_index()
    shapes = [shapes.geometry for shapes in map(outlines, runs) if shapes is not None]
    about = [name for name in ABOUT_AREAS if name in found]
    numbers = [name for name in found if str(name) not in whole.columns and name != "area"]
    kept = found[[*about, *numbers]].assign(resident=found["resident"].str.lower().map(YES_OR_NO))
    if shapes:
        whole = pd.concat(shapes)
        drawn = whole[~whole.index.duplicated()].reindex(pd.Index(found["area"]))
        return _located(kept, geopandas.GeoSeries(drawn.to_numpy()))
    return _located(kept, _points(found))


def sites(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row a site, with yes or no for every run and service: whether it is designated."""
    whole = pd.concat([run.inputs["sites"].set_index("site") for run in runs])
    found = whole[~whole.index.duplicated()].sort_index()
    about = [name for name in ("name", "role", "letter") if name in found]
    kept = found[about].copy()
    for run in runs:
        for service, rows in run.tables["designations"].groupby("service", sort=False):
            designated = rows.set_index("site")["designated"].map(YES_OR_NO)
            kept[_column(runs, run, f"provides_{service}")] = designated.reindex(kept.index)
    return _located(kept.reset_index(), _points(found.reset_index()))


def catchments(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row a run, service and site: the areas that go there as one outline, and their patients."""
    rows = []
    for run in runs:
        drawn = outlines(run)
        if drawn is None:
            continue
        journeys = who_stay(run.tables["journeys"])
        for (service, site), going in journeys[journeys["site"] != ""].groupby(["service", "site"], sort=True):
            members = drawn.geometry.reindex(pd.Index(sorted(set(going["area"]))))
            patients = float(going["patients_per_year"].sum())
            rows.append((run.key, service, site, len(members), patients, merged(members)))
    columns = ["run", "service", "site", "areas", "patients_per_year", "geometry"]
    frame = pd.DataFrame(rows, columns=columns)
    return _located(frame.drop(columns="geometry"), geopandas.GeoSeries(frame["geometry"]))


def _each_once(sites: pd.Series[str]) -> str:
    return "+".join(dict.fromkeys(sites))


def _mean_minutes(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the minutes of each area: where its patients are split between sites, their mean."""
    if rows["area"].is_unique:
        return rows.set_index("area")["minutes"]
    patients = rows["patients_per_year"].where(rows["patients_per_year"] > 0, 1e-9)
    spent = (rows["minutes"] * patients).groupby(rows["area"]).sum(min_count=1)
    return spent / patients.groupby(rows["area"]).sum()


def _column(runs: Sequence[Run], run: Run, name: str) -> str:
    return name if len(runs) == 1 else f"{run.key}_{name}"


def _points(frame: pd.DataFrame) -> geopandas.GeoSeries | None:
    if "easting_m" not in frame or frame["easting_m"].isna().all():
        return None
    return geopandas.GeoSeries(geopandas.points_from_xy(frame["easting_m"], frame["northing_m"]))


def _located(frame: pd.DataFrame, shapes: geopandas.GeoSeries | None) -> pd.DataFrame:
    if shapes is None:
        return frame
    located: pd.DataFrame = geopandas.GeoDataFrame(frame, geometry=shapes.to_numpy(), crs=BRITISH_NATIONAL_GRID)
    return located


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    texts = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name]) or frame[name].dtype == object]
    return frame.assign(**{name: frame[name].map(plain, na_action="ignore") for name in texts})


@contextmanager
def _dated(day: str) -> Iterator[None]:
    """Have GDAL write this day as the one on which layers changed, so that today is not in the file."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{day}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
