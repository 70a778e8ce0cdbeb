# SPDX-License-Identifier: Apache-2.0
"""A bad line between some clients and the broker: it resets, falls silent, delays, and lets a few bytes through a second."""
import asyncio

PIECE = 16 * 1024


class Line:
    """One connection through the proxy, both ways."""

    def __init__(self, proxy, reader, writer):
        self.proxy, self.near = proxy, (reader, writer)
        self.far = None
        self.tasks = []

    async def run(self):
        try:
            self.far = await asyncio.open_connection(*self.proxy.target())
        except OSError:
            self.near[1].transport.abort()
            return
        self.tasks = [asyncio.ensure_future(self.pump(self.near[0], self.far[1])),
                      asyncio.ensure_future(self.pump(self.far[0], self.near[1]))]
        await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        self.cut()

    async def pump(self, reader, writer):
        try:
            while True:
                proxy = self.proxy
                data = await reader.read(proxy.bytes_per_s // 10 if proxy.bytes_per_s else PIECE)
                if not data:
                    return
                if proxy.delay_s:
                    await asyncio.sleep(proxy.delay_s)
                if proxy.bytes_per_s:
                    await asyncio.sleep(0.1)
                await proxy.is_flowing.wait()
                writer.write(data)
                await writer.drain()
        except (OSError, ConnectionError):
            pass

    def cut(self):
        """As a reset: what is under way is lost on both sides."""
        for task in self.tasks:
            task.cancel()
        for end in (self.near, self.far):
            if end:
                end[1].transport.abort()


class Proxy:
    def __init__(self, target):
        self.target = target  # asked at each connection
        self.lines = set()
        self.is_flowing = asyncio.Event()
        self.is_flowing.set()
        self.delay_s = 0.0
        self.bytes_per_s = 0
        self.server = None
        self.address = None

    async def start(self):
        self.server = await asyncio.start_server(self.on_connection, "127.0.0.1", 0, backlog=1024)
        self.address = self.server.sockets[0].getsockname()[:2]

    async def on_connection(self, reader, writer):
        line = Line(self, reader, writer)
        self.lines.add(line)
        try:
            await line.run()
        except asyncio.CancelledError:
            pass  # the run is over
        finally:
            self.lines.discard(line)

    def reset(self, random, share):
        chosen = [line for line in self.lines if random.random() < share]
        for line in chosen:
            line.cut()
        return len(chosen)

    def stop(self):
        for line in list(self.lines):
            line.cut()
        self.server.close()
