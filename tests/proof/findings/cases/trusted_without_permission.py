from tests.proof.landscapes import two_accounts

ID, OTHER = ({"StringEquals": {"sts:ExternalId": value}} for value in ("an-id", "another"))
FAILS = two_accounts(ID, OTHER)
PASSES = two_accounts(ID, ID)
