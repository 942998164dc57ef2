#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Adds up what the tests in a log of "meson test" (its .json) said: each
# expectation ("ok - ", cmocka's "OK") counts, a test that printed none counts as
# one by its result.  Failures and reasons for skipping are printed before the
# last line, "N passed, N failed, N skipped".
exec python3 -c '
import json, re, sys

passed = failed = skipped = 0
for path in sys.argv[1:]:
    for line in open(path, encoding="utf-8", errors="replace"):
        test = json.loads(line)
        out = test.get("stdout", "") + "\n" + test.get("stderr", "")
        good = len(re.findall(r"^ok - |^ok \d+ - |^\[       OK \]", out, re.M))
        bad = len(re.findall(r"^not ok ", out, re.M)) + len(set(re.findall(r"^\[  FAILED  \] ([a-z_0-9]+)$", out, re.M)))
        skips = len(set(re.findall(r"^\[  SKIPPED \] ([a-z_0-9]+)$", out, re.M)))
        result = test["result"]
        if result == "SKIP" and not good:
            skips = max(skips, 1)
        elif result not in ("OK", "SKIP", "EXPECTEDFAIL") and not bad:
            bad = 1
        elif result == "OK" and not good and not skips:
            good = 1
        for reason in sorted(set(re.findall(r"^skipped: .*", out, re.M))):
            print("%s: %s" % (test["name"], reason))
        if bad:
            print("not ok - %s (%s)" % (test["name"], result))
            print("\n".join("    " + l for l in out.splitlines()[-40:]))
        passed += good
        failed += bad
        skipped += skips
print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
' "$@"
