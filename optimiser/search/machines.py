"""Work in pieces on the machines of a cluster: each piece is worked out by one of them, and kept here.

joblib is the seam: what it calls a backend stands for the machines. Dask's is registered with joblib itself and is
asked for here. What goes to the machines is the question with its tables, and code of Python: use your own alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from optimiser.errors import Fault, InputError, needed
from optimiser.plan.runs import versions

Shared = TypeVar("Shared")
Piece = TypeVar("Piece")
Found = TypeVar("Found")

EXTRA = "cluster"
ADDRESS = "--cluster"
CONNECT_WITHIN_SECONDS = 30
# How often a piece is given to another machine when the one that had it is lost.
RETRIES = 10
# Whose turn it is in this process: one piece is worked out at a time.
_TURN = threading.Lock()


def worked_out(
    work_out: Callable[[Shared, Piece], Found], shared: Shared, pieces: Iterable[Piece], address: str
) -> Iterator[tuple[Piece, Found]]:
    """Yield pieces with what came of each, as the machines of a cluster complete them, in no order.

    Without an address they are worked out here, one after another.

    Parameters
    ----------
    work_out
        What works a piece out from what is shared. It stands in a module, since machines know it by name.
    shared, pieces
        What every piece needs, which goes to each machine once, and the pieces.
    address
        Where the scheduler of the cluster answers, as Dask writes it: ``tcp://host:port``.

    Raises
    ------
    InputError
        When nobody answers there, no machine works for it, or one has other versions than are installed here.
    MissingPackage
        When the extra that brings Dask is not installed.
    """
    if not address:
        yield from ((piece, work_out(shared, piece)) for piece in pieces)
        return
    joblib = needed("joblib", EXTRA)
    with (
        _client(address),
        joblib.parallel_config("dask", scatter=[shared], retries=RETRIES),
        joblib.Parallel(n_jobs=-1, batch_size=1, return_as="generator_unordered") as machines,
    ):
        yield from machines(joblib.delayed(_one)(work_out, shared, piece) for piece in pieces)


def _one(work_out: Callable[[Shared, Piece], Found], shared: Shared, piece: Piece) -> tuple[Piece, Found]:
    with _TURN:
        return piece, work_out(shared, piece)


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
