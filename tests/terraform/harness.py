"""The real Terraform CLI with the real AWS provider, against a fake AWS (moto's server).

Nothing here knows this machine: Terraform is found on the PATH, the provider through whatever the
ambient CLI configuration says (a registry, a mirror), and the fake AWS listens on a free port of the
loopback interface. Every credential, profile and endpoint of the caller's environment is kept away from the
processes started here, so that no run can ever reach a real account. A `generated/` folder is copied before
Terraform sees it.

Three things make it fast without changing what is run (measured on two shared cores, with Terraform 1.11
and AWS provider 5.100, a binary of 700 MB):

- The lock file's checksums are dropped after `terraform init` has written them. With them, *every* later
  command hashes the provider again: 3 to 4 seconds each time.
- Go's garbage collector is off (`GOGC=off`, with a memory limit that turns it on again). Terraform and the
  provider are short-lived processes that read one large schema; they spend half of their processor time
  collecting it.
- Two processes at a time, and the plan that was shown is the plan that is applied.
- Stacks that Terraform would initialise alike (the same providers, the same kind of backend) are initialised once, and
  validated are as many as hold every argument of every kind of resource: a plan does all that `validate` does, and a
  warning in it is a failure here.

A stack that needs the Google provider is only initialised and validated, where the provider can be had; a plan
would need Google. Where it cannot be had the stack is listed at the end of the session, with the reason.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from tests.terraform.aws_reader import Account, read_account

REQUIRE = "ROLEBRIDGE_REQUIRE_TERRAFORM"
"""Set to 1 where these tests must run: what would be a skip is then a failure."""

T = TypeVar("T")

DEPLOYER = "OrganizationAccountAccessRole"
"""The role through which every provider of a stack enters its account; moto then answers as that account."""

MOTO_SERVER = Path(__file__).with_name("moto_server.py")

MISSING_IN_MOTO = {
    "aws_servicecatalog_principal_portfolio_association": "moto has no AssociatePrincipalWithPortfolio",
}
"""Resource types that are validated and planned, but left out of the copy that is applied."""

MISSING_ATTRIBUTES_IN_MOTO = {
    ("aws_iam_user", "permissions_boundary"): "moto forgets a user's permissions boundary",
}

GOOGLE = "hashicorp/google"
"""The source of the provider without which a stack cannot be planned: a plan mints a token at Google."""

COMMAND_LIMIT = 300.0
"""Seconds after which a Terraform command is given up; the slowest takes about 10 on an idle machine."""


class HarnessError(AssertionError):
    """A step of a run failed; the message holds everything the step printed."""


class TerraformUnavailableError(Exception):
    """Terraform, or the AWS provider, cannot be had on this machine; the message says which, and why."""


# --- AWS ------------------------------------------------------------------------------------------


class FakeAws:
    """moto's server in a process of its own: many accounts, one endpoint. Use it in a `with` statement.

    The account that answers is the one of the role that was assumed; no trust policy is evaluated on the
    way. Of the policies that AWS manages (`AdministratorAccess` and the like), those named exist in every
    account.
    """

    def __init__(self, log: Path, managed_policies: Iterable[str] = ()) -> None:
        self._log = log
        self._managed_policies = sorted(managed_policies)
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = ""

    def __enter__(self) -> Self:
        for _ in range(3):  # another process may take the port between our look and moto's
            if self._start():
                return self
        raise HarnessError(f"moto's server does not start:\n{self._log.read_text(errors='replace')}")

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _start(self) -> bool:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, MOTO_SERVER, str(port), *self._managed_policies],
                env=_ambient(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            with contextlib.suppress(OSError):
                self._call("/moto-api/data.json", "GET")
                return True
            time.sleep(0.1)
        self.__exit__()
        return False

    def _call(self, path: str, method: str) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(self.endpoint + path, method=method)
        with opener.open(request, timeout=30) as answer:
            answer.read()

    def reset(self) -> None:
        """Forget everything that was made, in every account."""
        self._call("/moto-api/reset", "POST")

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach this fake AWS, and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "fake",
            "AWS_SECRET_ACCESS_KEY": "fake",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str, account: str, region: str = "eu-central-1") -> BaseClient:
        """Give a boto3 client that acts in `account`, by assuming the deployer's role there."""
        session = boto3.session.Session()
        common: dict[str, Any] = {
            "region_name": region,
            "endpoint_url": self.endpoint,
            "config": Config(proxies={}, retries={"max_attempts": 1}),
        }
        sts = session.client("sts", aws_access_key_id="fake", aws_secret_access_key="fake", **common)
        role = f"arn:{session.get_partition_for_region(region)}:iam::{account}:role/{DEPLOYER}"
        credentials = sts.assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
        return session.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            **common,
        )

    def account(self, account: str, region: str = "eu-central-1", *, organization: bool = False) -> Account:
        """Read what IAM holds in `account` now, and the organization that it manages, if that is asked for."""
        organizations = self.client("organizations", account, region) if organization else None
        return read_account(self.client("iam", account, region), account, organizations)

    def organization_root(self, account: str) -> str:
        """Make `account` the management account of an organization, unless it is; the id of the root."""
        organizations = self.client("organizations", account)
        with contextlib.suppress(organizations.exceptions.AlreadyInOrganizationException):
            organizations.create_organization(FeatureSet="ALL")
        return str(organizations.list_roots()["Roots"][0]["Id"])


