"""Who a station is to the others of its hall: its own key, and the cards of those it knows.

No authority signs anything and no internet is asked: each station makes a certificate for itself,
and takes the one that another's card holds as that station, and no other (pinned).
"""

from __future__ import annotations

import hashlib
import ssl
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from commandwall import platform
from commandwall.plain import clean

FOLDER, KEY, KNOWN = "peer", "station.pem", "known"
FORMAT = 1
LARGEST = 1 << 16
"""Bytes of a card."""
NAME = 24
"""Characters of a station's name."""
FROM, UNTIL = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""A certificate has no end (RFC 5280, 4.1.2.5): what ends it is that it is removed. A clock
may be wrong by years, also in 1970 when its battery is empty, and nothing depends on it."""


class Unfit(ValueError):
    """A file is no card of a station; the text says why, in both languages."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a station shows of itself: nothing of it is secret. `area`: what it sees of the city,
    "" for all of it."""

    name: str
    city: str
    area: str
    certificate: str  # PEM
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.certificate))


READ = msgspec.json.Decoder(Card)


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate (DER) in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def spoken(print_: str) -> str:
    """The part of a fingerprint that two people compare by telephone: 80 bits, in groups."""
    return " ".join(print_[i : i + 4] for i in range(0, 20, 4))


def covers(wide: str, narrow: str) -> bool:
    """Whether who sees one area may see all that another sees."""
    return narrow.startswith(wide)


class Identity:
    """The folder `peer` of a data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self.known = self._folder / KNOWN

    def own(self) -> Path:
        """File with this station's key and certificate, made at the first call."""
        platform.private_folder(self._folder)
        with platform.lock(self._folder / "lock", wait=True):
            file = self._folder / KEY
            if not file.exists():
                fresh = file.with_name(KEY + ".new")
                fresh.unlink(missing_ok=True)
                platform.write_private(fresh, _make())
                platform.settle(fresh, file)
        return file

    def card(self, name: str, city: str, area: str) -> Card:
        """This station's own."""
        text = self.own().read_text(encoding="utf-8")
        begin = text.index("-----BEGIN CERTIFICATE")
        return Card(clean(name, NAME), city, area, text[begin:])

    def cards(self) -> dict[str, Card]:
        """The stations that are known here, by fingerprint; a file that is no card is none."""
        found = {}
        for file in sorted(self.known.glob("*.json")):
            try:
                card = read(file)
            except (Unfit, OSError):
                continue
            found[card.fingerprint] = card
        return found

    def pin(self, card: Card) -> None:
        """Know a station from now on; on disk when this returns."""
        self.known.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.known / f"{card.fingerprint}.json"
        platform.write_whole(file, msgspec.json.encode(card).decode())

    def forget(self, print_: str) -> None:
        (self.known / f"{print_}.json").unlink()

    def mark(self) -> tuple[tuple[str, int], ...]:
        """Another one where the known stations are others."""
        return tuple((file.name, file.stat().st_mtime_ns) for file in sorted(self.known.glob("*")))

    def context(self, server: bool, cards: Iterable[Card]) -> ssl.SSLContext:
        """TLS 1.3 with these stations and nobody else: who has no key of theirs gets no further
        than the handshake."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False  # a station is its key, wherever it stands
        made.verify_mode = ssl.CERT_REQUIRED
        made.minimum_version = ssl.TLSVersion.TLSv1_3
        made.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        made.load_cert_chain(self.own())
        if trusted := "\n".join(card.certificate for card in cards):
            made.load_verify_locations(cadata=trusted)
        if server:
            made.num_tickets = 0
        return made


def read(file: Path) -> Card:
    """The card in a file. Raises Unfit, OSError."""
    with file.open("rb") as opened:
        text = opened.read(LARGEST + 1)
    try:
        card = READ.decode(text)
        certificate = ssl.PEM_cert_to_DER_cert(card.certificate.strip())
        pem = ssl.DER_cert_to_PEM_cert(certificate)  # this one, and nothing beside it
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ValueError, ssl.SSLError) as why:
        raise Unfit(f"不是台站名片 {file} is no card of a station: {why}") from why
    if card.format != FORMAT or len(text) > LARGEST:
        raise Unfit(f"不认识的格式 {file}: unknown format {card.format}")
    return Card(clean(card.name, NAME), clean(card.city), clean(card.area), pem)


def _make() -> str:
    """A new key and its certificate, PEM. The library is loaded here: an agent without peers does
    not need it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own: OpenSSL looks for a certificate by its name.
    common = x509.NameAttribute(x509.NameOID.COMMON_NAME, f"commandwall {uuid.uuid4().hex}")
    name = x509.Name([common])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return (private + made.public_bytes(serialization.Encoding.PEM)).decode()
