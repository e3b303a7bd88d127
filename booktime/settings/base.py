"""The shop: everything that production, development and tests share."""

from __future__ import annotations

from datetime import timedelta
from email.utils import formataddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from booktime.environment import (
    BASE_DIR,
    country,
    currency,
    database,
    languages,
    networks,
    provider_address,
    read,
    redis_url,
    sign_in_providers,
    site_url,
    time_zone,
    together,
)

# --- Who and where ---------------------------------------------------------------------------

VAR_DIR = Path(str(read("VAR_DIR", default=str(BASE_DIR / "var"))))
"""What the shop writes: database, media, collected static files, mail."""
SHOP_NAME = str(read("SHOP_NAME", default="BookTime"))
SITE_URL = site_url()
_HOST = str(urlsplit(SITE_URL).hostname)
HTTPS = SITE_URL.startswith("https://")

DEBUG = False
ALLOWED_HOSTS = read("ALLOWED_HOSTS", "list", sorted({_HOST, "127.0.0.1", "localhost"}))

TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
"""Who may say in X-Forwarded-For where a request comes from (core.throttle)."""

# --- What the shop is made of ----------------------------------------------------------------

INSTALLED_APPS = [
    "core",
    "accounts",
    "catalog",
    "commerce",
    "home",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "wagtailmetadata",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_countries",
    "django_tasks",
    "django_tasks_db",
    "django_htmx",
    "modern_csrf",
    "django.forms",  # its widgets, for FORM_RENDERER
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Outside the security headers: the content policy belongs to the page and is stored with it.
    "core.page_cache.PageCacheMiddleware",
    "core.languages.LanguageMiddleware",
    "core.middleware.SecurityHeadersMiddleware",
    "core.middleware.SiteMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Refuses cross-site requests by Sec-Fetch-Site and Origin, so that cached pages need no token: ADR 0005.
    "modern_csrf.middleware.ModernCsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.IdleSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.StaffMiddleware",
    "core.approval.ApprovalMiddleware",
    # Before the redirects: a deleted book that leads to another one is not gone.
    "catalog.gone.GoneMiddleware",
    "core.languages.RedirectMiddleware",
]

ROOT_URLCONF = "booktime.urls"
ASGI_APPLICATION = "booktime.asgi.application"
WSGI_APPLICATION = "booktime.wsgi.application"

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
                "home.context_processors.site",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data ------------------------------------------------------------------------------------

DATABASES = {"default": database(VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = redis_url()
if REDIS_URL:
    _redis = {
        "BACKEND": "core.redis_cache.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            # The shop stays open without Redis: a lost cache is a miss, never an error, and never a long wait.
            "IGNORE_EXCEPTIONS": True,
            "REDIS_CLIENT_CLASS": "core.redis_cache.Client",
            "SOCKET_CONNECT_TIMEOUT": 0.3,
            "SOCKET_TIMEOUT": 0.3,
        },
    }
    CACHES: dict[str, Any] = {
        "default": {**_redis, "KEY_PREFIX": "booktime"},
        "pages": {**_redis, "KEY_PREFIX": "booktime-pages"},
    }
    DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 5000},
        },
        # Files, so that the worker and the clock purge what the server answers from.
        "pages": {
            "BACKEND": "core.file_cache.FileCache",
            "LOCATION": VAR_DIR / "cache" / "pages",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        },
    }

# A CDN that may keep pages, and is told when they change: ADR 0008.
WAGTAILFRONTENDCACHE: dict[str, Any] = {}
if read("CDN_PURGE_URL", default=""):
    WAGTAILFRONTENDCACHE["proxy"] = {
        "BACKEND": "wagtail.contrib.frontend_cache.backends.HTTPBackend",
        "LOCATION": read("CDN_PURGE_URL"),
    }
if read("CLOUDFLARE_ZONE", default=""):
    WAGTAILFRONTENDCACHE["cloudflare"] = {
        "BACKEND": "wagtail.contrib.frontend_cache.backends.CloudflareBackend",
        "ZONEID": read("CLOUDFLARE_ZONE"),
        "BEARER_TOKEN": read("CLOUDFLARE_TOKEN"),
    }

# In the database, so that a lost Redis signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14  # since the last visit; for staff 8 hours: accounts.middleware

# Tasks are rows of the same database: they commit, or roll back, with the data they belong to.
# Slow work (pictures, feeds) has a queue of its own, so that no mail waits behind it.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "slow"]}}

SCHEDULE = {
    "publish_scheduled": 60,
    "reconcile_payments": 5 * 60,
    "follow_pre_orders": 60 * 60,
    "follow_gift_cards": 60,
    "rebuild_listing --due": 60,
    "sweep_mail": 60,
    "tell_waiting": 60,
    "write_feeds --queue": 60 * 60,
    "prune_db_task_results": 60 * 60 * 24,
    "clearsessions": 60 * 60 * 24,
    "purge_consent": 60 * 60 * 24,
    "purge_mail": 60 * 60 * 24,
    "tell_waiting --purge": 60 * 60 * 24,
    "purge_holds": 60 * 60,
    "check_books": 60 * 60 * 24,
    "check_payment_pages": 60 * 60 * 24,
}
"""What `manage.py schedule` runs: a management command, and every how many seconds."""

# --- People ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:profile"
PASSWORD_RESET_TIMEOUT = 60 * 60

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.signup.SignupForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser that signed up
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_RATE_LIMITS = {
    # Whoever goes on after one limit waits longer at the next one.
    "login_failed": "20/5m/ip,60/1h/ip,5/5m/key,10/30m/key,20/d/key",
    "reset_password": "20/5m/ip,5/5m/key",
}

