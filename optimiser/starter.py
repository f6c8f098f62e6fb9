"""The made-up place that ``optimiser init`` starts from: the tables and the question that ship as ``data/tiny``."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def starter_files() -> dict[str, bytes]:
    """Return the files of a small place that works, by name: ``config.yaml`` and the tables under ``place/``."""
    # An installed wheel carries the place inside the package; a clone has it at the top.
    packed = PACKAGE / "starter_place"
    place, config = (packed, packed / "config.yaml") if packed.is_dir() else _in_a_clone()
    tables = {f"place/{table.name}": table.read_bytes() for table in sorted(place.iterdir()) if table != config}
    return {"config.yaml": config.read_bytes().replace(b"../data/tiny", b"place"), **tables}


def _in_a_clone() -> tuple[Path, Path]:
    return PACKAGE.parent / "data" / "tiny", PACKAGE.parent / "configs" / "tiny.yaml"
