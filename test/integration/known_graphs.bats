# Heaps whose reference graphs are known (test/programs/known_graphs.c): who is leaked, who holds whom by which
# field, and what each retains, exactly.

load helpers

# graph CASE: run it; the snapshot is g.snap.
graph() {
    need jq
    export ALLOCSCOPE_OPTIONS=snapshot_at=
    same_as_plain known_graphs "$1"
    "$TOOL" verify g.snap >/dev/null
}

# holders ARGUMENT...: the paths as lines "root .field type .field type ...", leaked ones begin with "nothing".
holders() {
    "$TOOL" retainers --json "$@" g.snap | jq -r '.paths[] |
        (if .root == null then "nothing" else "\(.root.name)+\(.root.offset)" end) + " " +
        ([.hops[] | (.type // .function) + (if .field == null then "" else " \(.field)" end)] | join(" "))'
}

target() {
    "$TOOL" retainers --json --site "$1" g.snap | jq -c "$2"
}

# retained ROOT: bytes and blocks that a variable alone retains.
retained() {
    "$TOOL" retainers --roots --json g.snap |
        jq -r --arg name "$1" '.roots[] | select(.name == $name) | "\(.retained_bytes) \(.retained_blocks)"'
}

@test "a list: held by its head, one path for all its items" {
    graph list
    [ "$(target new_item '[.target.blocks, .target.bytes, .target.leaked_blocks]')" = "[10,320,0]" ]
    [ "$(holders --site new_item)" = "g_list+0 item" ]
    [ "$(target new_item '[.paths[] | .blocks, .retained_bytes]')" = "[10,320]" ]
    "$TOOL" retainers --site new_item g.snap >text
    grep -q '\.next -> \.\.\. 8 more like it' text
}

@test "a forgotten list: all of it is leaked" {
    graph lost_list
    [ "$(target new_item '[.target.blocks, .target.leaked_blocks, .target.leaked_bytes]')" = "[10,10,320]" ]
    [ "$(holders --site new_item)" = "nothing item" ]
    # the first of the list is leaked directly, and retains all
    [ "$(target new_item '[.target.indirectly_leaked_blocks, .target.indirectly_leaked_bytes]')" = "[9,288]" ]
    "$TOOL" report --json g.snap | jq -e '.rows[] | select(.function == "new_item") |
        [.leaked_blocks, .leaked_bytes, .indirectly_leaked_blocks, .indirectly_leaked_bytes] == [10, 320, 9, 288]'
    "$TOOL" report g.snap | grep -q 'leaked: no root reaches them, 9 of them held by other leaked blocks$'
    "$TOOL" retainers --site new_item g.snap >text
    grep -q '^  no root$' text
}

@test "a tree: every branch retains what is below it" {
    graph tree
    [ "$(holders --site new_branch)" = "g_tree+0 branch" ]
    "$TOOL" retainers --dominators --json g.snap >tree.json
    [ "$(jq '[.. | objects | select(.type? == "branch") | .retained_bytes] | sort | map(tostring) | join(" ")' tree.json)" = \
        '"48 48 48 48 144 144 336"' ]
}

@test "a ring is one circle, and its holder holds it" {
    graph ring
    "$TOOL" retainers --cycles --json g.snap >cycles.json
    [ "$(jq -c '.cycles[] | [.blocks, .bytes, .leaked, .members]' cycles.json)" = '[5,200,false,"link"]' ]
    [ "$(target new_link '[.target.leaked_blocks]')" = "[0]" ]
}

@test "a forgotten ring keeps itself alive, and is leaked" {
    graph lost_ring
    "$TOOL" retainers --cycles --json g.snap >cycles.json
    [ "$(jq -c '.cycles[] | [.blocks, .bytes, .leaked, .members, .held_by, .held_by_blocks, .held_by_roots]' cycles.json)" = \
        '[5,200,true,"link",null,0,0]' ]
    [ "$(target new_link '[.target.leaked_blocks]')" = "[5]" ]
    [ "$(holders --site new_link)" = "nothing link" ]
}

@test "a hash table: entries through the array of buckets and their chains" {
    graph table
    [ "$(target new_entry '[.target.blocks, .target.bytes, .target.leaked_blocks]')" = "[40,960,0]" ]
    holders --site new_entry | sed 's/\[[0-9]*\]/[N]/' >paths
    [ "$(cat paths)" = "g_table+8 entry * [N] entry" ]
    "$TOOL" retainers --edges --json g.snap >edges.json
    [ "$(jq -c '[.rows[] | select(.holder | startswith("new_buckets")) | .field, .edges]' edges.json)" = '["[]",16]' ]
    [ "$(jq -c '[.rows[] | select((.holder | startswith("new_entry")) and (.held | startswith("new_entry"))) | .field, .edges]' edges.json)" = \
        '[".chain",24]' ]
}

@test "an XOR list: what only hidden pointers hold counts as leaked" {
    graph hidden
    [ "$(target new_mixed '[.target.blocks, .target.leaked_blocks]')" = "[6,4]" ]
    [ "$(holders --site new_mixed | sort)" = "$(printf 'g_first+0 new_mixed\ng_last+0 new_mixed\nnothing new_mixed')" ]
}

@test "tagged pointers hold, on weak evidence" {
    graph tagged
    [ "$(target new_tagged '[.target.blocks, .target.leaked_blocks, .target.weak_blocks]')" = "[3,0,3]" ]
    [ "$("$TOOL" retainers --json --site new_tagged g.snap | jq -c '[.paths[].root | .name, .edge] | unique')" = \
        '["g_tagged","interior"]' ]
}

@test "a pointer into the middle holds, on weak evidence" {
    graph interior
    [ "$(target new_buffer '[.target.blocks, .target.leaked_blocks, .target.weak_blocks]')" = "[1,0,1]" ]
    [ "$("$TOOL" retainers --json --site new_buffer g.snap | jq -c '.paths[0].root | [.name, .edge]')" = \
        '["g_inside","interior"]' ]
}

@test "a union: the pointer counts, the number is none" {
    graph union
    [ "$(holders --site new_pointed | sed 's/new_pointed$/X/')" = "g_cells+0 cell .value.pointer X" ]
    [ "$(target new_cell '[.target.blocks, .target.leaked_blocks]')" = "[2,0]" ]
}

@test "two owners of one block: both are shown, neither retains it" {
    graph shared
    holders --site new_shared | sort >paths
    [ "$(cat paths)" = "$(printf '%s\n' \
        'g_directory+0 directory .first new_owner +0 new_shared' \
        'g_directory+0 directory .second new_owner +0 new_shared')" ]
    "$TOOL" retainers --dominators --json g.snap >tree.json
    [ "$(jq -c '[.. | objects | select(.bytes? == 40) | .retained_bytes]' tree.json)" = '[40,40]' ]
    [ "$(jq -c '[.. | objects | select(.type? == "directory") | .retained_bytes]' tree.json)" = '[296]' ]
}

@test "retainers asks for blocks, and says when there are none" {
    graph shared
    "$TOOL" retainers g.snap >out 2>messages && fail "no question was taken for one"
    grep -q 'which blocks' messages
    "$TOOL" retainers --site nobody g.snap >out 2>messages && fail "no block was found, and that passed"
    grep -q 'no block matches site nobody' messages
    id=$("$TOOL" retainers --json --site new_shared g.snap | jq -r .target.id)
    [ "$("$TOOL" retainers --json --id "$id" g.snap | jq -r .target.function)" = new_shared ]
    address=$("$TOOL" retainers --json --site new_shared g.snap | jq -r '.paths[0].hops[-1].address')
    [ "$("$TOOL" retainers --json --address "$(printf '%x' $((address + 100)))" g.snap | jq -r .target.function)" = new_shared ]
}

@test "without a graph retainers says why" {
    need jq
    export ALLOCSCOPE_OPTIONS=graph=0
    same_as_plain known_graphs shared
    status=0
    "$TOOL" retainers --site new_shared g.snap >out 2>messages || status=$?
    [ "$status" = 2 ]
    grep -q 'has no reference graph' messages
}
