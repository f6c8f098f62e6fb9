"""Packages that only some commands need, and how to get them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from optimiser.errors import OptimiserError


class MissingPackage(OptimiserError, ImportError):
    """A package that this needs is not installed. The message says how to get it."""

    exit_code = 2


def needed(package: str, extra: str) -> Any:
    """Return a package, or say how to install the extra that brings it."""
    try:
        return import_module(package)
    except ImportError as error:
        words = f"This needs {package}, which is not installed. Install it: pip install 'optimiser[{extra}]'"
        raise MissingPackage(words) from error
