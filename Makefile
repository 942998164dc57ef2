# SPDX-License-Identifier: Apache-2.0
# A thin front over meson for people.  ./run and ./check install what this needs.
.PHONY: all build run check unit story mirai audit-demo screens bench lab format clean

all: build

build/build.ninja:
	@meson setup build >build.setup.log 2>&1 || { cat build.setup.log; rm -f build.setup.log; exit 1; }
	@rm -f build.setup.log

build: build/build.ninja
	@ninja -C build --quiet

run: build
	@lab/pinfold-lab run

check: build
	@tools/check.sh

unit: build
	@meson test -C build --suite unit

story: build
	@lab/story.sh

mirai: build
	@lab/mirai.sh

audit-demo: build
	@lab/audit-demo.sh

screens: build
	@test/browser/run.sh build pictures

bench: build
	@test/bench/run.sh

lab: build
	@lab/pinfold-lab up --plain && lab/pinfold-lab status

format:
	@clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	@rm -rf build
