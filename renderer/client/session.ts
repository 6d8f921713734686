import { apiBase } from './base.ts';
/** Sign-in of a browser. The desktop window needs none: it has the control socket. */

export interface Session {
  readonly signedIn: boolean;
  readonly passwordSet: boolean;
}

export type SignInResult =
  | { readonly kind: 'signedIn' }
  | { readonly kind: 'wrong' }
  /** Too many tries; `retryAfterS` is null where the server did not say. */
  | { readonly kind: 'wait'; readonly retryAfterS: number | null }
  | { readonly kind: 'unreachable' };

/** Throws where the engine cannot be reached. */
export async function readSession(signal: AbortSignal): Promise<Session> {
  const response = await fetch(`${apiBase}/api/gatehouse/session`, { signal, headers: { accept: 'application/json' } });
  if (response.status === 401) return { signedIn: false, passwordSet: true };
  if (!response.ok) throw new Error(`The engine answered ${response.status}.`);
  return (await response.json()) as Session;
}

export async function signIn(password: string): Promise<SignInResult> {
  let response: Response;
  try {
    response = await fetch(`${apiBase}/api/gatehouse/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password }),
    });
  } catch {
    return { kind: 'unreachable' };
  }
  if (response.ok) return { kind: 'signedIn' };
  if (response.status === 429) {
    const seconds = Number(response.headers.get('retry-after'));
    return { kind: 'wait', retryAfterS: Number.isFinite(seconds) && seconds > 0 ? seconds : null };
  }
  return response.status >= 500 ? { kind: 'unreachable' } : { kind: 'wrong' };
}

export async function signOut(): Promise<void> {
  await fetch(`${apiBase}/api/gatehouse/sign-out`, { method: 'POST' });
}
