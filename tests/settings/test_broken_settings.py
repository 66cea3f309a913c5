"""Broken settings: each is refused with the report it has to give, nothing is written, and there is no traceback."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rolebridge.settings import Mistake, Settings, SettingsError, load, load_settings, rules
from rolebridge.settings.document import Document

from .samples import FILE, SOUND, Case, as_reported, cases, changed, parse, refusal, unfold

CASES = cases()
ALL_RULES = rules.RULES
OF_THIS_TABLE = [rule for rule in ALL_RULES if rule.__module__ == rules.__name__]
"""The rules of the Google sections have a table of their own."""
COMMAND = (sys.executable, "-c", "from rolebridge.cli import main; main()")


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_settings_that_the_table_breaks_are_sound() -> None:
    assert refusal(SOUND) is None


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_broken_file_gives_the_report_of_the_table(case: Case) -> None:
    refused = refusal(case.text)
    assert refused is not None, "these settings are taken"
    assert [as_reported(mistake) for mistake in refused.mistakes] == list(case.report)


def test_no_two_cases_have_the_same_name() -> None:
    names = [case.name for case in CASES]
    assert sorted(names) == sorted(set(names))


@pytest.fixture(scope="module")
def cases_of_rules() -> dict[str, list[Case]]:
    """Return the cases in which each rule speaks."""
    found: dict[str, list[Case]] = {}

    def recording(rule: rules.Rule, case: Case) -> rules.Rule:
        def record(settings: Settings, document: Document) -> Iterator[Mistake]:
            for mistake in rule(settings, document):
                found.setdefault(rule.__name__, []).append(case)
                yield mistake

        return record

    with pytest.MonkeyPatch.context() as patch:
        for case in CASES:
            _set_rules(patch, [recording(rule, case) for rule in ALL_RULES])
            refusal(case.text)
    return found


def _set_rules(patch: pytest.MonkeyPatch, chosen: Sequence[rules.Rule]) -> None:
    patch.setattr(rules, "RULES", tuple(chosen))
    patch.setattr(load, "RULES", tuple(chosen))


@pytest.mark.parametrize("rule", OF_THIS_TABLE, ids=lambda rule: rule.__name__.strip("_"))
def test_without_this_rule_the_table_shows_a_difference(
    rule: rules.Rule, cases_of_rules: dict[str, list[Case]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _set_rules(monkeypatch, [other for other in ALL_RULES if other is not rule])
    assert any(_differs(case) for case in cases_of_rules.get(rule.__name__, [])), "nothing in the table needs it"


def _differs(case: Case) -> bool:
    try:
        refused = refusal(case.text)
    except (KeyError, ValueError):  # what the rule should have kept from the blueprint
        return True
    return refused is None or [as_reported(mistake) for mistake in refused.mistakes] != list(case.report)


# --- what is too large, too many or taken, which only the whole can show ----------------------------------------------


def _units(count: int) -> str:
    arn = "arn:aws:organizations::222222222222:ou/o-a1b2c3d4e5/ou-ab12-{:08}"
    return f"    organizational_units: [{', '.join(arn.format(number) for number in range(count))}]\n"


def _tags(count: int, prefix: str) -> str:
    return "{" + ", ".join(f"{prefix}{number}: x" for number in range(count)) + "}"


TOO_MUCH: dict[str, tuple[str, list[tuple[int | None, str, str, str]]]] = {
    "a policy of 100 organizational units": (
        changed({"    sso_instance_arn": _units(100) + "    sso_instance_arn"}),
        [
            (
                20,
                "meshstack.management.policy",
                "the policy MeshfedServiceRolePolicy with 15,632 characters",
                "at most 6,144 characters, white space not counted",
            )
        ],
    ),
    "a trust with two long paths and the longest external id": (
        changed(
            {
                "replicator-external-id": "x" * 1224,
                "    workload_identity:\n      issuer": "    iam_user: {}\n    workload_identity:\n      issuer",
            }
        )
        + f"iam: {{path: /{'p' * 500}/}}\n",
        [
            (
                21,
                "meshstack.management.role",
                "the trust of MeshfedServiceRole with 2,500 characters",
                "at most 2,048 characters, white space not counted",
            ),
            (
                23,
                "meshstack.automation.role",
                "the trust of MeshfedAutomationRole with 2,500 characters",
                "at most 2,048 characters, white space not counted",
            ),
        ],
    ),
    "a variable for the external id counts as the longest": (
        changed(
            {
                "external_id: replicator-external-id": "external_id: {variable: external_id}",
                "    workload_identity:\n      issuer": "    iam_user: {}\n    workload_identity:\n      issuer",
            }
        )
        + f"iam: {{path: /{'p' * 500}/}}\n",
        [
            (
                21,
                "meshstack.management.role",
                "the trust of MeshfedServiceRole with 2,500 characters",
                "at most 2,048 characters, white space not counted",
            ),
            (
                23,
                "meshstack.automation.role",
                "the trust of MeshfedAutomationRole with 2,500 characters",
                "at most 2,048 characters, white space not counted",
            ),
        ],
    ),
    "ten managed policies, which leave no place for the statements": (
        changed(
            {
                "        statements:": "        managed_policies:\n"
                + "".join(f'          - "arn:aws:iam::aws:policy/P{number}"\n' for number in range(10))
                + "        statements:"
            }
        ),
        [(27, "meshstack.automation.stack_set_roles.targets.managed_policies", "10 of them", "at most 9")],
    ),
    "51 tags": (SOUND + f"tags: {_tags(51, 'k')}\n", [(35, "tags", "51 of them", "at most 50")]),
    "51 tags with those of the account": (
        changed({'"555555555555"}': f'"555555555555", tags: {_tags(25, "a")}}}'}) + f"tags: {_tags(26, 'k')}\n",
        [
            (
                13,
                "meshstack.account_access_role.tags",
                "51 tags on MeshstackAccountAccessRole with those of iam, the account and the top",
                "at most 50",
            )
        ],
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_iam_would_refuse_is_reported_before_anything_is_written(name: str) -> None:
    text, expected = TOO_MUCH[name]
    refused = refusal(text)
    assert refused is not None, "these settings are taken"
    told = [as_reported(mistake) for mistake in refused.mistakes]
    assert [tuple(mistake.values()) for mistake in told] == expected


@pytest.mark.parametrize(
    "text",
    [
        changed({"replicator-external-id": "x" * 1224}),
        changed({"replicator-external-id": "xy"}),
        changed({"https://issuer.example.org/meshstack": "https://issuer.example.org/" + "x" * 228}),
        SOUND + f"  meshcloud: {{role: {{name: {'r' * 64}}}, policy: {{name: {'p' * 128}}}}}\n",
        SOUND + f"iam: {{path: /{'x' * 200}/, max_session_duration: 43200}}\n",
        SOUND + f"tags: {_tags(50, 'k')}\n",
        changed({"audience: meshstack": "audience: " + "a" * 255}),
    ],
    ids=["external id", "short external id", "issuer", "names", "path", "tags", "audience"],
)
def test_what_stands_at_the_limit_is_taken(text: str) -> None:
    assert refusal(text) is None


# --- files that cannot be read ----------------------------------------------------------------------------------------


def _bytes(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        file = folder / FILE
        file.write_bytes(content)
        return file

    return make


def _folder(folder: Path) -> Path:
    (folder / FILE).mkdir()
    return folder / FILE


def _loop(folder: Path) -> Path:
    (folder / FILE).symlink_to(folder / FILE)
    return folder / FILE


NO_CONTROLS = "YAML: text without control characters"
UNREADABLE: dict[str, tuple[Callable[[Path], Path], int | None, str, str]] = {
    "a file that is not there": (
        lambda folder: folder / FILE,
        None,
        "no such file",
        "a YAML file; the repository's rolebridge.yaml is a complete example",
    ),
    "a folder": (_folder, None, "a folder", "a YAML file"),
    "a link to itself": (_loop, None, "Too many levels of symbolic links", "a file that can be read"),
    "UTF-16": (
        _bytes(SOUND.encode("utf-16")),
        None,
        "a byte that is not UTF-8 at position 0",
        "UTF-8 text",
    ),
    "UTF-16 without its mark": (
        _bytes(SOUND.encode("utf-16-le")),
        1,
        "the character U+0000",
        NO_CONTROLS,
    ),
    "Latin-1": (
        _bytes("# Zugänge\n".encode("latin-1") + SOUND.encode()),
        None,
        "a byte that is not UTF-8 at position 5",
        "UTF-8 text",
    ),
    "a picture": (_bytes(b"\x89PNG\r\n\x1a\n\0\0"), None, "a byte that is not UTF-8 at position 0", "UTF-8 text"),
    "a bell": (
        _bytes(SOUND.encode() + b"# \x07\n"),
        35,
        "the character U+0007",
        "YAML: text without control characters",
    ),
    "100,000 brackets": (_bytes(b"[" * 100_000), 1, "more than 64 levels inside each other", "at most 64"),
    "100,000 brackets, closed": (
        _bytes(b"[" * 100_000 + b"]" * 100_000),
        1,
        "more than 64 levels inside each other",
        "at most 64",
    ),
    "65 levels of keys": (
        _bytes("".join("  " * level + "a:\n" for level in range(80)).encode()),
        65,
        "more than 64 levels inside each other",
        "at most 64",
    ),
    "a file of ten million characters and one": (
        _bytes(b"#" * 10_000_001),
        None,
        "10,000,001 characters",
        "at most 10,000,000",
    ),
    "a list of 200,001": (
        _bytes(b"- a\n" * 200_001),
        200_000,
        "more than 200,000 values, aliases unfolded",
        "at most 200,000",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_reported_like_any_mistake(name: str, tmp_path: Path) -> None:
    make, line, found, allowed = UNREADABLE[name]
    with pytest.raises(SettingsError) as refused:
        load_settings(make(tmp_path))
    (mistake,) = refused.value.mistakes
    assert as_reported(mistake) == {"line": line, "path": "(the whole file)", "found": found, "allowed": allowed}


def test_aliases_of_aliases_end_at_two_hundred_thousand_values() -> None:
    letters = "abcdefghij"
    lines = [f"{letters[0]}: &{letters[0]} [x, x, x, x, x, x, x, x, x, x]"]
    for before, letter in itertools.pairwise(letters):
        lines.append(f"{letter}: &{letter} [{', '.join([f'*{before}'] * 10)}]")
    refused = refusal("\n".join(lines))
    assert refused is not None
    (mistake,) = refused.mistakes
    assert mistake.found == "more than 200,000 values, aliases unfolded"


def test_a_byte_order_mark_and_line_ends_of_windows_are_taken(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert load_settings(file) == parse(SOUND)


# --- the report as users see it ---------------------------------------------------------------------------------------


def test_one_mistake_is_reported_in_these_words() -> None:
    refused = refusal(changed({"[legacy]": "[legasy]"}), "conf/prod.yaml")
    assert refused is not None
    assert refused.report() == (
        "conf/prod.yaml: 1 mistake, nothing was written\n"
        "\n"
        "conf/prod.yaml:34  meshstack.tenant_import.accounts[0]\n"
        '  found    "legasy"\n'
        "  allowed  a name under accounts: meshcloud, management, automation, sandbox, legacy\n"
        "  hint     did you mean legacy?"
    )


def test_several_mistakes_are_reported_in_these_words() -> None:
    text = changed(
        {
            "external_id: metering-external-id": "external_id: replicator-external-id",
            'id: "333333333333"': "id: 012345670123",
            "accounts: [legacy]": "accounts: [legacy]\n    permission: downgraded",
        }
    )
    refused = refusal(text)
    assert refused is not None
    assert refused.report() == (
        "rolebridge.yaml: 3 mistakes, nothing was written\n"
        "\n"
        "rolebridge.yaml:10  accounts.automation.id\n"
        "  found    the number 012345670123\n"
        "  allowed  12 digits in quotes (without quotes YAML takes them for a number and drops leading zeros)\n"
        "  hint     put it in quotes, so that YAML takes it as text\n"
        "\n"
        "rolebridge.yaml:29  meshstack.metering.external_id\n"
        '  found    "replicator-external-id", which meshstack.external_id has too\n'
        "  allowed  an external id of metering's own\n"
        "\n"
        "rolebridge.yaml:35  meshstack.tenant_import.permission\n"
        "  found    an unknown key\n"
        "  allowed  accounts, permissions, policy\n"
        "  hint     did you mean permissions?"
    )


def test_a_file_without_a_place_to_show_is_reported_in_these_words() -> None:
    refused = refusal("# nothing yet\n")
    assert refused is not None
    assert refused.report() == (
        "rolebridge.yaml: 1 mistake, nothing was written\n"
        "\n"
        "rolebridge.yaml  (the whole file)\n"
        "  found    an empty file\n"
        "  allowed  settings; see the shipped rolebridge.yaml"
    )


# --- the command ------------------------------------------------------------------------------------------------------


ON_THE_COMMAND_LINE = [case for number, case in enumerate(CASES) if number % 24 == 0]


def _run(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _assert_refused(run: subprocess.CompletedProcess[str], report: str) -> None:
    assert "Traceback" not in run.stderr
    assert (run.returncode, run.stdout, run.stderr) == (1, "", report + "\n")


def _snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


@pytest.mark.slow
def test_check_reports_on_standard_error_and_exits_with_one(tmp_path: Path) -> None:
    def check(case: Case) -> tuple[Case, subprocess.CompletedProcess[str], str]:
        file = tmp_path / f"{CASES.index(case)}.yaml"
        file.write_text(case.text, encoding="utf-8", newline="")
        refused = refusal(case.text, str(file))
        assert refused is not None
        return case, _run("check", "-c", file, folder=tmp_path), refused.report()

    with ThreadPoolExecutor(2) as pool:
        for case, run, report in pool.map(check, ON_THE_COMMAND_LINE):
            assert len(case.report) > 0
            _assert_refused(run, report)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a file that is not there", "a folder", "UTF-16", "100,000 brackets, closed"])
def test_check_reports_a_file_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    make, line, found, allowed = UNREADABLE[name]
    file = make(tmp_path)
    where = f"{file}:{line}" if line else str(file)
    report = (
        f"{file}: 1 mistake, nothing was written\n\n{where}  (the whole file)\n  found    {found}\n  allowed  {allowed}"
    )
    _assert_refused(_run("check", "-c", file, folder=tmp_path), report)


def test_check_reports_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything; «a link to itself» takes the same way")
    file = tmp_path / FILE
    file.write_text(SOUND, encoding="utf-8")
    file.chmod(0)
    report = (
        f"{file}: 1 mistake, nothing was written\n\n{file}  (the whole file)\n"
        "  found    Permission denied\n  allowed  a file that can be read"
    )
    _assert_refused(_run("check", "-c", file, folder=tmp_path), report)


def test_check_looks_for_the_settings_where_it_is_run(tmp_path: Path) -> None:
    run = _run("check", folder=tmp_path)
    assert run.returncode == 1
    assert run.stderr.startswith(
        "rolebridge.yaml: 1 mistake, nothing was written\n\nrolebridge.yaml  (the whole file)\n"
    )


BROKEN_IN_EACH_WAY = {
    "no YAML": "region: [\n",
    "a rule": changed({"[legacy]": "[legasy]"}),
    "a size": TOO_MUCH["a policy of 100 organizational units"][0],
}


@pytest.mark.slow
@pytest.mark.parametrize("way", BROKEN_IN_EACH_WAY)
def test_synth_makes_no_output_of_broken_settings(way: str, tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(BROKEN_IN_EACH_WAY[way], encoding="utf-8")
    refused = refusal(BROKEN_IN_EACH_WAY[way], str(file))
    assert refused is not None
    _assert_refused(_run("synth", "-c", file, "-o", tmp_path / "out" / "generated", folder=tmp_path), refused.report())
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE]


@pytest.mark.parametrize("way", BROKEN_IN_EACH_WAY)
def test_synth_leaves_what_was_generated_before_untouched(way: str, tmp_path: Path) -> None:
    output = tmp_path / "generated"
    stack = output / "stacks" / "meshstack-meshcloud"
    (stack / ".terraform").mkdir(parents=True)
    for file, content in {
        output / "manifest.json": '{"version": "0.21.0", "stacks": {"meshstack-meshcloud": {}}}',
        stack / "cdk.tf.json": "{}",
        stack / ".terraform.lock.hcl": "# locked",
        stack / ".terraform" / "environment": "default",
    }.items():
        file.write_text(content, encoding="utf-8")
    before = _snapshot(output)
    settings = tmp_path / FILE
    settings.write_text(BROKEN_IN_EACH_WAY[way], encoding="utf-8")
    run = _run("synth", "-c", settings, "-o", output, folder=tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert _snapshot(output) == before


def test_a_report_reaches_a_terminal_that_knows_only_ascii(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(unfold(changed({"audience: meshstack": "audience: «ä×300»"})), encoding="utf-8")
    run = subprocess.run(
        [*COMMAND, "check", "-c", str(file)],
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "meshstack.authentication.workload_identity.audience" in run.stderr
