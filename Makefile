# smtpwhy - make, make demo, make check, make bench, make install, make deb. No configure step.
#
# Three builds from one list of sources: build/profile/ counts where runs go, build/obj/ for use is laid out by that, build/asan/ has
# sanitizers for the tests. Files that are compiled in as text (SQL, word rules) become build/gen/NAME.inc, a list of octets that a .c file includes.

PREFIX  = /usr/local
DESTDIR =
LIBDIR  = $(PREFIX)/lib
VERSION := $(shell sed -n 's/.*SMTPWHY_VERSION "\(.*\)"/\1/p' include/smtpwhy.h)
SONAME  = libsmtpwhy.so.0
CC      = gcc
STRIP   = strip
CFLAGS  = -O2 -g
WARN    = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
STD     = -std=gnu11 -fvisibility=hidden -fPIC -pthread
INCLUDE = -Isrc -Iinclude -Ibuild/gen
LIBS    = -lpcap -lndpi -lsqlite3 -lz -lzstd -llzma -llz4 -lbz2 -lm -pthread
# make PROFILE=no compiles once, file by file: in a third of the time, for who changes things, or builds for another machine; the program takes a tenth longer.
ifndef PROFILE
PROFILE := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),no,yes)
endif
# make V=1 shows whole commands.
Q       = $(if $(V),,@)
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

