#!/bin/sh
# Starts the engine anew with what .env says now. With Docker Compose it would be:
#   docker compose up -d --no-deps --force-recreate ai_engine
set -eu
cd "$(dirname "$0")/.."
if [ -s engine.pid ]; then kill "$(cat engine.pid)" 2>/dev/null || true; fi
set -a
. ./.env
set +a
nohup node app/engine.mjs >engine.log 2>&1 </dev/null &
echo $! >engine.pid
