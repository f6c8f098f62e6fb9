"""What commands share: the app, their arguments, and how they speak."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optimiser.errors import CheckFailed, disagreements, visible

if TYPE_CHECKING:
    from optimiser.checker import Breach
    from optimiser.explanation import WouldChange
    from optimiser.explanation.would_change import Change
    from optimiser.inputs import Question
    from optimiser.plan import Plan
    from optimiser.plan.quotable import Otherwise
    from optimiser.problem import Problem

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="A question, as a YAML file.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as solve and evaluate write it.")]
Out = Annotated[Path | None, typer.Option(help="Where to write the run folder. Default: a new one under runs/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
Roads = Annotated[
    Path | None,
    typer.Option(metavar="SWEEP", help="Also: is it still the best in each state of the roads that this sweep says?"),
]
Full = Annotated[bool, typer.Option("--full", help="Say everything, not only what fits a screen.")]
Cluster = Annotated[
    str,
    typer.Option(metavar="ADDRESS", help="Share the work between the machines of this Dask cluster, tcp://HOST:PORT."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress and nothing but the answer.")]

NOT_PROVED_EXIT = 5
# In tables a name in square brackets or colons is a name, and neither markup nor a picture.
AS_WRITTEN: dict[str, Any] = {"markup": False, "emoji": False}
MOST_CHANGES_IN_BRIEF = 5
PLAIN_WIDTH = 118


def finish(
    plan: Plan,
    folder: Path,
    extra: Sequence[str | Otherwise],
    *,
    as_json: bool,
    quiet: bool,
    full: bool,
    would_change: WouldChange | None = None,
) -> None:
    """Check a plan, write its run folder, and say what it is: as much as fits a screen, or in full."""
    from optimiser.checker import examined
    from optimiser.plan.proof import AGREES, NOT_PROVED
    from optimiser.plan.quotable import Otherwise
    from optimiser.plan.runs import files_of, write_files
    from optimiser.problem.words import first_sentence
    from optimiser.report import screen
    from optimiser.report.rests_on import checked
    from optimiser.report.summary import left_out

    said = [one for one in extra if isinstance(one, Otherwise)]
    files = files_of(plan, said, would_change.record if would_change else None)
    breaches, best, _ = examined(files)
    written = write_files(files, folder)
    if as_json:
        found = [one._asdict() for one in breaches]
        typer.echo(json.dumps(_without_infinities(_answer(plan, written, found)), indent=2))
    else:
        changes = would_change.changes if would_change else ()
        told, more = ([one.words for one in changes], 0) if full else in_brief(changes, plan.designated)
        otherwise = [str(one) if full else first_sentence(str(one)) for one in said]
        unknown = left_out(would_change.not_worked_out, str(written)) if would_change else []
        would_turn = [*told, *(otherwise if full else ()), *unknown]
        shown = screen.lines(plan, would_turn) if full else screen.in_brief(plan, would_turn, more + len(otherwise))
        words = [
            *shown,
            *(one for one in extra if isinstance(one, str)),
            *(["", *(line for line in screen.rest(plan) if not line or line not in shown)] if full else []),
            checked(plan, best, in_short=not full) if not breaches else "CHECK FAILED: do not use this run.",
        ]
        say(words, {}, False, "" if quiet else f"optimiser report {written}", f"Run folder: {written}")
    if breaches:
        raise CheckFailed(breaches_in_words(breaches))
    second = plan.proof.second_opinion
    if plan.proof.outcome == NOT_PROVED or (second and second.answer != AGREES):
        raise typer.Exit(NOT_PROVED_EXIT)


def in_brief(changes: Sequence[Change], here: frozenset[tuple[str, str]]) -> tuple[list[str], int]:
    """Return the first sentence of as many changes as a screen has room for, of every kind in turn, and how many more.

    Of the border each service's is a kind of its own, and so are each rule, journeys, patients and staff. Of changes to
    journeys by as many minutes that comes first which changes most of the plan, ``here``.
    """
    from optimiser.problem.words import first_sentence

    turn, turns = dict[tuple[str, str], int](), list[int]()
    at = [n for n, one in enumerate(changes) if one.what.startswith("journeys.") and one.then is not None]
    as_many = [n for n in at if changes[n].by == changes[at[0]].by]
    by_most = sorted(as_many, key=lambda n: -len((changes[n].then or here) ^ here))
    changes = [changes[dict(zip(as_many, by_most, strict=True)).get(n, n)] for n in range(len(changes))]
    for one in changes:
        about = one.what.split(".")[0]
        kind = (one.service, "staff" if about == "rota_is_filled" else about.removesuffix("_factor"))
        turns.append(turn.setdefault(kind, 0))
        turn[kind] += 1
    chosen = sorted(range(len(changes)), key=lambda number: (turns[number], number))[:MOST_CHANGES_IN_BRIEF]
    shown = [first_sentence(changes[number].words) for number in sorted(chosen)]
    return shown, len(changes) - len(shown)


def _answer(plan: Plan, folder: Path, breaches: list[dict[str, Any]]) -> dict[str, object]:
    from optimiser.problem.words import of_inputs

    return {
        "folder": str(folder),
        "outcome": plan.proof.outcome,
        "designations": {code: list(plan.sites_of(code)) for code in plan.problem.services},
        "objectives": [
            {"name": r.name, "value": r.value, "bound": r.bound, "unit": r.unit} for r in plan.proof.objectives
        ],
        **({"second_opinion": plan.proof.second_opinion.record} if plan.proof.second_opinion else {}),
        "broken_rules": plan.broken["instance"].tolist(),
        **of_inputs(plan.problem.files),
        "check": breaches,
    }


def draft(problem: Problem) -> str:
    """Return that this is a draft, and where it is said what to know before it is repeated, if anything is."""
    known = (
        " What to know before it is repeated stands in what `optimiser solve` prints." if problem.know_before else ""
    )
    return f"Draft: not a decision.{known}"


def _without_infinities(value: Any) -> Any:
    """Return plain data with null for what JSON has no number for."""
    if isinstance(value, dict):
        return {str(name): _without_infinities(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_infinities(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def new_run(name: str) -> Path:
    """Return a new run folder under runs/, named after today and the question."""
    from datetime import date

    from optimiser.plan.runs import next_free

    return next_free(Path("runs"), f"{date.today():%Y-%m-%d}_{name}")


def breaches_in_words(breaches: Sequence[Breach]) -> str:
    """Return what the check found as lines, twenty at most."""
    shown = [f"  {row.check} ({row.where}): {row.message}" for row in breaches[:20]]
    more = [f"  and {len(breaches) - 20} more"] if len(breaches) > 20 else []
    return "\n".join([f"{disagreements(len(breaches))}:", *shown, *more])


@contextmanager
def progress(silent: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows a line of progress on a terminal, and does nothing elsewhere."""
    if silent or not sys.stderr.isatty():
        yield lambda _line: None
        return
    from rich.console import Console

    with Console(stderr=True).status("Starting") as status:
        yield lambda line: status.update(f"{line} …")


