"""The command that lists, options, with what was found as sentences and tables for a terminal."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optimiser.cli.app import AsJson, Cluster, Quiet, draft, number_in_words, progress, say, table
from optimiser.errors import Fault, InputError, NoPlan, NotWritten, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from optimiser.problem import Problem
    from optimiser.search.batch import Sought
    from optimiser.search.option_files import Found
    from optimiser.search.options import Front, NearBest, OfServices, Options, Ranked

MOST_ROWS = 20
# What options are set against: the first of the list, or that of the long list where another list has another.
THE_FIRST, FIRST_OF_ALL = "the first", "the first of all, above"
# Of two trade-offs between two aims each wins half of all weights, whatever the numbers are.
ALWAYS_HALF = (2, 2)

Configs = Annotated[list[Path], typer.Argument(metavar="CONFIG", help="A question, as a YAML file, or several.")]
Best = Annotated[int, typer.Option(min=1, max=100_000, help="How many of the best to list.")]
Hurdles = Annotated[str, typer.Option(metavar="RULE,RULE", help="Rules to apply first. Default: the config's hurdles.")]
Within = Annotated[str, typer.Option(metavar="5%", help="Also every plan within so much of the best.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Also every plan within so many minutes a patient.")]
NearIn = Annotated[str, typer.Option(metavar="AIM", help="The aim that counts as near. Default: the first objective.")]
Apart = Annotated[int, typer.Option(min=1, help="Designations by which near-best plans shown apart must differ.")]
Aims = Annotated[str, typer.Option("--front", metavar="AIM,AIM", help="Also every trade-off between these aims.")]
Folder = Annotated[Path | None, typer.Option(help="Write the tables and every lawful option to this new folder.")]


def options(
    configs: Configs,
    best: Best = 20,
    hurdles: Hurdles = "",
    within: Within = "",
    within_minutes: Minutes = None,
    near_in: NearIn = "",
    apart: Apart = 2,
    front: Aims = "",
    out: Folder = None,
    cluster: Cluster = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List every option: struck out rule by rule, ranked, nearly as good, and best in some aim.

    Example:  optimiser options configs/base.yaml --within 5%

    Of several questions, such as one of each place, a line each; a folder of each is written to --out.
    """
    from optimiser.inputs import read_problem
    from optimiser.problem.words import amount
    from optimiser.search import batch, option_files

    if near_in and not within and within_minutes is None:
        raise InputError([Fault("--near-in", "say how near as well: --within 5% or --within-minutes 1.")])
    rules, aims = _names("--hurdles", hurdles), _names("--front", front)
    share = _share(within) if within else None
    sought = batch.Sought(
        best, tuple(rules) if hurdles else None, share, within_minutes, near_in or None, apart, tuple(aims)
    )
    if len(configs) > 1:
        _several(configs, sought, out, cluster, as_json=as_json, quiet=quiet)
        return
    if cluster:
        raise InputError([Fault("--cluster", "shares several questions between machines. Name several, or leave it.")])
    (config,) = configs
    with progress(quiet or as_json) as tell:
        tell("Reading the config and its tables")
        problem = read_problem(config)
        found = sought.among(problem, tell)
        if out:
            tell("Writing every option down")
        written = option_files.write(found, out) if out else None
    if as_json:
        say([], option_files.record(found), as_json=True)
    else:
        how = f"within {within}" if within else f"within {amount(within_minutes or 0, 'minutes')}"
        _show(found, apart, how)
        say([], {}, False, "" if quiet else f"optimiser solve {config}", f"Folder: {written}" if written else "")
    if not found.options.lawful:
        none = f"No option meets every rule. To see which rules clash: optimiser solve {config}"
        if as_json:
            raise NoPlan(none)
        _say(none)
        raise typer.Exit(NoPlan.exit_code)


