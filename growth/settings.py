"""All configuration, read from the environment and nowhere else.

`SITE_URL` unset is the embedded default: loopback only, SQLite, a key made on first use, no server
needed. `SITE_URL` set is production: TLS, secure cookies, a stated key, MFA for staff.
"""

from __future__ import annotations

import os
import secrets
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from growth.environment import (
    a_count,
    a_currency,
    a_folder,
    a_list,
    a_lock,
    a_port,
    a_positive_count,
    a_private_key,
    a_private_key_of,
    a_public_key,
    a_sink,
    a_stripe_key,
    a_switch,
    a_url,
    a_zone,
    addresses,
    amounts,
    an_origin,
    at_least,
    authorization,
    headers,
    one_of,
    setting,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

# --- The house ----------------------------------------------------------------------------------

SITE_URL = setting("SITE_URL", an_origin, "", "an origin such as https://growth.example")
EMBEDDED = not SITE_URL
DEBUG = setting("DEBUG", a_switch, False, "on or off")
GROWTH_DATA = setting("GROWTH_DATA", a_folder, BASE_DIR / "var", "a folder that can be written to")
GROWTH_DATA.mkdir(parents=True, exist_ok=True)
HOST = setting("HOST", str, "127.0.0.1", "an address to listen on")
PORT = setting("PORT", a_port, 8000, "a port, 1 to 65535")
TRUSTED_PROXIES = setting("TRUSTED_PROXIES", a_count, 0, "a whole number, 0 or more")
ALERT_EMAILS: list[str] = setting("ALERT_EMAILS", addresses, [], "e-mail addresses, comma-separated")
EVENT_RETENTION_MONTHS = setting(
    "EVENT_RETENTION_MONTHS", a_positive_count, None, "a whole number of months, 1 or more"
)
TELEMETRY_CONSENT = setting("TELEMETRY_CONSENT", one_of("opt_in", "opt_out"), "opt_in", "opt_in or opt_out")
# Pages below these are for staff and programs: nobody's visits to them are counted.
PAGE_VIEWS_EXCEPT = ("/admin/", "/api/")


def the_secret_key() -> str:
    """The stated key; the embedded default makes one in its data folder, readable by its owner alone."""
    if stated := os.environ.get("SECRET_KEY", "").strip():
        return stated
    if not EMBEDDED:
        raise ImproperlyConfigured("SECRET_KEY accepts 50 or more random characters; production needs one.")
    path = GROWTH_DATA / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(made := secrets.token_urlsafe(64))
    return made


def the_tracing() -> bool:
    """Whether traces and metrics are recorded; what that takes is installed on request only."""
    wanted = setting("GROWTH_TRACES", a_switch, False, "on or off")
    if wanted:
        try:
            distribution("opentelemetry-exporter-otlp-proto-http")
        except PackageNotFoundError as error:
            raise ImproperlyConfigured(
                "GROWTH_TRACES=on needs what requirements/traces.txt names, and it is not installed: "
                "pip install --require-hashes -r requirements/traces.txt."
            ) from error
    return wanted


SECRET_KEY = the_secret_key()
ALLOWED_HOSTS = setting(
    "ALLOWED_HOSTS",
    a_list,
    ["127.0.0.1", "localhost", "[::1]"] if EMBEDDED else [urlsplit(SITE_URL).hostname or ""],
    "host names, comma-separated",
)

INSTALLED_APPS = [
    "growth",
    "referrals",
    "donations",
    "telemetry",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "growth.dashboard.apps.GrowthAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_celery_beat",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",  # outermost, so that refusals by the others carry the policy too
    "growth.middleware.DatabaseTroubleMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "telemetry.api.bodies.BodyGuard",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "telemetry.consent.middleware.ConsentMiddleware",
    "referrals.middleware.InvitationMiddleware",
    "growth.accounts.middleware.LimitMiddleware",
    "growth.accounts.middleware.StaffSecondFactorMiddleware",
    "growth.accounts.middleware.AdminPolicyMiddleware",
    "telemetry.log.pages.PageViewMiddleware",  # innermost: it sees what the views answered
]

GROWTH_TRACES = the_tracing()
if GROWTH_TRACES:
    MIDDLEWARE.insert(0, "growth.tracing.RequestTracing")

ROOT_URLCONF = "growth.urls"
WSGI_APPLICATION = "growth.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------

# A page waits five seconds for a statement at most; a refresh or an import may take its time.
WEB = "growth.wsgi" in sys.modules

SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}


