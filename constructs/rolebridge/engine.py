"""The one door to CDKTF, constructs and the prebuilt providers, and what makes passing it fast.

Every other module of this project writes ``from rolebridge.engine import App, IamRole, ...``. CDKTF was
archived in December 2025; its fork CDK Terrain keeps the API under other import names, so a change of
framework is a change of this file.

**Why loading needs help.** A prebuilt provider package loads all of itself: the Python package's ``__init__``
imports its 2,200 submodules, the npm package's ``lib/index.js`` requires 2,608 files. An app that makes ten
IAM roles waits 13 seconds and holds 1.2 GB for them. Here each half loads what is named:

- *Python*: a module object stands in ``sys.modules`` for the provider package, with its ``__path__``, and its
  ``__init__`` is never run, so ``from cdktf_cdktf_provider_aws.iam_role import IamRole`` loads that submodule
  alone. Any other submodule is imported when it is asked for (PEP 562), as in the packages that jsii itself
  builds since 2026: what an app imports beside us works as before.
- *Node*: jsii's process starts with ``lazy_providers.cjs`` preloaded, which leads it to the
  ``lib/lazy-index.js`` that every provider package ships: the same exports, behind getters.
- *jsii's cache*: ``python -m rolebridge.engine`` has jsii build its index of each package, and makes a shortcut to
  it, once for a machine and version (``jsii_cache.py``).

What is synthesized is the same to the byte. ``ROLEBRIDGE_LEAN=0`` switches all of it off but the index. A package that
is not laid out as expected is loaded the ordinary way, and a warning says so. If CDKTF or a provider was
imported before this module, or jsii's process already runs, what is loaded stays as it is: everything works,
only less lean.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import traceback
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jsii._kernel import Kernel
from jsii._kernel.providers.process import _NodeProcess
from jsii.errors import JSIIError

from rolebridge.jsii_cache import archives, cache_root, stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec

    from cdktf_cdktf_provider_google.provider import GoogleProvider
    from cdktf_cdktf_provider_google.service_account import ServiceAccount
    from cdktf_cdktf_provider_google.service_account_iam_member import ServiceAccountIamMember

#: The prebuilt providers: Python package -> npm package. One that is not installed is passed over.
PROVIDERS = {
    "cdktf_cdktf_provider_aws": "@cdktf/provider-aws",
    "cdktf_cdktf_provider_google": "@cdktf/provider-google",
}

#: Every package with an assembly for jsii.
PACKAGES = {"constructs": "constructs", "cdktf": "cdktf", **PROVIDERS}

#: What loads on demand: name -> the module it comes from. ``from rolebridge.engine import <name>`` loads that
#: module when it runs, and no run that does without it pays for its provider. Its type is declared by an
#: import under TYPE_CHECKING.
ON_DEMAND = {
    "GoogleProvider": "cdktf_cdktf_provider_google.provider",
    "ServiceAccount": "cdktf_cdktf_provider_google.service_account",
    "ServiceAccountIamMember": "cdktf_cdktf_provider_google.service_account_iam_member",
}

#: The Node majors that this project is tested with; cdktf-cli 0.21 does not start on 24.
NODE_MAJORS = ("20", "22")


class EngineError(RuntimeError):
    """CDKTF's engine, a Node process, cannot be used; the message says what was found and what works."""


def index_is_built() -> bool:
    """Whether jsii's package cache holds a runtime index of every assembly we load; costs a few ``stat``."""
    return not _without_index()


def build_index(timeout: float = 120) -> None:
    """Wait until jsii has built its runtime index of every assembly we load, make the shortcuts to them, and say so.

    This process has loaded them, and jsii's worker threads build the index of whatever was loaded without
    one. All that is missing is a process that stays alive so long: 3 seconds for AWS.

    Args:
        timeout: seconds to wait for it.

    Raises:
        EngineError: the index was not there in time.
    """
    if cache_root() is None:
        print("jsii's package cache is switched off (JSII_RUNTIME_PACKAGE_CACHE): there is no index to build")
        return
    start = time.monotonic()
    built = index_is_built()
    if not built:
        for archive in archives(PACKAGES):
            importlib.import_module(f"{archive.package}._jsii")
    while missing := _without_index():
        if time.monotonic() - start > timeout:
            raise EngineError(
                f"jsii built no index of {', '.join(missing)} in {cache_root()} within {timeout:.0f} s. "
                "Is that folder writable, with 200 MB free? JSII_RUNTIME_PACKAGE_CACHE_ROOT names another. "
                "Without the index everything works, but each run takes about a second longer"
            )
        time.sleep(0.05)
    for archive in archives(PACKAGES):
        archive.make_stand_in()
    print("jsii's index is built" if built else f"jsii's index is built, in {time.monotonic() - start:.1f} s")


