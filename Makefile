# SPDX-License-Identifier: MIT
# chatkit.fcgi. `make help` lists the targets; README.md explains the two that matter: run and test.
#
# Objects live in $(BUILD), so that flavours coexist: make BUILD=build/asan SAN=address,undefined

ifeq ($(origin CC),default)
CC       = gcc
endif
BUILD   ?= build
SEAM    ?= coro
PREFIX  ?= /usr/local
SAN     ?=
WERROR  ?=
V       ?=

pkg_cflags := $(shell pkg-config --cflags json-c libpq libcurl libcrypto 2>/dev/null)
pkg_libs   := -lfcgi $(shell pkg-config --libs libcurl json-c libpq libcrypto 2>/dev/null) -lpthread -lm

CFLAGS   ?= -O2 -g
WARN      = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
            -Wformat=2 -Wswitch-enum -Wvla -Wundef -Wframe-larger-than=4096
HARDEN    = -fstack-protector-strong -fPIE -fno-strict-aliasing
ifeq ($(findstring clang,$(CC)),)
HARDEN   += -ftrivial-auto-var-init=zero
endif
ifeq ($(SAN),)
HARDEN   += -D_FORTIFY_SOURCE=2 -fstack-clash-protection
else
HARDEN    = -fPIE -fno-strict-aliasing -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
WARN     += -Wno-frame-larger-than
endif
ifneq ($(WERROR),)
WARN     += -Werror
endif
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isrc -I. $(CFLAGS) $(WARN) $(HARDEN) $(DEFS) -MMD -MP
ifeq ($(SEAM),thread)
ALL_CFLAGS += -DSEAM_THREAD
endif
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)

ifeq ($(V),)
Q = @
say = @echo "  $(1) $(2:$(BUILD)/%=%)"
endif

# The ladder, top rung first. A folder is an archive; a test links its own folder and those below, so that an upward call does not link.
RUNGS   = app turn chatkit agent model mcp store auth io talk wire base
NOT_SEAM = $(if $(filter thread,$(SEAM)),%_coro.c,%_thread.c)
srcs     = $(sort $(filter-out $(NOT_SEAM),$(wildcard src/$(1)/*.c)))
objs     = $(patsubst %.c,$(BUILD)/obj/%.o,$(call srcs,$(1)))
archive  = $(if $(wildcard src/$(1)/*.c),$(BUILD)/lib/$(1).a)
ARCHIVES = $(foreach r,$(RUNGS),$(call archive,$(r)))
below    = $(foreach r,$(shell echo " $(RUNGS)" | sed 's/.* \($(1)\>\)/\1/'),$(call archive,$(r)))
FCGI_OBJS = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard fcgi/*.c))

.PHONY: all
all: $(BUILD)/chatkit.fcgi ## build build/chatkit.fcgi

$(BUILD)/chatkit.fcgi: $(FCGI_OBJS) $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(FCGI_OBJS) $(ARCHIVES) $(pkg_libs)

define rung
$(BUILD)/lib/$(1).a: $(call objs,$(1)) $(if $(filter store,$(1)),$(BUILD)/obj/schema_sql.o)
	@mkdir -p $$(@D); rm -f $$@
	$$(call say,AR,$$@)
	$(Q)ar rcs $$@ $$^
endef
$(foreach r,$(RUNGS),$(eval $(call rung,$(r))))

# schema.sql travels inside the executable.
$(BUILD)/obj/schema_sql.c: schema.sql
	@mkdir -p $(@D)
	$(Q)(echo 'extern const char schema_sql[];'; echo 'const char schema_sql[] ='; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' schema.sql; echo ';') > $@

$(BUILD)/obj/%.o: $(BUILD)/obj/%.c
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(pkg_cflags) -c -o $@ $<

# Unit tests: tests/unit/<folder>/test_x.c is one program, linked with src/<folder> and everything below it.
UNIT_SRCS = $(wildcard tests/unit/*/test_*.c)
UNIT_BINS = $(patsubst %.c,$(BUILD)/%,$(UNIT_SRCS))
.SECONDEXPANSION:
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $$(call below,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(pkg_libs)

# What other tests run: tests/tools/x.c, linked with what is pure: chatkit and everything below it.
TOOL_BINS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/tools/*.c))
$(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(call below,chatkit)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(pkg_libs)

.PHONY: unit unit-% unit-programs
unit-programs: $(UNIT_BINS) $(TOOL_BINS)
unit: $(UNIT_BINS)
	@for t in $(UNIT_BINS); do echo "== $$t"; $$t || exit 1; done
# make unit-wire builds and runs one folder's tests.
unit-%: $$(foreach t,$$(UNIT_BINS),$$(if $$(findstring /unit/$$*/,$$(t)),$$(t)))
	@for t in $^; do echo "== $$t"; $$t || exit 1; done

# --- What people type. Each installs what it needs (deploy/packages) and says so.
JOBS   = -j$(shell nproc)
sub    = +@$(MAKE) -s $(JOBS)
deps   = @sh deploy/deps.sh

