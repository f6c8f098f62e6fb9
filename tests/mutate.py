"""Whether the tests would notice: small changes to the checkers, one at a time, and those that no test notices.

    make mutate                                300 changes, the same each time
    python tests/mutate.py --draw 50 --seed 7
    python tests/mutate.py --start 172         those from the 172nd on, where a run was stopped
    python tests/mutate.py verify.py:1204      all those of a line

Every change that could be made is listed: a comparison or a sum turned round, a number or a text made another, a
condition turned or dropped, a statement left out. Some are drawn, and each is judged by the tests of true runs and of
lies that come to its line: it is noticed if one of them fails, or does not end. Sentences that people are told are left
as they are. Lots fall by what a change says, not by where it stands: when a file becomes another, those of what stays
are drawn as before.

Why neither mutmut nor cosmic-ray: cosmic-ray starts the tests anew for each change, which takes a minute before the
first of them says anything; mutmut knows what it changed by the name of its module, and the checker of a pack is read
by its tests as what it is, a file of no package. Here all happens in one process: the tests are run once, which solves
their questions and shows where they go, and then for each change those that it needs. In the end all of them have to
pass as they did, or something was left behind.
"""

from __future__ import annotations

import argparse
import ast
import gc
import os
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from _pytest.runner import runtestprotocol

import optimiser
from optimiser import checker
from optimiser.plan import Plan
from optimiser.problem import Problem

ROOT = Path(__file__).parents[1]
CHECKED = {str(ROOT / "optimiser/checker" / name): name for name in ("verify.py", "rules.py")}
# What share of the changes that are drawn is of which.
SHARES = {"verify.py": 0.8, "rules.py": 0.2}
TESTS = (
    "tests/report/test_pack.py",
    "tests/report/test_verify.py",
    "tests/inputs/test_adding_by_road.py",
    "tests/search/test_certificate.py",
    "tests/search/test_second_opinion.py",
    "tests/checker/test_branches.py",
    "tests/checker/test_changes.py",
    "tests/checker/test_checker.py",
    "tests/journeys/test_by_transfer.py",
)
# A test that takes longer is left out, for it would be run hundreds of times; so are drawn worlds and whole packs.
# Seconds are those of the processor, however busy it is.
MOST_SECONDS = 5.0
# Of each function, the lines of so many calls are noted in a test.
MOST_CALLS = 50
# A test that takes so many times as long, and so many seconds more, is taken never to end.
AS_LONG, AND_SECONDS = 5, 10
MOST_MEMORY = 8 * 2**30
# Calls that tell people something.
TELLING = {"Breach", "CannotRead", "TooMany", "fail", "note", "print", "say", "skip"}
TURNED: dict[type[ast.AST], Any] = {
    ast.Lt: ast.LtE,
    ast.Gt: ast.GtE,
    ast.Eq: ast.NotEq,
    ast.In: ast.NotIn,
    ast.Is: ast.IsNot,
    ast.And: ast.Or,
    ast.Add: ast.Sub,
    ast.Mult: ast.Div,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
}
TURNED |= {there: here for here, there in TURNED.items()}
TURNED |= {ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitXor: ast.BitAnd}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Change(NamedTuple):
    """What becomes of a piece of a file: between two bytes, perhaps of a function, and the lines of its statement."""

    path: str
    start: int
    end: int
    new: str
    function: str | None
    lines: range
    was: str

    @property
    def name(self) -> str:
        was = self.was if len(self.was) < 80 else self.was[:77] + "..."
        return f"{CHECKED[self.path]}:{self.lines[0]}: {was} -> {self.new}"