# --- Terraform ------------------------------------------------------------------------------------

_KEPT_AWAY = (
    "AWS_",
    "MOTO_",
    "TF_VAR_",
    "TF_CLI_ARGS",
    "TF_LOG",
    "TF_DATA_DIR",
    "TF_WORKSPACE",
    "TF_REATTACH_PROVIDERS",
    "TF_INPUT",
    "TF_PLUGIN_CACHE_DIR",
)


def _ambient() -> dict[str, str]:
    """Copy the caller's environment, without AWS credentials and what would change what Terraform does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_AWAY)}
    for name in ("NO_PROXY", "no_proxy"):
        environment[name] = ",".join(filter(None, [environment.get(name), "127.0.0.1", "localhost"]))
    return environment


def terraform_environment(session: Path) -> dict[str, str]:
    """Make the environment of every Terraform process; `session` is a folder that lives as long as the tests.

    The ambient CLI configuration stays in force. Where `TF_CLI_CONFIG_FILE` names a file that is not there
    it is dropped, because Terraform then warns in every command and ignores it. Where no plugin cache is
    configured, one in the session's folder keeps a registry from being asked for the provider by each stack.
    """
    environment = _ambient()
    named = environment.get("TF_CLI_CONFIG_FILE")
    if named and not Path(named).is_file():
        del environment["TF_CLI_CONFIG_FILE"]
        named = None
    config = Path(named) if named else Path.home() / ".terraformrc"
    has_cache = config.is_file() and re.search(r"(?m)^\s*plugin_cache_dir\s*=", config.read_text())
    if "TF_PLUGIN_CACHE_DIR" in os.environ:
        environment["TF_PLUGIN_CACHE_DIR"] = os.environ["TF_PLUGIN_CACHE_DIR"]
    elif not has_cache:
        cache = session / "plugin-cache"
        cache.mkdir(exist_ok=True)
        environment["TF_PLUGIN_CACHE_DIR"] = str(cache)
    return environment | {
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "true",
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "NO_COLOR": "1",
        "GOGC": "off",
        "GOMEMLIMIT": "1GiB",
    }


@dataclass(frozen=True)
class Installation:
    """A Terraform that was found, and shown to get the AWS provider.

    Attributes:
        executable: the command.
        version: of Terraform.
        environment: of each of its processes.
        no_google: why the Google provider cannot be had; empty where it can.
    """

    executable: str
    version: str
    environment: Mapping[str, str]
    no_google: str = ""


def find_terraform(session: Path, requirement: str | None = None, google: str | None = None) -> Installation:
    """Find Terraform and make sure, once a session, that it can get the AWS provider; look for Google's too.

    Args:
        session: a folder that lives as long as the session.
        requirement: the version constraint of `hashicorp/aws` that the stacks have; None for any version.
        google: the same of `hashicorp/google`; None where no stack needs it.

    Raises:
        TerraformUnavailableError: Terraform is missing, or no registry can be reached.
        HarnessError: anything else that is wrong: a broken CLI configuration, a mirror without a fitting
            version.
    """
    executable = shutil.which("terraform")
    if executable is None:
        raise TerraformUnavailableError("terraform is not on the PATH")
    environment = terraform_environment(session)
    bare = Installation(executable, "", environment)
    terraform = _probe(bare, session / "probe", "hashicorp/aws", requirement)
    version = json.loads(terraform.run("version", "-json").stdout)["terraform_version"]
    found = terraform.run("init", "-input=false", "-no-color", accept=(0, 1))
    if found.returncode:
        if cannot_reach_a_registry(found.stderr):
            raise TerraformUnavailableError(f"terraform cannot get the provider hashicorp/aws: {_one_line(found)}")
        raise HarnessError(terraform.report(found))
    no_google = "" if google is None else _why_there_is_no_google(bare, session / "probe-google", google)
    return Installation(executable, version, environment, no_google)


def _probe(installation: Installation, folder: Path, source: str, requirement: str | None) -> Terraform:
    """Write a configuration that requires one provider and nothing else."""
    folder.mkdir()
    wanted = {"source": source} | ({"version": requirement} if requirement else {})
    name = source.rpartition("/")[2]
    (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": {name: wanted}}}))
    return Terraform(installation, folder, {}, name="(probe)")


def _why_there_is_no_google(installation: Installation, folder: Path, requirement: str) -> str:
    """Try to get the Google provider; Terraform's reason if it cannot be had, or nothing.

    Unlike AWS's it may be missing from a mirror, too.

    Raises:
        HarnessError: anything else that is wrong.
    """
    terraform = _probe(installation, folder, GOOGLE, requirement)
    found = terraform.run("init", "-input=false", "-no-color", accept=(0, 1))
    if found.returncode and "Failed to query available provider packages" not in found.stderr:
        raise HarnessError(terraform.report(found))
    return _one_line(found) if found.returncode else ""


def _one_line(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join(re.sub("[│╷╵]", " ", done.stderr).split())


def cannot_reach_a_registry(stderr: str) -> bool:
    """Whether what `terraform init` printed means that the network, not the configuration, is at fault."""
    text = " ".join(stderr.replace("│", " ").split())
    if "problems with the CLI configuration" in text:
        return False
    if "Failed to query available provider packages" not in text and "Failed to install provider" not in text:
        return False
    symptoms = (
        "could not connect to",
        "dial tcp",
        "no such host",
        "connection refused",
        "connection reset",
        "network is unreachable",
        "i/o timeout",
        "Client.Timeout",
        "context deadline exceeded",
        "TLS handshake timeout",
        "proxyconnect",
    )
    return any(symptom in text for symptom in symptoms)


@dataclass
class Ledger:
    """How long each command took, over the whole session."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, command: str, seconds: float) -> None:
        with self._lock:
            self.seconds.setdefault(command, []).append(seconds)

    def note(self, text: str) -> None:
        with self._lock:
            self.notes.append(text)

    def leave_out(self, text: str) -> None:
        with self._lock:
            self.not_run.append(text)


