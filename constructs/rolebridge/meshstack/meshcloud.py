"""The construct of the meshcloud account."""

from __future__ import annotations

from rolebridge.engine import Construct
from rolebridge.iam import AccountIdentities
from rolebridge.meshstack.design import MeshstackDesign, meshcloud_identities


class MeshcloudAccount(AccountIdentities):
    """The meshcloud account (guide, sections 1 and 10): who meshStack comes as, and what that may assume.

    Makes, as chosen: an OIDC provider per issuer, the roles ``MeshstackAssumeRoleIF`` and ``CostExplorerRole``
    (Option A), the users ``meshfed-service-user`` and ``cost-explorer-user`` (Option B), and the policies
    ``MeshstackAssumeRolePolicy`` and ``CostExplorerPolicy`` on them.

    Args:
        scope: a stack whose provider works in the meshcloud account.
        id_: this construct's id; ``Default`` leaves the resources their plain names.
        design: the choices, the same for every account.

    Raises:
        PolicyError: a policy is too large for IAM.
        ValueError: a workload identity lacks issuer or audience.
    """

    def __init__(self, scope: Construct, id_: str, *, design: MeshstackDesign) -> None:
        super().__init__(scope, id_, meshcloud_identities(design))
