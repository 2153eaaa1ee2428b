/* The findings of `allocscope check` as continuous-integration systems read them. */
#ifndef REPORT_REPORT_CHECK_CI_H
#define REPORT_REPORT_CHECK_CI_H

#include "report/report_check.h"

/* JUnit XML: a test case for each limit; a broken one fails, one that cannot be judged is an error. */
int report_check_junit(
    FILE *out, const struct report_checks *checks, const struct report_options *options);
/* Workflow commands of GitHub Actions: an annotation for each row of each finding, at the row's source line. */
int report_check_github(
    FILE *out, const struct report_checks *checks, const struct report_options *options);

#endif
