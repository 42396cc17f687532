"""A mail server on a free port of this machine: aiosmtpd, which answers by the recipient's name.

The first line that it prints says where it is; every other one is a mail. `bounce…@` is refused for good, `later…@` is not
taken the first time. With `secure` it takes mail only over STARTTLS and from whoever signs in, with a certificate of its own.
"""

import asyncio
import json
import os
import sys
import tempfile
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = b"nexus@mail.test", "pass:word/with ünusual@signs".encode()


def say(thing):
    print(json.dumps(thing), flush=True)


class Handler:
    def __init__(self):
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("bounce"):
            return "550 5.1.1 No such person here"
        if address.startswith("later") and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        parts = {kind: message.get_body((kind,)).get_content() for kind in ("plain", "html")}
        headers = {name.lower(): str(value) for name, value in message.items()}
        encrypted = session.ssl is not None
        say({"to": envelope.rcpt_tos, "from": envelope.mail_from, "headers": headers, "encrypted": encrypted, **parts})
        return "250 Taken"


def authenticate(server, session, envelope, mechanism, data):
    fine = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=fine)


def secure(folder):
    import ssl

    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca = os.path.join(folder, "ca.pem")
    authority.cert_pem.write_to_path(ca)
    options = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": authenticate,
        "auth_required": True,
    }
    return options, ca


async def main(is_secure):
    with tempfile.TemporaryDirectory() as folder:
        options, ca = secure(folder) if is_secure else ({}, None)
        handler = Handler()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(handler, hostname="mail.test", **options), "127.0.0.1", 0)
        say({"port": server.sockets[0].getsockname()[1], "ca": ca})
        # Whoever started this closes its end when it is done.
        await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(sys.argv[1:] == ["secure"]))
