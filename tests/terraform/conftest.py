"""Fixtures of the runs with the real Terraform: one Terraform and one fake AWS for each generated folder."""

from __future__ import annotations

import contextlib
import functools
import os
import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.terraform import subjects
from tests.terraform.harness import (
    LEDGER,
    REQUIRE,
    FakeAws,
    HarnessError,
    Installation,
    Lifecycle,
    TerraformUnavailableError,
    find_terraform,
    managed_policies_named_in,
    requirement,
)

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder; those that look at AWS come before those that destroy."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        item.add_marker(pytest.mark.terraform)
    in_order = iter(sorted(ours, key=lambda item: item.get_closest_marker("destroys") is not None))
    chosen = set(ours)
    items[:] = [next(in_order) if item in chosen else item for item in items]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "destroys: looks at what is left after `terraform destroy`; runs last")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, what was not applied, and where the time went."""
    if LEDGER.not_run:
        terminalreporter.section("stacks that Terraform could not plan here")
        for line in sorted(set(LEDGER.not_run)):
            terminalreporter.line(line)
    if LEDGER.notes:
        terminalreporter.section("what was done differently for the fake AWS")
        for note in sorted(set(LEDGER.notes)):
            terminalreporter.line(note)
    if LEDGER.seconds:
        terminalreporter.section("Terraform's time, up to two commands at once")
        terminalreporter.line(f"{'command':<24}{'runs':>5}{'median s':>10}{'longest s':>11}{'sum s':>8}")
        for command, seconds in sorted(LEDGER.seconds.items(), key=lambda entry: -sum(entry[1])):
            terminalreporter.line(
                f"{command:<24}{len(seconds):>5}{statistics.median(seconds):>10.1f}"
                f"{max(seconds):>11.1f}{sum(seconds):>8.0f}"
            )


def unavailable(reason: str) -> None:
    """Skip, or fail where these tests must run."""
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason} ({REQUIRE}=1 makes this a failure)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def no_real_aws() -> Iterator[None]:
    """Keep boto3 away from whatever credentials, profile and endpoint the caller has."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


GeneratedFolders = Mapping[str, subjects.GeneratedFolder]


@pytest.fixture(scope="session")
def generated_folders() -> GeneratedFolders:
    """Name the generated folders under test: see `subjects`."""
    return subjects.FOLDERS


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory, generated_folders: GeneratedFolders) -> Installation:
    """Terraform with the AWS provider, in a version that the shipped example accepts."""
    shipped = generated_folders[subjects.SHIPPED].path
    aws, google = requirement(shipped, "aws"), requirement(shipped, "google")
    try:
        return find_terraform(tmp_path_factory.mktemp("terraform"), aws, google)
    except TerraformUnavailableError as error:
        unavailable(str(error))
        raise


StartAws = Callable[[Path], FakeAws]


@pytest.fixture(scope="session")
def start_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartAws]:
    """Start a fake AWS for a generated folder; all are stopped at the end of the session."""
    with contextlib.ExitStack() as running:

        def start(generated: Path) -> FakeAws:
            log = tmp_path_factory.mktemp("moto") / "moto.log"
            return running.enter_context(FakeAws(log, managed_policies_named_in(generated)))

        yield start


ApplyAll = Callable[[str, subjects.GeneratedFolder], Lifecycle]


@pytest.fixture(scope="session")
def apply_all(
    terraform: Installation,
    start_aws: StartAws,
    tmp_path_factory: pytest.TempPathFactory,
) -> ApplyAll:
    """Give a generated folder a life of its own in an AWS of its own; stages run when they are looked at."""

    def start(title: str, generated: subjects.GeneratedFolder) -> Lifecycle:
        work = tmp_path_factory.mktemp("work") / "generated"
        aws = start_aws(generated.path)
        return Lifecycle(generated.path, terraform, aws, work, generated.variables, title)

    return start


@pytest.fixture(scope="session")
def lives(apply_all: ApplyAll, generated_folders: GeneratedFolders) -> Callable[[str], Lifecycle]:
    """Give the life of a generated folder by its name, always the same one."""

    @functools.cache
    def life_of(name: str) -> Lifecycle:
        try:
            return apply_all(name, generated_folders[name])
        except HarnessError as error:
            pytest.fail(str(error), pytrace=False)

    return life_of


@pytest.fixture(scope="session", params=list(subjects.FOLDERS))
def life(request: pytest.FixtureRequest, lives: Callable[[str], Lifecycle]) -> Lifecycle:
    """Run each generated folder under test, stage by stage as it is looked at."""
    return lives(request.param)


@pytest.fixture(scope="session")
def shipped(lives: Callable[[str], Lifecycle]) -> Lifecycle:
    """Run the shipped example: the same run as `life` has."""
    return lives(subjects.SHIPPED)
