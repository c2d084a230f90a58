#!/usr/bin/env bash
# Writes package-lock.json anew from the package.json files alone. `npm install` over a filled node_modules leaves out the
# versions of other platforms' optional packages, and `npm ci` then refuses the lock on a machine that has nothing installed.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git ls-files -co --exclude-standard -- . ":!examples" | grep -E '(^|/)package\.json$' | while read -r file; do
  mkdir -p "$folder/$(dirname "$file")" && cp "$file" "$folder/$file"
done
(cd "$folder" && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved --loglevel=error)
node scripts/complete-lock.mjs "$folder/package-lock.json"
cp "$folder/package-lock.json" package-lock.json
