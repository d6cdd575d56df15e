"""Runs a command on a terminal of its own: python3 pseudo_terminal.py COLUMNS ROWS COMMAND...

Standard input: a JSON line each, {"keys": "q"}, {"resize": [120, 40]} or {"signal": 15}.
Standard output: a JSON line each, {"pid": 1}, {"out": "..."} as it comes, and at the end {"exit": 0, "echo": true, "canonical": true}:
the exit code (minus the signal), and how the command left the terminal.
"""
import fcntl, json, os, pty, select, struct, sys, termios


def say(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def resize(master, columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
# The terminal outlives the command because this process holds it open too.
master, slave = pty.openpty()
resize(master, columns, rows)
pid = os.fork()
if pid == 0:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for stream in range(3):
        os.dup2(slave, stream)
    os.execvp(command[0], command)
say(pid=pid)

pending = b""
text = b""
status = None
while True:
    ready, _, _ = select.select([master, 0] if status is None else [master], [], [], 0.05)
    if master in ready:
        text += os.read(master, 65536)
        # A character may come in two halves.
        whole = text.decode("utf-8", "ignore")
        text = text[len(whole.encode("utf-8")):]
        if whole:
            say(out=whole)
    elif status is not None:
        break
    if 0 in ready:
        chunk = os.read(0, 65536)
        if not chunk:
            os.kill(pid, 9)
        pending += chunk
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            asked = json.loads(line)
            if "keys" in asked:
                os.write(master, asked["keys"].encode())
            elif "resize" in asked:
                resize(master, *asked["resize"])
            elif "signal" in asked:
                os.kill(pid, asked["signal"])
    if status is None:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(code)
flags = termios.tcgetattr(slave)[3]
say(exit=status, echo=bool(flags & termios.ECHO), canonical=bool(flags & termios.ICANON))
