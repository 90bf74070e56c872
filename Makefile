# SPDX-License-Identifier: MIT
# chatkit.fcgi. `make help` lists the targets; README.md explains the two that matter: run and test.
#
# Objects live in $(BUILD), so that flavours coexist: make BUILD=build/asan SAN=address,undefined

CC      ?= gcc
BUILD   ?= build
SEAM    ?= coro
PREFIX  ?= /usr/local
SAN     ?=
WERROR  ?=
V       ?=

PKGS      = fcgi libcurl json-c libpq libcrypto
pkg_cflags = $(shell pkg-config --cflags json-c libpq libcurl libcrypto 2>/dev/null)
pkg_libs   = -lfcgi $(shell pkg-config --libs libcurl json-c libpq libcrypto 2>/dev/null) -lpthread

CFLAGS   ?= -O2 -g
WARN      = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
            -Wformat=2 -Wswitch-enum -Wvla -Wundef -Wframe-larger-than=4096
HARDEN    = -fstack-protector-strong -fPIE -fno-strict-aliasing -ftrivial-auto-var-init=zero
ifeq ($(SAN),)
HARDEN   += -D_FORTIFY_SOURCE=2 -fstack-clash-protection
else
HARDEN    = -fPIE -fno-strict-aliasing -fsanitize=$(SAN) -fno-omit-frame-pointer
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

.PHONY: all clean
all: $(BUILD)/chatkit.fcgi

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

.PHONY: unit unit-%
unit: $(UNIT_BINS)
	@for t in $(UNIT_BINS); do echo "== $$t"; $$t || exit 1; done
# make unit-wire builds and runs one folder's tests.
unit-%: $$(filter $(BUILD)/tests/unit/$$*/%,$$(UNIT_BINS))
	@for t in $^; do echo "== $$t"; $$t || exit 1; done

clean:
	rm -rf $(BUILD)/obj $(BUILD)/lib $(BUILD)/tests $(BUILD)/chatkit.fcgi

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