def the_database() -> dict[str, Any]:
    """SQLite in the data folder, or what `DATABASE_URL` names."""
    url = setting(
        "DATABASE_URL",
        a_url("postgres", "postgresql", "sqlite"),
        f"sqlite:///{GROWTH_DATA / 'growth.sqlite3'}",
        "postgres://user:password@host:port/name or sqlite:///path",
    )
    database: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if database["ENGINE"] == "django.db.backends.sqlite3":
        # A file, not memory: threads of a test must meet the locks that processes meet.
        return database | {"OPTIONS": SQLITE_OPTIONS, "TEST": {"NAME": str(GROWTH_DATA / "test.sqlite3")}}
    # Compiling costs more than it saves here: a funnel on 2 M events takes 0.77 s with it, 0.25 s without.
    limits = {"lock_timeout": "2s", "idle_in_transaction_session_timeout": "30s", "jit": "off"}
    # What a page of an index costs on a solid disk: priced as on a turning one, PostgreSQL would rather hash
    # the whole log, at three times the time of groups in the order of the index.
    limits["random_page_cost"] = "1.1"
    # Each look-up of a funnel is another one: remembering them costs a tenth of its time and finds nothing.
    limits["enable_memoize"] = "off"
    if WEB:
        limits["statement_timeout"] = "5s"
    return database | {
        "OPTIONS": {
            # Two web processes of 40 and the workers stay below PostgreSQL's own 100.
            "pool": {
                "min_size": 0,
                "max_size": 40,
                "max_idle": 60,
                "timeout": 4,
                # Its pauses double; giving up soon lets the next page try at once when the server is back.
                "reconnect_timeout": 1,
            },
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        },
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": the_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
POSTGRESQL = DATABASES["default"]["ENGINE"].endswith("postgresql")

# --- Redis, Celery ------------------------------------------------------------------------------

REDIS_URL = setting("REDIS_URL", a_url("redis", "rediss"), "", "redis://host:port/number")
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

BROKER_FOLDERS = {
    "data_folder_in": GROWTH_DATA / "broker" / "messages",
    "data_folder_out": GROWTH_DATA / "broker" / "messages",
    "control_folder": GROWTH_DATA / "broker" / "control",
}
if not REDIS_URL:
    for folder in BROKER_FOLDERS.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "visibility_timeout": 900,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "health_check_interval": 15,
    }
    if REDIS_URL
    else {name: str(folder) for name, folder in BROKER_FOLDERS.items()}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0.2,
    "interval_step": 0,
    "interval_max": 0.2,
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_RESULT_EXPIRES = None
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- People who sign in -------------------------------------------------------------------------

AUTH_USER_MODEL = "growth.User"
# An e-mailed code signs in; passwords sign nobody in, whether an account has one or not.
AUTHENTICATION_BACKENDS = ["growth.accounts.backends.CodeOnly"]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")

ACCOUNT_ADAPTER = "growth.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Growth"
MFA_TOTP_TOLERANCE = 1
ACCOUNT_FORMS = {"signup": "growth.accounts.forms.NewAccount"}
MFA_FORMS = {
    "authenticate": "growth.accounts.forms.SecondFactor",
    "reauthenticate": "growth.accounts.forms.SecondFactorAgain",
    "activate_totp": "growth.accounts.forms.NewSecondFactor",
}
STAFF_NEED_SECOND_FACTOR = not EMBEDDED

SESSION_ENGINE = "growth.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

if not EMBEDDED:
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 86400
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY: dict[str, dict[str, list[Any]]] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Mail ---------------------------------------------------------------------------------------

MAIL_FOLDER = GROWTH_DATA / "mail"
DEFAULT_FROM_EMAIL = setting(
    "DEFAULT_FROM_EMAIL", str, f"growth@{urlsplit(SITE_URL).hostname or 'localhost'}", "an e-mail address"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 5


def the_mail_server() -> dict[str, Any]:
    """What `EMAIL_URL` names, as Django's settings; without it, mail is written to the data folder."""
    accepts = "smtp://, smtp+tls:// or smtp+ssl://user:password@host:port"
    url = setting("EMAIL_URL", a_url("smtp", "smtp+tls", "smtp+ssl"), "", accepts)
    if url:
        return dict(environ.Env.email_url_config(url))
    return {"EMAIL_BACKEND": "growth.mail.WrittenDown"}


vars().update(the_mail_server())

# --- Telemetry ----------------------------------------------------------------------------------

TELEMETRY_DISABLED = setting("TELEMETRY_DISABLED", a_switch, False, "on or off")
#: None leaves the choice to staff.
TELEMETRY_DETAILED: bool | None = setting("TELEMETRY_DETAILED", a_lock, None, "on or off")
TELEMETRY_QUEUE_ROWS = setting("TELEMETRY_QUEUE_ROWS", a_positive_count, 100_000, "a whole number, 1 or more")
TELEMETRY_QUEUE_DAYS = setting("TELEMETRY_QUEUE_DAYS", a_positive_count, 7, "a whole number, 1 or more")


def the_sink() -> tuple[str, dict[str, str]]:
    """Where telemetry goes and with which headers, from the standard variables, else from Grafana's names."""
    accepts = "http(s)://host[:port][/path] without credentials or a query"
    standard = setting("OTEL_EXPORTER_OTLP_ENDPOINT", a_sink, "", accepts)
    grafana = setting("GRAFANA_OTLP_ENDPOINT", a_sink, "", accepts)
    nothing: dict[str, str] = {}
    sent = setting("OTEL_EXPORTER_OTLP_HEADERS", headers, nothing, "name=value pairs, comma-separated")
    accepts = "Basic …, Bearer …, id:token or a token"
    token = setting("GRAFANA_OTLP_TOKEN", authorization, "", accepts)
    return standard or grafana, ({"authorization": token} if token else {}) | sent


TELEMETRY_SINK, TELEMETRY_SINK_HEADERS = the_sink()
TELEMETRY_SINK_PROTOCOL = setting(
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    one_of("http/protobuf", "http/json"),
    "http/protobuf",
    "http/protobuf or http/json",
)

# --- Support ------------------------------------------------------------------------------------

SUPPORT_CURRENCY = setting("SUPPORT_CURRENCY", a_currency, "eur", "a currency of ISO 4217 such as eur")
# All amounts are in minor units: 500 is five euros.
SUPPORT_AMOUNTS: list[int] = setting(
    "SUPPORT_AMOUNTS", amounts, [500, 1000, 2500], "whole numbers of minor units, comma-separated"
)
MINOR = "a whole number of minor units, 1 or more"
SUPPORT_KEY_PRICE = setting("SUPPORT_KEY_PRICE", a_positive_count, 2500, MINOR)
SUPPORT_MEMBERSHIP_PRICE = setting("SUPPORT_MEMBERSHIP_PRICE", a_positive_count, 500, MINOR)
SUPPORT_MINIMUM = setting("SUPPORT_MINIMUM", a_positive_count, 100, MINOR)
SUPPORT_MAXIMUM = setting("SUPPORT_MAXIMUM", a_positive_count, 1_000_000, MINOR)
SUPPORT_GRACE_DAYS = setting("SUPPORT_GRACE_DAYS", a_count, 7, "a whole number of days, 0 or more")
SUPPORT_ASKING = setting("SUPPORT_ASKING", a_switch, True, "on or off")
SUPPORT_SOCIAL_PROOF = setting("SUPPORT_SOCIAL_PROOF", str, "", "a line of text")
SUPPORT_LONG_SESSION_MINUTES = setting(
    "SUPPORT_LONG_SESSION_MINUTES", at_least(30), 120, "a whole number of minutes, 30 or more"
)
SUPPORT_INTERACTION_MONTHS = setting(
    "SUPPORT_INTERACTION_MONTHS", a_positive_count, 25, "a whole number of months, 1 or more"
)
#: What Share shares; default: the home page.
SUPPORT_SHARE_URL = setting("SUPPORT_SHARE_URL", a_url("https", "http"), "", "an address of a page")
SUPPORT_COFFEE_URL = setting("SUPPORT_COFFEE_URL", a_url("https"), "", "an address of a page, https")
SUPPORT_PAYPAL_URL = setting("SUPPORT_PAYPAL_URL", a_url("https"), "", "an address of a page, https")
SUPPORT_KEY_PUBLIC = setting("SUPPORT_KEY_PUBLIC", a_public_key, "", "an Ed25519 public key, in PEM")
SUPPORT_KEY_PRIVATE = setting("SUPPORT_KEY_PRIVATE", a_private_key, "", "an Ed25519 private key, in PEM")
SUPPORT_KEY_SECRET = setting("SUPPORT_KEY_SECRET", str, "", "a secret shared with whoever signs keys")

STRIPE_SECRET_KEY = setting("STRIPE_SECRET_KEY", a_stripe_key, "", "sk_live_…, sk_test_… or rk_…")
STRIPE_WEBHOOK_SECRETS: list[str] = setting("STRIPE_WEBHOOK_SECRETS", a_list, [], "whsec_…, comma-separated")
STRIPE_LIVEMODE = "_live_" in STRIPE_SECRET_KEY
if STRIPE_SECRET_KEY:
    # Browsers hold the redirect after a form to the policy, too: a checkout goes on at Stripe.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += [
        "https://checkout.stripe.com",
        "https://billing.stripe.com",
    ]
