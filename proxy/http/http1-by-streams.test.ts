import { vi } from 'vitest';

// A Node whose handles are not what we know: all goes by its streams.
vi.mock('../http1/raw-handle.ts', () => ({ canWriteRaw: () => false, writeRaw: () => false, readRaw: () => null }));

await import('./http1-wire.test.ts');
await import('./websocket.test.ts');
await import('./large-bodies.test.ts');
await import('./join.test.ts');
