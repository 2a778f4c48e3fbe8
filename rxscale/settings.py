"""Every setting, from the environment; a secret also from the file that NAME_FILE names. `knobs` says what each means.

Importing this starts nothing: commands that need servers start the embedded ones first and put
DATABASE_URL and REDIS_URL into the environment (`rxscale.embedded`).
"""

from datetime import timedelta
from pathlib import Path

from rxscale import logs
from rxscale.knobs import env

BASE_DIR = Path(__file__).resolve().parent.parent

# development | demo | test | production; production refuses to start without what it needs (checks.py)
ENVIRONMENT: str = env.str("RXSCALE_ENV", default="development")
IS_PRODUCTION = ENVIRONMENT == "production"
DEBUG: bool = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("RXSCALE_DATA_DIR", default=str(BASE_DIR / ".rxscale"))).resolve()

SECRET_KEY: str = env.str("SECRET_KEY", default="" if IS_PRODUCTION else "not-secret-" + "d" * 60)
# Comma-separated `id:base64` (32 bytes each); the first encrypts, all decrypt.
ENCRYPTION_KEYS: list[str] = env.list(
    "ENCRYPTION_KEYS",
    default=[] if IS_PRODUCTION else ["dev:ZGV2ZWxvcG1lbnQta2V5LXRoYXQtaXMtbm8tc2VjcmU="],
)
BASE_URL: str = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list(
    "ALLOWED_HOSTS", default=[] if IS_PRODUCTION else ["127.0.0.1", "localhost", "testserver"]
)
# Addresses or networks of proxies whose X-Forwarded-For is believed.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "django_htmx",
    "heroicons",
    "ninja",
    "template_partials",
    "rxscale",
    "common",
    "organisations",
    "availability",
    "booking_secrets",
    "notifications",
    "appointments",
    "reminders",
    "api",
    "portals",
]

MIDDLEWARE = [
    "rxscale.request_ids.RequestIdMiddleware",
    "rxscale.metrics.CountingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "rxscale.security_headers.SecurityHeadersMiddleware",
    "api.answers.AnswerMiddleware",
    "api.slashes.TrailingSlashMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portals.accounts.sessions.SessionLifeMiddleware",
    "portals.accounts.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "rxscale.urls"
WSGI_APPLICATION = "rxscale.wsgi.application"
ASGI_APPLICATION = "rxscale.asgi.application"
APPEND_SLASH = False

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
            ],
        },
    }
]

# Without DATABASE_URL the address is only a placeholder until the embedded server is started.
_DATABASE = env.db_url("DATABASE_URL", default="postgres://postgres@127.0.0.1:1/rxscale")
DATABASES = {
    "default": {
        **_DATABASE,
        "ENGINE": "common.postgresql",
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "rxscale",
            "connect_timeout": 2,
            # A cable that was cut says nothing; without these a worker would wait for two hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            # Our statements take about a millisecond; compiling one, once a big table makes the
            # planner expect the worst, takes a hundred. A visit with all it names joins nine tables by
            # their keys: to weigh every order of them takes the planner five times as long as to
            # run the one that is written, and four leave it the choice where a filter needs one.
            "options": "-c jit=off -c join_collapse_limit=4",
            **_DATABASE.get("OPTIONS", {}),
        },
        "TEST": {"NAME": env.str("TEST_DATABASE_NAME", default=None)},
    }
}
# How long the web waits for the answer to one statement; then the page says 503. 0: for ever.
DATABASE_ANSWER_SECONDS: float = env.float("DATABASE_ANSWER_SECONDS", default=2.0)
REDIS_URL: str = env.str("REDIS_URL", default="redis://127.0.0.1:1/0")
REDIS_KEY_PREFIX: str = env.str("REDIS_KEY_PREFIX", default="")  # to share one Redis with others
MAINTENANCE_INTERVAL_SECONDS: float = env.float("MAINTENANCE_INTERVAL_SECONDS", default=60.0)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "organisations.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "landing"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 3600

# Signing in is django-allauth's (portals/accounts): by e-mail and password, no sign-up, no e-mail verification.
ACCOUNT_ADAPTER = "portals.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105  # a class
ACCOUNT_FORMS = {
    "login": "portals.accounts.forms.LoginForm",
    "reset_password": "portals.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "portals.accounts.forms.NewPasswordForm",
    "change_password": "portals.accounts.forms.ChangePasswordForm",
    "reauthenticate": "portals.accounts.forms.ConfirmPasswordForm",
}
MFA_ADAPTER = "portals.accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "RxScale"
MFA_TOTP_TOLERANCE = 1  # telephones run half a minute fast or slow
MFA_FORMS = {
    "authenticate": "portals.accounts.mfa_forms.SignInCodeForm",
    "reauthenticate": "portals.accounts.mfa_forms.ConfirmCodeForm",
    "activate_totp": "portals.accounts.mfa_forms.ActivateForm",
}
MFA_REQUIRED_FOR_ADMINS: bool = env.bool("MFA_REQUIRED_FOR_ADMINS", default=IS_PRODUCTION)

# A session ends by itself; cookies end with the browser, rows after the longest life.
SESSION_IDLE = timedelta(minutes=env.int("SESSION_IDLE_MINUTES", default=30))
SESSION_LONGEST = timedelta(hours=env.int("SESSION_LONGEST_HOURS", default=12))
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Counts failed sign-ins and used codes. In PostgreSQL, for signing in must neither wait for a Redis that is
# away nor forget who was guessing.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "rxscale_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

if ENVIRONMENT == "test":  # hundreds of made-up people; a slow hash protects none of them
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Production serves what collectstatic gathered; elsewhere files are served from where they lie.
_static_root: str = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATIC_ROOT = _static_root if IS_PRODUCTION else None
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
if (
    ENVIRONMENT == "test"
):  # else every test's Client lists all static files before its first request
    WHITENOISE_AUTOREFRESH = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOGGING_CONFIG = "rxscale.logs.configure"
LOGGING = logs.configuration(
    is_json=env.bool("LOG_JSON", default=IS_PRODUCTION), level=env.str("LOG_LEVEL", default="INFO")
)

# What a browser and a reverse proxy are told.
SECURE_SSL_REDIRECT: bool = env.bool("SECURE_SSL_REDIRECT", default=IS_PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS: int = env.int(
    "SECURE_HSTS_SECONDS", default=31_536_000 if IS_PRODUCTION else 0
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_PRODUCTION
SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = IS_PRODUCTION
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = IS_PRODUCTION
CSRF_FAILURE_VIEW = "rxscale.failures.form_expired"
X_FRAME_OPTIONS = "DENY"
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# Celery: plans live in the database; the broker only carries wake-ups, so losing it loses nothing.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": REDIS_KEY_PREFIX,
    # A killed worker's task comes back after this and the two below, so no task may run for longer.
    "visibility_timeout": 120,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    # Whoever publishes waits for a dead or silent broker well below a second, and tries once;
    # rxscale.celery gives workers more time.
    "socket_connect_timeout": 0.4,
    "socket_timeout": 0.4,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "connect_retries_timeout": 0.4,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 110
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
CELERY_IMPORTS = ["rxscale.maintenance"]
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"  # in memory: beat has nothing to remember
CELERY_BEAT_SCHEDULE = {
    "maintenance": {
        "task": "maintenance.run",
        "schedule": MAINTENANCE_INTERVAL_SECONDS,
        # Ticks nobody took are worthless as soon as the next one is there.
        "options": {"expires": MAINTENANCE_INTERVAL_SECONDS},
    }
}

# Domain knobs, each named in docs/operating.md
MAINTENANCE_OVERDUE_AFTER = timedelta(minutes=3)
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
HEARTBEAT_URL: str = env.str("HEARTBEAT_URL", default="")
RATE_LIMIT: str = env.str("RATE_LIMIT", default="10/s,600/m")
FEED_RATE_LIMIT: str = env.str("FEED_RATE_LIMIT", default="30/m,300/h")
BOOKING_TOKEN_MAX_SECONDS: int = env.int("BOOKING_TOKEN_MAX_SECONDS", default=900)
BOOKING_TOKEN_LEEWAY_SECONDS = 30
LAUNCH_CODE_SECONDS: int = env.int("LAUNCH_CODE_SECONDS", default=600)
BOOKING_SESSION_SECONDS: int = env.int("BOOKING_SESSION_SECONDS", default=1800)
MAX_ACTIVE_HOLDS_PER_PATIENT: int = env.int("MAX_ACTIVE_HOLDS_PER_PATIENT", default=3)
COMPLETE_AFTER = timedelta(minutes=env.int("COMPLETE_AFTER_MINUTES", default=60))
JOIN_OPENS_BEFORE = timedelta(minutes=10)
JOIN_CLOSES_AFTER = timedelta(minutes=60)
JITSI_BASE_URL: str = env.str("JITSI_BASE_URL", default="https://meet.jit.si").rstrip("/")
JITSI_APP_ID: str = env.str("JITSI_APP_ID", default="")
JITSI_APP_SECRET: str = env.str("JITSI_APP_SECRET", default="")
UNCONFIRMED_HOLDS_DAYS: int = env.int("UNCONFIRMED_HOLDS_DAYS", default=30)
DELIVERY_BODIES_DAYS: int = env.int("DELIVERY_BODIES_DAYS", default=30)
RETENTION_DAYS: int = env.int("RETENTION_DAYS", default=365)
ALLOW_LOOPBACK_WEBHOOKS: bool = env.bool("ALLOW_LOOPBACK_WEBHOOKS", default=False)
# The demo's pages, which let anybody in by one click. `manage.py demo` sets it.
DEMO_DOORS: bool = env.bool("DEMO_DOORS", default=False)

# E-mail: the demo writes files; production names an anymail backend or SMTP.
EMAIL_BACKEND: str = env.str(
    "EMAIL_BACKEND", default="django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = str(DATA_DIR / "private" / "mails")
EMAIL_HOST: str = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT: int = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env.str(
    "DEFAULT_FROM_EMAIL", default="RxScale <no-reply@rxscale.invalid>"
)
ANYMAIL: dict[str, object] = {
    "POSTMARK_SERVER_TOKEN": env.str("POSTMARK_SERVER_TOKEN", default=""),
    "WEBHOOK_SECRET": env.str("EMAIL_WEBHOOK_SECRET", default=""),
    "REQUESTS_TIMEOUT": (5, 10),
}
if _postmark := env.str("POSTMARK_API_URL", default=""):
    ANYMAIL["POSTMARK_API_URL"] = _postmark

# SMS: without credentials messages are logged instead of sent.
TWILIO_ACCOUNT_SID: str = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN: str = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM: str = env.str("TWILIO_FROM", default="")
TWILIO_API_BASE: str = env.str("TWILIO_API_BASE", default="https://api.twilio.com")

# Set by nobody: a check that is wrong is mended, not silenced.
SILENCED_SYSTEM_CHECKS: list[str] = []
