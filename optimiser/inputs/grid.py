"""From latitude and longitude to the British National Grid, by the Ordnance Survey's published formulae."""

from __future__ import annotations

from functools import cache
from math import atan2, cos, hypot, radians, sin, sqrt, tan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproj import Transformer

# Stated in full, so that the same degrees give the same metres whatever grids are installed: Ordnance Survey's seven
# parameters, good to about 5 metres ("A guide to coordinate systems in Great Britain", section 6.6).
TO_THE_GRID = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 +step +proj=cart +ellps=WGS84 "
    "+step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 "
    "+convention=position_vector +step +inv +proj=cart +ellps=airy +step +proj=pop +v_3 "
    "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
)
# Where the formulae hold: south, north, west, east.
BRITAIN = (49.0, 61.5, -9.0, 2.5)
# Half axes in metres of the ellipsoids that GPS and the grid rest on.
_WGS84, _AIRY = (6378137.0, 6356752.314245), (6377563.396, 6356256.909)
# From the one to the other: metres, a scale, and turns in radians.
_SHIFT = (-446.448, 125.157, -542.060)
_SCALE = 1 + 20.4894e-6
_TURNS = tuple(radians(seconds / 3600) for seconds in (-0.1502, -0.2470, -0.8421))
# Of the grid: its scale, its true origin, and what is added to metres from there.
_F0, _ORIGIN, _FALSE = 0.9996012717, (radians(49), radians(-2)), (400_000, -100_000)


@cache
def transformer() -> Transformer:
    """Return what turns longitudes and latitudes, in arrays, into metres on the grid by ``TO_THE_GRID``."""
    # Takes a while to import, and most questions turn a point or none.
    from pyproj import Transformer

    return Transformer.from_pipeline(TO_THE_GRID)


def is_in_britain(latitude: float, longitude: float) -> bool:
    """Whether a point in degrees is where the grid is."""
    south, north, west, east = BRITAIN
    return south <= latitude <= north and west <= longitude <= east


def on_the_grid(latitude: float, longitude: float) -> tuple[int, int]:
    """Return easting and northing in whole metres of a point in degrees (WGS84), to within about 5 metres."""
    phi, lam = _turned(radians(latitude), radians(longitude))
    a, b = _AIRY
    n, e2 = (a - b) / (a + b), 1 - (b / a) ** 2
    wide = 1 - e2 * sin(phi) ** 2
    nu, rho = a * _F0 / sqrt(wide), a * _F0 * (1 - e2) / wide**1.5
    eta2, t2, c = nu / rho - 1, tan(phi) ** 2, cos(phi)
    less, more, east = phi - _ORIGIN[0], phi + _ORIGIN[0], lam - _ORIGIN[1]
    arc = (1 + n + 5 / 4 * (n**2 + n**3)) * less - (3 * n + 3 * n**2 + 21 / 8 * n**3) * sin(less) * cos(more)
    arc += 15 / 8 * (n**2 + n**3) * sin(2 * less) * cos(2 * more) - 35 / 24 * n**3 * sin(3 * less) * cos(3 * more)
    northing = b * _F0 * arc + nu / 2 * sin(phi) * c * east**2
    northing += nu / 24 * sin(phi) * c**3 * (5 - t2 + 9 * eta2) * east**4
    northing += nu / 720 * sin(phi) * c**5 * (61 - 58 * t2 + t2**2) * east**6
    easting = nu * c * east + nu / 6 * c**3 * (nu / rho - t2) * east**3
    easting += nu / 120 * c**5 * (5 - 18 * t2 + t2**2 + 14 * eta2 - 58 * t2 * eta2) * east**5
    return round(_FALSE[0] + easting), round(_FALSE[1] + northing)


def _turned(phi: float, lam: float) -> tuple[float, float]:
    """Return latitude and longitude, in radians, on the ellipsoid of the grid."""
    a, b = _WGS84
    nu = a / sqrt(1 - (1 - (b / a) ** 2) * sin(phi) ** 2)
    x, y, z = nu * cos(phi) * cos(lam), nu * cos(phi) * sin(lam), (b / a) ** 2 * nu * sin(phi)
    (rx, ry, rz), (tx, ty, tz) = _TURNS, _SHIFT
    x, y, z = tx + _SCALE * x - rz * y + ry * z, ty + rz * x + _SCALE * y - rx * z, tz - ry * x + rx * y + _SCALE * z
    a, b = _AIRY
    e2, across = 1 - (b / a) ** 2, hypot(x, y)
    phi = atan2(z, across * (1 - e2))
    for _ in range(5):
        phi = atan2(z + e2 * a / sqrt(1 - e2 * sin(phi) ** 2) * sin(phi), across)
    return phi, atan2(y, x)
