-- A database as format 2 was, with one of everything. Never edited: it stands for what people have on their disks.
PRAGMA application_id = 1195463749;
PRAGMA user_version = 2;

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

INSERT INTO requests VALUES (1, 'r-1', 'websecure', 'photos.home.example.org', '/album?id=3', '192.168.1.20',
  'photos@gatehouse', 'photos@gatehouse', 200, 2,
  '{"at":1795000000000,"clientPort":50000,"username":null,"protocol":"HTTP/2.0","scheme":"https","method":"GET","serverUrl":"http://172.17.0.2:2283","middlewares":[],"originStatus":200,"requestBytes":10,"responseBytes":2048,"durationMs":12.5,"originDurationMs":11,"userAgent":"test","referer":"","upgrade":null,"tlsVersion":"TLSv1.3","error":null}');
INSERT INTO traffic VALUES (1794999960000, 'service', 'photos@gatehouse', 3, 1, 30, 6144, '[1,2,0]');
INSERT INTO exposures VALUES ('e-1', 'photos', 'immich-server-1', 'immich', 'immich-server', 'photos.home.example.org',
  2283, 'http', '{"kind":"password","username":"anna","passwordHash":"$2b$10$abcdefghijklmnopqrstuv"}', 0,
  1794000000000, 1794000000001);
INSERT INTO exposures VALUES ('e-2', 'nas', 'nas', NULL, NULL, 'nas.home.example.org', 5001, 'https',
  '{"kind":"allowList","sourceRange":["192.168.1.0/24"]}', 1, 1794000000002, 1794000000003);
INSERT INTO changes VALUES (1, 'c-1', 1794000000000, 'dashboard', 'exposure.created', 'photos@gatehouse',
  '{"host":"photos.home.example.org","port":2283}', '{"kind":"exposure.remove","exposureId":"e-1"}', NULL);
INSERT INTO changes VALUES (2, 'c-2', 1794000000005, 'system', 'container.gone', 'old', '{}', NULL, NULL);
INSERT INTO settings VALUES ('domain', '"home.example.org"');
INSERT INTO access_password VALUES (1, '$argon2id$sample');
INSERT INTO access_tokens VALUES ('t-1', 'widget', 'aa11', 1794000000000, NULL);
INSERT INTO access_sessions VALUES ('bb22', 1794000000000, 1796592000000);
INSERT INTO overrides VALUES ('o-1', 'router', 'wiki@docker', '{"host":"wiki.home.example.org","middlewares":null,"protection":null,"paused":false}',
  '{"rule":"Host(`wiki.localhost`)","middlewares":[]}', 1794000000000, 1794000000001);
