#include "CSimdJSON.h"

#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

namespace {

// The tape is the first base class, so that the pointer passed to Swift is also the parser's.
struct Parser final : simdjson_tape {
  Parser(size_t max_bytes, size_t max_depth) noexcept
      : simdjson_tape{}, parser(max_bytes), max_bytes(max_bytes), max_depth(max_depth) {}

  simdjson::dom::parser parser;
  std::unique_ptr<uint8_t[]> input;
  std::unique_ptr<uint32_t[]> owned_marks;
  size_t capacity = 0;
  const size_t max_bytes;
  const size_t max_depth;

  // simdjson would grow to exactly the requested length, again for each new longest document. Growing by powers of two needs fewer steps.
  simdjson::error_code reserve(size_t needed) noexcept {
    if (capacity && needed <= capacity) return simdjson::SUCCESS;
    size_t grown = capacity ? capacity : 1024;
    while (grown < needed) grown *= 2;
    capacity = 0;
    input.reset(new (std::nothrow) uint8_t[grown + simdjson::SIMDJSON_PADDING]);
    // As many marks as document::allocate allocates tape words.
    owned_marks.reset(new (std::nothrow) uint32_t[(grown + 3 + 63) / 64 * 64]);
    if (!input || !owned_marks) return simdjson::MEMALLOC;
    if (auto error = parser.doc.allocate(grown)) return error;
    if (auto error = parser.allocate(grown, max_depth)) return error;
    capacity = grown;
    return simdjson::SUCCESS;
  }
};

simdjson_status status(simdjson::error_code error) noexcept {
  switch (error) {
  case simdjson::SUCCESS: return simdjson_status_parsed;
  case simdjson::NUMBER_ERROR: return simdjson_status_number;
  case simdjson::UTF8_ERROR: return simdjson_status_not_utf8;
  case simdjson::DEPTH_ERROR: return simdjson_status_too_deep;
  case simdjson::CAPACITY: return simdjson_status_too_long;
  case simdjson::MEMALLOC: return simdjson_status_out_of_memory;
  default: return simdjson_status_malformed;
  }
}

} // namespace

simdjson_tape *simdjson_tape_create(size_t max_bytes, size_t max_depth) {
  return new (std::nothrow) Parser(max_bytes, max_depth);
}

void simdjson_tape_destroy(simdjson_tape *tape) { delete static_cast<Parser *>(tape); }

simdjson_status simdjson_tape_parse(simdjson_tape *tape, const uint8_t *bytes, size_t length) {
  auto *self = static_cast<Parser *>(tape);
  self->length = 0;
  if (length > self->max_bytes) return simdjson_status_too_long;

  auto error = self->reserve(length);
  if (!error) {
    if (length) std::memcpy(self->input.get(), bytes, length);
    std::memset(self->input.get() + length, 0, simdjson::SIMDJSON_PADDING);
    error = self->parser.parse(self->input.get(), length, false).error();
  }
  if (error) return status(error);

  self->words = self->parser.doc.tape.get();
  self->strings = self->parser.doc.string_buf.get();
  self->marks = self->owned_marks.get();
  // The root word points just past its closing word.
  self->length = size_t(self->words[0] & simdjson::internal::JSON_VALUE_MASK);
  std::memset(self->marks, 0, self->length * sizeof(uint32_t));
  return simdjson_status_parsed;
}
