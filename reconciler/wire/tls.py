"""The certificates of TLS: which servers are trusted, how this client identifies itself, and what can go wrong with it."""

import os
import ssl
from pathlib import Path

from reconciler.model import Secret
from reconciler.wire.errors import Untrusted
from reconciler.wire.words import printable

CA_FILE = "RECONCILER_CA_FILE"
CLIENT_CERTIFICATE = "RECONCILER_CLIENT_CERTIFICATE"
CLIENT_KEY = "RECONCILER_CLIENT_KEY"
CLIENT_KEY_PASSWORD = "RECONCILER_CLIENT_KEY_PASSWORD"  # noqa: S105  # nosec B105  # the name of a variable
SYSTEM_CA_FILE = "SSL_CERT_FILE"
SYSTEM_CA_DIR = "SSL_CERT_DIR"

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"
_LARGEST = 16 * 1024 * 1024
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})
_WRONG_HOST = frozenset({62, 64})
"""Numbers of OpenSSL's X509_V_ERR_ errors. 9 is not yet valid, 10 is expired."""
_WANTS_A_CERTIFICATE = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA")
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


def context(
    ca: str, system_ca_file: str, system_ca_dir: str, certificate: str, key: str, password: Secret | None
) -> ssl.SSLContext:
    """Return the settings of TLS, which always verifies the server's certificate.

    It trusts only the authorities in `ca` (a file, or a directory of PEM files). Without `ca` it trusts those of the usual
    variables, and without them certifi's. It identifies itself with `certificate` if there is one.

    Raises `Untrusted`. The message names the variable and the file.
    """
    tls_context = _authorities(ca, system_ca_file, system_ca_dir)
    if certificate:
        _add_certificate(tls_context, certificate, key, password)
    elif key:
        raise _unusable(CLIENT_KEY, key, f"{CLIENT_CERTIFICATE} is not set", f"set {CLIENT_CERTIFICATE} too")
    return tls_context


def none() -> ssl.SSLContext:
    """Return settings that trust nobody, for a connection without TLS."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def explain_tls_failure(failure: BaseException, url: str, host: str) -> Untrusted | None:
    """Return why TLS failed, None if `failure` is about something else. `url` and `host` are for the message."""
    cause = _ssl_error(failure)
    if cause is None:
        return None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _not_verified(cause, url, host)
    reason = cause.reason or ""
    if any(part in reason for part in _WANTS_A_CERTIFICATE):
        return Untrusted(
            f"{url} refused the TLS handshake ({printable(reason)}): it wants a client certificate, or a different one.",
            f"set {CLIENT_CERTIFICATE} and {CLIENT_KEY} to a certificate that the server's authority signed",
        )
    if any(part in reason for part in _NOT_TLS):
        return Untrusted(f"{url} does not speak TLS.", "check the port, and whether the address begins with http://")
    return None


def _not_verified(cause: ssl.SSLCertVerificationError, url: str, host: str) -> Untrusted:
    code = cause.verify_code
    if code in _UNKNOWN_ISSUER:
        return Untrusted(
            f"The certificate of {url} is signed by an authority that this machine does not know.",
            f"set {CA_FILE} to a file with that authority's certificate (PEM)",
        )
    if code in _WRONG_HOST:
        return Untrusted(
            f"The certificate of {url} is not for the host `{printable(host, 100)}`.",
            "use the host name in the certificate; if it is another server's, look for a proxy that answers instead",
        )
    if code in {9, 10}:
        when = "has expired" if code == 10 else "is not valid yet"
        return Untrusted(f"The certificate of {url} {when}.", "renew the server's certificate, and check this machine's clock")
    return Untrusted(
        f"The certificate of {url} is not accepted: {printable(cause.verify_message)}.",
        f"replace the server's certificate; {CA_FILE} names the authorities to trust",
    )


def _ssl_error(failure: BaseException) -> ssl.SSLError | None:
    link: BaseException | None = failure
    while link is not None and not isinstance(link, ssl.SSLError):
        link = link.__cause__ or link.__context__
    return link


def _authorities(ca: str, system_ca_file: str, system_ca_dir: str) -> ssl.SSLContext:
    if ca:
        tls_context = none()
        for file in _files(ca):
            _trust(tls_context, CA_FILE, file)
        return tls_context
    if system_ca_file:
        tls_context = none()
        _trust(tls_context, SYSTEM_CA_FILE, Path(system_ca_file))
        return tls_context
    if system_ca_dir:
        if not any(Path(directory).is_dir() for directory in system_ca_dir.split(os.pathsep)):
            raise _unusable(SYSTEM_CA_DIR, system_ca_dir, "no such directory")
        return ssl.create_default_context(capath=system_ca_dir)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _files(ca: str) -> list[Path]:
    if not Path(ca).is_dir():
        return [Path(ca)]
    try:
        files = [file for file in sorted(Path(ca).iterdir()) if file.is_file() and _CERTIFICATE in _read(CA_FILE, file)]
    except OSError as unreadable:
        raise _unusable(CA_FILE, ca, unreadable.strerror or "unreadable") from None
    if not files:
        raise _unusable(CA_FILE, ca, "no file in this directory contains a PEM certificate")
    return files


def _trust(tls_context: ssl.SSLContext, variable: str, file: Path) -> None:
    if _CERTIFICATE not in _read(variable, file):
        raise _unusable(variable, file, "it contains no PEM certificate")
    try:
        tls_context.load_verify_locations(cafile=file)
    except (ssl.SSLError, OSError):
        raise _unusable(variable, file, "its PEM cannot be read") from None


def _add_certificate(tls_context: ssl.SSLContext, certificate: str, key: str, password: Secret | None) -> None:
    if _CERTIFICATE not in _read(CLIENT_CERTIFICATE, Path(certificate)):
        raise _unusable(CLIENT_CERTIFICATE, certificate, "it contains no PEM certificate")
    variable, file = (CLIENT_KEY, key) if key else (CLIENT_CERTIFICATE, certificate)
    text = _read(variable, Path(file))
    if _KEY not in text:
        hint = "" if key else f"set {CLIENT_KEY} to the file of its key"
        raise _unusable(variable, file, "it contains no PEM key", hint)
    try:
        # Without a password, OpenSSL would ask for one at the terminal.
        tls_context.load_cert_chain(certificate, key or None, password=lambda: password.reveal() if password else "")
    except (ssl.SSLError, OSError, ValueError) as unusable:
        reason = getattr(unusable, "reason", None) or ""
        if "MISMATCH" in reason:
            raise _unusable(variable, file, f"the key does not belong to {CLIENT_CERTIFICATE} ({certificate})") from None
        if b"ENCRYPTED" in text:
            problem = "is wrong" if password else "is not set"
            why = f"the key is encrypted and {CLIENT_KEY_PASSWORD} {problem}"
            raise _unusable(variable, file, why, f"set {CLIENT_KEY_PASSWORD} to the key's password") from None
        raise _unusable(variable, file, "its PEM cannot be read") from None


def _read(variable: str, file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST)
    except (OSError, ValueError) as unreadable:
        raise _unusable(variable, file, getattr(unreadable, "strerror", None) or "unreadable") from None


def _unusable(variable: str, file: str | Path, why: str, hint: str = "") -> Untrusted:
    return Untrusted(
        f"{variable} cannot be used: {printable(str(file))}: {why}.", hint or f"correct {variable}, or the file it names"
    )
