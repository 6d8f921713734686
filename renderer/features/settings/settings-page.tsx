import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Settings, SettingsPatch } from '../../../app/contract/objects.ts';
import { act } from '../../client/actions.ts';
import { useEngine } from '../../client/store.ts';
import { Segmented, Select } from '../../components/field.tsx';
import { useSlow } from '../../components/hooks.ts';
import { PageHead } from '../../components/page.tsx';
import { Facts } from '../../components/panel.tsx';
import { chooseTheme, useTheme } from '../../components/theme.ts';
import { Time } from '../../components/time.tsx';
import { notify } from '../../components/toasts.tsx';
import { chooseLanguage, type LanguageChoice, useLanguageChoice } from '../../words/i18n.ts';
import { AccessSettings } from './access-settings.tsx';
import { CertificateAuthoritySettings } from './certificate-authority-settings.tsx';
import { DomainSettings, EntryPointSettings, ProviderSettings } from './engine-settings.tsx';
import { SettingsSection } from './settings-section.tsx';

export type SaveSettings = (patch: SettingsPatch) => Promise<boolean>;

function useSettings(): { readonly settings: Settings | null; readonly save: SaveSettings } {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const changes = useEngine((state) => state.picture?.changes[0]?.id);
  const [settings, setSettings] = useState<Settings | null>(null);
  // Read again when something changed: also by the command line, or by Undo.
  useEffect(() => {
    if (!client) return undefined;
    let current = true;
    client.settings.get().then(
      (now) => current && setSettings(now),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, changes]);
  const save: SaveSettings = async (patch) => {
    const saved = await act(t('settings.saveFailed'), (now) => now.settings.update(patch));
    if (!saved) return false;
    setSettings(saved);
    notify({ title: t('settings.saved') });
    return true;
  };
  return { settings, save };
}

const sections = [
  ['entry-points', 'entryPoints'],
  ['providers', 'providers'],
  ['domain', 'domain'],
  ['access', 'access'],
  ['certificate-authority', 'ca'],
  ['appearance', 'appearance'],
  ['about', 'about'],
] as const;

function Appearance() {
  const { t } = useTranslation();
  const theme = useTheme((state) => state.choice);
  const language = useLanguageChoice((state) => state.choice);
  return (
    <SettingsSection id="appearance" title={t('settings.appearance')}>
      <div className="flex flex-wrap items-center gap-x-8 gap-y-4 p-4">
        <div>
          <div className="mb-1 text-13 font-medium">{t('settings.theme')}</div>
          <Segmented
            label={t('settings.theme')}
            value={theme}
            onChange={chooseTheme}
            options={[
              { value: 'system', text: t('settings.themeSystem') },
              { value: 'light', text: t('settings.themeLight') },
              { value: 'dark', text: t('settings.themeDark') },
            ]}
          />
        </div>
        <div className="w-48">
          <div className="mb-1 text-13 font-medium">{t('settings.language')}</div>
          <Select
            label={t('settings.language')}
            value={language}
            onChange={(event) => void chooseLanguage(event.target.value as LanguageChoice)}
          >
            <option value="system">{t('settings.languageSystem')}</option>
            <option value="en">English</option>
            <option value="fr">Français</option>
          </Select>
        </div>
      </div>
    </SettingsSection>
  );
}

export function SettingsPage() {
  const { t } = useTranslation();
  const status = useEngine((state) => state.picture?.status);
  const { settings, save } = useSettings();
  const slow = useSlow(settings === null);
  const ready = settings !== null;

  // The part that a link names, once it is there.
  useEffect(() => {
    if (ready && location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [ready]);

  if (!status) return null;
  const listening = status.entryPoints.filter((entry) => entry.listening !== null).length;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto max-w-[1200px] pb-16">
        <PageHead
          title={t('nav.settings')}
          sentence={
            <>
              {t('settings.sentence', { count: listening })}{' '}
              {settings &&
                t(settings.dashboard.passwordSet ? 'settings.sentencePassword' : 'settings.sentenceNoPassword')}
            </>
          }
        />
        <div className="flex gap-8 px-4 rail:px-7">
          <nav aria-label={t('settings.contents')} className="sticky top-4 hidden h-fit w-44 shrink-0 lg:block">
            <ul className="flex flex-col gap-0.5">
              {sections.map(([id, key]) => (
                <li key={id}>
                  <a
                    href={`#${id}`}
                    className="block rounded-s px-2.5 py-1.5 text-13 text-muted hover:bg-hover hover:text-text"
                  >
                    {t(`settings.${key}`)}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div className="flex min-w-0 flex-1 flex-col gap-8">
            {slow && <div role="status" aria-label={t('common.loading')} className="skeleton h-64" />}
            {settings && (
              <>
                <EntryPointSettings settings={settings} entryPoints={status.entryPoints} save={save} />
                <ProviderSettings settings={settings} providers={status.providers} save={save} />
                <DomainSettings settings={settings} save={save} />
                <AccessSettings settings={settings} status={status} save={save} />
              </>
            )}
            <CertificateAuthoritySettings status={status} />
            <Appearance />
            <SettingsSection id="about" title={t('settings.about')}>
              <div className="p-4">
                <Facts
                  facts={[
                    { name: 'Gatehouse', value: status.version },
                    { name: t('settings.running'), value: <Time at={status.startedAt} /> },
                    { name: t('settings.dataDir'), value: <code className="font-mono">{status.dataDir}</code> },
                    { name: t('settings.workers'), value: status.workers },
                  ]}
                />
              </div>
            </SettingsSection>
          </div>
        </div>
      </div>
    </div>
  );
}
