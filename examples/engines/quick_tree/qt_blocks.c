#include "engines/quick_tree/qt_blocks.h"

struct ledger_kind qt_books[QT_BLOCK_COUNT] = {QT_BLOCKS(LEDGER_BOOK)};
const struct ledger qt_ledger = {
    .engine = "quick_tree", .kinds = qt_books, .kind_count = QT_BLOCK_COUNT};

QT_BLOCKS(LEDGER_CONSTRUCTOR)
