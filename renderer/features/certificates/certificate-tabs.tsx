import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useEngine } from '../../client/store.ts';

const tabs = [
  ['certificates', '/certificates'],
  ['resolvers', '/resolvers'],
] as const;

export function CertificateTabs({ here }: { here: 'certificates' | 'resolvers' }) {
  const { t } = useTranslation();
  const counts = {
    certificates: useEngine((state) => state.picture?.certificates.length ?? 0),
    resolvers: useEngine((state) => state.picture?.resolvers.length ?? 0),
  };
  return (
    <nav aria-label={t('certificates.tabs')} className="flex gap-1 border-b border-line px-2 rail:px-5">
      {tabs.map(([tab, path]) => (
        <Link
          key={tab}
          href={path}
          aria-current={tab === here ? 'page' : undefined}
          className={`-mb-px border-b-2 px-2 py-2 text-14 ${tab === here ? 'border-accent font-medium text-text' : 'border-transparent text-muted hover:text-text'}`}
        >
          {t(`certificates.${tab}`)} <span className="text-12 text-muted">{counts[tab]}</span>
        </Link>
      ))}
    </nav>
  );
}
