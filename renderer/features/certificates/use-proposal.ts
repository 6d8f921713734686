import { useEffect, useState } from 'react';
import type { CertificateProposal } from '../../../app/contract/certificates.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { useSettled } from '../../components/hooks.ts';
import { failureWords } from '../../words/failure-words.ts';
import { firstInvalid, namesIn } from './names-field.ts';

export interface Proposed {
  /** For the names that stand there now; null while none is known. */
  readonly proposal: CertificateProposal | null;
  readonly isLooking: boolean;
  readonly error: string | null;
}

const nothing: Proposed = { proposal: null, isLooking: false, error: null };
/** Looking at DNS costs others something: it is done when the typing has stopped. */
const settleMs = 500;

/** Which way can succeed for the names of a text, asked when it has stood still. */
export function useProposal(text: string): Proposed {
  const client = useEngine((state) => state.client);
  const names = namesIn(text);
  const key = names.length === 0 || firstInvalid(names) !== null ? '' : names.join(' ');
  const settled = useSettled(key, settleMs);
  const [state, setState] = useState<{ readonly key: string } & Pick<Proposed, 'proposal' | 'error'>>({
    key: '',
    proposal: null,
    error: null,
  });
  useEffect(() => {
    if (!client || settled === '') return undefined;
    let current = true;
    client.certificates.propose({ names: settled.split(' ') }).then(
      (proposal) => current && setState({ key: settled, proposal, error: null }),
      (error: unknown) => current && setState({ key: settled, proposal: null, error: failureWords(failureOf(error)) }),
    );
    return () => {
      current = false;
    };
  }, [client, settled]);
  if (key === '') return nothing;
  const isLooking = state.key !== key;
  return { proposal: isLooking ? null : state.proposal, isLooking, error: isLooking ? null : state.error };
}
