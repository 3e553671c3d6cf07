#!/bin/sh
# Renews every lock file: universal, hashed, naming no index. Needs uv.
set -eu
lock() {
  out=$1; shift
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --no-emit-index-url "$@" -o "requirements/$out.txt" pyproject.toml
}
lock gateway --extra gateway
lock quota --extra quota
lock scorer --extra scorer
lock dev --extra gateway --extra quota --extra scorer --extra servers --extra dev
lock bench --extra gateway --extra quota --extra scorer --extra servers --extra dev --extra bench
