"""A sweep on a cluster: its chunks are worked out by other machines, and kept here as those of other processes are.

joblib is the seam: what it calls a backend stands for the machines. Dask's is registered with joblib itself and is
asked for here. What goes to the machines is the question with its tables, and code of Python: use your own alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from optimiser.errors import Fault, InputError, needed
from optimiser.plan.runs import versions

if TYPE_CHECKING:
    from optimiser.scenarios.running import Arrays, Work
    from optimiser.scenarios.settings import Sweep

EXTRA = "cluster"
ADDRESS = "--cluster"
CONNECT_WITHIN_SECONDS = 30
# How often a chunk is given to another machine when the one that had it is lost.
RETRIES = 10
# The last sweep that this process worked on, with its tables, and whose turn it is: one chunk is worked out at a time.
_LAST: list[tuple[Sweep, Work]] = []
_TURN = threading.Lock()


def worked_out(work: Work, starts: Iterable[int], address: str) -> Iterator[tuple[int, Arrays]]:
    """Yield chunks of a sweep by where they start, as the machines of a cluster complete them, in no order.

    Parameters
    ----------
    work, starts
        The sweep, and the first scenario of every chunk to work out.
    address
        Where the scheduler of the cluster answers, as Dask writes it: ``tcp://host:port``.

    Raises
    ------
    InputError
        When nobody answers there, no machine works for it, or one has other versions than are installed here.
    MissingPackage
        When the extra that brings Dask is not installed.
    """
    joblib = needed("joblib", EXTRA)
    sweep, chunk, followed = work.sweep, work.chunk, tuple(work.follow)
    with (
        _client(address),
        joblib.parallel_config("dask", scatter=[sweep], retries=RETRIES),
        joblib.Parallel(n_jobs=-1, batch_size=1, return_as="generator_unordered") as machines,
    ):
        yield from machines(joblib.delayed(_chunk)(sweep, followed, start, start + chunk) for start in starts)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """Yield a connection to a cluster, every machine of which has what is installed here."""
    distributed = needed("distributed", EXTRA)
    try:
        client = distributed.Client(address, timeout=CONNECT_WITHIN_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        words = f"no scheduler of a cluster answers there. Start one with: dask scheduler ({type(error).__name__})"
        raise InputError([Fault(f"{ADDRESS} {address}", words)]) from error
    with client:
        _refuse_others(address, client.run(versions))
        yield client


def _refuse_others(address: str, found: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a cluster without machines, or with one that has other versions of this program or of what it uses."""
    if not found:
        words = f"no machine works for it. Start one on each with: dask worker --nthreads 1 {address}"
        raise InputError([Fault(f"{ADDRESS} {address}", words)])
    here = versions()
    faults = [
        Fault(
            f"{ADDRESS} {machine}", f"has {package} {other}, and here it is {here[package]}. Install the same on each."
        )
        for machine, there in found.items()
        for package, other in there.items()
        if other != here[package]
    ]
    if faults:
        raise InputError(faults)


def _chunk(sweep: Sweep, followed: tuple[int, ...], start: int, stop: int) -> tuple[int, Arrays]:
    """Work out a chunk on the machine that this runs on; what several chunks of a sweep need is made once."""
    from optimiser.scenarios.running import Work

    with _TURN:
        if not _LAST or _LAST[0][0] is not sweep:
            _LAST[:] = [(sweep, Work(sweep, followed))]
        return start, _LAST[0][1].work_out(start, stop)
