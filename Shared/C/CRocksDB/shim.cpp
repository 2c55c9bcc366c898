#include "CRocksDB.h"

#include <rocksdb/env.h>

#include <memory>

// The same definition as in RocksDB's db/c.cc, unchanged since RocksDB has loggers. Its C interface accepts a logger but cannot create one.
struct rocksdb_logger_t {
  std::shared_ptr<rocksdb::Logger> rep;
};

namespace {

class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char *, va_list) override {}
};

}  // namespace

void rocksdb_options_set_no_info_log(rocksdb_options_t *options) {
  rocksdb_logger_t logger{std::make_shared<Silence>()};
  rocksdb_options_set_info_log(options, &logger);
}

// How a release's allocator (jemalloc) gives memory back: few arenas, since a process has few busy threads, and pages that are free for a
// second. MALLOC_CONF changes it. (The name is jemalloc's.)
extern "C" const char *malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,tcache_max:32768";
