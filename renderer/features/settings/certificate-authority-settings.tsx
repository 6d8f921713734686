import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EngineStatus } from '../../../app/contract/objects.ts';
import { act } from '../../client/actions.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { Select } from '../../components/field.tsx';
import { useLocale } from '../../components/hooks.ts';
import { formatDate } from '../../words/format.ts';
import { SettingsSection } from './settings-section.tsx';

const systems = ['windows', 'macos', 'ios', 'android', 'linux', 'firefox'] as const;
type System = (typeof systems)[number];

function ownSystem(): System {
  const agent = navigator.userAgent;
  if (/iPhone|iPad/.test(agent)) return 'ios';
  if (agent.includes('Android')) return 'android';
  if (agent.includes('Mac')) return 'macos';
  return agent.includes('Windows') ? 'windows' : 'linux';
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

export function CertificateAuthoritySettings({ status }: { status: EngineStatus }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const [system, setSystem] = useState<System>(ownSystem);
  const authority = status.certificateAuthority;
  const save = async (): Promise<void> => {
    const exported = await act(t('settings.failed'), (client) => client.certificateAuthority.export());
    if (exported) download('gatehouse-ca.pem', exported.certificatePem);
  };
  const steps = t(`settings.trustSteps.${system}`, { returnObjects: true }) as readonly string[];
  return (
    <SettingsSection id="certificate-authority" title={t('settings.ca')} hint={t('settings.caHint')}>
      <div className="border-b border-line p-4">
        <div className="flex flex-wrap items-center gap-3">
          <Button onClick={() => void save()}>
            <Download size={14} aria-hidden />
            {t('settings.caDownload')}
          </Button>
          <span className="text-13 text-muted">
            {t('settings.caUntil', { date: formatDate(authority.notAfter, locale) })}
          </span>
        </div>
        <div className="mt-4 text-12 text-muted">{t('settings.caFingerprint')}</div>
        <div className="flex items-start gap-1">
          <code className="font-mono text-12 [overflow-wrap:anywhere]">{authority.fingerprint}</code>
          <span className="-my-2">
            <CopyButton text={authority.fingerprint} />
          </span>
        </div>
        <div className="mt-2 text-12 text-muted">
          {t('settings.caPath')} <code className="font-mono [overflow-wrap:anywhere]">{authority.path}</code>
        </div>
      </div>
      <div className="p-4">
        <div className="mb-3 flex flex-wrap items-center gap-3">
          <h3 className="text-14 font-semibold">{t('settings.caHow')}</h3>
          <div className="w-44">
            <Select
              label={t('settings.caSystem')}
              value={system}
              onChange={(event) => setSystem(systems.find((one) => one === event.target.value) ?? 'linux')}
            >
              {systems.map((one) => (
                <option key={one} value={one}>
                  {t(`settings.trust.${one}`)}
                </option>
              ))}
            </Select>
          </div>
        </div>
        <ol className="list-decimal pl-5 text-13 marker:text-muted">
          {steps.map((step) => (
            <li key={step} className="mb-1.5 [overflow-wrap:anywhere]">
              {step}
            </li>
          ))}
        </ol>
        <p className="mt-2 text-13 text-muted">{t('settings.caCompare')}</p>
      </div>
    </SettingsSection>
  );
}
