"""What two versions of somebody's policies answer differently: questions made from what changed, asked of both.

A request can only be answered otherwise if a statement applies to it that one version has and the other has not. So the
questions come from these statements alone: their actions, their resources, a context that meets their conditions, and
each condition violated in turn. Where such a statement denies, what the others allow within it is asked too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, product
from typing import Any

from rolebridge.proof.answers import Answer, Unknown
from rolebridge.proof.conditions import Condition
from rolebridge.proof.evaluation import BOUNDARY, IDENTITY, Decider, Decision, Verdict
from rolebridge.proof.patterns import glob
from rolebridge.proof.policy import Policy, Statement
from rolebridge.proof.principals import Principal, Reach
from rolebridge.proof.request import ContextValue, Request
from rolebridge.proof.satisfying import about, filled, satisfying, values_for, violating
from rolebridge.proof.variables import Variable, parts_of
from rolebridge.proof.words import clean

MOST_WORK = 1_000_000
"""Statements that are held against questions in one comparison; beyond, it is said that not everything was asked."""

WORK_OF_EACH = 2_000
"""So many more for each role and user, so that large landscapes are asked as thoroughly as small ones."""

MOST_OTHERS = 40
"""Actions, and resources, of other statements that are asked within a changed one."""

MOST_PARTNERS = 200
"""Other statements whose conditions are met together with those of a changed one."""

MOST_KEYS = 8
"""Condition keys whose values are combined."""

MOST_COMBINED = 256
"""Combinations of values of several condition keys that are asked, and pairs of action and resource with each."""

MOST_VALUES = 24
"""Values of one condition key that are asked."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A statement of one of the policies that decide.

    Attributes:
        side: ``identity policies``, ``permissions boundary`` or ``trust policy``.
        policy: its policy's name.
        statement: the statement.
        value: its JSON.
    """

    side: str
    policy: str
    statement: Statement
    value: Mapping[str, Any]

    @cached_property
    def key(self) -> tuple[str, str]:
        """Equal for statements that say the same, in whatever order and document of a side."""
        return self.side, json.dumps(_normal({key: one for key, one in self.value.items() if key != "Sid"}))

    @property
    def weight(self) -> int:
        """How much it costs to hold it against a question, in statements of a usual size."""
        statement = self.statement
        patterns = len(statement.actions.wanted) + (len(statement.resources.wanted) if statement.resources else 0)
        return 3 + (patterns + sum(len(one.wanted) for one in statement.conditions)) // 8

    @property
    def label(self) -> str:
        """How reports call it."""
        statement = self.statement
        effect = "Deny" if statement.deny else "Allow"
        name = f"{effect} «{clean(statement.sid)}»" if statement.sid else f"{effect} (statement {statement.index})"
        return f"{name} of {clean(self.policy)}"


def _normal(value: Any) -> Any:
    """Return the value so that lists are sorted, and a list of one is the same as its text."""
    if isinstance(value, Mapping):
        return {key: _normal(one) for key, one in sorted(value.items())}
    found = value if isinstance(value, list | tuple) else [value]
    return sorted({one if isinstance(one, str) else json.dumps(one) for one in found})


def rules_of(side: str, policy: Policy, value: Any) -> Iterator[Rule]:
    """Return the statements of a document."""
    found = value["Statement"]
    values = [found] if isinstance(found, Mapping) else found
    for statement, one in zip(policy.statements, values, strict=True):
        yield Rule(side, policy.name, statement, one)


@dataclass(frozen=True, eq=False)
class Version:
    """All that decides, before or after.

    Attributes:
        rules: every statement.
        ask: answers a request.
        bounded: whether there is a permissions boundary.
    """

    rules: tuple[Rule, ...]
    ask: Callable[[Request], Verdict]
    bounded: bool = False

    @cached_property
    def count(self) -> Counter[tuple[str, str]]:
        """How often each statement stands there."""
        return Counter(rule.key for rule in self.rules)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str, int], Rule]:
        return {(rule.side, rule.policy, rule.statement.index): rule for rule in self.rules}

    def decider(self, decider: Decider) -> Rule | None:
        """Return the statement that decided."""
        return self._by_place.get((decider.side, decider.policy, decider.index))

    def same_place(self, rule: Rule) -> Rule | None:
        """Return the statement that stands where another version's stands: of its ``Sid``, else of its place."""
        if rule.statement.sid:
            return self._by_sid.get((rule.side, rule.policy, rule.statement.sid))
        found = self._by_place.get((rule.side, rule.policy, rule.statement.index))
        return found if found is not None and found.statement.deny is rule.statement.deny else None

    @cached_property
    def _by_sid(self) -> dict[tuple[str, str, str], Rule]:
        return {(rule.side, rule.policy, rule.statement.sid): rule for rule in self.rules if rule.statement.sid}


