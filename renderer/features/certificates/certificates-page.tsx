import { Import, Plus, SearchX, ShieldCheck, Upload } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { Segmented, TextInput } from '../../components/field.tsx';
import { useLocale, useNow } from '../../components/hooks.ts';
import { Empty, PageHead } from '../../components/page.tsx';
import type { Tone } from '../../components/status.tsx';
import { useQueryState } from '../../components/use-query-state.ts';
import { formatRelativeDays } from '../../words/format.ts';
import { AddForm } from './add-form.tsx';
import { certificateColumns } from './certificate-columns.tsx';
import { CertificateDetail } from './certificate-detail.tsx';
import { byUrgency, certificatePath, needsSomeone, wordOf } from './certificate-state.ts';
import { CertificateTabs } from './certificate-tabs.tsx';
import { ImportForm } from './import-form.tsx';
import { UploadForm } from './upload-form.tsx';

const filters = ['all', 'attention', 'public', 'internal'] as const;
type Filter = (typeof filters)[number];

function fits(certificate: CertificateView, filter: Filter, needle: string): boolean {
  const inFilter =
    filter === 'all' ||
    (filter === 'attention' && needsSomeone(certificate)) ||
    (filter === 'public' && certificate.source !== 'internal') ||
    (filter === 'internal' && certificate.source === 'internal');
  return (
    inFilter &&
    (needle === '' ||
      [...certificate.names, certificate.issuer, ...certificate.routers].some((text) =>
        text.toLowerCase().includes(needle),
      ))
  );
}

/** How things are with certificates, in words. */
function useSentence(certificates: readonly CertificateView[]): {
  readonly trouble: string;
  readonly rest: string;
  readonly tone: Tone;
} {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const count = (words: readonly ReturnType<typeof wordOf>[]): number =>
    certificates.filter((each) => words.includes(wordOf(each))).length;
  const failed = count(['failed']);
  const failing = count(['failing']);
  const ending = count(['expiring', 'expired']);
  const pending = count(['pending', 'renewing']);
  const isPublic = certificates.filter(({ source, notAfter }) => source !== 'internal' && notAfter !== null);
  const next = Math.min(
    ...isPublic.flatMap(({ renewal }) => (renewal && !['owner', 'retry'].includes(renewal.why) ? [renewal.at] : [])),
  );
  const trouble = [
    ...(failed > 0 ? [t('certificates.sentence.failed', { count: failed })] : []),
    ...(failing > 0 ? [t('certificates.sentence.failing', { count: failing })] : []),
    ...(ending > 0 ? [t('certificates.sentence.ending', { count: ending })] : []),
  ];
  const rest = [
    ...(pending > 0 ? [t('certificates.sentence.pending', { count: pending })] : []),
    ...(isPublic.length > 0 && trouble.length === 0
      ? [t('certificates.sentence.well', { count: isPublic.length })]
      : []),
    ...(Number.isFinite(next)
      ? [t('certificates.sentence.next', { when: formatRelativeDays(Math.max(next, now), now, locale) })]
      : []),
  ];
  const broken = certificates.some((each) => ['failed', 'expired'].includes(wordOf(each)));
  return {
    trouble: trouble.join(' '),
    rest: trouble.length + rest.length === 0 ? t('certificates.sentence.onlyInternal') : rest.join(' '),
    tone: broken ? 'broken' : trouble.length > 0 ? 'attention' : 'good',
  };
}

type Task = 'add' | 'upload' | 'import';

