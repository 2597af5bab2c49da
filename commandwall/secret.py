"""Passwords and keys: from a file that only we can read, else from the system's keyring."""

from __future__ import annotations

from pathlib import Path

SERVICE = "commandwall"
"""What the keyring files it under."""


def password(account: str, secret_file: str) -> str | None:
    """The password of an account (the pool's address, a base map); None where nobody has one.

    Raises OSError where the file cannot be read or the keyring does not open.
    """
    if secret_file:
        return Path(secret_file).read_text(encoding="utf-8").strip()
    return _from_keyring(account)


def _from_keyring(account: str) -> str | None:
    # Here, not above: looking for the system's keyring takes time, and most have a file.
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    try:
        found: str | None = keyring.get_password(SERVICE, account)
    except NoKeyringError:
        return None
    except KeyringError as error:
        raise OSError(f"the keyring does not open: {error}") from error
    return found