def _several(
    configs: list[Path], sought: Sought, out: Path | None, cluster: str, *, as_json: bool, quiet: bool
) -> None:
    """List the options of several questions, a line each, and write a folder of each."""
    from optimiser.plan.runs import write_files
    from optimiser.search import batch

    if out and out.exists():
        raise NotWritten(f"{out} exists already. Choose another name with --out, or move it away.")
    names = _told_apart(configs)
    with progress(quiet or as_json) as tell:
        problems = _read(configs, tell)
        tell("Judging every option")
        found = batch.of_each(problems, sought, cluster=cluster, tell=tell)
        rows = batch.rows(names, problems, found)
        written = write_files(batch.files_of_all(rows, found), out) if out else None
    if as_json:
        say([], {batch.QUESTIONS: rows}, as_json=True)
    else:
        _show_several(rows)
        say([], {}, False, "" if quiet else f"optimiser options {configs[0]}", f"Folder: {written}" if written else "")
    if all(one.outcome == batch.NONE for one in found):
        raise typer.Exit(NoPlan.exit_code)


def _told_apart(configs: list[Path]) -> list[str]:
    """Return what each config is called: its own name or, where several have that, with its folder's before it."""
    where = [config.resolve() for config in configs]
    names = [one.stem for one in where]
    if len({*names}) < len(names):
        names = [f"{one.parent.name}_{one.stem}" for one in where]
    if twice := sorted({quoted(name) for name in names if names.count(name) > 1}):
        raise InputError([Fault("CONFIG", f"more than one is called {', '.join(twice)}. Rename a file or its folder.")])
    return names


def _read(configs: list[Path], tell: Callable[[str], None]) -> list[Problem]:
    """Read every question; what is wrong with any of them is told at once."""
    from optimiser.inputs import read_problem

    problems: list[Problem] = []
    faults: list[Fault] = []
    for number, config in enumerate(configs, start=1):
        tell(f"Reading the config and its tables: {number} of {len(configs)}")
        try:
            problems.append(read_problem(config))
        except InputError as refused:
            faults += refused.faults
    if faults:
        raise InputError(faults)
    return problems


def _show_several(rows: Sequence[dict[str, Any]]) -> None:
    """Print a row for each question: how many options it has, and what the best comes to in what counts first."""
    columns = {"listed": "options", "lawful": "break no rule", "near_best": "near the best"}
    columns = {name: head for name, head in columns.items() if any(name in row for row in rows)}
    lines = []
    for row in rows:
        counts = ["" if row.get(name) is None else f"{row[name]:,}" for name in columns]
        best = [f"{_words(aim.partition('.')[0])} {number_in_words(number)}" for aim, number in row["best"].items()]
        lines.append((row["name"], *counts, best[0] if best else row["outcome"]))
    table(("question", *columns.values(), "the best comes to"), lines, "l" + "r" * len(columns) + "l")
    _say("", "Each by its own objectives: what two questions come to is not the same thing.", "Draft: not a decision.")


def _names(option: str, written: str) -> list[str]:
    names = [name.strip() for name in written.split(",") if name.strip()]
    if twice := sorted({quoted(name) for name in names if names.count(name) > 1}):
        raise InputError([Fault(option, f"names {', '.join(twice)} more than once. Name each once.")])
    return names


