"""A Jupyter kernel, as installed, through jupyter_client.

Its values are text. Bytes go through a comm, its way for them: 64 MB of base64 in code take 40 s.
"""

from jupyter_client.manager import start_new_kernel
from measure import measure

TIMEOUT_SECONDS = 120
COMM = "0" * 32
OPEN_TARGET = """
def opened(comm, _):
    comm.on_msg(lambda message: comm.send({}, buffers=message["buffers"]))
get_ipython().kernel.comm_manager.register_target("echo", opened)
"""


def main():
    manager, client = start_new_kernel()

    def wait(ident):
        """The text of the result."""
        text = None
        while True:
            message = client.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if message["parent_header"].get("msg_id") != ident:
                continue
            if message["msg_type"] == "execute_result":
                text = message["content"]["data"]["text/plain"]
            elif message["msg_type"] == "error":
                raise RuntimeError(message["content"]["evalue"])
            elif message["content"].get("execution_state") == "idle":
                break
        while client.get_shell_msg(timeout=TIMEOUT_SECONDS)["parent_header"]["msg_id"] != ident:
            pass
        return text

    def start():
        return client.execute("2 + 2", store_history=False)

    def send(kind, content, buffers=()):
        message = client.session.msg(kind, {"comm_id": COMM, "data": {}, **content})
        client.session.send(client.shell_channel.socket, message, buffers=list(buffers))

    def echo(data):
        send("comm_msg", {}, [data])
        while True:
            message = client.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if message["msg_type"] == "comm_msg":
                return message["buffers"][0]

    def lines(count):
        code = 'for i in range(%d): print(f"line {i} of what a program prints")' % count
        ident = client.execute(code, store_history=False)
        came = 0
        while came < count:
            message = client.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if message["msg_type"] == "stream":
                came += message["content"]["text"].count("\n")
        wait(ident)

    try:
        wait(client.execute(OPEN_TARGET))
        send("comm_open", {"target_name": "echo"})
        measure(lambda: wait(start()), start, wait, echo, lines)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
