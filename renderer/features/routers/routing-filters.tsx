import { useTranslation } from 'react-i18next';
import type { MiddlewareView, RouterView, ServiceView } from '../../../app/contract/objects.ts';
import type { Picture } from '../../client/picture.ts';
import { Select, TextInput } from '../../components/field.tsx';
import { useQueryState } from '../../components/use-query-state.ts';
import { type Kind, kindWords } from './routing-kinds.ts';

/** Whether an object fits the filters that stand in the address. */
export function matchesFilters(item: RouterView | ServiceView | MiddlewareView, query: URLSearchParams): boolean {
  const status = query.get('status');
  if (status !== null && item.status !== status) return false;
  const provider = query.get('provider');
  if (provider !== null && item.provider !== provider) return false;
  const protocol = query.get('protocol');
  if (protocol !== null && (item.protocol ?? 'http') !== protocol) return false;
  const entryPoint = query.get('entryPoint');
  if (entryPoint !== null && 'entryPoints' in item && !item.entryPoints.includes(entryPoint)) return false;
  const needle = query.get('q')?.trim().toLowerCase() ?? '';
  if (needle === '') return true;
  const texts = [item.name];
  if ('rule' in item) texts.push(item.rule, item.service, ...item.middlewares);
  if ('servers' in item) texts.push(...item.servers.map((server) => server.url));
  if ('summary' in item) texts.push(item.type);
  return texts.some((text) => text.toLowerCase().includes(needle));
}

export function Filters({ kind, picture }: { kind: Kind; picture: Picture }) {
  const { t } = useTranslation();
  const { query, set } = useQueryState();
  const providers = [...new Set(picture[kind].map((item) => item.provider))].toSorted();
  const protocols = [...new Set(picture[kind].map((item) => item.protocol ?? 'http'))].toSorted();
  return (
    <div className="flex flex-wrap items-center gap-2 px-4 py-3 rail:px-7">
      <div className="min-w-40 flex-1 basis-52 sm:max-w-80">
        <TextInput
          type="search"
          label={t(`routing.${kindWords[kind].search}`)}
          placeholder={t(`routing.${kindWords[kind].search}`)}
          value={query.get('q') ?? ''}
          onChange={(event) => set({ q: event.target.value })}
        />
      </div>
      <div className="w-40">
        <Select
          label={t('routing.status')}
          value={query.get('status') ?? ''}
          onChange={(event) => set({ status: event.target.value })}
        >
          <option value="">{t('routing.anyStatus')}</option>
          {(['enabled', 'warning', 'disabled'] as const).map((status) => (
            <option key={status} value={status}>
              {t(`status.${status}`)}
            </option>
          ))}
        </Select>
      </div>
      <div className="w-40">
        <Select
          label={t('routing.provider')}
          value={query.get('provider') ?? ''}
          onChange={(event) => set({ provider: event.target.value })}
        >
          <option value="">{t('routing.anyProvider')}</option>
          {providers.map((provider) => (
            <option key={provider}>{provider}</option>
          ))}
        </Select>
      </div>
      {(protocols.length > 1 || query.has('protocol')) && (
        <div className="w-36">
          <Select
            label={t('routing.protocol')}
            value={query.get('protocol') ?? ''}
            onChange={(event) => set({ protocol: event.target.value })}
          >
            <option value="">{t('routing.anyProtocol')}</option>
            {protocols.map((protocol) => (
              <option key={protocol} value={protocol}>
                {protocol.toUpperCase()}
              </option>
            ))}
          </Select>
        </div>
      )}
      {kind === 'routers' && (
        <div className="w-44">
          <Select
            label={t('routing.entryPoint')}
            value={query.get('entryPoint') ?? ''}
            onChange={(event) => set({ entryPoint: event.target.value })}
          >
            <option value="">{t('routing.anyEntryPoint')}</option>
            {picture.status.entryPoints.map((entry) => (
              <option key={entry.name}>{entry.name}</option>
            ))}
          </Select>
        </div>
      )}
    </div>
  );
}
