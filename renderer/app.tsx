import { CSPProvider } from '@base-ui/react/csp-provider';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { useEngine } from './client/store.ts';
import { AwayNote, EngineAway } from './components/away.tsx';
import { ErrorBoundary } from './components/error-boundary.tsx';
import { NotFound } from './components/not-found.tsx';
import { PageSkeleton } from './components/page.tsx';
import { Rail } from './components/rail.tsx';
import { Toasts } from './components/toasts.tsx';

const OverviewPage = lazy(() =>
  import('./features/overview/overview-page.tsx').then((m) => ({ default: m.OverviewPage })),
);
const ContainersPage = lazy(() =>
  import('./features/containers/containers-page.tsx').then((m) => ({ default: m.ContainersPage })),
);
const RoutingPage = lazy(() => import('./features/routers/routing-page.tsx').then((m) => ({ default: m.RoutingPage })));
const CertificatesPage = lazy(() =>
  import('./features/certificates/certificates-page.tsx').then((m) => ({ default: m.CertificatesPage })),
);
const ResolversPage = lazy(() =>
  import('./features/certificates/resolvers-page.tsx').then((m) => ({ default: m.ResolversPage })),
);
const LogsPage = lazy(() => import('./features/logs/logs-page.tsx').then((m) => ({ default: m.LogsPage })));
const ExplainPage = lazy(() => import('./features/explain/explain-page.tsx').then((m) => ({ default: m.ExplainPage })));
const SettingsPage = lazy(() =>
  import('./features/settings/settings-page.tsx').then((m) => ({ default: m.SettingsPage })),
);
const SignInPage = lazy(() => import('./features/sign-in/sign-in-page.tsx').then((m) => ({ default: m.SignInPage })));
const loadPalette = () => import('./features/palette/palette.tsx').then((m) => ({ default: m.Palette }));
const Palette = lazy(loadPalette);

function Pages() {
  const decode = (name: string | undefined): string | null => (name === undefined ? null : decodeURIComponent(name));
  return (
    <Switch>
      <Route path="/">
        <OverviewPage />
      </Route>
      <Route path="/index.html">
        <Redirect to="/" replace />
      </Route>
      <Route path="/containers/:name?">{({ name }) => <ContainersPage name={decode(name)} />}</Route>
      <Route path="/routers/:name?">{({ name }) => <RoutingPage kind="routers" name={decode(name)} />}</Route>
      <Route path="/services/:name?">{({ name }) => <RoutingPage kind="services" name={decode(name)} />}</Route>
      <Route path="/middlewares/:name?">{({ name }) => <RoutingPage kind="middlewares" name={decode(name)} />}</Route>
      <Route path="/certificates/:id?">{({ id }) => <CertificatesPage id={decode(id)} />}</Route>
      <Route path="/resolvers">
        <ResolversPage />
      </Route>
      <Route path="/logs/:id?">{({ id }) => <LogsPage id={decode(id)} />}</Route>
      <Route path="/explain">
        <ExplainPage />
      </Route>
      <Route path="/settings">
        <SettingsPage />
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

/** Ctrl K or ⌘ K anywhere, and `/` to the page's own search. */
function useShortcuts(openPalette: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        openPalette();
        return;
      }
      const typing = (event.target as HTMLElement).closest(
        'input, textarea, select, [contenteditable], [role="dialog"]',
      );
      if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        const search = document.querySelector<HTMLInputElement>('input[type="search"]');
        if (search) {
          event.preventDefault();
          search.focus();
          search.select();
        }
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [openPalette]);
}

function Shell() {
  const link = useEngine((state) => state.link);
  const known = useEngine((state) => state.picture !== null);
  const [palette, setPalette] = useState(false);
  const openPalette = useCallback(() => setPalette(true), []);
  const closePalette = useCallback(() => setPalette(false), []);
  const [location] = useLocation();
  useShortcuts(openPalette);
  // Ready before it is asked for, so that no key typed right after Ctrl K is lost.
  useEffect(() => {
    if (known) void loadPalette();
  }, [known]);
  const area = location.split('/')[1] ?? '';

  if (link.kind === 'signedOut') {
    return (
      <Suspense fallback={null}>
        <SignInPage passwordSet={link.passwordSet} />
      </Suspense>
    );
  }
  return (
    <div className="flex h-dvh flex-col-reverse bg-ground rail:flex-row">
      <Rail onSearch={openPalette} />
      <main id="content" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        {link.kind === 'away' && known && <AwayNote since={link.since} />}
        <div
          className={`flex min-h-0 min-w-0 flex-1 flex-col ${link.kind === 'away' && known ? 'bg-sunken grayscale' : ''}`}
        >
          <ErrorBoundary key={area}>
            <Suspense fallback={<PageSkeleton area={area} />}>
              {known ? <Pages /> : link.kind === 'away' ? <EngineAway /> : <PageSkeleton area={area} />}
            </Suspense>
          </ErrorBoundary>
        </div>
      </main>
      {palette && (
        <Suspense fallback={null}>
          <Palette onClose={closePalette} />
        </Suspense>
      )}
    </div>
  );
}

export function App() {
  return (
    <CSPProvider disableStyleElements>
      <Toasts>
        <Shell />
      </Toasts>
    </CSPProvider>
  );
}
