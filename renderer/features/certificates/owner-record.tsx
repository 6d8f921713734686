import { useTranslation } from 'react-i18next';
import type { Order } from '../../../app/contract/certificates.ts';
import { useEngine } from '../../client/store.ts';
import { CopyButton } from '../../components/copy.tsx';

/** Where records are made by hand: what the owner must create now, to be copied. Nothing in all other cases. */
export function OwnerRecord({ order, resolver }: { order: Order; resolver: string | null }) {
  const { t } = useTranslation();
  const isManual = useEngine((state) =>
    (state.picture?.resolvers ?? []).some(({ name, dnsProvider }) => name === resolver && dnsProvider === 'manual'),
  );
  const step = order.steps.findLast((each) => each.step === 'challenge-set' && each.state === 'running');
  const { record, value } = step?.details ?? {};
  if (!isManual || record === undefined || value === undefined) return null;
  const facts = [
    [t('certificates.ownerRecord.name'), String(record)],
    [t('certificates.ownerRecord.type'), 'TXT'],
    [t('certificates.ownerRecord.value'), String(value)],
  ] as const;
  return (
    <div role="status" className="mb-3 rounded-s border border-accent bg-accent-soft px-3 py-2.5">
      <p className="text-14 font-medium">{t('certificates.ownerRecord.title')}</p>
      <p className="text-13 text-soft">{t('certificates.ownerRecord.body')}</p>
      <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-4 text-13">
        {facts.map(([name, text]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="flex items-center gap-1">
              <code className="min-w-0 font-mono text-12 [overflow-wrap:anywhere]">{text}</code>
              {text !== 'TXT' && <CopyButton text={text} />}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
