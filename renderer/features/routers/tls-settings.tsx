import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { RouterView } from '../../../app/contract/objects.ts';
import { type Fact, Facts, Section } from '../../components/panel.tsx';

type Settings = NonNullable<RouterView['tlsSettings']>;

/** How the connections of a router are encrypted: versions, what clients are asked, who issues certificates. */
export function TlsSettings({ settings }: { settings: Settings }) {
  const { t } = useTranslation();
  const { passthrough, options, resolver, domains } = settings;
  const asked: Fact[] = [
    ...(resolver === null ? [] : [{ name: t('tls.resolver'), value: <code className="font-mono">{resolver}</code> }]),
    ...(domains.length === 0
      ? []
      : [{ name: t('tls.domains'), value: <code className="font-mono">{domains.join(', ')}</code> }]),
  ];
  if (passthrough) {
    return (
      <Section title={t('tls.title')}>
        <p className="text-13">{t('tls.passthrough')}</p>
      </Section>
    );
  }
  return (
    <Section title={t('tls.title')}>
      {options.map((each, place) => (
        <div key={each.name} className="mb-3 last:mb-0">
          <Facts facts={[...optionFacts(each, t), ...(place === options.length - 1 ? asked : [])]} />
        </div>
      ))}
      {options.length === 0 && <Facts facts={asked} />}
    </Section>
  );
}

function optionFacts(
  { name, minVersion, maxVersion, ciphers, curves, alpn, sniStrict, clientAuth }: Settings['options'][number],
  t: TFunction,
): Fact[] {
  const mono = (text: string) => <code className="font-mono">{text}</code>;
  const list = (names: readonly string[]) => (
    <code className="block max-h-28 overflow-y-auto font-mono whitespace-pre-wrap">{names.join('\n')}</code>
  );
  return [
    { name: t('tls.options'), value: name === 'default' ? t('tls.default') : mono(name) },
    {
      name: t('tls.versions'),
      value:
        maxVersion === null
          ? t('tls.from', { version: shown(minVersion) })
          : t('tls.fromTo', { version: shown(minVersion), last: shown(maxVersion) }),
    },
    { name: t('tls.clientAuth'), value: clientAuth === null ? t('tls.clientAuthNone') : mono(clientAuth) },
    ...(sniStrict ? [{ name: t('tls.sniStrict'), value: t('common.yes') }] : []),
    { name: t('tls.alpn'), value: mono(alpn.join(', ')) },
    ...(ciphers.length === 0 ? [] : [{ name: t('tls.ciphers'), value: list(ciphers) }]),
    ...(curves.length === 0 ? [] : [{ name: t('tls.curves'), value: mono(curves.join(', ')) }]),
  ];
}

/** `TLSv1.2` as people write it. */
function shown(version: string): string {
  return version.replace(/^TLSv1$/, 'TLS 1.0').replace(/^TLSv/, 'TLS ');
}
