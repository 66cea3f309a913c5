"""Turns checked plain values into the frozen classes of the model.

A mapping given for a field whose default is an object is laid over that default: ``role: {path: /x/}`` keeps the
guide's name.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def structure(cls: type[T], value: Mapping[str, Any], *, partial: bool = False) -> T:
    """Build ``cls`` from values that fit the schema.

    With ``partial``, ``None`` stands for what is required and missing.
    """
    built: T = _object(cls, value, None, partial)
    return built


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _object(cls: Any, value: Mapping[str, Any], default: Any, partial: bool) -> Any:
    given: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.name in value:
            fallback = getattr(default, field.name, None) if default is not None else field.default
            given[field.name] = _convert(_hints(cls)[field.name], value[field.name], fallback, partial)
        elif partial and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            given[field.name] = None
    return dataclasses.replace(default, **given) if default is not None else cls(**given)


def _convert(kind: Any, value: Any, default: Any, partial: bool) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(kind) if option is not type(None)]
        wanted = [option for option in options if dataclasses.is_dataclass(option) == isinstance(value, dict)]
        return _convert((wanted or options)[0], value, default, partial)
    if dataclasses.is_dataclass(kind):
        return _object(kind, value, default if dataclasses.is_dataclass(default) else None, partial)
    if origin is tuple:
        return tuple(_convert(typing.get_args(kind)[0], item, None, partial) for item in value)
    if origin is Mapping:
        return {key: _convert(typing.get_args(kind)[1], item, None, partial) for key, item in value.items()}
    return value
