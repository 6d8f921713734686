/**
 * Steps from one format of the database to the next: step 0 makes format 1 of an empty file. A step that has been
 * released is never edited; a change of the tables is a new step, with a sample of the format before it in the tests.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    entry_point TEXT NOT NULL,
    host TEXT NOT NULL,
    target TEXT NOT NULL,
    client_ip TEXT NOT NULL,
    router TEXT,
    service TEXT,
    status INTEGER NOT NULL,
    -- Hundreds of the status, so that "5xx" is one place in an index.
    status_class INTEGER NOT NULL,
    -- The record's other fields, JSON.
    rest TEXT NOT NULL
  ) STRICT;
  CREATE INDEX requests_id ON requests (id);
  CREATE INDEX requests_host ON requests (host);
  CREATE INDEX requests_client_ip ON requests (client_ip);
  CREATE INDEX requests_router ON requests (router);
  CREATE INDEX requests_service ON requests (service);
  CREATE INDEX requests_status_class ON requests (status_class);

  CREATE TABLE traffic (
    minute INTEGER NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('total', 'entryPoint', 'service')),
    name TEXT NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    -- Counts per latency bucket, JSON array.
    latency TEXT NOT NULL CHECK (json_valid(latency)),
    PRIMARY KEY (minute, scope, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE exposures (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    container TEXT NOT NULL,
    compose_project TEXT,
    compose_service TEXT,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    scheme TEXT NOT NULL CHECK (scheme IN ('http', 'https')),
    -- JSON; a password stands here only as its hash.
    protection TEXT NOT NULL CHECK (json_valid(protection)),
    paused INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL CHECK (json_valid(details)),
    -- What takes the change back, JSON; null where nothing can.
    undo TEXT CHECK (undo IS NULL OR json_valid(undo)),
    undone_at INTEGER
  ) STRICT;

  CREATE TABLE settings (
    section TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
  ) STRICT;

  CREATE TABLE access_password (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE access_tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
  ) STRICT;
  CREATE TABLE access_sessions (
    hash TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE overrides (
    id TEXT PRIMARY KEY,
    object TEXT NOT NULL CHECK (object IN ('router', 'service')),
    -- Qualified name of what it stands over.
    name TEXT NOT NULL,
    -- What is wanted instead, JSON; a password stands here only as its hash.
    wanted TEXT NOT NULL CHECK (json_valid(wanted)),
    -- What labels or files said when it was made, JSON.
    seen TEXT NOT NULL CHECK (json_valid(seen)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (object, name)
  ) STRICT;
  `,
  `
  CREATE TABLE acme_accounts (
    id TEXT PRIMARY KEY,
    directory_url TEXT NOT NULL,
    email TEXT NOT NULL,
    -- Sealed: see app/certificates/key-vault.ts.
    key TEXT NOT NULL,
    -- Null until the CA has answered.
    url TEXT,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE acme_resolvers (
    name TEXT PRIMARY KEY,
    -- JSON without secrets: those are kept by name.
    config TEXT NOT NULL CHECK (json_valid(config)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  -- Certificates that are wanted, had or not. Those of files and of the internal CA are not here.
  CREATE TABLE certificates (
    id TEXT PRIMARY KEY,
    -- Null: somebody brought it.
    resolver TEXT,
    names TEXT NOT NULL CHECK (json_valid(names)),
    by_hand INTEGER NOT NULL,
    -- PEM, the certificate first; null while there is none.
    chain TEXT,
    -- Sealed; null while there is none.
    key TEXT,
    not_before INTEGER,
    not_after INTEGER,
    -- When and why it is renewed, what failed, since when it is unused: JSON.
    rest TEXT NOT NULL CHECK (json_valid(rest)),
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE certificate_orders (
    id TEXT PRIMARY KEY,
    certificate TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    -- Null while it is under way.
    ended_at INTEGER,
    -- Of the certificate to come, sealed; null once it was taken over or has failed for good.
    key TEXT,
    -- Where it has come to, and how: JSON.
    rest TEXT NOT NULL CHECK (json_valid(rest))
  ) STRICT;
  CREATE INDEX certificate_orders_certificate ON certificate_orders (certificate);

  -- What counts against the limits of CAs.
  CREATE TABLE acme_uses (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    directory_url TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL
  ) STRICT;
  CREATE INDEX acme_uses_at ON acme_uses (at);
  `,
];

/** The format this program writes. */
export const currentFormat = migrations.length;
