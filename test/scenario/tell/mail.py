#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A mail server that takes what it is given: mail.py ADDRESS PORT CERTIFICATE KEY USER PASSWORD FILE.

TLS from the first byte, or with "+" before the port by STARTTLS, and nobody is heard who does
not log in; with "-" as the certificate neither.  Of each mail it writes the envelope and the lines to the file.
"""
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

address, port, certificate, key, user, password, path = sys.argv[1:]


class Handler:
    async def handle_DATA(self, server, session, envelope):
        with open(path, "a", encoding="ascii") as out:
            out.write(f"from {envelope.mail_from} to {envelope.rcpt_tos}\n")
            out.write(envelope.content.decode("ascii").replace("\r\n", "\n"))
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login.decode(), data.password.decode()) == (user, password))


if certificate == "-":
    Controller(Handler(), hostname=address, port=int(port)).start()
else:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    tls = ({"tls_context": context, "require_starttls": True} if port.startswith("+")
           else {"ssl_context": context, "auth_require_tls": False})
    Controller(Handler(), hostname=address, port=int(port), authenticator=login,
               auth_required=True, **tls).start()
threading.Event().wait()
