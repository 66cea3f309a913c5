"""Who asks, and whom a policy names.

IAM user guide, «AWS JSON policy elements: Principal» and «NotPrincipal»; what a name is worth within the account,
«Policy evaluation logic» (section «Resource-based policies» of «How AWS enforcement code logic evaluates requests»).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rolebridge.proof.answers import Unknown
from rolebridge.proof.shape import PolicyShapeError, described, mapping, misfit, texts
from rolebridge.proof.variables import has_reference, may_be


class Kind(enum.Enum):
    """What kind of principal asks."""

    USER = "IAM user"
    ROLE = "role session"
    ROOT = "account root user"
    FEDERATED_USER = "federated user session"
    FEDERATED = "federated identity"
    SERVICE = "AWS service"
    CANONICAL_USER = "canonical user"
    ANONYMOUS = "anonymous"

    __hash__ = object.__hash__  # members are single; the inherited one is slow


class Reach(enum.IntEnum):
    """How far a statement's naming of a principal carries within the principal's own account.

    IAM user guide, «How AWS enforcement code logic evaluates requests», «Resource-based policies».
    """

    NONE = 0
    """It is not named."""
    ACCOUNT = 1
    """Its account is: the account's identity policies decide."""
    ROLE = 2
    """Its role is: no identity policy is needed; a boundary and a session policy still limit."""
    PRINCIPAL = 3
    """It itself is, or everybody: nothing but an explicit deny stands against it."""


@dataclass(frozen=True)
class Principal:
    """Somebody who asks AWS for something.

    Make one with :meth:`role`, :meth:`user`, :meth:`root`, :meth:`federated`, :meth:`service` or :meth:`from_arn`.

    Attributes:
        kind: what it is.
        name: a session's or user's ARN, a provider, a service's name; of a role session without a name, the role's ARN.
        account: 12 digits; empty for who has none.
        partition: ``aws``, ``aws-cn``, …
        identity_arn: the ARN of the role or user that policies are attached to.
        session: the name of the role session; ``None``: not given.
        unique_id: IAM's own id, ``AIDA…`` or ``AROA…``, if it is known.
        path_known: whether ``identity_arn`` has the role's path (the ARN of a session has not).
    """

    kind: Kind
    name: str
    account: str = ""
    partition: str = "aws"
    identity_arn: str = ""
    session: str | None = None
    unique_id: str | None = None
    path_known: bool = True

    @classmethod
    def role(cls, arn: str, session: str | None = None, *, unique_id: str | None = None) -> Principal:
        """A session of a role, given by the role's ARN and perhaps the session's name."""
        partition, account, resource = _arn_parts(arn, "iam", "role/")
        role = resource.rsplit("/", 1)[-1]
        name = arn if session is None else f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}"
        return cls(Kind.ROLE, name, account, partition, arn, session, unique_id)

    @classmethod
    def user(cls, arn: str, *, unique_id: str | None = None) -> Principal:
        """An IAM user, given by its ARN."""
        partition, account, _ = _arn_parts(arn, "iam", "user/")
        return cls(Kind.USER, arn, account, partition, arn, unique_id=unique_id)

    @classmethod
    def root(cls, account: str, partition: str = "aws") -> Principal:
        """The root user of an account."""
        arn = f"arn:{partition}:iam::{account}:root"
        return cls(Kind.ROOT, arn, account, partition, arn)

    @classmethod
    def federated(cls, provider: str) -> Principal:
        """Somebody with a token or an assertion of a provider: its ARN, or the name of a built-in one."""
        return cls(Kind.FEDERATED, provider)

    @classmethod
    def service(cls, name: str) -> Principal:
        """A service of AWS, as ``cloudformation.amazonaws.com``."""
        return cls(Kind.SERVICE, name)

    @classmethod
    def canonical_user(cls, identifier: str) -> Principal:
        """An account by its canonical user id (Amazon S3)."""
        return cls(Kind.CANONICAL_USER, identifier)

    @classmethod
    def anonymous(cls) -> Principal:
        """Somebody without credentials."""
        return cls(Kind.ANONYMOUS, "anonymous")

    @classmethod
    def from_arn(cls, arn: str) -> Principal:
        """Whom an ARN of IAM or STS names.

        Raises:
            ValueError: if it names no role, user, session or root user.
        """
        resource = arn.split(":", 5)[-1]
        if resource.startswith("role/"):
            return cls.role(arn)
        if resource.startswith("user/"):
            return cls.user(arn)
        if resource == "root":
            partition, account, _ = _arn_parts(arn, "iam", "root")
            return cls.root(account, partition)
        if resource.startswith("federated-user/"):
            partition, account, _ = _arn_parts(arn, "sts", "federated-user/")
            return cls(Kind.FEDERATED_USER, arn, account, partition, arn)
        partition, account, resource = _arn_parts(arn, "sts", "assumed-role/")
        role, _, session = resource.removeprefix("assumed-role/").partition("/")
        role_arn = f"arn:{partition}:iam::{account}:role/{role}"
        return cls(Kind.ROLE, arn, account, partition, role_arn, session, path_known=False)


