#include "cli/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/process.h"

void cli_meter_start(cli_meter *meter) {
    const char *terminal = getenv("TERM");
    *meter = (cli_meter){.live = isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0};
    meter->start = ntk_process_clock();
}

double cli_meter_seconds(const cli_meter *meter) { return ntk_process_clock() - meter->start; }

bool cli_meter_begin_line(cli_meter *meter) {
    const double now = ntk_process_clock();
    if (!meter->live || now - meter->last < 0.2) return false;
    meter->last = now;
    fputs("\r\x1b[K", stderr);
    return true;
}

void cli_meter_print_time(double seconds) {
    const unsigned long long s = (unsigned long long)(seconds + 0.5);
    if (s < 3600)
        fprintf(stderr, "%llu:%02llu", s / 60, s % 60);
    else
        fprintf(stderr, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
}

void cli_meter_print_left(const cli_meter *meter, double done) {
    const double seconds = cli_meter_seconds(meter);
    if (!(seconds >= 1 && done > 0)) return;
    fputs("  ", stderr);
    cli_meter_print_time(done < 1 ? seconds * (1 - done) / done : 0);
    fputs(" left", stderr);
}

void cli_meter_end(const cli_meter *meter) {
    if (meter->live) fputs("\r\x1b[K", stderr);
}
