# trainlib. `make` builds the archive and the command; `make run` trains the quick-start example; `make test` runs the tests.
CC ?= cc
AR ?= ar
CFLAGS ?= -O2
LDFLAGS ?=
B ?= build

# nothing to change below this line

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes
ALL_CFLAGS = -std=c11 -ffp-contract=off $(WARN) -I. -Isrc $(CFLAGS)
SOURCES := $(shell sed -n 's/^ *\# *include "\(.*\.c\)"/\1/p' trainlib.c)
OBJECTS := $(SOURCES:%.c=$(B)/obj/%.o)
CLI_OBJECTS := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tools/cli/*.c))

all: $(B)/libtrainlib.a $(if $(CLI_OBJECTS),$(B)/trainlib)

$(B)/libtrainlib.a: $(OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/trainlib: $(CLI_OBJECTS) $(B)/libtrainlib.a
	$(CC) $(LDFLAGS) -o $@ $^ -lpthread

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# One cmocka program per test file: tests/FOLDER/test_FILE.c. `make test T=base/test_text` runs one.
TESTS := $(if $(T),tests/$(T).c,$(wildcard tests/*/test_*.c))
TEST_SUPPORT := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/support/*.c))
TEST_PROGRAMS := $(TESTS:%.c=$(B)/%)

$(B)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(B)/tests/%: $(B)/obj/tests/%.o $(TEST_SUPPORT) $(B)/libtrainlib.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lpthread -lm

test: all $(TEST_PROGRAMS)
	@for t in $(TEST_PROGRAMS); do $$t || exit 1; done

clean:
	rm -rf $(B)

.PHONY: all test clean
.SECONDARY:
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
