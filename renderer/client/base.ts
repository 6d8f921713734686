/** Where a router of the proxy serves this page below its host, such as `/dashboard`; empty at the root. */
export const pageBase =
  document.querySelector('meta[name="gatehouse-base"]')?.getAttribute('content')?.replace(/\/$/, '') ?? '';

/** The API stands beside the page, not below it. */
export const apiBase = pageBase.replace(/\/dashboard$/, '');
