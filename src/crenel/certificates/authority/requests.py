"""Certificate signing requests (PKCS#10, RFC 2986): only the public key and the alternative names are taken from one.

What a request asks for beyond that is refused where it is more than every certificate gets; nothing of it is copied.
Its subject is not looked at: certificates have none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import Identity
from crenel.certificates.authority.keys import PublicKey, kind_of

_LARGEST = 64 << 10
_PURPOSES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
_MARK = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: a key whose private half the requester has, and names."""

    public: PublicKey
    identity: Identity


def read(data: bytes) -> Request:
    """Read one request in PEM or DER.

    Raises:
        AuthorityError: it cannot be read, was not signed with its own key, or asks for what no certificate gets.
    """
    request = _loaded(data)
    try:
        proven = request.is_signature_valid
        public = request.public_key()
        extensions = list(request.extensions)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise AuthorityError(f"the request cannot be read: {' '.join(str(error).split())[:160]}") from None
    if not proven:
        raise AuthorityError("the request was not signed with the key that is in it")
    if kind_of(public) is None:
        raise AuthorityError("a key of this kind gets no certificate: P-256, Ed25519, or RSA of 3072 bits and more do")
    for extension in extensions:
        _examine(extension)
    names = next((each.value for each in extensions if isinstance(each.value, x509.SubjectAlternativeName)), None)
    return Request(public, _identity(names))  # type: ignore[arg-type]


def _loaded(data: bytes) -> x509.CertificateSigningRequest:
    if len(data) > _LARGEST:
        raise AuthorityError("this is too large for a request")
    if data.count(_MARK) > 1:
        raise AuthorityError("there is more in this than one request")
    load: Callable[[bytes], x509.CertificateSigningRequest] = (
        x509.load_pem_x509_csr if _MARK in data else x509.load_der_x509_csr
    )
    try:
        return load(data)
    except Exception:  # noqa: BLE001 - whatever a parser makes of arbitrary bytes
        raise AuthorityError("this is no request: it is neither PEM nor DER of one") from None


def _examine(extension: x509.Extension[x509.ExtensionType]) -> None:
    """Refuse an extension that asks for more than a certificate gets."""
    value = extension.value
    if isinstance(value, x509.SubjectAlternativeName | x509.SubjectKeyIdentifier):
        return
    if isinstance(value, x509.BasicConstraints) and not value.ca:
        return
    if isinstance(value, x509.KeyUsage) and not (value.key_cert_sign or value.crl_sign):
        return
    if isinstance(value, x509.ExtendedKeyUsage) and set(value) <= _PURPOSES:
        return
    name = getattr(extension.oid, "_name", "")
    raise AuthorityError(f"the request asks for {name} ({extension.oid.dotted_string}), which it does not get")


def _identity(names: x509.SubjectAlternativeName | None) -> Identity:
    uris, dns, ips = list[str](), list[str](), list[str]()
    for each in names or ():
        if isinstance(each, x509.UniformResourceIdentifier):
            uris.append(each.value)
        elif isinstance(each, x509.DNSName):
            dns.append(each.value)
        elif isinstance(each, x509.IPAddress):
            ips.append(str(each.value))
        else:
            raise AuthorityError("the request asks for a name that is neither DNS, address nor SPIFFE ID")
    if len(uris) > 1:
        raise AuthorityError("the request asks for several URIs; a certificate has one SPIFFE ID (X509-SVID 2)")
    return Identity.of("".join(uris), tuple(dns), tuple(ips))
