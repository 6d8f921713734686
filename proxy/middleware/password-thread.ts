import { parentPort } from 'node:worker_threads';
import { verifyPassword } from './htpasswd.ts';
import type { HashTask, HashVerdict } from './password-hashing.ts';

// The entry of the thread that compares passwords with hashes, one after the other.
parentPort?.on('message', ({ id, password, hash }: HashTask) => {
  const verdict: HashVerdict = { id, matches: verifyPassword(password, hash) };
  parentPort?.postMessage(verdict);
});
