/* What `ntk verify` and `ntk merge` show of a run while it goes on and when it has ended. */
#ifndef NTK_CLI_DISPLAY_H
#define NTK_CLI_DISPLAY_H

#include <signal.h>
#include <stdbool.h>

#include "cli/cli.h"
#include "run/state.h"

typedef struct cli_display {
    const ntk_run *run;
    bool live, colour; /* a progress line that is rewritten; colours */
    double last;       /* when it was last written */
} cli_display;

/* Show on this terminal what is observed. */
void cli_display_observe(cli_display *screen, ntk_run_observer *out);

/* From here on SIGINT, SIGTERM and SIGHUP set *cli_interrupted. */
extern volatile sig_atomic_t cli_interrupted;
void cli_catch_interrupts(void);

/* Say what goes on from here: the command, --out with this folder, the rest of it. Returns
 * CLI_INTERRUPTED. */
int cli_display_interrupted(const char *command, const char *folder, const char *rest);

/* Execute a run that is observed so, tell how it ended (github: to a GitHub workflow too), destroy
 * it. Returns the exit status. */
int cli_display_run(cli_display *screen, ntk_run *run, bool github);

#endif
