import type { OpenTransport } from '../client/connection.ts';
import { openFake } from './fake-engine.ts';
import { fakeKinds } from './fake-world.ts';

const storageKey = 'gatehouse.fake';

/** `?fake=few` and so on; kept for the tab, so that links and reloads stay with it. */
export function chosenFake(): OpenTransport | undefined {
  const asked = new URLSearchParams(location.search).get('fake') ?? sessionStorage.getItem(storageKey);
  const kind = fakeKinds.find((one) => one === asked);
  if (!kind) return undefined;
  sessionStorage.setItem(storageKey, kind);
  return openFake(kind);
}
