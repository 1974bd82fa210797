# trainlib. `make` builds the archive and the command, `make run` trains the quick-start example, `make test` runs
# the tests; `make help` lists the rest. Set on the command line or in the environment:

CFLAGS ?= -O2
LDFLAGS ?=
# A cross compiler's prefix (aarch64-linux-gnu-) and what runs its programs here (qemu-aarch64 -L ...).
CROSS_COMPILE ?=
RUN ?=
# Where everything is built, and where `make install` puts it.
B ?= build
PREFIX ?= /usr/local
DESTDIR ?=

# ---- nothing to change below this line ----

ifeq ($(origin CC),default)
CC = $(CROSS_COMPILE)$(if $(CROSS_COMPILE),gcc,cc)
endif
ifeq ($(origin AR),default)
AR = $(CROSS_COMPILE)ar
endif
NM ?= $(CROSS_COMPILE)nm
LIBS ?= -lpthread

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes
ALL_CFLAGS = -std=c11 -ffp-contract=off $(WARN) -I. -Isrc $(CFLAGS)

# Objects of different compilers or flags never mix: they lie in a folder that their hash names.
KEY := $(shell printf '%s' '$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LIBS)' | cksum | cut -d' ' -f1)
O := $(B)/obj-$(KEY)

SOURCES := $(shell sed -n 's/^ *\# *include "\(.*\.c\)"/\1/p' trainlib.c)
OBJECTS := $(SOURCES:%.c=$(O)/src/%.o)
COMMAND_OBJECTS := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tools/cli/*.c)))
VERSION := $(shell sed -n 's/^.define TL_VERSION "\(.*\)"/\1/p' trainlib.h)

all: $(B)/libtrainlib.a $(if $(COMMAND_OBJECTS),$(B)/trainlib$(EXE))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "$(CC) $<"
	@$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(O)/libtrainlib.a: $(OBJECTS)
	@mkdir -p $(@D) && rm -f $@
	@$(AR) rcs $@ $^

$(O)/trainlib$(EXE): $(COMMAND_OBJECTS) $(O)/libtrainlib.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The products lie at a fixed place; they are taken anew when the flags or their objects changed.
$(B)/libtrainlib.a $(B)/trainlib$(EXE): $(B)/%: $(O)/% $(B)/.key-$(KEY)
	@cp $< $@
	@echo "$@"

$(B)/.key-$(KEY):
	@mkdir -p $(B) && rm -f $(B)/.key-* && touch $@

run: all
	$(RUN) $(B)/trainlib$(EXE) train:run examples/quickstart/config.yaml

# ---- tests ----

# A test is a cmocka program tests/FOLDER/test_*.c or a script tests/FOLDER/test_*.sh. T picks one: T=base/test_text
TEST_C := $(sort $(wildcard tests/*/test_*.c))
TEST_SH := $(sort $(wildcard tests/*/test_*.sh))
ifdef T
TEST_C := $(wildcard tests/$(T).c)
TEST_SH := $(wildcard tests/$(T).sh)
endif
TEST_PROGRAMS := $(TEST_C:%.c=$(O)/%)
# A program of the tests that is not a unit test: $(call tool,FOLDER,NAME)
tool = $(O)/tests/$(1)/$(2)
SUPPORT := $(patsubst %.c,$(O)/%.o,$(wildcard tests/support/*.c))

$(O)/tests/%: $(O)/tests/%.o $(SUPPORT) $(O)/libtrainlib.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS) -lm

cmocka:
	@printf '#include <%s.h>\n' stdarg stddef stdint setjmp cmocka | \
	  $(CC) -x c -fsyntax-only - 2>/dev/null || { echo "The tests need cmocka, which is not here. This gets it: tools/get-cmocka" >&2; exit 2; }

test: cmocka all $(if $(filter tests/cli/test_bench.sh,$(TEST_SH)),$(B)/bench) $(if $(T),,checks single-unit) $(TEST_PROGRAMS) $(if $(filter tests/parity/%,$(TEST_SH)),$(call tool,parity,parity)) $(if $(filter tests/bits/%,$(TEST_SH)),$(call tool,bits,trainlib))
	@PARITY='$(RUN) $(call tool,parity,parity)' BITS='$(RUN) $(CURDIR)/$(call tool,bits,trainlib)' TRAINLIB='$(RUN) $(CURDIR)/$(B)/trainlib$(EXE)' RUN='$(RUN)' tools/run-tests $(TEST_PROGRAMS) $(TEST_SH)

# The command with every job shared out that has two tasks, so that small networks show what threads do.
SHARING := $(O)/sharing/par/pool.o $(O)/sharing/par/choice.o
$(O)/sharing/%.o: src/%.c
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -DTL_SHARE_ALL -MMD -MP -c -o $@ $<
$(call tool,bits,trainlib): $(COMMAND_OBJECTS) $(SHARING) $(O)/libtrainlib.a
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/trainlib-sharing: $(call tool,bits,trainlib)
	@cp $< $@

checks:
	@tools/checks/all

# The whole library as one unit, with no name in it that trainlib.h does not have; the header alone as C11 and C++17.
single-unit:
	@mkdir -p $(O)
	@$(CC) $(ALL_CFLAGS) -c -o $(O)/trainlib-unit.o trainlib.c
	@NM='$(NM)' tools/checks/names $(O)/trainlib-unit.o
	@$(CC) -std=c11 -Wall -Wextra -Wpedantic -fsyntax-only -x c trainlib.h
	@if command -v $(CROSS_COMPILE)g++ >/dev/null; then $(CROSS_COMPILE)g++ -std=c++17 -Wall -Wextra -Wpedantic -fsyntax-only -x c++ trainlib.h; fi

sanitize:
	$(MAKE) B=$(B)/asan CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -DTL_CHECKED' test
	$(MAKE) B=$(B)/tsan CFLAGS='-O1 -g -fsanitize=thread -DTL_SHARE_ALL' threads-test

threads-test: all
	@for t in port/test_system par/test_pool par/test_context data/test_batch data/test_stream nn/test_network_step train/test_train train/test_stream; do $(MAKE) B=$(B) CFLAGS='$(CFLAGS)' T=$$t test || exit 1; done

FUZZ_SECONDS ?= 60
fuzz:
	@FUZZ_SECONDS=$(FUZZ_SECONDS) MAKE='$(MAKE)' B='$(B)/fuzz' tools/fuzz

coverage:
	$(MAKE) B=$(B)/coverage CFLAGS='-O0 -g --coverage' test
	@tools/coverage $(B)/coverage

# ---- other builds ----

amalgamation: $(B)/amalgamation/trainlib.c $(B)/amalgamation/trainlib.h

$(B)/amalgamate: tools/amalgamate.c
	@mkdir -p $(B)
	@cc -std=c11 -Wall -Wextra -O1 -o $@ $<

$(B)/amalgamation/trainlib.h: trainlib.h
	@mkdir -p $(@D) && cp $< $@

$(B)/amalgamation/trainlib.c: $(B)/amalgamate trainlib.c trainlib.h $(shell find src -name '*.[ch]')
	@mkdir -p $(@D)
	@$(B)/amalgamate trainlib.c src $(VERSION) > $@.new && mv $@.new $@
	@echo "$(@D)/trainlib.c and trainlib.h; build them with: cc -O2 -c trainlib.c"

# The emulated tests use the C library that comes with the other architecture's cmocka: tools/get-cmocka arm64 armhf
cross: cross-aarch64 cross-armv7 cross-mingw cross-cortex-m

cross-aarch64:
	$(MAKE) B=$(B)/aarch64 CROSS_COMPILE=aarch64-linux-gnu- RUN='qemu-aarch64 -L /' test

cross-armv7:
	$(MAKE) B=$(B)/armv7 CROSS_COMPILE=arm-linux-gnueabihf- CFLAGS='-O2 -march=armv7-a -mfpu=neon-vfpv4' \
	  RUN='qemu-arm -cpu cortex-a7 -L /' test

cross-mingw:
	$(MAKE) B=$(B)/mingw CROSS_COMPILE=x86_64-w64-mingw32- EXE=.exe LIBS= all

cross-cortex-m:
	@B='$(B)/cortex-m' tests/mcu/run

install: all
	install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 trainlib.h $(DESTDIR)$(PREFIX)/include/trainlib.h
	install -m 644 $(B)/libtrainlib.a $(DESTDIR)$(PREFIX)/lib/libtrainlib.a
	install -m 755 $(B)/trainlib$(EXE) $(DESTDIR)$(PREFIX)/bin/trainlib$(EXE)
	install -m 644 tools/cli/trainlib.1 $(DESTDIR)$(PREFIX)/share/man/man1/trainlib.1
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' tools/trainlib.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/trainlib.pc

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/include/trainlib.h $(DESTDIR)$(PREFIX)/lib/libtrainlib.a $(DESTDIR)$(PREFIX)/bin/trainlib$(EXE) \
	  $(DESTDIR)$(PREFIX)/share/man/man1/trainlib.1 $(DESTDIR)$(PREFIX)/lib/pkgconfig/trainlib.pc

clean:
	rm -rf $(B)

# ---- checks with outside cases, for whoever works on trainlib ----

$(call tool,parity,parity): $(patsubst %.c,$(O)/%.o,$(wildcard tests/parity/parity*.c)) $(O)/libtrainlib.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lm
$(call tool,conformance,conformance): $(O)/tests/conformance/conformance.o $(O)/libtrainlib.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

CASES ?= tests/parity/cases
parity: all $(call tool,parity,parity)
	$(RUN) $(call tool,parity,parity) $(CASES)

conformance: all $(call tool,conformance,conformance)
	$(RUN) $(call tool,conformance,conformance) $(CASES)

# The reference packages judge our files: needs python3 with safetensors and numpy.
$(call tool,referees,check_safetensors): $(O)/tests/referees/check_safetensors.o $(O)/libtrainlib.a
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
referees: all $(call tool,referees,check_safetensors)
	@python3 -c 'import safetensors, numpy' 2>/dev/null || \
	  { echo "make referees needs python3 with safetensors and numpy: pip install safetensors numpy" >&2; exit 2; }
	python3 tests/referees/check_safetensors.py $<
	@python3 -c 'import tensorboard' 2>/dev/null || \
	  { echo "make referees needs python3 with tensorboard: pip install tensorboard" >&2; exit 2; }
	python3 tests/referees/check_events.py $(B)/trainlib

# Explanations beside torch and scikit-learn; folds with focal loss beside scikit-learn's, DATA=mammography.csv.
referee-explain: all
	@python3 -c 'import torch, sklearn, numpy, safetensors' 2>/dev/null || { echo "make referee-explain needs python3 with" \
	  "torch, scikit-learn, numpy and safetensors: pip install torch scikit-learn numpy safetensors" >&2; exit 2; }
	python3 tests/referees/check_explain.py $(B)/trainlib
	python3 tests/referees/check_attention.py $(B)/trainlib
referee-folds: all
	@python3 -c 'import sklearn, numpy' 2>/dev/null || \
	  { echo "make referee-folds needs python3 with scikit-learn and numpy: pip install scikit-learn numpy" >&2; exit 2; }
	@[ -f '$(DATA)' ] || { echo "make referee-folds needs DATA=FILE: mammography.csv, data set 310 of openml.org" >&2; exit 2; }
	python3 tests/referees/check_folds.py $(B)/trainlib '$(DATA)'

# How many trials a search needs beside Optuna's; minutes. FUNCTION="branin mixed": only these.
$(call tool,referees,race_search): $(O)/tests/referees/race_search.o $(O)/libtrainlib.a
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
race-search: all $(call tool,referees,race_search)
	@python3 -c 'import optuna, numpy' 2>/dev/null || \
	  { echo "make race-search needs python3 with optuna and numpy: pip install optuna numpy" >&2; exit 2; }
	python3 tests/referees/race_search.py $(call tool,referees,race_search) $(B)/trainlib $(FUNCTION)

same-bits:
	@B='$(B)/same-bits' MAKE='$(MAKE)' tests/bits/same-bits

crash-resume: all
	@TRAINLIB='$(CURDIR)/$(B)/trainlib' sh tests/faults/crash_resume.sh

# ---- how fast ----

# Needs POSIX. K: parts of the cases' names; PEERS=1: beside other packages; SIMD: a lower set; DATA: Fashion-MNIST.
BENCH_OBJECTS := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tools/bench/*.c)))
$(O)/bench: $(BENCH_OBJECTS) $(O)/libtrainlib.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(if $(filter Linux,$(shell uname -s)),-ldl)
$(B)/bench: $(B)/%: $(O)/% $(B)/.key-$(KEY)
	@cp $< $@
	@echo "$@"

# Kinds of mistakes in trainings: does train:diagnose name them?
planted: all
	tools/planted $(if $(K),-k '$(K)') $(or $(SEEDS),11 12 13 14 15)

bench: $(B)/bench
	$(B)/bench $(if $(PEERS),--peers) $(if $(SIMD),--simd $(SIMD)) $(if $(DATA),--data '$(DATA)') \
	  --csv $(B)/bench.csv --json $(B)/bench.json $(if $(K),'$(K)')

# Instructions per multiply-add of the NEON kernels, counted in the emulator.
bench-neon:
	@$(MAKE) B=$(B)/aarch64 CROSS_COMPILE=aarch64-linux-gnu- $(B)/aarch64/bench >/dev/null
	@echo AArch64 && tools/bench/instructions 'qemu-aarch64 -L /' $(B)/aarch64/bench
	@$(MAKE) B=$(B)/armv7 CROSS_COMPILE=arm-linux-gnueabihf- CFLAGS='-O2 -march=armv7-a -mfpu=neon-vfpv4' $(B)/armv7/bench >/dev/null
	@echo ARMv7 && tools/bench/instructions 'qemu-arm -cpu cortex-a7 -L /' $(B)/armv7/bench

help:
	@echo 'make                 build/libtrainlib.a and build/trainlib'
	@echo 'make run             train the quick-start example'
	@echo 'make test [T=F/t]    all tests, or one'
	@echo 'make install         header, archive, command, pkg-config file, manual page (PREFIX, DESTDIR); make uninstall'
	@echo 'make amalgamation    the library as two files in build/amalgamation'
	@echo 'make cross           AArch64 and ARMv7 with their tests in an emulator, Cortex-M, Windows (mingw)'
	@echo 'make sanitize        the tests under address, undefined-behaviour and thread sanitizers'
	@echo 'make fuzz            each parser under libFuzzer for FUZZ_SECONDS=60'
	@echo 'make coverage        line coverage of the tests'
	@echo 'make parity          numbers of PyTorch and scikit-learn (CASES=folder)'
	@echo 'make conformance     JSON, YAML and CSV suites (CASES=folder)'
	@echo 'make referees        safetensors and event files against the reference packages'
	@echo 'make referee-explain, referee-folds   explanations and folds beside torch and scikit-learn'
	@echo 'make race-search     trials that a search needs, beside Optuna (FUNCTION=branin)'
	@echo 'make planted         does train:diagnose find planted mistakes? (SEEDS="1 2", K=leak)'
	@echo 'make bench [K=gemm]  how fast it is here (PEERS=1: beside PyTorch and others; build/bench --help)'
	@echo 'make bench-neon      instructions per multiply-add of the ARM kernels, in the emulator'
	@echo 'make same-bits       trainings of each family of networks, many builds and threads: one hash each'
	@echo 'make crash-resume    kill and resume, fifty times and with each family of networks: one hash each'

.PHONY: all run cmocka test checks single-unit sanitize threads-test fuzz coverage amalgamation cross cross-aarch64 cross-armv7 \
  cross-mingw cross-cortex-m install uninstall clean parity conformance referees referee-explain referee-folds race-search planted bench bench-neon same-bits crash-resume help
.SECONDARY:
-include $(shell find $(O) -name '*.d' 2>/dev/null)
