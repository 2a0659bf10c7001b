"""A Django site that believes a balancer: only over HTTPS, which `X-Forwarded-Proto` tells it of.

    python tests/browser/django_site.py SECONDS

It listens on a free port of 127.0.0.1, which it prints. SECONDS is the max-age of Strict-Transport-Security, which
Django sends on secure connections. With 0 it sends none.
"""

from __future__ import annotations

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<!doctype html><title>in</title><link rel="icon" href="data:,">')


urlpatterns = [path("", page)]


class Server(ThreadingMixIn, WSGIServer):
    """Does not wait for connections on which nothing comes."""

    daemon_threads = True


if __name__ == "__main__":
    settings.configure(
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django.middleware.security.SecurityMiddleware"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="for a test",
        SECURE_HSTS_SECONDS=int(sys.argv[1]),
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        SECURE_SSL_REDIRECT=True,
    )
    with make_server("127.0.0.1", 0, get_wsgi_application(), Server) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
