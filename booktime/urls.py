"""Addresses of the shop. Wagtail's pages come last."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from core import content_policy, health, media, seo

# One door for everybody: Wagtail and Django would each open another one, without our limits on trying.
sign_in = RedirectView.as_view(pattern_name="account_login", query_string=True)
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path(content_policy.REPORTS[1:], content_policy.report, name="csp_report"),
    path("robots.txt", seo.robots, name="robots"),
    path("opensearch.xml", seo.opensearch, name="opensearch"),
    path("admin/login/", sign_in),
    path("_util/login/", sign_in),
    path("admin/", include(wagtailadmin_urls)),
    path("django-admin/", admin.site.urls),
    path("documents/", include(wagtaildocs_urls)),
    path("account/", include("accounts.urls")),
    path("", include("home.urls")),
    path("", include("commerce.urls")),
    path("", include("catalog.urls")),
    path("media/<path:path>", media.serve_rendition),
    path("", include(wagtail_urls)),
]

if "debug_toolbar" in settings.INSTALLED_APPS:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns = [*debug_toolbar_urls(), *urlpatterns]
