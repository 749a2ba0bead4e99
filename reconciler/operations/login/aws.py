"""How an AWS identity logs in without a secret of Infisical: it signs a request, and Infisical sends that request to AWS."""

import base64
import json

from reconciler.operations.login.proof import NoProof

_BODY = "Action=GetCallerIdentity&Version=2011-06-15"


def signed_question() -> dict[str, str]:
    """Return the fields of an aws-auth log-in: a signed request for STS's GetCallerIdentity. Nothing is sent here.

    The AWS credentials and the region come from the places that AWS's own tools use. Raises `NoProof`. Infisical: facts §5.
    """
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ImportError:
        hint = "in a clone of reconciler: pip install '.[aws]'"
        raise NoProof("aws-auth needs botocore, which is not installed", hint) from None
    try:
        session = Session()
        credentials = session.get_credentials()
        region = session.get_config_variable("region") or "us-east-1"
        if credentials is None:
            raise NoProof("there are no AWS credentials", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role")
        host = f"sts.{region}.amazonaws.com"
        headers = {"Host": host, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", f"https://{host}/", data=_BODY, headers=headers)
        SigV4Auth(credentials.get_frozen_credentials(), "sts", region).add_auth(request)
    except BotoCoreError as failed:
        raise NoProof(f"the AWS credentials cannot be used ({type(failed).__name__})", "check them with the AWS CLI") from None
    signed = {**dict(request.headers), "Content-Length": str(len(_BODY))}
    return {
        "iamHttpRequestMethod": "POST",
        "iamRequestBody": _base64(_BODY),
        "iamRequestHeaders": _base64(json.dumps(signed)),
    }


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
