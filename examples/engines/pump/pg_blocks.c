#include "engines/pump/pg_blocks.h"

struct ledger_kind pg_books[PG_BLOCK_COUNT] = {PG_BLOCKS(LEDGER_BOOK)};
const struct ledger pg_ledger = {.engine = "pump", .kinds = pg_books, .kind_count = PG_BLOCK_COUNT};

PG_BLOCKS(LEDGER_CONSTRUCTOR)