def _arn_parts(arn: str, service: str, resource: str) -> tuple[str, str, str]:
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != service or not parts[5].startswith(resource):
        raise ValueError(f"«{arn[:200]}» is no ARN arn:<partition>:{service}::<account>:{resource}…")
    return parts[1], parts[4], parts[5]


@dataclass(frozen=True, slots=True)
class Named:
    """Whether an element names a principal.

    Attributes:
        reach: what is certain.
        unknown: why it could reach further, if that is not known.
    """

    reach: Reach
    unknown: Unknown | None = None


class PrincipalElement:
    """The element ``Principal`` or ``NotPrincipal`` of a statement.

    A ``*`` is everybody, and otherwise names are compared as they stand: «You cannot use a wildcard to match part of a
    principal name or ARN».

    Attributes:
        negated: whether it is ``NotPrincipal``.
        wanted: its principals, as ``AWS arn:aws:iam::…``.
    """

    __slots__ = ("_everybody", "_names", "_references", "negated", "wanted")

    def __init__(self, value: Any, where: str, *, negated: bool) -> None:
        """Read the element.

        Raises:
            PolicyShapeError: if it is neither ``*`` nor an object of principals.
        """
        self.negated = negated
        self._names = {name: frozenset(found) for name, found in _read(value, where).items()}
        self._everybody = "*" in self._names["AWS"]
        self._references = {
            name: [text for text in sorted(found) if has_reference(text)]
            for name, found in self._names.items()
            if any("{" in text for text in found)
        }
        self.wanted = tuple(f"{name} {text}" for name, found in self._names.items() for text in sorted(found))

    def names(self, principal: Principal, *, deny: bool, bounded: bool) -> Named:
        """Return whether a statement with this element is about the principal.

        Args:
            principal: who asks.
            deny: whether the statement denies.
            bounded: whether the principal has a permissions boundary.
        """
        if not self.negated:
            return self._lists(principal, deny=deny)
        return self._spares_not(principal, bounded=bounded) if deny else self._all_but(principal)

    def _lists(self, principal: Principal, *, deny: bool) -> Named:
        if self._everybody:
            return _everybody(principal, deny=deny)
        listed = self._names.get(_ELEMENT.get(principal.kind, "AWS"), frozenset())
        if principal.kind in _WITHOUT_ACCOUNT:
            return self._lists_name(principal, listed)
        reach, why = _aws_reach(principal, listed)
        if reach is Reach.PRINCIPAL:
            return Named(reach)
        return Named(
            reach, _first(why, self._reference("AWS", _names_of(principal), principal.account), self._canonical())
        )

    def _lists_name(self, principal: Principal, listed: frozenset[str]) -> Named:
        if principal.name in listed:
            return Named(Reach.PRINCIPAL)
        element = _ELEMENT.get(principal.kind, "AWS")
        return Named(Reach.NONE, _first(_doubt(principal, listed), self._reference(element, (principal.name,))))

    def _canonical(self) -> Unknown | None:
        listed = self._names.get("CanonicalUser")
        return Unknown("whose account a canonical user id is, is not known") if listed else None

    def _reference(self, element: str, names: tuple[str, ...], account: str = "") -> Unknown | None:
        """Return why one of the listed texts could be a name of the principal, if only Terraform knows either."""
        listed: Iterable[str] = self._references.get(element, ())
        if any("${" in name for name in names):
            listed = sorted(self._names.get(element, ()))
        found = next((text for text in listed if any(_could_be(text, name, account) for name in (*names, "*"))), None)
        return None if found is None else Unknown(f"whether «{found}» is «{names[0]}» is only known to Terraform")

    def _all_but(self, principal: Principal) -> Named:
        """«NotPrincipal With Allow»: everybody except whom it names."""
        named = self._lists(principal, deny=True)
        if named.reach is not Reach.NONE:
            return Named(Reach.NONE)
        return Named(Reach.PRINCIPAL) if named.unknown is None else named

    def _spares_not(self, principal: Principal, *, bounded: bool) -> Named:
        """«NotPrincipal With Deny»: everybody who is not named is denied, by account, role and session.

        The page says that AWS *might* look at the account first, then the role, then the session; where the principal
        is named and one of these is not, the answer is unknown. «The NotPrincipal element with a Deny effect will
        always deny any IAM principal that has a permissions boundary» («Permissions boundaries for IAM entities»).
        """
        if bounded and principal.kind in (Kind.USER, Kind.ROLE):
            return Named(Reach.PRINCIPAL)
        if self._everybody:
            return Named(Reach.NONE)
        named = self._lists(principal, deny=True)
        if principal.kind in _WITHOUT_ACCOUNT:
            return _opposite(named)
        listed = self._names["AWS"]
        if principal.name not in listed:
            return Named(Reach.PRINCIPAL) if named.unknown is None else Named(Reach.NONE, named.unknown)
        missing = next((names for names in _chain(principal) if not listed.intersection(names)), None)
        if missing is not None:
            return Named(Reach.NONE, Unknown(f"AWS might deny for {missing[0]}, which NotPrincipal does not name"))
        return Named(Reach.NONE, _unnamed_session(principal))