@dataclass(frozen=True)
class Question:
    """One request, and how reports call its parts.

    Attributes:
        action: the action, as the policy's pattern has it.
        resource: the resource, likewise; empty for a trust.
        caller: who asks; empty where it is always the same.
        varied: what is peculiar about its context; empty if it meets all conditions.
        request: what is asked.
    """

    action: str
    resource: str
    caller: str
    varied: str
    request: Request = field(compare=False)


@dataclass(frozen=True)
class Difference:
    """A question that is answered otherwise.

    Attributes:
        question: what was asked.
        before: the old answer.
        after: the new one.
        cause: what has changed; may be empty.
    """

    question: Question
    before: Decision
    after: Decision
    cause: str


@dataclass(frozen=True)
class Shift:
    """A statement that has changed, and nothing that was asked is answered otherwise.

    Attributes:
        text: what has changed.
        weaker: whether it now guards less, or allows more, for itself; ``None`` where that cannot be known.
    """

    text: str
    weaker: bool | None


@dataclass
class Budget:
    """How much may still be asked."""

    left: int = MOST_WORK
    skipped: int = 0

    def take(self, cost: int) -> bool:
        """Return whether that much more may be asked."""
        if cost > self.left:
            self.skipped += 1
            return False
        self.left -= cost
        return True


@dataclass(frozen=True)
class Outcome:
    """What was found.

    Attributes:
        differences: questions that are answered otherwise.
        shifts: changed statements without such a question.
        complete: whether everything was asked.
    """

    differences: tuple[Difference, ...]
    shifts: tuple[Shift, ...]
    complete: bool


def probe(old: Version, new: Version, callers: Callers, budget: Budget) -> Outcome:
    """Ask both versions everything in which they could differ."""
    gone = [rule for rule in old.rules if old.count[rule.key] > new.count[rule.key]]
    come = [rule for rule in new.rules if new.count[rule.key] > old.count[rule.key]]
    could_weaken = {
        *(rule for rule in gone if rule.statement.deny),
        *(rule for rule in come if not rule.statement.deny),
    }
    probed = [*gone, *come]
    if old.bounded is not new.bounded:
        probed += [rule for rule in old.rules if rule.side == IDENTITY and not rule.statement.deny]
    everything = list({rule.key: rule for rule in (*old.rules, *new.rules)}.values())
    pool = _Pool(everything, callers, frozenset(rule.key for rule in (*gone, *come)))
    cost = 10 + sum(rule.weight for rule in (*old.rules, *new.rules))
    answered: dict[tuple[Any, ...], Difference | None] = {}
    shifts: list[Shift] = []
    complete = True
    for rule in probed:
        watched = rule in could_weaken
        others = come if rule.statement.deny else gone
        weaker: bool | None = None
        found_worse = found_better = False
        asked = True
        for step in (pool.questions, pool.further):
            if found_worse if watched else found_better:
                break  # what the change is expected to do, it does; only else it is looked for in every context
            if not budget.take(4 * len(everything) + 20):
                asked = complete = False
                break
            for question in step(rule):
                if not budget.take(cost):
                    asked = complete = False
                    break
                key = (question.action, question.resource, question.caller, frozenset(question.request.context.items()))
                if key not in answered:
                    answered[key] = _asked(question, old, new)
                found = answered[key]
                worse = found is not None and found.after in (Decision.ALLOWED, Decision.UNKNOWN)
                found_worse, found_better = found_worse or worse, found_better or (found is not None and not worse)
                if watched and not found_worse and weaker is not True:
                    one = _weaker(question.request, rule, others)
                    weaker = one if one is not None else weaker
        if watched and not found_worse and (asked or weaker is True):
            shifts.append(Shift(_described(rule, old, new), weaker))
    differences = {(one.question, one.after): one for one in answered.values() if one is not None}
    return Outcome(tuple(differences.values()), tuple(_once(shifts)), complete)


def _once(shifts: Iterable[Shift]) -> Iterator[Shift]:
    """Of a statement before and after, say the worse once."""
    by_text: dict[str, set[bool | None]] = {}
    for shift in shifts:
        by_text.setdefault(shift.text, set()).add(shift.weaker)
    for text, found in by_text.items():
        yield Shift(text, True if True in found else None if None in found else False)


