import { ArrowRight, Box, KeyRound, Play, Stethoscope } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { languageOf, type SentenceTone, sentenceOf } from '../../../app/contract/sentence.ts';
import { actWithUndo } from '../../client/actions.ts';
import type { Picture } from '../../client/picture.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Segmented } from '../../components/field.tsx';
import { useLocale, useNow } from '../../components/hooks.ts';
import { Card, PageHead } from '../../components/page.tsx';
import { severityTone } from '../../components/problems.tsx';
import { type Tone, ToneIcon } from '../../components/status.tsx';
import { formatNumber } from '../../words/format.ts';
import { problemWords } from '../../words/problem-words.ts';
import { attentionOf } from './attention.ts';
import { Changes } from './changes.tsx';
import { PartsTable } from './parts-table.tsx';
import { lastMinute } from './traffic.ts';
import { type Range, useSeries } from './use-series.ts';

const Charts = lazy(() => import('./charts.tsx').then((m) => ({ default: m.Charts })));

const tones: Record<SentenceTone, Tone> = {
  down: 'broken',
  starting: 'off',
  well: 'good',
  attention: 'attention',
  paused: 'paused',
};

const shownProblems = 5;

function Head({ picture }: { picture: Picture }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const ticks = useEngine((state) => state.ticks);
  const sentence = sentenceOf(picture.status, languageOf(locale));
  const count = lastMinute(ticks, now);
  const paused = picture.status.pausedAll;
  const toggle = (): void => {
    void actWithUndo(
      {
        done: t(paused ? 'overview.resumedAllDone' : 'overview.pausedAllDone'),
        failed: t('overview.pauseFailed'),
      },
      (client) => (paused ? client.exposures.resumeAll() : client.exposures.pauseAll()),
    );
  };
  return (
    <PageHead
      title={t('nav.overview')}
      tone={tones[sentence.tone]}
      sentence={
        <>
          {sentence.parts.map((part) =>
            part.link === null ? (
              part.text
            ) : (
              <Link key={part.text} href={part.link} className="link">
                {part.text}
              </Link>
            ),
          )}{' '}
          <span className="text-muted">
            {count === 0
              ? t('overview.quiet')
              : t('overview.lastMinute', { count, formatted: formatNumber(count, locale) })}
          </span>
        </>
      }
      actions={
        paused && (
          <Button look="primary" onClick={toggle}>
            <Play size={14} aria-hidden />
            {t('overview.resumeAll')}
          </Button>
        )
      }
    />
  );
}

