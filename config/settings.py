"""The whole configuration in one sitting, read from environment variables.

Every variable read here is described in docs/running.md; a test compares the two.
"""

import os
import re
import secrets
import tempfile
from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import privacy

# Django's generic classes (ModelAdmin, QuerySet, …) take type parameters only in the stubs.
django_stubs_ext.monkeypatch()

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

ENVIRONMENT = env.str("ENVIRONMENT", "production")
if ENVIRONMENT not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(
        f"ENVIRONMENT is {ENVIRONMENT!r}; it must be production, demo or test."
    )
PRODUCTION = ENVIRONMENT == "production"
DEBUG = False
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "data")))
if ENVIRONMENT == "demo":
    DATA_DIR.mkdir(mode=privacy.DIRECTORY, parents=True, exist_ok=True)
if ENVIRONMENT != "test":
    privacy.close_directory(DATA_DIR)


def _secret_key() -> str:
    """From SECRET_KEY or the file SECRET_KEY_FILE; outside production made once and kept."""
    if key := env.str("SECRET_KEY", ""):
        return str(key)
    if path := env.str("SECRET_KEY_FILE", ""):
        return Path(path).read_text(encoding="utf-8").strip()
    if PRODUCTION:
        raise ImproperlyConfigured(
            "Set SECRET_KEY or SECRET_KEY_FILE. Production does not invent a key: "
            "sessions would not survive a restart."
        )
    if ENVIRONMENT == "test":
        return secrets.token_urlsafe(50)
    file = DATA_DIR / "secret-key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50), encoding="utf-8")
    return file.read_text(encoding="utf-8")


SECRET_KEY = _secret_key()
PUBLIC_URL = env.str("PUBLIC_URL", "" if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list(
    "ALLOWED_HOSTS",
    default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]", "testserver"],
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config.apps.DauysAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "elections",
    "observers",
    "incidents",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # These three wrap every answer, also the one of CleanRequest.
    "config.middleware.PrivateByDefault",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.ContentPolicy",
    "config.middleware.CleanRequest",
    "config.middleware.AskedOnce",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.Locale",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.PlainPages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "observers.context.user_roles",
            ],
            "builtins": ["elections.templatetags.say"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database -----------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'dauys.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "config.postgres"
# IMMEDIATE: with the default, a transaction that reads and then writes fails at once under load.
# FULL: NORMAL answers before the bytes are on disk. recursive_triggers: without it INSERT OR
# REPLACE walks around the triggers that keep history append-only. trusted_schema stays on: with it
# off, SQLite 3.40 (Debian 12) refuses the JSON_VALID constraint of every JSONField.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA recursive_triggers=ON; PRAGMA secure_delete=ON;"
    ),
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
    if ENVIRONMENT != "test" and DATABASES["default"]["NAME"] != ":memory:":
        privacy.close_database(Path(DATABASES["default"]["NAME"]))
    # A file, as in life: SQLite's shared memory has other locks, and no log to write ahead.
    test_file = Path(tempfile.gettempdir()) / f"dauys-test-{os.getpid()}.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": str(test_file)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The limits on sign-in count here, for all processes together. The table comes by a migration.
