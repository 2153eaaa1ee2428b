/* The constructors, all of them, and the books. Each is the innermost frame of its allocations (ledger.h). */
#include "engines/fluent_builder/fluent_blocks.h"

struct ledger_kind fluent_books[FLUENT_BLOCK_COUNT] = {FLUENT_BLOCKS(LEDGER_BOOK)};

const struct ledger fluent_ledger = {
    .engine = "fluent-builder", .kinds = fluent_books, .kind_count = FLUENT_BLOCK_COUNT};

FLUENT_BLOCKS(LEDGER_CONSTRUCTOR)