def _without_index() -> list[str]:
    """List the assemblies (``cdktf@0.21.0``) of which jsii's package cache holds no runtime index."""
    return [str(archive) for archive in archives(PACKAGES) if not archive.is_indexed] if cache_root() else []


def _take_shortcuts() -> None:
    """Have jsii given a package's stand-in for its archive, where there is one."""
    load = Kernel.load

    def load_by_stand_in(self: Kernel, name: str, version: str, tarball: str) -> None:
        load(self, name, version, stand_in(name, version, tarball))

    setattr(Kernel, "load", load_by_stand_in)  # noqa: B010 - mypy takes no assignment to a method


def _defer(package: str) -> None:
    """Let a provider package's submodules be imported without its ``__init__``, which imports them all."""
    if package in sys.modules:
        return
    spec = importlib.util.find_spec(package)
    if spec is None:
        return
    if unexpected := _unexpected(spec):
        warnings.warn(
            f"{package} {unexpected}, unlike the prebuilt providers that rolebridge knows: it is imported "
            "whole, which takes some 10 s and 500 MB more",
            RuntimeWarning,
            stacklevel=2,
        )
        return

    def submodule(name: str) -> object:
        qualified = f"{package}.{name}"
        if name.startswith("__") or importlib.util.find_spec(qualified) is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return importlib.import_module(qualified)

    module = importlib.util.module_from_spec(spec)
    vars(module)["__getattr__"] = submodule
    sys.modules[package] = module


def _unexpected(spec: ModuleSpec) -> str | None:
    """Say what is not a prebuilt provider here: one folder, whose ``__init__`` only imports submodules."""
    folders = list(spec.submodule_search_locations or ())
    if len(folders) != 1 or spec.origin is None:
        return "is not one folder of submodules"
    for name in ("_jsii", "provider"):
        if not Path(folders[0], name, "__init__.py").is_file():
            return f"has no submodule {name}"
    if b"\nclass " in Path(spec.origin).read_bytes():
        return "defines classes in its __init__"
    return None


@contextmanager
def _starting_node(*, lean: bool) -> Iterator[None]:
    """Start jsii's Node process within, leanly; outside, the environment is as it was.

    The process starts with the first assembly that is loaded and keeps the environment of that moment. If it
    already runs, this changes nothing.
    """
    node = os.environ.get("JSII_NODE", "node")
    if "constructs" not in sys.modules and shutil.which(node) is None:
        raise EngineError(f"CDKTF needs Node, and there is no {node!r} that can be run. {_WHAT_WORKS}")
    settings = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": _silenced()}
    if lean:
        settings["NODE_OPTIONS"] = _node_options()
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    except JSIIError as error:
        # jsii's own words are clear: of its package cache, what is wrong and which variable to set.
        raise EngineError(str(error)) from None
    except (OSError, ValueError, AssertionError) as error:
        # Popen could not run it; it answered no JSON; it answered with another version of jsii's runtime.
        if not _forget_process(error):
            raise
        raise EngineError(_diagnosis(node)) from None
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_WHAT_WORKS = f"Node {' or '.join(NODE_MAJORS)} works, on PATH or named by JSII_NODE"


