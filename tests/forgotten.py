"""What a test says where something was added in one place and forgotten in another."""

from __future__ import annotations

from collections.abc import Iterable


def nothing_is_forgotten(forgotten: Iterable[str], step: str, file: str) -> None:
    """Fail with the file to open and the step of docs/adding.md that says what to write there."""
    names = ", ".join(sorted(forgotten))
    assert not names, f"{names}: open {file} (docs/adding.md, {step})"
