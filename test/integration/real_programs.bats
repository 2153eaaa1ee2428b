#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Programs that people run, under the preload: the same output and exit status as without, and books that balance.
# What is not installed is skipped with a word.
load helpers

# The snapshots of a run with children: each of them balances.
all_balance() {
    local file
    for file in ./*.snap; do
        [ -e "$file" ] || fail "no snapshot: $(cat messages)" || return 1
        books_balance "$file" || return 1
    done
}

tree_of_files() {
    export ALLOCSCOPE_OUTPUT=$PWD/%e.%p.snap
}

@test "python3 with its allocator off: json" {
    need /usr/bin/python3
    cat >work.py <<'END'
import json
data = {"k%d" % i: [i, str(i), {"deep": [None, True, 1.5] * 3}] for i in range(3000)}
for _ in range(5):
    text = json.dumps(data, sort_keys=True)
    data = json.loads(text)
print(len(text), hash(len(data)))
END
    export PYTHONMALLOC=malloc PYTHONHASHSEED=0
    clean_run /usr/bin/python3 work.py
    [ "$(info "$snapshot" .totals.allocs)" -gt 100000 ]
}

@test "python3's own tests of json and re pass as without us" {
    need /usr/bin/python3
    /usr/bin/python3 -c 'import test.test_re, test.test_json' 2>/dev/null || skip "python3's tests are not installed"
    tree_of_files
    options quiet=1 # some of these tests compare the stderr of processes that they start
    export PYTHONMALLOC=malloc PYTHONHASHSEED=0
    record /usr/bin/python3 -m unittest -q test.test_re test.test_json
    [ "$status" = 0 ] || fail "$(tail -20 messages)"
    grep -q '^OK' messages
    [ "$(files ./*.snap)" -ge 2 ]
    all_balance
}

@test "sqlite3 inserts 100,000 rows" {
    need sqlite3
    cat >work.sql <<'END'
create table t(a integer primary key, b text);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
insert into t select i, 'row ' || i from n;
commit;
create index tb on t(b);
select count(*), sum(length(b)), max(b) from t;
END
    clean_run sqlite3 :memory: '.read work.sql'
    grep -q '^100000|' out
}

@test "gcc compiles a generated file of 5,000 lines" {
    need gcc
    tree_of_files
    # shellcheck disable=SC2016  # awk's own variables
    awk 'BEGIN { for (i = 0; i < 1000; i++) printf "int f%d(int n)\n{\n\tint s = %d;\n\tfor (int i = 0; i < n; i++) s += i * %d;\n\treturn s; }\n", i, i, i % 7 }' >big.c
    [ "$(wc -l <big.c)" = 5000 ]
    gcc -O1 -c -o plain.o big.c
    record gcc -O1 -c -o recorded.o big.c
    [ "$status" = 0 ] || fail "$(tail -5 messages)"
    cmp plain.o recorded.o
    [ "$(files ./cc1.*.snap ./gcc.*.snap ./x86_64-linux-gnu-gcc-*.snap)" -ge 2 ]
    all_balance
}

@test "git commits, logs, diffs and packs a repository" {
    need git
    tree_of_files
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
    export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
    cat >work.sh <<'END'
set -e
rm -rf repository && git init -q -b main repository && cd repository
for i in 1 2 3 4 5; do
	seq "$((i * 100))" >"file$i" && git add . && git commit -q -m "commit $i"
done
git log --stat && git diff HEAD~3 && git gc -q && git fsck && git rev-parse HEAD
END
    same_as_plain bash work.sh
    [ "$status" = 0 ]
    [ "$(files ./git.*.snap)" -ge 15 ]
    all_balance
}

@test "redis-server serves redis-benchmark and shuts down cleanly" {
    need redis-server redis-benchmark redis-cli
    local socket=$PWD/redis.sock server
    env LD_PRELOAD="$LIBRARY" redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$PWD" \
        >server.out 2>messages 3>&- &
    server=$!
    for _ in $(seq 100); do
        [ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ] && break
        sleep 0.1
    done
    redis-benchmark -s "$socket" -q -n 5000 -t set,get,lpush,lpop,sadd,hset >benchmark.out
    [ "$(redis-cli -s "$socket" set allocscope exact)" = OK ]
    [ "$(redis-cli -s "$socket" get allocscope)" = exact ]
    redis-cli -s "$socket" shutdown nosave || true
    status=0
    wait "$server" || status=$?
    [ "$status" = 0 ] || fail "redis-server ended with $status: $(tail -5 server.out messages)"
    books_balance "$snapshot"
    [ "$(info "$snapshot" .totals.allocs)" -gt 10000 ]
}

@test "redis-server answers redis-benchmark on loopback" {
    need redis-server redis-benchmark redis-cli
    local port=$((20000 + $$ % 20000)) server
    env LD_PRELOAD="$LIBRARY" redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$PWD" \
        >server.out 2>messages 3>&- &
    server=$!
    for _ in $(seq 100); do
        [ "$(redis-cli -p "$port" ping 2>/dev/null)" = PONG ] && break
        sleep 0.1
    done
    redis-benchmark -p "$port" -q -n 2000 -t ping,set,get >benchmark.out
    redis-cli -p "$port" shutdown nosave || true
    status=0
    wait "$server" || status=$?
    [ "$status" = 0 ] || fail "redis-server ended with $status: $(tail -5 server.out messages)"
    books_balance "$snapshot"
}

@test "bash runs a script" {
    cat >work.sh <<'END'
declare -A words
for i in {1..5000}; do words[k$((i % 300))]+=$i; done
echo "${#words[@]} ${words[k7]:0:20}"
text=$(printf '%s\n' "${!words[@]}" | sort | head -3)
echo "$text"
exit 3
END
    tree_of_files
    same_as_plain bash work.sh
    [ "$status" = 3 ]
    all_balance
}

@test "node runs a script" {
    need node
    cat >work.js <<'END'
const map = new Map();
for (let i = 0; i < 20000; i++) map.set('k' + (i % 500), JSON.parse(JSON.stringify({i, a: [1, 2, 3]})));
const buffers = []; for (let i = 0; i < 100; i++) buffers.push(Buffer.alloc(10000, i));
setTimeout(() => { console.log(map.size, Buffer.concat(buffers).length); process.exitCode = 5; }, 10);
END
    clean_or_status node work.js 5
}

# The last argument is the expected exit status.
clean_or_status() {
    local expected=${*: -1}
    same_as_plain "${@:1:$#-1}" || return 1
    [ "$status" = "$expected" ] || fail "exit $status" || return 1
    books_balance "$snapshot"
}

@test "duk runs a script" {
    need duk
    cat >work.js <<'END'
var o = {}; for (var i = 0; i < 20000; i++) o['k' + (i % 300)] = [i, 's' + i];
print(Object.keys(o).length, o.k7[1]);
END
    clean_run duk work.js
    [ "$(info "$snapshot" .totals.allocs)" -gt 20000 ]
}

@test "lua5.4 runs a script" {
    need lua5.4
    cat >work.lua <<'END'
local t = {}
for i = 1, 50000 do t[#t + 1] = {i, tostring(i)} end
table.sort(t, function(a, b) return a[2] < b[2] end)
print(#t, t[1][2], select(2, pcall(error, "caught")))
END
    clean_run lua5.4 work.lua
    [ "$(info "$snapshot" .totals.live_blocks)" -lt 50 ]
}

@test "perl runs a script" {
    need perl
    cat >work.pl <<'END'
my %h; $h{"k" . ($_ % 700)} .= "x$_" for 1 .. 30000;
print scalar(keys %h), " ", substr($h{k7}, 0, 10), "\n";
END
    export PERL_HASH_SEED=0
    clean_run perl work.pl
}

@test "a C++ program that throws 1,000 exceptions" {
    clean_run exceptions
}

@test "ls, sort, tar and other small tools behave as without us" {
    mkdir files
    for i in 1 2 3; do seq "$i" 1000 >"files/$i"; done
    tree_of_files
    same_as_plain ls -la --time-style=+ files
    same_as_plain sort -rn files/1
    same_as_plain tar -cf - --mtime=@0 --sort=name files
    same_as_plain grep -c 7 files/2
    same_as_plain sed -n 5p files/3
    all_balance
}
