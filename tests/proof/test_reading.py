from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.proof.landscapes import HERE, ONE, TWO, landscape, leave, policy, role, stack, trust, write
from tests.snapshots import SETTINGS

from rolebridge.proof.landscape import Origin
from rolebridge.proof.reading import ReadingError, read

SERVICE = trust({"Service": "ec2.amazonaws.com"})


def problem(path: Path) -> str:
    with pytest.raises(ReadingError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_role_of_a_generated_folder_is_read_with_an_arn_and_a_known_trust(name: str) -> None:
    folder = SETTINGS[name][1]
    found = read(folder)
    written = [json.loads(file.read_text()) for file in folder.rglob("cdk.tf.json")]
    roles = sum(len(one.get("resource", {}).get("aws_iam_role", {})) for one in written)
    assert len(found.roles) == roles
    assert all(one.trust.known for one in found.roles)
    assert all(len(one.account) == 12 and one.account.isdigit() for one in found.roles)


def test_references_to_a_policy_and_to_a_role_are_followed(tmp_path: Path) -> None:
    resources = {
        "aws_iam_role": {"a": {"name": "A", "path": "/people/", "assume_role_policy": SERVICE}},
        "aws_iam_policy": {"p": {"name": "P", "policy": leave("*")}},
        "aws_iam_role_policy_attachment": {
            "x": {"role": "${aws_iam_role.a.name}", "policy_arn": "${aws_iam_policy.p.arn}"}
        },
    }
    found = landscape(tmp_path, {"one": stack(ONE, resources)})
    assert [one.arn for one in found.roles] == [f"arn:aws:iam::{ONE}:role/people/A"]
    assert [one.arn for one in found.roles[0].policies] == [f"arn:aws:iam::{ONE}:policy/P"]
    assert found.attached_to(found.policies[0].document) == (found.roles[0],)


def test_locals_the_account_and_the_partition_are_put_in(tmp_path: Path) -> None:
    arn = "arn:${data.aws_partition.p.partition}:iam::${data.aws_caller_identity.me.account_id}:role/${local.names.x}"
    resources = {"aws_iam_role": {"a": role("A", trust({"AWS": arn}))}}
    document = stack(ONE, resources, locals={"prefix": "team", "names": {"x": "${local.prefix}-x"}})
    document["provider"]["aws"][0]["region"] = "cn-north-1"
    found = landscape(tmp_path, {"one": document})
    assert found.roles[0].trust.value["Statement"][0]["Principal"] == {"AWS": f"arn:aws-cn:iam::{ONE}:role/team-x"}


def test_escapes_of_terraform_are_undone(tmp_path: Path) -> None:
    own = policy({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::$${aws:username}/%%{x}"})
    resources = {"aws_iam_user": {"a": {"name": "A"}}, "aws_iam_user_policy": {"p": {"user": "A", "policy": own}}}
    found = landscape(tmp_path, {"one": stack(ONE, resources)})
    assert found.users[0].policies[0].value["Statement"][0]["Resource"] == "arn:aws:s3:::${aws:username}/%{x}"


def test_what_terraform_alone_knows_is_another_thing_in_each_state(tmp_path: Path) -> None:
    def one() -> dict[str, Any]:
        condition = {"StringEquals": {"sts:ExternalId": "${random_id.x.hex}"}}
        return {"aws_iam_role": {"a": role("A", trust({"AWS": "*"}, condition))}}

    found = landscape(tmp_path, {"one": stack(ONE, one()), "two": stack(TWO, one())})
    values = {one.trust.value["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] for one in found.roles}
    assert values == {"${one/random_id.x.hex}", "${two/random_id.x.hex}"}


def test_a_variable_of_two_states_is_one_text_and_that_this_is_an_assumption_is_said(tmp_path: Path) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "${var.id}"}}
    resources = {"aws_iam_role": {"a": role("A", trust({"AWS": "*"}, condition))}}
    found = landscape(tmp_path, {"one": stack(ONE, resources), "two": stack(TWO, resources)})
    assert any("only if the same value is given" in gap.reason for gap in found.unknowns)


def test_the_account_of_a_role_is_left_open_if_nothing_says_it(tmp_path: Path) -> None:
    document = {"resource": {"aws_iam_role": {"a": role("A", SERVICE)}}}
    assert landscape(tmp_path, {"one": document}).roles[0].arn == "arn:aws:iam::${account of one}:role/A"


def test_aliased_providers_have_their_own_accounts(tmp_path: Path) -> None:
    document = {
        "provider": {
            "aws": [
                {"allowed_account_ids": [ONE]},
                {"alias": "other", "assume_role": {"role_arn": f"arn:aws:iam::{TWO}:role/x"}},
            ]
        },
        "resource": {"aws_iam_role": {"a": role("A", SERVICE), "b": {**role("B", SERVICE), "provider": "aws.other"}}},
    }
    assert [one.account for one in landscape(tmp_path, {"one": document}).roles] == [ONE, TWO]


def test_a_policy_document_written_as_a_data_source_is_built(tmp_path: Path) -> None:
    data = {
        "aws_iam_policy_document": {
            "t": {
                "statement": [
                    {
                        "actions": ["sts:AssumeRole"],
                        "principals": [{"type": "AWS", "identifiers": ["${aws_iam_user.u.arn}"]}],
                        "condition": [{"test": "Bool", "variable": "aws:MultiFactorAuthPresent", "values": ["true"]}],
                    }
                ]
            }
        }
    }
    resources = {
        "aws_iam_user": {"u": {"name": "U"}},
        "aws_iam_role": {"a": role("A", "${data.aws_iam_policy_document.t.json}")},
    }
    found = landscape(tmp_path, {"one": stack(ONE, resources, data=data)})
    statement = found.roles[0].trust.value["Statement"][0]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{ONE}:user/U"]}
    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}


@pytest.mark.parametrize(
    "text", ["${jsonencode(local.x)}", '${file("trust.json")}', "%{ if var.a }{}%{ endif }", "${var.trust}"]
)
def test_a_trust_that_terraform_computes_is_unknown_and_not_empty(tmp_path: Path, text: str) -> None:
    found = landscape(tmp_path, {"one": stack(ONE, {"aws_iam_role": {"a": role("A", text)}})})
    assert not found.roles[0].trust.known
    assert found.unknowns


def test_groups_give_their_members_what_is_attached_to_them(tmp_path: Path) -> None:
    resources = {
        "aws_iam_user": {"u": {"name": "U"}},
        "aws_iam_group": {"g": {"name": "G"}},
        "aws_iam_user_group_membership": {"m": {"user": "U", "groups": ["${aws_iam_group.g.name}"]}},
        "aws_iam_group_policy": {"p": {"name": "P", "group": "G", "policy": leave("*")}},
    }
    found = landscape(tmp_path, {"one": stack(ONE, resources)})
    assert [one.name for one in found.users[0].policies] == ["P"]


def test_policies_of_aws_are_opaque_except_full_administration(tmp_path: Path) -> None:
    arns = [f"arn:aws:iam::aws:policy/{name}" for name in ("AdministratorAccess", "ReadOnlyAccess")]
    resources = {"aws_iam_role": {"a": {**role("A", SERVICE), "managed_policy_arns": arns}}}
    documents = landscape(tmp_path, {"one": stack(ONE, resources)}).roles[0].policies
    assert [(one.origin, one.known) for one in documents] == [(Origin.AWS_MANAGED, True), (Origin.AWS_MANAGED, False)]


# Plans and states


def test_a_plan_is_read_with_its_modules_and_with_arns_that_are_known_after_apply() -> None:
    found = read(HERE / "fixtures" / "plan.json")
    assert [one.arn for one in found.roles] == [
        f"arn:aws:iam::{ONE}:role/github",
        f"arn:aws:iam::{ONE}:role/computed",
        f"arn:aws:iam::{TWO}:role/target",
    ]
    assert [one.name for one in found.roles[0].policies] == ["deploy"]
    assert not found.roles[1].trust.known


def test_documents_that_a_first_plan_defers_are_read_from_the_configuration() -> None:
    """Made by Terraform 1.11.4 and AWS provider 5.100; the accounts were put in afterwards."""
    found = read(HERE / "fixtures" / "first_plan_of_hcl.json")
    github = found.roles_by_name["github"][0]
    assert github.trust.value["Statement"][0]["Principal"]["Federated"] == [found.providers[0].arn]
    assert [one.name for one in github.policies] == ["go"]
    assert not found.roles_by_name["target"][0].trust.known


def test_a_state_is_read_with_boundary_inline_policy_and_access_key() -> None:
    found = read(HERE / "fixtures" / "state.json")
    admin, user = found.roles[0], found.users[0]
    assert admin.arn == f"arn:aws-cn:iam::{ONE}:role/people/admin"
    assert admin.boundary is not None
    assert admin.boundary.known
    assert [one.name for one in admin.policies] == ["ReadOnlyAccess", "own"]
    assert admin.policies[1].value["Statement"][0]["Resource"] == "arn:aws-cn:s3:::${aws:username}"
    assert len(user.access_keys) == 1


# Broken and hostile


def test_half_a_json_is_one_line_with_file_line_and_column(tmp_path: Path) -> None:
    write(tmp_path, {"one": '{"resource": {'})
    assert problem(tmp_path) == (
        f"{tmp_path}/one/main.tf.json: no JSON: Expecting property name enclosed in double quotes at line 1, column 15"
    )


@pytest.mark.parametrize(
    ("trusted", "says"),
    [
        ("[]", "allowed is an object"),
        ('"text"', "allowed is an object"),
        ("{", "the policy is no JSON"),
        (policy({"Effect": "Maybe"}), "Statement[0]"),
        ('{"Statement": [], "Statement": []}', "twice in one object"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_policy_that_is_none_is_one_line_with_its_place(tmp_path: Path, trusted: str, says: str) -> None:
    write(tmp_path, {"one": stack(ONE, {"aws_iam_role": {"a": role("A", trusted)}})})
    line = problem(tmp_path)
    assert line.startswith(f"{tmp_path}/one/main.tf.json: aws_iam_role.a.assume_role_policy: ")
    assert says in line
    assert "\n" not in line


def test_a_hundred_thousand_statements_are_refused_before_they_are_compiled(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    resources = {"aws_iam_policy": {"p": {"name": "P", "policy": policy(*[statement] * 100_000)}}}
    write(tmp_path, {"one": stack(ONE, resources)})
    assert "IAM takes no policy above 10,240" in problem(tmp_path)


def test_deep_nesting_of_a_file_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, {"one": '{"locals": ' + '{"a": ' * 100_000})
    assert problem(tmp_path) == f"{tmp_path}/one/main.tf.json: is nested too deeply"


def test_cycles_of_references_end_and_are_told(tmp_path: Path) -> None:
    values = {"a": "${local.b}", "b": "${local.c}", "c": "${local.a}"}
    resources = {"aws_iam_role": {"x": role("${local.a}", SERVICE)}}
    found = landscape(tmp_path, {"one": stack(ONE, resources, locals=values)})
    assert "local" in found.roles[0].name
    assert any("lead back to local.a" in gap.reason for gap in found.unknowns)


def test_references_that_double_at_every_step_are_stopped(tmp_path: Path) -> None:
    values = {f"l{n}": f"${{local.l{n + 1}}}${{local.l{n + 1}}}" for n in range(39)} | {"l39": "x" * 100}
    resources = {"aws_iam_role": {"x": role("${local.l0}", SERVICE)}}
    write(tmp_path, {"one": stack(ONE, resources, locals=values)})
    assert "characters once references are put in" in problem(tmp_path)


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"one": stack(ONE, {"aws_iam_role": {"a": role("A", SERVICE)}})})
    (tmp_path / "one" / "loop").symlink_to(tmp_path)
    assert read(tmp_path).files == 1


def test_a_link_that_leads_nowhere_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").symlink_to(tmp_path / "nothing")
    assert problem(tmp_path) == f"{tmp_path}/main.tf.json: no such file or folder"


def test_all_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, {"one": "{", "two": "["})
    assert len(problem(tmp_path).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "neither Terraform's JSON nor"),
        ('{"a": 1}', "neither Terraform's JSON nor"),
        ('{"serial": 1, "lineage": "x", "version": 4}', "terraform show -json"),
        ('{"planned_values": 1}', "planned_values has to be an object"),
        ('{"format_version": "1.0", "values": []}', "values has to be an object"),
    ],
)
def test_a_file_that_is_something_else_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert says in problem(tmp_path / "x.json")


def test_a_folder_without_terraform_json_is_told(tmp_path: Path) -> None:
    assert problem(tmp_path) == f"{tmp_path}: no *.tf.json here or below"


def test_one_arn_made_twice_is_told(tmp_path: Path) -> None:
    resources = {"aws_iam_role": {"a": role("A", SERVICE)}}
    write(tmp_path, {"one": stack(ONE, resources), "two": stack(ONE, resources)})
    assert "is made twice" in problem(tmp_path)
