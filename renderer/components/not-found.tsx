import { MapPinOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { LinkButton } from './button.tsx';
import { Empty } from './page.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Empty icon={MapPinOff} title={t('bounds.notFound')} action={<LinkButton to="/">{t('nav.overview')}</LinkButton>} />
  );
}
