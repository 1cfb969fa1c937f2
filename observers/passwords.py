from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

# Each hash takes 46 MiB for its time: a rush of sign-ins may wait, it may not exhaust memory.
AT_ONCE = BoundedSemaphore(4)


class Argon2Hasher(Argon2PasswordHasher):
    """OWASP's first choice for Argon2id: 46 MiB, 2 passes (one more than asked), 1 lane."""

    time_cost = 2
    memory_cost = 46 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with AT_ONCE:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with AT_ONCE:
            return super().verify(password, encoded)