function NeedsYou({ picture }: { picture: Picture }) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const items = attentionOf(picture);
  if (items.length === 0) return null;
  const shown = all ? items : items.slice(0, shownProblems);
  const rest = items.length - shown.length;
  return (
    <Card title={t('overview.needs')}>
      <ul>
        {shown.map(({ problem, subject, href }) => {
          const words = problemWords(problem);
          return (
            <li key={`${problem.code} ${problem.message}`} className="border-b border-line last:border-0">
              <Link href={href} className="flex items-start gap-3 px-4 py-2.5 hover:bg-hover">
                <span className="mt-0.5">
                  <ToneIcon tone={severityTone[problem.severity]} />
                  <span className="sr-only">{t(`severity.${problem.severity}`)}</span>
                </span>
                <span className="min-w-0 flex-1 text-13 [overflow-wrap:anywhere]">
                  <span className="block text-text">{words.message}</span>
                  {words.fix !== null && <span className="block text-muted">{words.fix}</span>}
                </span>
                {subject !== null && (
                  <span className="hidden max-w-56 truncate font-mono text-12 text-muted sm:block">{subject}</span>
                )}
                <ArrowRight size={14} aria-hidden className="mt-1 shrink-0 text-muted" />
              </Link>
            </li>
          );
        })}
      </ul>
      {rest > 0 && (
        <div className="border-t border-line px-2 py-1.5">
          <Button look="quiet" onClick={() => setAll(true)}>
            {t('overview.moreProblems', { count: rest })}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** For a home where nothing is open yet: the way to the first app. */
function FirstSteps({ picture }: { picture: Picture }) {
  const { t } = useTranslation();
  if (picture.status.counts.openApps > 0) return null;
  const whoami = picture.routers.find((router) => router.name === 'whoami@internal' && router.status === 'enabled');
  const row = 'flex items-start gap-3 border-b border-line px-4 py-3 last:border-0 hover:bg-hover';
  const body = (title: string, text: string) => (
    <span className="min-w-0 flex-1">
      <span className="block font-medium">{title}</span>
      <span className="block text-13 text-muted">{text}</span>
    </span>
  );
  return (
    <Card title={t('overview.first')}>
      <Link href="/containers" className={row}>
        <Box size={18} aria-hidden className="mt-0.5 text-accent-text" />
        {body(t('overview.firstExpose'), t('overview.firstExposeBody'))}
        <ArrowRight size={14} aria-hidden className="mt-1 text-muted" />
      </Link>
      {whoami?.urls[0] !== undefined && (
        <a href={whoami.urls[0]} target="_blank" rel="noreferrer" className={row}>
          <Stethoscope size={18} aria-hidden className="mt-0.5 text-muted" />
          {body(t('overview.firstWhoami'), t('overview.firstWhoamiBody'))}
          <ArrowRight size={14} aria-hidden className="mt-1 text-muted" />
        </a>
      )}
      <Link href="/settings#certificate-authority" className={row}>
        <KeyRound size={18} aria-hidden className="mt-0.5 text-muted" />
        {body(t('overview.firstTrust'), t('overview.firstTrustBody'))}
        <ArrowRight size={14} aria-hidden className="mt-1 text-muted" />
      </Link>
    </Card>
  );
}

function Traffic() {
  const { t } = useTranslation();
  const [range, setRange] = useState<Range>('live');
  const series = useSeries(range);
  return (
    <>
      <Card
        title={t('overview.traffic')}
        actions={
          <Segmented
            label={t('overview.range')}
            value={range}
            onChange={setRange}
            options={[
              { value: 'live', text: t('overview.live') },
              { value: 'hour', text: t('overview.hour') },
              { value: 'day', text: t('overview.day') },
            ]}
          />
        }
      >
        {series === null ? (
          <div className="h-[190px]" />
        ) : series.at.length === 0 ? (
          <div className="px-6 py-12 text-center">
            <p className="font-medium">{t('overview.noTraffic')}</p>
            <p className="text-13 text-muted">{t('overview.noTrafficBody')}</p>
          </div>
        ) : (
          <Suspense fallback={<div className="h-[190px]" />}>
            <Charts series={series} range={range} />
          </Suspense>
        )}
      </Card>
      {series !== null && series.at.length > 0 && <PartsTable series={series} />}
    </>
  );
}

export function OverviewPage() {
  const { t } = useTranslation();
  const picture = useEngine((state) => state.picture);
  if (!picture) return null;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto max-w-[1200px] pb-10">
        <Head picture={picture} />
        <div className="flex flex-col gap-4 px-4 rail:px-7">
          <NeedsYou picture={picture} />
          <FirstSteps picture={picture} />
          <Traffic />
          <Card
            title={t('overview.changes')}
            actions={picture.status.counts.openApps > 0 && !picture.status.pausedAll && <PauseAll />}
          >
            <Changes changes={picture.changes} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function PauseAll() {
  const { t } = useTranslation();
  return (
    <Button
      look="quiet"
      onClick={() =>
        void actWithUndo({ done: t('overview.pausedAllDone'), failed: t('overview.pauseFailed') }, (client) =>
          client.exposures.pauseAll(),
        )
      }
    >
      {t('overview.pauseAll')}
    </Button>
  );
}
