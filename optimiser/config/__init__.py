"""Read a question (a config) or somebody's option, listing every fault at once with its file and line."""

from optimiser.config.contradictions import exception_faults
from optimiser.config.figures import StatedFigure, StatedLimit
from optimiser.config.reading import draft_config, read_config, read_option
from optimiser.config.rotas import ContractSettings, RotaSettings, ShiftSettings, WorkingTimeSettings
from optimiser.config.settings import (
    OBJECTIVES,
    AcrossSettings,
    BedsSettings,
    DemandSettings,
    ExceptionSettings,
    GrowthSettings,
    ObservedSettings,
    OptionSettings,
    ServiceSettings,
    Settings,
    TeamSettings,
    TransferSettings,
    TravelSettings,
)
from optimiser.config.stated import Config, Draft, Option
from optimiser.config.writing import json_schema, resolved_yaml, services_of, with_exceptions

__all__ = [
    "OBJECTIVES",
    "AcrossSettings",
    "BedsSettings",
    "Config",
    "ContractSettings",
    "DemandSettings",
    "Draft",
    "ExceptionSettings",
    "GrowthSettings",
    "ObservedSettings",
    "Option",
    "OptionSettings",
    "RotaSettings",
    "ServiceSettings",
    "Settings",
    "ShiftSettings",
    "StatedFigure",
    "StatedLimit",
    "TeamSettings",
    "TransferSettings",
    "TravelSettings",
    "WorkingTimeSettings",
    "draft_config",
    "exception_faults",
    "json_schema",
    "read_config",
    "read_option",
    "resolved_yaml",
    "services_of",
    "with_exceptions",
]
