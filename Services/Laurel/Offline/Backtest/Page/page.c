#include "CReportPage.h"

// #embed is part of C23. Clang supports it in every mode, and rebuilds when the embedded file changes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char page[] = {
#embed "report.html"
};

struct ReportPageBytes report_page(void) { return (struct ReportPageBytes){page, sizeof page}; }
