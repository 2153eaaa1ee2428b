"""One run of a program under a tool, and what it took."""
import hashlib
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

KEPT_VARIABLES = ("PATH", "HOME", "LANG")
LIMIT_SECONDS = 300


class RunFailed(Exception):
    """A program or a tool ended otherwise than it should."""


class Runner:
    """Where everything is. Notes the commands of a section, to be printed beside its numbers."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.allocscope = os.path.join(self.build, "allocscope")
        self.scratch = tempfile.mkdtemp(prefix="allocscope-bench-")
        self.prefixes = {}  # tool: the variables in front of a program
        self.commands = []

    def release(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def begin_section(self):
        self.prefixes, self.commands = {}, []

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    def fill(self, text, record, program=""):
        return text.format(record=record, program=program, allocscope=self.allocscope)

    def environment(self, tool, record, further=None):
        """The variables for a run under TOOL; names of addresses are cached beside the record, so each run begins cold."""
        kept = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
        kept["XDG_CACHE_HOME"] = self.scratch
        added = {key: self.fill(value, record) for key, value in tool.variables.items()}
        words = [f"{key}={value}" for key, value in added.items()] + ["PROGRAM"]
        self.prefixes.setdefault(tool.name, self.shorten(" ".join(words)))
        return {**kept, **(further or {})}, added

    def note(self, line):
        line = self.shorten(line)
        if line not in self.commands:
            self.commands.append(line)

    def shorten(self, line):
        return line.replace(self.build, os.path.relpath(self.build)).replace(self.scratch, "$SCRATCH")

    def workload(self, tool, name, arguments, record="run", processors=None, noted=True):
        """Run a program of the benchmarks; returns its key=value lines as numbers."""
        command = [self.program(name), *map(str, arguments)]
        environment, added = self.environment(tool, f"{self.scratch}/{record}")
        if noted:
            self.note(shlex.join(command))
        before = (lambda: os.sched_setaffinity(0, processors)) if processors else None
        done = subprocess.run(command, env={**environment, **added}, cwd=self.scratch, preexec_fn=before, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS)
        if done.returncode != 0:
            raise RunFailed(f"{shlex.join(command)} ended with {done.returncode} {done.stderr[-300:]}")
        return {key: float(value) for key, value in re.findall(r"^(\w+)=([-\d.]+)$", done.stdout, re.M)}

    def shell(self, command, environment=None):
        """Run a command that reads a record; returns its CPU and wall seconds and its output."""
        self.note(command)
        usage, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, shell=True, cwd=self.scratch, env=environment, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                              timeout=LIMIT_SECONDS)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise RunFailed(f"{command} ended with {done.returncode} {done.stderr[-300:]}")
        cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
        return {"cpu": cpu, "wall": wall, "output": done.stdout}

    def remove_records(self):
        for entry in os.scandir(self.scratch):
            if entry.is_dir():
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)


class MeteredRun:
    """A program under a tool, begun; finish() waits and says what it took."""

    def __init__(self, runner, tool, command, variables):
        self.runner, self.tool, self.record = runner, tool, f"{runner.scratch}/run"
        runner.remove_records()
        environment, added = runner.environment(tool, self.record, variables)
        self.reader = self.start_reader(environment)
        self.begin = time.monotonic()
        with open(f"{runner.scratch}/output", "wb") as output, open(f"{runner.scratch}/errors", "wb") as errors:
            # env, so that only the program itself is preloaded and not the meter.
            words = [runner.program("meter"), f"{runner.scratch}/report", "env",
                     *(f"{key}={value}" for key, value in added.items()), *command]
            self.meter = subprocess.Popen(words, env=environment, cwd=runner.scratch, stdin=subprocess.DEVNULL,
                                          stdout=output, stderr=errors, start_new_session=True)

    def start_reader(self, environment):
        if not self.tool.reader:
            return None
        os.mkfifo(f"{self.record}.fifo")
        command = self.runner.fill(self.tool.reader, self.record)
        self.runner.note(command)
        return subprocess.Popen(command, shell=True, env=environment, cwd=self.runner.scratch,
                                stderr=subprocess.DEVNULL, start_new_session=True)

    def end(self):
        """End what still runs of this run's own processes."""
        for process in (self.meter, self.reader):
            if process and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def finish(self, limit):
        """Waits at most LIMIT seconds. Returns what the run took, and in "digest" what it printed.

        The record stays, for the answer.
        """
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            self.meter.wait(limit)
            if self.reader:
                self.reader.wait(limit)
        except subprocess.TimeoutExpired as late:
            raise RunFailed(f"not done after {limit} s") from late
        finally:
            self.end()
        wall = time.monotonic() - self.begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(f"{self.runner.scratch}/report", encoding="ascii") as report:
            taken = {key: float(value) for key, value in re.findall(r"^(\w+)=([-\d.]+)$", report.read(), re.M)}
        if taken["status"] != 0:
            raise RunFailed(self.last_words(int(taken["status"])))
        with open(f"{self.runner.scratch}/output", "rb") as output:
            taken["digest"] = hashlib.sha256(output.read()).hexdigest()
        spent = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
        taken["beside_cpu"] = max(0.0, spent - taken["cpu_seconds"]) if self.reader else 0.0
        taken["answer_wall"] = wall
        taken["record_bytes"] = sum(os.path.getsize(path) for path in self.records())
        return taken

    def last_words(self, status):
        with open(f"{self.runner.scratch}/errors", encoding="utf-8", errors="replace") as errors:
            lines = errors.read().strip().splitlines()
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        return how + (f": {lines[-1][:100]}" if lines else "")

    def records(self):
        return [entry.path for entry in os.scandir(self.runner.scratch)
                if entry.name.startswith("run") and entry.is_file(follow_symlinks=False)]
