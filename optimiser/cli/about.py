"""Commands about the program itself: rules, schema and doctor."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
from typing import Annotated

import typer

from optimiser.cli.app import AsJson, first_line, say


def rules(as_json: AsJson = False) -> None:
    """List every rule that a plan must obey, in plain words.

    Example:  optimiser rules
    """
    from optimiser.model.rules import LIMITS, RULES

    units = {name: limit.unit for name, limit in LIMITS.items()}
    rows = [
        {"rule": name, "words": first_line(rule), "unit": units.get(name, ""), "may_be_relaxed": name in units}
        for name, rule in RULES.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        unit = f" [{row['unit']}]" if row["unit"] else ""
        typer.echo(f"{row['rule']}{unit}\n    {row['words']}")


def schema(
    tables: Annotated[bool, typer.Option("--tables", help="Print the data dictionary of the tables instead.")] = False,
) -> None:
    """Print the JSON Schema of a config, for editors that complete and check YAML.

    Example:  optimiser schema > configs/schema.json
    """
    if tables:
        from optimiser.inputs.schema import data_dictionary

        typer.echo(data_dictionary(), nl=False)
        return
    from optimiser.inputs.config import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def doctor(as_json: AsJson = False) -> None:
    """Say what is installed and whether the solver can be trusted here.

    Example:  optimiser doctor
    """
    from optimiser.errors import installing
    from optimiser.model import solver
    from optimiser.plan.runs import versions
    from optimiser.problem.words import listed

    about = dict(solver.about())
    found = {"versions": versions(), "solver": about}
    canaries = about["canaries"]
    words = [f"{name} {number}" for name, number in versions().items()]
    trusted = f"{len(canaries)} trial models with known answers, all right; gap asked for: 0"
    words.append(f"{about['name']} {about['version']}: {trusted}.")
    if absent := _extras_not_installed():
        found["extras_not_installed"] = absent
        each = listed(f"{extra} ({', '.join(names)})" for extra, names in absent.items())
        example = installing(next(iter(absent)))
        words.append(f"Not installed, and asked for by some commands alone: {each}. To install one: {example}")
    say(words, found, as_json, "optimiser solve configs/base.yaml")


def _extras_not_installed() -> dict[str, list[str]]:
    """Return the packages that are not installed, by the extra that brings them."""
    from importlib.metadata import PackageNotFoundError, version

    from optimiser.errors import extras

    absent: dict[str, list[str]] = {}
    for extra, packages in extras().items():
        for one in packages:
            try:
                version(one.name)
            except PackageNotFoundError:
                absent.setdefault(extra, []).append(one.name)
    return absent
