#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A camera's maker fills in the form, leaves a port out, and sends a statement of
# compliance for another model.  What was said is shown as said, what is found
# speaks against it, and the pack holds all of it.
#
#	451-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera
learn_facts camera
let_in camera
# The leak detector of a sanitized build starts a process, which whoever looks at a stranger's file cannot.
export ASAN_OPTIONS=detect_leaks=0
form=$folder/state/camera.json

# --- the form
pinfold audit declare --template camera >"$form"
expect "the form asks about every provision and condition" is 111 grep -c '"question"' "$form"
expect "nothing is declared before somebody did" says "nothing is declared" pinfold audit declare camera
expect "a form that nobody signed is refused" says "signer.name: missing" pinfold audit declare camera "$form"
sed -i '0,/"name": ""/s//"name": "A. Maker"/; 0,/"role": ""/s//"role": "maker"/; 0,/"date": ""/s//"date": "2026-11-20"/
	/"5.4-3": {/,/}/s/"answer": ""/"answer": "yes"/
	/"5.2-2": {/,/}/s/"answer": ""/"answer": "no"/
	/"F:a": {/,/}/s/"answer": ""/"answer": "no"/
	s|"ports": \[\]|"ports": [{"port": "tcp/80", "purpose": "its page"}]|' "$form"
expect "filled in and signed it is taken in" says "A. Maker (maker, 2026-11-20)" pinfold audit declare camera "$form"
expect "what it says is shown" says "ports: tcp/80" pinfold audit declare camera
expect "and what it leaves open" says "3 of 111 questions" pinfold audit declare camera
sed 's/"answer": "yes"/"answer": "maybe"/' "$form" >"$form.slip"
expect "a slip is named with its place" says "5.4-3: the answer" pinfold audit declare camera "$form.slip"
expect "what was there before stays" says "3 of 111 questions" pinfold audit declare camera

# --- the paper
paper=$folder/state/statement.txt
printf 'Statement of compliance\nProduct: camera\nModel: CAM-9000\nSupport period: 2031-12-31\n\033[2JPlace: Leeds\n' >"$paper"
expect "a statement is read field by field" says "support period: 2031-12-31" pinfold audit papers camera "$paper"
expect "what it lacks is named" grep -q "signature: not in the paper" "$folder/said"
expect "a model that the wire does not know is told" grep -qE "CAM-9000: (differs|not seen on the wire)" "$folder/said"
refuse "no byte of it reaches the terminal as it is" grep -q "$(printf '\033')" "$folder/said"
printf '%%PDF-1.7\n' >"$paper.pdf"
expect "a PDF is not opened" says "pdftotext" pinfold audit papers camera "$paper.pdf"

# --- the run
expect "the camera is audited" \
	quiet pinfold audit run camera --pace lab --checks tcp-ports,telnet-login,papers,declaration --follow
run=$(field run audit list camera)
pinfold audit show "$run" >"$folder/shown"
pinfold --json audit show "$run" >"$folder/json"
cat "$folder/shown" >>"$log"
expect "a yes is DECL" sh -c "grep -A1 '^ *5.4-3 ' '$folder/shown' | grep -q DECL"
expect "a no is not passed" sh -c "grep '^ *5.2-2 ' '$folder/shown' | grep -q 'INC (DECLARED_NO)'"
expect "a reason that is missing fails the record" grep -q "^FAIL 5.0-1 (declaration): 1 recommendations" "$folder/shown"
expect "a port that was not declared fails" grep -q "port 23 is open, and the maker did not declare it" "$folder/json"
refuse "one that was declared does not" grep -q "port 80 is open, and the maker" "$folder/json"
expect "that no passwords exist is not believed: a factory login worked" \
	sh -c "grep '^ *5.1-3 ' '$folder/shown' | grep -q FAIL"
expect "the paper is in the result" grep -q "statement.txt: support period" "$folder/json"
quiet pinfold audit report "$run" --format html --output "$folder/state/report.html"
expect "the report keeps it apart, with who said it and when" sh -c \
	"sed -n '/What was declared, and not tested/,/What was not tested/p' '$folder/state/report.html' | grep -q 'A. Maker (maker, 2026-11-20)'"
expect "and says what was seen instead" grep -q "But it was seen" "$folder/state/report.html"

# --- the evidence
expect "it is packed" quiet pinfold audit pack "$run" "$folder/state/camera.pack"
expect "and judged again without the gateway, from the papers themselves" \
	says "the pack holds" "$build/src/ctl/pinfold" audit verify "$folder/state/camera.pack"
quiet pinfold audit declare --remove camera
expect "what is removed is gone" says "nothing is declared" pinfold audit declare camera
finish
