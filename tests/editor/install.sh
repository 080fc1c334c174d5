#!/bin/sh
# Installs the YAML language server for tests/editor.rs, at the version of the lock file.
set -eu
cd "$(dirname "$0")"
if ! command -v npm >/dev/null 2>&1; then
    echo "install.sh: npm is not installed; tests/editor.rs will be skipped" >&2
    exit 0
fi
npm ci --no-audit --no-fund --loglevel=error
