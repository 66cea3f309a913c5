"""Lays what is written once under everything that it is written for (``google.defaults``, a product's ``defaults``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in which nothing depends on defaults that stand elsewhere."""
    google = settings.get("google")
    return dict(settings) | ({"google": lay_defaults_under(google)} if isinstance(google, Mapping) else {})


def lay_defaults_under(google: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``google`` with every environment complete: its own settings over its product's over everybody's."""
    everybody = google.get("defaults", {})
    products = {}
    for name, product in google.get("products", {}).items():
        common = overlay(everybody, product.get("defaults", {}))
        environments = product.get("environments", {})
        completed = {key: overlay(common, environment) for key, environment in environments.items()}
        products[name] = _without_defaults(product) | {"environments": completed}
    return _without_defaults(google) | {"products": products}


def _without_defaults(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != "defaults"}


WHOLE = ("access", "backend")
"""What is taken as a whole: ``access: {}`` is the ambient credentials, and there is one backend."""


def overlay(under: Any, over: Any) -> Any:
    """Lay one value over another: mappings key by key, everything else as a whole."""
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return dict(under) | {
            key: value if key in WHOLE else overlay(under.get(key), value) for key, value in over.items()
        }
    return over
