"""Constructs that CDKTF would write over each other without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolebridge.app import CollisionError, refuse_collisions
from rolebridge.engine import App, Construct, IamPolicy, IamRole, TerraformOutput, TerraformStack


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(outdir=str(tmp_path), skip_validation=True)


def refuse(app: App) -> None:
    """Write the stacks, and look for what has been overwritten."""
    app.synth()
    refuse_collisions(app, [file.read_bytes() for file in Path(app.outdir).rglob("cdk.tf.json")])


def role(scope: Construct, id_: str) -> IamRole:
    return IamRole(scope, id_, name="n", assume_role_policy="{}")


def test_two_ids_that_differ_only_in_what_cdktf_strips_are_refused_by_their_paths(app: App) -> None:
    stack = TerraformStack(app, "stack")
    role(stack, "a.b")
    role(stack, "ab")
    with pytest.raises(CollisionError) as raised:
        refuse(app)
    (line,) = str(raised.value).splitlines()
    assert line.startswith("stack/a.b and stack/ab are both ")
    assert " ab in Terraform: give one of them another id" in line


def test_outputs_collide_too(app: App) -> None:
    stack = TerraformStack(app, "stack")
    TerraformOutput(stack, "a.b", value="1")
    TerraformOutput(stack, "ab", value="2")
    with pytest.raises(CollisionError, match=r"stack/a\.b and stack/ab are both TerraformOutput ab"):
        refuse(app)


def test_a_name_that_was_set_by_hand_collides_too(app: App) -> None:
    stack = TerraformStack(app, "stack")
    role(stack, "one")
    role(stack, "two").override_logical_id("one")
    with pytest.raises(CollisionError, match=r"stack/one and stack/two are both .* one in Terraform"):
        refuse(app)


def test_an_override_that_makes_the_numbers_differ_is_no_collision(app: App) -> None:
    stack = TerraformStack(app, "stack")
    role(stack, "ab")
    stack.add_override("resource.aws_iam_group.more", {"name": "g"})
    refuse(app)


def test_every_pair_is_named_at_once(app: App) -> None:
    for name in ("first", "second"):
        stack = TerraformStack(app, name)
        role(stack, "a.b")
        role(stack, "ab")
    with pytest.raises(CollisionError) as raised:
        refuse(app)
    assert [line.split(" and ")[0] for line in str(raised.value).splitlines()] == ["first/a.b", "second/a.b"]


def test_the_same_name_of_another_type_in_another_scope_or_in_another_stack_is_no_collision(app: App) -> None:
    one, two = TerraformStack(app, "one"), TerraformStack(app, "two")
    role(one, "ab")
    role(two, "ab")
    IamPolicy(one, "a.b", policy="{}")
    role(Construct(one, "inner"), "ab")
    TerraformOutput(one, "a b", value="1")
    refuse(app)


def test_the_app_refuses_settings_that_would_collide_and_writes_nothing(tmp_path: Path) -> None:
    from rolebridge.synth import NOT_WRITTEN, main

    file = tmp_path / "rolebridge.yaml"
    file.write_text(
        """
region: eu-central-1
backend: {local: {}}
accounts:
  management: {id: "111122223333"}
  meshcloud: {id: "444455556666"}
  automation: {id: "777788889999"}
  target: {id: "123456789012"}
meshstack:
  external_id: x1
  authentication: {iam_user: {}}
  management: {sso_instance_arn: "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
  automation:
    stack_set_roles:
      targets:
        accounts: [target]
        managed_policies: ["arn:aws:iam::{account_id}:policy/a.b", "arn:aws:iam::{account_id}:policy/ab"]
""",
        encoding="utf-8",
    )
    assert main(file, tmp_path / "generated") == NOT_WRITTEN
    assert not (tmp_path / "generated").exists()