def others(node: ast.AST) -> Iterator[tuple[Any, str]]:
    """Yield a piece and what may stand in its place."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=right):
            for n, op in enumerate(ops):
                yield node, _said(ast.Compare(left, [*ops[:n], TURNED[type(op)](), *ops[n + 1 :]], right))
        case ast.BinOp(left=left, op=op, right=other):
            yield node, _said(ast.BinOp(left, TURNED[type(op)](), other))
        case ast.BoolOp(op=op, values=values):
            yield node, _said(ast.BoolOp(TURNED[type(op)](), values))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield node, _said(operand)
        case ast.Constant(value=bool() as value):
            yield node, str(not value)
        case ast.Constant(value=int() | float() as value):
            yield node, str(value + 1)
        case ast.Constant(value=str() as value):
            yield node, repr(value + "_")
        case ast.JoinedStr(values=values) if not any(" " in str(getattr(one, "value", "")) for one in values):
            yield node, _said(ast.JoinedStr([*values, ast.Constant("_")]))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield node, _said(ast.IfExp(test, orelse, body))
        case ast.Call(func=ast.Name(id="sorted"), args=[one, *_]):
            yield node, f"list({_said(one)})"
        case ast.Call(func=ast.Name(id=called)) if called in CALLED:
            yield node.func, CALLED[called]
        case ast.comprehension(ifs=ifs):
            yield from ((one, "True") for one in ifs)
        case ast.If(test=test) | ast.While(test=test):
            yield test, f"not ({_said(test)})"
        case ast.Return(value=value) if value and not isinstance(value, ast.Constant):
            yield value, "None"
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.Raise() | ast.AugAssign():
            yield node, "pass"
        case ast.Continue():
            yield node, "break"
        case ast.Break():
            yield node, "continue"


def _said(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(node))


def _called(node: ast.AST) -> str:
    function = getattr(node, "func", None)
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _head(statement: ast.stmt) -> range:
    """Return the lines of a statement, without those of statements in it."""
    body = getattr(statement, "body", None)
    last = max(statement.lineno, body[0].lineno - 1) if body else statement.end_lineno or statement.lineno
    return range(statement.lineno, last + 1)


def changes_of(path: str) -> list[Change]:
    """Return every change of a file, in the order in which they stand."""
    content = Path(path).read_bytes()
    starts = [0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tree = ast.parse(content)
    # Decorators run when the file is read: to change them, it is read again.
    decorators = {_called(one) for node in ast.walk(tree) for one in getattr(node, "decorator_list", [])}
    found: list[Change] = []

    def look(node: ast.AST, names: tuple[str, ...], function: str | None, lines: range) -> None:
        if isinstance(node, ast.stmt):
            lines = _head(node)
        for old, new in others(node):
            start, end = starts[old.lineno - 1] + old.col_offset, starts[old.end_lineno - 1] + old.end_col_offset
            was = content[start:end].decode()
            new = new if isinstance(old, ast.stmt) else f"({new})"
            found.append(Change(path, start, end, new, function, lines, " ".join(was.split())))
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Literal":
            return  # a type, which nothing is asked of
        for field, value in ast.iter_fields(node):
            for one in value if isinstance(value, list) else [value]:
                if not isinstance(one, ast.AST) or field in ("annotation", "returns"):
                    continue
                if _called(node) in TELLING and isinstance(one, ast.Constant):
                    continue
                inside, within = names, function
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and field == "body":
                    inside = (*names, node.name)
                    if isinstance(node, ast.FunctionDef) and node.name not in decorators:
                        within = function or ".".join(inside)
                look(one, inside, within, lines)

    look(tree, (), None, range(1, 2))
    return found


def lots(changes: Iterable[Change], seed: int) -> list[Change]:
    """Return changes in an order that chance gives, in which they stay when others come or go."""
    seen: Counter[str] = Counter()

    def lot(change: Change) -> bytes:
        said = f"{seed} {change.function} {change.was} {change.new}"
        seen[said] += 1
        return sha256(f"{said} {seen[said]}".encode()).digest()

    return sorted(changes, key=lot)


def changed(change: Change) -> CodeType:
    """Return the file as code, with a change made and every line where it was."""
    content = Path(change.path).read_bytes()
    gone = content[change.start : change.end].count(b"\n")
    new = change.new[:-1] + "\n" * gone + ")" if change.new.endswith(")") else change.new + "\n" * gone
    with warnings.catch_warnings(action="ignore"):
        return compile(content[: change.start] + new.encode() + content[change.end :], change.path, "exec")


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of every function and method of a file."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one) if not one.co_flags & 0x2 else ()  # a class, which is no function


@contextmanager
def made(change: Change) -> Iterator[None]:
    """Make a change wherever the file was read, and take it back."""
    code = changed(change)
    if change.function is None:
        _read_again(change.path, code)
        try:
            yield
        finally:
            _read_again(change.path, compile(Path(change.path).read_bytes(), change.path, "exec"))
        return
    new = {(one.co_qualname, one.co_firstlineno): one for one in _codes(code) if one.co_qualname == change.function}
    every = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
    old = [(one, one.__code__) for one in every if one.__code__.co_filename == change.path]
    for one, was in old:
        one.__code__ = new.get((was.co_qualname, was.co_firstlineno), was)
    try:
        yield
    finally:
        for one, was in old:
            one.__code__ = was


def _read_again(path: str, code: CodeType) -> None:
    """Read a file again, as some code; who has something of it by name gets the new."""
    every = [one for one in gc.get_objects() if isinstance(one, ModuleType)]
    for module in [one for one in every if getattr(one, "__file__", None) == path]:
        before = dict(vars(module))
        exec(code, vars(module))
        for name, old in before.items():
            now = vars(module)[name]
            if name.startswith("__"):
                continue
            for other in every:
                if vars(other).get(name) is old:
                    setattr(other, name, now)
            if isinstance(old, dict) and isinstance(now, dict) and old is not now:
                old.clear()
                old.update(now)


class Endless(Exception):
    """A test takes far longer than it did."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Endless

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AND_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@contextmanager
def solved_once() -> Iterator[None]:
    """Have each question solved once, by what it asks; and nothing taken as checked because it was before."""
    solve, known = optimiser.solve, dict[object, Plan]()

    def solve_once(problem: Problem, **how: Any) -> Plan:
        asked = (frozenset(problem.files.items()), *sorted(how.items()))
        if not problem.files or asked not in known:
            known[asked] = solve(problem, **how)
        return known[asked]

    with patch("optimiser.solve", solve_once), patch("optimiser.plan.finished.checker", checker):
        yield


