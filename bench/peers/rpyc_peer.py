"""RPyC in its classic mode, over TCP on loopback, Python to Python."""

import json
import multiprocessing
import sys

import rpyc
from measure import measure
from rpyc.core.service import SlaveService
from rpyc.utils.server import OneShotServer


class Counter:
    """Stands in for the server's stdout and counts the lines that come."""

    count = 0

    def write(self, text):
        self.count += text.count("\n")

    def flush(self):
        pass


def serve(pipe):
    server = OneShotServer(SlaveService, hostname="127.0.0.1", port=0)
    server.listener.listen()  # as start() does, but before the client learns the port
    pipe.send(server.port)
    server.start()


def main():
    # Each line is two calls back, some 2,000 lines a second: a twentieth of them tells as much.
    amount = json.loads(sys.argv[1])
    sys.argv[1] = json.dumps({**amount, "lines": amount["lines"] // 20})
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    connection = rpyc.classic.connect("127.0.0.1", ours.recv())
    connection._config["sync_request_timeout"] = 60
    start = rpyc.async_(connection.eval)
    echo = connection.eval("lambda data: data")

    def lines(count):
        counter = Counter()
        remote = connection.modules.sys
        before = remote.stdout
        remote.stdout = counter
        connection.execute('for i in range(%d): print(f"line {i} of what a program prints")' % count)
        remote.stdout = before
        if counter.count != count:
            raise ValueError("%d of %d lines came" % (counter.count, count))

    measure(
        lambda: connection.eval("2 + 2"),
        lambda: start("2 + 2"),
        lambda result: result.value,
        echo,
        lines,
    )
    connection.close()


if __name__ == "__main__":
    main()
