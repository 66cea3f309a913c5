"""The construct of the management account."""

from __future__ import annotations

from rolebridge.engine import Construct
from rolebridge.iam import AccountIdentities
from rolebridge.meshstack.design import MeshstackDesign, management_identities


class ManagementAccount(AccountIdentities):
    """The organization's management account (guide, sections 2, 8 and 10).

    Makes the role ``MeshfedServiceRole`` with its policy, with Control Tower also that policy, AWS's two of Service
    Catalog and the access to the Account Factory portfolio, and with metering the role
    ``MeshCostExplorerServiceRole``.

    Args:
        scope: a stack whose provider works in the management account. Apply it after the meshcloud account's: its
            trusts name principals of that account.
        id_: this construct's id; ``Default`` leaves the resources their plain names.
        design: the choices, the same for every account.

    Raises:
        PolicyError: a policy is too large for IAM, or too many are attached.
    """

    def __init__(self, scope: Construct, id_: str, *, design: MeshstackDesign) -> None:
        super().__init__(scope, id_, management_identities(design))
