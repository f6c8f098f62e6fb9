"""Nodes of a config as words, numbers, figures and mappings; what is not understood is noted."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Any

from optimiser.checker.reading import Reader, brief, number
from optimiser.checker.stated import Figure

CHECK = "config_is_understood"
FILE = "config.yaml"


def nothing(node: object) -> bool:
    """Whether a YAML node says nothing."""
    return node is None or node in ("", "~", "null", "Null", "NULL")


class NodeReader:
    """Turns nodes of YAML, every scalar a text, into values."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def note(self, where: str, node: object, message: str) -> None:
        """Note something that is not understood."""
        self.reader.note(CHECK, f"{FILE} {where}", brief(node), None, f"{FILE}: {where} {message}.")

    def mapping(self, node: Any, where: str, known: Collection[str] | None = None) -> dict[str, Any]:
        """Return a mapping without the entries that say nothing; unknown keys are noted."""
        if nothing(node):
            return {}
        if not isinstance(node, dict) or not all(isinstance(key, str) for key in node):
            self.note(where, node, "is not a mapping of names")
            return {}
        for key in node:
            if known is not None and key not in known:
                self.note(f"{where}.{key}", node[key], "is a setting that no check knows")
        return {key: value for key, value in node.items() if not nothing(value)}

    def entries(self, node: Any, where: str, known: Collection[str] | None = None) -> dict[str, Any]:
        """Return a mapping whose entries may say nothing, as ``same_site: {acute_stroke: }`` may."""
        kept = self.mapping(node, where, known)
        return {key: kept.get(key) for key in node if isinstance(key, str)} if isinstance(node, dict) else {}

    def words(self, node: Any, where: str) -> tuple[str, ...]:
        """Return a list of names."""
        if nothing(node):
            return ()
        if not isinstance(node, list) or not all(isinstance(item, str) for item in node):
            self.note(where, node, "is not a list of names")
            return ()
        return tuple(node)

    def word(self, node: Any, where: str, among: Collection[str] | None = None) -> str:
        """Return one text."""
        if not isinstance(node, str) or (among is not None and node not in among):
            self.note(where, node, f"should be {' or '.join(among or ['a text'])}")
            return next(iter(among or [""]))
        return node

    def flag(self, node: Any, where: str) -> bool:
        """Return true or false."""
        return self.word(node, where, ("false", "true")) == "true"

    def number(self, node: Any, where: str) -> Fraction:
        """Return a number."""
        try:
            return number(self.word(node, where))
        except ValueError:
            self.note(where, node, "is not a number")
            return Fraction(0)

    def figure(self, node: Any, where: str, *, may_be_unlimited: bool = False) -> Figure:
        """Return a figure, written as a bare number or with its source."""
        if not isinstance(node, dict):
            node = {"value": node}
        found = self.mapping(node, where, ("value", "source", "verified"))
        value = found.get("value")
        unlimited = may_be_unlimited and value == "unlimited"
        amount = None if unlimited else self.number(value, where)
        return Figure(amount, *self.provenance(found, where))

    def provenance(self, found: dict[str, Any], where: str) -> tuple[str, bool]:
        """Return where something comes from, and whether that was verified."""
        source = self.word(found.get("source", ""), f"{where}.source")
        return source, self.flag(found.get("verified", "false"), f"{where}.verified")

    def known(self, names: Collection[str], among: Collection[str], where: str) -> None:
        """Note every name that is not among those that exist."""
        for name in sorted(set(names) - set(among)):
            self.note(where, name, f'names "{brief(name)}", which does not exist')
