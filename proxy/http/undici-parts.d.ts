// undici's own entry loads fetch, WebSocket, caches and mocks with it, some 8 MB in each worker. The parts that are
// used here are taken from their files; the version of undici is pinned.

declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export default Pool;
}

declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}
