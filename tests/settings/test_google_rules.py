"""Broken Google settings: each is refused with the report of the table, ``tests/google/broken_settings.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rolebridge.settings import Mistake, Settings, google_rules
from rolebridge.settings.model import Google
from rolebridge.settings.rules import warnings
from rolebridge.settings.schema import schema

from .samples import Case, as_reported, changed, parse, refusal

SOUND = """\
region: eu-west-1
backend: {local: {}}
accounts:
  management: {id: "111111111111"}
google:
  accounts:
    parent_id: r-ab12
    email: aws+{product}-{environment}@example.org
  defaults:
    terraform_deploy:
      statements:
        - {Sid: Mail, Effect: Allow, Action: "ses:*", Resource: "*"}
  products:
    hr:
      display_name: Human Resources
      editors: [group:hr-editors@example.org]
      environments:
        production:
          account: {create: true, id: "222222222222"}
          google_project: hr-prod-1a2b
          terraform_deploy:
            service_accounts:
              - email: terraform-deploy@hr-prod-1a2b.iam.gserviceaccount.com
                unique_id: "101111111111111111111"
        staging:
          account: {id: "333333333333"}
          terraform_deploy:
            service_accounts:
              - email: terraform-deploy@hr-stag-3c4d.iam.gserviceaccount.com
                unique_id: "102222222222222222222"
          admin:
            service_account:
              email: aws-admin@hr-stag-3c4d.iam.gserviceaccount.com
              unique_id: "103333333333333333333"
    mail:
      display_name: Mail Gateway
      editors: [group:mail-editors@example.org]
      environments:
        production:
          account: {id: "444444444444"}
          terraform_deploy:
            guard: containment
            service_accounts:
              - email: terraform-deploy@mail-prod-5e6f.iam.gserviceaccount.com
                unique_id: "104444444444444444444"
          admin:
            service_account:
              email: aws-admin@mail-prod-5e6f.iam.gserviceaccount.com
              unique_id: "105555555555555555555"
