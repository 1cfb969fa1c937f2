import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - there are no settings before the line above

if settings.PRODUCTION:
    from config.checks import refuse_unsafe

    refuse_unsafe()
