#!/usr/bin/env python3
"""How long redis-server with many keys leaves a client waiting while a snapshot with its graph is taken.

redis_stall.py BUILD [KEYS]: one client sends PING after PING; printed are its longest waits without us, under us, and
under us while the snapshot is taken, in ms; with them what the snapshot says of itself.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time


class Pings(threading.Thread):
    """PINGs one after the other until stopped; remembers the longest wait."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.running, self.longest, self.count = True, 0.0, 0

    def run(self):
        while self.running:
            start = time.monotonic()
            self.socket.sendall(b"PING\r\n")
            if self.socket.recv(64) != b"+PONG\r\n":
                raise SystemExit("redis_stall: no PONG")
            self.longest = max(self.longest, time.monotonic() - start)
            self.count += 1
            time.sleep(0.0005)

    def stop(self):
        self.running = False
        self.join()
        return self


def command(path, *words):
    return subprocess.run(["redis-cli", "-s", path, *words], check=True, capture_output=True, text=True).stdout.strip()


def start(folder, environment):
    path = os.path.join(folder, "redis.sock")
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder,
         "--enable-debug-command", "local"], env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    for _ in range(200):
        if subprocess.run(["redis-cli", "-s", path, "ping"], capture_output=True).stdout == b"PONG\n":
            return server, path
        time.sleep(0.05)
    raise SystemExit("redis_stall: redis-server does not answer")


def longest_wait(path, work):
    pings = Pings(path)
    pings.start()
    result = work()
    pings.stop()
    return pings.longest * 1e3, pings.count, result


def measure(build, keys, folder, preload):
    environment = {"LD_PRELOAD": build + "/liballocscope.so", "ALLOCSCOPE_OPTIONS": "quiet=1:graph=1",
                   "ALLOCSCOPE_OUTPUT": folder + "/exit.snap"} if preload else {}
    server, path = start(folder, environment)
    snapshot = folder + "/now.snap"
    try:
        command(path, "debug", "populate", str(keys))
        idle = longest_wait(path, lambda: time.sleep(5))
        print(f"{'under allocscope' if preload else 'alone'}: longest of {idle[1]} PINGs {idle[0]:.2f} ms")
        if preload:
            ask = [build + "/allocscope", "snapshot", "-p", str(server.pid), "--timeout", "60", "-o", snapshot]
            begin = time.monotonic()
            wait = longest_wait(path, lambda: subprocess.run(ask, check=True, capture_output=True))
            print(f"during the snapshot: longest of {wait[1]} PINGs {wait[0]:.2f} ms; it took {time.monotonic() - begin:.2f} s")
            print(f"keys afterwards: {command(path, 'dbsize')}")
            info = json.loads(subprocess.run([build + "/allocscope", "info", "--json", snapshot], check=True,
                                             capture_output=True).stdout)
            print(f"{info['totals']['live_blocks']} blocks, {os.path.getsize(snapshot) >> 20} MiB; all threads stood for "
                  f"{info['pause_ns'] / 1e6:.2f} ms")
    finally:
        subprocess.run(["redis-cli", "-s", path, "shutdown", "nosave"], capture_output=True)
        server.wait()


def main():
    build, keys = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    for preload in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            measure(build, keys, folder, preload)


main()
