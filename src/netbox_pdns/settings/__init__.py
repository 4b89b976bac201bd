"""All settings: what they mean, where they come from, and the values that the rooms get."""

from netbox_pdns.settings.loading import (
    Reading,
    Settings,
    SettingValue,
    SetupSettings,
    load_settings,
    load_setup_settings,
    read_settings,
)
from netbox_pdns.settings.models import (
    NetBoxSettings,
    Selection,
    TargetSettings,
    ZonePolicy,
    ZoneRule,
    ZoneTemplate,
)
from netbox_pdns.settings.problems import Problem, SettingsError

__all__ = [
    "NetBoxSettings",
    "Problem",
    "Reading",
    "Selection",
    "SettingValue",
    "Settings",
    "SettingsError",
    "SetupSettings",
    "TargetSettings",
    "ZonePolicy",
    "ZoneRule",
    "ZoneTemplate",
    "load_settings",
    "load_setup_settings",
    "read_settings",
]
