"""The construct of the automation account."""

from __future__ import annotations

from rolebridge.engine import Construct
from rolebridge.iam import AccountIdentities
from rolebridge.meshstack.design import MeshstackDesign, automation_identities


class AutomationAccount(AccountIdentities):
    """The automation account (guide, section 3).

    Makes the role ``MeshfedAutomationRole`` with its policy and, unless switched off,
    ``AWSCloudFormationStackSetAdministrationRole`` with its own.

    Args:
        scope: a stack whose provider works in the automation account. Apply it after the meshcloud account's.
        id_: this construct's id; ``Default`` leaves the resources their plain names.
        design: the choices, the same for every account.

    Raises:
        PolicyError: a policy is too large for IAM.
        ValueError: the design has no automation account.
    """

    def __init__(self, scope: Construct, id_: str, *, design: MeshstackDesign) -> None:
        super().__init__(scope, id_, automation_identities(design))
