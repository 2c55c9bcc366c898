#include <stddef.h>

// The page of a back-test, carried inside the binary: HTML with {{report}} where its data goes.
struct ReportPageBytes {
  const unsigned char *_Nonnull start;
  size_t count;
};

struct ReportPageBytes report_page(void);