def say(words: list[str], record: dict[str, Any], as_json: bool, then: str = "", last: str = "") -> None:
    """Print words, or the record as JSON, and what to do next."""
    if as_json:
        typer.echo(json.dumps(record, indent=2, default=str))
        return
    for line in [*words, last] if last else words:
        typer.echo(visible(line, but="\n"))
    if then:
        typer.echo(f"Next: {_as_called(then)}")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> None:
    """Print rows under their heads; ``sides`` says of each column whether it stands left (l) or right (r)."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for head, side in zip(heads, sides, strict=True):
        drawn.add_column(head, overflow="fold", justify="left" if side == "l" else "right", no_wrap=side == "r")
    for row in rows:
        drawn.add_row(*row)
    if Console().is_terminal:
        Console(highlight=False, **AS_WRITTEN).print(drawn)
        return
    plain = Console(width=PLAIN_WIDTH, highlight=False, **AS_WRITTEN)
    with plain.capture() as printed:
        plain.print(drawn)
    say([line.rstrip() for line in printed.get().splitlines()], {}, as_json=False)


def _as_called(command: str) -> str:
    """Return a command of ours as it works when typed again, by the path of this one if it needs it; others as is."""
    import shutil

    called = sys.argv[0]
    ours = command.startswith("optimiser ") and Path(called).stem == "optimiser"
    by_path = ours and shutil.which("optimiser") is None
    return f"{called}{command.removeprefix('optimiser')}" if by_path else command


def taken_in_words(question: Question) -> list[str]:
    """Return what of a question can hardly be, and what was understood otherwise than written, as lines; or nothing."""
    found = {"Doubtful, so check before you use an answer:": question.doubts}
    found["Taken otherwise than written:"] = question.taken
    return [line for heading, words in found.items() if words for line in (heading, *(f"  {one}" for one in words))]


def number_in_words(value: Any) -> str:
    """Return a number to two decimal places at most, with commas."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def first_line(function: object) -> str:
    """Return the first line of a docstring."""
    return (function.__doc__ or "").strip().partition("\n")[0]
