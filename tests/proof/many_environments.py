"""Writes many environments in the shape of ``generated/``, to see what the proof costs.

python -m tests.proof.many_environments FOLDER 1000
rolebridge prove FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MANAGEMENT, MESHCLOUD = "111122223333", "444455556666"
ISSUER = "issuer.example.com"


def write(folder: Path, count: int) -> None:
    """Write two central stacks, and for each environment one with three roles."""
    _stack(folder, "meshcloud", MESHCLOUD, _meshcloud())
    _stack(folder, "management", MANAGEMENT, _management())
    for number in range(count):
        account = f"{500000000000 + number}"
        _stack(folder, f"environment-{number:05d}", account, _environment(account, number))


def _stack(folder: Path, name: str, account: str, resources: dict[str, dict[str, Any]]) -> None:
    place = folder / "stacks" / name
    place.mkdir(parents=True, exist_ok=True)
    document = {
        "provider": {"aws": [{"allowed_account_ids": [account], "region": "eu-central-1"}]},
        "resource": resources,
    }
    (place / "cdk.tf.json").write_text(json.dumps(document))


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _trust(principal: dict[str, str], conditions: dict[str, str], action: str = "sts:AssumeRole") -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action}
    if conditions:
        statement["Condition"] = {"StringEquals": conditions}
    return _policy(statement)


def _meshcloud() -> dict[str, dict[str, Any]]:
    provider = f"arn:aws:iam::{MESHCLOUD}:oidc-provider/{ISSUER}"
    trust = _trust(
        {"Federated": provider},
        {f"{ISSUER}:sub": "replicator", f"{ISSUER}:aud": "aws"},
        "sts:AssumeRoleWithWebIdentity",
    )
    leave = _policy(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": f"arn:aws:iam::{MANAGEMENT}:role/Service",
            "Condition": {"StringEquals": {"sts:ExternalId": "an-external-id"}},
        }
    )
    return {
        "aws_iam_openid_connect_provider": {"meshstack": {"url": f"https://{ISSUER}", "client_id_list": ["aws"]}},
        "aws_iam_role": {"Entrance": {"name": "Entrance", "assume_role_policy": trust}},
        "aws_iam_role_policy": {
            "Entrance": {"name": "Entrance", "role": "${aws_iam_role.Entrance.name}", "policy": leave}
        },
    }


def _management() -> dict[str, dict[str, Any]]:
    trust = _trust({"AWS": f"arn:aws:iam::{MESHCLOUD}:role/Entrance"}, {"sts:ExternalId": "an-external-id"})
    leave = _policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/AccountAccess"})
    return {
        "aws_iam_role": {"Service": {"name": "Service", "assume_role_policy": trust}},
        "aws_iam_role_policy": {"Service": {"name": "Service", "role": "Service", "policy": leave}},
    }


def _environment(account: str, number: int) -> dict[str, dict[str, Any]]:
    roles: dict[str, Any] = {
        "AccountAccess": {
            "name": "AccountAccess",
            "assume_role_policy": _trust({"AWS": f"arn:aws:iam::{MANAGEMENT}:role/Service"}, {}),
        }
    }
    for index, name in enumerate(("TerraformDeploy", "Admin")):
        conditions = {
            "accounts.google.com:oaud": f"arn:aws:iam::{account}:role/{name}",
            "accounts.google.com:sub": f"{100000000000000000000 + number * 2 + index}",
        }
        trust = _trust({"Federated": "accounts.google.com"}, conditions, "sts:AssumeRoleWithWebIdentity")
        roles[name] = {"name": name, "assume_role_policy": trust}
    leave = _policy(
        {"Sid": "ManageIam", "Effect": "Allow", "Action": "iam:*", "Resource": "*"},
        {
            "Sid": "GuardOwnRole",
            "Effect": "Deny",
            "Action": ["iam:AttachRolePolicy", "iam:DeleteRole"],
            "Resource": f"arn:aws:iam::{account}:role/TerraformDeploy",
        },
    )
    administration = "arn:aws:iam::aws:policy/AdministratorAccess"
    return {
        "aws_iam_role": roles,
        "aws_iam_policy": {"TerraformDeploy": {"name": "TerraformDeploy", "policy": leave}},
        "aws_iam_role_policy_attachment": {
            "TerraformDeploy": {
                "role": "${aws_iam_role.TerraformDeploy.name}",
                "policy_arn": "${aws_iam_policy.TerraformDeploy.arn}",
            },
            "Admin": {"role": "${aws_iam_role.Admin.name}", "policy_arn": administration},
            "AccountAccess": {"role": "${aws_iam_role.AccountAccess.name}", "policy_arn": administration},
        },
    }


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
