"""A mail server for tests: STARTTLS, one account, and mailboxes that are unknown or busy. What it takes lies in its directory."""
import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

directory = pathlib.Path(sys.argv[1])


class Mailboxes:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("busy@"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        who = session.auth_data.login.decode() if session.auth_data else "nobody"
        how = "over TLS" if session.ssl else "in the clear"
        letter = f"X-Peer-Was: {who} {how}\n".encode() + envelope.content
        Mailboxes.count += 1
        (directory / f"{Mailboxes.count:03}.eml").write_bytes(letter.replace(b"\r\n", b"\n"))
        return "250 2.0.0 queued"


def knows(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"warroom", b"open sesame")
    return AuthResult(success=right, handled=False, auth_data=data)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
    loop = asyncio.get_running_loop()
    handler = Mailboxes()

    def serve():
        return SMTP(handler, tls_context=context, require_starttls=True, auth_required=True, authenticator=knows)

    server = await loop.create_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
