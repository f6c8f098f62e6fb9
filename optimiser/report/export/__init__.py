"""Runs as files for other programs: a workbook, a GeoPackage, tidy CSV files and figures.

The same runs give the same bytes: dates are those of the runs, not today's. PNG pictures are the exception, since a
browser draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from optimiser.inputs.schema import Column, Table
from optimiser.plan.finished import Run, sound_runs
from optimiser.plan.runs import next_free, write_files
from optimiser.report.export.contents import Tidy, csv_bytes, tidy_tables
from optimiser.report.export.drawing import Figure
from optimiser.report.export.figures import figures
from optimiser.report.export.geopackage import geopackage_bytes
from optimiser.report.export.pictures import png_bytes
from optimiser.report.export.workbook import workbook_bytes

FIGURES = Table(
    "figures",
    "Every figure, with the words that stand for it where it cannot be seen: one row each.",
    ("file",),
    (
        Column("file", "text", "", "Name of the file, without its ending"),
        Column("title", "text", "", "The finding"),
        Column("alt_text", "text", "", "What the figure shows, in words"),
    ),
)


def write_export(
    runs: Sequence[str | Path], folder: str | Path | None = None, *, workbook: bool = True, png: bool = False
) -> Path:
    """Write runs into a new folder as files for other programs; return the folder.

    Parameters
    ----------
    runs
        Run folders. Each is checked first.
    folder
        A folder that does not exist yet. Default: a new one under ``exports/``, named after the first run.
    workbook
        Whether to write the workbook, which needs XlsxWriter.
    png
        Whether to have a browser draw every figure as PNG as well.

    Raises
    ------
    InputError
        When a folder is not a complete run, or is given twice.
    CheckFailed
        When the independent check disagrees with a run; nothing is written then.
    NotWritten
        When the folder exists or cannot be written; nothing half-written is left.
    """
    read = sound_runs(runs)
    target = Path(folder) if folder is not None else next_free(Path("exports"), _stem(read))
    return write_files(export_files(read, workbook=workbook, png=png), target)


def export_files(runs: Sequence[Run], *, workbook: bool = True, png: bool = False) -> dict[str, bytes]:
    """Return the files of an export by name."""
    stem, tables, drawn = _stem(runs), tidy_tables(runs), figures(runs)
    files = {f"{stem}_results.xlsx": workbook_bytes(runs, tables)} if workbook else {}
    files[f"{stem}_results.gpkg"] = geopackage_bytes(runs)
    files |= {f"{stem}_{one.name}.csv": csv_bytes(one) for one in [*tables, _words(stem, drawn)]}
    files |= {f"{stem}_{one.name}.svg": one.svg.encode() for one in drawn}
    if png:
        files |= {f"{stem}_{one.name}.png": picture for one, picture in zip(drawn, png_bytes(drawn), strict=True)}
    return files


def _stem(runs: Sequence[Run]) -> str:
    return runs[0].stem + (f"_and_{len(runs) - 1}_more" if len(runs) > 1 else "")


def _words(stem: str, drawn: Sequence[Figure]) -> Tidy:
    rows = [(f"{stem}_{one.name}", one.title, one.alt) for one in drawn]
    return Tidy(FIGURES, pd.DataFrame(rows, columns=list(FIGURES.column_names)))


__all__ = ["export_files", "write_export"]
