"""The element ``Condition``: operators, their qualifiers, and keys that are missing.

IAM user guide:

- «IAM JSON policy elements: Condition»: names of keys are not case-sensitive;
- «Conditions with multiple context keys or values»: operators and keys are joined by «and», a key's values by «or»,
  those of a negated operator by «nor»;
- «IAM JSON policy elements: Condition operators»: each operator; a missing key does not match, so a negated operator is
  true; ``…IfExists`` is true; ``Null`` asks for it;
- «Single-valued vs. multivalued context keys» and «Multivalued context key examples»: ``ForAllValues`` is true of a
  missing key, ``ForAnyValue`` is false; a key with several values needs one of them.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any, Protocol

from rolebridge.proof.answers import Answer, Unknown, all_of, any_of, negate
from rolebridge.proof.patterns import ArnGlob, Glob
from rolebridge.proof.shape import PolicyShapeError, condition_values, described, mapping
from rolebridge.proof.variables import Context, TextPattern, Uncertain, Value, has_reference, parts_of


class Comparison(Protocol):
    """One value of a policy that values of a request are compared with."""

    def matches(self, offered: str, context: Context) -> Answer:
        """Return whether the offered value fits, before any negation."""
        ...


class Condition:
    """One key under one operator.

    Attributes:
        operator: as it stands in the document, ``ForAnyValue:StringLike``.
        key: as it stands in the document.
        wanted: the policy's values.
    """

    __slots__ = (
        "_comparisons",
        "_if_exists",
        "_key_reference",
        "_lower_key",
        "_negated",
        "_null",
        "_quantifier",
        "key",
        "operator",
        "wanted",
    )

    def __init__(self, operator_name: str, key: str, values: list[str], where: str, *, variables: bool) -> None:
        """Compile it.

        Raises:
            PolicyShapeError: if there is no such operator.
        """
        self.operator, self.key, self.wanted = operator_name, key, tuple(values)
        self._lower_key = key.lower()
        self._key_reference = has_reference(key)
        self._quantifier, base, self._if_exists = _split(operator_name)
        self._null = base == "null"
        if base not in _OPERATORS or (self._null and self._if_exists):
            raise PolicyShapeError(where, f"the operator {described(operator_name)}", "an operator of IAM")
        make, self._negated = _OPERATORS[base]
        self._comparisons = [make(value, variables) for value in values]

    def holds(self, context: Context) -> Answer:
        """Return whether the request meets the condition."""
        if self._key_reference:
            return Unknown(f"the key «{self.key}» is only known to Terraform")
        offered = context.value(self._lower_key)
        if isinstance(offered, Unknown):
            return offered
        if self._null:
            return self._is_null(offered, context)
        if offered is None or offered == ():
            return self._if_exists or self._of_missing()
        if not self._quantifier:
            return False if isinstance(offered, tuple) else self._one(offered, context)
        values = offered if isinstance(offered, tuple) else (offered,)
        if self._quantifier == _ALL:
            return all_of(self._one_of_all(value, context) for value in values)
        return any_of(self._one(value, context) for value in values)

    def _of_missing(self) -> bool:
        """«Condition operators», the remark on missing keys, and «Multivalued context key examples»."""
        return self._negated if not self._quantifier else self._quantifier == _ALL

    def _one(self, offered: str, context: Context) -> Answer:
        """Compare one value of the request with all of the policy."""
        answer = any_of(comparison.matches(offered, context) for comparison in self._comparisons)
        return negate(answer) if self._negated else answer

    def _one_of_all(self, offered: str, context: Context) -> Answer:
        """An empty text under ``ForAllValues``: editions of the page differ on whether it counts as missing."""
        answer = self._one(offered, context)
        if offered == "" and answer is False:
            return Unknown("AWS's documentation differs on an empty value under ForAllValues")
        return answer

    def _is_null(self, offered: Value, context: Context) -> Answer:
        """«Condition operator to check existence of condition keys»: ``true`` wants the key to be missing."""
        if self._quantifier:
            return Unknown("AWS does not say what Null does behind ForAllValues or ForAnyValue")
        missing = "true" if offered is None or offered == () else "false"
        return any_of(comparison.matches(missing, context) for comparison in self._comparisons)


def read_conditions(value: Any, where: str, *, variables: bool) -> list[Condition]:
    """Read the element ``Condition``.

    Raises:
        PolicyShapeError: if it is no object of operators with an object of keys each.
    """
    found = []
    for name, keys in mapping(value, where, "an object of operators").items():
        for key, values in mapping(keys, f"{where}.{name}", "an object of condition keys").items():
            place = f"{where}.{name}.{key}"
            found.append(Condition(name, key, condition_values(values, place), place, variables=variables))
    return found


_ALL, _ANY = "forallvalues", "foranyvalue"


@lru_cache(maxsize=256)
def _split(name: str) -> tuple[str, str, bool]:
    """Split ``ForAnyValue:StringLikeIfExists`` into its parts, in lower case."""
    quantifier, colon, rest = name.lower().partition(":")
    if not colon:
        quantifier, rest = "", quantifier
    elif quantifier not in (_ALL, _ANY):
        return "", name.lower(), False
    return quantifier, rest.removesuffix("ifexists"), rest.endswith("ifexists")


class _Parsed:
    """A value that is not compared as text: a number, a date, an address, bytes.

    «You can not use a policy variable» with these operators; AWS does not say what happens to a value that is none.
    """

    __slots__ = ("_compare", "_parse", "_text", "_wanted", "_why")

    def __init__(
        self, parse: Callable[[str], Any], compare: Callable[[Any, Any], bool], what: str, text: str, variables: bool
    ) -> None:
        self._parse, self._compare, self._text = parse, compare, text
        self._wanted: Any = None
        self._why: Unknown | None = None
        if has_reference(text):
            self._why = Unknown(f"«{text}» is only known to Terraform")
            return
        try:
            self._wanted = parse(text)
        except ValueError:
            self._why = Unknown(f"AWS does not say what a policy does with «{text[:60]}», which is no {what}")

    def matches(self, offered: str, context: Context) -> Answer:
        if type(offered) is Uncertain:
            return Unknown(f"the request's «{offered}» is only known to Terraform")
        if self._why is not None:
            return self._why
        try:
            value = self._parse(offered)
        except ValueError:
            return Unknown(f"AWS does not say how «{offered[:60]}» compares with «{self._text[:60]}»")
        return self._compare(value, self._wanted)


def _number(text: str) -> Decimal:
    if len(text) > 100 or not _NUMBER.fullmatch(text):
        raise ValueError
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError from error


_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


def _date(text: str) -> datetime:
    """Read a date (W3C's note on date and time formats) or seconds since 1970; four digits are a year."""
    if _SECONDS.fullmatch(text):
        return _EPOCH + timedelta(seconds=min(int(text.partition(".")[0]), 10**11))
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError
    year, month, day, hour, minute, second, fraction, sign, ahead, ahead_minutes = found.groups()
    offset = timedelta(hours=int(ahead or 0), minutes=int(ahead_minutes or 0)) * (-1 if sign == "-" else 1)
    return datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int(((fraction or "") + "000000")[:6]),
        timezone(offset),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"(?:\d{5,12}|\d{1,3})(?:\.\d{1,9})?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d)))?)?)?", re.ASCII
)


