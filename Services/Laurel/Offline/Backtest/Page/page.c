#include "CReportPage.h"

// #embed is of C23. Clang knows it in every mode, and builds anew when the file changes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char page[] = {
#embed "report.html"
};

struct ReportPageBytes report_page(void) { return (struct ReportPageBytes){page, sizeof page}; }
