/** The smallest good inventory. */
export const SHORT = `# secrets.yaml: commit it, it holds no values
id: kt_8f3k2m9q                      # written by init
secrets:
  openai: OPENAI_API_KEY             # short form
  jwt: { env: JWT_SECRET, rotator: random }
  ari:
    env: { ASTERISK_ARI_USERNAME: username, ASTERISK_ARI_PASSWORD: password }
    rotator: asterisk-ari
outputs: [.env]
`

/** Most of what may stand in an inventory. */
export const LONG = `id: kt_8f3k2m9q
project: voice-agent
environment: production
policy:
  max_age: 90d
  rotate_before: 14d
  grace: 24h
  ask_after: 2d
  min_length: 16
  min_entropy_bits: 80
  retain: 180d
stores:
  main: { kind: local }
  vault: { kind: vault, address: "http://127.0.0.1:8200", mount: secret, auth: { kind: approle, role_id: "...", secret_id_file: /run/secret-id } }
  aws: { kind: aws, region: eu-central-1 }
secrets:
  openai:
    env: OPENAI_API_KEY
    store: vault
    path: voice-agent/keys
    field: openai
    rotator: { kind: openai, project: proj_abc, admin: openai-admin }
    owner: platform@example.org
    accept: [ { rule: max-age, until: 2027-01-31, reason: "vendor freeze", by: ops } ]
  openai-admin: { rotator: openai-admin }
  n8n-encryption: { env: N8N_ENCRYPTION_KEY, rotator: none, reason: "encrypts stored data" }
  db:
    env: { DB_USER: username, DB_PASSWORD: password }
    rotator: { kind: postgres, host: 127.0.0.1, users: [app_a, app_b], admin: db-admin }
  db-admin: {}
  health-token: { rotator: random }
  slack-webhook: {}
  twilio: { env: TWILIO_AUTH_TOKEN, rotator: manual }
outputs:
  - file: .env
    dialect: compose
    perm: "0600"
    host: pbx-2
    vars:
      DATABASE_URL: "postgres://{db.username|url}:{db.password|url}@127.0.0.1:5432/app"
    consumers:
      - { kind: compose, service: ai_engine }
      - { kind: http, url: "http://127.0.0.1:15000/reload", method: POST, bearer: health-token, unproven: grace }
rules:
  - { when: { UVICORN_HOST: not-loopback }, require: [JWT_SECRET] }
schedule: { zone: Europe/Vienna, sweep: "*/15 * * * *", report: "0 8 * * MON", window: { days: [sat, sun], from: "02:00", to: "05:00" } }
ledger: { kind: sqlite }
queue: { url_env: KEYTURN_REDIS_URL }
notify: [ { kind: slack, url_from: slack-webhook } ]
`
