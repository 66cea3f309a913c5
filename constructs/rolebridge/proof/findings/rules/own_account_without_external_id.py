"""Another account of one's own without an external id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import account_in, is_for_tokens, keeps_out, trusted
from rolebridge.proof.handshakes import EXTERNAL_ID
from rolebridge.proof.variables import has_reference

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.NOTE,
    title="another account of one's own without an external id",
    why=(
        "Between accounts of one owner an external id is not needed; where the caller works for several parties, it is."
    ),
    mend="Nothing has to be done where the caller acts for nobody else.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every principal of such an account that is let in without an external id."""
    for one in trusted(proof.landscape, "AWS"):
        account = account_in(one.name)
        if account in ("", one.role.account) or has_reference(account) or has_reference(one.role.account):
            continue
        if account not in proof.landscape.accounts or is_for_tokens(one.statement):
            continue
        if not keeps_out(one, {EXTERNAL_ID: "an-id-of-somebody-else"}):
            text = f"{one.name} of the account {account} is let in without an external id"
            yield in_trust(one.role, one.statement, text)