CACHES = {
    "default": {
        "BACKEND": "config.cache.SharedCache",
        "LOCATION": "dauys_cache",
        "KEY_FUNCTION": "config.cache.sealed_key",
        "OPTIONS": {"MAX_ENTRIES": 0},  # every entry that comes sweeps out the expired ones
    },
    # What open desks ask again and again, for seconds and in this process only: reading writes
    # no row, and no text of the desk lies in a table of leftovers.
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# --- People -------------------------------------------------------------------------------
AUTH_USER_MODEL = "observers.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["observers.passwords.Argon2Hasher"]
if ENVIRONMENT == "test":
    # Thousands of test accounts: the strength of the hash is not what they test.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "observers.accounts.ClosedAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Redeeming an invitation. Many share one address where a mission is trained; what keeps guesses
# out is the length of the secret.
ACCOUNT_RATE_LIMITS = {"enrol": "60/m/ip"}
ACCOUNT_FORMS = {
    "login": "observers.forms.SignInForm",
    "change_password": "observers.forms.NewPasswordForm",
}
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "public-home"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# --- Language and time --------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский"), ("kk", "Қазақша")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
DATE_FORMAT = "j F Y"

# --- Files --------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Elsewhere files are found where they lie; WhiteNoise warns of a directory that is not there.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
MEDIA_ROOT = DATA_DIR / "evidence"
SNAPSHOTS_ROOT = DATA_DIR / "snapshots"
# Signs receipts and opens what phones sealed; see observers/keys.py. Back it up apart.
KEYS_DIR = Path(env.str("KEYS_DIR", str(DATA_DIR / "keys")))
# Minutes without a sign of life after which an observer at a station is missed.
CHECK_IN_MINUTES = env.int("CHECK_IN_MINUTES", 60)
# Idle minutes after which a phone hides what is on its screen.
SCREEN_LOCK_MINUTES = env.int("SCREEN_LOCK_MINUTES", 3)
# The largest file an observer may send, in bytes.
EVIDENCE_LIMIT = env.int("EVIDENCE_LIMIT", 200 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# A bulk step names 500 rows; more of them are refused with a sentence, so more must arrive.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1200

# --- Safety -------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
# Nothing reaches another site. Not "no-referrer": with it browsers send "Origin: null" on forms
# of our own, and the CSRF check refuses every one of them.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
if PRODUCTION:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of ours append to X-Forwarded-For. Without it, limits would count all people
# behind the proxy as one; with too many, whoever forges the header gets a limit of their own.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 1 if BEHIND_PROXY else 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
# Amount/unit/at once, of an address and ("-token") of a token; see elections/limits.py.
DEFAULT_LIMITS = {
    "all": "0" if ENVIRONMENT == "test" else "",
    "read": "600/m/200",
    "read-token": "3000/m/1000",
    "export": "30/h/10",
    "export-token": "300/h/60",
    "prepared": "120/m/40",
    "prepared-token": "600/m/200",
    "desk-token": "1200/m/400",
}
LIMITS: dict[str, str] = DEFAULT_LIMITS | env.dict("LIMITS", default={})
for name, text in LIMITS.items():
    good = r"0?" if name == "all" else r"0|[1-9]\d{0,8}/[smhd]/[1-9]\d{0,8}"
    if name not in DEFAULT_LIMITS or not re.fullmatch(good, text, re.ASCII):
        raise ImproperlyConfigured(
            f"LIMITS has {name}={text}; write amount/unit/at once, such as read=600/m/200, "
            f"or 0, with names of {', '.join(DEFAULT_LIMITS)}."
        )
if TRUSTED_PROXIES < 0:
    raise ImproperlyConfigured("TRUSTED_PROXIES counts your own proxies; it cannot be negative.")

# --- API ----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "observers.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    # Closed unless a view opens itself: DRF views are exempt from LoginRequiredMiddleware.
    "DEFAULT_PERMISSION_CLASSES": ["config.drf.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["config.drf.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.drf.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.schema.AutoSchema",
    "EXCEPTION_HANDLER": "config.drf.problem_details",
    "DEFAULT_VERSIONING_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dauys",
    "DESCRIPTION": "Published election incidents, their changes, and the desk behind them.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    # Words stand where they are used; named components of them would collide ("state", "kind").
    "POSTPROCESSING_HOOKS": ["config.schema.document_problems"],
}
# Who knows the number of the newest public change; lower floors put it into their answers too.
API_DATA_VERSION = "incidents.feed.data_version"
# Minutes until a person has read it, until something was done (notes on clocks in
# docs/workflow.md). "look": until somebody looks again at what was settled.
CLOCKS: dict[str, tuple[int, ...]] = {
    name: tuple(int(minutes) for minutes in value.split("/"))
    for name, value in env.dict(
        "CLOCKS",
        default={
            "danger": "2/5",
            "4": "5/15",
            "3": "15/45",
            "2": "30/120",
            "1": "240/1440",
            "look": "1440",
        },
    ).items()
}
# Idle minutes after which a colleague is no longer taken to be at it.
LEASE_MINUTES = env.int("LEASE_MINUTES", 5)
# Alerts leave the house by these two roads; they carry a reference, a rule and a link, no more.
vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("ALERT_EMAIL_FROM", "dauys@localhost")
ALERT_EMAIL_TO: list[str] = env.list("ALERT_EMAIL_TO", default=[])
ALERT_WEBHOOK_URL = env.str("ALERT_WEBHOOK_URL", "")
ALERT_WEBHOOK_SECRET = env.str("ALERT_WEBHOOK_SECRET", "")
# Minutes after which the mail about a person in danger comes again, until somebody accepts it.
ALERT_REPEAT_MINUTES = env.int("ALERT_REPEAT_MINUTES", 5)
# For tests and the demo: webhooks may also go to this machine itself, without https.
WEBHOOKS_MAY_CALL_HERE = env.bool("WEBHOOKS_MAY_CALL_HERE", False)
# The largest body a report or a step may have, in bytes; evidence travels by its own road.
BODY_LIMIT = 256 * 1024

# --- Logs: request lines and tracebacks may carry text of reports, so neither is written ----
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name} {message}", "style": "{"}},
    "filters": {"redact": {"()": "config.logs.Redact"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Django gives this one a handler of its own, which writes whole request lines.
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # A line for each request that waits for a thread: under a burst, for every one.
        "waitress.queue": {"handlers": ["console"], "level": "ERROR", "propagate": False},
    },
}

# Translated names of the three faces, used by the header and the error pages.
SITE_NAME = _("Dauys")
