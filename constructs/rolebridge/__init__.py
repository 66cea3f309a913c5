"""Terraform JSON for every role, policy, identity provider and user that lets meshStack and Google Cloud into AWS."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("rolebridge")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
