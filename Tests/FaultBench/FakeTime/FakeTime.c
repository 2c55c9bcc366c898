// Gives a service a different time of day, which can jump while the service runs.
//
// The file named by FAKE_TIME_FILE holds a number of nanoseconds, an int64_t in native byte order. It is added to the time of day that two
// callers read: the program itself (its clock, Shared/Worker/SystemClock.swift) and librdkafka (gettimeofday, for the time stamps of the
// records that it produces). Monotonic clocks stay correct, as they do when a machine's time of day is set.
//
// Why not libfaketime: under it, librdkafka computes the end of a wait with one clock and waits with another, so every wait ends at once.
// Here waits until a time of day are corrected (cnd_timedwait), and no other library's time is changed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static const _Atomic int64_t *offset;

// The address range of a caller's code.
struct range {
  uintptr_t first, last;
};
static struct range program, rdkafka;

static int found(struct dl_phdr_info *object, size_t size, void *count) {
  (void)size;
  // The first object is the program.
  struct range *range = (*(int *)count)++ == 0 ? &program : strstr(object->dlpi_name, "librdkafka") ? &rdkafka : NULL;
  for (int i = 0; range && i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
    range->first = object->dlpi_addr + part->p_vaddr;
    range->last = range->first + part->p_memsz;
  }
  return 0;
}

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FAKE_TIME_FILE");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *place = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (place == MAP_FAILED) return;
  int count = 0;
  dl_iterate_phdr(found, &count);
  offset = place;
}

static int read_clock(clockid_t clock, struct timespec *time, const struct range *fooled, const void *caller) {
  int outcome = (int)syscall(SYS_clock_gettime, clock, time);
  uintptr_t place = (uintptr_t)caller;
  if (outcome != 0 || clock != CLOCK_REALTIME || !offset || place < fooled->first || place >= fooled->last) return outcome;
  int64_t nanoseconds = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + *offset;
  time->tv_sec = nanoseconds / 1000000000;
  time->tv_nsec = nanoseconds % 1000000000;
  return 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  return read_clock(clock, time, &program, __builtin_return_address(0));
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec precise;
  int outcome = read_clock(CLOCK_REALTIME, &precise, &rdkafka, __builtin_return_address(0));
  time->tv_sec = precise.tv_sec;
  time->tv_usec = precise.tv_nsec / 1000;
  return outcome;
}

static int64_t distance(int64_t left, int64_t right) { return left < right ? right - left : left - right; }

// librdkafka computes the end of some waits from gettimeofday, which is the fake time. Those are corrected.
int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict end) {
  static int (*real)(cnd_t *, mtx_t *, const struct timespec *);
  if (!real) real = (int (*)(cnd_t *, mtx_t *, const struct timespec *))dlsym(RTLD_NEXT, "cnd_timedwait");
  struct timespec now, put_right = *end;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  int64_t seconds = offset ? *offset / 1000000000 : 0;
  if (distance(end->tv_sec, now.tv_sec + seconds) < distance(end->tv_sec, now.tv_sec)) put_right.tv_sec -= seconds;
  return real(condition, mutex, &put_right);
}
