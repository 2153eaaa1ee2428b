"""How long redis-server with a million keys leaves a client waiting while a snapshot with its graph is taken."""
import json
import os
import shutil
import socket
import subprocess
import threading
import time

from harness.results import number, table_of
from harness.runs import RunFailed
from harness.tools import OURS, PLAIN, WITH_GRAPH

TITLE = "A server during a snapshot"
TARGET = "bench"
SNAPSHOT_AT_EXIT = False
WORDS = """redis-server; one client sends PING after PING over a unix socket, each half a millisecond after the last answer. The longest
wait of five seconds, and that during `allocscope snapshot -p`, which asks by a signal: the process is copied, the copy writes. Medians of three
runs."""

TURNS = 3


class Pings(threading.Thread):
    """PINGs one after the other until stopped; remembers the longest wait."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.running, self.longest, self.answers = True, 0.0, 0

    def run(self):
        while self.running:
            start = time.monotonic()
            self.socket.sendall(b"PING\r\n")
            if self.socket.recv(64) != b"+PONG\r\n":
                return
            self.longest = max(self.longest, time.monotonic() - start)
            self.answers += 1
            time.sleep(0.0005)

    def during(self, work):
        self.start()
        work()
        self.running = False
        self.join()
        if self.answers == 0:
            raise RunFailed("redis-server did not answer")
        return self.longest * 1e3


def command(path, *words):
    return subprocess.run(["redis-cli", "-s", path, *words], check=True, capture_output=True, text=True).stdout.strip()


def start(bench, tool, folder):
    path = os.path.join(folder, "redis.sock")
    words = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder,
             "--enable-debug-command", "local"]
    environment, added = bench.runner.environment(bench.tools[tool], f"{folder}/exit")
    bench.runner.note("redis-server --port 0 --unixsocket redis.sock --save '' --appendonly no --enable-debug-command local")
    server = subprocess.Popen(words, env={**environment, **added}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        if subprocess.run(["redis-cli", "-s", path, "ping"], capture_output=True, check=False).stdout == b"PONG\n":
            return server, path
        time.sleep(0.05)
    server.kill()
    raise RunFailed("redis-server does not answer")


def during_snapshot(bench, server, path, folder):
    snapshot = f"{folder}/now.snap"
    ask = [bench.runner.allocscope, "snapshot", "-p", str(server.pid), "--timeout", "60", "-o", snapshot]
    bench.runner.note("allocscope snapshot -p PID -o now.snap")
    begin = time.monotonic()
    result = {"during": Pings(path).during(lambda: subprocess.run(ask, check=True, capture_output=True))}
    result["seconds"] = time.monotonic() - begin
    info = json.loads(bench.runner.shell(f"{bench.runner.allocscope} info --json {snapshot}")["output"])
    return {**result, "pause": info["pause_ns"] / 1e6, "blocks": info["totals"]["live_blocks"] / 1e6,
            "megabytes": os.path.getsize(snapshot) / 1e6}


def run_one(bench, tool, keys):
    folder = os.path.join(bench.runner.scratch, "redis")
    os.mkdir(folder)
    server, path = start(bench, tool, folder)
    try:
        command(path, "debug", "populate", str(keys))
        result = {"idle": Pings(path).during(lambda: time.sleep(0.5 if bench.quick else 5))}
        if tool != PLAIN:
            result.update(during_snapshot(bench, server, path, folder))
        if command(path, "dbsize") != str(keys):
            raise RunFailed("redis-server lost keys")
        return result
    finally:
        subprocess.run(["redis-cli", "-s", path, "shutdown", "nosave"], capture_output=True, check=False)
        server.wait()
        bench.runner.remove_records()


def measure(bench):
    keys = 10_000 if bench.quick else 1_000_000
    title = f"redis with {keys:,} keys"
    if not shutil.which("redis-server"):
        bench.left_out.append("package redis-server is not installed.")
        return ""
    if not bench.wants(title):
        return ""
    tools = [PLAIN, OURS, WITH_GRAPH]
    result = bench.turns.medians(title, lambda tool: run_one(bench, tool, keys), tools, repeat_of=lambda _: TURNS)
    rows = [[f"{title}: {words}", *(number(result[tool].get(key), digits) for tool in tools)]
            for key, words, digits in (("idle", "longest wait for a PING, ms", 2), ("during", "the same during a snapshot, ms", 2),
                                       ("pause", "pause that the snapshot tells of, ms", 2),
                                       ("seconds", "until the file was there, s", 2), ("blocks", "live blocks, millions", 2),
                                       ("megabytes", "file, MB", 0))]
    return table_of(["", "without the preload", "graph=0", "graph=1"], rows)