def _asked(question: Question, old: Version, new: Version) -> Difference | None:
    before, after = old.ask(question.request), new.ask(question.request)
    was, now = _allowed(before), _allowed(after)
    if was is now or (was is None and now is False):
        return None
    cause = _cause(before, after, old, new) if now is True else _cause(after, before, new, old, back=True)
    return Difference(question, before.decision, after.decision, cause)


def _allowed(verdict: Verdict) -> bool | None:
    return None if verdict.decision is Decision.UNKNOWN else verdict.allowed


def _cause(refused: Verdict, allowed: Verdict, one: Version, other: Version, *, back: bool = False) -> str:
    """Say why one version refuses what the other allows; ``back`` if the one that refuses is the new one."""
    old, new = (other, one) if back else (one, other)
    rules = [one.decider(decider) for decider in refused.decided_by]
    if refused.decision is not Decision.EXPLICITLY_DENIED:
        if BOUNDARY in refused.refused_by and IDENTITY not in refused.refused_by:
            if not other.bounded:
                return f"the permissions boundary is {'new' if back else 'gone'}"
            return f"the permissions boundary allows {'less' if back else 'more'}"
        rules = [other.decider(decider) for decider in allowed.decided_by]
    changed = [rule for rule in rules if rule is not None and old.count[rule.key] != new.count[rule.key]]
    shown = [_described(rule, old, new) for rule in changed[:3]]
    return " and ".join(dict.fromkeys(shown))


def _described(rule: Rule, old: Version, new: Version) -> str:
    """Say what has become of a statement."""
    if old.count[rule.key] > new.count[rule.key]:
        other, what = new.same_place(rule), "gone"
        changed = other is not None and new.count[other.key] > old.count[other.key]
    else:
        other, what = old.same_place(rule), "new"
        changed = other is not None and old.count[other.key] > new.count[other.key]
    if other is None or not changed:
        return f"{rule.label} is {what}"
    before, after = (rule, other) if what == "gone" else (other, rule)
    return f"{before.label} has changed{_how(before.statement, after.statement)}"


def _how(before: Statement, after: Statement) -> str:
    had, has = ({f"{one.operator} {one.key}": one for one in statement.conditions} for statement in (before, after))
    parts = [f"without the condition {clean(name)}" for name in had if name not in has]
    parts += [f"with the new condition {clean(name)}" for name in has if name not in had]
    parts += [
        f"with other values of {clean(name)}"
        for name in has
        if name in had and {*had[name].wanted} != {*has[name].wanted}
    ]
    return f": {', '.join(parts)}" if parts else ""


def _weaker(request: Request, rule: Rule, others: Iterable[Rule]) -> bool | None:
    """Return whether a deny that is gone, or an allow that is new, applies without another one for it."""
    mine = _one_applies(request, (rule,))
    theirs = _one_applies(request, (one for one in others if one.statement.deny is rule.statement.deny))
    if mine is False or theirs is True:
        return False
    return None if mine is None or theirs is None else True


def _one_applies(request: Request, rules: Iterable[Rule]) -> bool | None:
    unknown = False
    for rule in rules:
        named = rule.statement.named(request, bounded=False)
        answer = rule.statement.applies(request)
        if answer is True and named.reach is not Reach.NONE:
            return True
        unknown = unknown or isinstance(answer, Unknown) or (answer is True and named.unknown is not None)
    return None if unknown else False


# Questions


@dataclass(frozen=True)
class Callers:
    """Who asks, and for what.

    Attributes:
        found: who could ask, by how reports call them; one without a name, where it is always the same.
        resource: of a trust, the role's ARN.
    """

    found: Mapping[str, Principal | None]
    resource: str | None = None


ELSE = "anything else"


