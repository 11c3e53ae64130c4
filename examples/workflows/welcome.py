"""Who signs up gets a mail, and another one when nothing is heard of them."""

import os
import smtplib
from email.message import EmailMessage

from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    email = journey.user.email
    await journey.step("send welcome", send_mail, email, "Welcome", retries=5, pause="2s")
    if await journey.wait_for("activated", timeout="3d"):
        return {"activated": True}
    await journey.step("send reminder", send_mail, email, "Are you still there?", retries=5, pause="2s")
    return {"activated": False}


def send_mail(to: str, subject: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "hello@example.com", to, subject
    mail.set_content(f"{subject}!\n")
    with smtplib.SMTP("127.0.0.1", int(os.environ["MAIL_PORT"]), timeout=10) as server:
        server.send_message(mail)
