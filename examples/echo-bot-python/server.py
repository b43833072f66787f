"""An echo bot for Messengate's native protocol (docs/bot-protocol.md): Python 3.9 or newer, standard library only.

    BOT_SIGNING_SECRET=whsec_... PORT=8789 python3 server.py

Read it from the bottom: the server, then what it checks, then what it says. `reply_to` is the part to replace.
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
import threading
import time
import traceback
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY_BYTES = 1024 * 1024
# Standard Webhooks' tolerance: an older request may be a replay of one that somebody recorded.
TOLERANCE_SECONDS = 5 * 60
REMEMBERED_ANSWERS = 1000
# Meta refuses longer texts.
MAX_TEXT = 2000


def reply_to(event):
    """What the bot says to one event: a Send API message, or None. `raw` is the event as Meta sent it."""
    raw = event["raw"]
    if event["type"] == "postback":
        return text(f"payload: {raw['postback'].get('payload') or raw['postback'].get('title') or ''}")
    if event["type"] != "message":
        return None
    message = raw["message"]
    # A tapped quick reply carries its title as text, too: the payload is what the bot once chose.
    if message.get("quick_reply"):
        return text(f"payload: {message['quick_reply'].get('payload')}")
    if message.get("text"):
        return text(f"echo: {message['text']}")
    if message.get("attachments"):
        return text("attachment: " + ", ".join(one.get("type", "?") for one in message["attachments"]))
    return None


def text(content):
    return {"text": content[:MAX_TEXT]}


def answer_to(data):
    """The answer to a whole delivery. One delivery may hold several events; their replies go out in this order."""
    messages = [reply for reply in map(reply_to, data["events"]) if reply is not None]
    if not messages:
        return {}
    # The gateway keeps `state` for us and hands it back with the next delivery of this conversation.
    # Sending its version along makes it keep the stored one, should somebody else have changed it meanwhile.
    conversation = data["conversation"]
    left = conversation.get("state")
    count = (left.get("count", 0) if isinstance(left, dict) else 0) + len(messages)
    return {"messages": messages, "state": {"count": count}, "state_version": conversation["state_version"]}


# webhook-id -> the answer given, oldest first. A real bot keeps these where they survive a restart.
answers = OrderedDict()
# Each request has its thread; the lock lets a redelivery wait for the answer that is being made.
answers_lock = threading.Lock()


def answer_once(delivery_id, body):
    """Deliveries come at least once: when our answer is lost, the same one comes again under the same webhook-id.

    It must get the same answer, not be worked on twice.
    """
    with answers_lock:
        if delivery_id not in answers:
            answers[delivery_id] = json.dumps(answer_to(json.loads(body)["data"])).encode()
            if len(answers) > REMEMBERED_ANSWERS:
                answers.popitem(last=False)
        return answers[delivery_id]


def is_signed(headers, body, keys):
    """Whether the gateway signed exactly these bytes, lately.

    The HMAC covers id.timestamp.body, so that neither id nor time can be exchanged. While secrets rotate there are
    several keys here and several signatures there: one pair is enough.
    """
    delivery_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not delivery_id or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    given = [one.encode() for one in headers.get("webhook-signature", "").split(" ")]
    content = f"{delivery_id}.{timestamp}.".encode() + body
    for key in keys:
        expected = b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
        # Takes the same time wherever they differ, so that a signature can't be found byte by byte.
        if any(hmac.compare_digest(one, expected) for one in given):
            return True
    return False


def read_keys(setting):
    """`whsec_` and 24 to 64 bytes in base64 -> keys. A bot that can't check signatures must not run."""
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


class Bot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive: the gateway need not connect anew for each delivery
    timeout = 60  # seconds an idle or stuck connection may hold its thread
    wbufsize = -1  # head and body leave in one piece ...
    disable_nagle_algorithm = True  # ... and at once

    keys = []

    def do_GET(self):
        if self.path == "/healthz":
            self.answer(200, b'{"status":"ok"}')
        else:
            self.answer(405, b'{"error":"POST deliveries here; GET /healthz"}')

    def do_POST(self):
        """To the gateway, most 4xx are final; 5xx and silence mean "again later"."""
        length = self.headers.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,15}", length):
            self.close_connection = True
            return self.answer(411, b'{"error":"Content-Length is missing"}')
        body = self.read_body(int(length))
        if body is None:
            return self.answer(413, b'{"error":"the body is larger than 1 MiB"}')
        if not is_signed(self.headers, body, self.keys):
            return self.answer(401, b'{"error":"the signature is wrong or too old"}')
        try:
            answer = answer_once(self.headers["webhook-id"], body)
        except Exception:
            traceback.print_exc()
            return self.answer(500, b'{"error":"the bot failed"}')
        self.answer(200, answer)

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

    def answer(self, status, body):
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
    Bot.keys = read_keys(os.environ.get("BOT_SIGNING_SECRET", ""))
    port = int(os.environ.get("PORT", "8789"))
    signal.signal(signal.SIGTERM, stop)
    with contextlib.suppress(KeyboardInterrupt), Server(("127.0.0.1", port), Bot) as server:
        print(f"echo bot on http://127.0.0.1:{port}", flush=True)
        server.serve_forever()
