#include <stddef.h>

// The HTML page of a back-test, embedded in the binary. {{report}} marks the place of its data.
struct ReportPageBytes {
  const unsigned char *_Nonnull start;
  size_t count;
};

struct ReportPageBytes report_page(void);
