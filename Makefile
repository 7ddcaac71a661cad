# ntk-verify. `make help` explains targets and options; config.mk holds the options.

include config.mk
ifeq ($(origin CC),default)
CC := gcc
endif

SHELL         := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# All cores build, unless the command line says otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS))$(filter --jobserver%,$(MAKEFLAGS)),)
MAKEFLAGS     += --jobs=$(shell nproc 2>/dev/null || echo 1)
endif

# --- what is built where --------------------------------------------------------------------------

# The rooms of src/, lowest first: each sees only those before it (ci/check-layers holds the exact
# rules).
LIBRARY  := base linalg stats data architecture objective kernel network certify inference dynamics
LAB      := experiment study
RUNNER   := claim run
COMMAND  := cli
MACHINE  := $(shell uname -m)

ifeq ($(SANITIZE)-$(MPI),1-1)
BUILD    ?= build/sanitize-mpi
else ifeq ($(SANITIZE),1)
BUILD    ?= build/sanitize
else ifeq ($(MPI),1)
BUILD    ?= build/mpi
else ifeq ($(SIMD),none)
BUILD    ?= build/scalar
else ifneq ($(BLAS),openblas)
BUILD    ?= build/$(BLAS)
else
BUILD    ?= build
endif

CPPFLAGS += -Iinclude -Isrc -D_GNU_SOURCE
CFLAGS   += -std=c11 $(OPT) -g $(WARN) -ffp-contract=off -fopenmp-simd -fno-math-errno -fno-trapping-math \
            -fPIC -fvisibility=hidden -fno-semantic-interposition
LDFLAGS  += -pthread
# What the library needs, and what the command needs besides.
LIBRARY_LIBS = $(BLAS_OPTIONS) -lsleef $(FLINT_LIBS) -lz -lm -ldl
LDLIBS   += -lyaml -ljansson $(LIBRARY_LIBS)

# Open MPI's; of another library, given by hand. Its headers are not held to our warnings.
ifeq ($(MPI),1)
MPI_CFLAGS   ?= $(patsubst -I%,-isystem %,$(shell mpicc --showme:compile))
MPI_LIBS     ?= $(shell mpicc --showme:link)
LDLIBS       += $(MPI_LIBS)
endif

# Asked when it is first used, like the next.
BLAS_OPTIONS = $(eval BLAS_OPTIONS := $$(or $$(BLAS_LIBS),$$(shell ci/blas $$(BLAS) $$(CC))))$(or \
    $(BLAS_OPTIONS),$(error no BLAS to link))

