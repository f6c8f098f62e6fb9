"""Read a question (a config) or somebody's option, listing every fault at once with its file and line."""

from optimiser.inputs.config.contradictions import exception_faults
from optimiser.inputs.config.figures import StatedFigure, StatedLimit
from optimiser.inputs.config.reading import draft_config, read_config, read_option
from optimiser.inputs.config.rotas import ContractSettings, RotaSettings, ShiftSettings, WorkingTimeSettings
from optimiser.inputs.config.settings import (
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
from optimiser.inputs.config.stated import Config, Draft, Option
from optimiser.inputs.config.writing import json_schema, resolved_yaml, services_of, with_exceptions

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
