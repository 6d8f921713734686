import { Bug } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { Empty } from './page.tsx';

function Failed({ message }: { message: string }) {
  const { t } = useTranslation();
  return (
    <Empty
      icon={Bug}
      title={t('bounds.title')}
      action={
        <Button look="primary" onClick={() => location.reload()}>
          {t('bounds.reload')}
        </Button>
      }
    >
      <p>{t('bounds.body')}</p>
      <p className="mt-2 font-mono text-12">{message}</p>
    </Empty>
  );
}

/** A page that fails leaves the rest standing. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { readonly message: string | null }> {
  override state: { readonly message: string | null } = { message: null };

  static getDerivedStateFromError(error: unknown): { readonly message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    return this.state.message === null ? this.props.children : <Failed message={this.state.message} />;
  }
}