# Ball arithmetic is a part of FLINT 3 and stands beside FLINT 2: src/base/arb.h asks for the same
# header. Asked when it is first used, since `make deps` may just have installed it.
FLINT_LIBS = $(eval FLINT_LIBS := $$(shell printf '\043include <flint/arb.h>\n' | \
    $$(CC) $$(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo -lflint || echo -lflint-arb -lflint))$(FLINT_LIBS)

ifeq ($(SANITIZE),1)
CFLAGS   += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
LDFLAGS  += -fsanitize=address,undefined
export ASAN_OPTIONS  = abort_on_error=1:detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1
export UBSAN_OPTIONS = print_stacktrace=1
export LSAN_OPTIONS  = suppressions='$(CURDIR)/ci/lsan.supp':print_suppressions=0
endif

# Vector code: one file per instruction set, told by its suffix, each with its own flags; chosen at
# run time.
VECTOR_SUFFIXES := _sse2 _avx2 _avx512 _ifma
ifeq ($(MACHINE)-$(SIMD),x86_64-auto)
CPPFLAGS      += -DNTK_SIMD_X86
FLAGS_avx2    := -mavx2 -mfma
FLAGS_avx512  := -mavx512f -mavx512dq -mavx512vl -mfma
FLAGS_ifma    := $(FLAGS_avx512) -mavx512ifma
else
EXCLUDED      := $(foreach s,$(VECTOR_SUFFIXES),%$(s).c)
endif

# Ranks that reach one another through MPI, or a program that is one rank.
ifeq ($(MPI),1)
EXCLUDED      += src/run/ranks_none.c
else
EXCLUDED      += src/run/ranks_mpi.c
endif

sources  = $(filter-out $(EXCLUDED),$(sort $(wildcard src/$(1)/*.c)))
objects  = $(patsubst %.c,$(BUILD)/%.o,$(1))

LIBRARY_OBJECTS := $(call objects,$(foreach l,$(LIBRARY),$(call sources,$(l))))
LAB_OBJECTS     := $(call objects,$(foreach l,$(LAB),$(call sources,$(l))))
RUNNER_OBJECTS  := $(call objects,$(foreach l,$(RUNNER),$(call sources,$(l))))
CLI_OBJECTS     := $(call objects,$(call sources,cli))

EXPERIMENTS        := $(sort $(wildcard suites/*/*/experiment.c))
EXPERIMENT_OBJECTS := $(call objects,$(EXPERIMENTS))
CLAIM_OBJECTS      := $(call objects,$(filter-out $(EXPERIMENTS),$(sort $(wildcard suites/*/*/*.c))))
# suites/a-b/c-d/experiment.c -> ntk_experiment_a_b__c_d
symbol = ntk_experiment_$(subst -,_,$(subst /,__,$(patsubst suites/%/experiment.c,%,$(1))))

# tests/ mirrors src/, a program a room, and suites/, one program for all claims that have code of
# their own.
test_sources = $(sort $(wildcard tests/$(1)/*.c tests/$(1)/*/*/*.c))
TEST_MODULES := $(sort $(patsubst tests/%/,%,$(dir $(wildcard tests/*/test_*.c))) suites)
TEST_BINARIES := $(TEST_MODULES:%=$(BUILD)/tests/%/run)
TEST_SHARED  := $(wildcard tests/*.c)
TEST_OBJECTS := $(call objects,$(foreach m,$(TEST_MODULES) fixture,$(call test_sources,$(m))) $(TEST_SHARED))

# One text gives the version to programs, to pkg-config and to the name of the shared library.
VERSION      := $(shell sed -n 's/^.define NTK_VERSION  *"\(.*\)"$$/\1/p' include/ntk/version.h)
SONAME       := libntk.so.$(firstword $(subst ., ,$(VERSION)))

# A manual page for ntk and for each of its commands.
MANUAL       := $(BUILD)/man/ntk.1 \
                $(patsubst src/cli/command_%.c,$(BUILD)/man/ntk-%.1,$(wildcard src/cli/command_*.c))

BENCHMARKS   := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/bench_*.c))

# --- building -------------------------------------------------------------------------------------

.PHONY: all
all: $(BUILD)/ntk $(BUILD)/libntk.a $(BUILD)/libntk-lab.a $(BUILD)/libntk.so $(BUILD)/ntk.pc \
     $(BUILD)/ntk-lab.pc $(MANUAL)

# What depends on more than files is written anew each time, and replaced where it changed: not
# where an installation asks whether all is built, and not before `make deps` has installed a
# compiler.
CHECKED = $(if $(INSTALLING),,FORCE) $(if $(filter deps,$(MAKECMDGOALS)),| deps)

# The same objects wherever the tree lies: a run is told by the code that made it, not by the clone.
ANYWHERE = -ffile-prefix-map='$(CURDIR)'=.

replace_if_changed = cmp -s $1.new $1 && rm $1.new || mv $1.new $1

# A change of compiler or flags rebuilds: the stamp's content is the command line.
$(BUILD)/flags: $(CHECKED)
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CPPFLAGS) $(CFLAGS) -ffile-prefix-map' >$@.new
	@$(call replace_if_changed,$@)

# So does a change of libraries link.
$(BUILD)/linked: export LINKED = $(CC) $(LDFLAGS) $(LDLIBS)
$(BUILD)/linked: $(CHECKED)
	@mkdir -p $(@D)
	@printf '%s\n' "$$LINKED" >$@.new
	@$(call replace_if_changed,$@)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(ANYWHERE) $(FLAGS$(findstring _avx512,$*))$(FLAGS$(findstring _ifma,$*)) \
	    $(if $(findstring _avx512,$*),,$(FLAGS$(findstring _avx2,$*))) $(EXTRA) -MMD -MP -c $< -o $@

$(EXPERIMENT_OBJECTS): $(BUILD)/%.o: %.c
$(TEST_OBJECTS): EXTRA = -Itests -I.
$(BUILD)/src/run/ranks_mpi.o: EXTRA = $(MPI_CFLAGS)
$(EXPERIMENT_OBJECTS): EXTRA = -DNTK_EXPERIMENT=$(call symbol,$(patsubst $(BUILD)/%.o,%.c,$@))

# The registry of claims and the provenance of the binary are generated; rewritten only when they
# change.
$(BUILD)/registry.c: $(CHECKED)
	@mkdir -p $(@D)
	@{ printf '/* Generated by the Makefile from the folders of suites/. */\n#include "run/catalogue.h"\n\n'; \
	   $(foreach e,$(EXPERIMENTS),echo 'extern const ntk_experiment $(call symbol,$(e));';) \
	   printf '\nconst ntk_registry_entry ntk_registry[] = {\n'; \
	   $(foreach e,$(EXPERIMENTS), \
	       echo '    {"$(patsubst suites/%/experiment.c,%,$(e))", &$(call symbol,$(e))},';) \
	   printf '    {0, 0},\n};\n'; } >$@.new
	@$(call replace_if_changed,$@)

