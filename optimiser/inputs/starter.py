"""What ``optimiser init`` starts from: a made-up place (``data/tiny``), or a first question about one's own tables."""

from __future__ import annotations

from pathlib import Path
from string import Template

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.schema import PLACE_TABLES, place_table
from optimiser.inputs.tables.sheets import read_sheet
from optimiser.problem.words import begun, listed, spoken

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


QUESTION = Template("""\
# A question about the tables under place/. Every setting: docs/config.md. A what-if says only what changes: based_on.
title: Where should $names be provided?
place: place

services:
$services
# Where each is provided today, so that an answer can be set against it:
# today: {$today}

objectives: [patient_minutes]
""")
SERVICE = Template("""\
  $code:
    name: $name
    activity: $code
    at_least_sites: 1
    # at_most_sites: 2         # without a limit everybody has the nearest site, and nothing is to be decided
    # minimum_patients: 600    # a year, at each site
    # standard_minutes: 30
""")


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


def has_no_question(folder: Path) -> bool:
    """Whether a folder has tables under ``place/``, brought in one by one, and no config that asks about them."""
    return bool([*folder.glob("place/*.csv")]) and not [*folder.glob("*.yaml"), *folder.glob("*.yml")]


def missing_tables(folder: Path) -> list[str]:
    """Return the tables without which nothing can be asked that a folder does not have under ``place/``."""
    needed = [table.name for table in PLACE_TABLES if table.required]
    return [name for name in needed if not (folder / f"place/{name}.csv").is_file()]


def first_question(folder: Path) -> bytes:
    """Return a config that asks where the patients of a folder's tables are to be seen, by activity.

    Raises ``InputError`` where a table is missing, or ``demand.csv`` does not say what they need.
    """
    if missing := missing_tables(folder):
        files, place = listed(f"{name}.csv" for name in missing), shown(folder / "place")
        words = f"{files} {'is' if len(missing) == 1 else 'are'} not there yet, and a question needs"
        which = "it" if len(missing) == 1 else "them"
        raise InputError(
            [Fault(place, f"{words} {which}. Bring {which} in: optimiser import TABLE FILE --into {place}")]
        )
    sheet = read_sheet(folder / "place", place_table("demand"))
    if not sheet.sound("activity") or sheet.frame.empty:
        raise InputError(sheet.listed() or [Fault(shown(sheet.path), "no patients are listed here. Add them.")])
    activities = sorted(set(map(str, sheet.frame["activity"])))
    names = listed(map(spoken, activities))
    services = "".join(SERVICE.substitute(code=one, name=begun(spoken(one))) for one in activities)
    today = ", ".join(f"{one}: [a_site, another]" for one in activities)
    return QUESTION.substitute(names=names, services=services, today=today).encode()


def _in_a_clone() -> tuple[Path, Path]:
    return PACKAGE.parent / "data" / "tiny", PACKAGE.parent / "configs" / "tiny.yaml"
