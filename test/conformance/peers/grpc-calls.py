"""gRPC peers of other authors: a server and a client on Debian's grpcio, with messages of plain bytes.

    grpc-calls.py server [CERT KEY]   prints its port, then a line for each call that was cancelled
    grpc-calls.py client PORT         calls such a server through a proxy with TLS, prints what it saw as JSON
"""

import json
import sys
import threading
import time
from concurrent import futures

import grpc

LIMIT_S = 60
BIG = bytes(range(256)) * (3 * 1024 * 1024 // 256)


def serve(files):
    def unary(request, context):
        context.send_initial_metadata((("x-first", "before the answer"),))
        context.set_trailing_metadata((("x-last", "after the answer"), ("x-bytes-bin", b"\x00\xff")))
        return request + b" " + dict(context.invocation_metadata()).get("x-asked", "").encode()

    def fail(request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "grüße, it is closed")

    def count(request, context):
        for number in range(int(request)):
            yield str(number).encode()

    def collect(requests, context):
        return b"+".join(requests)

    def talk(requests, context):
        for request in requests:
            yield request.upper()

    def hang(request, context):
        ended = threading.Event()
        context.add_callback(ended.set)
        yield b"begun"
        ended.wait(LIMIT_S)
        print(f"cancelled {request.decode()}", flush=True)

    def give_up(requests, context):
        next(requests)
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "enough")

    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Talk": grpc.stream_stream_rpc_method_handler(talk),
        "Hang": grpc.unary_stream_rpc_method_handler(hang),
        "GiveUp": grpc.stream_stream_rpc_method_handler(give_up),
    }
    server = grpc.server(futures.ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Peer", handlers),))
    if files:
        certificate, key = (open(file, "rb").read() for file in files)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def call(port, root):
    channel = grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(open(root, "rb").read()))
    grpc.channel_ready_future(channel).result(LIMIT_S)
    path = "/test.Peer/"
    unary, seen = channel.unary_unary(path + "Unary"), {}

    answer, rpc = unary.with_call(b"hello", LIMIT_S, metadata=(("x-asked", "by metadata"),))
    seen["unary"] = answer.decode()
    seen["first"] = dict(rpc.initial_metadata()).get("x-first")
    last = dict(rpc.trailing_metadata())
    seen["last"] = [last.get("x-last"), last.get("x-bytes-bin", b"").hex()]
    seen["big"] = unary(BIG, LIMIT_S) == BIG + b" "

    def failure(act):
        try:
            act()
        except grpc.RpcError as error:
            return [error.code().name, error.details()]
        return None

    seen["fail"] = failure(lambda: channel.unary_unary(path + "Fail")(b"", LIMIT_S))
    seen["unknown"] = failure(lambda: channel.unary_unary(path + "Nothing")(b"", LIMIT_S))[0]
    seen["count"] = len(list(channel.unary_stream(path + "Count")(b"1000", LIMIT_S)))
    seen["collect"] = channel.stream_unary(path + "Collect")(iter([b"a", b"b", b"c"]), LIMIT_S).decode()

    # Each message is sent only once the answer to the one before it is here.
    turn = threading.Semaphore(1)

    def words():
        for word in (b"one", b"two", b"three"):
            if not turn.acquire(timeout=LIMIT_S):
                return
            yield word

    heard = []
    for reply in channel.stream_stream(path + "Talk")(words(), LIMIT_S):
        heard.append(reply.decode())
        turn.release()
    seen["talk"] = heard

    # The server ends a call whose client still sends.
    done = threading.Event()

    def endless():
        while not done.is_set():
            yield b"more"
            time.sleep(0.01)

    seen["giveUp"] = failure(lambda: list(channel.stream_stream(path + "GiveUp")(endless(), LIMIT_S)))
    done.set()

    hanging = channel.unary_stream(path + "Hang")(b"by cancel", LIMIT_S)
    seen["begun"] = next(hanging).decode()
    hanging.cancel()
    seen["cancel"] = failure(lambda: next(hanging))[0]
    # On a slow machine the first limit may be over before the call has reached the server.
    for limit in (1, 5, 25):
        slow, parts = channel.unary_stream(path + "Hang")(b"by deadline", limit), []
        seen["deadline"] = failure(lambda: [parts.append(part) for part in slow])[0]
        if parts:
            break
    # Many at a time on one connection.
    many = [unary.future(str(number).encode(), LIMIT_S) for number in range(200)]
    seen["many"] = all(each.result() == str(number).encode() + b" " for number, each in enumerate(many))
    print(json.dumps(seen))
    channel.close()


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    if mode == "server":
        serve(rest)
    else:
        call(int(rest[0]), rest[1])
