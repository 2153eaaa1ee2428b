"""The machine: what it is, and how much of it others take."""
import os
import platform
import re
import resource
import subprocess
import time


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[0].strip()
    except (OSError, IndexError):
        return "unknown"


def machine_words():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        model = re.search(r"^model name\s*: (.*)", cpuinfo.read(), re.M)
    return (f"{os.cpu_count()} x {model.group(1) if model else platform.machine()}; Linux {platform.release()}; "
            f"{first_line('getconf', 'GNU_LIBC_VERSION')}; {first_line('cc', '--version')}; "
            f"heaptrack {first_line('heaptrack', '--version').split()[-1]}")


def usable_processors():
    return os.sched_getaffinity(0)


def ticks():
    """{processor: (busy, all)} in clock ticks since the start of the system."""
    result = {}
    with open("/proc/stat", encoding="ascii") as stat:
        for line in stat:
            if re.match(r"cpu\d", line):
                name, *values = line.split()[:9]
                user, nice, system, idle, waiting, *rest = map(int, values)
                busy = user + nice + system + sum(rest)
                result[int(name[3:])] = (busy, busy + idle + waiting)
    return result


def wait_until_idle(processors, limit):
    """Wait until others leave PROCESSORS alone, at most LIMIT seconds. Returns False when they did not."""
    end = time.monotonic() + limit
    while True:
        before = ticks()
        time.sleep(0.2)
        after = ticks()
        if all(after[one][0] - before[one][0] < 0.15 * max(1, after[one][1] - before[one][1]) for one in processors):
            return True
        if time.monotonic() > end:
            return False


class OtherWork:
    """The processor time that others took since this object was made."""

    def __init__(self):
        self.before = self.now()

    @staticmethod
    def now():
        busy, total = (sum(column) for column in zip(*(value for key, value in ticks().items()
                                                       if key in usable_processors())))
        own = sum(usage.ru_utime + usage.ru_stime for usage in map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        return busy / os.sysconf("SC_CLK_TCK") - own, total / os.sysconf("SC_CLK_TCK")

    def share(self):
        """Of all processor time, between 0 and 1."""
        foreign, total = (after - before for after, before in zip(self.now(), self.before))
        return max(0.0, foreign / total) if total > 0 else 0.0
