from tests.proof.landscapes import two_accounts

ID = {"StringEquals": {"sts:ExternalId": "an-id"}}
FAILS = two_accounts(None, None)
PASSES = two_accounts(ID, ID)