.PHONY: run test test-peers asan tsan fuzz-smoke layers headers bench bench-streams deps install clean erase help
run: ## start it: http://127.0.0.1:8080/ (PORT=, HOST=, DATABASE_URL=, OPENAI_API_KEY=, ...)
	$(deps) run $(if $(DATABASE_URL),,db)
	$(sub) all
	@exec sh deploy/run.sh $(BUILD)/chatkit.fcgi

test: ## unit tests, cases and end-to-end tests (T= a pytest expression, to run some)
	$(deps) run test
	$(sub) all unit-programs
	@BUILD='$(BUILD)' /usr/bin/python3 tests/tools/run.py $(if $(T),-k '$(T)')

test-peers: ## OpenAI's own SDKs and types judge what we send (from PyPI and npm, into build/peers)
	$(deps) run test peers
	@sh tests/peers/install.sh build/peers
	$(sub) all $(BUILD)/tests/tools/diff
	@BUILD='$(BUILD)' PYTHONDONTWRITEBYTECODE=1 build/peers/venv/bin/python tests/peers/run.py build/peers

ASAN   = BUILD=build/asan SAN=address,undefined CFLAGS='-O1 -g'
asan: ## the same tests under AddressSanitizer and UBSan
	$(deps) run test
	$(sub) $(ASAN) all unit-programs
	@BUILD=build/asan /usr/bin/python3 tests/tools/run.py $(if $(T),-k '$(T)')

TSAN   = BUILD=build/tsan SAN=thread SEAM=thread CFLAGS='-O1 -g'
tsan: ## the unit tests, threads instead of coroutines, under ThreadSanitizer
	$(deps) run test
	$(sub) $(TSAN) unit-programs
	@BUILD=build/tsan /usr/bin/python3 tests/tools/run.py --unit-only

# The same seed runs the same inputs; a campaign wants others every time: make fuzz-smoke FUZZ_SECONDS=600 FUZZ_SEED=0
FUZZ_SECONDS ?= 20
FUZZ_SEED ?= 1
FUZZ   = BUILD=build/fuzz CC=clang-14 SAN=fuzzer-no-link,address,undefined CFLAGS='-O1 -g'
fuzz-smoke: ## every fuzz driver for FUZZ_SECONDS (20), always alike (a campaign: FUZZ_SECONDS=600 FUZZ_SEED=0)
	$(deps) run clang
	$(sub) $(FUZZ) fuzz-programs
	@sh tests/tools/fuzz.sh build/fuzz $(FUZZ_SECONDS) $(FUZZ_SEED)

layers: ## includes point down the ladder of src/README.md, and libraries stay in their files
	@awk -f tests/layers.awk src/README.md $$(find src fcgi -name '*.[ch]' | sort)

headers: ## every header compiles alone, with gcc and with clang
	$(deps) run clang
	$(sub) $(HEADERS:%=$(BUILD)/headers/gcc/%) CC=gcc
	$(sub) $(HEADERS:%=$(BUILD)/headers/clang-14/%) CC=clang-14
	@echo "headers: $(words $(HEADERS)) compile alone, with gcc and clang"

bench: ## what a page costs among 100 and among 100,000, with its plans; prints its figures
	$(deps) run test
	$(sub) all
	@BUILD='$(abspath $(BUILD))' /usr/bin/python3 tests/bench/pages.py

bench-streams: ## many turns at once, beside a plain relay; prints its figures
	$(deps) run test
	$(sub) all
	@sh tests/bench/run.sh $(BUILD)

deps: ## only install what run, test and fuzz-smoke need
	$(deps) run db test clang

install: all ## copy program, page, widgets and examples to DESTDIR and PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/chatkit
	install -m 755 $(BUILD)/chatkit.fcgi $(DESTDIR)$(PREFIX)/bin/chatkit.fcgi
	install -m 644 schema.sql $(DESTDIR)$(PREFIX)/share/chatkit/schema.sql
	rm -rf $(DESTDIR)$(PREFIX)/share/chatkit/www
	cp -R deploy/www $(DESTDIR)$(PREFIX)/share/chatkit/www
	install -m 644 deploy/*.conf deploy/chatkit.json.example $(DESTDIR)$(PREFIX)/share/chatkit/
	rm -rf $(DESTDIR)$(PREFIX)/share/chatkit/widgets
	cp -R deploy/widgets $(DESTDIR)$(PREFIX)/share/chatkit/widgets

clean: ## delete what was built; never the database or the secret
	rm -rf $(BUILD)/obj $(BUILD)/lib $(BUILD)/tests $(BUILD)/headers $(BUILD)/chatkit.fcgi build/asan build/tsan build/fuzz

erase: ## delete the database and the secret of make run, after asking (ERASE=yes: without)
	@sh deploy/erase.sh

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

# --- How the checks above build
HEADERS = $(patsubst %.h,%,$(wildcard src/*/*.h fcgi/*.h))
.PHONY: FORCE
$(BUILD)/headers/$(CC)/%: %.h FORCE
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(pkg_cflags) -Wno-unused-function -fsyntax-only -x c -include $< /dev/null

.PRECIOUS: $(BUILD)/obj/%.o
# A driver links everything; the linker takes what it needs.
FUZZ_BINS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_BINS)
$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/begin.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(filter-out -fsanitize=%,$(LDFLAGS_ALL)) -fsanitize=fuzzer,address,undefined -o $@ $^ $(pkg_libs)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