SOURCES := $(sort $(wildcard src/*/*.c) $(wildcard src/*.c))
LIBRARY := $(filter-out src/cli/%,$(SOURCES))
CLI     := $(filter src/cli/%,$(SOURCES))
PAGE    := $(sort $(wildcard src/report/html/*.js src/report/html/*.css src/report/vendor/*/*.js src/report/vendor/*/*.css))
TEXTS   := $(sort $(wildcard src/*/*.sql src/*/*.tsv src/report/html/*.html)) $(PAGE)
GEN     := $(TEXTS:src/%=build/gen/%.inc) $(PAGE:src/%=build/gen/%.sha256.inc) build/gen/why/words_built_in.inc
UNITS   := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
SUPPORT := $(sort $(wildcard tests/support/*.c))

all: smtpwhy

# The profile is counted once in a tree: a function that has changed since is compiled without one, until make clean.
ifeq ($(PROFILE),yes)
ACROSS   = -flto=auto -ffat-lto-objects
# (what it warns of depends on how far it has taken a path apart then: the other two builds tell what is to be mended)
LAID_OUT = -fprofile-use -Wno-coverage-mismatch -Wno-error
COUNTS   = build/profile/counted
endif

smtpwhy: $(CLI:src/%.c=build/obj/%.o) build/libsmtpwhy.a
	@echo '  LD   $@'
	$(Q)$(CC) $(CFLAGS) $(ACROSS) $(LDFLAGS) -o $@ $^ $(LIBS)

build/libsmtpwhy.a: $(LIBRARY:src/%.c=build/obj/%.o)
	@rm -f $@ && ar rcs $@ $^

build/$(SONAME): $(LIBRARY:src/%.c=build/obj/%.o) scripts/libsmtpwhy.map
	@echo '  LD   $@'
	$(Q)$(CC) $(CFLAGS) $(ACROSS) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=scripts/libsmtpwhy.map -Wl,--no-undefined -o $@ $(filter %.o,$^) $(LIBS)

build/obj/%.o: src/%.c build/flags | $(GEN) $(COUNTS)
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) $(ACROSS) $(LAID_OUT) $(INCLUDE) -MMD -MP -c -o $@ $<

# Objects are made anew when they would be made with other options.
build/flags: always
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(PROFILE)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(PROFILE)' > $@

# ---- the same, counting ----

# What is counted goes beside the objects for use, and under their names: by these the compiler knows a function again.
build/profile/obj/%.o: src/%.c | $(GEN)
	@mkdir -p $(@D) $(dir build/obj/$*)
	@echo '  CC   $@'
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) -fprofile-generate -dumpdir $(dir build/obj/$*) $(INCLUDE) -c -o $@ $<

build/profile/smtpwhy: $(SOURCES:src/%.c=build/profile/obj/%.o)
	@echo '  LD   $@'
	$(Q)$(CC) $(CFLAGS) -fprofile-generate $(LDFLAGS) -o $@ $^ $(LIBS)

build/profile/counted:
	@$(MAKE) --no-print-directory build/profile/smtpwhy build/bench/generate
	@echo '  RUN  build/profile/smtpwhy'
	$(Q)scripts/profile build/profile/smtpwhy build/bench/generate
	@touch $@

# ---- the same with sanitizers, for the tests ----

build/asan/smtpwhy: $(CLI:src/%.c=build/asan/obj/%.o) build/asan/libsmtpwhy.a
	@echo '  LD   $@'
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LIBS)

build/asan/libsmtpwhy.a: $(LIBRARY:src/%.c=build/asan/obj/%.o)
	@rm -f $@ && ar rcs $@ $^

build/asan/obj/%.o: src/%.c | $(GEN)
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(STD) $(WARN) -O1 -g $(SANITIZE) $(INCLUDE) -MMD -MP -c -o $@ $<
build/asan/support/%.o: tests/support/%.c | $(GEN)
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(STD) $(WARN) -O1 -g $(SANITIZE) $(INCLUDE) -Itests -MMD -MP -c -o $@ $<

build/asan/unit/%: tests/unit/%.c $(SUPPORT:tests/support/%.c=build/asan/support/%.o) build/asan/libsmtpwhy.a
	@mkdir -p $(@D)
	@echo '  TEST $@'
	$(Q)$(CC) $(STD) $(WARN) -O1 -g $(SANITIZE) $(INCLUDE) -Itests -MMD -MP -o $@ $< $(SUPPORT:tests/support/%.c=build/asan/support/%.o) build/asan/libsmtpwhy.a -lcmocka $(LIBS)

# ---- fuzzers: libFuzzer, clang only ----

FUZZ_FLAGS = -std=gnu11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined

build/fuzz/obj/%.o: src/%.c | $(GEN)
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)clang $(FUZZ_FLAGS) $(INCLUDE) -MMD -MP -c -o $@ $<

build/fuzz/libsmtpwhy.a: $(LIBRARY:src/%.c=build/fuzz/obj/%.o)
	@rm -f $@ && ar rcs $@ $^

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c build/fuzz/libsmtpwhy.a
	@echo '  FUZZ $@'
	$(Q)clang $(FUZZ_FLAGS) -fsanitize=fuzzer $(INCLUDE) -Itests -o $@ $< build/fuzz/libsmtpwhy.a $(LIBS)

# ---- the benchmark: workloads with their truth, a loop that only reads, a runner. SCALE=1 is full size (6 GB, one file at a time) ----

BENCH = build/bench/generate build/bench/readloop build/bench/measure

build/bench/generate: $(sort $(wildcard tests/bench/gen*.c)) tests/bench/gen.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -Wno-format-nonliteral -o $@ $(filter %.c,$^)

build/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -o $@ $< -lpcap

bench: smtpwhy $(BENCH)
	@tests/bench/run

# ---- texts that are compiled in ----

build/gen/%.inc: src/%
	@mkdir -p $(@D)
	@od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@

# The SHA-256 of a style sheet or script in base64, as the policy of the HTML page names it.
build/gen/%.sha256.inc: src/%
	@mkdir -p $(@D)
	@env printf "$$(sha256sum < $< | sed 's/ .*//; s/../\\x&/g')" | base64 | tr -d '\n' | od -An -v -tx1 | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@

# The words rules as constants: a run reads none of them. Written by the program's own reader.
COMPILER := scripts/words_compile.c src/why/words_reader.c src/why/automaton.c src/why/catalogue.c $(sort $(wildcard src/base/*.c))

build/words_compile: $(COMPILER) $(sort $(wildcard src/why/*.h src/why/*.def src/base/*.h src/smtp/*.h src/smtp/*.def))
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$(Q)$(CC) $(STD) $(WARN) -O1 $(INCLUDE) -o $@ $(COMPILER)

build/gen/why/words_built_in.inc: src/why/words.tsv build/words_compile
	@mkdir -p $(@D)
	@build/words_compile $< > $@.new && mv $@.new $@

# ---- what people type ----

demo:
	@scripts/setup build
	@$(MAKE) --no-print-directory -s -j2 all
	./smtpwhy samples/starttls-masked.pcap

check:
	@scripts/setup build check
	@$(MAKE) --no-print-directory -s -j2 all asan fuzzers
	@tests/check

asan: build/asan/smtpwhy $(UNITS:%=build/asan/unit/%)
fuzzers: $(FUZZERS:%=build/fuzz/%)

# Files go where others look for them; DESTDIR is put in front, for packages.
SHARE = $(DESTDIR)$(PREFIX)/share
install: smtpwhy build/$(SONAME)
	install -D -m 755 smtpwhy $(DESTDIR)$(PREFIX)/bin/smtpwhy
	install -D -m 644 include/smtpwhy.h $(DESTDIR)$(PREFIX)/include/smtpwhy.h
	install -D -m 644 build/libsmtpwhy.a $(DESTDIR)$(LIBDIR)/libsmtpwhy.a
	$(if $(ACROSS),$(STRIP) -D -R '.gnu.lto_*' -R '.gnu.debuglto_*' -N __gnu_lto_v1 $(DESTDIR)$(LIBDIR)/libsmtpwhy.a) # what another compiler cannot read
	install -D -m 755 build/$(SONAME) $(DESTDIR)$(LIBDIR)/libsmtpwhy.so.$(VERSION)
	ln -sf libsmtpwhy.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libsmtpwhy.so
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' scripts/smtpwhy.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/smtpwhy.pc
	install -D -m 644 docs/smtpwhy.1 $(SHARE)/man/man1/smtpwhy.1
	install -D -m 644 scripts/completion/smtpwhy.bash $(SHARE)/bash-completion/completions/smtpwhy
	install -D -m 644 scripts/completion/_smtpwhy $(SHARE)/zsh/site-functions/_smtpwhy
	install -d $(SHARE)/doc/smtpwhy/example
	install -m 644 README.md $(wildcard docs/*.md) $(SHARE)/doc/smtpwhy
	install -m 644 $(wildcard docs/example/*) $(SHARE)/doc/smtpwhy/example

# What is written from the program itself: completions, the catalogue. tests/check.d/docs sees that they are current.
docs: smtpwhy
	scripts/completion/generate ./smtpwhy
	scripts/catalogue ./smtpwhy > docs/causes.md
	scripts/questions

deb:
	@scripts/setup build deb
	scripts/debian/build

golden: smtpwhy
	tests/golden/run --update ./smtpwhy

# A real Slurm with two nodes on this machine; says so when it cannot run.
check-cluster: smtpwhy
	scripts/cluster/check ./smtpwhy

clean:
	rm -rf build smtpwhy

.PHONY: all always demo check check-cluster bench asan fuzzers install docs deb golden clean
# Kept between builds; objects are ordinary targets, so that a removed build/ is made again.
.SECONDARY: $(GEN)
-include $(shell find build -path build/deb -prune -o -name '*.d' -type f -print 2>/dev/null)
