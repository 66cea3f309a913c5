"""Rules for what can stand in several places of the settings: regions, backends, placeholders."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rolebridge.settings.model import Backend
from rolebridge.settings.report import Mistake, Path, nearest, show_value

_REGION_PREFIX = {
    "aws-cn": ("cn-",),
    "aws-us-gov": ("us-gov-",),
    "aws-eusc": ("eusc-",),
    "aws-iso": ("us-iso-",),
    "aws-iso-b": ("us-isob-",),
    "aws-iso-e": ("eu-isoe-",),
    "aws-iso-f": ("us-isof-",),
}


def region_mistakes(partition: str, path: Path, region: str | None) -> Iterator[Mistake]:
    """Yield a region of another partition: it fails only at the first plan, with credentials that look wrong."""
    if region is None:
        return
    foreign = tuple(prefix for prefixes in _REGION_PREFIX.values() for prefix in prefixes)
    own = _REGION_PREFIX.get(partition, ())
    fits = region.startswith(own) if own else not region.startswith(foreign)
    if not fits:
        allowed = f"a region of the partition {partition}" + (f" ({own[0]}…)" if own else "")
        yield Mistake(path=path, found=show_value(region), allowed=allowed)


_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def placeholder_mistakes(path: Path, text: str | None, known: Collection[str]) -> Iterator[Mistake]:
    """Yield placeholders that nobody fills in: they would reach AWS with their braces."""
    for unknown in _strange(text or "", known):
        slip = nearest(unknown, known)
        yield Mistake(
            path=path,
            found=f"{{{unknown}}} in {show_value(text)}",
            allowed=", ".join(f"{{{name}}}" for name in known),
            hint=f"did you mean {{{slip}}}?" if slip else None,
        )


def _strange(text: str, known: Collection[str]) -> list[str]:
    return [name for name in _PLACEHOLDER.findall(text) if name not in known]


STATE_KEYS = {
    "local": ("path",),
    "s3": ("key",),
    "gcs": ("prefix",),
    "azurerm": ("key",),
    "http": ("address", "lock_address", "unlock_address"),
    "remote": ("workspace",),
    "cloud": ("workspace",),
}
"""The arguments of each backend that say where one stack's state is."""


def backend_mistakes(base: Path, backend: Backend | None) -> Iterator[Mistake]:
    """Yield what is wrong with a backend, and what the backends refuse only at init, or accept and do not lock."""
    for kind, arguments in (backend or {}).items():
        path = (*base, kind)
        for name, value in arguments.items():
            if not isinstance(value, str):
                continue
            if "${" in value or "%{" in value:
                # Terraform takes a backend's text as it stands, OpenTofu (1.8 and later) evaluates it.
                yield Mistake(
                    path=(*path, name),
                    found=show_value(value),
                    allowed="text without ${ and %{, which Terraform and OpenTofu read differently in a backend",
                )
                continue
            yield from placeholder_mistakes((*path, name), value, ("stack",))
            if name in STATE_KEYS[kind] and "{stack}" not in value and not _strange(value, ("stack",)):
                yield Mistake(
                    path=(*path, name),
                    found=show_value(value),
                    allowed="a text that holds {stack}, so that each stack has a state of its own",
                )
        if kind == "http" and ("lock_address" in arguments) != ("unlock_address" in arguments):
            missing = "unlock_address" if "lock_address" in arguments else "lock_address"
            yield Mistake(path=(*path, missing), found="nothing", allowed="lock_address and unlock_address, or neither")
        workspace = arguments.get("workspace", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,40}", workspace.replace("{stack}", "")):
            yield Mistake(
                path=(*path, "workspace"),
                found=show_value(workspace),
                allowed="letters, digits, - and _, at most 40 besides {stack}",
            )
        low, high = arguments.get("retry_wait_min"), arguments.get("retry_wait_max")
        if low is not None and high is not None and low > high:
            yield Mistake(
                path=(*path, "retry_wait_min"), found=show_value(low), allowed=f"at most retry_wait_max, {high}"
            )
