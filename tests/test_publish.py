"""A synthesis takes the place of the last one whole or not at all, and takes nothing that is not ours."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.snapshots import SETTINGS, files_below

from rolebridge.generated import STAGING, Changes, OutputError, Synthesis, publish


def synthesis(**stacks: str) -> Synthesis:
    """A synthesis without Node: stacks by name, each with one text as its content and as its policy."""
    manifest = {"version": "0", "stacks": {name: {"name": name} for name in stacks}}
    files = {
        name: {
            f"stacks/{name}/cdk.tf.json": json.dumps({"resource": {"aws_iam_role": {text: {}}}}).encode(),
            f"policies/{name}/{text}.json": text.encode(),
            f"policies/{name}/same.json": b"same",
        }
        for name, text in stacks.items()
    }
    return Synthesis(manifest, files)


OLD = synthesis(one="old", two="old", gone="old")
NEW = synthesis(one="new", two="old", fresh="new")


def contents(made: Synthesis) -> dict[str, bytes]:
    files = {path: content for of_stack in made.files.values() for path, content in of_stack.items()}
    return files | {"manifest.json": json.dumps(made.manifest, indent=2).encode()}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    publish(OLD, tmp_path / "generated")
    return tmp_path / "generated"


# --- what is written --------------------------------------------------------------------------------------------------


def test_a_first_synthesis_makes_the_folder_and_what_is_above_it(tmp_path: Path) -> None:
    changes = publish(NEW, tmp_path / "a" / "b")
    assert files_below(tmp_path / "a" / "b") == contents(NEW)
    assert changes == Changes(added=tuple(sorted(contents(NEW))), changed=(), removed=())


def test_the_next_one_takes_its_place_and_says_what_changed(output: Path) -> None:
    assert publish(NEW, output) == Changes(
        added=(
            "policies/fresh/new.json",
            "policies/fresh/same.json",
            "policies/one/new.json",
            "stacks/fresh/cdk.tf.json",
        ),
        changed=("manifest.json", "stacks/one/cdk.tf.json"),
        removed=(
            "policies/gone/old.json",
            "policies/gone/same.json",
            "policies/one/old.json",
            "stacks/gone/cdk.tf.json",
        ),
    )
    assert files_below(output) == contents(NEW)
    assert not (output / STAGING).exists()
    assert not (output / "policies" / "gone").exists()


def test_the_same_again_changes_nothing_and_touches_no_file(output: Path) -> None:
    def times() -> dict[Path, int]:
        return {file: file.stat().st_mtime_ns for file in output.rglob("*") if file.is_file()}

    before = times()
    assert publish(OLD, output) == Changes((), (), ())
    assert times() == before


def test_a_file_that_stays_the_same_is_not_touched_when_others_change(output: Path) -> None:
    unchanged = output / "stacks" / "two" / "cdk.tf.json"
    before = (unchanged.stat().st_mtime_ns, unchanged.stat().st_ino)
    publish(NEW, output)
    assert (unchanged.stat().st_mtime_ns, unchanged.stat().st_ino) == before


def test_a_file_of_ours_that_was_edited_by_hand_is_ours_again(output: Path) -> None:
    (output / "stacks" / "one" / "cdk.tf.json").write_text("{}", encoding="utf-8")
    (output / "policies" / "one" / "by-hand.json").write_text("{}", encoding="utf-8")
    publish(OLD, output)
    assert files_below(output) == contents(OLD)


# --- the pictures -----------------------------------------------------------------------------------------------------


def drawn(stacks: Mapping[str, bytes]) -> dict[str, bytes]:
    """A picture that shows which stacks it is of."""
    return {"TRUST.md": b"\n".join(path.encode() + b" " + content for path, content in stacks.items())}


def of(made: Synthesis, **others: Synthesis) -> bytes:
    paths = {name: f"stacks/{name}/cdk.tf.json" for name in made.manifest["stacks"]}
    stacks = {path: others.get(name, made).files[name][path] for name, path in paths.items()}
    return drawn(stacks)["TRUST.md"]


def test_the_pictures_are_made_of_the_stacks_that_are_written_and_published_with_them(tmp_path: Path) -> None:
    changes = publish(NEW, tmp_path / "out", draw=drawn)
    assert (tmp_path / "out" / "TRUST.md").read_bytes() == of(NEW)
    assert "TRUST.md" in changes.added
    assert publish(OLD, tmp_path / "out", draw=drawn).changed == ("TRUST.md", "manifest.json", "stacks/one/cdk.tf.json")
    assert publish(OLD, tmp_path / "out", draw=drawn) == Changes((), (), ())
    assert publish(OLD, tmp_path / "out").removed == ("TRUST.md",)


def test_of_one_stack_alone_the_pictures_are_still_of_all_that_are_there(output: Path) -> None:
    publish(NEW, output, only=["fresh"], draw=drawn)
    # gone is in the folder still, but no longer in the settings; one is as it was.
    assert (output / "TRUST.md").read_bytes() == of(NEW, one=OLD, two=OLD)


def test_a_picture_that_cannot_be_made_leaves_everything_as_it_was(output: Path) -> None:
    def fail(_stacks: Mapping[str, bytes]) -> dict[str, bytes]:
        raise ValueError("no picture")

    before = files_below(output)
    with pytest.raises(ValueError, match="no picture"):
        publish(NEW, output, draw=fail)
    assert files_below(output) == before


# --- what Terraform put there -----------------------------------------------------------------------------------------


def terraform_was_here(stack: Path) -> None:
    (stack / ".terraform" / "providers").mkdir(parents=True)
    (stack / ".terraform" / "providers" / "aws").write_bytes(b"provider")
    (stack / ".terraform.lock.hcl").write_bytes(b"lock")


def test_what_terraform_put_into_a_stack_that_stays_is_kept(output: Path) -> None:
    terraform_was_here(output / "stacks" / "one")
    (output / "stacks" / "one" / "saved.tfplan").write_bytes(b"plan")
    (output / "stacks" / "one" / "terraform.tfstate").write_bytes(b"state")
    publish(NEW, output)
    assert (output / "stacks" / "one" / ".terraform" / "providers" / "aws").read_bytes() == b"provider"
    assert (output / "stacks" / "one" / ".terraform.lock.hcl").read_bytes() == b"lock"
    assert (output / "stacks" / "one" / "saved.tfplan").read_bytes() == b"plan"
    assert (output / "stacks" / "one" / "terraform.tfstate").read_bytes() == b"state"


def test_a_stack_that_is_no_longer_there_goes_with_what_terraform_put_into_it(output: Path) -> None:
    terraform_was_here(output / "stacks" / "gone")
    publish(NEW, output)
    assert not (output / "stacks" / "gone").exists()


@pytest.mark.parametrize("state", ["terraform.tfstate", "terraform.tfstate.backup", "terraform.tfstate.d/x/y"])
def test_a_stack_that_goes_is_kept_with_everything_else_while_it_has_a_state(state: str, output: Path) -> None:
    file = output / "stacks" / "gone" / state
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"state")
    with pytest.raises(OutputError, match="the stack gone is no longer in the settings"):
        publish(NEW, output)
    assert {**contents(OLD)}.items() <= files_below(output).items()
    assert file.read_bytes() == b"state"


def test_a_state_under_another_name_in_the_stacks_own_folder_is_not_lost_either(output: Path) -> None:
    backend = {"terraform": {"backend": {"local": {"path": "state/gone.json"}}}}
    (output / "stacks" / "gone" / "cdk.tf.json").write_text(json.dumps(backend), encoding="utf-8")
    (output / "stacks" / "gone" / "state").mkdir()
    (output / "stacks" / "gone" / "state" / "gone.json").write_bytes(b"state")
    with pytest.raises(OutputError, match=r"state/gone\.json holds its state"):
        publish(NEW, output)
    assert (output / "stacks" / "gone" / "state" / "gone.json").read_bytes() == b"state"


# --- what is not ours -------------------------------------------------------------------------------------------------


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match=r"holds no manifest\.json"):
        publish(NEW, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_manifest_that_is_not_cdktfs_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "an app of the web"}', encoding="utf-8")
    with pytest.raises(OutputError, match="is not CDKTF's manifest"):
        publish(NEW, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.json"]


def test_a_manifest_that_names_a_stack_outside_reaches_nothing_outside(output: Path) -> None:
    outside = output.parent / "cdk.tf.json"
    outside.write_text("{}", encoding="utf-8")
    (output / "manifest.json").write_text('{"stacks": {"..": {}, "../..": {}, "": {}}}', encoding="utf-8")
    publish(NEW, output)
    assert outside.read_text(encoding="utf-8") == "{}"


def test_a_file_where_the_folder_should_be_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "generated").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="is a file"):
        publish(NEW, tmp_path / "generated")
    assert (tmp_path / "generated").read_text(encoding="utf-8") == "a file"


def test_a_link_to_a_folder_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    publish(OLD, tmp_path / "link")
    publish(NEW, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert files_below(tmp_path / "real") == contents(NEW)


def test_what_somebody_else_put_beside_our_files_stays(output: Path) -> None:
    (output / "README.md").write_text("ours, by hand", encoding="utf-8")
    (output / "stacks" / "one" / "backend_override.tf.json").write_text("{}", encoding="utf-8")
    publish(NEW, output)
    assert (output / "README.md").exists()
    assert (output / "stacks" / "one" / "backend_override.tf.json").exists()


# --- one stack only ---------------------------------------------------------------------------------------------------


def test_only_one_stack_is_taken_over_and_the_others_stay_as_they_are(output: Path) -> None:
    before = files_below(output)
    publish(NEW, output, ["fresh"])
    after = files_below(output)
    assert {path: content for path, content in after.items() if "fresh" not in path and path != "manifest.json"} == {
        path: content for path, content in before.items() if path != "manifest.json"
    }
    assert "stacks/fresh/cdk.tf.json" in after


def test_the_manifest_then_names_the_stacks_that_are_there_and_no_other(tmp_path: Path) -> None:
    publish(NEW, tmp_path / "generated", ["two"])
    assert list(json.loads((tmp_path / "generated" / "manifest.json").read_bytes())["stacks"]) == ["two"]


def test_an_unknown_stack_is_refused_with_the_names_of_those_there_are(output: Path) -> None:
    before = files_below(output)
    with pytest.raises(OutputError, match="no stack is called thre; the stacks are one, two, fresh"):
        publish(NEW, output, ["thre"])
    assert files_below(output) == before


# --- whole or not at all ----------------------------------------------------------------------------------------------

RENAME = Path.rename


def fail_at(step: int, error: BaseException, patch: pytest.MonkeyPatch) -> list[int]:
    """Let the renames up to this step succeed and the next one fail, once."""
    count = [0]

    def rename(source: Path, target: Path) -> Path:
        count[0] += 1
        if count[0] == step:
            raise error
        return RENAME(source, target)

    patch.setattr(Path, "rename", rename)
    return count


def number_of_renames(tmp_path: Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        publish(OLD, tmp_path / "count")
        count = fail_at(-1, OSError(), patch)
        publish(NEW, tmp_path / "count")
    return count[0]


ERRORS: dict[str, Callable[[], BaseException]] = {
    "the disk is full": lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "the folder is read-only": lambda: PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
    "somebody presses Ctrl-C": lambda: KeyboardInterrupt(),
}


@pytest.mark.parametrize("what", ERRORS)
def test_at_whatever_step_it_fails_the_folder_is_as_it_was(what: str, tmp_path: Path) -> None:
    steps = number_of_renames(tmp_path)
    assert steps > 10
    for step in range(1, steps + 1):
        output = tmp_path / f"at-{step}"
        publish(OLD, output)
        terraform_was_here(output / "stacks" / "gone")
        with pytest.MonkeyPatch.context() as patch:
            fail_at(step, ERRORS[what](), patch)
            with pytest.raises((OutputError, KeyboardInterrupt)):
                publish(NEW, output)
        assert files_below(output) == contents(OLD), f"step {step} of {steps}"
        assert (output / "stacks" / "gone" / ".terraform.lock.hcl").exists()
        assert not (output / STAGING).exists()
        publish(NEW, output)
        assert files_below(output) == contents(NEW)


@pytest.mark.parametrize("step", range(1, 8))
def test_when_the_disk_is_full_while_the_new_files_are_written_the_folder_is_as_it_was(
    step: int, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, count = Path.write_bytes, [0]

    def write_bytes(file: Path, content: bytes) -> int:
        count[0] += 1
        if count[0] == step:
            write(file, content[:3])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        return write(file, content)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    if step > 6:
        publish(NEW, output)
        return
    with pytest.raises(OutputError, match="No space left on device; nothing was changed"):
        publish(NEW, output)
    assert files_below(output) == contents(OLD)
    assert not (output / STAGING).exists()


def test_a_first_synthesis_that_fails_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(3, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), monkeypatch)
    with pytest.raises(OutputError):
        publish(NEW, tmp_path / "a" / "generated")
    assert list(tmp_path.iterdir()) == []


def test_something_in_the_way_of_a_folder_of_ours_changes_nothing(output: Path) -> None:
    (output / "policies" / "fresh").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputError, match="nothing was changed"):
        publish(NEW, output)
    assert {path: it for path, it in files_below(output).items() if path != "policies/fresh"} == contents(OLD)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into a read-only folder all the same")
def test_a_read_only_folder_is_refused_and_left_alone(output: Path) -> None:
    output.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            publish(NEW, output)
    finally:
        output.chmod(0o700)
    assert files_below(output) == contents(OLD)


# --- signals ----------------------------------------------------------------------------------------------------------

AT_A_STEP = """
import os, signal, sys, threading, time
from pathlib import Path
from tests.test_publish import NEW
from rolebridge.generated import publish

