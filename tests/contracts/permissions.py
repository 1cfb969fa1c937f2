"""Who may use which route: the whole table, readable over a coffee.

`ok` get an answer; `absent` get 404, as if the thing did not exist; everybody else is refused
(403, or asked to sign in when anonymous). A method that is not named is offered to nobody.
"""

from dataclasses import dataclass, field

PEOPLE = (
    "anonymous",
    "stranger",  # signed in, no membership anywhere
    "superuser",  # is_superuser and is_staff, no membership: a stranger
    "observer",
    "other_observer",
    "coordinator",
    "editor",
    "security",
    "partner",
    "admin",
    "foreign_observer",  # of another election
    "foreign_coordinator",
    "token_reports",  # observer's token, scope reports:write
    "token_desk",  # coordinator's token, scope desk
    "token_read",  # coordinator's token, scope published:read
)


@dataclass(frozen=True)
class Rule:
    ok: frozenset[str]
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """`path` is formatted with the stage as `s`. `preflight`: OPTIONS is answered to all."""

    path: str
    rules: dict[str, Rule]
    bodies: dict[str, str] = field(default_factory=dict)
    preflight: bool = False


def people(words: str) -> frozenset[str]:
    return frozenset(words.split())


EVERYBODY = Rule(frozenset(PEOPLE))
# Pages know no tokens: a token's holder is anonymous there and asked to sign in.
TOKENS = people("token_reports token_desk token_read")
