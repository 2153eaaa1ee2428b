"""The file of results: a head, and sections that are measured and replaced one by one."""
import os
import re

HEAD = """# What allocscope costs

Each section was measured by the command at its head, in one run in which the tools took turns; every number is the
median of its runs. `make bench-deps` installs the peers.

{machine}
"""


def number(value, digits=1):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(ours, theirs):
    """How many times more THEIRS is."""
    return "-" if ours is None or theirs is None or ours <= 0 else f"{theirs / ours:.1f}x"


def table_of(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def details(summary, lines):
    return f"<details><summary>{summary}</summary>\n\n```\n{chr(10).join(lines)}\n```\n</details>"


def sections_of(text):
    """{title: body} of a file of results, in its order."""
    parts = re.split(r"^## (.*)\n", text, flags=re.M)
    return {title: body.strip("\n") for title, body in zip(parts[1::2], parts[2::2])}


def replace_sections(path, machine, measured, order):
    """Put the sections MEASURED ({title: body}) into the file at PATH; ORDER names all titles that it may have."""
    kept = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as old:
            kept = sections_of(old.read())
    bodies = {**kept, **measured}
    text = HEAD.format(machine=machine) + "".join(
        f"\n## {title}\n\n{bodies[title]}\n" for title in order if title in bodies)
    with open(path, "w", encoding="utf-8") as new:
        new.write(text)