# The commit of this tree: not of a repository that an unpacked archive happens to lie in, and also
# where the clone is another user's, in which case git must be told, and must not write its index as
# root.
GIT    = git --no-optional-locks -c safe.directory='*'
COMMIT = [ -z "$$($(GIT) rev-parse --show-cdup 2>&1)" ] && \
    $(GIT) describe --always --dirty --abbrev=12 2>/dev/null || echo unknown

$(BUILD)/build_info.c: $(CHECKED)
	@mkdir -p $(@D)
	@{ printf '/* Generated by the Makefile. */\n'; \
	   printf 'extern const char ntk_build_commit[], ntk_build_compiler[], ntk_build_flags[];\n'; \
	   printf 'const char ntk_build_commit[] = "%s";\n' \
	       "$$($(COMMIT))"; \
	   printf 'const char ntk_build_compiler[] = "%s";\n' "$$($(CC) --version | head -n 1)"; \
	   printf 'const char ntk_build_flags[] = "%s";\n' '$(CFLAGS)'; } >$@.new
	@$(call replace_if_changed,$@)

# What decides results and resumes them: the content of all objects, whatever the commit is called.
$(BUILD)/build_code.c: $(LIBRARY_OBJECTS) $(LAB_OBJECTS) $(RUNNER_OBJECTS) $(CLI_OBJECTS) \
        $(EXPERIMENT_OBJECTS) $(CLAIM_OBJECTS) $(BUILD)/registry.o
	@{ printf '/* Generated by the Makefile. */\nextern const char ntk_build_code[];\n'; \
	   printf 'const char ntk_build_code[] = "%s";\n' "$$(cat $^ | sha256sum | cut -c 1-32)"; } >$@

$(BUILD)/registry.o $(BUILD)/build_info.o $(BUILD)/build_code.o: %.o: %.c $(BUILD)/flags
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(ANYWHERE) -c $< -o $@

$(BUILD)/libntk.a: $(LIBRARY_OBJECTS)
	@echo "  AR      $@"
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/libntk-lab.a: $(LAB_OBJECTS)
	@echo "  AR      $@"
	@rm -f $@
	@ar rcs $@ $^

