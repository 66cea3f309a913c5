"""An assertion of SAML without an audience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.attempts import SAML
from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import keeps_out, trusted
from rolebridge.proof.request import Request

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="an assertion of SAML without an audience",
    why="An assertion that the identity provider made for another service opens the role too.",
    mend="Add StringEquals on SAML:aud with https://signin.aws.amazon.com/saml.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html",
)

STRANGE = "https://service.example.com/saml"


def check(proof: Proof) -> Iterator[Sighting]:
    """See every trust in a SAML provider that takes an assertion for anybody."""
    for one in trusted(proof.landscape, "Federated"):
        if ":saml-provider/" not in one.name or one.statement.actions.covers(Request(SAML)) is not True:
            continue
        if not any(keeps_out(one, {key: STRANGE}) for key in ("SAML:aud", "SAML:recipient")):
            yield in_trust(one.role, one.statement, f"an assertion of {one.name} for the audience «{STRANGE}» is taken")
