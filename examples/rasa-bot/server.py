"""A stand-in for a Rasa server: its REST channel with an echo behind it. Python 3.9 or newer, standard library only.

    BOT_SIGNING_SECRET=whsec_... PORT=8789 python3 server.py

Requests and answers are Rasa's. Rasa itself doesn't check who asks: is_signed() is what a proxy before it would do.
Read it from the bottom: the server, then what it checks, then what it says. `replies_to` is the part to replace.
https://rasa.com/docs/reference/channels/your-own-website#restinput
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

MAX_BODY_BYTES = 1024 * 1024
# Standard Webhooks' tolerance: an older request may be a replay of one that somebody recorded.
TOLERANCE_SECONDS = 5 * 60
PICTURE = "https://upload.wikimedia.org/wikipedia/commons/4/47/PNG_transparency_demonstration_1.png"


def replies_to(sender, message):
    """What the bot says to one message: a list of responses, which go out in this order.

    What a person tapped comes as its payload: `/intent`, or `/intent{"entity": "value"}`.
    """
    tapped = re.fullmatch(r"/(\w+)\s*(\{.*\})?", message, re.DOTALL)
    if tapped:
        entities = f" with {tapped[2]}" if tapped[2] else ""
        responses = [{"text": f"intent: {tapped[1]}{entities}"}]
    elif message.strip().lower() == "menu":
        buttons = [
            {"title": "Yes", "payload": "/affirm"},
            {"title": "Large", "payload": '/inform{"size": "large"}'},
        ]
        responses = [{"text": "What shall it be?", "buttons": buttons}]
    elif message.strip().lower() == "picture":
        responses = [{"text": "Here it is."}, {"image": PICTURE}]
    else:
        responses = [{"text": f"echo: {message}"}]
    return [{"recipient_id": sender, **response} for response in responses]


def answer_to(body):
    """-> (status, what is answered)"""
    asked = json.loads(body)
    sender, message = asked.get("sender", "default"), asked.get("message")
    if not isinstance(message, str) or not isinstance(sender, str):
        return 400, {"error": "sender and message must be texts"}
    return 200, replies_to(sender, message)


def is_signed(headers, body, keys):
    """Whether the gateway signed exactly these bytes, lately.

    The HMAC covers id.timestamp.body, so that neither id nor time can be exchanged. While secrets rotate there are
    several keys here and several signatures there: one pair is enough.
    """
    request_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not request_id or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    given = [one.encode() for one in headers.get("webhook-signature", "").split(" ")]
    content = f"{request_id}.{timestamp}.".encode() + body
    for key in keys:
        expected = b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
        # Takes the same time wherever they differ, so that a signature can't be found byte by byte.
        if any(hmac.compare_digest(one, expected) for one in given):
            return True
    return False


def read_keys(setting):
    """`whsec_` and 24 to 64 bytes in base64 -> keys. A server that can't check signatures must not run."""
    keys = [decode_secret(one) for one in setting.split()]
    if keys and None not in keys:
        return keys
    sys.exit(
        f"BOT_SIGNING_SECRET is {'malformed' if keys else 'not set'}. Give it the gateway's value: whsec_ "
        'and 24 to 64 bytes in base64, several separated by spaces. Make one: echo "whsec_$(openssl rand -base64 32)"'
    )


def decode_secret(secret):
    if not secret.startswith("whsec_"):
        return None
    encoded = secret[len("whsec_") :].rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        return None
    return key if 24 <= len(key) <= 64 else None


class RestChannel(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive: the gateway need not connect anew for each message
    timeout = 60  # seconds an idle or stuck connection may hold its thread
    wbufsize = -1  # head and body leave in one piece ...
    disable_nagle_algorithm = True  # ... and at once

    keys = []

    def do_GET(self):
        # The second is Rasa's own.
        if self.path in ("/healthz", "/webhooks/rest/"):
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": "POST to /webhooks/rest/webhook; GET /healthz"})

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,15}", length):
            self.close_connection = True
            return self.answer(411, {"error": "Content-Length is missing"})
        body = self.read_body(int(length))
        if body is None:
            return self.answer(413, {"error": "the body is larger than 1 MiB"})
        if urlsplit(self.path).path != "/webhooks/rest/webhook":
            return self.answer(404, {"error": "POST to /webhooks/rest/webhook"})
        if not is_signed(self.headers, body, self.keys):
            return self.answer(401, {"error": "the signature is wrong or too old"})
        try:
            status, said = answer_to(body)
        except Exception:
            traceback.print_exc()
            status, said = 500, {"error": "the bot failed"}
        self.answer(status, said)

    def read_body(self, length):
        """The raw bytes: what is signed is what was sent, not what a parser makes of it. None when too many."""
        if length <= MAX_BODY_BYTES:
            return self.rfile.read(length)
        # Still read, and thrown away: a sender in mid-request would not see our answer.
        while length > 0:
            chunk = self.rfile.read(min(length, 65536))
            if not chunk:
                break
            length -= len(chunk)
        return None

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """No line per request: what people write does not belong in a log by default."""


class Server(ThreadingHTTPServer):
    """Ends when what is being answered is answered."""

    daemon_threads = False  # server_close() waits for them
    request_queue_size = 128  # people write in bursts; the default is 5

    def __init__(self, *args):
        self.connections = set()
        super().__init__(*args)

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self):
        for connection in list(self.connections):
            # No more is read: an idle connection ends, one that is being answered gets its answer.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        super().server_close()


def stop(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    RestChannel.keys = read_keys(os.environ.get("BOT_SIGNING_SECRET", ""))
    port = int(os.environ.get("PORT", "8789"))
    signal.signal(signal.SIGTERM, stop)
    with contextlib.suppress(KeyboardInterrupt), Server(("127.0.0.1", port), RestChannel) as server:
        print(f"Rasa's REST channel on http://127.0.0.1:{port}", flush=True)
        server.serve_forever()
