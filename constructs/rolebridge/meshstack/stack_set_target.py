"""The construct of a stack sets' target account."""

from __future__ import annotations

from rolebridge.engine import Construct
from rolebridge.iam import AccountIdentities
from rolebridge.meshstack.design import MeshstackDesign, stack_set_target_identities


class StackSetTargetAccount(AccountIdentities):
    """An account that stack sets are rolled out to (guide, section 3).

    Makes ``AWSCloudFormationStackSetExecutionRole`` with the policies that the operator states.

    Args:
        scope: a stack whose provider works in that account. Apply it after the automation account's.
        id_: this construct's id; ``Default`` leaves the resources their plain names.
        design: the choices, the same for every account.
        account: the target account's short name in the design.

    Raises:
        PolicyError: a policy is too large for IAM, or too many are attached.
        ValueError: the design has no target accounts.
    """

    def __init__(self, scope: Construct, id_: str, *, design: MeshstackDesign, account: str) -> None:
        super().__init__(scope, id_, stack_set_target_identities(design, account))
