import { randomBytes } from 'node:crypto';

/** OWASP's parameters for argon2id: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export async function hashPassword(password: string): Promise<string> {
  const { hash } = await import('@node-rs/argon2');
  return hash(password, parameters);
}

let decoy: Promise<string> | undefined;

/** Whether the password fits. Where none is set it costs the same and is never right. */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  // Loaded with the first password: most days nobody signs in with one.
  const { verify } = await import('@node-rs/argon2');
  if (passwordHash === null) {
    decoy ??= hashPassword(randomBytes(32).toString('base64url'));
    await verify(await decoy, password);
    return false;
  }
  try {
    return await verify(passwordHash, password);
  } catch {
    // A stored hash that cannot be read opens nothing.
    return false;
  }
}