# jsii has a second thread, which takes a signal that the first one does not want.
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
step, number, output = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
# Tests that run in the background of a script may have been told to ignore Ctrl-C, and tell their children.
signal.signal(signal.SIGINT, signal.default_int_handler)
rename, count = Path.rename, [0]

def signalling(source, target):
    count[0] += 1
    if count[0] == step:
        os.kill(os.getpid(), number)
        time.sleep(0.01)
    return rename(source, target)

Path.rename = signalling
publish(NEW, output)
"""


def killed_at(step: int, number: signal.Signals, output: Path) -> subprocess.Popen[bytes]:
    repository = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", AT_A_STEP, str(step), str(number.value), output]
    return subprocess.Popen(command, cwd=repository, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_while_files_are_moved_waits_until_they_are(number: signal.Signals, tmp_path: Path) -> None:
    steps = (1, 4, 9)
    running = {}
    for step in steps:
        publish(OLD, tmp_path / str(step))
        running[step] = killed_at(step, number, tmp_path / str(step))
    for step, process in running.items():
        assert process.wait(60) == -number or (number == signal.SIGINT and process.returncode in (1, 130, -2))
        assert files_below(tmp_path / str(step)) == contents(NEW)
        assert not (tmp_path / str(step) / STAGING).exists()


@pytest.mark.slow
@pytest.mark.parametrize("before", [OLD, None], ids=["over an old one", "for the first time"])
def test_after_a_kill_at_any_step_the_next_synthesis_makes_it_whole_and_loses_nothing(
    before: Synthesis | None, tmp_path: Path
) -> None:
    steps = (1, 3, 6, 9, 12) if before else (1, 2, 5)
    running = {}
    for step in steps:
        output = tmp_path / str(step)
        if before:
            publish(before, output)
            for stack in ("one", "gone"):
                terraform_was_here(output / "stacks" / stack)
        running[step] = killed_at(step, signal.SIGKILL, output)
    for step, process in running.items():
        output = tmp_path / str(step)
        assert process.wait(60) == -signal.SIGKILL
        # The settings are put back meanwhile: what was there, and no longer is, has to be there again.
        publish(before or NEW, output)
        expected = contents(before or NEW)
        found = files_below(output)
        assert expected.items() <= found.items()
        if before:
            assert (output / "stacks" / "gone" / ".terraform.lock.hcl").exists()
            assert (output / "stacks" / "one" / ".terraform.lock.hcl").exists()
        publish(NEW, output)
        assert files_below(output) == contents(NEW)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_real_synth_that_is_stopped_at_any_moment_leaves_the_old_folder_or_the_new_one(
    number: signal.Signals, tmp_path: Path
) -> None:
    old, new = SETTINGS["users"][1], SETTINGS["everything"][1]
    moments = random.Random(number).sample(range(50, 1500), 4)
    for moment in moments:
        output = tmp_path / str(moment)
        publish(as_synthesis(old), output)
        command = [sys.executable, "-c", "from rolebridge.cli import main; main()", "synth"]
        process = subprocess.Popen(
            [*command, "--config", SETTINGS["everything"][0], "--output", output],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moment / 1000)
        process.send_signal(number)
        process.wait(60)
        assert files_below(output) in (files_below(old), files_below(new)), f"after {moment} ms"


def as_synthesis(folder: Path) -> Synthesis:
    """Read a generated folder back; which stack a policy belongs to does not matter here."""
    files = files_below(folder)
    manifest: dict[str, Any] = json.loads(files.pop("manifest.json"))
    by_stack: dict[str, dict[str, bytes]] = {name: {} for name in manifest["stacks"]}
    first = next(iter(by_stack))
    for path, content in files.items():
        by_stack[path.split("/")[1] if path.startswith("stacks/") else first][path] = content
    return Synthesis(manifest, by_stack)


# --- two at once ------------------------------------------------------------------------------------------------------

BY_TURNS = """
import sys
from pathlib import Path
from tests.test_publish import NEW, OLD
from rolebridge.generated import publish

for _ in range(15):
    publish(OLD, Path(sys.argv[1]))
    publish(NEW, Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_several_at_once_wait_for_each_other(tmp_path: Path) -> None:
    repository = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", BY_TURNS, tmp_path / "generated"]
    processes = [subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert files_below(tmp_path / "generated") == contents(NEW)
