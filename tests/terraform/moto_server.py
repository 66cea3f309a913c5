"""moto's server, in three things nearer to AWS: `python moto_server.py PORT [MANAGED POLICY NAME]...`.

- Of the policies that AWS manages only those named exist. moto can hold all of them, but copies all 1,600 five
  times, once for each partition, when an account is first spoken to: two seconds for each account. A name
  that is no policy of AWS's is not made up: attaching it fails, as it does in AWS.
- Whoever has not assumed a role is in account 000000000000, which no stack allows. moto's own choice,
  123456789012, is an account that examples like to use: a provider that assumes no role would seem to be in
  the right account.
- The document of a managed policy comes back URL-encoded, as the other documents do. Without it the provider,
  which decodes it, stumbles over a `%` in it and reads a `+` as a blank.
"""

import json
import os
import sys


def main(port: str, *names: str) -> None:
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from moto.core.serialize import url_encode
    from moto.iam import models
    from moto.iam.responses import IamResponse
    from moto.server import main as serve

    policies = json.loads(models.aws_managed_policies_data)
    chosen = {name: policy for name, policy in policies.items() if name in names}
    models.aws_managed_policies_data = json.dumps(chosen)
    models.DEFAULT_ACCOUNT_ID = "000000000000"
    transformers = IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER
    transformers["GetPolicyVersionResponse.PolicyVersion.Document"] = url_encode
    serve(["-H", "127.0.0.1", "-p", port])


if __name__ == "__main__":
    main(*sys.argv[1:])