def _silenced() -> str:
    """Name the Node majors of which jsii shall not say that they are past their end of life: ours.

    jsii reads a list of majors (``check-node/src/index.ts``) and draws a banner of ten lines on every run
    otherwise, which cdktf-cli logs as ten errors.
    """
    silenced = os.environ.get("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "")
    return ",".join([*filter(None, [silenced]), *NODE_MAJORS])


def _node_options() -> str:
    """Add our preload to what NODE_OPTIONS holds.

    Node splits it at spaces outside double quotes, and within them reads a backslash as an escape
    (``node --help``; ParseNodeOptionsEnvVar in its source).
    """
    preload = str(Path(__file__).with_name("lazy_providers.cjs")).replace("\\", "\\\\").replace('"', '\\"')
    return f'{os.environ.get("NODE_OPTIONS", "")} --require="{preload}"'.lstrip()


def _forget_process(error: BaseException) -> bool:
    """Take back what jsii has planned for the end of a process that never answered, if that is the error.

    jsii says goodbye to its process when Python ends or the object is collected. Here nobody reads that any
    more, or there is no process: a traceback or two would follow our message.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        starter = frame.f_locals.get("self")
        if isinstance(starter, _NodeProcess):
            atexit.unregister(starter.stop)
            vars(starter)["stop"] = lambda: None
            if process := vars(starter).get("_process"):
                process.kill()
            starter._ctx_stack.close()
            return True
    return False


def _diagnosis(node: str) -> str:
    """Say why Node did not answer; asked only now because asking takes as long as starting it."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"CDKTF needs Node, and {shutil.which(node)} cannot be run: {error}. {_WHAT_WORKS}"
    version = (answer.stdout or answer.stderr).strip()
    return f"CDKTF needs Node, and {shutil.which(node)} ({version}) did not run jsii's runtime. {_WHAT_WORKS}"


if __name__ == "__main__":
    # This file run as a program is a second copy of the module; the first one shall do the work.
    try:
        from rolebridge import engine

        engine.build_index()
    except RuntimeError as error:
        sys.exit(f"rolebridge: {error}")
    sys.exit()

_LEAN = os.environ.get("ROLEBRIDGE_LEAN") != "0"
if _LEAN:
    for _package in PROVIDERS:
        _defer(_package)
    _take_shortcuts()

with _starting_node(lean=_LEAN):
    from cdktf import (
        App,
        AzurermBackend,
        CloudBackend,
        Fn,
        GcsBackend,
        HttpBackend,
        LocalBackend,
        NamedCloudWorkspace,
        NamedRemoteWorkspace,
        PrefixedRemoteWorkspaces,
        RemoteBackend,
        S3Backend,
        TaggedCloudWorkspaces,
        TerraformBackend,
        TerraformDataSource,
        TerraformElement,
        TerraformOutput,
        TerraformProvider,
        TerraformResource,
        TerraformResourceLifecycle,
        TerraformStack,
        TerraformVariable,
        TerraformVariableValidationConfig,
        Testing,
        Token,
    )
    from cdktf_cdktf_provider_aws.iam_access_key import IamAccessKey
    from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
    from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
    from cdktf_cdktf_provider_aws.iam_role import IamRole
    from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
    from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
    from cdktf_cdktf_provider_aws.iam_user import IamUser
    from cdktf_cdktf_provider_aws.iam_user_policy_attachment import IamUserPolicyAttachment
    from cdktf_cdktf_provider_aws.organizations_account import OrganizationsAccount
    from cdktf_cdktf_provider_aws.organizations_organizational_unit import OrganizationsOrganizationalUnit
    from cdktf_cdktf_provider_aws.provider import (
        AwsProvider,
        AwsProviderAssumeRole,
        AwsProviderAssumeRoleWithWebIdentity,
        AwsProviderDefaultTags,
    )
    from cdktf_cdktf_provider_aws.servicecatalog_principal_portfolio_association import (
        ServicecatalogPrincipalPortfolioAssociation,
    )
    from constructs import Construct, IConstruct, Node

if not TYPE_CHECKING:  # a type checker would take it to mean that any name is there

    def __getattr__(name: str) -> object:
        """Load what is loaded on demand."""
        if name not in ON_DEMAND:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(ON_DEMAND[name]), name)


__all__ = [
    "App",
    "AwsProvider",
    "AwsProviderAssumeRole",
    "AwsProviderAssumeRoleWithWebIdentity",
    "AwsProviderDefaultTags",
    "AzurermBackend",
    "CloudBackend",
    "Construct",
    "EngineError",
    "Fn",
    "GcsBackend",
    "GoogleProvider",
    "HttpBackend",
    "IConstruct",
    "IamAccessKey",
    "IamOpenidConnectProvider",
    "IamPolicy",
    "IamRole",
    "IamRolePolicy",
    "IamRolePolicyAttachment",
    "IamUser",
    "IamUserPolicyAttachment",
    "LocalBackend",
    "NamedCloudWorkspace",
    "NamedRemoteWorkspace",
    "Node",
    "OrganizationsAccount",
    "OrganizationsOrganizationalUnit",
    "PrefixedRemoteWorkspaces",
    "RemoteBackend",
    "S3Backend",
    "ServiceAccount",
    "ServiceAccountIamMember",
    "ServicecatalogPrincipalPortfolioAssociation",
    "TaggedCloudWorkspaces",
    "TerraformBackend",
    "TerraformDataSource",
    "TerraformElement",
    "TerraformOutput",
    "TerraformProvider",
    "TerraformResource",
    "TerraformResourceLifecycle",
    "TerraformStack",
    "TerraformVariable",
    "TerraformVariableValidationConfig",
    "Testing",
    "Token",
    "build_index",
    "index_is_built",
]