# Exported is what the public headers declare (include/ntk/api.h), without the names that OpenMP
# gives to its locks. A sanitizer's symbols are found at run time only.
$(BUILD)/libntk.so: $(LIBRARY_OBJECTS) $(BUILD)/linked
	@echo "  LD      $@"
	@echo '{ global: ntk_*; local: *; };' >$(BUILD)/libntk.map
	@$(CC) -shared $(LDFLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=$(BUILD)/libntk.map \
	    $(if $(filter 1,$(SANITIZE)),,-Wl,-z,defs) $(filter %.o,$^) \
	    $(LIBRARY_LIBS) -o $(@D)/libntk.so.$(VERSION)
	@ln -sf libntk.so.$(VERSION) $(@D)/$(SONAME)
	@ln -sf libntk.so.$(VERSION) $@

# pkg-config's files, for programs that use the libraries where they were built; `make install` puts
# its own folders into them. Static needs are listed as they are linked: the headers include no
# other library's.
PC_HEAD = echo "prefix=$$PWD"; echo "libdir=$$(realpath $(BUILD))"; echo 'includedir=$${prefix}/include'; \
    echo 'Version: $(VERSION)'; echo 'Cflags: -I"$${includedir}"'

$(BUILD)/ntk.pc: $(CHECKED)
	@mkdir -p $(@D)
	@{ $(PC_HEAD); \
	   echo 'Name: ntk'; \
	   echo 'Description: neural tangent kernels of infinite and finite width, their flows and predictions'; \
	   echo 'Libs: -L"$${libdir}" -Wl,-rpath,"$${libdir}" -lntk'; \
	   echo 'Libs.private: -pthread $(LIBRARY_LIBS)'; } >$@.new
	@$(call replace_if_changed,$@)

$(BUILD)/ntk-lab.pc: $(CHECKED)
	@mkdir -p $(@D)
	@{ $(PC_HEAD); \
	   echo 'Name: ntk-lab'; \
	   echo 'Description: what experiments on neural tangent kernels are written with (a static library)'; \
	   echo 'Requires: ntk'; \
	   echo 'Libs: -L"$${libdir}" -lntk-lab'; \
	   echo 'Libs.private: -lm'; } >$@.new
	@$(call replace_if_changed,$@)

# What only the command links: it is not installed.
$(BUILD)/libntk-run.a: $(RUNNER_OBJECTS) $(BUILD)/build_info.o
	@rm -f $@
	@ar rcs $@ $^

ARCHIVES := $(BUILD)/libntk-run.a $(BUILD)/libntk-lab.a $(BUILD)/libntk.a

# It exports all that the public headers declare, for experiments that it loads (run/compiled.c).
WHOLE = $(BUILD)/libntk-run.a -Wl,--whole-archive $(BUILD)/libntk-lab.a $(BUILD)/libntk.a \
    -Wl,--no-whole-archive

# What it builds claims of others with lies beside it.
$(BUILD)/ntk: $(CLI_OBJECTS) $(EXPERIMENT_OBJECTS) $(CLAIM_OBJECTS) $(BUILD)/registry.o $(BUILD)/build_code.o \
        $(ARCHIVES) $(BUILD)/linked | $(BUILD)/ntk.pc $(BUILD)/ntk-lab.pc
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) -rdynamic $(filter %.o,$^) $(WHOLE) $(LDLIBS) -o $@

# The same, but that it writes down what a claim asks of the library (ci/configurations).
RECORDED := kernel_gram kernel_gram_both kernel_cross network_create flow_run descent_run \
    inference_logistic inference_regression
$(BUILD)/ntk-recorder: $(BUILD)/ci/recorder.o $(BUILD)/ntk
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $(RECORDED:%=-Wl,--wrap=ntk_%) $(CLI_OBJECTS) $(EXPERIMENT_OBJECTS) $(CLAIM_OBJECTS) \
	    $(BUILD)/registry.o $(BUILD)/build_code.o $< $(WHOLE) $(LDLIBS) -o $@

$(MANUAL): $(BUILD)/man/%.1: $(BUILD)/ntk
	@mkdir -p $(@D)
	@$< --man $(patsubst ntk-%,%,$(filter ntk-%,$*)) >$@

# --- tests ----------------------------------------------------------------------------------------

# Tests link all archives, of which each takes what it calls; those of a run need the claims'
# registry too, and those of suites/ the code of the claims.
$(TEST_BINARIES): $(BUILD)/tests/%/run: $(call objects,$(TEST_SHARED)) $(ARCHIVES) $(BUILD)/linked
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $(filter %.o,$^) $(ARCHIVES) -lcriterion $(LDLIBS) -o $@
$(foreach m,$(TEST_MODULES),$(eval $(BUILD)/tests/$(m)/run: $(call objects,$(call test_sources,$(m)))))
$(BUILD)/tests/run/run: $(BUILD)/registry.o $(EXPERIMENT_OBJECTS) $(CLAIM_OBJECTS)
$(BUILD)/tests/suites/run: $(CLAIM_OBJECTS)

