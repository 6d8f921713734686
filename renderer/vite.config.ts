import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * The dashboard is served from the root of its own origin (app://, loopback, or a host of its own behind a proxy).
 * Pages have real paths such as /routers/whoami@docker, so assets are named from the root too: a relative base
 * would look for them below /routers.
 */
export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  base: '/',
  experimental: {
    // The page may be served below a path (`/dashboard/`): scripts find each other beside themselves.
    renderBuiltUrl: (filename, { hostType }) => (hostType === 'html' ? `/${filename}` : { relative: true }),
  },
  plugins: [react(), tailwindcss()],
  build: {
    outDir: mode === 'fake' ? '../out/renderer-fake' : '../out/renderer',
    emptyOutDir: true,
    target: 'es2022',
    // Data URLs for fonts and scripts would need a weaker policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  preview: {
    headers: {
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    },
  },
}));
