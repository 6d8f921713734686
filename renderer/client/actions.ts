import i18next from 'i18next';
import { notify, notifyFailure } from '../components/toasts.tsx';
import { failureWords } from '../words/failure-words.ts';
import type { GatehouseClient } from './contract.ts';
import { failureOf } from './failure.ts';
import { useEngine } from './store.ts';

/** Runs an operation; a failure is said in a toast. Returns undefined then. */
export async function act<T>(title: string, run: (client: GatehouseClient) => Promise<T>): Promise<T | undefined> {
  const { client } = useEngine.getState();
  try {
    if (!client) throw new Error(i18next.t('failure.UNREACHABLE'));
    return await run(client);
  } catch (error) {
    notifyFailure(title, failureWords(failureOf(error)));
    return undefined;
  }
}

export async function undo(changeId: string): Promise<void> {
  const done = await act(i18next.t('undo.failed'), (client) => client.changes.undo({ id: changeId }));
  if (done) notify({ title: i18next.t('undo.done') });
}

/** Does something that can be taken back, and says so. */
export async function actWithUndo(
  words: { readonly done: string; readonly failed: string },
  run: (client: GatehouseClient) => Promise<{ readonly changeId: string }>,
): Promise<boolean> {
  const result = await act(words.failed, run);
  if (!result) return false;
  notify({
    title: words.done,
    action: { text: i18next.t('common.undo'), run: () => void undo(result.changeId) },
  });
  return true;
}
