"""WebSocket peers of other authors: a server and clients on Debian's websockets, wsproto and h2.

    websocket.py server              prints its port; ends when its input does
    websocket.py client PORT TLS     talks to such a server through a proxy, prints what it saw as JSON
    websocket.py h2 PORT             the same on a stream of HTTP/2 (RFC 8441)
    websocket.py half PORT TLS       ends its side first and goes on reading
"""

import asyncio
import json
import socket
import ssl
import sys

BIG = bytes(range(256)) * (16 * 1024 * 1024 // 256)
LIMIT_S = 60


def client_context(protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context


# The server.


async def serve_websockets():
    import websockets

    closes = []

    async def handler(connection):
        path = connection.path
        if path == "/closes":
            await connection.send(json.dumps(closes))
            return
        if path == "/close-me":
            await connection.close(4321, "closed by the server")
            return
        if path == "/ping-me":
            await asyncio.wait_for(await connection.ping(b"are you there"), LIMIT_S)
            await connection.send("the pong came")
            return
        if path == "/fragments":
            await connection.send(["one ", "two ", "three"])
            return
        try:
            async for message in connection:
                await connection.send(message)
        finally:
            closes.append([connection.close_code, connection.close_reason])

    server = await websockets.serve(handler, "127.0.0.1", 0, max_size=32 * 1024 * 1024, subprotocols=["echo"])
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


def serve_half():
    """Takes one connection, waits for the end of the client's side, and only then says what it has to say."""
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import AcceptConnection, Message, Request

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    peer, _ = listener.accept()
    peer.settimeout(LIMIT_S)
    connection = WSConnection(ConnectionType.SERVER)
    heard = ""
    while data := peer.recv(65536):
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, Request):
                peer.sendall(connection.send(AcceptConnection()))
            elif isinstance(event, Message):
                heard += event.data
    peer.sendall(connection.send(Message(data=f"after your end: {heard}")))
    peer.close()


# Clients.


async def talk(port, secure):
    import websockets

    scheme = "wss" if secure else "ws"
    more = {"ssl": client_context(["http/1.1"])} if secure else {}

    def connect(path, **options):
        return websockets.connect(
            f"{scheme}://127.0.0.1:{port}{path}", max_size=32 * 1024 * 1024, **more, **options
        )

    seen = {}
    async with connect("/echo", subprotocols=["echo"]) as connection:
        seen["subprotocol"] = connection.subprotocol
        seen["extensions"] = [type(extension).__name__ for extension in connection.extensions]
        await connection.send("grüße")
        seen["text"] = await connection.recv()
        await connection.send(b"\x00\xff")
        seen["binary"] = (await connection.recv()).hex()
        await connection.send(["in ", "three ", "parts"])
        seen["fragments"] = await connection.recv()
        await asyncio.wait_for(await connection.ping(b"ping"), LIMIT_S)
        seen["pong"] = True
        await connection.send(BIG)
        seen["big"] = (await connection.recv()) == BIG
        await connection.close(4001, "enough")
    async with connect("/echo", compression=None) as connection:
        await connection.send(BIG)
        seen["bigPlain"] = (await connection.recv()) == BIG
    async with connect("/fragments") as connection:
        seen["serverFragments"] = await connection.recv()
    async with connect("/ping-me") as connection:
        seen["serverPing"] = await connection.recv()
    async with connect("/close-me") as connection:
        try:
            await connection.recv()
        except websockets.ConnectionClosed:
            seen["serverClose"] = [connection.close_code, connection.close_reason]
    # The server notes a close once it has seen it, which may be after we have.
    for _ in range(600):
        async with connect("/closes") as connection:
            seen["closes"] = json.loads(await connection.recv())
        if len(seen["closes"]) >= 2:
            break
        await asyncio.sleep(0.1)
    print(json.dumps(seen))


def half(port, secure):
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import AcceptConnection, Message, Request

    raw = socket.create_connection(("127.0.0.1", port), LIMIT_S)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context(["http/1.1"]).wrap_bio(incoming, outgoing) if secure else None

    def step(what):
        """Runs a step of TLS until it needs nothing more."""
        while True:
            try:
                return what()
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
            finally:
                raw.sendall(outgoing.read())

    def send(data):
        raw.sendall(data) if tls is None else step(lambda: tls.write(data))

    def receive():
        return raw.recv(65536) if tls is None else step(lambda: tls.read(65536))

    if tls is not None:
        step(tls.do_handshake)
    connection = WSConnection(ConnectionType.CLIENT)
    send(connection.send(Request(host="127.0.0.1", target="/half")))
    seen = {"late": ""}
    while data := receive():
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, AcceptConnection):
                send(connection.send(Message(data="first")))
                if tls is None:
                    raw.shutdown(socket.SHUT_WR)
                else:
                    try:
                        tls.unwrap()
                    except ssl.SSLError:
                        pass
                    raw.sendall(outgoing.read())
            elif isinstance(event, Message):
                seen["late"] += event.data
        if seen["late"]:
            break
    print(json.dumps(seen))


