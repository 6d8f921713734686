import { useCallback } from 'react';
import { useLocation, useSearch } from 'wouter';

/** Filters live in the address, so that a filtered list can be linked and survives a reload. */
export function useQueryState(): {
  readonly query: URLSearchParams;
  readonly search: string;
  readonly set: (changes: Readonly<Record<string, string>>) => void;
} {
  const search = useSearch();
  const [location, navigate] = useLocation();
  const set = useCallback(
    (changes: Readonly<Record<string, string>>) => {
      const next = new URLSearchParams(search);
      for (const [key, value] of Object.entries(changes)) {
        if (value === '') next.delete(key);
        else next.set(key, value);
      }
      const text = next.toString();
      navigate(text === '' ? location : `${location}?${text}`, { replace: true });
    },
    [search, location, navigate],
  );
  return { query: new URLSearchParams(search), search: search === '' ? '' : `?${search}`, set };
}