# A member of staff without a second factor is led to set one up before the admin opens: ADR 0011.
STAFF_SECOND_FACTOR = read("STAFF_SECOND_FACTOR", "bool", True)
MFA_ADAPTER = "accounts.second_factor.MFAAdapter"
MFA_FORMS = {"add_webauthn": "accounts.forms.AddPasskeyForm"}
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

SOCIALACCOUNT_ADAPTER = "accounts.providers.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": sign_in_providers()}}
# Whose address the provider has verified signs in to the account with that address.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

# --- Wagtail ---------------------------------------------------------------------------------

WAGTAIL_SITE_NAME = SHOP_NAME
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAILADMIN_LOGIN_URL = "/account/login/"
WAGTAIL_FRONTEND_LOGIN_URL = "/account/login/"
# Passwords and addresses are changed in the account, where the rules for them are.
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILIMAGES_IMAGE_MODEL = "core.ShopImage"
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "jpg", "jpeg", "png", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 128_000_000
WAGTAILDOCS_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "odt", "pdf", "txt", "xlsx", "zip", "epub"]
WAGTAILMETADATA_IMAGE_FILTER = "max-1200x1200|format-jpeg"
WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = True
WAGTAIL_FINISH_WORKFLOW_ACTION = "core.approval.publish_approved"  # looks at the page first
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # The admin tells nobody outside who works here.
WAGTAILSEARCH_BACKENDS = {
    "default": {"BACKEND": "core.search_backend", "SEARCH_CONFIG": "simple"},
}
TAGGIT_CASE_INSENSITIVE = True
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # modern_csrf stands where Django's CSRF middleware stood: ADR 0005
    "security.W019",  # SAMEORIGIN: Wagtail's preview frames the shop's own pages
]

# --- The shop's own facts --------------------------------------------------------------------

SHOP_CURRENCY = currency("SHOP_CURRENCY", "GBP")
SHOP_COUNTRY = country("SHOP_COUNTRY", "GB")
RETURN_DAYS = int(read("RETURN_DAYS", "int", 14))  # after delivery, books only; 0: nothing is taken back

# --- Payment providers (docs/payments.md): one without keys is not offered ---------------------

STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET = together("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = provider_address("STRIPE_API_BASE", "https://api.stripe.com")
NOTCHPAY_PUBLIC_KEY, NOTCHPAY_HASH_KEY = together("NOTCHPAY_PUBLIC_KEY", "NOTCHPAY_HASH_KEY")
NOTCHPAY_PRIVATE_KEY = str(read("NOTCHPAY_PRIVATE_KEY", default=""))  # for refunds alone
NOTCHPAY_API_BASE = provider_address("NOTCHPAY_API_BASE", "https://api.notchpay.co")
PAYMENT_SANDBOX = read("PAYMENT_SANDBOX", "bool", False)
PAYMENT_MINUTES = read("PAYMENT_MINUTES", "int", 60)
"""How long an order that is paid online waits for its money."""
CRASH_AT = str(read("CRASH_AT", default=""))
"""Where a process kills itself (core.crash). For the tests of crashes."""

CHECKOUT_HOLD = timedelta(minutes=read("CHECKOUT_HOLD_MINUTES", "int", 15))
"""How long the copies of a basket are kept for who began the checkout (`commerce.services.holds`)."""

# --- Words, time, files ----------------------------------------------------------------------

LANGUAGES = languages("LANGUAGES", "en-gb,fr")
LANGUAGE_CODE = LANGUAGES[0][0]
"""The first language has the addresses without a prefix: core.languages."""
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = time_zone("TIME_ZONE", "Europe/London")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "core.storage.StaticStorage"},
    # What has no public address: invoices, and months of them. Readable by the shop's own user alone.
    "private": {
        "BACKEND": "core.storage.PrivateStorage",
        "OPTIONS": {
            "location": VAR_DIR / "private",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}
PAPERS_AHEAD = True
"""A task makes the PDF of an invoice as soon as it is issued; else when somebody first asks for it."""
FILE_UPLOAD_PERMISSIONS = 0o644
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # Wagtail's page editor sends a field for each block.

# --- Mail ------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = read("DEFAULT_FROM_EMAIL", default=formataddr((SHOP_NAME, "hello@booktime.example")))
SERVER_EMAIL = DEFAULT_FROM_EMAIL
CUSTOMER_SERVICE_EMAIL = str(read("CUSTOMER_SERVICE_EMAIL", default="service@booktime.example"))
if read("EMAIL_URL", default=""):
    _mail = dict(read("EMAIL_URL", "email_url"))
    EMAIL_BACKEND = _mail.pop("EMAIL_BACKEND")
    globals().update(_mail)
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_TIMEOUT = 10

# --- Safety ----------------------------------------------------------------------------------

SECRET_KEY = read("SECRET_KEY")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# True: browsers only report what the policy would refuse (core.content_policy), to try a change of it out.
CONTENT_SECURITY_POLICY_REPORT_ONLY = read("CSP_REPORT_ONLY", "bool", False)
X_FRAME_OPTIONS = "SAMEORIGIN"  # Wagtail's preview frames the shop's own pages.

# --- Logs ------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "booktime.logging.JSONFormatter"},
        "plain": {"format": "{levelname:<7} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "django_tasks": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # at INFO it writes what the provider said, addresses of people included
        "weasyprint": {"level": "ERROR"},
        "factur-x": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
    },
}
