from __future__ import annotations

from pathlib import Path

from tests.proof.landscapes import ONE, landscape, role, stack, trust, two_accounts
from tests.snapshots import SETTINGS

from rolebridge.proof.chains import find_chains
from rolebridge.proof.handshakes import shake_hands
from rolebridge.proof.landscape import Landscape
from rolebridge.proof.reading import read


def shown(found: Landscape) -> list[str]:
    return [str(chain) for chain in find_chains(found, shake_hands(found)).all]


def test_meshstacks_token_leads_through_two_roles_into_the_tenant() -> None:
    found = shown(read(SETTINGS["rolebridge.yaml"][1]))
    (chain,) = [one for one in found if one.endswith("MeshstackAccountAccessRole") and one.startswith("token")]
    issuer = "container.googleapis.com/v1/projects/meshstack-demo/locations/europe-west1/clusters/meshstack"
    assert chain == (
        f"token of {issuer}, subject system:serviceaccount:meshcloud-demo:replicator"
        " -> MeshstackAssumeRoleIF -> MeshfedServiceRole -> MeshstackAccountAccessRole"
    )


def test_a_chain_goes_over_handshakes_only(tmp_path: Path) -> None:
    stacks = two_accounts(None, {"StringEquals": {"sts:ExternalId": "x"}})
    assert "AWS service lambda.amazonaws.com -> caller -> target" in shown(landscape(tmp_path / "a", stacks))
    del stacks["one"]["resource"]["aws_iam_role_policy"]
    assert "AWS service lambda.amazonaws.com -> caller -> target" not in shown(landscape(tmp_path / "b", stacks))


def test_roles_that_trust_each_other_do_not_make_a_chain_endless(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ONE}:role/"
    roles = {
        "a": role("A", trust({"AWS": f"{arn}B", "Service": "ec2.amazonaws.com"})),
        "b": role("B", trust({"AWS": f"{arn}A"})),
    }
    found = shown(landscape(tmp_path, {"one": stack(ONE, {"aws_iam_role": roles})}))
    assert found == ["AWS service ec2.amazonaws.com -> A", "AWS service ec2.amazonaws.com -> A -> B"]
