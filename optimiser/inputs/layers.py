"""Read YAML so that every setting remembers its file and line, and lay one file over the one it is based on.

YAML 1.2 by ruamel.yaml: ``NO`` is text, ``12:30`` is text. Tags, merge keys, directives and two equal keys
are refused. Only plain data comes out: nothing in a file can make Python run anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from optimiser.errors import Fault, InputError, holds_hidden, quoted, shown
from optimiser.inputs.files import is_there, other_format, read_bytes

MAX_BYTES = 1024**2
MAX_VALUES = 50_000
MAX_DEPTH = 40
MAX_LAYERS = 20
BASED_ON = "based_on"
# The form of configs, options and sweeps, and of the tables of a place. A file that does not say which has this.
SCHEMA, CURRENT = "schema", 1
NEWER = (
    f"this file is of schema {{}}, and this optimiser reads schema {CURRENT}. Install a newer optimiser, or ask "
    f"whoever wrote the file for one of schema {CURRENT}."
)
NO_SCHEMA = f"schema is {CURRENT}, or a line that can be left out. Correct it, or delete the line."
LINES = "\n\t"

# A mapping that states its figure anew must not inherit the source of the figure that it replaces.
STATES_ANEW = {"value", "provided"}

# A space other than that of the space bar, where a line begins or after a name's colon; and a curly quotation mark.
_ODD_SPACE = re.compile(r"(?: *|[^#'\"]*: *)([\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])")
_CURLY_QUOTE = re.compile(r"\s*(?:- +)?(?:[^#'\":]*: +)?[\u2018\u2019\u201c\u201d\u201e]")

Spot = tuple[str | int, ...]
YAML_ENDINGS = (".yaml", ".yml")
_PLAIN = "tag:yaml.org,2002:"


class Plus(float):
    """A number written with a plus before it: where something is changed, it means so many more."""


@dataclass(frozen=True)
class Origin:
    """Where something was written."""

    path: Path
    line: int

    def __str__(self) -> str:
        """Return ``configs/base.yaml, line 7``."""
        return f"{shown(self.path)}, line {self.line}"


@dataclass(frozen=True)
class Said:
    """A value with where it was written. Mappings and lists hold further ``Said``."""

    value: Any
    origin: Origin

    def plain(self) -> Any:
        """Return the value without origins."""
        if isinstance(self.value, dict):
            return {key: said.plain() for key, said in self.value.items()}
        if isinstance(self.value, list):
            return [said.plain() for said in self.value]
        return self.value

    def walk(self, spot: Spot = ()) -> Iterator[tuple[Spot, Said]]:
        """Yield everything inside with the keys that lead to it."""
        yield spot, self
        inside = self.value if isinstance(self.value, dict) else {}
        if isinstance(self.value, list):
            inside = dict(enumerate(self.value))
        for key, said in inside.items():
            yield from said.walk((*spot, key))


@dataclass
class Layers:
    """What a file says once laid over all it is based on, the faults on the way, and the files, the last on top."""

    said: Said | None
    faults: list[Fault] = field(default_factory=list)
    files: tuple[Path, ...] = ()

    def origins(self) -> dict[Spot, Origin]:
        """Return where everything was written, by the keys that lead to it."""
        return {} if self.said is None else {spot: said.origin for spot, said in self.said.walk()}


def read_layers(path: Path) -> Layers:
    """Read a file and the files it is based on, in which later files win. Faults are listed, never raised."""
    return _read_chain(path, [])


def _read_chain(path: Path, above: list[Path]) -> Layers:
    said, faults = read_yaml(path)
    if said is None:
        return Layers(None, faults)
    schema = said.value.pop(SCHEMA, None)
    if schema is not None and (schema.value != CURRENT or isinstance(schema.value, bool)):
        if isinstance(schema.value, int) and schema.value > CURRENT:
            # What else it says is not for this reader.
            return Layers(None, [Fault(str(schema.origin), NEWER.format(schema.value))])
        faults = [*faults, Fault(str(schema.origin), NO_SCHEMA)]
    based_on = said.value.pop(BASED_ON, None)
    if based_on is None or based_on.value is None:
        return Layers(said, faults, (path,))
    fault = _fault_of_base(path, based_on, above)
    if fault:
        return Layers(said, [*faults, Fault(str(based_on.origin), fault)])
    base = _read_chain(path.parent / based_on.value, [*above, path])
    faults = base.faults + faults
    if base.said is None:
        return Layers(None, faults)
    return Layers(_laid(base.said, said), faults, (*base.files, path))


def _fault_of_base(path: Path, based_on: Said, above: list[Path]) -> str:
    if not isinstance(based_on.value, str):
        return "based_on must be the path of one file, such as ../base.yaml."
    if len(above) >= MAX_LAYERS:
        return f"more than {MAX_LAYERS} files are based on each other. Put some of them together."
    base = path.parent / based_on.value
    if not is_there(base):
        return f"there is no file {quoted(based_on.value)} beside this one. Correct the path."
    if base.resolve().suffix.lower() not in YAML_ENDINGS:
        return f"{quoted(based_on.value)} is no YAML file by its name. Name one that ends in .yaml."
    if base.resolve() in [one.resolve() for one in [*above, path]]:
        return f"{quoted(based_on.value)} is in turn based on this file. Take one of the two lines out."
    return ""


def _laid(base: Said, over: Said) -> Said:
    """Return ``base`` with ``over`` on top: mappings merge, all else replaces, null takes away."""
    merged = dict(base.value)
    for key, said in over.value.items():
        under = merged.get(key)
        if said.value is None and under is not None and under.value is not None:
            del merged[key]
        elif _both_mappings(under, said) and not STATES_ANEW & said.value.keys():
            merged[key] = _laid(under, said)  # type: ignore[arg-type]
        else:
            merged[key] = said
    return Said(merged, base.origin)


def _both_mappings(under: Said | None, over: Said) -> bool:
    return under is not None and isinstance(under.value, dict) and isinstance(over.value, dict)


# -- one YAML file ----------------------------------------------------------------------------------


def read_yaml(path: Path) -> tuple[Said | None, list[Fault]]:
    """Read one file that holds one mapping. Return None for what cannot be read, and the faults."""
    data = read_bytes(path, MAX_BYTES)
    if isinstance(data, str):
        return None, [Fault(shown(path), data)]
    return said_in(data, path)


def said_in(data: bytes, path: Path) -> tuple[Said | None, list[Fault]]:
    """Return what the contents of a file say, which should be one mapping, as ``read_yaml`` does."""
    try:
        node = _compose(path, data)
        reader = _Reader(path)
        said = reader.said(node, 0)
    except InputError as error:
        return None, list(error.faults)
    if not isinstance(said.value, dict):
        return None, [Fault(str(said.origin), "the file must consist of lines such as title: A title.")]
    return said, reader.faults


def _compose(path: Path, data: bytes) -> Any:
    """Return the tree of YAML nodes, or raise ``InputError`` with a plain message."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    text = _decoded(path, data)
    try:
        node = _nodes(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if found := _pasted(text, mark.line + 1 if mark else 1):
            raise _refusal(path, *found) from error
        raise _refusal(path, mark.line + 1 if mark else 1, _in_words(error.problem or "")) from error
    except (YAMLError, RecursionError, ValueError) as error:
        deep = isinstance(error, RecursionError)
        words = "it is nested too deeply" if deep else "it holds a character that cannot be seen"
        raise _refusal(path, None, f"this cannot be read: {words}. Take that out.") from error
    if node is None:
        raise _refusal(path, None, "the file is empty. Write the settings into it, or delete it.")
    return node


@lru_cache(maxsize=16)
def _nodes(text: str) -> Any:
    """Return YAML nodes, to be left as they are: many questions are based on one file."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).compose(text)


def _decoded(path: Path, data: bytes) -> str:
    other = other_format(data)
    if other and other != "JSON":
        raise _refusal(path, None, f"this is not YAML but {other}. Write the settings as text.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"byte {error.start + 1} (0x{data[error.start]:02X}) is not UTF-8. Save the file as UTF-8."
        raise _refusal(path, line, what) from error
    for number, line_text in enumerate(text.splitlines(), start=1):
        # "%YAML 1.1" would turn NO into false.
        if line_text.startswith("%"):
            raise _refusal(path, number, "a line may not start with %. Delete it.")
    return text


def _refusal(path: Path, line: int | None, words: str) -> InputError:
    return InputError([Fault(shown(path) if line is None else str(Origin(path, line)), words)])


def _pasted(text: str, about: int) -> tuple[int, str] | None:
    """Return the line and what is wrong with it where a word processor changed a space or a quotation mark.

    Only where nothing but them could mean something to YAML: at the beginning of a line, or after its name. ``about``
    is the line in which the reader stumbled, at that line or after it.
    """
    for number, line in reversed(list(enumerate(text.splitlines()[:about], start=1))):
        if found := _ODD_SPACE.match(line):
            space = f"U+{ord(found[1]):04X}"
            return (
                number,
                f"there is a space here that only looks like one ({space}). Type it again with the space bar.",
            )
        if _CURLY_QUOTE.match(line):
            return number, "there are curly quotation marks here. Type straight ones: \" or '."
    return None


def _in_words(problem: str) -> str:
    meanings = {
        "\\t": "there is a tab here. Indent with spaces.",
        "\t": "there is a tab here. Indent with spaces.",
        "mapping values are not allowed": "there is a colon too many, or the line is indented wrongly. "
        "Put text that holds a colon in quotes.",
        "could not find expected ':'": "this line, or the one before, lacks a colon after its name. Add it.",
        "undefined alias": "the name after * is not set with & anywhere above. Write the value out.",
        "duplicate anchor": "the name after & is used twice. Write the values out.",
        "another document": "there is a second document after ---. Keep one a file.",
        "unexpected end of stream": "a quotation mark is not closed. Close it.",
        "stream end": "a bracket is not closed. Close it.",
        "block end": "the line is indented wrongly. Line it up with its neighbours.",
    }
    for part, meaning in meanings.items():
        if part in problem:
            return meaning
    return f"this is not YAML that can be read ({problem}). Compare it with the lines around it."


class _Reader:
    """Turns YAML nodes into ``Said``, noting two equal keys, tags and merge keys on the way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []
        self.values = 0

    def said(self, node: Any, depth: int) -> Said:
        """Return a node and all inside it. Raises ``InputError`` for what is too large or too deep."""
        origin = Origin(self.path, node.start_mark.line + 1)
        self.values += 1
        if self.values > MAX_VALUES or depth > MAX_DEPTH:
            why = "it says too much; perhaps names set with & repeat each other. Write the values out."
            raise InputError([Fault(str(origin), why)])
        if isinstance(node.value, str):
            return Said(self._scalar(node, origin), origin)
        if node.tag not in (f"{_PLAIN}map", f"{_PLAIN}seq"):
            self._refuse_tag(node, origin)
            return Said(None, origin)
        if node.tag.endswith("seq"):
            return Said([self.said(one, depth + 1) for one in node.value], origin)
        return Said(self._mapping(node, depth), origin)

    def _mapping(self, node: Any, depth: int) -> dict[str, Said]:
        pairs: dict[str, Said] = {}
        for key_node, value_node in node.value:
            origin = Origin(self.path, key_node.start_mark.line + 1)
            if not isinstance(key_node.value, str) or key_node.tag == f"{_PLAIN}merge":
                self._fault(origin, "a name here must be plain text. Write the settings out.")
                continue
            key = key_node.value
            if key in pairs:
                before = pairs[key].origin.line
                self._fault(origin, f"{quoted(key)} is already set in line {before}. Keep one of the two.")
                continue
            pairs[key] = Said(self.said(value_node, depth + 1).value, origin)
        return pairs

    def _refuse_tag(self, node: Any, origin: Origin) -> None:
        mark = quoted(str(node.tag).removeprefix(_PLAIN))
        self._fault(origin, f"{mark} is a mark that starts with !, and such marks are not read. Delete it.")

    def _fault(self, origin: Origin, words: str) -> None:
        self.faults.append(Fault(str(origin), words))

    def _scalar(self, node: Any, origin: Origin) -> Any:
        kind, text = str(node.tag).removeprefix(_PLAIN), node.value
        if kind in ("str", "timestamp"):
            return self._text(text, origin)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind in ("int", "float"):
            return self._number(text, kind, origin)
        self._refuse_tag(node, origin)
        return None

    def _text(self, text: str, origin: Origin) -> str:
        """Return a text, which may run over several lines; what it hides is refused and left out."""
        if not holds_hidden(text, but=LINES):
            return text
        self._fault(origin, f"{quoted(text)} holds a character that cannot be seen. Type it again.")
        return "".join(one for one in text if not holds_hidden(one, but=LINES))

    def _number(self, text: str, kind: str, origin: Origin) -> Any:
        try:
            digits = text.replace("_", "")
            base = 0 if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else 10
            number: float = int(digits, base) if kind == "int" else float(digits)
            if math.isfinite(number):
                return Plus(number) if text.startswith("+") else number
        except (ValueError, OverflowError):
            pass
        self._fault(origin, f"{quoted(text)} is not a number that can be used. Correct it.")
        return None


def origin_of(origins: Mapping[Spot, Origin], spot: tuple[Any, ...]) -> Origin:
    """Return where something was written, or what it would have been part of."""
    inside: Spot = ()
    for key in spot:
        if (*inside, key) in origins:
            inside = (*inside, key)
    return origins[inside]
