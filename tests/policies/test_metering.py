"""Metering's policies against the guide, sections 10 and 11."""

import pytest
from tests.guide import MANAGEMENT, METERING_EXTERNAL_ID, assert_same_statements, guide

from rolebridge.policies.metering import cost_explorer_policy, cost_explorer_service_policy

SERVICE_ROLE = f"arn:aws:iam::{MANAGEMENT}:role/MeshCostExplorerServiceRole"
SAVINGS_PLANS = {
    "ce:GetSavingsPlansUtilizationDetails",
    "ce:GetSavingsPlansUtilization",
    "ce:GetSavingsPlansCoverage",
}
RESERVED_INSTANCES = {"ce:GetReservationUtilization", "ce:GetReservationCoverage"}


def test_cost_explorer_policy_is_the_one_printed_with_the_principal_as_its_resource() -> None:
    repaired = guide("meshcloud--CostExplorerPolicy.policy-as-printed")
    repaired["Statement"][0]["Resource"] = repaired["Statement"][0].pop("Principal")["AWS"]
    policy = cost_explorer_policy(SERVICE_ROLE, external_id=METERING_EXTERNAL_ID)
    assert_same_statements(policy, repaired)


def test_cost_explorer_policy_has_no_principal_which_iam_refuses_in_an_identity_policy() -> None:
    (statement,) = cost_explorer_policy(SERVICE_ROLE, external_id="x1")["Statement"]
    assert "Principal" not in statement


def test_the_service_roles_policy_is_the_one_printed() -> None:
    assert_same_statements(cost_explorer_service_policy(), guide("management--MeshCostExplorerServiceRole.policy"))


@pytest.mark.parametrize(
    ("reserved_instances", "savings_plans", "missing"),
    [
        (True, True, set()),
        (False, True, RESERVED_INSTANCES),
        (True, False, SAVINGS_PLANS),
        (False, False, RESERVED_INSTANCES | SAVINGS_PLANS),
    ],
)
def test_each_flag_takes_out_its_own_actions_and_leaves_the_order_of_the_rest(
    reserved_instances: bool, savings_plans: bool, missing: set[str]
) -> None:
    (printed,) = guide("management--MeshCostExplorerServiceRole.policy")["Statement"]
    (statement,) = cost_explorer_service_policy(reserved_instances=reserved_instances, savings_plans=savings_plans)[
        "Statement"
    ]
    assert statement == printed | {"Action": [action for action in printed["Action"] if action not in missing]}
