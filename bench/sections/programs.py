"""Real programs under every tool: what the run costs, what it leaves behind, and when the answer is there."""
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field

from harness.inputs import write_inputs
from harness.results import number, table_of
from harness.runs import LIMIT_SECONDS, MeteredRun, RunFailed
from harness.tools import GPERFTOOLS, HEAPTRACK_WHOLE, LIBUNWIND, LSAN, OURS, PLAIN, SAMPLED

TITLE = "Real programs"
TARGET = "bench-programs"
GPERFTOOLS_RUNS, GPERFTOOLS_SECONDS = 1, 60
SNAPSHOT_AT_EXIT = True
WORDS = f"""CPU seconds and largest resident set of the program itself, with what the tool does inside it. *Beside*: CPU
seconds of the tool's other processes, then or later. *Answer after*: wall seconds from the start until a report was printed, of all
processes, names of addresses never cached. *Record*: bytes left on disk. *Output*: whether what the program printed and its
exit code are those of the plain run.

heaptrack runs as its script starts it (a fifo, `heaptrack_interpret`, zstd), then `heaptrack_print`; gperftools writes its
profile at exit, then `google-pprof --text`; LSan prints its report at exit, and records whole stacks only of programs that
keep frame pointers. gperftools is slow: it makes one run, which is given up after {GPERFTOOLS_SECONDS} s."""

TOOLS = [PLAIN, OURS, LIBUNWIND, SAMPLED, HEAPTRACK_WHOLE, LSAN, GPERFTOOLS]


@dataclass
class Program:
    title: str
    command: list  # without its path; {inputs} stands for the folder of inputs
    variables: dict = field(default_factory=dict)
    server: bool = False


MALLOC = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}
PROGRAMS = [
    Program("python3 json", ["python3", "-S", "{inputs}/json.py.txt"], MALLOC),
    Program("python3 ast", ["python3", "-S", "{inputs}/ast.py.txt", "{inputs}/source.py.txt"], MALLOC),
    Program("perl hash", ["perl", "{inputs}/hash.pl"], {"PERL_HASH_SEED": "0"}),
    Program("C++ containers", ["containers_workload", "20"]),
    Program("cc1 -O2", ["cc1", "-quiet", "-O2", "{inputs}/big.c", "-o", "-"]),
    Program("cc1plus -O1", ["cc1plus", "-quiet", "-fpreprocessed", "-O1", "{inputs}/big.ii", "-o", "-"]),
    Program("sqlite3", ["sqlite3", ":memory:", ".read {inputs}/big.sql"]),
    Program("redis-server", ["redis-server", "--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--port", "{port}"],
            server=True),
    Program("lua5.4", ["lua5.4", "{inputs}/trees.lua", "14"]),
    Program("node", ["node", "{inputs}/trees.js"]),
]


def path_of(bench, name):
    """Where a program is, or None."""
    own = bench.runner.program(name)
    if os.path.exists(own):
        return own
    if name.startswith("cc1"):
        answer = subprocess.run(["gcc", "-print-prog-name=" + name], capture_output=True, text=True, check=False)
        return answer.stdout.strip() if os.path.isabs(answer.stdout.strip()) else None
    # The system's own first: it is the one that others can have too.
    return shutil.which(name, path="/usr/bin:/bin") or shutil.which(name)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def use_server(port):
    """Load the server as redis-benchmark does, ask what it has, end it; returns the answers."""
    client = ["redis-cli", "-h", "127.0.0.1", "-p", str(port)]
    load = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-q", "-n", "40000", "-P", "16", "-r", "20000", "-d", "64",
            "-t", "set,get,lpush,rpop,sadd,hset"]
    end = time.monotonic() + 30
    while subprocess.run(client + ["ping"], capture_output=True, check=False).stdout.strip() != b"PONG":
        if time.monotonic() > end:
            raise RunFailed("the server did not answer")
        time.sleep(0.01)
    subprocess.run(load, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=120)
    asked = [["set", "a", "b"], ["get", "a"], ["llen", "mylist"], ["exists", "myset"]]
    answers = [subprocess.run(client + words, capture_output=True, text=True, check=False).stdout for words in asked]
    subprocess.run(client + ["shutdown", "nosave"], capture_output=True, check=False)
    return "".join(answers)


def run_program(bench, tool, program, inputs):
    """One run of PROGRAM and one answer of TOOL."""
    port = free_port() if program.server else 0
    path = path_of(bench, program.command[0])
    command = [path] + [word.format(inputs=inputs, port=port) for word in program.command[1:]]
    run = MeteredRun(bench.runner, tool, command, program.variables)
    try:
        answers = use_server(port) if program.server else None
        result = run.finish(GPERFTOOLS_SECONDS if tool.name == GPERFTOOLS else LIMIT_SECONDS)
    finally:
        run.end()
    if answers is not None:
        result["digest"] = answers
    if tool.answer:
        answer = bench.runner.shell(bench.runner.fill(tool.answer, run.record, path),
                                    {**os.environ, "XDG_CACHE_HOME": bench.runner.scratch})
        result["beside_cpu"] += answer["cpu"]
        result["answer_wall"] += answer["wall"]
    return result


def measure(bench):
    inputs = os.path.join(bench.runner.build, "bench", "inputs")
    write_inputs(inputs)
    names = bench.present([tool for tool in TOOLS if not (bench.quick and tool == GPERFTOOLS)])
    results = {}
    for program in PROGRAMS:
        if not bench.wants(program.title):
            continue
        if path_of(bench, program.command[0]) is None or (program.server and not shutil.which("redis-benchmark")):
            bench.left_out.append(f"{program.title} was left out: {program.command[0]} is not installed.")
            continue
        bench.runner.note(" ".join([f"{key}={value}" for key, value in program.variables.items()] + program.command))
        results[program.title] = bench.turns.medians(
            program.title, lambda tool: run_program(bench, bench.tools[tool], program, inputs), names,
            repeat_of=lambda tool: GPERFTOOLS_RUNS if tool == GPERFTOOLS else bench.options.repeat)
    return (table_of(["CPU time, times that of the plain run"] + names[1:],
                     [summary_row(title, result, names[1:]) for title, result in results.items()]) + "\n\n" +
            table_of(["", "runs", "CPU, s", "x plain", "peak, MB", "record, MB", "beside, CPU s", "answer after, s",
                      "output"],
                     [row for title, result in results.items() for row in rows_of(title, result, names)]))


def summary_row(title, result, names):
    if PLAIN not in result:
        return [title] + ["-"] * len(names)
    plain = result[PLAIN]["cpu_seconds"]
    return [title] + [number(result[name]["cpu_seconds"] / plain, 2) if name in result else "failed" for name in names]


def rows_of(title, result, names):
    rows = []
    for name in names:
        if name not in result:
            rows.append([f"{title}: {name}"] + ["-"] * 7 + ["failed"])
            continue
        cell, plain = result[name], result.get(PLAIN, {})
        same = cell["digest"] == plain.get("digest")
        rows.append([f"{title}: {name}", str(cell["runs"]), number(cell["cpu_seconds"], 2),
                     number(cell["cpu_seconds"] / plain["cpu_seconds"], 2) if plain else "-",
                     number(cell["peak_bytes"] / 1e6), number(cell["record_bytes"] / 1e6, 2),
                     number(cell["beside_cpu"], 2), number(cell["answer_wall"], 2), "same" if same else "changed"])
    return rows
