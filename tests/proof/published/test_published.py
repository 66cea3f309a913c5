"""Bad trust policies as they are published: each gives the findings that it has to, and no other error or warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.proof.landscapes import ONE, policy, role, stack, write

from rolebridge.proof.proving import prove

TABLE: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("table.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case["name"])
def test_a_bad_trust_policy_gives_its_findings(case: dict[str, Any], tmp_path: Path) -> None:
    trusted = policy({"Effect": "Allow", **case["statement"]})
    proof = prove(write(tmp_path, {"one": stack(ONE, {"aws_iam_role": {"published": role("published", trusted)}})}))
    assert {one.rule.identifier for one in proof.findings if one.fails} == set(case["findings"])
    assert not proof.holds
    for one in proof.findings:
        assert one.who == f"{ONE}:published"


def test_every_case_names_where_it_is_published() -> None:
    assert len(TABLE) >= 20
    assert all(case["source"].startswith("https://") for case in TABLE)
    assert len({case["name"] for case in TABLE}) == len(TABLE)
