"""What an operator may write: the schema, reading with line numbers, the typed model, and the rules between fields."""

from rolebridge.settings.load import load_settings, parse_settings
from rolebridge.settings.model import Settings
from rolebridge.settings.report import Mistake, SettingsError

__all__ = ["Mistake", "Settings", "SettingsError", "load_settings", "parse_settings"]
