"""What reading a config or an option gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from optimiser.errors import Fault
from optimiser.inputs.config.settings import OptionSettings, Settings
from optimiser.inputs.layers import Origin, Spot, origin_of


@dataclass(frozen=True)
class Config:
    """A question as read: its settings, the place's folder, and where every setting was written."""

    settings: Settings
    path: Path
    place: Path
    origins: Mapping[Spot, Origin]

    def where(self, *spot: str | int) -> str:
        """Return the file and line in which a setting was written, such as ``configs/base.yaml, line 7``."""
        return str(origin_of(self.origins, spot))


@dataclass(frozen=True)
class Option:
    """Designations that somebody has written down, as read."""

    settings: OptionSettings
    path: Path
    origins: Mapping[Spot, Origin]

    @property
    def code(self) -> str:
        """Code of the option."""
        return self.settings.option

    @property
    def title(self) -> str:
        """The option in one line."""
        return self.settings.title

    @property
    def designations(self) -> Mapping[str, tuple[str, ...]]:
        """Sites that provide each service that the option names."""
        return self.settings.designations

    def where(self, *spot: str | int) -> str:
        """Return the file and line in which something was written."""
        return str(origin_of(self.origins, spot))


@dataclass(frozen=True)
class Draft:
    """A config that may have faults. ``config`` is what is left without the faulty settings, if that can stand."""

    config: Config | None
    faults: tuple[Fault, ...]