# Without a worker, the web process does what an event asks for right after it is stored.
STRIPE_INLINE = setting("STRIPE_INLINE", a_switch, False, "on or off")
#: The embedded default plays Stripe itself, with really signed events.
DEVELOPMENT_CHECKOUT = EMBEDDED and not STRIPE_SECRET_KEY
if DEVELOPMENT_CHECKOUT and not (SUPPORT_KEY_PUBLIC or SUPPORT_KEY_PRIVATE or SUPPORT_KEY_SECRET):
    # What is bought with play money is a key, too, and valid here alone.
    SUPPORT_KEY_PRIVATE = a_private_key_of(SECRET_KEY)

# --- Referrals ----------------------------------------------------------------------------------

DAYS = "a whole number of days, 0 or more"
REFERRAL_CREDIT_DAYS = setting(
    "REFERRAL_CREDIT_DAYS", a_positive_count, 45, "a whole number of days, 1 or more"
)
REFERRAL_CREDIT_START = setting(
    "REFERRAL_CREDIT_START", one_of("now", "after_paid"), "now", "now or after_paid"
)
REFERRAL_HOLD_DAYS = setting("REFERRAL_HOLD_DAYS", a_count, 0, DAYS)
REFERRAL_REVIEW_DAYS = setting("REFERRAL_REVIEW_DAYS", a_count, 14, DAYS)
REFERRAL_WINDOW_DAYS = setting(
    "REFERRAL_WINDOW_DAYS", a_positive_count, 30, "a whole number of days, 1 or more"
)
REFERRAL_YEARLY_CAP = setting("REFERRAL_YEARLY_CAP", a_count, 12, "a whole number, 0 or more")
REFERRAL_MINIMUM = setting("REFERRAL_MINIMUM", a_positive_count, SUPPORT_MEMBERSHIP_PRICE, MINOR)
# Below these nobody is brought by anybody: pages for staff, programs and files.
REFERRALS_EXCEPT = ("/admin/", "/api/", "/static/", "/donate/webhook/", "/healthz/", "/readyz/")

# --- The log ------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "growth.logs.Line"}},
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stream"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would print paths, and mail tracebacks.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # One line a task is enough: that it succeeded, or how it failed.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
        # It names the objects it asks for; what failed, the gateway's exceptions tell.
        "stripe": {"level": "WARNING"},
    },
}

# --- Text, time, files --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = setting("GROWTH_TIME_ZONE", a_zone, "UTC", "a zone of the IANA database such as Europe/Vienna")

STATIC_URL = "static/"
STATIC_ROOT = GROWTH_DATA / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = EMBEDDED

# --- The API ------------------------------------------------------------------------------------

# The most that a request's body may hold: about 10 kB for each of 500 events.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "telemetry.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["telemetry.api.authentication.MayRead"],
    "DEFAULT_PARSER_CLASSES": ["telemetry.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "telemetry.api.handling.problem_response",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Growth",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "telemetry.api.schema.describe_events",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Names of what the admin shows: unfold calls them with each request.
UNFOLD = {
    "SITE_TITLE": "Growth",
    "SITE_HEADER": "Growth",
    "SITE_SUBHEADER": _("What happened, and what came of it"),
    "SITE_ICON": lambda request: static("growth/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("growth/mark.svg")},
    ],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.4)",
            "300": "oklch(85.5% .138 181.1)",
            "400": "oklch(75% .13 182)",
            "500": "oklch(62% .11 184)",
            "600": "oklch(51.1% .096 186.4)",
            "700": "oklch(43.7% .078 188.2)",
            "800": "oklch(38.6% .063 188.4)",
            "900": "oklch(33% .053 190)",
            "950": "oklch(25% .042 192)",
        },
    },
    "SIDEBAR": {
        "command_search": True,
        "show_all_applications": False,
        "navigation": "growth.dashboard.navigation.navigation",
    },
    "COMMAND": {"search_models": False, "show_history": False},
}
