"""The web process. Importing this module starts to load the models, so a server must not preload it before it forks."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()

from shop.recommendations import start_warm_up  # noqa: E402 (needs the applications to be there)

start_warm_up()
