"""Everything that can go wrong, as one small tree, and how messages name files, quote and guess at slips of typing.

Each error is also the builtin a Python user would expect.

OptimiserError
├── InputError (ValueError)      a table or a config was refused; carries every fault found      exit 3
├── NoPlan (ValueError)          no plan meets every rule; carries the rules that clash           exit 4
├── NotProved (RuntimeError)     an answer was found but not proved best                          exit 5
├── CheckFailed (AssertionError) the independent check disagrees                                  exit 6
├── SolverFailed (RuntimeError)  the solver is missing, untrustworthy or gave up                  exit 7
├── TooLarge (ValueError)        the question is over a stated size limit                         exit 8
├── NotWritten (OSError)         a result could not be written                                    exit 9
└── MissingPackage (ImportError) a package that only some commands need is not installed          exit 2
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# The name to install by.
DISTRIBUTION = "hospital-service-optimiser"
# How much of two words must be common to both.
ALIKE, NEARLY_THE_SAME = 0.7, 0.9
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with the input: where, what and what to do, as a sentence that can stand alone.

    ``of`` are the codes of all that it is about, where these are too many for a sentence.
    """

    place: str
    message: str
    of: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        """Return ``place: message``."""
        return f"{self.place}: {self.message}"


# Of more codes of which the same is wrong, so many are named.
NAMED_ALIKE = 5


def some_of(codes: Sequence[str], noun: str) -> str:
    """Return how many codes of a kind there are, with the first few named."""
    named, more = ", ".join(codes[:NAMED_ALIKE]), len(codes) - NAMED_ALIKE
    return f"{len(codes):,} {noun} ({named} and {more:,} more; all with --json)"


NO_PLAN = "No plan meets every rule."
DOUBTFUL = "Doubtful beside that, so look at it too:"


class OptimiserError(Exception):
    """The root of every error that this package raises on purpose."""

    exit_code = 1


class InputError(OptimiserError, ValueError):
    """The input was refused. ``faults`` holds every fault found, in reading order.

    ``doubts`` are what can hardly be beside them, so that whoever mends the ones sees the others at once.
    """

    exit_code = 3

    def __init__(self, faults: Iterable[Fault], doubts: Iterable[str] = ()) -> None:
        self.faults, self.doubts = tuple(faults), tuple(doubts)
        doubtful = [DOUBTFUL, *(f"  {one}" for one in self.doubts)] if self.doubts else []
        super().__init__("\n".join([*map(str, self.faults), *doubtful]))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Fault, ...], tuple[str, ...]]]:
        """Return what makes it again in another process."""
        return type(self), (self.faults, self.doubts)


class NoPlan(OptimiserError, ValueError):
    """No plan meets every rule. ``clash`` names a minimal set of rules that cannot hold together."""

    exit_code = 4

    def __init__(self, message: str, clash: Iterable[str] = ()) -> None:
        self.clash = tuple(clash)
        super().__init__(message)

    def __reduce__(self) -> tuple[type[NoPlan], tuple[str, tuple[str, ...]]]:
        """Return what makes it again in another process."""
        return type(self), (str(self), self.clash)


class NotProved(OptimiserError, RuntimeError):
    """An answer was found but not proved best within the time allowed."""

    exit_code = 5


class CheckFailed(OptimiserError, AssertionError):
    """The independent check does not agree with what the plan claims."""

    exit_code = 6


class SolverFailed(OptimiserError, RuntimeError):
    """The solver is missing, untrustworthy or gave up without an answer."""

    exit_code = 7


class TooLarge(OptimiserError, ValueError):
    """The question is over a stated size limit."""

    exit_code = 8


class NotWritten(OptimiserError, OSError):
    """A result could not be written. Nothing half-written is left behind."""

    exit_code = 9


class MissingPackage(OptimiserError, ImportError):
    """A package that this needs is not installed. The message says how to get it."""

    exit_code = 2


