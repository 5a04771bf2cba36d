"""Carries what workers send each other: `python -c SOURCE PORT=HOST:PORT ...`, in a container.

From SIGUSR1 on it stalls: what is connected stays so, others may connect, and nothing is carried.
"""

from __future__ import annotations

import asyncio
import signal
import sys


async def carry(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, flows: asyncio.Event
) -> None:
    """Carry one direction of a connection until its source ends."""
    try:
        while chunk := await source.read(1 << 16):
            await flows.wait()
            sink.write(chunk)
            await sink.drain()
    except ConnectionError:
        pass  # one of the two has gone: the other is told by the end of its connection
    finally:
        sink.close()


async def listen(port: int, host: str, beyond: int, flows: asyncio.Event) -> None:
    """Take connections on a port, and carry each to another machine's."""

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(host, beyond)
        except OSError:  # not there yet: who connected tries again
            writer.close()
            return
        await asyncio.gather(carry(reader, there[1], flows), carry(there[0], writer, flows))

    server = await asyncio.start_server(taken, port=port)
    await server.serve_forever()


async def main(places: list[str]) -> None:
    """Listen on all ports, without end."""
    flows = asyncio.Event()
    flows.set()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, flows.clear)
    ways = []
    for place in places:
        port, _, target = place.partition("=")
        host, _, beyond = target.rpartition(":")
        ways.append(listen(int(port), host, int(beyond), flows))
    await asyncio.gather(*ways)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
