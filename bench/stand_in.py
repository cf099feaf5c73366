"""A stand-in for Twilio that accepts every message after so many milliseconds and costs next to nothing.

`python -m bench.stand_in PORT MILLISECONDS`
"""

import asyncio
import json
import sys
import time
from itertools import count

SIDS = count(time.time_ns())
ANSWER = {"status": "queued", "num_segments": "1", "num_media": "0", "direction": "outbound-api", "body": "", "uri": ""}


class Connection(asyncio.Protocol):
    """One kept connection: each request is answered in full, in turn."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._read = seconds, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where the answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when the request is complete."""
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0):
            self._read = b""
            asyncio.get_running_loop().call_later(self._seconds, self._answer)

    def _answer(self) -> None:
        body = json.dumps({"sid": f"SM{next(SIDS):032x}", **ANSWER}).encode()
        head = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def main(port: int, milliseconds: float) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(milliseconds / 1000), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
