import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { ResolverView } from '../../../app/contract/certificates.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Empty, PageHead } from '../../components/page.tsx';
import { CertificateAuthoritySettings } from '../settings/certificate-authority-settings.tsx';
import { CertificateTabs } from './certificate-tabs.tsx';
import { Confirm } from './confirm.tsx';
import { useDnsProviders } from './dns-fields.tsx';
import { ResolverCard } from './resolver-card.tsx';
import { ResolverForm } from './resolver-form.tsx';

type Task = { readonly kind: 'edit' | 'remove'; readonly resolver: ResolverView };

/** How certificates are had: the resolvers with what remains of their limits, and Gatehouse's own authority. */
export function ResolversPage() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const picture = useEngine((state) => state.picture);
  const [task, setTask] = useState<Task | null>(null);
  const providers = useDnsProviders();
  if (!picture) return null;
  const titleOf = (code: string | null): string | null =>
    code === null ? null : (providers?.find((each) => each.code === code)?.title ?? code);
  const { resolvers, certificates, status } = picture;
  const isBroken = resolvers.some(({ problems, account }) => problems.length > 0 || account.state === 'failed');
  const add = (
    <Button look="primary" onClick={() => navigate('/certificates?add=1')}>
      <Plus size={14} aria-hidden />
      {t('certificates.add')}
    </Button>
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <PageHead
        title={t('certificates.resolvers')}
        tone={resolvers.length === 0 ? undefined : isBroken ? 'attention' : 'good'}
        sentence={
          resolvers.length === 0
            ? t('certificates.resolver.none')
            : t('certificates.resolver.sentence', { count: resolvers.length })
        }
        actions={add}
      />
      <CertificateTabs here="resolvers" />
      <section
        aria-label={t('certificates.resolvers')}
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto px-4 py-4 rail:px-7"
      >
        <div className="mx-auto flex max-w-[1000px] flex-col gap-4">
          {resolvers.length === 0 ? (
            <Empty icon={KeyRound} title={t('certificates.resolver.none')} action={add}>
              {t('certificates.resolver.noneBody')}
            </Empty>
          ) : (
            resolvers.map((resolver) => (
              <ResolverCard
                key={resolver.name}
                resolver={resolver}
                provider={titleOf(resolver.dnsProvider)}
                certificates={certificates.filter((each) => each.resolver === resolver.name).length}
                onEdit={() => setTask({ kind: 'edit', resolver })}
                onRemove={() => setTask({ kind: 'remove', resolver })}
              />
            ))
          )}
          <div className="mt-2">
            <CertificateAuthoritySettings status={status} />
          </div>
        </div>
      </section>
      {task?.kind === 'edit' && <ResolverForm resolver={task.resolver} onClose={() => setTask(null)} />}
      {task?.kind === 'remove' && (
        <Confirm
          title={t('certificates.confirm.removeResolverTitle', { name: task.resolver.name })}
          action={t('certificates.confirm.remove')}
          done={t('certificates.resolver.removed', { name: task.resolver.name })}
          run={(client) => client.resolvers.remove({ name: task.resolver.name })}
          onClose={() => setTask(null)}
        >
          <p>{t('certificates.confirm.removeResolverBody')}</p>
        </Confirm>
      )}
    </div>
  );
}
