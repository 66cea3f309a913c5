"""What a role or user may do, asked of the evaluator: as far as its policies are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

from rolebridge.proof.evaluation import evaluate_identity
from rolebridge.proof.landscape import Document, Identity, Landscape
from rolebridge.proof.policy import Policy
from rolebridge.proof.request import ContextValue, Request
from rolebridge.proof.satisfying import filled
from rolebridge.proof.variables import has_reference

ORDINARY: dict[str, ContextValue] = {"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}
"""What every call brings that somebody makes by themselves. Everything else that AWS fills in stays unknown."""


MOST_ARNS = 20
"""Roles or users that might be made of which each is tried."""


class Rights:
    """What a role or user certainly may do; what a policy that is not known would add is left out.

    Attributes:
        identity: whose rights.
    """

    def __init__(self, identity: Identity) -> None:
        """Leave out what is not known."""
        self.identity = identity
        self._policies = tuple(document.policy for document in identity.policies if document.known)
        boundary = identity.boundary
        self._boundary: Policy | None = boundary.policy if boundary is not None and boundary.known else None

    def may(self, action: str, resource: str, context: Mapping[str, ContextValue] | None = None) -> bool:
        """Return whether an action on a resource is certainly allowed."""
        asked = Request(action, resource)
        if not any(
            not one.deny and one.actions.covers(asked) is not False
            for policy in self._policies
            for one in policy.statements
        ):
            return False
        request = Request(action, resource, self.identity.principal, ORDINARY | dict(context or {}))
        return evaluate_identity(self._policies, request, boundary=self._boundary).allowed

    @cached_property
    def everything(self) -> bool:
        """Whether it may do what nobody has thought of, on what nobody has thought of."""
        return self.may("anything:Whatever", "arn:aws:anything:::whatever")

    def new(self, kind: str, action: str) -> list[str]:
        """Return ARNs of roles or users that do not exist yet and that an action may be allowed on: the first few."""
        head = self.identity.arn.split(":", 5)
        found = {":".join((*head[:5], f"{kind}/made-by-it")): None}
        for policy in self._policies:
            for one in policy.statements:
                resources = one.resources
                if one.deny or resources is None or resources.negated or one.actions.covers(Request(action)) is False:
                    continue
                arns = (one for one in resources.wanted[:MOST_ARNS] if f":{kind}/" in one and not has_reference(one))
                found.update((filled(arn), None) for arn in arns)
        return list(found)[:MOST_ARNS]

    def may_any(
        self, actions: Sequence[str], resource: str, context: Mapping[str, ContextValue] | None = None
    ) -> list[str]:
        """Return those of several actions that are allowed."""
        return [action for action in actions if self.may(action, resource, context)]


def rights_in(landscape: Landscape) -> tuple[Rights, ...]:
    """Return the rights of every role and user; each is asked once what all rules want to know."""
    found = _KNOWN.get(landscape)
    if found is None:
        found = _KNOWN[landscape] = tuple(Rights(identity) for identity in landscape.identities)
    return found


_KNOWN: WeakKeyDictionary[Landscape, tuple[Rights, ...]] = WeakKeyDictionary()


def limited(landscape: Landscape) -> Iterator[Rights]:
    """Return the rights of all who may not do everything anyway, and so could gain by widening them.

    Of who has a boundary that is not known, nothing is known for certain; the rule ``rights-not-known`` says so.
    """
    for rights in rights_in(landscape):
        boundary = rights.identity.boundary
        if rights.identity.arn_known and (boundary.known if boundary is not None else not rights.everything):
            yield rights


def almighty(landscape: Landscape) -> Iterator[Identity]:
    """Return all who may do everything, within their boundary if they have one."""
    return (rights.identity for rights in rights_in(landscape) if rights.everything and rights.identity.arn_known)


def own_policies(identity: Identity) -> Iterator[tuple[Document, str]]:
    """Return the customer-managed policies that a role or user has, with the words for what each is to it."""
    for document in identity.policies:
        if ":policy/" in document.arn and ":aws:policy/" not in document.arn:
            yield document, "its own policy"
    if identity.boundary is not None and ":aws:policy/" not in identity.boundary.arn:
        yield identity.boundary, "its own boundary"


def boundary_key(identity: Identity) -> dict[str, ContextValue]:
    """Return the key ``iam:PermissionsBoundary`` of a request that changes a role or user."""
    return {"iam:PermissionsBoundary": None if identity.boundary is None else identity.boundary.arn}
