/**
 * The program that the suite runs, as a POSIX shell script. It says `ready`, then answers each line of its input.
 * A runtime without a shell brings a program of its own that behaves the same.
 */
export const CONFORMANCE_PROGRAM = [
  'stty -echo 2>/dev/null; trap "echo caught TERM; exit 0" TERM; trap "echo caught INT; exit 0" INT',
  'echo ready',
  'while read -r line; do case "$line" in',
  '"exit "*) exit ${line#exit };;',
  '"burst "*) i=0; while [ $i -lt ${line#burst } ]; do i=$((i+1)); echo "line $i"; done;;',
  '"env "*) eval "echo env=\\$${line#env }";;',
  'write) echo kept > conformance.txt; echo written;;',
  'read) cat conformance.txt;;',
  'long) printf "%070000d\\n" 7;;',
  'bytes) printf "a\\377b\\n";;',
  'progress) printf "10%%\\r50%%\\rdone\\n";;',
  'tail) printf "no line end"; exit 0;;',
  '*) echo "got $line";;',
  'esac; done',
].join('\n')
