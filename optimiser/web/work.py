"""One job, in a process of its own that may be stopped at any time.

What is asked comes in as one line of JSON, and lines of JSON go out: ``told`` as each step begins, ``so_far`` of how
many where that is known, and at the end ``done`` or ``failed``. Memory is limited before anything heavy is imported.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from optimiser.web.scenarios import FORMAT, RECORD

if TYPE_CHECKING:
    import pandas as pd

    from optimiser.explanation import Clash
    from optimiser.plan import Plan
    from optimiser.problem import Problem

Asked = dict[str, Any]
Done = dict[str, Any]
Tell = Callable[[str], None]

MEMORY = "memory"
# How a change begins that says how much more, fewer or how many times as many.
RELATIVE = "x+-"


def main() -> int:
    """Do one job and say how it ended; return the exit code."""
    # Nothing that a library prints may come between our lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.readline())
    limit_memory(asked["memory_bytes"])
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()

    def tell(words: str) -> None:
        _say(out, {"told": words})

    def count(done: int, of: int) -> None:
        _say(out, {"so_far": done, "of": of})

    try:
        done = JOBS[asked["kind"]](asked | {"count": count}, tell)
    except MemoryError:
        _say(out, {"failed": MEMORY})
        return 1
    except Exception as error:
        from optimiser.errors import OptimiserError

        if not isinstance(error, OptimiserError):
            raise
        _say(out, {"failed": str(error)})
        return error.exit_code
    _say(out, {"done": done})
    return 0


def limit_memory(most_bytes: int) -> None:
    """Have the system refuse this process more than so much memory, where it can."""
    try:
        import resource
    except ImportError:  # Windows: jobs are limited in time only
        return
    with suppress(ValueError, OSError):  # where the system sets no such limit
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


def _end_with(parent: int) -> None:
    """End this process when the server that started it is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)


def _say(out: IO[str], record: dict[str, Any]) -> None:
    out.write(json.dumps(record) + "\n")
    out.flush()


# -- the jobs: each calls one public function -------------------------------------------------------


def evaluate(asked: Asked, tell: Tell) -> Done:
    """Work out what a choice comes to, and write it as a scenario."""
    import optimiser as op
    from optimiser.plan.proof import Written

    source = f"asked in a scenario: {asked['reason']}"
    option = {"option": "LOCAL", "title": asked["name"], "source": source, "designations": asked["designations"]}
    with _draft(asked, "option.yaml", option) as (file, written):
        tell("Reading the question")
        problem = op.read_problem(asked["base"])
        tell("Working out what the choice comes to")
        chosen = op.read_option(file)
        said = Written(chosen.code, chosen.title, chosen.source, chosen.settings.verified)
        plan = op.evaluate(problem, op.designations_of(problem, chosen), option=said)
        return _finish(asked, plan, written, tell)


def best(asked: Asked, tell: Tell) -> Done:
    """Find the best plan under the question as changed, and write it as a scenario."""
    import optimiser as op
    from optimiser.explanation.solving import best_or_clash
    from optimiser.search.level import with_standings

    with _draft(asked, "config.yaml", _what_if(asked)) as (file, written):
        tell("Reading the question")
        problem = op.read_problem(file)
        plan = best_or_clash(problem, time_limit_minutes=_minutes(asked, problem), tell=tell)
        if isinstance(plan, op.Clash):
            return _no_plan(asked, problem, plan, written, tell)
        tell("Looking for plans that are level")
        return _finish(asked, with_standings(plan), written, tell)


def explain(asked: Asked, tell: Tell) -> Done:
    """Say what it would cost to have a service at a site, or which rules that breaks. Nothing is written."""
    import optimiser as op

    tell("Reading the question")
    problem = op.read_problem(asked["base"])
    plan = op.solve(problem, time_limit_minutes=_minutes(asked, problem), tell=tell)
    tell("Working out why not")
    return {"words": str(op.explain(plan, service=asked["service"], site=asked["site"])).splitlines()}


def sweep(asked: Asked, tell: Tell) -> Done:
    """Ask the question in many scenarios, and write what was found."""
    from optimiser import scenarios as sweeps

    place = Path(asked["folder"])
    ranges = {
        name: {"shape": "uniform", **one, "source": f"asked in a scenario: {asked['reason']}", "verified": False}
        for name, one in asked["vary"].items()
    }
    content = {"title": asked["name"], "config": _beside(asked), "draws": asked["draws"], "seed": 1, "vary": ranges}
    content |= {"sobol": True} if asked["sobol"] else {}
    with _draft(asked, "sweep.yaml", content) as (file, written):
        tell("Reading the question")
        found = sweeps.read_sweep(file)
        # Beside the draft, so that what a stopped sweep leaves goes with it.
        work, chunks = sweeps.run(found, file.parent / "sweep", tell=tell, count=asked["count"])
        tell("Putting it together")
        finding = sweeps.Finding(work, sweeps.together(work, chunks))
        words = [line for line in sweeps.lines(finding) if line]
        _write(asked, written | _under("sweep", sweeps.files_of(finding)), place, "sweep", words)
    return {"words": words, "scenario": place.name}


