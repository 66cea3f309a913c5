"""Small landscapes for the tests, written as Terraform's JSON and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rolebridge.proof.landscape import Landscape
from rolebridge.proof.reading import read

HERE = Path(__file__).parent
ONE, TWO = "111122223333", "444455556666"
ISSUER = "token.actions.githubusercontent.com"


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Any, condition: Mapping[str, Any] | None = None, action: str = "sts:AssumeRole") -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return policy(statement if condition is None else {**statement, "Condition": condition})


def web_identity(
    condition: Mapping[str, Any] | None, provider: str = f"arn:aws:iam::{ONE}:oidc-provider/{ISSUER}"
) -> str:
    return trust({"Federated": provider}, condition, "sts:AssumeRoleWithWebIdentity")


def leave(resource: str, condition: Mapping[str, Any] | None = None) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    return policy(statement if condition is None else {**statement, "Condition": condition})


def role(name: str, trusted: str) -> dict[str, Any]:
    return {"name": name, "assume_role_policy": trusted}


def allow(action: Any, resource: Any = "*", condition: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return statement if condition is None else {**statement, "Condition": condition}


def deny(action: Any, resource: Any = "*", condition: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {**allow(action, resource, condition), "Effect": "Deny"}


def with_rights(
    *statements: Mapping[str, Any], name: str = "worker", boundary: str | None = None, trusted: str | None = None
) -> dict[str, Any]:
    """Return the resources of a role with an inline policy, which a service without further ado may take."""
    one = role(name, trusted or trust({"Service": "lambda.amazonaws.com"}))
    if boundary is not None:
        one["permissions_boundary"] = boundary
    inline = {"name": "rights", "role": f"${{aws_iam_role.{name}.name}}", "policy": policy(*statements)}
    return {"aws_iam_role": {name: one}, "aws_iam_role_policy": {f"{name}-rights": inline}}


def together(*several: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the resources of several in one."""
    found: dict[str, dict[str, Any]] = {}
    for resources in several:
        for kind, named in resources.items():
            found.setdefault(kind, {}).update(named)
    return found


def stack(account: str, resources: Mapping[str, Any], **blocks: Any) -> dict[str, Any]:
    provider = {"aws": [{"allowed_account_ids": [account], "region": "eu-central-1"}]}
    return {"provider": provider, "resource": resources, **blocks}


def write(folder: Path, stacks: Mapping[str, Any]) -> Path:
    for name, document in stacks.items():
        (folder / name).mkdir(parents=True)
        text = document if isinstance(document, str) else json.dumps(document)
        (folder / name / "main.tf.json").write_text(text)
    return folder


def landscape(folder: Path, stacks: Mapping[str, Any]) -> Landscape:
    return read(write(folder, stacks))


def two_accounts(
    trust_condition: Mapping[str, Any] | None, leave_condition: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """A role ``caller`` of one account that may take the role ``target`` of the other."""
    return {
        "one": stack(
            ONE,
            {
                "aws_iam_role": {"caller": role("caller", trust({"Service": "lambda.amazonaws.com"}))},
                "aws_iam_role_policy": {
                    "go": {
                        "name": "go",
                        "role": "${aws_iam_role.caller.name}",
                        "policy": leave(f"arn:aws:iam::{TWO}:role/target", leave_condition),
                    }
                },
            },
        ),
        "two": stack(
            TWO,
            {
                "aws_iam_role": {
                    "target": role("target", trust({"AWS": f"arn:aws:iam::{ONE}:role/caller"}, trust_condition))
                }
            },
        ),
    }
