"""The shop as an WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "booktime.settings.production")

application = get_wsgi_application()