@contextmanager
def _draft(asked: Asked, name: str, content: dict[str, Any]) -> Iterator[tuple[Path, dict[str, bytes]]]:
    """Yield a file of what was asked, beside where the scenario will be, and the same as a file of the scenario."""
    place = Path(asked["folder"])
    place.parent.mkdir(parents=True, exist_ok=True)
    # JSON is YAML too, and every text in it is in quotes.
    text = (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
    with tempfile.TemporaryDirectory(prefix=f".{place.name}.unfinished-", dir=place.parent) as draft:
        file = Path(draft) / name
        file.write_bytes(text)
        yield file, {name: text}


def _minutes(asked: Asked, problem: Problem) -> float:
    """Leave time to write down what was found when the search is cut short."""
    return min(problem.time_limit_minutes, 0.8 * float(asked["seconds"]) / 60)


def _what_if(asked: Asked) -> dict[str, Any]:
    reason = asked["reason"]
    services: dict[str, Any] = {}
    for code, changes in asked["changes"].items():
        figures = {name: value for name, value in changes.items() if name not in ("open", "shut") and value is not None}
        services[code] = {
            name: {"value": value, "source": f"asked in a scenario: {reason}", "verified": False}
            for name, value in figures.items()
        }
        fixed = {site: {"provided": True, "reason": reason} for site in changes["open"]}
        fixed |= {site: {"provided": False, "reason": reason} for site in changes["shut"]}
        services[code] |= {"fixed": fixed} if fixed else {}
    change = {
        name: {"value": wanted if wanted[0] in RELATIVE else float(wanted), "reason": reason}
        for name, wanted in asked["change"].items()
    }
    travel = {"time": asked["time"]} if asked["time"] else {}
    stated = {"services": services, "travel": travel, "change": change}
    return {"based_on": _beside(asked), "title": asked["name"], **{name: one for name, one in stated.items() if one}}


def _beside(asked: Asked) -> str:
    """Return the way from a scenario's folder to the config that it is based on."""
    return os.path.relpath(asked["base"], asked["folder"])


def _no_plan(asked: Asked, problem: Problem, found: Clash, written: dict[str, bytes], tell: Tell) -> Done:
    """Check why no plan meets every rule, and write that as a run with what was asked and why, all or nothing."""
    from optimiser import checker
    from optimiser.plan.runs import NO_PLAN, files_without_plan

    tell("Checking which rules clash")
    files = files_without_plan(problem, found.tables(), found.all_found)
    _refuse_unsound(checker.check(files))
    place, words = Path(asked["folder"]), str(found).splitlines()
    _write(asked, written | _under("run", files), place, NO_PLAN, words)
    return {"words": words, "scenario": place.name}


def _refuse_unsound(breaches: pd.DataFrame) -> None:
    """Raise ``CheckFailed`` where the independent check disagrees."""
    from optimiser.errors import CheckFailed, disagreements

    if len(breaches):
        found = f"{disagreements(len(breaches))}, so nothing was kept."
        raise CheckFailed(f"{found} Please report it: {breaches.iloc[0].message}")


def _finish(asked: Asked, plan: Plan, written: dict[str, bytes], tell: Tell) -> Done:
    """Check a plan, and write its run with what was asked and why, all or nothing."""
    from optimiser import checker
    from optimiser.plan.runs import files_of
    from optimiser.report import summary

    tell("Checking every number")
    files = files_of(plan)
    _refuse_unsound(checker.check(files))
    place, words = Path(asked["folder"]), [line for line in summary.lines(plan)[1:] if line]
    _write(asked, written | _under("run", files), place, plan.proof.outcome, words)
    return {"words": words, "scenario": place.name}


def _under(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}


def _write(asked: Asked, files: dict[str, bytes], place: Path, outcome: str, words: list[str]) -> None:
    """Write a scenario with its reason, all or nothing."""
    from optimiser.plan.runs import write_files

    record = {
        "format": FORMAT,
        "name": asked["name"],
        "reason": asked["reason"],
        "kind": asked["kind"],
        "made": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        "based_on": _beside(asked),
        "outcome": outcome,
        "words": words,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_files({RECORD: text.encode(), **files}, place)


JOBS: dict[str, Callable[[Asked, Tell], Done]] = {
    "evaluate": evaluate,
    "best": best,
    "explain": explain,
    "sweep": sweep,
}
