"""What can go wrong when AWS is asked; every message is one line and holds no credential."""

from __future__ import annotations

import re

from botocore import exceptions
from botocore.parsers import ResponseParserError

from crenel.provenance import Severity
from crenel.sources.aws_calls import Call
from crenel.sources.aws_failure import AwsError
from crenel.sources.cluster_errors import one_line, without_login

NONSENSE = "this is not what AWS answers"
_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "NotAuthorized"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_REFUSED = {
    "AuthFailure", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException",
    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}  # fmt: skip
_THROTTLED = {
    "PriorRequestNotComplete", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown",
    "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
}  # fmt: skip
_GONE = {
    "InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound", "ListenerNotFound", "LoadBalancerNotFound",
    "ResourceNotFoundException", "TargetGroupNotFound",
}  # fmt: skip

_EXPIRED_TEXT = "the AWS credentials have expired, or this machine's clock is wrong: log in again"
_REFUSED_TEXT = "AWS does not accept the credentials: they are wrong, or the region is not enabled for the account"
_CREDENTIALS: tuple[tuple[type[Exception], str], ...] = (
    (
        exceptions.NoCredentialsError,
        "there are no AWS credentials: log in, set AWS_PROFILE, or name a profile with --aws-profile",
    ),
    (exceptions.PartialCredentialsError, "the AWS credentials are not complete: a key without its secret"),
    (exceptions.ProfileNotFound, "there is no such profile of AWS"),
    (exceptions.ConfigParseError, "the configuration of AWS cannot be read"),
    (exceptions.UnauthorizedSSOTokenError, "the login of the AWS profile has expired: aws sso login"),
    (exceptions.SSOTokenLoadError, "the AWS profile is not logged in: aws sso login"),
    (exceptions.TokenRetrievalError, "the AWS profile is not logged in: aws sso login"),
)
_ABOUT_CREDENTIALS = (*(kind for kind, _ in _CREDENTIALS), exceptions.CredentialRetrievalError)
_CONNECTIONS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.SSLError, "the certificate is not trusted"),
    (exceptions.ProxyConnectionError, "the proxy cannot be used"),
    (exceptions.ConnectionError, "cannot be reached"),
    (exceptions.HTTPClientError, "cannot be reached"),
)
"""The first that fits."""


def about_credentials(error: Exception, profile: str | None = None) -> AwsError:
    """What keeps credentials or configuration from being had; what a login program said is not repeated."""
    if isinstance(error, exceptions.ProfileNotFound) and profile:
        return AwsError(f"there is no profile {profile!r} of AWS", wide=True)
    for kind, text in _CREDENTIALS:
        if isinstance(error, kind):
            return AwsError(text, wide=True)
    if isinstance(error, exceptions.ClientError):
        code = _code(error)
        text = _EXPIRED_TEXT if code in _EXPIRED else f"the AWS credentials cannot be obtained: {code}"
        return AwsError(text, wide=True)
    return AwsError(f"the AWS credentials cannot be obtained ({type(error).__name__})", wide=True)


def diagnose(error: Exception, call: Call, endpoint: str, silence: float) -> AwsError:
    """Say what an error of botocore means to whoever asked."""
    if isinstance(error, exceptions.ClientError):
        return _answered(error, call)
    if isinstance(error, exceptions.ReadTimeoutError):
        return AwsError(f"no answer within {silence:g} s", wide=True, endpoint=without_login(endpoint))
    for kind, text in _CONNECTIONS:
        if isinstance(error, kind):
            return AwsError(text, wide=True, endpoint=without_login(endpoint))
    if isinstance(error, ResponseParserError):
        return AwsError(NONSENSE)
    if isinstance(error, _ABOUT_CREDENTIALS):
        return about_credentials(error)
    return AwsError(_clean(str(error)) or type(error).__name__)


def _answered(error: exceptions.ClientError, call: Call) -> AwsError:
    """What an answer means that is an error: by its code, as the common errors of each API reference define them."""
    code = _code(error)
    if code in _EXPIRED:
        return AwsError(_EXPIRED_TEXT, wide=True)
    if code in _REFUSED:
        return AwsError(_REFUSED_TEXT, wide=True)
    if code in _DENIED:
        text = f"not allowed: the permission {call.permission} is missing; what it could change is unknown"
        return AwsError(text, severity=Severity.NOTICE)
    if code in _THROTTLED:
        tries = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) + 1
        return AwsError(f"AWS takes no more requests for now ({code}), after {tries} tries")
    if code in _GONE and call.after is not None:
        return AwsError("it went away while it was read", severity=Severity.NOTICE)
    said = _clean(error.response.get("Error", {}).get("Message") or "")
    return AwsError(f"{code}: {said}" if said else code)


def _code(error: exceptions.ClientError) -> str:
    """The code of an error."""
    return _clean(str(error.response.get("Error", {}).get("Code") or "an error without a code"))


def _clean(text: str) -> str:
    """Text of AWS, fit for a message."""
    return one_line(_KEY.sub("(hidden)", text))
