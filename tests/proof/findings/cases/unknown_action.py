from tests.proof.landscapes import ONE, allow, stack, with_rights

FAILS = {"one": stack(ONE, with_rights(allow("s3:GetObjct")))}
PASSES = {"one": stack(ONE, with_rights(allow(["S3:getobject", "s3:Get*", "*:Get*"])))}
