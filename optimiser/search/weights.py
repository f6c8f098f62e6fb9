"""Which option would win under which weights, exactly; no weights are ever chosen here.

Every aim is measured from its best among the trade-offs (0) to its worst (1), and a score is the weighted sum: the less
the better. The weights that add up to 1 make a simplex; those under which an option wins are a polytope in it, bounded
by one plane for each other option. Its share of the simplex is worked out in fractions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.search.options import Front, names_of

MOST_AIMS = 4

Weights = tuple[Fraction, ...]


@dataclass(frozen=True)
class _Corner:
    """A corner of a polytope of weights, and the planes that it lies on."""

    weights: Weights
    on: frozenset[object]


def weights_won(front: Front) -> pd.DataFrame:
    """Return the share of all weights under which each trade-off wins.

    Returns
    -------
    pandas.DataFrame
        ``front.ranked.table`` with ``share`` (the shares add up to 1) and ``exact``, the same as a fraction. A
        trade-off of share 0 wins under no weights, or only where it ties with others.

    Raises
    ------
    InputError
        For more than four aims.
    """
    aims = front.ranked.aims
    if len(aims) > MOST_AIMS:
        raise InputError(
            [Fault("weights", f"shares of weights are exact for up to {MOST_AIMS} aims, not {len(aims)}.")]
        )
    points = _from_best_to_worst(front)
    exact = [_share_won(points, number) for number in range(len(points))]
    assert sum(exact) == 1, exact
    return front.ranked.table.assign(
        share=[float(share) for share in exact], exact=pd.Series(exact, front.ranked.table.index, dtype=object)
    )


def effective_weights(front: Front, weights: Sequence[float] | None = None) -> pd.Series[float]:
    """Return which share of the score's spread each aim makes up, under some weights (equal ones if none are given).

    An aim in which the trade-offs hardly differ decides little, whatever its weight. The spread is the standard
    deviation, over the trade-offs, of the aim as it enters the score. Shares add up to 1; all are 0 if nothing differs.
    """
    aims = front.ranked.aims
    scored = np.array([[float(number) for number in point] for point in _from_best_to_worst(front)])
    spread = scored.std(axis=0) * np.array(weights if weights is not None else [1.0] * len(aims))
    total = float(spread.sum())
    return pd.Series(spread / total if total else spread, index=pd.Index(names_of(aims), name="aim"), name="share")


def _from_best_to_worst(front: Front) -> list[Weights]:
    """Return every trade-off's aims from 0, the best among the trade-offs, to 1, the worst."""
    columns = []
    for column in front.ranked.values.T:
        numbers = [Fraction(str(number)) for number in column]
        least, width = min(numbers), max(numbers) - min(numbers)
        columns.append([(number - least) / width if width else Fraction(0) for number in numbers])
    return list(zip(*columns, strict=True))


def _share_won(points: Sequence[Weights], number: int) -> Fraction:
    own, aims = points[number], len(points[number])
    corners = [
        _Corner(tuple(Fraction(int(i == j)) for j in range(aims)), frozenset(j for j in range(aims) if j != i))
        for i in range(aims)
    ]
    # Those that are most like it bound it most, and the sooner they do the less is left to cut.
    others = [(other, point) for other, point in enumerate(points) if other != number]
    for other, point in sorted(others, key=lambda one: sum((a - b) ** 2 for a, b in zip(one[1], own, strict=True))):
        plane = tuple(theirs - ours for theirs, ours in zip(point, own, strict=True))
        corners = _cut(corners, plane, ("option", other))
        if len(corners) < aims:
            return Fraction(0)
    return sum((abs(_determinant(piece)) for piece in _pieces(corners, aims - 1)), Fraction(0))


def _cut(corners: list[_Corner], plane: Weights, name: object) -> list[_Corner]:
    """Return the corners of what is left of a polytope where ``plane`` · weights is at least 0."""
    above = [sum((a * w for a, w in zip(plane, c.weights, strict=True)), Fraction(0)) for c in corners]
    if min(above) >= 0:
        return corners
    kept = [corner for corner, height in zip(corners, above, strict=True) if height > 0]
    if not kept:
        return []
    kept += [_Corner(c.weights, c.on | {name}) for c, height in zip(corners, above, strict=True) if height == 0]
    for one, high in zip(corners, above, strict=True):
        for other, low in zip(corners, above, strict=True):
            if high > 0 > low:
                edge = one.on & other.on
                # Two corners are joined by an edge when no third lies on every plane that they share.
                if not any(edge <= third.on for third in corners if third is not one and third is not other):
                    between = (
                        (high * far - low * near) / (high - low)
                        for near, far in zip(one.weights, other.weights, strict=True)
                    )
                    kept.append(_Corner(tuple(between), edge | {name}))
    return kept


def _pieces(corners: list[_Corner], dimension: int) -> Iterator[list[Weights]]:
    """Divide a polytope into simplices: one corner with the pieces of every face that it does not lie on."""
    apex = corners[0]
    if not dimension:
        yield [apex.weights]
        return
    faces: dict[frozenset[Weights], list[_Corner]] = {}
    for plane in sorted({plane for corner in corners for plane in corner.on} - apex.on, key=str):
        face = [corner for corner in corners if plane in corner.on]
        faces.setdefault(frozenset(corner.weights for corner in face), face)
    for face in faces.values():
        for piece in _pieces(face, dimension - 1):
            yield [apex.weights, *piece]


def _determinant(rows: Sequence[Weights]) -> Fraction:
    if len(rows) == 1:
        return rows[0][0]
    minors = ([row[:n] + row[n + 1 :] for row in rows[1:]] for n in range(len(rows)))
    signed = ((-1) ** n * rows[0][n] * _determinant(minor) for n, minor in enumerate(minors))
    return sum(signed, Fraction(0))
