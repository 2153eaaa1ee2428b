#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016 # helpers.bash sets snapshot; jq filters
# The C++ classes of blocks, told by the virtual tables that they point to (test/programs/virtual_classes.cpp).
load helpers

record_classes() {
    need jq
    [ "$(uname -m)" = x86_64 ] || skip 'there is a reference graph on x86-64 only'
    clean_run virtual_classes "$PROGRAMS/lib/libplugin.so"
}

# holder SITE: "type field" of the block that holds the one allocated there.
holder() {
    "$TOOL" retainers --json --site "$1" "$snapshot" | jq -r '[.paths[].hops[-2] | "\(.type) \(.field)"] | unique[]'
}

# blocks TYPE: how many `report --by type` counts.
blocks() {
    "$TOOL" report --by type --json "$snapshot" | jq --arg type "$1" '[.rows[] | select(.type == $type) | .inuse_objects] | add // 0'
}

@test "an object is of its class: plain, derived, of several bases, a template's, in an anonymous namespace, of a library" {
    record_classes
    for type in app::Node app::Leaf app::Both app::Virtual 'app::Ring<int, 3ul>' 'app::Ring<unsigned long, 5ul>' \
        '(anonymous namespace)::Hidden' plugin::Plugin; do
        [ "$(blocks "$type")" = 1 ] || fail "$type: $(blocks "$type")"
        [ "$("$TOOL" retainers --json --type "$type" "$snapshot" | jq .target.blocks)" = 1 ]
    done
}

@test "the fields of an object are those of its class, inherited ones too" {
    record_classes
    [ "$(holder app::Node::Node)" = 'app::Leaf .payload
app::Node .payload' ]
    [ "$(holder app::Leaf::Leaf)" = 'app::Leaf .leaf_payload' ]
    [ "$(holder app::First::First)" = 'app::Both .first_payload' ]
    [ "$(holder app::Second::Second)" = 'app::Both .second_payload' ]
    [ "$(holder app::Both::Both)" = 'app::Both .both_payload' ]
    [ "$(holder plugin::Plugin::Plugin)" = 'plugin::Plugin .plugin_payload' ]
    [ "$(holder '(anonymous namespace)::Hidden::Hidden')" = '(anonymous namespace)::Hidden .hidden_payload' ]
}

@test "where a virtual base lies is not guessed" {
    record_classes
    [ "$(holder app::Virtual::Virtual)" = 'app::Virtual .virtual_payload' ]
    [ "$(holder app::Base::Base)" = 'app::Virtual +24' ]
}

@test "a first word that points to data, constants, code or another block makes no class" {
    record_classes
    "$TOOL" retainers --json --site plain "$snapshot" >plain.json
    expect_json '.target.blocks == 8 and ([.. | objects | .type? // empty | select(startswith("app::Plain") | not)] == [])' plain.json
    # the constants lie in read-only memory behind two words of 0, as a table may: only symbols tell them apart
    "$TOOL" info --json "$snapshot" >info.json
    expect_json '[.sections[] | select(.name == "virtual_tables") | .rows >= 10] == [true]' info.json
}

@test "a diff by type counts what is born and what died under its class" {
    need jq
    [ "$(uname -m)" = x86_64 ] || skip 'there is a reference graph on x86-64 only'
    record virtual_classes "$PROGRAMS/lib/libplugin.so" early.snap
    books_balance early.snap
    "$TOOL" diff --by type --json early.snap "$snapshot" >diff.json
    expect_json '[.rows[] | select(.type == "plugin::Plugin") | .blocks, .died_blocks] == [1, 0]' diff.json
    expect_json '[.rows[] | select(.type == "app::Leaf")] == []' diff.json
    "$TOOL" diff --by type --json "$snapshot" early.snap >back.json
    expect_json '[.rows[] | select(.type == "plugin::Plugin") | .blocks, .died_blocks] == [0, 1]' back.json
}

@test "without a graph a type is what the program or its debug information says" {
    options graph=0
    need jq
    clean_run virtual_classes "$PROGRAMS/lib/libplugin.so"
    "$TOOL" info --json "$snapshot" >info.json
    expect_json '[.sections[] | select(.name == "virtual_tables" or .name == "block_virtual_table")] == []' info.json
    [ "$(blocks '(anonymous namespace)::Hidden')" -le 1 ]
}