"""
"""Settings that are right: a service account to make, one that exists, containment."""

TABLE = Path(__file__).parents[1] / "google" / "broken_settings.yaml"


def cases() -> list[Case]:
    found = []
    for entry in yaml.safe_load(TABLE.read_text(encoding="utf-8")):
        text = changed(entry.get("change", {}), SOUND) + entry.get("append", "")
        found.append(Case("google", entry["name"], text, tuple(entry["report"])))
    return found


CASES = cases()


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


# --- each rule and each pattern is needed -----------------------------------------------------------------------------


def _differs(case: Case) -> bool:
    try:
        refused = refusal(case.text)
    except (KeyError, ValueError, AttributeError):  # what the rule should have kept from the blueprint
        return True
    return refused is None or [as_reported(mistake) for mistake in refused.mistakes] != list(case.report)


@pytest.fixture(scope="module")
def cases_of_rules() -> dict[str, list[Case]]:
    """Return the cases in which each rule speaks."""
    found: dict[str, list[Case]] = {}

    def recording(rule: Any, case: Case) -> Any:
        def record(settings: Settings, google: Google) -> Iterator[Mistake]:
            for mistake in rule(settings, google):
                found.setdefault(rule.__name__, []).append(case)
                yield mistake

        return record

    with pytest.MonkeyPatch.context() as patch:
        rules = google_rules._RULES
        for case in CASES:
            patch.setattr(google_rules, "_RULES", tuple(recording(rule, case) for rule in rules))
            refusal(case.text)
    return found


@pytest.mark.parametrize("rule", google_rules._RULES, ids=lambda rule: rule.__name__.strip("_"))
def test_without_this_rule_the_table_shows_a_difference(
    rule: Any, cases_of_rules: dict[str, list[Case]], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tuple(other for other in google_rules._RULES if other is not rule)
    monkeypatch.setattr(google_rules, "_RULES", left)
    assert any(_differs(case) for case in cases_of_rules.get(rule.__name__, [])), "nothing in the table needs it"


def _patterns(name: str, part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield name, part
        for key, value in part.items():
            yield from _patterns(f"{name}.{key}", value)


GOOGLES = [
    "google",
    "googleProduct",
    "googleEnvironment",
    "googleName",
    "googleMembers",
    "serviceAccountEmail",
    "uniqueId",
    "accountEmail",
    "accountName",
    "identityArn",
    "googleAdmin",
]
PATTERNS = {name: part for define in GOOGLES for name, part in _patterns(define, schema()["$defs"][define])}


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_of_googles_settings_refuses_something_in_the_table(name: str) -> None:
    wanted = PATTERNS[name]["patternErrorMessage"]
    assert any(mistake["allowed"] == wanted for case in CASES for mistake in case.report)


# --- what is taken ----------------------------------------------------------------------------------------------------

SAME_ACCOUNT = {'account: {id: "333333333333"}': 'account: {id: "222222222222"}'}
SAME_SERVICE_ACCOUNT = {
    "email: aws-admin@hr-stag-3c4d": "email: terraform-deploy@hr-stag-3c4d",
    '"103333333333333333333"': '"102222222222222222222"',
}
OTHER_NAMES = {
    "          admin:\n            service_account:\n              email: aws-admin@hr-stag": (
        "            role: {name: TerraformDeployStaging}\n"
        "            policy: {name: TerraformDeployStaging}\n"
        "            accident_guard: {policy: {name: TerraformDeployStagingGuard}}\n"
        "          admin:\n"
        "            role: {name: AdminStaging}\n"
        "            service_account:\n"
        "              email: aws-admin@hr-stag"
    )
}

TAKEN = {
    "one account for two environments, on purpose": changed(
        SAME_ACCOUNT | OTHER_NAMES | {"google:\n": "google:\n  shared_accounts: true\n"}, SOUND
    ),
    "one service account for both roles, on purpose": changed(
        SAME_SERVICE_ACCOUNT | {"google:\n": "google:\n  shared_service_accounts: true\n"}, SOUND
    ),
    "no Admin where nobody could come": changed(
        {
            "      editors: [group:mail-editors@example.org]\n": "",
            "            service_account:\n              email: aws-admin@mail-prod-5e6f.iam.gserviceaccount.com\n"
            '              unique_id: "105555555555555555555"\n': "            enabled: false\n",
        },
        SOUND,
    ),
    "an e-mail address of 64 characters": changed(
        {"email: aws+{product}": f"email: {'a' * (64 - len('{product}-production@example.org') + 7)}{{product}}"}, SOUND
    ),
    "a statement about everything": changed({'Action: "ses:*"': 'Action: ["*"]'}, SOUND),
    "reading the guarded role": changed(
        {'Action: "ses:*", Resource: "*"': 'Action: "iam:Get*", Resource: "arn:aws:iam::*:role/TerraformDeploy"'}, SOUND
    ),
    "denying what the guard denies": changed(
        {
            'Effect: Allow, Action: "ses:*", Resource: "*"': 'Effect: Deny, Action: "iam:DeleteRole", '
            'Resource: "arn:aws:iam::222222222222:role/TerraformDeploy"'
        },
        SOUND,
    ),
}


@pytest.mark.parametrize("what", TAKEN)
def test_this_is_taken(what: str) -> None:
    refused = refusal(TAKEN[what])
    assert refused is None, refused and refused.report()


# --- what is worth a look ---------------------------------------------------------------------------------------------


def test_an_account_without_its_id_says_what_to_do_next() -> None:
    text = changed({'account: {create: true, id: "222222222222"}': "account: {create: true}"}, SOUND)
    assert any("hr-production has only its account yet: apply google-accounts" in it for it in warnings(parse(text)))


def test_self_management_says_in_which_order_to_apply() -> None:
    text = changed({"guard: containment": "guard: containment\n            self_management: true"}, SOUND)
    assert any("mail-production manages its own policy: apply the bootstrap" in it for it in warnings(parse(text)))


def test_containment_says_that_it_takes_the_place_of_the_boundary_of_iam() -> None:
    text = SOUND + 'iam: {permissions_boundary: "arn:aws:iam::{account_id}:policy/Everybody"}\n'
    told = [it for it in warnings(parse(text)) if "iam.permissions_boundary" in it]
    assert [it.partition(" ")[0] for it in told] == ["mail-production"]


def test_sound_settings_have_nothing_worth_a_look() -> None:
    assert warnings(parse(SOUND)) == []
