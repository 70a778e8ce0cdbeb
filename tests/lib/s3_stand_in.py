#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small S3 store in memory, for tests: strict about signatures, and faulty when it is told to be.

usage: s3_stand_in.py [--max-bytes N] [--tls FOLDER]

Prints its port on the first line. With --tls it speaks TLS for 127.0.0.1, by a certificate that it makes and signs
itself: FOLDER/ca.pem. Region, bucket and keys are the constants below. It checks the
signature itself, from the rules of AWS signature version 4, and answers 403 when it does not fit.

Beside the bucket there is /control, one command a request, without a signature:

  POST /control?fault=503|stall|cut|slow|full|copy_error[&verb=PUT][&after=M][&count=N]
                                                 N such requests, when M others have passed
  POST /control?fault=none                       no longer
  POST /control?age=KEY&ms=N                     the object was written so long ago
  POST /control?plant=KEY                        an object of somebody else's
  GET  /control                                  JSON: objects, and what was asked

source: the S3 user guide, "Authenticating Requests: Using the Authorization Header", and the API reference
"""
import argparse
import datetime
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

REGION, BUCKET, KEY_ID, SECRET = "eu-test-1", "attachments", "WEFTTESTKEY", "s3cret/with+signs"
PIECE = 65536
STALL_S = 60


class Store:
    def __init__(self, room):
        self.lock = threading.Lock()
        self.objects = {}  # key: (bytes, written)
        self.faults = []  # [fault, verb, count, after]
        self.asked = []
        self.room = room

    def fault_for(self, verb):
        with self.lock:
            for fault in self.faults:
                if fault[1] not in ("", verb) or fault[2] == 0:
                    continue
                if fault[3] > 0:
                    fault[3] -= 1
                    continue
                fault[2] -= 1
                return fault[0]
        return ""


def hmac_of(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def encode(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def signature_fault(verb, target, headers):
    """What is wrong with the signature; None: nothing."""
    scheme = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)",
                          headers.get("Authorization", ""))
    if not scheme:
        return "AccessDenied"
    key_id, day, region, signed, given = scheme.groups()
    stamp = headers.get("X-Amz-Date", "")
    when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs(time.time() - when.timestamp()) > 900:
        return "RequestTimeTooSkewed"
    if key_id != KEY_ID:
        return "InvalidAccessKeyId"
    names = signed.split(";")
    wanted = {"host", *(name.lower() for name in headers if name.lower().startswith("x-amz-"))}
    if names != sorted(names) or not wanted <= set(names) or region != REGION or stamp[:8] != day:
        return "AuthorizationHeaderMalformed"
    path, _, query = target.partition("?")
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    canonical = "\n".join([verb, encode(urllib.parse.unquote(path), "/"),
                           "&".join(sorted(f"{encode(name)}={encode(value)}" for name, value in pairs)),
                           *(f"{name}:{' '.join(headers[name].split())}" for name in names), "", signed,
                           headers.get("X-Amz-Content-Sha256", "")])
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = hmac_of(hmac_of(hmac_of(hmac_of(b"AWS4" + SECRET.encode(), day), region), "s3"), "aws4_request")
    return None if hmac.compare_digest(hmac_of(key, text).hex(), given) else "SignatureDoesNotMatch"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store = None

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code):
        self.close_connection = True
        self.answer(status, f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>No.</Message></Error>".encode())

    def key(self):
        path = urllib.parse.unquote(self.path.partition("?")[0])
        return path[len(BUCKET) + 2:] if path.startswith(f"/{BUCKET}/") else None

    def span(self, body):
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        return int(found.group(1)), int(found.group(2) or len(body) - 1)

    # ---- what is asked ----

    def control(self):
        query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
        with self.store.lock:
            if query.get("fault") == "none":
                self.store.faults.clear()
            elif "fault" in query:
                self.store.faults.append([query["fault"], query.get("verb", ""), int(query.get("count", 1)), int(query.get("after", 0))])
            if "age" in query and query["age"] in self.store.objects:
                body, written = self.store.objects[query["age"]]
                self.store.objects[query["age"]] = (body, written - int(query["ms"]) / 1000)
            if "plant" in query:
                self.store.objects[query["plant"]] = (b"planted", 0)
            told = {"objects": {key: len(value[0]) for key, value in self.store.objects.items()}, "asked": self.store.asked}
        self.answer(200, json.dumps(told).encode())

    def serve(self):
        if self.path.startswith("/control"):
            return self.control()
        fault = self.store.fault_for(self.command)
        with self.store.lock:
            self.store.asked.append(f"{self.command} {self.path} {self.headers.get('Range', '')}".rstrip())
        if fault == "stall":
            time.sleep(STALL_S)
        if fault in ("stall", "cut"):
            self.close_connection = True
            return self.connection.close() if fault == "stall" else self.cut()
        if fault == "503":
            return self.refuse(503, "SlowDown")
        wrong = signature_fault(self.command, self.path, self.headers)
        if wrong:
            return self.refuse(403, wrong)
        path = self.path.partition("?")[0]
        if path.strip("/").split("/")[0] != BUCKET:
            return self.refuse(404, "NoSuchBucket")
        return getattr(self, f"on_{self.command.lower()}")(fault)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = serve

    def cut(self):
        """In the middle: of an upload's body, or of the answer's."""
        length = int(self.headers.get("Content-Length", 0))
        if length > 0:
            self.rfile.read(min(length // 2, PIECE))
        body, _ = self.store.objects.get(self.key(), (b"x" * 100, 0))
        if self.command == "GET":
            body = body[self.span(body)[0]:]
            self.send_response(206)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:len(body) // 2])
        self.wfile.flush()
        self.connection.shutdown(2)

    def on_put(self, fault):
        source = self.headers.get("X-Amz-Copy-Source")
        if source is not None:
            return self.on_copy(urllib.parse.unquote(source), fault)
        left, body = int(self.headers["Content-Length"]), bytearray()
        is_full = fault == "full" or left > self.store.room
        while left > 0:
            piece = self.rfile.read1(min(left, PIECE))
            if not piece:
                self.close_connection = True
                return None  # the client went away: no object
            body += piece
            left -= len(piece)
            if fault == "slow":
                time.sleep(0.005)
        if is_full:  # said behind the body, so that no reset overtakes it
            return self.refuse(507, "InsufficientStorage")
        with self.store.lock:
            self.store.objects[self.key()] = (bytes(body), time.time())
        return self.answer(200)

    def on_copy(self, source, fault):
        if fault == "copy_error":
            return self.answer(200, b"<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>")
        with self.store.lock:
            found = self.store.objects.get(source[len(BUCKET) + 2:]) if source.startswith(f"/{BUCKET}/") else None
            if found:
                self.store.objects[self.key()] = (found[0], time.time())
        if not found:
            return self.refuse(404, "NoSuchKey")
        return self.answer(200, b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")

    def on_head(self, _):
        with self.store.lock:
            found = self.key() in self.store.objects
        return self.answer(200 if found else 404)

    def on_delete(self, _):
        with self.store.lock:
            self.store.objects.pop(self.key(), None)
        return self.answer(204)

    def on_get(self, fault):
        if not self.key():
            return self.on_list()
        with self.store.lock:
            found = self.store.objects.get(self.key())
        if not found:
            return self.refuse(404, "NoSuchKey")
        first, last = self.span(found[0])
        if first >= len(found[0]):
            return self.refuse(416, "InvalidRange")
        body = found[0][first:last + 1]
        if fault != "slow":
            return self.answer(206, body)
        self.send_response(206)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(0, len(body), PIECE):
            self.wfile.write(body[at:at + PIECE])
            time.sleep(0.005)
        return None

    def on_list(self):
        query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
        most = int(query.get("max-keys", 1000))
        with self.store.lock:
            keys = sorted(key for key in self.store.objects if key.startswith(query.get("prefix", ""))
                          and key > query.get("start-after", ""))
            rows = [(key, *self.store.objects[key]) for key in keys[:most]]
        date = "%Y-%m-%dT%H:%M:%S.000Z"
        items = "".join(f"<Contents><Key>{escape(key)}</Key><LastModified>{time.strftime(date, time.gmtime(written))}</LastModified>"
                        f"<Size>{len(body)}</Size></Contents>" for key, body, written in rows)
        return self.answer(200, f"<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>{str(len(keys) > most).lower()}</IsTruncated>"
                                f"{items}</ListBucketResult>".encode())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that went away is what some tests want."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)


def speak_tls(server, folder):
    certificate, key = folder / "ca.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=stand-in", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-bytes", type=int, default=1 << 40)
    parser.add_argument("--tls", type=pathlib.Path)
    options = parser.parse_args()
    Handler.store = Store(options.max_bytes)
    server = Server(("127.0.0.1", 0), Handler)
    if options.tls:
        speak_tls(server, options.tls)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
