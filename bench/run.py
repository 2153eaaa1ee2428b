#!/usr/bin/env python3
"""What allocscope costs, beside heaptrack and beside nothing, in one interleaved run.

    python3 bench/run.py --build build/release --output bench/results.md [--quick] [--only pairs,live,marks]

Every cell is the median of --repeat runs; the tools take turns, so that what disturbs one disturbs all.
heaptrack runs as its own script starts it, but without the second process: its preload library writes the
raw record to a file (what `heaptrack --record-only` does), which is the cheapest way to use it.
"""
import argparse
import glob
import os
import platform
import re
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PLAIN, OURS, SAMPLED, HEAPTRACK = "plain", "allocscope", "sampled", "heaptrack"


class Machine:
    """Where everything is, and how one program is run under one tool."""

    def __init__(self, build, scratch):
        self.build = os.path.abspath(build)
        self.scratch = scratch
        self.library = os.path.join(self.build, "liballocscope.so")
        self.tool = os.path.join(self.build, "allocscope")
        self.heaptrack_library = first_of("/usr/lib*/heaptrack/libheaptrack_preload.so",
                                          "/usr/lib/*/heaptrack/libheaptrack_preload.so")
        self.heaptrack_interpret = first_of("/usr/lib*/heaptrack/libexec/heaptrack_interpret",
                                            "/usr/lib/*/heaptrack/libexec/heaptrack_interpret",
                                            "/usr/libexec/heaptrack_interpret")
        self.environments = {}  # tool: how it is put in front of a workload
        self.commands = {}  # table: the command lines behind it

    def tools(self):
        return [PLAIN, OURS] + ([HEAPTRACK] if self.heaptrack_library else [])

    def environment(self, tool, name):
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        if tool in (OURS, SAMPLED):
            # No snapshot at exit: what the benchmark wants, it takes itself.
            kept.update(LD_PRELOAD=self.library, ALLOCSCOPE_OUTPUT=f"{self.scratch}/{name}.snap",
                        ALLOCSCOPE_OPTIONS="quiet=1:force=1:snapshot_at=" + (":sample=512K" if tool == SAMPLED else ""))
        elif tool == HEAPTRACK:
            kept.update(LD_PRELOAD=self.heaptrack_library, DUMP_HEAPTRACK_OUTPUT=f"{self.scratch}/{name}.raw")
        return kept

    def run(self, table, tool, program, arguments, name="run", processors=None):
        """Run one workload; returns its key=value lines as numbers."""
        command = [os.path.join(self.build, "bench", program), *map(str, arguments)]
        environment = self.environment(tool, name)
        self.note(table, tool, environment, command)
        before = (lambda: os.sched_setaffinity(0, processors)) if processors else None
        done = subprocess.run(command, env=environment, cwd=self.scratch, preexec_fn=before, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: {tool}: {shlex.join(command)} ended with {done.returncode}\n{done.stderr}")
        return {key: float(value) for key, value in re.findall(r"^(\w+)=([-\d.]+)$", done.stdout, re.M)}

    def read(self, table, tool, command):
        """Run a reading command in a shell; returns its CPU and wall seconds."""
        self.note(table, tool, {}, ["sh", "-c", command])
        usage, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, shell=True, cwd=self.scratch, check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            sys.exit(f"bench: {tool}: {command} ended with {done.returncode}\n{done.stderr}")
        return {"cpu": after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime, "wall": wall}

    def note(self, table, tool, environment, command):
        words = [f"{key}={value}" for key, value in environment.items() if key not in ("PATH", "HOME", "LANG")]
        self.environments.setdefault(tool, self.shorten(" ".join(words + ["WORKLOAD"])))
        line = self.shorten(command[2] if command[:2] == ["sh", "-c"] else shlex.join(command))
        lines = self.commands.setdefault(table, [])
        if line not in lines:
            lines.append(line)

    def shorten(self, line):
        return line.replace(self.build, os.path.relpath(self.build)).replace(self.scratch, "$SCRATCH")


def first_of(*patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            return path
    return None


def idle_share(processors, seconds=0.2):
    """Share of the time in which PROCESSORS did nothing, over a short while."""
    def ticks():
        with open("/proc/stat", encoding="ascii") as stat:
            rows = [line.split() for line in stat if line.startswith("cpu") and line[3].isdigit()]
        return {int(row[0][3:]): [int(value) for value in row[1:9]] for row in rows}
    before = ticks()
    time.sleep(seconds)
    after = ticks()
    shares = []
    for processor in processors:
        spent = [y - x for x, y in zip(before[processor], after[processor])]
        shares.append((spent[3] + spent[4]) / max(1, sum(spent)))
    return min(shares)


def wait_until_idle(processors, limit):
    """Wait until others leave PROCESSORS alone, at most LIMIT seconds. Returns False when they did not."""
    end = time.monotonic() + limit
    while idle_share(processors) < 0.85:
        if time.monotonic() > end:
            return False
    return True


class Turns:
    """Runs of several tools in turn, and the medians of what they reported."""

    def __init__(self, machine, options):
        self.machine, self.options = machine, options
        self.disturbed = 0

    def medians(self, title, measure, processors, further=()):
        """measure(tool) -> {key: number}; returns {tool: {key: median}}. FURTHER: tools besides the usual ones."""
        tools = self.machine.tools() + list(further)
        results = {tool: [] for tool in tools}
        for turn in range(self.options.repeat):
            for tool in tools[turn % len(tools):] + tools[:turn % len(tools)]:
                if not wait_until_idle(processors, self.options.wait_idle):
                    self.disturbed += 1
                results[tool].append(measure(tool))
        print(f"bench: {title}", file=sys.stderr)
        return {tool: {key: statistics.median(row[key] for row in rows if key in row)
                       for key in {key for row in rows for key in row}} for tool, rows in results.items()}


def number(value, digits=1):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(ours, theirs):
    return "-" if not ours or not theirs or ours <= 0 else f"{theirs / ours:.1f}x"


def table_of(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def pair_cells(options):
    """(title, depth, stacks, burst, threads); 256 stacks and 8 pairs per descent unless the title says otherwise."""
    cells = [(f"depth {depth}, {threads} thread{'s' * (threads > 1)}", depth, 256, 8, threads)
             for threads in (1, 2, 4) for depth in (5, 20, 60)]
    if not options.quick:
        cells += [(f"depth {depth}, one stack, hot", depth, 1, 1000, 1) for depth in (5, 20, 60)]
        cells += [("depth 20, another stack every pair, of 256", 20, 256, 1, 1),
                  ("depth 20, another stack every pair, of 65,536", 20, 65536, 1, 1)]
    return cells


def measure_pairs(turns, options):
    machine, rows, totals = turns.machine, [], {}
    for title, depth, stacks, burst, threads in pair_cells(options):
        pairs = (200_000 if options.quick else 2_000_000) // threads // (2 if depth >= 60 else 1)
        processors = {min(os.sched_getaffinity(0))} if threads == 1 else os.sched_getaffinity(0)
        result = turns.medians(title, lambda tool: machine.run(
            "pairs", tool, "pair_workload", [depth, pairs, stacks, burst, threads], processors=processors), processors,
            further=[SAMPLED])
        plain = result[PLAIN]["ns_per_pair"]
        ours = result[OURS]["ns_per_pair"] - plain
        sampled = result[SAMPLED]["ns_per_pair"] - plain
        theirs = result[HEAPTRACK]["ns_per_pair"] - plain if HEAPTRACK in result else None
        rows.append([title, number(plain), number(ours), number(sampled), number(theirs), ratio(ours, theirs)])
        totals[depth, stacks, burst, threads] = {tool: cell["ns_per_pair"] for tool, cell in result.items()}
    text = table_of(["malloc + free", "plain, ns", "allocscope adds, ns", "with sample=512K, ns", "heaptrack adds, ns",
                     "heaptrack / allocscope"], rows)
    scaling = []
    for depth in (5, 20, 60):
        one = totals[depth, 256, 8, 1]
        for threads in (2, 4):
            many = totals[depth, 256, 8, threads]
            scaling.append([f"depth {depth}, {threads} threads"] +
                           [number(many[tool] / one[tool], 2) if tool in many else "-"
                            for tool in (PLAIN, OURS, HEAPTRACK)])
    return text + "\n\nTime of a pair, against one thread of the same tool (1.00 = perfect scaling):\n\n" + \
        table_of(["", "plain", "allocscope", "heaptrack"], scaling)


def live_run(machine, tool, blocks):
    """One heap of BLOCKS blocks under TOOL: fill, snapshot, change, snapshot, diff."""
    prefix, result = f"{machine.scratch}/{tool}", {}
    if tool == OURS:
        result = machine.run("live", tool, "live_workload", [blocks, 48, 2, prefix])
        result["file_bytes"] = os.path.getsize(f"{prefix}.2.snap")
        result["diff_seconds"] = machine.read(
            "live", tool, f"{machine.tool} diff {prefix}.1.snap {prefix}.2.snap")["wall"]
        result["report_seconds"] = machine.read("live", tool, f"{machine.tool} report {prefix}.2.snap")["wall"]
    elif tool == HEAPTRACK:
        # It has no snapshots: a run that ends where ours takes the first one stands in for that.
        machine.run("live", tool, "live_workload", [blocks, 48, 1], name="heaptrack.1")
        result = machine.run("live", tool, "live_workload", [blocks, 48, 2], name="heaptrack.2")
        for number_of_file in (1, 2):
            result["snapshot_2_seconds"] = machine.read(
                "live", tool, f"{machine.heaptrack_interpret} < {prefix}.{number_of_file}.raw"
                              f" > {prefix}.{number_of_file}.data")["wall"]
        result["file_bytes"] = os.path.getsize(f"{prefix}.2.raw")
        result["report_seconds"] = machine.read("live", tool, f"heaptrack_print -f {prefix}.2.data")["wall"]
        result["diff_seconds"] = machine.read(
            "live", tool, f"heaptrack_print -f {prefix}.2.data -d {prefix}.1.data")["wall"]
    else:
        result = machine.run("live", tool, "live_workload", [blocks, 48, 2])
    for path in glob.glob(f"{prefix}.*"):
        os.unlink(path)
    return result


def measure_live(turns, options):
    rows = []
    for blocks in (100_000,) if options.quick else (1_000_000, 10_000_000):
        processors = os.sched_getaffinity(0)
        result = turns.medians(f"{blocks} live blocks", lambda tool: live_run(turns.machine, tool, blocks), processors)
        plain, ours, theirs = result[PLAIN], result[OURS], result.get(HEAPTRACK, {})
        count = f"{blocks:,} live blocks of 48 bytes: "

        def more(cell, key):
            return cell[key] - plain[key] if key in cell else None
        memory = [more(ours, "resident_bytes_per_block"), more(theirs, "resident_bytes_per_block")]
        added = [more(ours, "ns_per_malloc"), more(theirs, "ns_per_malloc")]
        rows.append([count + "our memory per block, bytes", number(memory[0]), number(memory[1]), "-"])
        rows.append([count + "added per malloc, ns", number(added[0]), number(added[1]), ratio(*added)])
        for key, what in (("snapshot_2_seconds", "snapshot, s"), ("diff_seconds", "diff, s"),
                          ("report_seconds", "report, s")):
            rows.append([count + what, number(ours.get(key), 3), number(theirs.get(key), 3),
                         ratio(ours.get(key), theirs.get(key))])
        rows.append([count + "file, MB", number(ours["file_bytes"] / 1e6),
                     number(theirs["file_bytes"] / 1e6 if theirs else None), "-"])
    return table_of(["", "allocscope", "heaptrack", "heaptrack / allocscope"], rows) + (
        "\n\nheaptrack has no snapshots and no iterations. Beside our snapshot stands `heaptrack_interpret` of the\n"
        "record of the whole run, beside our diff `heaptrack_print -d` of two records (a second run, ended early, is\n"
        "the first of them). It keeps no table of live blocks in the process: what it would have to remember is in\n"
        "the file, which grows with every call.")


def measure_marks(turns, options):
    rows = []
    processors = {min(os.sched_getaffinity(0))}
    for stacks in (100, 10_000) if options.quick else (100, 10_000, 100_000):
        marks = 20_000 if options.quick else 1_000_000
        result = turns.medians(f"marks, {stacks} stacks", lambda tool: turns.machine.run(
            "marks", tool, "mark_workload", [marks, stacks], processors=processors), processors)
        rows.append([f"{stacks:,} stacks known, mean of {marks:,}", number(result[PLAIN]["ns_per_mark"], 2),
                     number(result[OURS]["ns_per_mark"], 2)])
    return table_of(["begin + end of an empty iteration", "without the preload, ns", "allocscope, ns"], rows)


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[0].strip()
    except (OSError, IndexError):
        return "unknown"


def machine_words():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        model = re.search(r"^model name\s*: (.*)", cpuinfo.read(), re.M)
    return (f"{os.cpu_count()} x {model.group(1) if model else platform.machine()}; Linux {platform.release()}; "
            f"{first_line(['getconf', 'GNU_LIBC_VERSION'])}; {first_line(['cc', '--version'])}; "
            f"heaptrack {first_line(['heaptrack', '--version']).split()[-1]}")


SECTIONS = {
    "pairs": ("Added time per malloc + free pair", measure_pairs,
              "One thread: its CPU time. Several: wall time, times the processors that can work at once. Depth counts\n"
              "the program's own frames; 256 different stacks and 8 pairs per descent unless the row says otherwise."),
    "live": ("Memory per live block, snapshot, diff", measure_live,
             "Resident memory beyond that of the plain program. `snapshot` is the time for which `allocscope_snapshot`\n"
             "kept its caller, `diff` and `report` the wall time of the whole command (names of addresses are cached\n"
             "after the first run)."),
    "marks": ("An iteration mark", measure_marks, ""),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--output", default="bench/results.md")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small sizes: proves the machinery, not the numbers")
    parser.add_argument("--only", default="pairs,live,marks")
    parser.add_argument("--wait-idle", type=float, default=10, help="seconds to wait for the processors before a run")
    parser.add_argument("--scratch", default=None, help="folder for records (default: a new one under TMPDIR)")
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="allocscope-bench-", dir=options.scratch)
    machine = Machine(options.build, scratch)
    turns = Turns(machine, options)
    parts = [f"# What allocscope costs\n\nWritten by `make bench`. Medians of {options.repeat} interleaved runs"
             f"{' of reduced size (--quick)' if options.quick else ''}.\n\n{machine_words()}."]
    try:
        for key in options.only.split(","):
            title, measure, words = SECTIONS[key]
            text = measure(turns, options)
            commands = "\n".join(machine.commands.get(key, []))
            parts.append(f"## {title}\n\n{words + chr(10) * 2 if words else ''}{text}\n\n"
                         f"<details><summary>The commands</summary>\n\n```\n{commands}\n```\n</details>")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    prefixes = "\n".join(f"{tool + ':':12}{line}" for tool, line in machine.environments.items())
    parts.append(f"## How each tool was put in front of a workload\n\n```\n{prefixes}\n```")
    if turns.disturbed:
        parts.append(f"{turns.disturbed} runs began while other work used the processors: measure again on a quiet "
                     "machine.")
    if not machine.heaptrack_library:
        parts.append("heaptrack is not installed: `make deps` does not need it, `apt-get install heaptrack` gets it.")
    text = "\n\n".join(parts) + "\n"
    with open(options.output, "w", encoding="utf-8") as output:
        output.write(text)
    print(text)


if __name__ == "__main__":
    main()
