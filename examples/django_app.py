"""A Django application with an engine inside: `python -m examples.django_app`."""

import atexit
import secrets
import signal
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from examples.running import FORM, WORKFLOWS, mail_server, options, tell
from studio import Engine, StudioError, incoming


class Journeys:
    """The engine, as views use it: without an event loop, from any thread."""

    engine: Engine


@require_GET
def form(request: HttpRequest) -> HttpResponse:
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    return HttpResponse(FORM.replace("<label>", f"{token}<label>", 1))


@require_POST
def sign_up(request: HttpRequest) -> HttpResponse:
    user, email = request.POST.get("user", ""), request.POST.get("email", "")
    try:
        # When `result` returns the event is durable. The id lets a second click count once.
        event = incoming("signup", {"id": user, "email": email}, id=f"signup-{user}")
        Journeys.engine.submit([event]).result()
    except StudioError as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    return HttpResponse("<p>Thank you. Look at your mail.</p>")


urlpatterns = [path("", form), path("signup", sign_up)]


def main() -> None:
    given = options("A Django application with an engine inside.")
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
        ROOT_URLCONF=__name__,
        SECRET_KEY=secrets.token_hex(),
    )
    django.setup()
    # Ended politely, the engine stops too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with mail_server(given.mail_port):
        Journeys.engine = Engine(WORKFLOWS, store=given.store)
        Journeys.engine.start_now()
        atexit.register(Journeys.engine.stop_now)
        tell(given.port, given.store)
        # One process: --noreload starts no second one, which could not have the store.
        call_command("runserver", f"127.0.0.1:{given.port}", "--noreload", "--skip-checks")


if __name__ == "__main__":
    main()