LEDGER = Ledger()


def forget_checksums(folder: Path) -> None:
    """Drop the checksums from a lock file that `terraform init` has just made: see the top of this file."""
    lock = folder / ".terraform.lock.hcl"
    if lock.is_file():
        lock.write_text(re.sub(r"(?ms)^  hashes = \[.*?^  \]\n", "", lock.read_text()))


class Terraform:
    """The real CLI in one stack's folder (a copy, never the committed one).

    Every failure shows all that was printed.
    """

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        environment: Mapping[str, str],
        name: str | None = None,
    ) -> None:
        self.folder = folder
        self.name = name or folder.name
        self._executable = installation.executable
        self._environment = {**installation.environment, **environment}

    def init(self) -> None:
        """Real initialisation, after which the provider found is trusted for the rest of the session."""
        self.run("init", "-input=false", "-no-color")
        forget_checksums(self.folder)

    def validate(self) -> None:
        """Validate, warnings included: a deprecated argument is a failure."""
        answer = json.loads(self.run("validate", "-json", "-no-color", accept=(0, 1)).stdout)
        if answer["diagnostics"] or not answer["valid"]:
            raise HarnessError(f"{self.name}: terraform validate:\n{json.dumps(answer['diagnostics'], indent=2)}")

    def plan(self, out: str = "plan.tfplan", warning: str | None = None) -> tuple[bool, str]:
        """Plan into the file `out`: whether there is anything to do, and Terraform's own text about it.

        A warning is a failure, unless it is the one that is expected.
        """
        done = self.run("plan", "-input=false", "-no-color", "-detailed-exitcode", f"-out={out}", accept=(0, 2))
        if set(re.findall(r"Warning: (.*)", done.stdout + done.stderr)) != ({warning} if warning else set()):
            raise HarnessError(self.report(done))
        return done.returncode == 2, done.stdout

    def planned_actions(self, out: str = "plan.tfplan") -> dict[str, Mapping[str, Any]]:
        """Plan into the file `out`: what it does with each resource that it does something with, by address.

        That is read from Terraform's own messages (`plan -json`), where `action` is one of `create`, `update`,
        `replace`, `delete`, `remove` (forgotten, not destroyed) and `import`; `importing` tells what is taken over.
        """
        done = self.run("plan", "-input=false", "-json", f"-out={out}")
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        changes = [message["change"] for message in messages if message["type"] == "planned_change"]
        return {change["resource"]["addr"]: change for change in changes}

    def apply_at_once(self) -> None:
        """Plan and apply in one command."""
        self.run("apply", "-input=false", "-no-color", "-auto-approve")

    def show_json(self, plan: str = "plan.tfplan") -> dict[str, Any]:
        """Read a plan file as Terraform's documented JSON."""
        shown: dict[str, Any] = json.loads(self.run("show", "-json", "-no-color", plan).stdout)
        return shown

    def apply(self, plan: str = "plan.tfplan") -> None:
        """Apply exactly the plan in the file `plan`."""
        self.run("apply", "-input=false", "-no-color", plan)

    def destroy(self) -> None:
        """Destroy everything the state holds."""
        self.run("destroy", "-input=false", "-no-color", "-auto-approve")

    def run(self, *arguments: str, accept: Iterable[int] = (0,)) -> subprocess.CompletedProcess[str]:
        """Run one command; any exit code not in `accept` is a failure."""
        start = time.monotonic()
        process = subprocess.Popen(
            [self._executable, *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=COMMAND_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the provider is a child of terraform, in the same group
            stdout, stderr = process.communicate()
            stderr += f"\n(given up after {COMMAND_LIMIT:.0f} seconds)"
        done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
        LEDGER.add(f"terraform {arguments[0]}", time.monotonic() - start)
        if done.returncode not in accept:
            raise HarnessError(self.report(done))
        return done

    def report(self, done: subprocess.CompletedProcess[str]) -> str:
        command = " ".join(["terraform", *done.args[1:]])
        return f"{self.name}: `{command}` ended with {done.returncode}\n{done.stdout}\n{done.stderr}".rstrip()


# --- the generated folder -------------------------------------------------------------------------


@dataclass(frozen=True)
class Stack:
    """One stack of a generated folder, as CDKTF's manifest names it."""

    name: str
    folder: Path
    document: Path
    dependencies: frozenset[str]

    def read(self) -> dict[str, Any]:
        """Its Terraform JSON."""
        document: dict[str, Any] = json.loads(self.document.read_text(encoding="utf-8"))
        return document

    @property
    def accounts(self) -> dict[str, str]:
        """The accounts its AWS providers may act in, each with the provider's region."""
        return {
            account: provider.get("region", "eu-central-1")
            for provider in self.read().get("provider", {}).get("aws", [])
            for account in provider["allowed_account_ids"]
        }

    @property
    def needs_google(self) -> bool:
        """Whether it requires the Google provider."""
        required = self.read().get("terraform", {}).get("required_providers", {})
        return any(provider["source"].endswith(GOOGLE) for provider in required.values())

    @property
    def protected(self) -> dict[str, dict[str, Any]]:
        """Its resources that Terraform may not destroy, by type and name."""
        resources = self.read().get("resource", {})
        kept = {
            kind: {name: body for name, body in bodies.items() if body.get("lifecycle", {}).get("prevent_destroy")}
            for kind, bodies in resources.items()
        }
        return {kind: bodies for kind, bodies in kept.items() if bodies}


def stacks_in_order(generated: Path) -> tuple[tuple[Stack, ...], ...]:
    """Sort the stacks of a generated folder into waves: each needs only stacks of earlier waves.

    Raises:
        HarnessError: a dependency that is no stack of the folder, or a circle.
    """
    manifest = json.loads((generated / "manifest.json").read_text(encoding="utf-8"))
    waiting = {
        name: Stack(
            name=entry["name"],
            folder=generated / entry["workingDirectory"],
            document=generated / entry["synthesizedStackPath"],
            dependencies=frozenset(entry["dependencies"]),
        )
        for name, entry in sorted(manifest["stacks"].items())
    }
    unknown = {f"{stack.name} -> {name}" for stack in waiting.values() for name in stack.dependencies - set(waiting)}
    if unknown:
        raise HarnessError(f"the manifest has dependencies on stacks it does not have: {sorted(unknown)}")
    waves: list[tuple[Stack, ...]] = []
    done: set[str] = set()
    while waiting:
        wave = tuple(stack for stack in waiting.values() if stack.dependencies <= done)
        if not wave:
            raise HarnessError(f"these stacks wait for each other in a circle: {sorted(waiting)}")
        waves.append(wave)
        done |= {stack.name for stack in wave}
        waiting = {name: stack for name, stack in waiting.items() if name not in done}
    return tuple(waves)


def copy_of(generated: Path, into: Path) -> Path:
    """Copy a generated folder without what Terraform left in it: no state, no lock file, no provider."""
    ignore = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate", "*.tfstate.*", "*.tfplan")
    return shutil.copytree(generated, into, ignore=ignore)


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a generated folder, by its path in it."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def variables_of(generated: Path) -> dict[str, str]:
    """Make up a value for each string variable of the stacks that has no default: `value-of-<its name>`."""
    return {
        name: f"value-of-{name}"
        for stack in itertools.chain.from_iterable(stacks_in_order(generated))
        for name, variable in stack.read().get("variable", {}).items()
        if "default" not in variable and variable.get("type") == "string"
    }


def managed_policies_named_in(generated: Path) -> set[str]:
    """Find the names after `:iam::aws:policy/` anywhere in a generated folder's stacks."""
    text = "".join(path.read_text(encoding="utf-8") for path in generated.rglob("*.tf.json"))
    return {arn.rpartition("/")[2] for arn in re.findall(r":iam::aws:policy/[\w+=,.@/-]+", text)}


def requirement(generated: Path, provider: str) -> str | None:
    """Find the version constraint that the stacks of a generated folder put on a provider, if any."""
    for stack in itertools.chain.from_iterable(stacks_in_order(generated)):
        required = stack.read().get("terraform", {}).get("required_providers", {}).get(provider, {})
        if "version" in required:
            return str(required["version"])
    return None


def leave_out_what_moto_lacks(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Copy a stack's JSON without what moto cannot hold, with a line about each thing left out.

    Raises:
        HarnessError: something that stays refers to a resource that goes, other than in `depends_on`.
    """
    reduced: dict[str, Any] = json.loads(json.dumps(document))
    resources = reduced.get("resource", {})
    notes = []
    gone = []
    for kind, reason in MISSING_IN_MOTO.items():
        for name in sorted(resources.pop(kind, {})):
            gone.append(f"{kind}.{name}")
            notes.append(f"{kind}.{name} was planned but not applied: {reason}")
    for (kind, attribute), reason in MISSING_ATTRIBUTES_IN_MOTO.items():
        for name, body in sorted(resources.get(kind, {}).items()):
            if body.pop(attribute, None) is not None:
                notes.append(f"{attribute} of {kind}.{name} was planned but not applied: {reason}")
    for bodies in resources.values():
        for body in bodies.values():
            if "depends_on" in body:
                body["depends_on"] = [address for address in body["depends_on"] if address not in gone]
    rest = json.dumps({**reduced, "//": None})
    for address in gone:
        if re.search(re.escape(address) + r"(?![\w-])", rest):
            raise HarnessError(f"{address} cannot be left out: something else refers to it")
    return reduced, notes


_PROFILES = ("profile", "shared_config_files", "shared_credentials_files")


def leave_out_of_folder(generated: Path) -> list[str]:
    """Rewrite a generated folder in place without what moto lacks; a line about each thing left out."""
    lines = []
    for stack in itertools.chain.from_iterable(stacks_in_order(generated)):
        reduced, notes = leave_out_what_moto_lacks(stack.read())
        if notes:
            stack.document.write_text(json.dumps(reduced, indent=2), encoding="utf-8")
            lines += [f"{stack.name}: {note}" for note in notes]
    return lines


def bring_within_reach(stack: Stack, organization_root: Callable[[str], str]) -> list[str]:
    """Override, in a stack's copied folder, what needs a world outside.

    That is a backend, a way into the account, and the parent of organizational units, which AWS numbers itself.
    Terraform's own override files do it (`*_override.tf.json`), so that the stack's JSON stays as it was
    written. A local backend with a relative path and a provider that assumes a role are left alone.

    Args:
        stack: the stack.
        organization_root: gives the id of the root of the organization that an account manages.

    Returns:
        A line about each thing overridden.
    """
    document = stack.read()
    override: dict[str, Any] = {}
    notes = []
    settings = document.get("terraform", {})
    backends = dict(settings.get("backend", {})) | ({"cloud": {}} if "cloud" in settings else {})
    local = backends.get("local")
    if len(backends) != 1 or local is None or Path(local.get("path", "")).is_absolute():
        override["terraform"] = {"backend": {"local": {"path": "terraform.tfstate"}}}
        notes.append(f"the backend ({', '.join(backends) or 'none'}) was replaced by a local one")
    providers = []
    for provider in document.get("provider", {}).get("aws", []):
        if not provider.get("assume_role"):
            (account,) = provider["allowed_account_ids"]
            role = f"arn:{_partition(provider)}:iam::{account}:role/{DEPLOYER}"
            hidden = [key for key in _PROFILES if key in provider]
            replaced = ", ".join(hidden) or "ambient credentials"
            same = {"alias": provider["alias"]} if "alias" in provider else {}
            providers.append({**same, "assume_role": [{"role_arn": role}], **dict.fromkeys(hidden)})
            notes.append(f"account {account} was entered through {DEPLOYER} instead of by {replaced}")
    if providers:
        override["provider"] = {"aws": providers}
    units = document.get("resource", {}).get("aws_organizations_organizational_unit", {})
    if units:
        (account,) = stack.accounts
        root = organization_root(account)
        override["resource"] = {"aws_organizations_organizational_unit": {name: {"parent_id": root} for name in units}}
        parents = ", ".join(sorted({unit["parent_id"] for unit in units.values()}))
        notes.append(f"organizational units were put under the fake AWS's root {root} instead of {parents}")
    if override:
        (stack.folder / "harness_override.tf.json").write_text(json.dumps(override, indent=2))
    return notes


def take_protection_off(stack: Stack, addresses: Iterable[str]) -> None:
    """Override `prevent_destroy` of some resources in a stack's copied folder."""
    resources: dict[str, Any] = {}
    for address in addresses:
        kind, _, name = address.partition(".")
        resources.setdefault(kind, {})[name] = {"lifecycle": {"prevent_destroy": False}}
    (stack.folder / "unprotected_override.tf.json").write_text(json.dumps({"resource": resources}, indent=2))


def _partition(provider: Mapping[str, Any]) -> str:
    return boto3.session.Session().get_partition_for_region(provider.get("region") or "eu-central-1")


# --- plans ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """What a plan does with one resource. `unknown` holds what is only known after apply."""

    address: str
    type: str
    account: str
    partition: str
    actions: tuple[str, ...]
    after: Mapping[str, Any]
    unknown: Mapping[str, Any]

    @property
    def arn(self) -> str | None:
        """The ARN that the resource will have, where its plan says enough to know it."""
        path = self.after.get("path") or "/"
        kind = {"aws_iam_role": "role", "aws_iam_user": "user", "aws_iam_policy": "policy"}.get(self.type)
        if kind is not None:
            return f"arn:{self.partition}:iam::{self.account}:{kind}{path}{self.after['name']}"
        if self.type == "aws_iam_openid_connect_provider":
            issuer = self.after["url"].removeprefix("https://")
            return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{issuer}"
        return None


@dataclass(frozen=True)
class Plan:
    """A plan of one stack, from `terraform show -json`."""

    stack: str
    json: Mapping[str, Any]

    @functools.cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every resource that the plan touches; data sources are not among them."""
        providers = {
            key: {
                name: provider["expressions"].get(name, {}).get("constant_value")
                for name in ("allowed_account_ids", "region")
            }
            for key, provider in self.json["configuration"]["provider_config"].items()
            if "allowed_account_ids" in provider.get("expressions", {})
        }

        def change(entry: Mapping[str, Any]) -> Change:
            provider = providers.get(self._configured[entry["address"]]["provider_config_key"], {})
            return Change(
                address=entry["address"],
                type=entry["type"],
                account=provider.get("allowed_account_ids", [""])[0],
                partition=_partition(provider),
                actions=tuple(entry["change"]["actions"]),
                after=entry["change"]["after"] or {},
                unknown=entry["change"]["after_unknown"] or {},
            )

        return tuple(change(entry) for entry in self.json["resource_changes"] if entry["mode"] == "managed")

    @functools.cached_property
    def _configured(self) -> dict[str, Mapping[str, Any]]:
        resources = self.json["configuration"]["root_module"]["resources"]
        return {resource["address"]: resource for resource in resources}

    def value(self, change: Change, attribute: str) -> str | None:
        """What an attribute will be: as planned, or what the resource it refers to is planned to be.

        A reference to the ARN of a role, user, policy or identity provider of the same stack can be followed before
        anything exists. None: the plan does not say.
        """
        if change.after.get(attribute) is not None:
            return str(change.after[attribute])
        expression = self._configured[change.address].get("expressions", {}).get(attribute, {})
        changes = {other.address: other for other in self.changes}
        for reference in expression.get("references", []):
            address, _, name = reference.rpartition(".")
            if address in changes:
                other = changes[address]
                return other.arn if name == "arn" else other.after.get(name)
        return None

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses of all resources that the plan touches."""
        return frozenset(change.address for change in self.changes)

    @functools.cached_property
    def dependencies(self) -> dict[str, frozenset[str]]:
        """For each resource, all that it waits for within its stack, by `depends_on` or by reference."""
        direct = {
            address: {
                ".".join(reference.split(".")[:2])
                for reference in [
                    *resource.get("depends_on", []),
                    *_references(resource.get("expressions", {})),
                ]
            }
            for address, resource in self._configured.items()
        }

        def follow(address: str) -> Iterator[str]:
            seen: set[str] = set()
            front = {address}
            while front:
                front = {target for item in front for target in direct.get(item, ())} - seen
                seen |= front
            yield from seen

        return {address: frozenset(follow(address)) for address in direct}


def _references(expressions: object) -> Iterator[str]:
    if isinstance(expressions, Mapping):
        yield from expressions.get("references", [])
        for value in expressions.values():
            yield from _references(value)
    elif isinstance(expressions, list):
        for value in expressions:
            yield from _references(value)


# --- the whole life -------------------------------------------------------------------------------


def stage(run: Callable[[Any], T]) -> property:
    """Make a property that is computed once; if that fails, every later look at it fails too."""
    kept = f"_outcome_of_{run.__name__}"

    @functools.wraps(run)
    def once(self: Any) -> T:
        if not hasattr(self, kept):
            try:
                setattr(self, kept, (run(self), None))
            except HarnessError as error:
                before = "has failed before, and was shown whole there"
                again = f"`{run.__name__}` {before}: {error!s:.200}"
                setattr(self, kept, (None, str(error) if before in str(error) else again))
                raise
        value, failure = getattr(self, kept)
        if failure is not None:
            raise HarnessError(failure)
        return value  # type: ignore[no-any-return]

    return property(once)


class Lifecycle:
    """A generated folder from `terraform init` to `terraform destroy`, each stage run when first looked at.

    Stages, each of which runs the ones before it: `initialised`, `validated`, `first_plans`, `applied`,
    `second_plans`, `refusals`, `destroyed`. Stacks that need the Google provider take no part in them: they are
    `set_aside`. Plans need no stack to have been applied; apply goes wave by wave in
    dependency order, destroy in the reverse. What AWS held is kept after each, so that looking at it costs
    nothing and can be done in any order; `aws` itself can be asked as long as `destroyed` has not been
    looked at.

    Args:
        generated: the folder, which is copied and not touched.
        installation: Terraform.
        aws: an AWS that nobody else uses.
        work: where the copy goes; must not exist.
        variables: values for the stacks' Terraform variables; a string without a default is made up.
        title: what the folder is called in the notes at the end of the session.
    """

    workers = 2

    def __init__(
        self,
        generated: Path,
        installation: Installation,
        aws: FakeAws,
        work: Path,
        variables: Mapping[str, str] | None = None,
        title: str = "generated",
    ) -> None:
        self.generated = generated
        self._title = title
        self.contents = contents(generated)
        self.aws = aws
        self.folder = copy_of(generated, work)
        waves = stacks_in_order(self.folder)
        every = tuple(itertools.chain.from_iterable(waves))
        self.set_aside = tuple(stack for stack in every if stack.needs_google)
        # What is applied after a stack that is set aside stays after what that one is applied after.
        self.waves = tuple(tuple(stack for stack in wave if not stack.needs_google) for wave in waves)
        self.stacks = tuple(itertools.chain.from_iterable(self.waves))
        self._no_google = installation.no_google
        self.left_out: list[str] = []
        values = variables_of(generated) | dict(variables or {})
        environment = aws.environment | {f"TF_VAR_{name}": value for name, value in values.items()}
        self._terraform = {
            stack.name: Terraform(installation, stack.folder, environment, stack.name) for stack in every
        }
        for stack in self.stacks:
            self._note(stack, bring_within_reach(stack, aws.organization_root))
        for stack in self.set_aside:
            reason = self._no_google or "its provider is here, but a plan needs Google: initialised and validated only"
            LEDGER.leave_out(f"{title}: {stack.name} needs {GOOGLE}: {reason}")

    def _note(self, stack: Stack, notes: list[str]) -> None:
        for note in notes:
            self.left_out.append(f"{stack.name}: {note}")
            LEDGER.note(f"{self._title}: {stack.name}: {note}")

    def _each(self, step: Callable[[Stack, Terraform], T], stacks: Iterable[Stack]) -> dict[str, T]:
        """Run a step for several stacks, two at a time, and report all failures together."""
        results: dict[str, T] = {}
        failures = []
        with ThreadPoolExecutor(self.workers) as pool:
            futures = {stack.name: pool.submit(step, stack, self._terraform[stack.name]) for stack in stacks}
        for name, future in futures.items():
            try:
                results[name] = future.result()
            except HarnessError as error:
                failures.append(str(error))
        if failures:
            raise HarnessError("\n\n".join(failures))
        return results

    def accounts(self) -> dict[str, Account]:
        """Read what AWS holds now, by account."""
        regions = {account: region for stack in self.stacks for account, region in stack.accounts.items()}
        managing = {
            account
            for stack in self.stacks
            if any(kind.startswith("aws_organizations_") for kind in stack.read().get("resource", {}))
            for account in stack.accounts
        }
        return {
            account: self.aws.account(account, region, organization=account in managing)
            for account, region in sorted(regions.items())
        }

    @stage
    def initialised(self) -> tuple[str, ...]:
        """Run `terraform init` in every stack; their names."""
        alike = _alike(self.stacks, _initialisation)
        self._each(lambda _, terraform: terraform.init(), [first for first, *_ in alike])
        for first, *others in alike:
            for other in others:
                share_initialisation(first.folder, other.folder, _backend(other))
        return tuple(stack.name for stack in self.stacks)

    @stage
    def validated(self) -> tuple[str, ...]:
        """Run `terraform validate`, without a warning, in as many stacks as hold all arguments of all; all names."""
        assert self.initialised
        self._each(lambda _, terraform: terraform.validate(), _covering(self.stacks))
        return tuple(stack.name for stack in self.stacks)

    @stage
    def checked_aside(self) -> tuple[str, ...]:
        """Initialise and validate the stacks that are set aside, where their provider can be had; their names."""
        if self._no_google:
            return ()

        def check(stack: Stack, terraform: Terraform) -> None:
            # Where its state is kept does not matter to this.
            backend = {"terraform": {"backend": {"local": {"path": "terraform.tfstate"}}}}
            (stack.folder / "harness_override.tf.json").write_text(json.dumps(backend))
            terraform.init()
            terraform.validate()

        return tuple(self._each(check, self.set_aside))

    @stage
    def first_plans(self) -> dict[str, Plan]:
        """Plan each whole stack before anything exists; by stack name."""
        assert self.validated

        def plan(stack: Stack, terraform: Terraform) -> Plan:
            terraform.plan()
            return Plan(stack.name, terraform.show_json())

        return self._each(plan, self.stacks)

    @stage
    def applied_plans(self) -> dict[str, Plan]:
        """Choose the plans to apply: the first ones, but for stacks that hold something that moto lacks."""

        def reduce(stack: Stack, terraform: Terraform) -> Plan:
            reduced, notes = leave_out_what_moto_lacks(stack.read())
            if not notes:
                return first[stack.name]
            self._note(stack, notes)
            stack.document.write_text(json.dumps(reduced, indent=2), encoding="utf-8")
            terraform.plan()
            return Plan(stack.name, terraform.show_json())

        first: dict[str, Plan] = self.first_plans
        return self._each(reduce, self.stacks)

    @stage
    def before(self) -> dict[str, Account]:
        """Read what AWS held before anything was applied; by account."""
        return self.accounts()

    @stage
    def applied(self) -> dict[str, Account]:
        """Apply every stack in dependency order; what AWS then holds, by account."""
        assert self.applied_plans
        assert self.before
        for wave in self.waves:
            self._each(lambda _, terraform: terraform.apply(), wave)
        return self.accounts()

    @stage
    def second_plans(self) -> dict[str, tuple[bool, str]]:
        """Plan every stack again: for each, whether anything would change, and the plan's text."""
        assert self.applied
        return self._each(lambda _, terraform: terraform.plan("second.tfplan"), self.stacks)

    @stage
    def refusals(self) -> dict[str, tuple[str, ...]]:
        """Try to destroy the stacks that hold something protected; what Terraform refused, by stack name.

        It names first what would be destroyed first, and looks no further: that loses its protection, and the next
        attempt shows the rest.

        Raises:
            HarnessError: one of them was destroyed.
        """
        assert self.second_plans

        def attempt(stack: Stack, terraform: Terraform) -> tuple[str, ...]:
            protected = {f"{kind}.{name}" for kind, bodies in stack.protected.items() for name in bodies}
            refused: list[str] = []
            while protected - set(refused):
                done = terraform.run("destroy", "-input=false", "-no-color", "-auto-approve", accept=(1,))
                named = re.findall(r"Resource (\S+) has lifecycle\.prevent_destroy set", _one_line(done))
                if not set(named) - set(refused):
                    raise HarnessError(terraform.report(done))
                refused += named
                take_protection_off(stack, refused)
            return tuple(refused)

        return self._each(attempt, [stack for stack in self.stacks if stack.protected])

    @stage
    def after_refusals(self) -> dict[str, Account]:
        """Read what AWS holds after the attempts to destroy what is protected; by account."""
        assert self.refusals is not None
        return self.accounts()

    @stage
    def destroyed(self) -> dict[str, Account]:
        """Destroy every stack in reverse order, protection taken off; what AWS then holds, by account."""
        assert self.after_refusals
        for stack in self.stacks:
            for address in self.refusals.get(stack.name, ()):
                self._note(stack, [f"{address} was destroyed only after its protection was taken off"])
        for wave in reversed(self.waves):
            self._each(lambda _, terraform: terraform.destroy(), wave)
        return self.accounts()


def _alike(stacks: Iterable[Stack], likeness: Callable[[Stack], object]) -> list[list[Stack]]:
    """Put stacks together that Terraform would treat alike."""
    groups: dict[str, list[Stack]] = {}
    for stack in stacks:
        groups.setdefault(json.dumps(likeness(stack), sort_keys=True), []).append(stack)
    return list(groups.values())


def _initialisation(stack: Stack) -> object:
    """What `terraform init` looks at: the providers and the kind of backend."""
    return stack.read().get("terraform", {}).get("required_providers"), sorted(_backend(stack))


def _backend(stack: Stack) -> dict[str, Any]:
    """Where Terraform keeps the state of a copied stack."""
    override = stack.folder / "harness_override.tf.json"
    overridden = json.loads(override.read_text()).get("terraform", {}) if override.exists() else {}
    backend: dict[str, Any] = overridden.get("backend") or stack.read().get("terraform", {}).get("backend", {})
    return backend


def share_initialisation(initialised: Path, folder: Path, backend: Mapping[str, Any]) -> None:
    """Copy what `terraform init` left in one folder to another with the same providers.

    Its record of the backend names that of the other folder; Terraform compares it with the configuration.
    """
    shutil.copytree(initialised / ".terraform", folder / ".terraform", symlinks=True)
    shutil.copy(initialised / ".terraform.lock.hcl", folder)
    record = folder / ".terraform" / "terraform.tfstate"
    if record.is_file():
        found = json.loads(record.read_text())
        found["backend"]["config"] |= backend[found["backend"]["type"]]
        record.write_text(json.dumps(found))


def _covering(stacks: Iterable[Stack]) -> list[Stack]:
    """Choose stacks that together hold every argument of every kind of block that any of them holds."""
    chosen, seen = [], set[tuple[str, ...]]()
    for stack in sorted(stacks, key=lambda stack: -len(_arguments(stack))):
        if not _arguments(stack) <= seen:
            chosen.append(stack)
            seen |= _arguments(stack)
    return chosen


def _arguments(stack: Stack) -> set[tuple[str, ...]]:
    """List the kinds of a stack's blocks, each with each of its arguments."""
    document = stack.read()
    found: set[tuple[str, ...]] = {(block,) for block in document}
    for kind, providers in document.get("provider", {}).items():
        found |= {("provider", kind, argument) for provider in providers for argument in provider}
    for block in ("resource", "data"):
        for kind, bodies in document.get(block, {}).items():
            found |= {(block, kind, argument) for body in bodies.values() for argument in body}
    for block in ("variable", "output"):
        found |= {(block, argument) for body in document.get(block, {}).values() for argument in body}
    return found
