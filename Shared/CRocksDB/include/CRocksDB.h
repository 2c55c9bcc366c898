// RocksDB's own C interface, and what it lacks.
#pragma once

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

// A store opened with these options keeps no diary (the files LOG and LOG.old.*).
//
// A diary that cannot be written is worth the process to RocksDB 7.8 as Debian builds it, with its assertions: the second line after a
// failed one is one of them. On a full disk that is a crash where an error was due. Everything that counts is in the status of a call.
void rocksdb_options_set_no_info_log(rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif
