"""Commands that say why, why not and what may turn out otherwise: explain and sweep."""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimiser.cli.app import AsJson, Cluster, Quiet, Roads, draft, new_run, progress, say
from optimiser.errors import NoPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optimiser.explanation import OnRoads, Overview, TwoWayMap, WhatWouldHaveToBeTrue, WhyNotOption, WhyNotSite

Service = Annotated[str | None, typer.Option(help="A service; give --site as well.")]
AtSite = Annotated[str | None, typer.Option(help="A candidate; give --service as well.")]
OptionFile = Annotated[
    Path | None, typer.Option(help="Designations that people have written down, as a YAML file: why not these?")
]


def explain(
    target: Annotated[Path, typer.Argument(metavar="RUN|CONFIG", help="A run folder, or a question as a YAML file.")],
    service: Service = None,
    site: AtSite = None,
    option: OptionFile = None,
    switching: Annotated[
        bool, typer.Option("--switching", help="Also: at which value of each parameter would the order turn?")
    ] = False,
    two_way: Annotated[
        str,
        typer.Option("--map", metavar="PARAMETER,PARAMETER", help="Also: how both stand as these vary."),
    ] = "",
    roads: Roads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say why a service is not at a site, why an option is not the plan, or what the plan rests on.

    Example:  optimiser explain configs/base.yaml --option configs/options/dmbc_jul2018.yaml

    With neither --service and --site nor --option: the rules that bind, what each costs, and the nearest rivals. A run
    that evaluated an option explains why that is not the plan. Where no plan meets every rule: which rules clash. With
    --switching, what would have to be true for the option, or the best plan with that site, to overtake the plan; with
    --map, the same for two parameters together, exactly along the first. With --roads, whether the plan is still the
    best in each state of the roads that a sweep says.
    """
    from optimiser.explanation import Clash, on_roads, record
    from optimiser.explanation import explain as explain_plan
    from optimiser.explanation.solving import best_or_clash
    from optimiser.inputs import designations_of, read_question, with_exceptions_of
    from optimiser.inputs.config import read_option
    from optimiser.plan.finished import evaluated_in
    from optimiser.plan.told import written_down
    from optimiser.scenarios.settings import read_states

    if option and (service or site):
        raise typer.BadParameter("give --option, or --service and --site, not both.", param_hint="--option")
    with progress(quiet or as_json) as tell:
        tell("Reading the question")
        question = read_question(target / "config.yaml" if target.is_dir() else target)
        problem = question.problem
        states = read_states(roads, question) if roads else {}
        chosen = read_option(option) if option else None
        problem = with_exceptions_of(problem, chosen) if chosen else problem
        states = {state: with_exceptions_of(one, chosen) if chosen else one for state, one in states.items()}
        designated = designations_of(problem, chosen) if chosen else None
        written = written_down(problem, chosen) if chosen else None
        if designated is None and target.is_dir() and not (service or site):
            designated, written = evaluated_in(target)
        to_know, called = (written.to_know, written.code) if written else ([], "")
        plan = best_or_clash(problem, tell=tell)
        if isinstance(plan, Clash):
            typer.echo(json.dumps(record(plan), indent=2) if as_json else f"{problem.title}\n\n{plan}")
            raise typer.Exit(NoPlan.exit_code)
        tell("Explaining")
        answer = explain_plan(plan, service=service, site=site, option=designated, called=called)
        extra: dict[str, WhatWouldHaveToBeTrue | TwoWayMap | OnRoads] = dict(_turning(answer, switching, two_way, tell))
        if states:
            tell("Asking again in every state of the roads")
            extra["roads"] = on_roads(plan, states)
    if as_json:
        about = {"to_know": to_know} if to_know else {}
        rest = {name: record(one) for name, one in extra.items()}
        typer.echo(json.dumps(record(answer) | about | rest, indent=2))
        return
    more = (line for one in extra.values() for line in ("", str(one)))
    say([plan.problem.title, *to_know, "", str(answer), *more, "", draft(problem)], {}, False)


def _turning(
    answer: WhyNotOption | WhyNotSite | Overview, switching: bool, two_way: str, tell: Callable[[str], None]
) -> Iterator[tuple[str, WhatWouldHaveToBeTrue | TwoWayMap]]:
    """Yield at which values the plan and what it was compared with change places, one at a time and two together."""
    from optimiser.explanation import two_way_map, what_would_have_to_be_true

    other = getattr(answer, "option", None) or getattr(answer, "best", None)
    if other is None and (switching or two_way):
        asked = getattr(answer, "question", "")
        say_what = "say what to compare the plan with: add --service and --site, or --option FILE."
        nothing = "no plan that has it so meets every rule, so there is none to set beside this one. Leave it out."
        reason = f"{asked} {nothing}" if asked else say_what
        raise typer.BadParameter(reason, param_hint="--switching" if switching else "--map")
    called = getattr(answer, "named", "")
    if other and switching:
        tell("Working out where the order turns")
        yield "switching", what_would_have_to_be_true(answer.plan, other, called=called)
    if other and two_way:
        tell("Drawing the map")
        yield "map", two_way_map(answer.plan, other, [name.strip() for name in two_way.split(",")], called=called)


def sweep(
    sweep_file: Annotated[Path, typer.Argument(metavar="SWEEP", help="What may turn out otherwise, as a YAML file.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the result. Default: a new folder in runs/.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sweep that was stopped; needs --out.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes to share the work between.")] = 1,
    cluster: Cluster = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Ask a question in many scenarios: the best in each, regret of every option, and what waiting is worth.

    Example:  optimiser sweep configs/sweeps/journeys_and_demand.yaml --out runs/sweep
    """
    if resume and out is None:
        raise typer.BadParameter("say which sweep to go on with: --out, as it was given before.", param_hint="--resume")
    from optimiser import scenarios as sweeps
    from optimiser.plan.runs import write_files

    with progress(quiet or as_json) as tell:
        tell("Reading the sweep, its config and its tables")
        asked = sweeps.read_sweep(sweep_file)
        folder = out or new_run(sweep_file.stem)
        work, chunks = sweeps.run(asked, folder, workers=workers, cluster=cluster, resume=resume, tell=tell)
        tell("Putting it together")
        finding = sweeps.Finding(work, sweeps.together(work, chunks))
        written = write_files(sweeps.files_of(finding), folder)
        sweeps.forget(folder)
    found = {"folder": str(written), **json.loads((written / "run.json").read_text(encoding="utf-8"))}
    words = sweeps.lines(finding)
    say(words, found, as_json, "" if quiet else f"read {written}/regret.csv", f"Sweep folder: {written}")
