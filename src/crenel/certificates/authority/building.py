"""Makes certificates and revocation lists. Source of every field: RFC 5280, 4.1, 4.2 and 5.

The key identifier of an issuer is taken from its own certificate, never computed anew, so that the two are equal.
Serial numbers have 159 random bits. A certificate ends with its issuer at the latest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from crenel.certificates.authority.identity import Identity
from crenel.certificates.authority.keys import PrivateKey, PublicKey
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.signing import algorithm

_LONGEST_COMMON_NAME = 64
_PURPOSES = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate of a CA, with what signs with its key."""

    certificate: x509.Certificate
    key: PrivateKey


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate that was revoked."""

    serial: int
    at: datetime
    reason: x509.ReasonFlags


def root(policy: Policy, title: str, key: PrivateKey, now: datetime) -> x509.Certificate:
    """Make a certificate that signs itself; below it is one CA and no more."""
    subject = _subject(policy, title)
    builder = _begun(subject, subject, key.public_key(), now, policy.backdate)
    builder = _authority(builder.not_valid_after(now + policy.root), policy, key.public_key(), 1)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return builder.add_extension(identifier, critical=False).sign(key, algorithm(key))


def intermediate(policy: Policy, title: str, public: PublicKey, issuer: Issuer, now: datetime) -> x509.Certificate:
    """Make a certificate of a CA that signs leaves alone, of names that the policy has."""
    builder = _begun(_subject(policy, title), issuer.certificate.subject, public, now, policy.backdate)
    builder = _authority(builder.not_valid_after(_end(now + policy.intermediate, issuer)), policy, public, 0)
    return (
        builder.add_extension(_identifier(issuer), critical=False)
        .add_extension(_PURPOSES, critical=False)
        .add_extension(constraints(policy), critical=True)
        .sign(issuer.key, algorithm(issuer.key))
    )


def leaf(
    policy: Policy, identity: Identity, public: PublicKey, issuer: Issuer, now: datetime, life: timedelta | None = None
) -> x509.Certificate:
    """Make a certificate for a server and client; it has no subject, and so its alternative names are critical.

    `life` is how long it lives, the policy's leaf if None; it may be shorter than that and never longer.
    """
    end = _end(now + min(life or policy.leaf, policy.leaf), issuer)
    builder = _begun(x509.Name([]), issuer.certificate.subject, public, now, policy.backdate).not_valid_after(end)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(key_encipherment=isinstance(public, rsa.RSAPublicKey)), critical=True)
        .add_extension(_PURPOSES, critical=False)
        .add_extension(_names(identity), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_identifier(issuer), critical=False)
    )
    if policy.crl_url:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(policy.crl_url)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return builder.sign(issuer.key, algorithm(issuer.key))


def revocations(
    issuer: Issuer, entries: Iterable[Entry], number: int, now: datetime, until: datetime, backdate: timedelta
) -> x509.CertificateRevocationList:
    """Make the list of what an issuer has revoked; it holds until `until`, or until its issuer's end."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - backdate)
        .next_update(max(until, now + timedelta(seconds=1)))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_identifier(issuer), critical=False)
    )
    for entry in entries:
        revoked = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.at)
        if entry.reason is not x509.ReasonFlags.unspecified:
            revoked = revoked.add_extension(x509.CRLReason(entry.reason), critical=False)
        builder = builder.add_revoked_certificate(revoked.build())
    return builder.sign(issuer.key, algorithm(issuer.key))


def constraints(policy: Policy) -> x509.NameConstraints:
    """What leaves may be called (4.2.1.10). Of a URI it is the host, which is the trust domain."""
    permitted: list[x509.GeneralName] = [x509.UniformResourceIdentifier(policy.trust_domain)]
    permitted += map(x509.DNSName, policy.dns)
    excluded: list[x509.GeneralName] = [] if policy.dns else [x509.DNSName("")]
    ranges = [ipaddress.ip_network(each, strict=False) for each in policy.ip]
    permitted += map(x509.IPAddress, ranges)
    versions = {each.version for each in ranges}
    families = map(ipaddress.ip_network, ("0.0.0.0/0", "::/0"))
    excluded += [x509.IPAddress(everything) for everything in families if everything.version not in versions]
    return x509.NameConstraints(permitted, excluded or None)


def _begun(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, now: datetime, backdate: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - backdate)
    )


def _authority(
    builder: x509.CertificateBuilder, policy: Policy, public: PublicKey, below: int
) -> x509.CertificateBuilder:
    """The extensions of a CA; its own name is that of the trust domain (X509-SVID 3.2)."""
    domain = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"spiffe://{policy.trust_domain}")])
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(domain, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, authority: bool = False, key_encipherment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(policy: Policy, title: str) -> x509.Name:
    room = _LONGEST_COMMON_NAME - len(title) - 1
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{policy.trust_domain[:room]} {title}")])


def _names(identity: Identity) -> x509.SubjectAlternativeName:
    found: list[x509.GeneralName] = [x509.UniformResourceIdentifier(identity.id)] if identity.id else []
    found += map(x509.DNSName, identity.dns)
    found += [x509.IPAddress(ipaddress.ip_address(each)) for each in identity.ips]
    return x509.SubjectAlternativeName(found)


def _identifier(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    own = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _end(wished: datetime, issuer: Issuer) -> datetime:
    return min(wished, issuer.certificate.not_valid_after_utc)
