"""What somebody asks of AWS: an action on a resource, by a principal, in a context of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rolebridge.proof.answers import Unknown
from rolebridge.proof.principals import Kind, Principal
from rolebridge.proof.variables import Uncertain, Value, has_reference

ContextValue = str | bool | int | float | Sequence[str | bool | int | float] | Unknown | None
"""A key's value: several are given as a list; ``None`` says that the key is certainly missing."""

FILLED_IN_BY_AWS = frozenset(
    {
        "aws:currenttime",
        "aws:ec2instancesourcevpc",
        "aws:epochtime",
        "aws:federatedprovider",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:principaltag/",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:resourcetag/",
        "aws:securetransport",
        "aws:sourceidentity",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:tokenissuetime",
        "aws:useragent",
        "aws:userid",
        "aws:username",
        "aws:viaawsservice",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "aws:vpcsourceip",
        "iam:resourcetag/",
    }
)
"""Keys that AWS puts into a request by itself (IAM user guide, «AWS global condition context keys»), in lower case.

Who does not give such a key a value has not said that it is missing: what depends on it is unknown. A key that ends
in a slash stands for all that begin with it.
"""


@dataclass(frozen=True)
class Request:
    """One action on one resource (IAM user guide, «Components of a request»).

    Attributes:
        action: as ``sts:AssumeRole``; its case does not matter.
        resource: the ARN, or ``*`` where the action has none.
        principal: who asks; fills in the keys that follow from it (``aws:PrincipalArn``, ``aws:username``, …).
        context: keys and values; the case of the keys does not matter.
        unknown: keys in lower case that are unknown unless ``context`` has them; every other key is missing.

    Raises:
        TypeError: for a value that no key has.
    """

    action: str
    resource: str = "*"
    principal: Principal | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    unknown: frozenset[str] = FILLED_IN_BY_AWS
    _values: dict[str, Value] = field(init=False, repr=False, compare=False)
    _lower_action: str = field(init=False, repr=False, compare=False)
    _resource_text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the context once."""
        values = {} if self.principal is None else _principal_keys(self.principal)
        for key, value in self.context.items():
            # Most are plain texts, and most requests are asked once: this is where the time of a proof goes.
            plain = value is None or (type(value) is str and "{" not in value)
            values[key.lower()] = value if plain else _read(value)  # type: ignore[assignment]
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_lower_action", _text(self.action.lower()))
        object.__setattr__(self, "_resource_text", _text(self.resource))

    @property
    def lower_action(self) -> str:
        """The action in lower case."""
        return self._lower_action

    @property
    def resource_text(self) -> str:
        """The resource, marked where only Terraform knows it."""
        return self._resource_text

    def value(self, key: str) -> Value:
        """Return what stands under a key that is given in lower case; ``None`` if it is missing."""
        try:
            return self._values[key]
        except KeyError:
            pass
        prefix, slash, _ = key.partition("/")
        if key in self.unknown or (slash and prefix + "/" in self.unknown):
            return Unknown(f"AWS itself fills in {key}, and its value is not given")
        return None


def _principal_keys(principal: Principal) -> dict[str, Value]:
    """IAM user guide, «AWS global condition context keys», «Properties of the principal».

    ``aws:PrincipalArn`` of a session is its role's ARN. A request with a web identity or a SAML assertion is not
    signed: it has no principal yet, and none of these keys.
    """
    if principal.kind in (Kind.FEDERATED, Kind.ANONYMOUS):
        return _UNSIGNED.copy()
    if principal.kind is Kind.SERVICE:
        return {"aws:principalisawsservice": "true", "aws:principalservicename": principal.name, "aws:username": None}
    keys: dict[str, Value] = {
        "aws:principalisawsservice": "false",
        "aws:principalservicename": None,
        "aws:principalservicenameslist": None,
        "aws:principaltype": _PRINCIPAL_TYPES.get(principal.kind, Unknown("AWS does not say this principal's type")),
        "aws:username": _text(principal.name.rsplit("/", 1)[-1]) if principal.kind is Kind.USER else None,
    }
    if principal.account:
        keys["aws:principalaccount"] = _text(principal.account)
    if principal.identity_arn:
        arn = _text(principal.identity_arn)
        keys["aws:principalarn"] = (
            arn if principal.path_known else Unknown("the path of the caller's role is not given")
        )
    if principal.kind is Kind.ROOT:
        keys["aws:userid"] = _text(principal.account)
    elif principal.unique_id and principal.kind is Kind.USER:
        keys["aws:userid"] = principal.unique_id
    return keys


_NO_PATH = Unknown("the path of the caller's role is not given: its session's ARN does not have it")
_OF_A_SIGNED_REQUEST = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:username",
)
_UNSIGNED: dict[str, Value] = dict.fromkeys(_OF_A_SIGNED_REQUEST)
_PRINCIPAL_TYPES: dict[Kind, Value] = {
    Kind.USER: "User",
    Kind.ROLE: "AssumedRole",
    Kind.ROOT: "Account",
    Kind.FEDERATED_USER: "FederatedUser",
}


def _read(value: ContextValue) -> Value:
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, str | bool | int | float):
        return _scalar(value)
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(_scalar(item) for item in value)
    raise TypeError(
        f"a context key's value is a text, a number, a boolean or a list of them, not {type(value).__name__}"
    )


def _scalar(value: str | bool | int | float) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(f"a key's value is a text, a number or a boolean, not {type(value).__name__}")


def _text(text: str) -> str:
    return Uncertain(text) if has_reference(text) else text
