"""The program that the server starts: reads the boot line and becomes two, guard and worker.

Everything imported before the fork stays in the guard's memory for good, so it is little.
"""

import json
import os
import sys

PACKAGE = "pyproxy_worker"
# This file has to run in older ones as well, to say so; the others need not.
OLDEST = (3, 9)


def read_boot_line():
    """The boot line, and what has come behind it already: the first commands for the guard."""
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

    User code that says `import errors` must not find ours, so this folder may not stay where the
    interpreter has put it: first in sys.path. What stands there interactively is "".
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
    """Ends with a reason where the other files would end with whatever they stumble over."""
    if sys.version_info[:2] < OLDEST:
        sys.exit(
            "it is Python %d.%d.%d, and must be %d.%d or newer" % (sys.version_info[:3] + OLDEST)
        )


def main():
    """Reads, forks, and runs the part that is this process's."""
    require_version()
    boot, commands = read_boot_line()
    make_package()
    # Many processes start from one folder: the first leaves compiled files to the others, whatever
    # the environment says about those of the user.
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