# The tests of the command run the command: `ntk` itself, and one that is like it but for its
# catalogue of toys.
$(filter %/cli/run,$(TEST_BINARIES)): | $(BUILD)/ntk $(BUILD)/tests/fixture/ntk
$(BUILD)/tests/fixture/ntk: $(BUILD)/tests/fixture/registry.o $(CLI_OBJECTS) $(ARCHIVES) $(BUILD)/linked
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@

# The fixture is what the tests of the command use. MODULE=kernel runs one module's tests.
.PHONY: test
test: $(if $(MODULE),$(patsubst %,$(BUILD)/tests/%/run,$(subst fixture,cli,$(MODULE))),$(TEST_BINARIES))
	@NTK_BINARY="$$(realpath $(BUILD))/ntk" NTK_FIXTURE="$$(realpath $(BUILD))/tests/fixture/ntk" ci/run-tests $^

# The Python package: its tests, and a wheel that carries the library.
.PHONY: test-python wheel
test-python: $(BUILD)/libntk.so $(BUILD)/ntk
	@BUILD='$(BUILD)' PYTHON='$(PYTHON)' ci/python test

wheel: $(BUILD)/libntk.so
	@BUILD='$(BUILD)' PYTHON='$(PYTHON)' ci/python wheel

# The report in a browser, where there is one.
.PHONY: test-report
test-report: $(BUILD)/ntk
	@ci/test-report $(BUILD)/ntk

