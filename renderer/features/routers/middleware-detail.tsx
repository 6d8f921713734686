import { useTranslation } from 'react-i18next';
import type { MiddlewareView } from '../../../app/contract/objects.ts';
import { Facts, Section } from '../../components/panel.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { middlewareSummary } from '../../words/said-words.ts';
import { UsedBy } from './detail-parts.tsx';
import { SourceWords } from './source.tsx';

function optionText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.map(String).join('\n');
  return JSON.stringify(value, null, 1) ?? '';
}

export function MiddlewareDetail({ middleware }: { middleware: MiddlewareView }) {
  const { t } = useTranslation();
  const options = Object.entries(middleware.options);
  return (
    <>
      {middleware.problems.length > 0 && (
        <Section title={t('routing.why')}>
          <ProblemList problems={middleware.problems} />
        </Section>
      )}
      <Section title={t('routing.about')}>
        <p className="mb-3 text-13 text-soft">{middlewareSummary(middleware)}</p>
        <Facts
          facts={[
            { name: t('routing.status'), value: t(`status.${middleware.status}`) },
            { name: t('routing.type'), value: <code className="font-mono">{middleware.type}</code> },
            { name: t('routing.source'), value: <SourceWords source={middleware.source} /> },
          ]}
        />
      </Section>
      {options.length > 0 && (
        <Section title={t('routing.options')}>
          <Facts
            facts={options.map(([name, value]) => ({
              name,
              value: <code className="font-mono whitespace-pre-wrap">{optionText(value)}</code>,
            }))}
          />
        </Section>
      )}
      <Section title={t('routing.usedBy')}>
        <UsedBy names={middleware.usedBy} protocol={middleware.protocol} />
      </Section>
    </>
  );
}
