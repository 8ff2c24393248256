"""The program that the server starts. It reads the boot line, then forks into guard and worker.

Everything imported before the fork stays in the guard's memory, so we import little there.
"""

import json
import os
import sys

PACKAGE = "pyproxy_worker"
# This file also has to run in older versions, to report them. The other files don't.
OLDEST = (3, 9)


def read_boot_line():
    """Returns the boot line, and any bytes after it: the first commands for the guard."""
    data = b""
    while b"\n" not in data:
        part = os.read(0, 65536)
        if not part:
            sys.exit("Cannot start the python process: stdin ended before the boot line did")
        data += part
    line, _, commands = data.partition(b"\n")
    return json.loads(line), commands


def make_package():
    """Makes our files importable as a package, and by no other name.

    `import errors` in user code must not find our module. The interpreter puts this folder first
    in sys.path; we replace it by "", which is what an interactive interpreter has there.
    """
    folder = os.path.dirname(os.path.realpath(__file__))
    add_package(PACKAGE, folder)
    for entry in os.scandir(folder):
        if entry.is_dir() and entry.name != "__pycache__":
            add_package(PACKAGE + "." + entry.name, entry.path)
    if sys.path and os.path.realpath(sys.path[0]) == folder:
        sys.path[0] = ""
    sys.argv = [""]


def add_package(name, folder):
    package = type(sys)(name)
    package.__path__ = [folder]
    sys.modules[name] = package


def require_version():
    """Exits with a clear message. Without it, the other files would fail with a SyntaxError."""
    if sys.version_info[:2] < OLDEST:
        sys.exit(
            "it is Python %d.%d.%d, and must be %d.%d or newer" % (sys.version_info[:3] + OLDEST)
        )


def main():
    """Reads the boot line, forks, and runs the python process in the child."""
    require_version()
    boot, commands = read_boot_line()
    make_package()
    # Many processes start from one folder. The first one writes compiled files for the others, even
    # if the environment turns that off for user code.
    kept = sys.dont_write_bytecode, sys.pycache_prefix
    sys.dont_write_bytecode, sys.pycache_prefix = False, None

    from pyproxy_worker import pristine

    pristine.install()

    from pyproxy_worker import guard

    guard.split(boot["directory"], commands)

    from pyproxy_worker import life

    sys.dont_write_bytecode, sys.pycache_prefix = kept
    life.run(boot)


main()
