#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2030,SC2031,SC2016 # helpers.bash sets snapshot and status; a test is a subshell; jq filters
# Programs that people run, asked for a snapshot with its graph while they are at work: they behave as without us, and
# what holds the most of their memory has a path from a root with a name.
load helpers

# asked INPUT PROGRAM ARGUMENT...: run it with the file INPUT and "go" on its stdin; when it says "ready" a snapshot is
# taken, now.snap, and only then it is told to go. Output and exit status are those of a run without us.
asked() {
    local input=$1 program pid
    program=$(program_path "$2") || fail "no program $2" || return 1
    shift 2
    plain_status=0
    { cat "$input"; echo go; } | timeout "$LIMIT" "$program" "$@" >out.plain 2>messages.plain || plain_status=$?
    mkfifo pipe
    env LD_PRELOAD="$LIBRARY" "$program" "$@" <pipe >out 2>messages 3>&- &
    pid=$!
    exec 7>pipe
    cat "$input" >&7
    for _ in $(seq 300); do
        grep -q ready out && break
        sleep 0.05
    done
    "$TOOL" snapshot -p "$pid" -o "$PWD/now.snap" >snapshot.out 2>&1 7>&- || fail "snapshot: $(cat snapshot.out messages)" || return 1
    echo go >&7
    exec 7>&-
    status=0
    wait "$pid" || status=$?
    [ "$status" = "$plain_status" ] || fail "exit $status, $plain_status without us: $(cat messages)" || return 1
    cmp out.plain out
}

# held_by_name FILE: books and graph are sound, and the site with the most live bytes is held by a root with a name.
held_by_name() {
    local site
    books_balance "$1" || return 1
    site=$("$TOOL" report --json --by site --top 1 "$1" | jq -r '.rows[0].key')
    "$TOOL" retainers --json --site "$site" "$1" >retainers.json || fail "no paths to $site" || return 1
    jq -e '[.paths[] | select(.root != null) | .root.name | select(. != null and . != "")] | length > 0' retainers.json \
        >/dev/null || fail "$site: $(jq -c '.target, [.paths[].root]' retainers.json | cut -c 1-1000)" || return 1
    jq -r '"\(.target.bytes) bytes of \(.target.function): \(.paths[0].root.name)"' retainers.json
    "$TOOL" retainers --roots --top 3 "$1" >/dev/null
}


@test "sqlite3: who holds its largest site" {
    need sqlite3
    cat >work <<'END'
create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into t select i, 'row ' || i from n;
select 'ready', count(*) from t;
END
    asked work sqlite3 -batch :memory:
    held_by_name now.snap
}

@test "python3 with its allocator off: who holds its largest site" {
    need /usr/bin/python3
    cat >work.py <<'END'
import sys
data = {"k%d" % i: [i, str(i)] for i in range(20000)}
print("ready", len(data), flush=True)
print(sys.stdin.readline().strip())
END
    export PYTHONMALLOC=malloc PYTHONHASHSEED=0
    asked /dev/null /usr/bin/python3 work.py
    held_by_name now.snap
}

@test "lua5.4: who holds its largest site" {
    need lua5.4
    cat >work.lua <<'END'
local kept = {}
for i = 1, 20000 do kept[i] = {i, tostring(i)} end
print("ready", #kept) io.stdout:flush()
print(io.read("l"), #kept)
END
    asked /dev/null lua5.4 work.lua
    held_by_name now.snap
}

@test "perl: who holds its largest site" {
    need perl
    cat >work.pl <<'END'
$| = 1;
my %kept; $kept{"k$_"} = "value $_" for 1 .. 20000;
print "ready ", scalar(keys %kept), "\n";
print scalar(<STDIN>), scalar(keys %kept), "\n";
END
    export PERL_HASH_SEED=0
    asked /dev/null perl work.pl
    held_by_name now.snap
}

@test "bash: who holds its largest site" {
    cat >work.sh <<'END'
declare -A kept
for i in {1..5000}; do kept[k$i]=value$i; done
echo "ready ${#kept[@]}"
read -r line
echo "$line ${kept[k7]}"
END
    asked /dev/null bash work.sh
    held_by_name now.snap
}

@test "git: who holds its largest site" {
    need git
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
    git init -q -b main repository
    git -C repository -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m ready
    git -C repository log -1 --format=%H >work
    asked work git -C repository cat-file --batch
    held_by_name now.snap
}

@test "duk: who holds its largest site at its end" {
    need duk
    echo 'var kept = []; for (var i = 0; i < 5000; i++) kept.push({i: i, s: "s" + i}); print(kept.length);' >work.js
    same_as_plain duk --no-heap-destroy work.js
    held_by_name "$snapshot"
}

@test "redis-server: who holds its largest site, and it answers while the snapshot is taken" {
    need redis-server redis-cli
    local socket=$PWD/redis.sock server
    env LD_PRELOAD="$LIBRARY" redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$PWD" \
        --enable-debug-command local >server.out 2>messages 3>&- &
    server=$!
    for _ in $(seq 100); do
        [ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ] && break
        sleep 0.1
    done
    [ "$(redis-cli -s "$socket" debug populate 20000)" = OK ]
    "$TOOL" snapshot -p "$server" -o "$PWD/now.snap" >snapshot.out 2>&1 || fail "$(cat snapshot.out messages)"
    [ "$(redis-cli -s "$socket" ping)" = PONG ]
    [ "$(redis-cli -s "$socket" dbsize)" = 20000 ]
    redis-cli -s "$socket" shutdown nosave || true
    status=0
    wait "$server" || status=$?
    [ "$status" = 0 ] || fail "redis-server ended with $status: $(tail -5 server.out messages)"
    held_by_name now.snap
    [ "$(jq -c '[.paths[].root.name] | index("server") != null' retainers.json)" = true ] || fail "$(jq -c '[.paths[].root.name]' retainers.json)"
}