export function CertificatesPage({ id }: { id: string | null }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const certificates = useEngine((state) => state.picture?.certificates);
  const { query, search, set } = useQueryState();
  const [chosen, setChosen] = useState<Task | null>(null);
  // `?add=1` opens the form at once: links, the palette and other pages lead there; `name` fills it.
  const asked = query.get('add') === null ? null : 'add';
  const task = chosen ?? asked;
  const filter: Filter = filters.find((one) => one === query.get('which')) ?? 'all';
  const needle = query.get('q')?.trim().toLowerCase() ?? '';
  const listSearch = useMemo(() => {
    const kept = new URLSearchParams(search);
    kept.delete('add');
    kept.delete('name');
    return kept.size === 0 ? '' : `?${kept}`;
  }, [search]);
  const rows = useMemo(
    () => (certificates ?? []).filter((each) => fits(each, filter, needle)).toSorted(byUrgency),
    [certificates, filter, needle],
  );
  const columns = useMemo(() => certificateColumns(t, listSearch), [t, listSearch]);
  const sentence = useSentence(certificates ?? []);
  if (!certificates) return null;
  const close = (): void => {
    setChosen(null);
    if (asked) set({ add: '', name: '' });
  };
  const hasPublic = certificates.some(({ source }) => source !== 'internal');

  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <PageHead
          title={t('nav.certificates')}
          tone={sentence.tone}
          sentence={
            <>
              {sentence.trouble !== '' && (
                <>
                  <Link href="/certificates?which=attention" className="link">
                    {sentence.trouble}
                  </Link>{' '}
                </>
              )}
              {sentence.rest}
            </>
          }
          actions={
            <>
              <Button onClick={() => setChosen('import')}>
                <Import size={14} aria-hidden />
                {t('certificates.import')}
              </Button>
              <Button onClick={() => setChosen('upload')}>
                <Upload size={14} aria-hidden />
                {t('certificates.upload')}
              </Button>
              <Button look="primary" onClick={() => setChosen('add')}>
                <Plus size={14} aria-hidden />
                {t('certificates.add')}
              </Button>
            </>
          }
        />
        <CertificateTabs here="certificates" />
        {certificates.length === 0 ? (
          <FirstStep onAdd={() => setChosen('add')} />
        ) : (
          <>
            <div className="flex flex-wrap items-center gap-2 px-4 py-3 rail:px-7">
              <div className="min-w-40 flex-1 basis-52 sm:max-w-80">
                <TextInput
                  type="search"
                  label={t('certificates.search')}
                  placeholder={t('certificates.search')}
                  value={query.get('q') ?? ''}
                  onChange={(event) => set({ q: event.target.value })}
                />
              </div>
              <Segmented
                label={t('certificates.filter')}
                value={filter}
                onChange={(value) => set({ which: value === 'all' ? '' : value })}
                options={filters.map((value) => ({ value, text: t(`certificates.filters.${value}`) }))}
              />
            </div>
            {rows.length === 0 ? (
              <Empty
                icon={SearchX}
                title={t('certificates.noMatch')}
                action={<Button onClick={() => set({ q: '', which: '' })}>{t('certificates.clear')}</Button>}
              >
                {t('certificates.noMatchBody')}
              </Empty>
            ) : (
              <DataTable
                label={t('certificates.list')}
                rows={rows}
                columns={columns}
                rowKey={(certificate) => certificate.id}
                selected={id}
                rowHeightPx={60}
                onOpen={(certificate) => navigate(`${certificatePath(certificate.id)}${listSearch}`)}
              />
            )}
            {!hasPublic && rows.length > 0 && (
              <div className="border-t border-line">
                <FirstStep onAdd={() => setChosen('add')} />
              </div>
            )}
          </>
        )}
      </div>
      {id !== null && <CertificateDetail key={id} id={id} onClose={() => navigate(`/certificates${listSearch}`)} />}
      {task === 'add' && <AddForm name={query.get('name') ?? ''} onClose={close} />}
      {task === 'upload' && <UploadForm replaces={null} onClose={close} />}
      {task === 'import' && <ImportForm onClose={close} />}
    </div>
  );
}

function FirstStep({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation();
  return (
    <Empty
      icon={ShieldCheck}
      title={t('certificates.emptyTitle')}
      action={
        <Button look="primary" onClick={onAdd}>
          <Plus size={14} aria-hidden />
          {t('certificates.add')}
        </Button>
      }
    >
      {t('certificates.emptyBody')}
    </Empty>
  );
}