class _Pool:
    """Actions, resources and conditions of all statements, in both versions."""

    def __init__(self, rules: Sequence[Rule], callers: Callers, changed: frozenset[tuple[str, str]]) -> None:
        self.rules, self.callers, self.changed = rules, callers, changed
        principal = next(iter(callers.found.values()), None)
        self.given = Request("x:y", principal=principal)
        self._found: dict[tuple[int, str], list[str]] = {}
        self.actions = _concrete((rule.statement.actions.wanted for rule in rules), self.given, "example:Anything")
        if callers.resource is not None:
            self.resources: dict[str, _Concrete] = {"": _Concrete(callers.resource, {})}
        else:
            wanted = (rule.statement.resources.wanted for rule in rules if rule.statement.resources is not None)
            self.resources = _concrete(wanted, self.given, "arn:aws:example:::anything")

    def questions(self, rule: Rule) -> Iterator[Question]:
        """Return what is to be asked because of a statement."""
        actions, resources = self._actions_of(rule.statement), self._resources_of(rule.statement)
        for varied, context in self._situations(rule):
            for action, resource in _pairs(actions, resources, whole=not varied):
                yield from self._questions(rule.statement, action, resource, varied, context)

    def further(self, rule: Rule) -> Iterator[Question]:
        """Return the same with every combination of what conditions of all statements about the same actions name."""
        actions, resources = self._actions_of(rule.statement), self._resources_of(rule.statement)
        conditions = [*rule.statement.conditions]
        for other in self.rules[:MOST_PARTNERS]:
            if other.key != rule.key and other.statement.conditions and self._overlap(rule.statement, other.statement):
                conditions += other.statement.conditions
        keys = [key for key in dict.fromkeys(one.key.lower() for one in conditions) if not self._is_given(key)][
            :MOST_KEYS
        ]
        values = [_values(about(conditions, key)) for key in keys]
        most = next(
            number for number in (MOST_VALUES, 4, 3, 2, 1) if number ** len(keys) <= MOST_COMBINED or number == 1
        )
        for chosen in islice(product(*([*found][:most] for found in values)), MOST_COMBINED):
            context = dict(zip(keys, chosen, strict=True))
            varied = " and ".join(found[value] for found, value in zip(values, chosen, strict=True))
            for action, resource in islice(_pairs(actions, resources, whole=True), MOST_COMBINED):
                yield from self._questions(rule.statement, action, resource, varied, context)

    def _questions(
        self, statement: Statement, action: str, resource: str, varied: str, context: Mapping[str, ContextValue]
    ) -> Iterator[Question]:
        place = self.resources[resource]
        for shown, caller in self.callers.found.items():
            if self._names(statement, caller):
                request = Request(self.actions[action].text, place.text, caller, {**context, **place.context})
                yield Question(action, resource, shown, varied, request)

    def _actions_of(self, statement: Statement) -> list[str]:
        actions = statement.actions
        return self._within(
            self.actions, statement, "action", actions.wanted, lambda one: actions.covers(one.as_action)
        )

    def _resources_of(self, statement: Statement) -> list[str]:
        resources = statement.resources
        if resources is None:
            return list(self.resources)
        given = self.given.principal

        def covers(one: _Concrete) -> Answer:
            return resources.covers(Request("x:y", one.text, given))

        return self._within(self.resources, statement, "resource", resources.wanted, covers)

    def _within(
        self,
        found: dict[str, _Concrete],
        statement: Statement,
        what: str,
        own: Sequence[str],
        covers: Callable[[_Concrete], Answer],
    ) -> list[str]:
        """Return the statement's own patterns, and those of others that lie within them."""
        known = self._found.get((id(statement), what))
        if known is None:
            _meet(found, own)
            mine = [text for text in dict.fromkeys(own) if covers(found[text]) is not False]
            taken = frozenset(mine)
            others = (text for text, one in found.items() if text not in taken and covers(one) is not False)
            known = self._found[id(statement), what] = [*mine, *islice(others, MOST_OTHERS)]
        return known

    def _names(self, statement: Statement, caller: Principal | None) -> bool:
        if statement.principals is None or caller is None:
            return True
        named = statement.named(Request("x:y", principal=caller), bounded=False)
        return named.reach is not Reach.NONE or named.unknown is not None

    def _situations(self, rule: Rule) -> Iterator[tuple[str, Mapping[str, ContextValue]]]:
        """Return contexts: one that meets the conditions, those of another statement too; and each key violated."""
        own = rule.statement.conditions
        escape = self._escape(rule)
        for also in self._partners(rule):
            right = self._lower(satisfying((*own, *also)))
            yield "", right
            if escape:
                right = {**escape, **right}
                yield "", right
            if not also or own:
                yield from self._varied(own, right)

    def _varied(
        self, conditions: Sequence[Condition], right: Mapping[str, ContextValue]
    ) -> Iterator[tuple[str, Mapping[str, ContextValue]]]:
        for key in dict.fromkeys(condition.key.lower() for condition in conditions):
            if self._is_given(key):
                continue
            mine = about(conditions, key)
            values = _values(mine)
            for value, varied in list(values.items())[:MOST_VALUES]:
                if value != right.get(key):
                    yield varied, {**right, key: value}

    def _partners(self, rule: Rule) -> Iterator[Sequence[Condition]]:
        """Return the conditions of statements that allow beside this one, each once; first none."""
        yield ()
        seen: set[str] = set()
        for other in self.rules[:MOST_PARTNERS]:
            if other.statement.deny or not other.statement.conditions or other.key == rule.key:
                continue
            text = json.dumps(_normal(other.value["Condition"]))
            if text not in seen and self._overlap(rule.statement, other.statement):
                seen.add(text)
                yield other.statement.conditions

    def _overlap(self, one: Statement, other: Statement) -> bool:
        texts = self._actions_of(one)[:MOST_OTHERS]
        return any(other.actions.covers(self.actions[text].as_action) is not False for text in texts)

    def _escape(self, rule: Rule) -> dict[str, ContextValue]:
        """Return a context in which statements that deny as before do not apply, as far as it is up to conditions."""
        own = {condition.key.lower() for condition in rule.statement.conditions}
        found: dict[str, ContextValue] = {}
        for other in self.rules[:MOST_PARTNERS]:
            if other.statement.deny and other.key not in self.changed:
                for condition in other.statement.conditions:
                    key = condition.key.lower()
                    if key not in own and not self._is_given(key):
                        found.setdefault(key, violating([condition]))
                        break
        return found

    def _lower(self, context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
        return {key.lower(): value for key, value in context.items() if not self._is_given(key.lower())}

    def _is_given(self, key: str) -> bool:
        """Return whether who asks decides on the key: of a role or user, its own ARN, account and name."""
        if self.callers.resource is not None:
            return False
        return isinstance(self.given.value(key), str | tuple)


def _values(conditions: Sequence[Condition]) -> dict[ContextValue, str]:
    """Return values of one key that make a difference to its conditions, with how reports call them."""
    name = clean(conditions[0].key)
    values: dict[ContextValue, str] = {None: f"without {name}"}
    for text in dict.fromkeys(filled(text) for one in conditions for text in one.wanted):
        values[text] = f"with {name} «{clean(text)}»"
    for value in (violating(conditions), *values_for(conditions)):
        values.setdefault(value, f"with another {name}")
    return values


def _meet(found: dict[str, _Concrete], own: Iterable[str]) -> None:
    """Add texts that two patterns with wildcards mean, one of them a statement's own."""
    wild = [text for text in found if "*" in text and "${" not in text][:MOST_OTHERS]
    for one in own:
        for other in wild if "*" in one and "${" not in one else ():
            if other == one or glob(one).matches(filled(other)) or glob(other).matches(filled(one)):
                continue
            head = max(one.partition("*")[0], other.partition("*")[0], key=len)
            tail = max(one.rpartition("*")[2], other.rpartition("*")[2], key=len)
            for text in (head + tail, f"{head}example{tail}"):
                if text not in found and glob(one).matches(text) and glob(other).matches(text):
                    found[text] = _Concrete(text, {})
                    break


@dataclass(frozen=True)
class _Concrete:
    text: str
    context: Mapping[str, ContextValue]

    @cached_property
    def as_action(self) -> Request:
        return Request(self.text)


def _concrete(found: Iterable[Sequence[str]], given: Request, other: str) -> dict[str, _Concrete]:
    """Return a text for each pattern, and one that no pattern means."""
    made = {pattern: _filled(pattern, given) for patterns in found for pattern in patterns}
    made.setdefault(ELSE, _Concrete(other, {}))
    return made


def _filled(pattern: str, given: Request) -> _Concrete:
    """Return a text that the pattern matches, and what its policy variables have to be."""
    if "${" not in pattern:
        return _Concrete(filled(pattern), {})
    texts: list[str] = []
    context: dict[str, ContextValue] = {}
    for part in parts_of(pattern, variables=True):
        if isinstance(part, Variable):
            value = given.value(part.key)
            if not isinstance(value, str):
                value = "example"
                context[part.key] = value
            texts.append(value)
        else:
            texts.append(filled(part) if isinstance(part, str) else part.text)
    return _Concrete("".join(texts), context)


def _pairs(actions: Sequence[str], resources: Sequence[str], *, whole: bool) -> Iterator[tuple[str, str]]:
    """Return every pair, or, where these are many, every action and every resource with the first few."""
    if whole and len(actions) * len(resources) <= 400:
        yield from ((action, resource) for action in actions for resource in resources)
        return
    seen: set[tuple[str, str]] = set()
    for action, resource in (
        *((action, resource) for action in actions for resource in resources[:3]),
        *((action, resource) for resource in resources for action in actions[:3]),
    ):
        if (action, resource) not in seen:
            seen.add((action, resource))
            yield action, resource


# Words


def covers(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Return whether the patterns of one action and resource mean everything that those of another mean."""
    return one != other and all(glob(wide).matches(narrow) for wide, narrow in zip(one, other, strict=True))
