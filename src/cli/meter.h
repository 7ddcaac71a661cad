/* A line on the terminal that tells how far long work has come. */
#ifndef NTK_CLI_METER_H
#define NTK_CLI_METER_H

#include <stdbool.h>

typedef struct cli_meter {
    bool live; /* stderr is a terminal that can rewrite a line */
    double start, last;
} cli_meter;

void cli_meter_start(cli_meter *meter);

/* Whether it is time to write the line again; then it is empty, for stderr. */
bool cli_meter_begin_line(cli_meter *meter);

double cli_meter_seconds(const cli_meter *meter);

/* "1:05" or "2:00:05". */
void cli_meter_print_time(double seconds);

/* "  1:05 left", from the second second on, given what part of the work was done since the start;
 * nothing where that is none. */
void cli_meter_print_left(const cli_meter *meter, double done);

/* Removes the line. */
void cli_meter_end(const cli_meter *meter);

#endif