def _share(written: str) -> float:
    """Return what is written as 5% or 0.05 as a share."""
    try:
        number = float(written.rstrip("%")) / (100 if written.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if number >= 1 and not written.endswith("%"):
        raise InputError([Fault("--within", f"{written} is {number:.0%}. Write {written}%, if that is what you mean.")])
    if not 0 <= number < float("inf"):
        raise InputError([Fault("--within", f"{quoted(written)} is not a share. Write 5% or 0.05.")])
    return number


# -- what was found, on a terminal -----------------------------------------------------------------


def _show(found: Found, apart: int, how: str) -> None:
    """Print the long list, and what is nearly as good and what trades off, where that was asked."""
    _say(found.problem.title, "")
    _long_list(found.options, ranked=found.near is None)
    if not found.options.lawful:
        return
    first = found.options.ranked.provided[0]
    if found.near:
        _near_best(found.near, found.options.lawful, first, apart, how)
    if found.front:
        _front(found.front, found.won, first)
    _say(draft(found.problem))


def _long_list(options: Options, *, ranked: bool) -> None:
    """Print what strikes options out, the first of the rest and, unless another list has them, the best."""
    from optimiser.explanation.broken import hangs_in_words
    from optimiser.plan import evaluate
    from optimiser.report.words import weights

    struck = options.hurdles[options.hurdles["struck_out"] > 0]
    _say(f"{options.listed:,} options agree with what is fixed. Rule by rule:")
    rows = [(_words(str(row.rule)), f"{row.struck_out:,}", f"{row.left:,}") for row in struck.itertuples()]
    table(("rule", "strikes out", "leaves"), rows, "lrr")
    _say("The other rules strike out none of those that are still there. In another order each rule might strike")
    _say(f"out another number, and the same {options.lawful:,} would be left.", "")
    if not options.lawful:
        return
    first = evaluate(options.ranked.problem, options.ranked.designated(0))
    _say(
        "The first of them:",
        *(f"  {line}" for line in _in_full(options.ranked.problem, options.ranked.provided[0])),
        *hangs_in_words(first),
        "",
    )
    if not ranked:
        return
    by = ", then ".join(_words(aim.name) for aim in options.ranked.aims)
    _say(f"The best {len(options.ranked):,}, by {by}. Of equals, those with fewest changes from today")
    _say("come first, then those with fewest sites, then site order decides:")
    _options(options.ranked, options.ranked.provided[0])
    if said := weights(first).strip():
        _say(said)
    if options.equal_best > 1:
        others = options.equal_best - 1
        _say(f"{others:,} {'other equals' if others == 1 else 'others equal'} the first in every objective.")
    if options.equal_to_last > options.equal_to_last_shown:
        more = options.equal_to_last - options.equal_to_last_shown
        _say(f"{more:,} more equal the last in every objective and are not shown.")
    _say("")


def _near_best(near: NearBest, lawful: int, first: np.ndarray, apart: int, how: str) -> None:
    from optimiser.problem.words import listed
    from optimiser.search.options import OfServices

    aim, best, limit = _words(near.by.name), number_in_words(near.best), number_in_words(near.limit)
    how = f"{how} {_of_what(near, how)}"
    those = (
        f"{near.count:,} of the {lawful:,} come" if near.count > 1 else f"Of the {lawful:,} only one, the best, comes"
    )
    by_minutes = near.by.name == "patient_minutes"
    near_in = ", all services taken together," if by_minutes else f" in {aim}, whatever else is worse,"
    _say(f"{those} near the best{near_in}")
    _say(f"{how}:")
    _say(f"{aim} at most {limit}, where the best is {best}.")
    others = [one.name for one in near.ranked.problem.objectives if one.name != near.by.name]
    if near.count == lawful > 1 and others:
        _say(f"All of them do. To be near in another aim: --near-in {others[0]}.")
    if near.is_complete and not any((one == first).all() for one in near.ranked.provided):
        _say("The first of all, above, is not among them.")
    shown = near.ranked.some(range(min(MOST_ROWS, len(near.ranked))))
    if len(shown) < near.count:
        _say(f"The first {len(shown)} of them; --out and --json have {len(near.ranked):,}:")
    than = _set_against(near.ranked, first)
    _options(shown, first, mark=True, than=than)
    if near.count == 1:
        _say("")
        return
    services = OfServices.of(near.ranked.problem, near.ranked.provided, first)
    _say("", *_worse_in_words(near, int(services.worse.any(axis=1).sum()), than))
    _say("", *_apart_in_words(near, apart))
    numbers = [_row_of(one, shown.provided) for one in near.different.provided]
    if all(numbers):
        _say(f"  {listed(map(str, numbers))} above.")
    else:
        _options(near.different, first, mark=True, than=than)
    _say("", f"How many of the {near.count:,} provide each service at each site (core: all of them; never: none),")
    _say(f"{how}:")
    _shares(near)


def _of_what(near: NearBest, how: str) -> str:
    """Return of what plans are within so much: the aim over which services, and which of these decides it."""
    from optimiser.problem.words import percent
    from optimiser.report.words import weighs_most

    problem = near.ranked.problem
    if near.by.name != "patient_minutes":
        return f"of the best in {_words(near.by.name)}"
    of_whom = [problem.services[code].activity for code in problem.services_with_patients]
    a_patient = f"a patient on average{' (who counts once at each service)' if len({*of_whom}) < len(of_whom) else ''}"
    what = "of all patient-minutes" if how.endswith("%") or "minute" not in how else a_patient
    found = weighs_most(problem, near.ranked.designated(0), near.by)
    if found is None:
        return what
    which = "which" if what.startswith("of") else "all patient-minutes"
    joined = ", " if what.startswith("of") else "; "
    return f"{what}{joined}{percent(found[1])} of {which} are those of {problem.services[found[0]].name}"


def _apart_in_words(near: NearBest, apart: int) -> list[str]:
    """Return how many plans are shown that are apart, out of which, and how they were found."""
    from optimiser.problem.words import amount

    differ, of = f"in at least {amount(apart, 'designations')}", "them" if near.is_complete else _written_down(near)
    if len(near.different) == 1:
        return [f"No others of {of} differ from the best {differ}:"]
    which = " that" if near.is_complete else ", which"
    return [
        f"{len(near.different)} of {of}{which} differ from one another {differ}: the best, then",
        "each time that which is farthest from all above it:",
    ]


def _written_down(near: NearBest) -> str:
    return f"the {len(near.ranked):,} that are written down"


def _worse_in_words(near: NearBest, worse: int, than: str) -> list[str]:
    """Return in how many of the plans some service's own average is longer by more than counts as level."""
    from optimiser.problem import TIE

    stated, listed_ones = near.ranked.problem.a_tie_is_within, len(near.ranked)
    more = f"{stated.value:g} minutes" if stated else f"{TIE:.0%}"
    of_all = f"the {listed_ones:,}" if near.is_complete else _written_down(near)
    left = near.count - listed_ones
    others = f" In the other {left:,} it may be: they were not looked at." if left else ""
    if not worse:
        none = f"In none of {of_all if left else 'them'} is any service's own average journey more than {more}"
        return [f"{none} longer", f"than in {than}.{others}"]
    of_all = f"{worse:,} of {of_all}"
    far = ": for the patients of that service they are not level" if than == THE_FIRST else ""
    return [
        f"* In {of_all}, some service's own average journey is more than {more} longer than in",
        f"{than}{far}.{others}",
    ]


def _set_against(ranked: Ranked, first: np.ndarray) -> str:
    """Return what the first of all options is called beside a list of options, of which it need not be the first."""
    return THE_FIRST if (ranked.provided[0] == first).all() else FIRST_OF_ALL


def _row_of(one: np.ndarray, shown: np.ndarray) -> int:
    """Return the number of the row that shows an option, from 1; 0 where none does."""
    return next((number for number, other in enumerate(shown, start=1) if (one == other).all()), 0)


def _shares(near: NearBest) -> None:
    from optimiser.problem.words import short

    problem, rows = near.ranked.problem, []
    for code, here in near.shares[~near.shares["fixed"]].groupby("service", sort=False):
        at = {row.site: _standing(row) for row in here.itertuples()}
        rows.append((problem.services[str(code)].name, *(at.get(site, "fixed") for site in problem.candidates)))
    sites = (short(problem.sites[site].name) for site in problem.candidates)
    table(("service", *sites), rows, "l" + "r" * len(problem.candidates))
    if near.shares["fixed"].any():
        _say("What was settled beforehand is left out.")
    _say("")


def _standing(row: Any) -> str:
    return row.standing if row.standing != "contested" else f"{row.share:.0%} ({row.plans:,})"


def _front(front: Front, won: Any, first: np.ndarray) -> None:
    from optimiser.problem.words import listed
    from optimiser.search.weights import effective_weights

    aims = [_words(aim.name) for aim in front.ranked.aims]
    many = "1 trade-off" if len(front.ranked) == 1 else f"{len(front.ranked):,} trade-offs"
    than = "one of these" if len(front.ranked) > 1 else "this one"
    _say(f"{many} between {listed(aims)}: no option is as good as {than} in all aims and better in one.")
    extra: dict[str, list[str]] = {}
    if front.options is not None:
        extra["options"] = [f"{many:,}" for many in front.options]
    says_something = won is not None and (len(front.ranked), len(aims)) != ALWAYS_HALF
    if won is not None and says_something:
        extra["weights won"] = [f"{share:.1%}" for share in won["share"]]
    _options(front.ranked, first, extra, than=_set_against(front.ranked, first))
    if won is not None and len(front.ranked) > 1 and not says_something:
        _say("Two trade-offs between two aims each score best under half of all weights, whatever their numbers.")
    elif won is not None and len(front.ranked) > 1:
        parts = [f"{aim} {share:.0%}" for aim, share in zip(aims, effective_weights(front), strict=True)]
        _say("Weights won: of all ways to weigh these aims, each measured from its best to its worst above, the share")
        _say("under which the option scores best. No weights are chosen here. Under equal ones the spread of scores")
        _say(f"would come from {listed(parts)}.")
    _say("")


def _options(
    ranked: Ranked,
    first: np.ndarray,
    extra: dict[str, list[str]] | None = None,
    *,
    mark: bool = False,
    than: str = THE_FIRST,
) -> None:
    """Print options by number: what they come to, and where and by how much they differ from the first of all.

    A service whose own average journey is longer by more than counts as level may be marked with a star.
    """
    from optimiser.search.options import OfServices

    services, extra = OfServices.of(ranked.problem, ranked.provided, first), extra or {}
    rows = [
        (
            str(n + 1),
            *map(number_in_words, values),
            *(column[n] for column in extra.values()),
            "; ".join(
                f"{where}{_journeys(ranked.problem, services, n, code, mark)}"
                for code, where in _where(ranked.problem, ranked.provided[n], first)
            )
            or than,
        )
        for n, values in enumerate(ranked.values)
    ]
    heads = ("", *(_words(aim.name) for aim in ranked.aims), *extra, f"what differs from {than}")
    table(heads, rows, "r" * (len(heads) - 1) + "l")


def _journeys(problem: Problem, services: OfServices, number: int, code: str, mark: bool) -> str:
    """Return in brackets what an option's average journey to a service is, and the share within its standard."""
    from optimiser.problem.words import percent

    if code not in services.mean_minutes:
        return ""
    mean, star = services.mean_minutes[code][number], "*" if mark and services.worse[code][number] else ""
    minutes = [f"{one:.2f}" for one in (mean, services.against_mean[code])]
    said = [
        f"{minutes[0]} minutes either way"
        if len({*minutes}) == 1
        else f"{minutes[0]}{star} minutes against {minutes[1]}"
    ]
    standard = problem.services[code].standard_minutes
    if standard:
        shares = [percent(one) for one in (services.within_standard[code][number], services.against_within[code])]
        said.append(f"{shares[0]} within {standard.value:g} against {shares[1]}")
    return f" ({', '.join(said)})"


def _in_full(problem: Problem, provided: np.ndarray) -> list[str]:
    """Return where each service that is open to decision is."""
    return [where for _, where in _where(problem, provided)]


def _where(problem: Problem, provided: np.ndarray, against: np.ndarray | None = None) -> list[tuple[str, str]]:
    """Return where each service that is open to decision is, by code; only those elsewhere than in another option."""
    from optimiser.problem.words import places

    found = []
    for n, (code, service) in enumerate(problem.services.items()):
        settled = len(service.fixed) == len(problem.candidates)
        if not settled if against is None else (provided[n] != against[n]).any():
            here = [site for site, is_here in zip(problem.candidates, provided[n], strict=True) if is_here]
            found.append((code, f"{service.name}: {places(problem, here) if here else 'nowhere'}"))
    return found


def _words(name: str) -> str:
    return name.replace("_", " ")


def _say(*lines: str) -> None:
    say(list(lines), {}, as_json=False)
