const defaultPage = 1;
const defaultPerPage = 100;

export type Page<T> =
  | { readonly kind: 'page'; readonly items: readonly T[]; readonly nextPage: number }
  | { readonly kind: 'invalid'; readonly message: string };

/** One page of a list as Traefik cuts it. The next page is 1 where there is none. */
export function pageOf<T>(items: readonly T[], query: URLSearchParams): Page<T> {
  const page = positive(query.get('page'), defaultPage);
  if (page === null) return { kind: 'invalid', message: `invalid request: page: ${query.get('page') ?? ''}` };
  const perPage = positive(query.get('per_page'), defaultPerPage);
  if (perPage === null)
    return { kind: 'invalid', message: `invalid request: per_page: ${query.get('per_page') ?? ''}` };
  const start = (page - 1) * perPage;
  if (start !== 0 && start >= items.length) {
    return { kind: 'invalid', message: `invalid request: page: ${page}, per_page: ${perPage}` };
  }
  return {
    kind: 'page',
    items: items.slice(start, start + perPage),
    nextPage: page * perPage < items.length ? page + 1 : 1,
  };
}

function positive(text: string | null, otherwise: number): number | null {
  if (text === null || text === '') return otherwise;
  return /^\d+$/.test(text) && Number(text) > 0 && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}