# Programs with a planted fault, for check-sanitizers; no test module, so `make test` does not run
# them.
PLANTED := $(patsubst tests/planted/%.c,$(BUILD)/tests/planted/%/run,$(wildcard tests/planted/*.c))

$(PLANTED): $(BUILD)/tests/planted/%/run: $(BUILD)/tests/planted/%.o $(BUILD)/libntk.a $(BUILD)/linked
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $(filter %.o %.a,$^) -lcriterion $(LDLIBS) -o $@

.PHONY: planted-programs check-sanitizers
planted-programs: $(PLANTED)

planted-%: $(BUILD)/tests/planted/%/run
	@ci/run-tests $<

check-sanitizers:
	@ci/check-sanitizers

# Programs that take things away from the command (ci/torture). Those two are never sanitized
# themselves.
$(BUILD)/tests/torture/fuzz.o: EXTRA = -Itests -I.
$(BUILD)/torture/fuzz: $(BUILD)/tests/torture/fuzz.o $(ARCHIVES) $(BUILD)/linked
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@

$(BUILD)/torture/starve.so: tests/torture/starve.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -O1 $(WARN) -shared -fPIC $< -o $@ -ldl

$(BUILD)/torture/refuse: tests/torture/refuse.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -O1 $(WARN) $< -o $@

# For scripts that build in several ways.
.PHONY: print-ntk
print-ntk:
	@echo $(BUILD)/ntk

# One planted error after the other, and who notices it. MODULE, SAMPLE, ONLY, JOBS: ci/mutants.
.PHONY: mutants
mutants: $(BUILD)/ntk
	@MODULE='$(MODULE)' SAMPLE='$(SAMPLE)' ONLY='$(ONLY)' JOBS='$(JOBS)' BUILD='$(BUILD)' ci/mutants

.PHONY: torture
torture:
	@SHORT=$(SHORT) SEED=$(SEED) BUILD=$(BUILD) ci/torture

# --- running --------------------------------------------------------------------------------------

# The claims of this tree, wherever BUILD is.
HERE = NTK_ROOT='$(CURDIR)'

VERIFY_OPTIONS = --tier $(TIER) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS)) \
    $(foreach s,$(SET),--set '$(s)') $(if $(OUT),--out '$(OUT)') $(if $(filter 1,$(RESUME)),--resume)

.PHONY: verify figures accept envelope reference bench bench-peers deps
# make ends with status 2 whatever failed: that of ntk is said, and stands in the file STATUS names.
verify: $(BUILD)/ntk
	@status=0; $(HERE) $(BUILD)/ntk verify $(CLAIM) $(VERIFY_OPTIONS) || status=$$?; \
	$(if $(STATUS),echo $$status >'$(STATUS)';) \
	[ $$status = 0 ] || echo "make verify: ntk ended with exit status $$status" >&2; exit $$status

figures: $(BUILD)/ntk
	@$(HERE) $(BUILD)/ntk figures $(CLAIM) --plots plots $(if $(RUN),--run $(RUN)) \
	    $(if $(FORMAT),--format $(FORMAT)) $(if $(WIDTH),--width $(WIDTH))

accept: $(BUILD)/ntk
	@$(HERE) $(BUILD)/ntk accept $(CLAIM) --tier $(TIER) --why "$(WHY)"

# Over what this machine has of BLAS libraries and kernels, compilers and vector widths.
envelope: $(BUILD)/ntk
	@TIER=$(TIER) JOBS=$(JOBS) OUT='$(OUT)' ci/envelope $(CLAIM)

# The enclosures in data/reference: the same bytes, unless a case is new.
reference: $(BUILD)/ntk
	@ci/reference $(BUILD)/ntk

$(BENCHMARKS): $(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/libntk.a $(BUILD)/linked
	@$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) -o $@

# All of them, whatever the first ones say; ends with an error where a yardstick was missed.
bench: $(BENCHMARKS)
	@missed=; for b in $^; do echo; $$b || missed="$$missed $${b##*/}"; done; \
	[ -z "$$missed" ] || { echo "make bench: missed:$$missed" >&2; exit 1; }

# Other libraries, from PyPI: PEERS='--torch --cores 2 --only gradient', PEERS=--growth. --torch,
# first, installs PyTorch too; the others are options of bench/peers/speed.py.
bench-peers: $(BUILD)/libntk.so $(BUILD)/bench/bench_machine
	@BUILD='$(BUILD)' bench/peers/run $(PEERS)

deps:
	@MPI='$(MPI)' ci/deps

# --- housekeeping ---------------------------------------------------------------------------------

.PHONY: install uninstall clean format docs help FORCE
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export DESTDIR := $(DESTDIR)
install uninstall: export BUILD := $(BUILD)
install:
	@$(MAKE) --question INSTALLING=1 all >/dev/null 2>&1 || MAKE='$(MAKE)' ci/install build
	@ci/install

uninstall:
	@ci/install remove

clean:
	rm -rf build

# Twice: what has been wrapped is aligned anew, which may push other comments too far.
format:
	for pass in 1 2; do \
	    ci/wrap-comments $$(git ls-files '*.c' '*.h' '*.cpp' '*.inc'); \
	    clang-format -i $$(git ls-files '*.c' '*.h' '*.cpp'); \
	done

docs: $(BUILD)/ntk
	@{ printf '# Theorems\n\nGenerated by `make docs`. The folder of a claim holds its statement,\n'; \
	   printf 'experiment and figure; [papers.md](papers.md) names the sources,\n'; \
	   printf '[claim-format.md](claim-format.md) the wordings.\n'; \
	   for paper in $$(sed -n 's/^\(source:\)\?[ {]*paper: \([^,]*\).*/\2/p' suites/*/*/claim.yaml | sort -u); do \
	       printf '\n## %s\n\n' $$paper; $(BUILD)/ntk list --source $$paper --format markdown || exit 1; \
	   done; } >docs/theorems.md.new && mv docs/theorems.md.new docs/theorems.md
	@$(BUILD)/ntk find --format markdown >docs/papers.md.new && mv docs/papers.md.new docs/papers.md
	@ci/claim-map
	@ci/configurations

help:
	@sed -e 's/^    //' ci/help.txt

FORCE:

-include $(LIBRARY_OBJECTS:.o=.d) $(LAB_OBJECTS:.o=.d) $(RUNNER_OBJECTS:.o=.d) \
         $(CLI_OBJECTS:.o=.d) $(EXPERIMENT_OBJECTS:.o=.d) \
         $(CLAIM_OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(BENCHMARKS:=.d)
