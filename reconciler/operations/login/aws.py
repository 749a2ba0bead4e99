"""How an AWS identity logs in without a secret of Infisical: it signs a request, and Infisical sends that request to AWS."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from reconciler.model import is_loopback
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
        with _no_proxy_to_this_machine():
            credentials = session.get_credentials()
            frozen = credentials and credentials.get_frozen_credentials()  # asks AWS, or the machine, for what is not at hand
        region = session.get_config_variable("region") or "us-east-1"
        if frozen is None:
            raise NoProof("there are no AWS credentials", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role")
        host = f"sts.{region}.amazonaws.com"
        headers = {"Host": host, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", f"https://{host}/", data=_BODY, headers=headers)
        SigV4Auth(frozen, "sts", region).add_auth(request)
    except BotoCoreError as failed:
        raise NoProof(f"the AWS credentials cannot be used ({type(failed).__name__})", "check them with the AWS CLI") from None
    signed = {**dict(request.headers), "Content-Length": str(len(_BODY))}
    return {
        "iamHttpRequestMethod": "POST",
        "iamRequestBody": _base64(_BODY),
        "iamRequestHeaders": _base64(json.dumps(signed)),
    }


@contextmanager
def _no_proxy_to_this_machine() -> Iterator[None]:
    """Let botocore reach loopback addresses without a proxy for the block. It reads the variables of this process."""
    named = (host for name, value in os.environ.items() if name.startswith("AWS_") and (host := _host(value)))
    ours = ["localhost", "127.0.0.1", "[::1]", *(f"[{host}]" if ":" in host else host for host in named)]
    before = os.environ.get("no_proxy")
    usual = before or os.environ.get("NO_PROXY", "")
    if usual.strip() != "*":
        loopback = [host for host in ours if is_loopback(host)]
        os.environ["no_proxy"] = ",".join(filter(None, [usual, *loopback]))
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("no_proxy", None)
        else:
            os.environ["no_proxy"] = before


def _host(url: str) -> str:
    """Return the host of a URL, "" if the text is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
