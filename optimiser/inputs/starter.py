"""The made-up place that ``optimiser init`` starts from: the tables and the question that ship as ``data/tiny``."""

from __future__ import annotations

from pathlib import Path
from string import Template

PACKAGE = Path(__file__).parents[1]
FIRST_LINE = (
    "# A made-up place. Replace its tables, and then this question, with your own: every setting is in docs/config.md."
)
LAST_LINE = (
    "# A what-if says only what changes, with based_on: change, closed_sites, and sites to add one (docs/change.md).\n"
)
README = """# A place of your own

Nothing here is real yet: the tables under `place/` are made up, and `$stem.yaml` asks a question about them.

1. Replace the tables one by one. `areas.csv`, `sites.csv`, `journeys.csv` and `demand.csv` must be there; every column
   stands in the data dictionary (`optimiser schema --tables`). After each, `optimiser validate $stem.yaml` lists every
   fault with a remedy.
2. Say where every column comes from in `columns.csv`, and every source with its licence in `sources.csv`.
3. State your question in `$stem.yaml`. Then `optimiser solve $stem.yaml`, and `optimiser report` with the run it names.
"""


def starter_files(stem: str) -> dict[str, bytes]:
    """Return the files of a small place that works, by name: ``<stem>.yaml``, a README, and tables under ``place/``."""
    # An installed wheel carries the place inside the package; a clone has it at the top.
    packed = PACKAGE / "starter_place"
    place, config = (packed, packed / "config.yaml") if packed.is_dir() else _in_a_clone()
    tables = [table for table in sorted(place.iterdir()) if table.suffix in (".csv", ".geojson")]
    _, question = config.read_text(encoding="utf-8").split("\n", maxsplit=1)
    question = f"{FIRST_LINE}\n{question.replace('../data/tiny', 'place')}{LAST_LINE}"
    texts = {f"{stem}.yaml": question, "README.md": Template(README).substitute(stem=stem)}
    files = {name: text.encode() for name, text in texts.items()}
    return files | {f"place/{table.name}": table.read_bytes() for table in tables}


def _in_a_clone() -> tuple[Path, Path]:
    return PACKAGE.parent / "data" / "tiny", PACKAGE.parent / "configs" / "tiny.yaml"