class Mutation:
    """A plugin of pytest that runs the tests, and then those that each change needs."""

    def __init__(self, draw: int, seed: int, start: int, named: list[str]) -> None:
        by_file = {name: changes_of(path) for path, name in CHECKED.items()}
        every = [one for some in by_file.values() for one in some]
        drawn = [one for name, some in by_file.items() for one in lots(some, seed)[: round(draw * SHARES[name])]]
        self.every, self.start = len(every), start
        asked = [one for one in every if any(one.name.startswith(f"{n}:") for n in named)] if named else drawn
        self.drawn = sorted(asked, key=lambda one: one[:2])[start - 1 :]
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}
        self.noticed: Counter[str] = Counter()
        self.unnoticed: list[Change] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        began = time.process_time()
        small = [one for one in session.items if "tiny_pack" not in getattr(one, "fixturenames", ())]
        with solved_once():
            self.run_once(small)
            kept = [one for one in small if self.seconds[one.nodeid] <= MOST_SECONDS]
            told(f"{len(kept)} of {len(session.items)} tests, read and run in {time.process_time() - began:.0f} s")
            began = time.process_time()
            for n, change in enumerate(self.drawn, self.start):
                items = [one for one in kept if self.comes_to(one, change)]
                # Those that noticed most so far first, then the quickest.
                items.sort(key=lambda one: (-self.noticed[one.nodeid], self.seconds[one.nodeid]))
                noticed = self.notices(items, change)
                if not noticed:
                    self.unnoticed.append(change)
                told(f"{n:4} {noticed or 'NOT NOTICED'}  {change.name}")
            took = time.process_time() - began
            self.run_once(kept)
        self.end(took)
        return True

    def run_once(self, items: Sequence[pytest.Item]) -> None:
        """Run tests as things are, and note how long they take and to which lines they come."""
        lines, calls = set[tuple[str, int]](), Counter[CodeType]()

        def line(frame: FrameType, event: str, _what: object) -> Any:
            if event == "line":
                lines.add((frame.f_code.co_filename, frame.f_lineno))
            return line

        def call(frame: FrameType, _event: str, _what: object) -> Any:
            if frame.f_code.co_filename not in CHECKED:
                return None
            calls[frame.f_code] += 1
            return line if calls[frame.f_code] <= MOST_CALLS else None

        for item in items:
            lines, calls, began = set(), Counter(), time.process_time()
            sys.settrace(call)
            passed = self.passes(item)
            sys.settrace(None)
            self.seconds[item.nodeid], self.lines[item.nodeid] = time.process_time() - began, lines
            if not passed:
                raise pytest.UsageError(f"{item.nodeid} fails as things are")

    def passes(self, item: pytest.Item) -> bool:
        # As if any test of this session might be the next, what all of them share stays.
        after: Any = item.session
        try:
            return not any(one.failed for one in runtestprotocol(item, log=False, nextitem=after))
        except Exception:  # a failure that pytest cannot report, or one that is cut off
            after._setupstate.teardown_exact(after)
            return False

    def comes_to(self, item: pytest.Item, change: Change) -> bool:
        """Say whether a test comes to a statement; or, where it is in no function, to anything in its file."""
        lines = {line for path, line in self.lines[item.nodeid] if path == change.path}
        return bool(lines and (change.function is None or lines & {*change.lines}))

    def notices(self, items: Sequence[pytest.Item], change: Change) -> str:
        """Return the test that notices a change, with how many passed before it; nothing if none does."""
        with made(change):
            for n, item in enumerate(items):
                with at_most(AS_LONG * self.seconds[item.nodeid] + AND_SECONDS):
                    if self.passes(item):
                        continue
                self.noticed[item.nodeid] += 1
                return f"{n:3} passed, then {item.name[:60]}"
        return ""

    def end(self, seconds: float) -> None:
        told(f"\n{len(self.drawn)} of {self.every:,} changes, in {seconds:.0f} s. Not noticed:")
        for change in self.unnoticed:
            told(f"  {change.name}")
        for path, name in CHECKED.items():
            every = [one for one in self.drawn if one.path == path]
            noticed = len(every) - sum(one.path == path for one in self.unnoticed)
            told(f"{name}: {noticed} of {len(every)} noticed")
        told(f"In all {1 - len(self.unnoticed) / len(self.drawn):.1%}")


def told(text: str) -> None:
    """Say something, whatever pytest keeps."""
    assert sys.__stdout__
    sys.__stdout__.write(f"{text}\n")
    sys.__stdout__.flush()


def main() -> int:
    asked = argparse.ArgumentParser(description="Change the checkers, and see whether the tests notice.")
    asked.add_argument("--draw", type=int, default=300, help="how many changes")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--start", type=int, default=1, help="the number of the first to be judged")
    asked.add_argument("named", nargs="*", help="all changes of these lines instead, as FILE:LINE")
    said = asked.parse_args()
    mutation = Mutation(said.draw, said.seed, said.start, said.named)
    os.chdir(ROOT)
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, most))
    options = [
        "--quiet",
        "--capture",
        "no",
        "--timeout",
        "0",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-m",
        "not drawn and not deep",
    ]
    ended = pytest.main([*options, *TESTS], plugins=[mutation])
    return int(ended) or int(bool(mutation.unnoticed))


if __name__ == "__main__":
    sys.exit(main())
