"""What a notebook shows of a plan: its summary, its areas as a GeoDataFrame, and a map that shows itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from html import escape
from typing import TYPE_CHECKING

from optimiser.errors import Fault, InputError
from optimiser.plan import Plan
from optimiser.plan.finished import Run, written
from optimiser.problem.words import listed
from optimiser.report import screen

if TYPE_CHECKING:
    import geopandas

    from optimiser.report.export.drawing import Figure


class AsReported:
    """A plan in the words and pictures of reports."""

    def html(self, plan: Plan) -> str:
        """Return the summary that fits a screen, with its columns kept."""
        return f"<pre>{escape(chr(10).join(screen.lines(plan)))}</pre>"

    def areas(self, plan: Plan) -> geopandas.GeoDataFrame:
        """Return the layer of areas that an export has."""
        import geopandas

        from optimiser.report.export.geopackage import areas

        with _of_a_place(plan) as run:
            return geopandas.GeoDataFrame(areas([run]))

    def drawn(self, plan: Plan, service: str, isochrones: str = "") -> Figure:
        """Return the map that an export has, perhaps with lines around a site."""
        from optimiser.report.export.figures import map_of
        from optimiser.report.export.geopackage import outlines

        if service not in plan.problem.services_with_patients:
            known = listed(plan.problem.services_with_patients)
            raise InputError([Fault(service, f"this is no service with patients. Those are {known}.")])
        if isochrones and isochrones not in plan.problem.sites:
            words = f"this is no code of a site. Those are {listed(plan.problem.sites)}."
            raise InputError([Fault(isochrones, words)])
        with _of_a_place(plan) as run:
            if outlines(run) is None:
                raise InputError([Fault("boundaries.geojson", "the place has no outlines to draw. Add the file.")])
            return map_of(run, service, f"map_{service}", isochrones=isochrones)


def _of_a_place(plan: Plan) -> AbstractContextManager[Run]:
    if not plan.problem.files:
        raise InputError([Fault("files", "this question was put together in Python, without a place. Read one.")])
    return written(plan)


LOOKS = AsReported()
