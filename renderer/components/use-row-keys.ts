import { type RefObject, useEffect } from 'react';

/** Up and down go from row to row by their `data-row-link`; Home and End to the first and last that are drawn. */
export function useRowKeys(ref: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const host = ref.current;
    if (!host) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      const links = [...host.querySelectorAll<HTMLElement>('[data-row-link]')].toSorted(
        (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
      );
      const current = links.findIndex((link) => link === document.activeElement);
      if (current === -1) return;
      const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: links.length - 1 }[event.key];
      const target = to === undefined ? undefined : links[to];
      if (!target) return;
      event.preventDefault();
      target.focus();
    };
    host.addEventListener('keydown', onKey);
    return () => host.removeEventListener('keydown', onKey);
  }, [ref]);
}
