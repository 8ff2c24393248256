"""The other end of python_shell_peer.mjs: expressions, lines of base64, and `print N`."""

import sys

for line in sys.stdin:
    line = line.rstrip("\n")
    if line.startswith("print "):
        for i in range(int(line[6:])):
            print(f"line {i} of what a program prints")
    elif len(line) > 1000:
        print(line)
    else:
        print(eval(line))
    sys.stdout.flush()
