import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Explanation } from '../../../app/contract/explanation.ts';
import { Card } from '../../components/page.tsx';
import { Time } from '../../components/time.tsx';

/** What became of a request when it came, beside what would become of it now. */
export function Recorded({
  explanation,
  recorded,
}: {
  explanation: Explanation;
  recorded: NonNullable<Explanation['recorded']>;
}) {
  const { t } = useTranslation();
  const isConnection = explanation.protocol !== undefined;
  const { method, scheme, host, path, query, clientIp } = explanation.request;
  return (
    <Card title={t('explain.recorded')}>
      <div className="px-4 py-3 text-13">
        {isConnection ? (
          <p>{connectionWords(explanation, t)}</p>
        ) : (
          <p className="font-mono [overflow-wrap:anywhere]">
            {method} {scheme}://{host}
            {path}
            {query === '' ? '' : `?${query}`}
          </p>
        )}
        <p className="mt-1 text-soft">
          {isConnection
            ? t('explain.recordedConnection', { client: clientIp })
            : t('explain.recordedAnswer', { status: recorded.status, client: clientIp })}{' '}
          <span className="text-muted">
            <Time at={recorded.at} />
          </span>
        </p>
        {recorded.error && <p className="mt-1 text-soft">{t(`proxyError.${recorded.error.code}`)}</p>}
        <p className="mt-1 text-muted">{t(isConnection ? 'explain.recordedNow' : 'explain.recordedHeaders')}</p>
        <Link href={`/logs/${encodeURIComponent(recorded.id)}`} className="link mt-1 inline-block font-mono">
          {recorded.id}
        </Link>
      </div>
    </Card>
  );
}

function connectionWords({ request: { scheme, host } }: Explanation, t: TFunction): string {
  if (scheme === 'udp') return t('explain.datagrams');
  if (scheme !== 'tls') return t('explain.connectionPlain');
  return host === '' ? t('explain.connectionNoName') : t('explain.connectionTls', { host });
}
