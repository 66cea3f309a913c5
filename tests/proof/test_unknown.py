"""What is unknown may be anything, and what is said to be certain is certain.

A text of a case is replaced by a reference of Terraform whose value would be that text. The answer may become unknown;
it may not become another one. And the answer of no value may differ from one that was given as certain.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.proof.oracle.cases import Case, cases
from tests.proof.oracle.judges import ours

from rolebridge.proof.evaluation import Decision, Verdict

NEVER_TOUCHED = ("Effect", "Version")


def texts(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every text that a reference could stand for."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in NEVER_TOUCHED:
                yield from texts(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*place, index))


def hidden(rng: random.Random, text: str) -> str:
    """Hide the text, its beginning, its end or its middle behind a reference; wildcards and variables too."""
    start, end = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
    start, end = rng.choice(((0, len(text)), (start, len(text)), (0, end), (start, end)))
    reference = rng.choice(("${var.x}", "${aws_iam_role.y.arn}", '${jsondecode("{}").z}'))
    return text[:start] + reference + text[end:]


def with_reference(rng: random.Random, documents: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(documents)
    place = rng.choice(list(texts(found)))
    holder: Any = found
    for step in place[:-1]:
        holder = holder[step]
    if not (isinstance(holder[place[-1]], str) and "${" in holder[place[-1]]):
        holder[place[-1]] = hidden(rng, holder[place[-1]])
    return found


def parts(case: Case, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(case, name) for name in names if getattr(case, name)}


def refused(verdict: Verdict) -> bool:
    """Where nothing allows it, a deny that is unknown changes nothing: it is refused."""
    return verdict.decision in (Decision.EXPLICITLY_DENIED, Decision.IMPLICITLY_DENIED)


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [("identity", "boundary", "session", "trust"), ("context",), ("resource",)], ids=lambda names: names[0]
)
def test_a_reference_in_place_of_a_text_makes_an_answer_unknown_or_leaves_it(names: tuple[str, ...]) -> None:
    rng = random.Random(7)
    seen: Counter[str] = Counter()
    for case in cases(11, 4_000):
        if not (documents := parts(case, names)):
            continue
        known = ours(case)
        found = ours(replace(case, **with_reference(rng, documents)))
        seen["unknown" if found.decision is Decision.UNKNOWN else "left"] += 1
        assert found.decision in (known.decision, Decision.UNKNOWN) or (refused(known) and refused(found)), case
        assert bool(found.unknown) is (found.decision is Decision.UNKNOWN)
    assert seen["unknown"] > 100
    assert seen["left"] > 100


def with_unknown_account(case: Case) -> Case:
    """Hide the caller's account in everything that comes from the caller."""
    account = (case.role or case.principal).split(":")[4]

    def hide(text: Any) -> Any:
        return text.replace(account, "${var.account}") if isinstance(text, str) else text

    context = {key: hide(value) for key, value in case.context.items()}
    return replace(case, principal=hide(case.principal), role=hide(case.role), context=context)


@pytest.mark.slow
def test_a_caller_whose_account_only_terraform_knows_gets_no_other_answer() -> None:
    seen: Counter[str] = Counter()
    for case in cases(17, 4_000):
        if case.trust is None or not case.principal.startswith("arn:"):
            continue
        known, found = ours(case), ours(with_unknown_account(case))
        seen["unknown" if found.decision is Decision.UNKNOWN else "left"] += 1
        assert found.decision in (known.decision, Decision.UNKNOWN) or (refused(known) and refused(found)), case
    assert seen["unknown"] > 100
    assert seen["left"] > 100


DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.slow
def test_a_further_deny_never_lets_in_and_a_further_allow_never_turns_away() -> None:
    for case in cases(13, 2_000):
        if case.family == "service":
            continue
        known = ours(case).decision
        denied = ours(replace(case, identity=[*case.identity, {"Version": "2012-10-17", "Statement": [DENY]}]))
        assert denied.decision is Decision.EXPLICITLY_DENIED
        allowed = ours(replace(case, identity=[*case.identity, {"Version": "2012-10-17", "Statement": [ALLOW]}]))
        assert allowed.decision in (known, Decision.ALLOWED)
        assert (allowed.decision is Decision.EXPLICITLY_DENIED) is (known is Decision.EXPLICITLY_DENIED)