def talk_h2(port):
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset
    from h2.settings import SettingCodes
    from wsproto import ConnectionType
    from wsproto.connection import Connection
    from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

    sock = client_context(["h2"]).wrap_socket(socket.create_connection(("127.0.0.1", port), LIMIT_S))
    h2 = H2Connection(H2Configuration(client_side=True))
    h2.initiate_connection()
    h2.increment_flow_control_window(64 * 1024 * 1024)
    h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 32 * 1024 * 1024})
    sock.sendall(h2.data_to_send())
    seen = {}
    states = {}

    def pump():
        data = sock.recv(65536)
        if not data:
            raise EOFError("the proxy closed the connection")
        for event in h2.receive_data(data):
            state = states.get(getattr(event, "stream_id", None))
            if isinstance(event, RemoteSettingsChanged):
                for code, change in event.changed_settings.items():
                    seen.setdefault("settings", {})[int(code)] = change.new_value
            elif state is None:
                continue
            elif isinstance(event, ResponseReceived):
                state["headers"] = {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, DataReceived):
                h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if state["headers"][":status"] == "200" and event.data:
                    state["ws"].receive_data(event.data)
                    state["events"].extend(state["ws"].events())
                else:
                    state["body"] += event.data
            elif isinstance(event, StreamEnded):
                state["ended"] = True
            elif isinstance(event, StreamReset):
                state["reset"] = event.error_code
        sock.sendall(h2.data_to_send())

    def open_socket(path, protocol="websocket"):
        stream = h2.get_next_available_stream_id()
        states[stream] = {
            "headers": None, "events": [], "ended": False, "reset": None, "body": b"",
            "ws": Connection(ConnectionType.CLIENT),
        }  # fmt: skip
        h2.send_headers(stream, [
            (":method", "CONNECT"), (":protocol", protocol), (":scheme", "https"), (":path", path),
            (":authority", f"127.0.0.1:{port}"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "echo"),
        ])  # fmt: skip
        sock.sendall(h2.data_to_send())
        while states[stream]["headers"] is None and states[stream]["reset"] is None:
            pump()
        return stream, states[stream]

    def send(stream, data):
        view = memoryview(data)
        while len(view) > 0:
            room = min(h2.local_flow_control_window(stream), h2.max_outbound_frame_size, len(view))
            if room == 0:
                pump()
                continue
            h2.send_data(stream, bytes(view[:room]))
            sock.sendall(h2.data_to_send())
            view = view[room:]

    def message(stream, state, kind):
        parts = []
        while True:
            while state["events"]:
                event = state["events"].pop(0)
                if isinstance(event, kind):
                    if kind in (Pong, CloseConnection):
                        return event
                    parts.append(event.data)
                    if event.message_finished:
                        return parts[0][:0].join(parts)
            pump()

    while "settings" not in seen:
        pump()
    seen["enablesConnect"] = seen.pop("settings").get(8)
    stream, state = open_socket("/echo")
    ws = state["ws"]
    seen["status"] = state["headers"][":status"]
    seen["subprotocol"] = state["headers"].get("sec-websocket-protocol")
    seen["accept"] = state["headers"].get("sec-websocket-accept")
    send(stream, ws.send(TextMessage("grüße")))
    seen["text"] = message(stream, state, TextMessage)
    send(stream, ws.send(TextMessage("in ", message_finished=False)) + ws.send(TextMessage("parts")))
    seen["fragments"] = message(stream, state, TextMessage)
    send(stream, ws.send(BytesMessage(b"\x00\xff")))
    seen["binary"] = bytes(message(stream, state, BytesMessage)).hex()
    send(stream, ws.send(Ping(b"ping")))
    seen["pong"] = bytes(message(stream, state, Pong).payload).decode()
    send(stream, ws.send(BytesMessage(BIG)))
    seen["big"] = bytes(message(stream, state, BytesMessage)) == BIG
    # A second one beside it, on the same connection.
    other, other_state = open_socket("/close-me")
    close = message(other, other_state, CloseConnection)
    seen["serverClose"] = [int(close.code), close.reason]
    send(stream, ws.send(CloseConnection(4001, "enough")))
    close = message(stream, state, CloseConnection)
    seen["close"] = [int(close.code), close.reason]
    h2.end_stream(stream)
    sock.sendall(h2.data_to_send())
    while not state["ended"] and state["reset"] is None:
        pump()
    seen["ended"] = state["ended"]
    _, refused = open_socket("/echo", "connect-udp")
    seen["otherProtocol"] = refused["headers"][":status"]
    print(json.dumps(seen))
    sock.close()


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    if mode == "server":
        asyncio.run(serve_websockets())
    elif mode == "half-server":
        serve_half()
    elif mode == "client":
        asyncio.run(talk(int(rest[0]), rest[1] == "tls"))
    elif mode == "half":
        half(int(rest[0]), rest[1] == "tls")
    elif mode == "h2":
        talk_h2(int(rest[0]))
