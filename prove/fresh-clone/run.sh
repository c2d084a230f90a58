#!/usr/bin/env bash
# Proves the README's two commands on a bare Debian with Debian's own Node 18 and nothing else: clones the repository into a
# new root made by mmdebstrap, runs `npm start -- --demo --json` and, with --full, the whole `npm test`, which says what it
# skips for want of databases, Docker and Chromium. Its summary is kept in result.txt beside this file.
set -euo pipefail

repository=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
bare=$(mktemp -d /tmp/hatchery-bare-XXXXXX)
cleanup() {
  # Processes of the root may still hold it; nothing of the machine's own is ever mounted below it but /proc.
  umount -l "$bare/root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$bare"
}
trap cleanup EXIT

mkdir "$bare/root"
chmod 755 "$bare"
mmdebstrap --quiet --variant=apt --include=nodejs,npm,ca-certificates,git bookworm "$bare/root"
cp /etc/resolv.conf "$bare/root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$bare/root/etc/ssl/certs/ca-certificates.crt"
echo '127.0.0.1 localhost' >"$bare/root/etc/hosts"
mount -t proc proc "$bare/root/proc"
git clone --quiet "$repository" "$bare/root/srv/hatchery"
# git refuses a clone that another user made.
in_root() { chroot "$bare/root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
  npm_config_cafile=/etc/ssl/certs/ca-certificates.crt "$@"; }
echo "bare root: Node $(in_root node --version), npm $(in_root npm --version)"

port=18${RANDOM:0:3}
in_root sh -c "cd /srv/hatchery && exec npm start -- --demo --json --port $port" >"$bare/out" 2>"$bare/err" &
started=$(date +%s)
for _ in $(seq 600); do
  grep -q '"url"' "$bare/out" && break
  kill -0 $! 2>/dev/null || { cat "$bare/err"; echo 'npm start ended before it was ready'; exit 1; }
  sleep 0.5
done
ready=$(grep '"url"' "$bare/out") || { cat "$bare/err"; echo 'npm start was not ready in time'; exit 1; }
first=$(($(date +%s) - started))
echo "first start: ready after $first s"
node -e 'const r = JSON.parse(process.argv[1]); for (const k of ["url", "adminEmail", "adminPassword", "pid", "agentPid"]) if (!r[k]) throw new Error(k + " is missing")' "$ready"
curl -fsS "http://127.0.0.1:$port/" | grep -qi '<title>' && echo 'the web app is served'
curl -fsS "http://127.0.0.1:$port/api/v1/health" && echo

pid=$(node -p 'JSON.parse(process.argv[1]).pid' "$ready")
kill -INT "$pid"
wait %1 || { cat "$bare/err"; echo 'npm start did not end cleanly'; exit 1; }
tail -n 3 "$bare/err"

started=$(date +%s%3N)
in_root sh -c "cd /srv/hatchery && exec npm start -- --json --port $port" >"$bare/out2" 2>"$bare/err2" &
until grep -q '"url"' "$bare/out2"; do
  kill -0 $! 2>/dev/null || { cat "$bare/err2"; exit 1; }
  sleep 0.05
done
second=$(($(date +%s%3N) - started))
echo "second start: ready after $second ms"
kill -INT "$(node -p 'JSON.parse(process.argv[1]).pid' "$(grep '"url"' "$bare/out2")")"
wait %2 || true

if [ "${1:-}" = --full ]; then
  code=0
  in_root sh -c 'cd /srv/hatchery && npm test' >"$bare/test.log" 2>&1 || code=$?
  {
    echo "commit $(git -C "$repository" rev-parse --short HEAD), $(date -u +%F), bare Debian with Node $(in_root node --version)"
    echo "npm start: ready after $first s with every download, again after $second ms; load $(cut -d ' ' -f 1-3 /proc/loadavg)"
    echo "npm test: exit code $code"
    sed -n '/── Summary/,$p' "$bare/test.log"
  } | tee "$repository/prove/fresh-clone/result.txt"
  [ "$code" -eq 0 ] || { grep -aE 'FAIL|Error:|✘|×' "$bare/test.log" | head -n 60; exit 1; }
fi
echo 'both commands work in a fresh clone on a bare machine'
