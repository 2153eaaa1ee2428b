"""The inputs of the real programs, written anew and equal every time."""
import os
import random
import subprocess

JSON = """
import json, random
numbers = random.Random(1)
table = {"key %d" % i: {"id": i, "words": ["word %d" % (i * j % 977) for j in range(8)], "value": numbers.random()}
         for i in range(6000)}
total = 0
for turn in range(3):
    text = json.dumps(table)
    total += len(text) + len(json.loads(text))
print(total)
"""

AST = """
import ast, sys
with open(sys.argv[1]) as source:
    text = source.read()
print(sum(len(ast.dump(ast.parse(text))) for turn in range(2)))
"""

PERL = """
use strict;
my (%table, $sum);
for my $turn (1 .. 2) {
    for my $i (1 .. 60000) {
        my $key = "key" . ($i % 7000);
        push @{$table{$key}{list}}, { number => $i, text => "value $i" x 2 };
    }
    $sum += length($_) + scalar @{$table{$_}{list}} for sort keys %table;
    my $text = join ",", map { "$_=" . scalar @{$table{$_}{list}} } sort keys %table;
    $sum += length($1) while $text =~ /(key\\d+)=/g;
    %table = ();
}
print "$sum\\n";
"""

LUA = """
local function make(depth) if depth == 0 then return {} end return { make(depth - 1), make(depth - 1) } end
local function check(tree) if tree[1] then return 1 + check(tree[1]) + check(tree[2]) end return 1 end
local deepest = tonumber(arg[1])
for depth = 4, deepest, 4 do
    local turns, sum = 1 << (deepest - depth + 3), 0
    for i = 1, turns do sum = sum + check(make(depth)) end
    print(depth, turns, sum)
end
"""

NODE = """
class Tree { constructor(left, right) { this.left = left; this.right = right; } }
const make = depth => depth === 0 ? new Tree(null, null) : new Tree(make(depth - 1), make(depth - 1));
const check = tree => tree.left === null ? 1 : 1 + check(tree.left) + check(tree.right);
let sum = 0;
for (let turn = 0; turn < 20; turn++) {
    sum += check(make(13));
    const rows = [];
    for (let i = 0; i < 20000; i++) rows.push({ id: i, name: "row " + i });
    sum += JSON.stringify(JSON.parse(JSON.stringify(rows))).length;
    for (let i = 0; i < 2000; i++) sum += Buffer.alloc(20000 + i).length + new Uint8Array(3000 + i).length;
    sum += require("zlib").deflateSync(Buffer.alloc(300000, "text ")).length;
}
console.log(sum);
"""

CPLUSPLUS = """
#include <functional>
#include <map>
#include <regex>
#include <string>
#include <vector>
%s
int main()
{
    std::regex pattern("a+b");
    %s
    return std::regex_match("aab", pattern);
}
"""


def python_source(numbers):
    """Many functions and classes of ordinary shape."""
    lines = []
    for i in range(300):
        lines += [f"class Record{i}(object):", f"    limit = {numbers.randint(1, 99)}", "    def change(self, values, key=None):"]
        for j in range(8):
            lines += [f"        if values[{j}] > self.limit and key is not None:",
                      f"            self.total = [value * {j} + {numbers.randint(1, 9)} for value in values if value != key]",
                      f"            values.append({{'name': 'item {j}', 'size': len(self.total), 'next': (key, {i})}})"]
        lines += ["        return sorted(values, key=lambda value: -value)", ""]
    return "\n".join(lines)


def c_source(numbers):
    """Functions with loops, switches and calls of one another, in one file without includes."""
    lines = ["typedef unsigned long u64; typedef unsigned u32; typedef unsigned char u8;",
             "extern void *malloc(u64); extern void free(void *); extern int memcmp(const void *, const void *, u64);"]
    lines += [f"struct s{i} {{ u32 a[{numbers.randint(2, 9)}]; struct s{max(0, i - 1)} *p; u64 x, y; u8 t; char *z; }};"
              for i in range(40)]
    for i in range(60):
        call = f"r += f{numbers.randint(max(0, i - 20), i - 1)}((void *)q, n / 2, z);" if i else "r++;"
        statements = ["r += q->a[1] ^ i;", "q->x += r; q->y ^= h;", call, f"r = r * {numbers.randint(3, 99)} + 7;",
                      f"if (q->t > {numbers.randint(1, 200)}) r -= (u32)h; else r += 3;",
                      "if (q->p && q->p->t) { r ^= q->p->a[1]; break; } r++;",
                      "{ char *m = malloc(n + 1); m[0] = z[0]; r += memcmp(m, z, 1); free(m); }", "r ^= r >> 3;"]
        numbers.shuffle(statements)
        lines += [f"static int f{i}(struct s{i % 40} *q, u32 n, const char *z)", f"{{ u32 i, r = {i}; u64 h = n;",
                  f"  for (i = 0; i < n; i++) {{ h = h * 31 + (u8)z[i]; switch ((h >> {numbers.randint(1, 9)}) & 7) {{"]
        lines += [f"    case {case}: {statement} break;" for case, statement in enumerate(statements)]
        lines += ["  } }", "  return (int)(r + q->x); }"]
    lines += ["int entry(struct s0 *q, int k, const char *z) { switch (k) {"]
    lines += [f"  case {i}: return f{i}((void *)q, k, z);" for i in range(60)]
    return "\n".join(lines + ["} return 0; }", ""])


def cplusplus_source():
    members = "\n".join(f"struct kind{i} {{ std::map<std::string, std::vector<int>> m; std::function<int(int)> f;\n"
                        f"    int go(std::string s) {{ m[s].push_back({i}); return f ? f({i}) : (int)m.size(); }} }};"
                        for i in range(6))
    return CPLUSPLUS % (members, " ".join(f'kind{i} k{i}; k{i}.go("x");' for i in range(6)))


def sql_source(numbers):
    lines = ["CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INT);", "CREATE INDEX ti ON t(b);", "BEGIN;"]
    lines += [f"INSERT INTO t(a, b) VALUES('row {i} {numbers.getrandbits(40):x}', {numbers.randint(0, 5000)});"
              for i in range(40000)]
    lines += ["COMMIT;"]
    lines += [f"SELECT count(*), max(a) FROM t WHERE b = {numbers.randint(0, 5000)} AND a LIKE '%{numbers.randint(0, 99)}%';"
              for _ in range(4000)]
    return "\n".join(lines + ["SELECT b, group_concat(a) FROM t GROUP BY b ORDER BY b LIMIT 3;", ""])


def write_inputs(folder, cplusplus_compiler="g++"):
    """Write all inputs to FOLDER; big.ii only where a C++ compiler can make it."""
    numbers = random.Random(7)
    os.makedirs(folder, exist_ok=True)
    texts = {"json.py.txt": JSON, "ast.py.txt": AST, "hash.pl": PERL, "trees.lua": LUA, "trees.js": NODE,
             "source.py.txt": python_source(numbers), "big.c": c_source(numbers), "big.cc": cplusplus_source(),
             "big.sql": sql_source(numbers)}
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as output:
            output.write(text)
    try:
        subprocess.run([cplusplus_compiler, "-E", "-P", "-O1", "big.cc", "-o", "big.ii"], cwd=folder, check=False)
    except FileNotFoundError:
        pass
