"""The tools take turns, so that what disturbs one disturbs all; every number is a median."""
import statistics
import sys

from harness.machine import wait_until_idle
from harness.runs import RunFailed
from harness.tools import OUR_TOOLS


class Turns:
    def __init__(self, repeat, wait_idle=0.0):
        self.repeat, self.wait_idle = repeat, wait_idle
        self.failures = {}  # (row, tool): why
        self.disturbed = 0

    def medians(self, title, measure, tools, processors=(), repeat_of=None):
        """measure(tool) -> {key: number}; returns {tool: {key: median}}, without the tools that failed.

        A tool is a name. REPEAT_OF(tool) says how many of the turns a slow one takes part in.
        """
        results = {tool: [] for tool in tools}
        for turn in range(self.repeat):
            for tool in tools[turn % len(tools):] + tools[:turn % len(tools)]:
                if (title, tool) in self.failures or (repeat_of and turn >= repeat_of(tool)):
                    continue
                if processors and self.wait_idle and not wait_until_idle(processors, self.wait_idle):
                    self.disturbed += 1
                try:
                    results[tool].append(measure(tool))
                except RunFailed as failure:
                    self.failures[title, tool] = " ".join(str(failure).split())
                    print(f"bench: {title}: {tool}: {failure}", file=sys.stderr)
        print(f"bench: {title}", file=sys.stderr)
        return {tool: middle_of(rows) for tool, rows in results.items() if rows and (title, tool) not in self.failures}

    def failed_ours(self):
        """Whether a run failed that no peer is to blame for."""
        return any(tool in OUR_TOOLS for _, tool in self.failures)

    def failure_words(self):
        """A list of what failed, or an empty string."""
        return "\n".join(f"- {tool}, {title}: {why}" for (title, tool), why in self.failures.items())


def middle_of(rows):
    """{key: median of the numbers}, and of what is no number the first."""
    keys = {key for row in rows for key in row}
    result = {"runs": len(rows)}
    for key in keys:
        values = [row[key] for row in rows if key in row]
        result[key] = values[0] if isinstance(values[0], str) else statistics.median(values)
    return result