def shown(path: Path) -> str:
    """Return a path as a reader would type it: from the working folder if it lies inside, else in full."""
    full = path.absolute()
    parts = [part for part in full.parts if part != "."]
    clean: list[str] = []
    for part in parts:
        if part == ".." and len(clean) > 1:
            clean.pop()
        else:
            clean.append(part)
    tidy = Path(*clean)
    here = Path.cwd()
    return str(tidy.relative_to(here)) if tidy.is_relative_to(here) else str(tidy)


def holds_hidden(text: str, *, but: str = "") -> bool:
    """Whether a text holds a character that cannot be seen, such as one that turns what follows around."""
    if text.isprintable():
        return False
    return any(unicodedata.category(one) in _HIDDEN and one not in but for one in text)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like ``word``, or None when none is like it."""
    by_lower = {one.lower(): one for one in sorted(known, reverse=True)}
    found = get_close_matches(word.lower()[:80], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def is_perhaps_a_slip(word: str, meant: str) -> bool:
    """Whether a code may be a slip of typing for another: every word of it is like the other's, and digits alike."""
    one, other = word.lower(), meant.lower()
    if one == other or re.findall(r"\d", one) != re.findall(r"\d", other):
        return one == other
    parts = (one.split("_"), other.split("_"))
    same = len(parts[0]) == len(parts[1])
    pairs = zip(*parts, strict=True) if same else ((one, other),)
    return all(SequenceMatcher(None, *pair).ratio() >= (ALIKE if same else NEARLY_THE_SAME) for pair in pairs)


def did_you_mean(word: str, known: Iterable[str], *, list_at_most: int = 12, or_else: str = "") -> str:
    """Return ``Did you mean "x"?``, or else what could have been written, unless that is too long, and a remedy."""
    names = sorted(set(known))
    guess = closest(word, names)
    if guess is not None:
        return f'Did you mean "{guess}"?'
    if 0 < len(names) <= list_at_most:
        return f"Known here: {', '.join(names)}. {or_else}".rstrip()
    return or_else


def quoted(value: object, *, longest: int = 60) -> str:
    """Return a value as it was written, in quotes, shortened, with hidden characters spelt out."""
    text = visible((value if isinstance(value, str) else str(value))[: longest + 1])
    return f'"{text[:longest]}…"' if len(text) > longest else f'"{text}"'


def visible(text: str, *, but: str = "") -> str:
    """Return a text with hidden characters spelt out: on a terminal they could erase, hide or run what they like."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in but else f"<U+{ord(c):04X}>" for c in text)


def disagreements(number: int) -> str:
    """Return how many times the independent check disagrees, in words."""
    return f"The independent check found {number} disagreement{'' if number == 1 else 's'}"


def extras() -> dict[str, list[Requirement]]:
    """Return what each extra brings here, as it stood when this was installed; nothing where it was not."""
    from importlib.metadata import PackageNotFoundError, metadata

    from packaging.requirements import Requirement

    found: dict[str, list[Requirement]] = {}
    try:
        about = metadata(DISTRIBUTION)
    except PackageNotFoundError:
        return found
    for one in map(Requirement, about.get_all("Requires-Dist") or ()):
        for extra in about.get_all("Provides-Extra") or ():
            if one.marker and one.marker.evaluate({"extra": extra}) and not one.marker.evaluate({"extra": ""}):
                found.setdefault(extra, []).append(one)
    return found


def installing(extra: str) -> str:
    """Return the command that installs what an extra brings.

    It names those packages, not ours: who has a clone or a wheel of ours could not have it from an index. Of an extra
    that came since this was installed it names the clone's folder, from wherever somebody asks.
    """
    packages = " ".join(f"'{one.name}{one.specifier}'" for one in extras().get(extra, ()))
    ours = f"-e '{shown(Path(__file__).parents[1])}[{extra}]'"
    return f"pip install {packages or ours}"


def needed(package: str, extra: str) -> Any:
    """Return a package, or say how to install what brings it."""
    try:
        return import_module(package)
    except ImportError as error:
        words = f"This needs {package}, which is not installed. Install it: {installing(extra)}"
        raise MissingPackage(words) from error
