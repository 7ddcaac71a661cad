/* What a run says of a claim, one judgement at a time: a case for each check, control, twin with
 * a process of its own, and stored result. */
#ifndef NTK_RUN_CASES_H
#define NTK_RUN_CASES_H

#include <stddef.h>

#include "claim/describe.h"
#include "run/state.h"

typedef struct ntk_case {
    const char *kind; /* "check", "control", "twin of control", "stored result" */
    const char *name;
    ntk_verdict verdict; /* of this one alone; SKIPPED: not judged */
    ntk_description found, wanted;
    const char *why;      /* the bound, the control, the tolerance; never NULL */
    size_t line;          /* of claim.yaml; 0: unknown */
    const ntk_task *task; /* the process that it rests on */
} ntk_case;

/* Called for every case of a judged claim, checks first, in the order of claim.yaml. */
typedef void ntk_case_visitor(const ntk_case *one, void *context);
void ntk_visit_cases(const ntk_claim_run *claim, ntk_case_visitor *visit, void *context);

#endif
