"""TRUST.md and TRUST.html: everything that was read is in them, as text, and code hosts draw it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.proof.landscapes import ONE, TWO, leave, policy, role, stack, trust, two_accounts, web_identity
from tests.proof.many_environments import write as write_many
from tests.snapshots import SETTINGS

from rolebridge.proof.handshakes import shake_hands
from rolebridge.proof.landscape import Landscape
from rolebridge.proof.picture import picture_of, pictures
from rolebridge.proof.picture.drawing import Drawing, Standing
from rolebridge.proof.picture.layout import lay_out
from rolebridge.proof.picture.mermaid import diagrams
from rolebridge.proof.picture.phrases import code, plain
from rolebridge.proof.reading import read, read_texts

HOSTILE = [
    'a"]; click x "javascript:alert(1)"',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "${aws_iam_role.x.arn}",
    "`code` ```mermaid",
    "a|b|c -->|x| d",
    "[link](javascript:x) *bold* _em_",
    "#quot; #35; &lt;",
    "%%{init: {'theme': 'x'}}%%",
    "1. item",
    "- item",
    "end",
    "line\nbreak\r\u2028\u202e\x1b[31m",
    "ünïcødé 名前 🙂",
    "@everyone https://example.com www.example.com",
]


def texts_of(stacks: dict[str, Any]) -> dict[str, bytes]:
    return {f"stacks/{name}/cdk.tf.json": json.dumps(document).encode() for name, document in stacks.items()}


def drawing_of(stacks: dict[str, Any]) -> Drawing:
    return picture_of(read_texts(texts_of(stacks)))[0]


def markdown_of(stacks: dict[str, Any]) -> str:
    return pictures(texts_of(stacks))["TRUST.md"].decode()


def section(text: str, title: str) -> list[str]:
    lines = text.splitlines()
    start = lines.index(title)
    rest = lines[start + 1 :]
    end = next((at for at, line in enumerate(rest) if line.startswith("#")), len(rest))
    return [line for line in rest[:end] if line]


def one_role(trusted: str, **more: Any) -> dict[str, Any]:
    return {"x": stack(ONE, {"aws_iam_role": {"r": role("r", trusted)}, **more})}


# --- all of it --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=list(SETTINGS))
def generated(request: pytest.FixtureRequest) -> Path:
    return SETTINGS[request.param][1]


def principals(landscape: Landscape) -> int:
    return sum(
        1 if statement.principals is None or statement.principals.negated else len(statement.principals.wanted)
        for one in landscape.roles
        for statement in one.trust.policy.statements
        if not statement.deny
    )


def test_every_role_user_and_principal_is_drawn_and_every_arrow_stands_in_both_files(generated: Path) -> None:
    landscape = read(generated)
    drawing, pages = picture_of(landscape)
    assert {page.node.identity for page in pages} == set(landscape.identities)
    assert len({(arrow.source, arrow.statement) for arrow in drawing.arrows}) >= principals(landscape) > 0
    assert {(arrow.source.identity, arrow.target.identity) for arrow in drawing.arrows} >= {
        (one.caller, one.role) for one in shake_hands(landscape).agreed
    }
    markdown = (generated / "TRUST.md").read_text(encoding="utf-8")
    page = (generated / "TRUST.html").read_text(encoding="utf-8")
    for node in drawing.nodes:
        assert len(re.findall(rf"^ +{node.key}\W", markdown, re.M)) >= 1
        assert page.count(f'id="{node.key}"') == 1
        assert page.count(f'<article data-node="{node.key}">') == 1
    for arrow in drawing.arrows:
        assert re.search(rf"^  {arrow.source.key} -.*{arrow.target.key}$", markdown, re.M)
        assert f'data-from="{arrow.source.key}" data-to="{arrow.target.key}"/>' in page
    for one in landscape.identities:
        assert f"- `{one.arn}`" in markdown
        assert f"<code>{one.arn}</code>" in page


def test_every_condition_of_a_trust_stands_in_the_roles_section_in_full(generated: Path) -> None:
    markdown = (generated / "TRUST.md").read_text(encoding="utf-8")
    for one in read(generated).roles:
        for statement in one.trust.policy.statements:
            for condition in statement.conditions:
                assert f"if `{condition.key}` " in markdown
                assert all(f"`{value}`" in markdown for value in condition.wanted[:6])


def test_it_is_made_from_the_files_alone_whatever_their_order(generated: Path) -> None:
    files = {file.relative_to(generated).as_posix(): file.read_bytes() for file in generated.glob("stacks/*/*.tf.json")}
    made = pictures(dict(reversed(files.items())))
    assert made == {name: (generated / name).read_bytes() for name in ("TRUST.md", "TRUST.html")}


def test_a_change_of_what_is_written_changes_the_picture() -> None:
    """It reads the stacks, not the settings."""
    before = markdown_of(two_accounts({"StringEquals": {"sts:ExternalId": "one"}}, None))
    after = markdown_of(two_accounts({"StringEquals": {"sts:ExternalId": "two"}}, None))
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert changed
    assert all("two" in line for line in changed)


# --- who gets in ------------------------------------------------------------------------------------------------------


def test_an_arrow_that_both_sides_agree_to_one_that_does_not_work_and_one_that_is_not_known() -> None:
    agreed = two_accounts(None, None)
    assert [arrow.standing for arrow in drawing_of(agreed).arrows] == [Standing.AGREED, Standing.AGREED]
    refused = two_accounts({"StringEquals": {"sts:ExternalId": "a"}}, {"StringEquals": {"sts:ExternalId": "b"}})
    assert drawing_of(refused).arrows[1].standing is Standing.BROKEN
    assert "**does not work**" in markdown_of(refused)
    unknown = two_accounts(None, None)
    attached = {"a": {"role": "caller", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
    unknown["one"]["resource"]["aws_iam_role_policy_attachment"] = attached
    assert drawing_of(unknown).arrows[1].standing is Standing.UNSURE
    assert "**not known for certain**: `the content of ReadOnlyAccess" in markdown_of(unknown)


@pytest.mark.parametrize(
    ("principal", "said"),
    [
        ("*", "- **anybody**, by `sts:AssumeRole`"),
        ({"AWS": TWO}, f"- **everybody** of the account `{TWO}` who has the permission, by `sts:AssumeRole`"),
        (
            {"AWS": f"arn:aws:iam::{TWO}:role/Other"},
            f"- `role/Other` of `{TWO}`, an account that is not written here, by `sts:AssumeRole`",
        ),
        (
            {"AWS": f"arn:aws:iam::{ONE}:role/Gone"},
            f"- `role/Gone` of `{ONE}`, which is **made nowhere**, by `sts:AssumeRole`",
        ),
        ({"Service": "lambda.amazonaws.com"}, "- AWS service `lambda.amazonaws.com`, by `sts:AssumeRole`"),
        ({"AWS": "${var.who}"}, "- `${var.who}`, known to Terraform only, by `sts:AssumeRole`"),
    ],
)
def test_who_gets_in_is_said_for_every_kind_of_principal(principal: Any, said: str) -> None:
    text = markdown_of(one_role(trust(principal)))
    assert said in section(text, "### `r`")
    assert "  - without any condition" in section(text, "### `r`")


def test_whoever_of_a_trusted_account_has_the_permission_is_an_arrow_too() -> None:
    document = one_role(trust({"AWS": [ONE, f"arn:aws:iam::{ONE}:role/named"]}))
    for name in ("caller", "named"):
        document["x"]["resource"]["aws_iam_role"][name] = role(name, trust({"Service": "ec2.amazonaws.com"}))
    may = leave(f"arn:aws:iam::{ONE}:role/r")
    document["x"]["resource"]["aws_iam_role_policy"] = {
        name: {"name": "go", "role": name, "policy": may} for name in ("caller", "named")
    }
    names = [(arrow.source.name, arrow.target.name) for arrow in drawing_of(document).arrows]
    assert sorted(names[:3]) == [(ONE, "r"), ("caller", "r"), ("named", "r")], "each of them once"
    assert names[3:] == [("ec2.amazonaws.com", "caller"), ("ec2.amazonaws.com", "named")]


def test_a_deny_of_a_trust_is_said_and_marks_its_arrows() -> None:
    allow = {"Effect": "Allow", "Principal": {"AWS": TWO}, "Action": "sts:AssumeRole"}
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    text = markdown_of(one_role(policy(allow, deny)))
    lines = section(text, "### `r`")
    assert lines[lines.index("- **never** `*`, by `sts:*`") + 1] == "  - if `aws:SecureTransport` is `false`"
    assert "unless denied" in text


def test_everybody_but_some_is_said_so() -> None:
    allow = {"Effect": "Allow", "NotPrincipal": {"AWS": f"arn:aws:iam::{TWO}:root"}, "Action": "sts:AssumeRole"}
    text = markdown_of(one_role(policy(allow)))
    assert f"- **everybody but** `arn:aws:iam::{TWO}:root`, by `sts:AssumeRole`" in text


def test_a_trust_that_is_not_known_is_said_to_be_unknown() -> None:
    text = markdown_of(one_role("${data.aws_iam_policy_document.elsewhere.json}"))
    assert "- **not known**: " in text
    assert "who gets in is not known" in text


def test_a_long_lived_key_is_not_to_be_overlooked() -> None:
    users = {"aws_iam_user": {"u": {"name": "u"}}, "aws_iam_access_key": {"k": {"user": "${aws_iam_user.u.name}"}}}
    text = markdown_of({"x": stack(ONE, users)})
    assert "- **a long-lived key**, made by `aws_iam_access_key.k`" in section(text, "### user `u`")
    assert "has a long-lived key" in text.split("```")[1]


# --- what it may do ---------------------------------------------------------------------------------------------------


def rights(*statements: dict[str, Any], **arguments: Any) -> list[str]:
    document = one_role(trust({"Service": "ec2.amazonaws.com"}))
    body = document["x"]["resource"]["aws_iam_role"]["r"]
    body["inline_policy"] = [{"name": "p", "policy": policy(*statements)}]
    body.update(arguments)
    lines = section(markdown_of(document), "### `r`")
    return lines[lines.index("May:") + 1 :]


def allowed(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def test_full_administration_is_said_loudly_and_a_boundary_or_its_absence_too() -> None:
    loud = "- `p`: **full administration**: may do anything on everything"
    assert rights(allowed("*")) == [loud, "- no permissions boundary"]
    bounded = rights(allowed("*"), permissions_boundary="arn:aws:iam::aws:policy/PowerUserAccess")
    assert bounded == [
        loud,
        "- never more than its permissions boundary `PowerUserAccess` allows:",
        "  - `PowerUserAccess`: **not known**, a policy of AWS",
    ]
    assert (
        "full administration"
        in markdown_of(
            one_role(
                trust({"Service": "ec2.amazonaws.com"}),
                aws_iam_role_policy={"p": {"name": "p", "role": "r", "policy": policy(allowed("*"))}},
            )
        ).split("```")[1]
    )


def test_a_deny_and_a_condition_of_a_right_are_said() -> None:
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"Bool": {"aws:ViaAWSService": "false"}}}
    assert rights(deny) == ["- `p`: **may never** `iam:*` on everything", "  - if `aws:ViaAWSService` is `false`"]


def test_many_actions_are_said_by_service_with_reads_counted_and_what_changes_or_reveals_named() -> None:
    actions = ["s3:ListBucket", "s3:GetBucketPolicy", "s3:GetObject", "s3:PutObject", "ssm:DescribeParameters"]
    actions += ["ssm:GetParameter", "secretsmanager:GetSecretValue", "sts:GetSessionToken"]
    assert rights(allowed(*actions)) == [
        "- `p`: may `s3` read (2), `GetObject`, `PutObject`; `ssm` read (1), `GetParameter`; "
        "`secretsmanager` `GetSecretValue`; `sts` `GetSessionToken` on everything"
    ]


# --- text of others is text -------------------------------------------------------------------------------------------


def hostile(text: str) -> dict[str, Any]:
    condition = {"StringEquals": {f"{ONE}:{text}": text, "sts:ExternalId": text}}
    resources = {
        "aws_iam_role": {
            "r": {**role(text, trust({"AWS": [text, TWO], "Service": text}, condition)), "path": "/"},
            "f": role("f", web_identity(condition, f"arn:aws:iam::{ONE}:oidc-provider/{text}")),
        },
        "aws_iam_role_policy": {
            "p": {"name": text, "role": "f", "policy": policy(allowed(f"s3:{text}", Sid="x", Resource=text))}
        },
    }
    return {f"x {text}".replace("/", "-"): stack(ONE, resources)}


LABEL = r'"(?:[^"#;`<>\[\]{}|]|#\d+;|<br/>)*"'
NODE = rf"\w+(?:\[{LABEL}\]|\(\[{LABEL}\]\)|\{{\{{{LABEL}\}}\}}|\[\[{LABEL}\]\]|\({LABEL}\))"
MERMAID = re.compile(
    rf"flowchart LR|  {NODE}|    {NODE}|  subgraph \w+\[{LABEL}\]|  end"
    rf"|  \w+ (?:-->|-\.->|--x)(?:\|{LABEL}\|)? \w+"
    r"|  classDef \w+ [\w:#,. -]+|  class \w+(?:,\w+)* \w+"
)


def assert_is_mermaid(diagram: str) -> None:
    """The part of the grammar that we use; the real parser was asked by hand (docs/proof.md)."""
    declared: set[str] = set()
    for line in diagram.splitlines():
        assert MERMAID.fullmatch(line), line
        if " subgraph " in line or line.startswith("flowchart"):
            continue
        words = re.fullmatch(r"  (\w+) (?:-->|-\.->|--x).* (\w+)", line)
        if words:
            assert set(words.groups()) <= declared, line
        elif not line.startswith("  class"):
            declared.add(re.match(r" *(\w+)", line)[1])  # type: ignore[index]
    assert diagram.count("\n  subgraph ") == diagram.count("\n  end\n") + diagram.endswith("\n  end")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_mermaid(text: str) -> None:
    drawn, left_out = diagrams(drawing_of(hostile(text)))
    assert (len(drawn), left_out) == (1, 0)
    assert_is_mermaid(drawn[0])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_markdown(text: str) -> None:
    lines = markdown_of(hostile(text)).splitlines()
    assert sum(line.startswith("```") for line in lines) == 2
    without_code = [re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line) for line in lines[lines.index("```mermaid") :]]
    prose = "\n".join(line for line in without_code[1:] if not line.startswith(("  ", "flowchart", "```")))
    for token in ("<script", "<img", "](javascript", "*bold*", "@everyone", "https://", "\x1b", "\u202e"):
        assert token not in re.sub(r"\\(.)", "", prose)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_html(text: str) -> None:
    parsed = Tags()
    parsed.feed(pictures(texts_of(hostile(text)))["TRUST.html"].decode())
    assert parsed.open == []
    assert (parsed.tags.count("script"), parsed.tags.count("img")) == (1, 0)
    assert not [name for name in parsed.attributes if name.startswith("on") or name in ("src", "href", "style")]


def test_code_and_prose_are_quoted_as_commonmark_says() -> None:
    assert code("a") == "`a`"
    assert code("a`b``c") == "```a`b``c```"
    assert code("`") == "`` ` ``"
    assert code("") == "` `".replace(" ", "   ")
    assert plain("a_b*c <x> [y] @z") == r"a\_b\*c \<x\> \[y\] \@z"


def test_the_page_allows_its_own_script_and_style_and_nothing_else() -> None:
    page = pictures(texts_of(one_role(trust({"AWS": TWO}))))["TRUST.html"].decode()
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert found
    hashes = {
        name: "sha256-"
        + base64.b64encode(
            hashlib.sha256(re.findall(rf"<{name}>(.*?)</{name}>", page, re.S)[0].encode()).digest()
        ).decode()
        for name in ("style", "script")
    }
    assert found[1] == (
        f"default-src 'none'; style-src '{hashes['style']}'; base-uri 'none'; form-action 'none'; "
        f"script-src '{hashes['script']}'"
    )
    assert not re.search(r"https?://", page)


def test_two_roles_whose_keys_would_be_one_are_two() -> None:
    roles = {name: role(name, trust({"AWS": TWO})) for name in ("a-b", "a_b", "a.b")}
    keys = [node.key for node in drawing_of({"x": stack(ONE, {"aws_iam_role": roles})}).nodes]
    assert len(set(keys)) == len(keys) == 4


# --- what cannot be read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"resource": 1}', b"\xff"])
def test_what_cannot_be_read_is_said_in_both_files_and_keeps_nobody_from_anything(content: bytes) -> None:
    made = pictures({"stacks/<b>x</b>/cdk.tf.json": content})
    assert "**There is no picture: what is written cannot be read.**" in made["TRUST.md"].decode()
    assert r"stacks/\<b\>x\</b\>/cdk.tf.json" in made["TRUST.md"].decode()
    assert "stacks/&lt;b&gt;x&lt;/b&gt;/cdk.tf.json" in made["TRUST.html"].decode()


def test_nothing_at_all_is_drawn_as_nothing() -> None:
    made = pictures({})
    assert "0 roles, 0 users, 0 accounts, 0 arrows." in made["TRUST.md"].decode()
    assert "```" not in made["TRUST.md"].decode()


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("many")
    write_many(folder, 1000)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.glob("stacks/*/*")}


@pytest.mark.slow
def test_of_a_thousand_environments_no_diagram_is_larger_than_code_hosts_draw(many: dict[str, bytes]) -> None:
    text = pictures(many)["TRUST.md"].decode()
    drawn = re.findall(r"```mermaid\n(.*?)\n```", text, re.S)
    assert 1 < len(drawn) <= 12
    for diagram in drawn:
        assert len(diagram) < 50_000
        assert len(re.findall(r" (?:-->|-\.->|--x)", diagram)) <= 500
        assert_is_mermaid(diagram)
    targets = {account for diagram in drawn for account in re.findall(r" role_(\d+)_\w+$", diagram, re.M)}
    assert {"111122223333", "444455556666"} <= targets, "who gets into others comes first"
    arrows = sum(len(re.findall(r" (?:-->|-\.->|--x)", diagram)) for diagram in drawn)
    said = re.search(r"([\d,]+) more arrows are not drawn here; \[TRUST\.html\]", text)
    assert said
    assert arrows + int(said[1].replace(",", "")) == 3002
    assert text.count("\n### ") == 3002


@pytest.mark.parametrize(
    ("name", "count"), [("r{}", 1000), ("🙂" * 60 + "{}", 120), ("a" * 60 + "{}", 1000)], ids=["short", "signs", "long"]
)
def test_a_role_that_trusts_very_many_principals_fits_into_diagrams_too(name: str, count: int) -> None:
    names = [f"arn:aws:iam::{TWO}:role/{name.format(number)}" for number in range(count)]
    where = {"StringEquals": {"sts:ExternalId": name * 2, f"aws:PrincipalTag/{name}": name * 2}}
    drawing = drawing_of(one_role(trust({"AWS": names}, where)))
    drawn, left_out = diagrams(drawing)
    for diagram in drawn:
        assert len(diagram) < 50_000
        assert len(re.findall(r" -->", diagram)) <= 500
        assert_is_mermaid(diagram)
    assert sum(diagram.count(" -->") for diagram in drawn) + left_out == count


def test_no_card_lies_on_another_in_circles_chains_and_crowds(generated: Path) -> None:
    chain = {
        f"s{number}": stack(
            f"{number:012d}",
            {"aws_iam_role": {"r": role("r", trust({"AWS": f"arn:aws:iam::{(number + 1) % 300:012d}:role/r"}))}},
        )
        for number in range(300)
    }
    for drawing in (picture_of(read(generated))[0], drawing_of(chain)):
        layout = lay_out(drawing)
        cards = [card for block in layout.blocks for card in block.cards]
        assert len(cards) == len(drawing.nodes)
        by_column: dict[int, list[Any]] = {}
        for card in cards:
            by_column.setdefault(card.x, []).append(card)
            assert card.y >= 0
            assert card.y + card.height <= layout.height
        for column in by_column.values():
            column.sort(key=lambda card: card.y)
            assert all(one.y + one.height <= other.y for one, other in itertools.pairwise(column))
