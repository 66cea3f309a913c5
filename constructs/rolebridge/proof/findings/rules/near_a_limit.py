"""A document or name near AWS's limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.landscape import Document, Identity, Origin, SeenRole

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a document or name near AWS's limit",
    why="The next account, subject or action does not fit any more, and AWS refuses it only when it is applied.",
    mend="Split the policy, or shorten what is in it; a trust policy may be raised to 4,096 characters by AWS.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)

TRUST, MANAGED, ATTACHED = 2048, 6144, 10
"""Characters of a trust policy and of a managed one without white space; managed policies of a role or user."""

NAMES = {"role": 64, "user": 64, "policy": 128}
INLINE = {"role": 10_240, "user": 2048}
"""Characters of all inline policies together."""

NEAR = 0.9


def check(proof: Proof) -> Iterator[Sighting]:
    """See every size that is at least nine tenths of what AWS allows."""
    landscape = proof.landscape
    for one in landscape.identities:
        yield from _of_identity(one)
    for policy in landscape.policies:
        who = f"{policy.account}:{policy.name}"
        for text in _near(len(policy.name), NAMES["policy"], "the policy's name has", "characters"):
            yield Sighting(policy.source, who, text)
        for text in _near(_size(policy.document), MANAGED, "the policy has", "characters without white space"):
            yield Sighting(policy.document.source, who, text)


def _of_identity(one: Identity) -> Iterator[Sighting]:
    kind = "role" if isinstance(one, SeenRole) else "user"
    found = list(_near(len(one.name), NAMES[kind], f"the {kind}'s name has", "characters"))
    inline = sum(_size(document) for document in one.policies if document.origin is Origin.INLINE)
    found += _near(inline, INLINE[kind], f"the inline policies of the {kind} have", "characters without white space")
    attached = sum(document.origin is not Origin.INLINE for document in one.policies)
    found += _near(attached, ATTACHED, f"the {kind} has", "managed policies")
    if isinstance(one, SeenRole):
        found += _near(_size(one.trust), TRUST, "the trust policy has", "characters without white space")
    for text in found:
        yield Sighting(one.source, called(one), text)


def _near(size: int, most: int, what: str, unit: str) -> Iterator[str]:
    if size >= most * NEAR:
        yield f"{what} {size:,} {unit}; AWS takes {most:,}"


def _size(document: Document) -> int:
    """IAM counts no white space, wherever it stands."""
    if document.value is None:
        return 0
    return len("".join(json.dumps(document.value, ensure_ascii=False, separators=(",", ":")).split()))