def _opposite(named: Named) -> Named:
    if named.unknown is not None and named.reach is Reach.NONE:
        return named
    return Named(Reach.PRINCIPAL if named.reach is Reach.NONE else Reach.NONE)


_ELEMENT = {Kind.FEDERATED: "Federated", Kind.SERVICE: "Service", Kind.CANONICAL_USER: "CanonicalUser"}
_WITHOUT_ACCOUNT = frozenset({Kind.FEDERATED, Kind.SERVICE, Kind.CANONICAL_USER, Kind.ANONYMOUS})
_TYPES = ("AWS", "Federated", "Service", "CanonicalUser")
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")


def _read(value: Any, where: str) -> dict[str, list[str]]:
    allowed = f"«*», or an object with {', '.join(_TYPES)}"
    if isinstance(value, str):
        if value != "*":
            raise misfit(value, where, allowed)
        return {"AWS": ["*"]}
    found: Mapping[str, Any] = mapping(value, where, allowed)
    for name in found:
        if name not in _TYPES:
            raise PolicyShapeError(where, f"the key {described(name)}", f"the keys {', '.join(_TYPES)}")
    return {"AWS": []} | {name: texts(names, f"{where}.{name}") for name, names in found.items()}


def _everybody(principal: Principal, *, deny: bool) -> Named:
    """«All principals»: who has credentials of an account, or none; a deny is for everybody.

    Whether an *allow* for everybody lets in a service, or somebody with a token, is not said.
    """
    if deny or principal.kind not in (Kind.FEDERATED, Kind.SERVICE, Kind.CANONICAL_USER):
        return Named(Reach.PRINCIPAL)
    return Named(Reach.NONE, Unknown(f"AWS does not say whether «*» allows a {principal.kind.value}"))


