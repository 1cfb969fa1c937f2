from observers.models.fieldwork import CheckIn, Device, Enrolment, SafetyCase, Visit
from observers.models.partners import PartnerAccess, PartnerKey
from observers.models.people import (
    ApiToken,
    Language,
    Membership,
    Organisation,
    Team,
    User,
    Users,
)

__all__ = [
    "ApiToken",
    "CheckIn",
    "Device",
    "Enrolment",
    "Language",
    "Membership",
    "Organisation",
    "PartnerAccess",
    "PartnerKey",
    "SafetyCase",
    "Team",
    "User",
    "Users",
    "Visit",
]
