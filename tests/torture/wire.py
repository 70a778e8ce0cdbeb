# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client and an HTTP call on bare asyncio: what hundreds of clients in one process can afford.

Masks are zero, which is a mask. Nothing is retried here; whoever calls knows what a break means to them.
"""
import asyncio
import json
import time

HANDSHAKE = ("GET /v1/socket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: weft.v1.json\r\n\r\n")
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
BROKEN = 1006


class Refused(Exception):
    """An answer that is a no: its code is the protocol's."""

    def __init__(self, code, retry="never", retry_after_ms=500):
        super().__init__(code)
        self.code, self.retry, self.retry_after_ms = code, retry, retry_after_ms


class Broken(Exception):
    """The line broke before the answer came."""


class Socket(asyncio.Protocol):
    """One connection. on_text(bytes) gets each message, on_close(code) the end, once."""

    def __init__(self, address, on_text, on_close):
        self.host = "%s:%s" % address
        self.on_text, self.on_close = on_text, on_close
        self.transport = None
        self.opened = asyncio.get_running_loop().create_future()
        self.bytes = bytearray()
        self.pieces = []
        self.is_open = False
        self.code = BROKEN
        self.heard = time.monotonic()

    def connection_made(self, transport):
        self.transport = transport
        transport.write(HANDSHAKE.format(self.host).encode())

    def data_received(self, data):
        self.heard = time.monotonic()
        self.bytes += data
        if not self.is_open and not self.take_head():
            return
        while self.take_frame():
            pass

    def take_head(self):
        end = self.bytes.find(b"\r\n\r\n")
        if end < 0:
            return False
        self.is_open = self.bytes.startswith(b"HTTP/1.1 101")
        del self.bytes[:end + 4]
        if not self.opened.done():
            self.opened.set_result(self.is_open)
        if not self.is_open:
            self.transport.abort()
        return self.is_open

    def take_frame(self):
        held = self.bytes
        if len(held) < 2:
            return False
        size, head = held[1] & 127, 2
        if size == 126:
            size, head = int.from_bytes(held[2:4], "big"), 4
        elif size == 127:
            size, head = int.from_bytes(held[2:10], "big"), 10
        if len(held) < head + size:
            return False
        first, payload = held[0], bytes(held[head:head + size])
        del held[:head + size]
        self.take_payload(first, payload)
        return not self.transport.is_closing()

    def take_payload(self, first, payload):
        opcode = first & 15
        if opcode == PING:
            self.put(PONG, payload)
        elif opcode == CLOSE:
            self.code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else 1005
            self.put(CLOSE, payload[:2])
            self.transport.close()
        elif opcode < 3:
            self.pieces.append(payload)
            if first & 0x80:
                whole, self.pieces = b"".join(self.pieces), []
                self.on_text(whole)

    def put(self, opcode, payload):
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xfe)) + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + payload)

    def send(self, frame):
        if self.is_open and not self.transport.is_closing():
            self.put(TEXT, json.dumps(frame, separators=(",", ":")).encode())

    def abort(self):
        if self.transport:
            self.transport.abort()

    def connection_lost(self, _):
        self.is_open = False
        if not self.opened.done():
            self.opened.set_result(False)
        self.on_close(self.code)


async def connect(address, on_text, on_close, within_s=5):
    """An open socket; raises OSError when there is none to be had in time."""
    socket = None

    def make():
        nonlocal socket
        socket = Socket(address, on_text, on_close)
        return socket

    try:
        async with asyncio.timeout(within_s):
            await asyncio.get_running_loop().create_connection(make, *address)
            if await socket.opened:
                return socket
    except TimeoutError:
        pass
    if socket is not None:
        socket.on_close = lambda code: None
        socket.abort()
    raise OSError("no handshake")


async def call(address, method, path, body=None, token=None, within_s=10):
    """An HTTP door's answer as a value; Refused when it says no, OSError when it says nothing."""
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(*address)
            try:
                payload = b"" if body is None else json.dumps(body).encode()
                head = f"{method} {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nConnection: close\r\n"
                head += f"Authorization: Bearer {token}\r\n" if token else ""
                head += f"Content-Length: {len(payload)}\r\n\r\n" if body is not None else "\r\n"
                writer.write(head.encode() + payload)
                answer = await reader.read()
            finally:
                writer.transport.abort()
    except TimeoutError as error:
        raise OSError("no answer in time") from error
    return understand(answer)


def understand(answer):
    head, _, rest = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 ") or (b"content-length" in head.lower() and not whole(head, rest)):
        raise OSError("half an answer")
    if b"transfer-encoding: chunked" in head.lower():
        rest = unchunk(rest)
    status = int(head[9:12])
    value = json.loads(rest) if rest else {}
    if status >= 400:
        error = value.get("error", {})
        raise Refused(error.get("code", str(status)), error.get("retry", "never"), error.get("retry_after_ms", 500))
    return value


def whole(head, rest):
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(rest) >= int(value)
    return True


def unchunk(rest):
    pieces = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size or b"0", 16)
        if length == 0:
            return b"".join(pieces)
        pieces.append(rest[:length])
        rest = rest[length + 2:]
    raise OSError("half an answer")


async def insist(address, method, path, body=None, token=None, within_s=60):
    """The same call until it is answered: for what is safe to repeat."""
    end = time.monotonic() + within_s
    while True:
        try:
            return await call(address, method, path, body, token)
        except OSError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)
        except Refused as refused:
            if refused.retry == "never" or time.monotonic() > end:
                raise
            await asyncio.sleep(refused.retry_after_ms / 1000)