def _aws_reach(principal: Principal, listed: frozenset[str]) -> tuple[Reach, Unknown | None]:
    if principal.name in listed and principal.name != _role_name(principal):
        return Reach.PRINCIPAL, None
    why = _first(_unknown_session(principal, listed), _unknown_id(principal, listed), _other_path(principal, listed))
    if principal.unique_id in listed:
        return (Reach.ROLE if principal.kind is Kind.ROLE else Reach.PRINCIPAL), why
    if principal.kind is Kind.ROLE and principal.path_known and principal.identity_arn in listed:
        return Reach.ROLE, why
    account = listed.intersection((principal.account, f"arn:{principal.partition}:iam::{principal.account}:root"))
    return (Reach.ACCOUNT if account else Reach.NONE), why


def _could_be(listed: str, name: str, account: str) -> bool:
    """Return whether two different texts may be one name; an account's id is no ARN, so it has no colon."""
    return listed != name and (name != account or ":" not in listed) and may_be(listed, name)


def _names_of(principal: Principal) -> tuple[str, ...]:
    """Everything that names the principal, its role or its account."""
    root = f"arn:{principal.partition}:iam::{principal.account}:root"
    return principal.name, principal.identity_arn, principal.account, root


def _role_name(principal: Principal) -> str | None:
    """The role's own ARN, where no session is given: it names the role, not the session."""
    return principal.identity_arn if principal.kind is Kind.ROLE and principal.session is None else None


def _unknown_session(principal: Principal, listed: frozenset[str]) -> Unknown | None:
    if principal.kind is not Kind.ROLE or principal.session is not None:
        return None
    role = principal.identity_arn.rsplit("/", 1)[-1]
    prefix = f"arn:{principal.partition}:sts::{principal.account}:assumed-role/{role}/"
    if any(name.startswith(prefix) for name in listed):
        return Unknown("one session of the role is named, and the caller's session is not given")
    return None


def _unknown_id(principal: Principal, listed: frozenset[str]) -> Unknown | None:
    if principal.unique_id is not None or principal.kind not in (Kind.USER, Kind.ROLE):
        return None
    found = min((name for name in listed if name[:1] == "A" and _UNIQUE_ID.fullmatch(name)), default=None)
    return None if found is None else Unknown(f"{found} is an id of IAM's own, and the caller's is not given")


def _other_path(principal: Principal, listed: frozenset[str]) -> Unknown | None:
    if principal.path_known:
        return None
    prefix, _, role = principal.identity_arn.partition(":role/")
    if any(name.startswith(f"{prefix}:role/") and name.rsplit("/", 1)[-1] == role for name in listed):
        return Unknown("the path of the caller's role is not given: its session's ARN does not have it")
    return None


def _doubt(principal: Principal, listed: frozenset[str]) -> Unknown | None:
    """Names that AWS would not take, or of which it does not say what they do."""
    if "*" in listed:
        return Unknown(f"AWS does not say what «*» as the name of a {principal.kind.value} does")
    if principal.kind is not Kind.FEDERATED or principal.name.startswith("arn:"):
        return None
    if any(name.endswith(f":oidc-provider/{principal.name}") for name in listed):
        return Unknown(f"{principal.name} is built in: reports differ on tokens where somebody made a provider for it")
    return None


def _unnamed_session(principal: Principal) -> Unknown | None:
    if _role_name(principal) is None:
        return None
    return Unknown("NotPrincipal has to name the session, and the caller's session is not given")


def _first(*candidates: Unknown | None) -> Unknown | None:
    return next((candidate for candidate in candidates if candidate is not None), None)


def _chain(principal: Principal) -> list[tuple[str, ...]]:
    """The principal's parents that «NotPrincipal With Deny» wants to see named too."""
    account: tuple[str, ...] = (f"arn:{principal.partition}:iam::{principal.account}:root", principal.account)
    session = principal.kind is Kind.ROLE and principal.session is not None
    return [(principal.identity_arn,), account] if session else [account]
