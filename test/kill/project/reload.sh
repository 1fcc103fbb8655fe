#!/bin/sh
# The consumer reads .env as a shell does, and runs with that until it is told to read it again. Its values stand in no environment
# of a process: what Keyturn starts is searched for values.
set -eu
(
  . ./.env
  for name in API_KEY DB_PASSWORD SESSION_SECRET; do
    eval "value=\${$name-}"
    printf '%s=%s\0' "$name" "$value"
  done
) >running.env.new
mv running.env.new running.env