@lru_cache(maxsize=1024)
def _address(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Read an address or a range; one without a prefix is one address."""
    return ipaddress.ip_network(text.strip(), strict=False)


def _within(offered: Any, wanted: Any) -> bool:
    return bool(offered.version == wanted.version and offered.subnet_of(wanted))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError from error


class _Boolean:
    """``true`` or ``false``. The two pages on variables contradict each other on whether they work here."""

    __slots__ = ("_text", "_why")

    def __init__(self, text: str, variables: bool) -> None:
        self._text = text.lower()
        self._why = None
        if has_reference(text):
            self._why = Unknown(f"«{text}» is only known to Terraform")
        elif variables and parts_of(text, variables=True) != (text,):
            self._why = _VARIABLE_IN_BOOLEAN
        elif self._text not in ("true", "false"):
            self._why = Unknown(f"AWS does not say what «{text[:60]}» does, which is neither true nor false")

    def matches(self, offered: str, context: Context) -> Answer:
        if type(offered) is Uncertain:
            return Unknown(f"the request's «{offered}» is only known to Terraform")
        return self._why if self._why is not None else offered.lower() == self._text


_VARIABLE_IN_BOOLEAN = Unknown("AWS's documentation contradicts itself on policy variables in Boolean conditions")


def _text(text: str, variables: bool, *, wild: bool = False, fold: bool = False) -> TextPattern:
    return TextPattern(text, Glob, variables=variables, wild=wild, fold=fold)


def _arn(text: str, variables: bool) -> TextPattern:
    return TextPattern(text, ArnGlob, variables=variables, wild=True)


Make = Callable[[str, bool], Comparison]


def _families() -> Iterable[tuple[str, Make, bool]]:
    like: Make = partial(_text, wild=True)
    fold: Make = partial(_text, fold=True)
    yield from (("StringEquals", _text, False), ("StringNotEquals", _text, True))
    yield from (("StringEqualsIgnoreCase", fold, False), ("StringNotEqualsIgnoreCase", fold, True))
    yield from (("StringLike", like, False), ("StringNotLike", like, True))
    yield from (("ArnEquals", _arn, False), ("ArnNotEquals", _arn, True))
    yield from (("ArnLike", _arn, False), ("ArnNotLike", _arn, True))
    for name, compare in _ORDER.items():
        negated = name == "NotEquals"
        yield f"Numeric{name}", partial(_Parsed, _number, compare, "number"), negated
        yield f"Date{name}", partial(_Parsed, _date, compare, "date"), negated
    address: Make = partial(_Parsed, _address, _within, "IP address")
    yield from (("IpAddress", address, False), ("NotIpAddress", address, True))
    yield "BinaryEquals", partial(_Parsed, _bytes, operator.eq, "base64"), False
    yield from (("Bool", _Boolean, False), ("Null", _Boolean, False))


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_OPERATORS: dict[str, tuple[Make, bool]] = {name.lower(): (make, negated) for name, make, negated in _families()}

OPERATORS = frozenset(name for name, _, _ in _families())
"""Every operator, without its qualifiers, as AWS writes it."""
