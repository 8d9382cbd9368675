// Page operations and the functions that carry them out.
//
// An access method changes a page only through an operation: the operation's payload goes into the log and
// the same function applies it to the page, now and at recovery. Codes are part of the log format: never
// reuse one.
#pragma once

#include <cstdint>

#include "common/strong_id.h"
#include "wal/log_record.h"

namespace varve::buffer {
struct Page;
}

namespace varve::wal {

// Ranges: 0x01–0x0F space and segments, 0x10–0x3F heap, 0x40–0x6F B-tree, 0x70–0x7F sequence,
// 0x80–0x8F overflow pages, 0x90– other access methods.
using RedoOp = uint8_t;

// Applies the payload to the page, whose bytes are as they were when the record was made. Must be
// deterministic and must not touch header.lsn. `id` is the page's id.
using RedoFunction = void (*)(PageId id, buffer::Page& page, Bytes payload);

// Called once per op at start-up, before any thread uses the log. Access methods export a
// register_..._redo() function; the server and tests call those they need.
void register_redo(RedoOp op, RedoFunction function);
RedoFunction redo_function(RedoOp op);  // nullptr: unknown op

}  // namespace varve::wal
