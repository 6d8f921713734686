import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Source } from '../../../app/contract/objects.ts';
import { containerPath } from '../road/stations.tsx';

/** Which label of which container, or which line of which file, an object comes from. */
export function SourceWords({ source }: { source: Source }) {
  const { t } = useTranslation();
  switch (source.kind) {
    case 'label':
      return (
        <>
          {source.label === null ? t('routing.sourceAllLabels') : <code className="font-mono">{source.label}</code>}
          <br />
          <span className="text-muted">{t('routing.sourceLabel')}</span>{' '}
          <Link href={containerPath(source.container)} className="link">
            {source.container}
          </Link>
        </>
      );
    case 'file':
      return (
        <code className="font-mono" title={t('routing.sourceFile', { line: source.line, column: source.column })}>
          {source.path}:{source.line}:{source.column}
        </code>
      );
    case 'exposure':
      return <>{t('routing.sourceExposure')}</>;
    case 'internal':
      return <>{t('routing.sourceInternal')}</>;
  }
}
