import { Pencil, Stethoscope, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CaLimit, CheckResult, ResolverView } from '../../../app/contract/certificates.ts';
import { act } from '../../client/actions.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { useLocale, useNow } from '../../components/hooks.ts';
import { Card } from '../../components/page.tsx';
import { Facts } from '../../components/panel.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { Status, type Tone } from '../../components/status.tsx';
import { notify } from '../../components/toasts.tsx';
import { formatRelative } from '../../words/format.ts';
import { inReadersWords } from '../../words/reasons.ts';

const accountTone: Readonly<Record<ResolverView['account']['state'], Tone>> = {
  none: 'off',
  registered: 'good',
  failed: 'broken',
};

export function ResolverCard({
  resolver,
  provider,
  certificates,
  onEdit,
  onRemove,
}: {
  resolver: ResolverView;
  /** What its DNS provider is called. */
  provider: string | null;
  certificates: number;
  onEdit: () => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const [checked, setChecked] = useState<CheckResult | null>(null);
  const [busy, setBusy] = useState(false);
  const { name, source, ca, challenge, email, account, keyType, profile } = resolver;
  const check = async (): Promise<void> => {
    setBusy(true);
    const result = await act(t('certificates.actions.failed'), (client) => client.resolvers.check({ name }));
    setBusy(false);
    if (!result) return;
    setChecked(result);
    if (result.ok) notify({ title: t('certificates.resolver.checked', { name }) });
  };
  const problems = [...resolver.problems, ...(checked?.problems ?? [])];
  return (
    <Card
      title={
        <span className="flex flex-wrap items-baseline gap-x-2">
          {name}
          <span className="text-12 font-normal text-muted">{t(`certificates.resolver.${source}`)}</span>
        </span>
      }
      actions={
        <>
          <Button disabled={busy} onClick={() => void check()}>
            <Stethoscope size={14} aria-hidden />
            {t('certificates.resolver.check')}
            <span className="sr-only"> {name}</span>
          </Button>
          {source === 'dashboard' && (
            <>
              <IconButton label={`${t('certificates.resolver.edit')} ${name}`} onClick={onEdit}>
                <Pencil size={14} />
              </IconButton>
              <IconButton label={`${t('certificates.resolver.remove')} ${name}`} onClick={onRemove}>
                <Trash2 size={14} />
              </IconButton>
            </>
          )}
        </>
      }
    >
      {problems.length > 0 && (
        <div className="border-b border-line p-4">
          <ProblemList problems={problems} />
        </div>
      )}
      {checked?.note != null && (
        <p className="border-b border-line p-4 text-13 text-soft">{inReadersWords(checked.note)}</p>
      )}
      <div className="grid gap-x-8 gap-y-4 p-4 sm:grid-cols-2">
        <Facts
          facts={[
            {
              name: t('certificates.resolver.ca'),
              value: (
                <>
                  <span title={ca.url}>{ca.title}</span>
                  {ca.staging && <span className="block text-muted">{t('certificates.resolver.staging')}</span>}
                </>
              ),
            },
            {
              name: t('certificates.resolver.how'),
              value:
                challenge === 'dns-01' && provider !== null
                  ? t('certificates.resolver.challengeDns', { provider })
                  : t(`certificates.resolver.challenge.${challenge}`),
            },
            {
              name: t('certificates.resolver.account'),
              value: (
                <>
                  <Status tone={accountTone[account.state]}>
                    {t(`certificates.resolver.accountState.${account.state}`)}
                  </Status>
                  <span className="block text-muted">{email || t('certificates.resolver.noEmail')}</span>
                </>
              ),
            },
            {
              name: t('certificates.resolver.key'),
              value: profile === null ? keyType : `${keyType} · ${profile}`,
            },
            {
              name: t('certificates.certificates'),
              value: t('certificates.resolver.certificates', { count: certificates }),
            },
          ]}
        />
        <div>
          <h3 className="mb-2 text-12 font-medium text-muted">{t('certificates.resolver.limits')}</h3>
          {resolver.limits.length === 0 ? (
            <p className="text-13 text-muted">{t('certificates.resolver.limitsNone')}</p>
          ) : (
            <ul className="flex flex-col gap-2.5">
              {resolver.limits.map((limit) => (
                <LimitLine key={`${limit.limit} ${limit.subject}`} limit={limit} />
              ))}
            </ul>
          )}
        </div>
      </div>
    </Card>
  );
}

function LimitLine({ limit }: { limit: CaLimit }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const { remaining, of, nextAt, subject } = limit;
  const share = of === 0 ? 0 : remaining / of;
  const fill = share === 0 ? 'fill-broken' : share < 0.25 ? 'fill-attention' : 'fill-good';
  return (
    <li className="text-13">
      <div className="[overflow-wrap:anywhere]">{t(`certificates.resolver.limit.${limit.limit}`, { subject })}</div>
      <svg aria-hidden width="100%" height={4} className="my-1 block">
        <rect width="100%" height={4} rx={2} className="fill-line-strong" />
        {remaining > 0 && <rect width={`${share * 100}%`} height={4} rx={2} className={fill} />}
      </svg>
      <div className="flex flex-wrap justify-between gap-x-3 text-12 text-muted">
        <span>{t('certificates.resolver.remaining', { remaining, of })}</span>
        {nextAt !== null && (
          <span>{t('certificates.resolver.nextAt', { when: formatRelative(Math.max(nextAt, now), now, locale) })}</span>
        )}
      </div>
    </li>
  );
}
