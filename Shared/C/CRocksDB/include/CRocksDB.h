// RocksDB's own C interface, and one function that it lacks.
#pragma once

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

// Makes stores opened with these options write no info log (the files LOG and LOG.old.*).
//
// Debian builds RocksDB 7.8 with assertions, and one of them fails at the second log line after a failed one. So on a full disk the process
// would crash instead of getting an error. Every important failure is in the status of a call anyway.
void rocksdb_options_set_no_info_log(rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif
