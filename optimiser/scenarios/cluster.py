"""A sweep on a cluster: its chunks are worked out by other machines, and kept here as those of other processes are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from optimiser.search import machines

if TYPE_CHECKING:
    from optimiser.scenarios.running import Arrays, Work
    from optimiser.scenarios.settings import Sweep

# The last sweep that this process worked on, with its tables: what several chunks of a sweep need is made once.
_LAST: list[tuple[Sweep, Work]] = []


def worked_out(work: Work, starts: Iterable[int], address: str) -> Iterator[tuple[int, Arrays]]:
    """Yield chunks of a sweep by where they start, as the machines of a cluster complete them, in no order.

    As ``machines.worked_out`` does, and raises what that raises. ``starts`` are the first scenario of every chunk.
    """
    followed = tuple(work.follow)
    pieces = [(followed, start, start + work.chunk) for start in starts]
    for (_, start, _), found in machines.worked_out(_chunk, work.sweep, pieces, address):
        yield start, found


def _chunk(sweep: Sweep, piece: tuple[tuple[int, ...], int, int]) -> Arrays:
    """Work out a chunk on the machine that this runs on."""
    from optimiser.scenarios.running import Work

    followed, start, stop = piece
    if not _LAST or _LAST[0][0] is not sweep:
        _LAST[:] = [(sweep, Work(sweep, followed))]
    return _LAST[0][1].work_out(start, stop)
