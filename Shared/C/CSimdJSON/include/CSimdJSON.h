// A C interface to simdjson's DOM parser: parse bytes, then read the tape in place.
//
// The tape is simdjson's own format (see its doc/tape.md): one 64-bit word per bracket, string or atom, two per number. The type is in the
// top byte, the payload in the low 56 bits.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum simdjson_status : int32_t {
  simdjson_status_parsed = 0,
  simdjson_status_malformed = 1,
  // A number that simdjson rejected, because it is malformed or beyond 64 bits. simdjson 3.0 does not report which.
  simdjson_status_number = 2,
  simdjson_status_not_utf8 = 3,
  simdjson_status_too_deep = 4,
  simdjson_status_too_long = 5,
  simdjson_status_out_of_memory = 6,
} simdjson_status;

// The result of the last parse. The pointers stay valid until the next parse or destroy.
typedef struct simdjson_tape {
  const uint64_t *_Null_unspecified words;
  // Each string: its length as 32 bits in the machine's byte order, its bytes (escapes resolved), a zero byte.
  const uint8_t *_Null_unspecified strings;
  // One word per tape word, all zero after a parse. Free for the reader to use.
  uint32_t *_Null_unspecified marks;
  // Words in the tape; 0 if the last parse failed.
  size_t length;
} simdjson_tape;

// A parser with its buffers, or NULL if memory runs out. max_depth counts only brackets that are not empty.
simdjson_tape *_Nullable simdjson_tape_create(size_t max_bytes, size_t max_depth);
void simdjson_tape_destroy(simdjson_tape *_Nullable tape);

// Copies the bytes into the parser's own padded buffer and parses them. Never throws.
simdjson_status simdjson_tape_parse(simdjson_tape *_Nonnull tape, const uint8_t *_Nullable bytes, size_t length);

#ifdef __cplusplus
}
#endif
