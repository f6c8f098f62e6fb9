"""How messages name files, quote what was written and guess at slips of typing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

# How much of two words must be common to both.
ALIKE, NEARLY_THE_SAME = 0.7, 0.9
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


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
    text = value if isinstance(value, str) else str(value)
    visible = "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text[: longest + 1])
    return f'"{visible[:longest]}…"' if len(visible) > longest else f'"{visible}"'


def disagreements(number: int) -> str:
    """Return how many times the independent check disagrees, in words."""
    return f"The independent check found {number} disagreement{'' if number == 1 else 's'}"
