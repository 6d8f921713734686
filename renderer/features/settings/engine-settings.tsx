import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { endpointOfProvider, isDockerProvider } from '../../../app/contract/docker-name.ts';
import type { EntryPointView, ProviderView, Settings } from '../../../app/contract/objects.ts';
import { ProblemList } from '../../components/problems.tsx';
import { Status, type Tone } from '../../components/status.tsx';
import { Term } from '../../components/term.tsx';
import { Time } from '../../components/time.tsx';
import { SettingLine } from './setting-line.tsx';
import type { SaveSettings } from './settings-page.tsx';
import { SettingsSection } from './settings-section.tsx';

const address = /^(\[[0-9a-f:.]+\]|[^\s:[\]]*):\d{1,5}$/i;

function entryTone(entry: EntryPointView | undefined): Tone {
  if (!entry || entry.listening === null) return 'broken';
  return entry.problems.some((problem) => problem.severity !== 'info') ? 'attention' : 'good';
}

export function EntryPointSettings({
  settings,
  entryPoints,
  save,
}: {
  settings: Settings;
  entryPoints: readonly EntryPointView[];
  save: SaveSettings;
}) {
  const { t } = useTranslation();
  return (
    <SettingsSection id="entry-points" title={t('settings.entryPoints')} hint={t('settings.entryPointsHint')}>
      <ul>
        {settings.entryPoints.map((entry) => {
          const live = entryPoints.find((one) => one.name === entry.name);
          return (
            <li key={entry.name} className="border-b border-line p-4 last:border-0">
              <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-1">
                <h3 className="font-mono text-14 font-semibold">{entry.name}</h3>
                <Status tone={entryTone(live)}>
                  {live?.listening ? t('settings.listening', { address: live.listening }) : t('settings.notListening')}
                </Status>
                {entry.redirectTo !== null && (
                  <span className="text-13 text-muted">{t('settings.redirects', { name: entry.redirectTo })}</span>
                )}
              </div>
              <SettingLine
                label={t('settings.address')}
                hint={t(`settings.origin.${entry.origin}`)}
                value={entry.address}
                disabled={entry.origin === 'flag' || entry.origin === 'file'}
                check={(text) => (address.test(text) ? null : t('settings.addressInvalid'))}
                onSave={(text) => save({ entryPoints: { [entry.name]: { address: text } } })}
              />
              {live && live.problems.length > 0 && (
                <div className="mt-2">
                  <ProblemList problems={live.problems} />
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </SettingsSection>
  );
}

const providerTone: Record<ProviderView['state'], Tone> = {
  off: 'off',
  connecting: 'attention',
  connected: 'good',
  lost: 'attention',
  failed: 'broken',
};

const providerWords = {
  docker: 'settings.provider.docker',
  file: 'settings.provider.file',
  http: 'settings.provider.http',
  gatehouse: 'settings.provider.gatehouse',
  internal: 'settings.provider.internal',
} as const;

function providerTitle(name: ProviderView['name'], t: TFunction): string {
  return isDockerProvider(name)
    ? [t('settings.provider.docker'), endpointOfProvider(name)].filter((word) => word !== null).join(' · ')
    : t(providerWords[name as keyof typeof providerWords]);
}

function ProviderHead({ provider }: { provider: ProviderView }) {
  const { t } = useTranslation();
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <h3 className="text-14 font-semibold">{providerTitle(provider.name, t)}</h3>
        <Status tone={providerTone[provider.state]}>{t(`settings.providerState.${provider.state}`)}</Status>
        <span className="text-13 text-muted">
          {provider.version}
          {provider.state !== 'off' && (
            <>
              {provider.version !== '' && ' · '}
              <Time at={provider.since} />
            </>
          )}
        </span>
      </div>
      {provider.where !== '' && (
        <p className="mt-0.5 font-mono text-12 text-muted [overflow-wrap:anywhere]">{provider.where}</p>
      )}
      {provider.problems.length > 0 && (
        <div className="mt-2">
          <ProblemList problems={provider.problems} />
        </div>
      )}
    </>
  );
}

export function ProviderSettings({
  settings,
  providers,
  save,
}: {
  settings: Settings;
  providers: readonly ProviderView[];
  save: SaveSettings;
}) {
  const { t } = useTranslation();
  const { docker, file } = settings;
  const fixed = (field: string): boolean => docker.fixed.includes(field);
  const hint = (field: string, text: string): string => (fixed(field) ? t('settings.fixed') : text);
  return (
    <SettingsSection
      id="providers"
      title={t('settings.providers')}
      hint={<Term word="provider">{t('settings.providersHint')}</Term>}
    >
      <ul>
        {providers.map((provider) => (
          <li key={provider.name} className="border-b border-line p-4 last:border-0">
            <ProviderHead provider={provider} />
            {provider.name === 'docker' && (
              <div className="mt-4 flex flex-col gap-3">
                <SettingLine
                  label={t('settings.endpoint')}
                  hint={hint('endpoint', t('settings.endpointHint'))}
                  value={docker.endpoint ?? ''}
                  disabled={fixed('endpoint')}
                  onSave={(text) => save({ docker: { endpoint: text === '' ? null : text } })}
                />
                <SettingLine
                  label={t('settings.network')}
                  hint={hint('network', t('settings.networkHint'))}
                  value={docker.network ?? ''}
                  disabled={fixed('network')}
                  onSave={(text) => save({ docker: { network: text === '' ? null : text } })}
                />
                <SettingLine
                  label={t('settings.defaultRule')}
                  hint={hint('defaultRule', t('settings.defaultRuleHint'))}
                  value={docker.defaultRule}
                  disabled={fixed('defaultRule')}
                  onSave={(text) => save({ docker: { defaultRule: text } })}
                />
                <div className="flex max-w-[560px] items-start gap-2.5">
                  <input
                    id="exposed-by-default"
                    aria-describedby="exposed-by-default-hint"
                    type="checkbox"
                    className="mt-0.5 size-4 accent-accent"
                    checked={docker.exposedByDefault}
                    disabled={fixed('exposedByDefault')}
                    onChange={(event) => void save({ docker: { exposedByDefault: event.target.checked } })}
                  />
                  <div>
                    <label htmlFor="exposed-by-default" className="block text-13 font-medium">
                      {t('settings.exposedByDefault')}
                    </label>
                    <span id="exposed-by-default-hint" className="block text-12 text-muted">
                      {hint('exposedByDefault', t('settings.exposedByDefaultHint'))}
                    </span>
                  </div>
                </div>
              </div>
            )}
            {provider.name === 'file' && (
              <div className="mt-4">
                <SettingLine
                  label={t('settings.filePath')}
                  hint={file.fixed ? t('settings.fixed') : t('settings.filePathHint')}
                  value={file.path ?? ''}
                  disabled={file.fixed}
                  onSave={(text) => save({ file: { path: text === '' ? null : text } })}
                />
              </div>
            )}
          </li>
        ))}
      </ul>
    </SettingsSection>
  );
}

export function DomainSettings({ settings, save }: { settings: Settings; save: SaveSettings }) {
  const { t } = useTranslation();
  return (
    <SettingsSection id="domain" title={t('settings.domain')}>
      <div className="p-4">
        <SettingLine
          label={t('settings.domainLabel')}
          hint={t('settings.domainHint', { domain: settings.domain })}
          value={settings.domain}
          onSave={(text) => save({ domain: text })}
        />
      </div>
    </SettingsSection>
  );
}
