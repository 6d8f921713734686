import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import './app.css';
import { App } from './app.tsx';
import { pageBase } from './client/base.ts';
import { keepConnected } from './client/connection.ts';
import { listenForPorts } from './client/transport.ts';
import { startTheme } from './components/theme.ts';
import { startWords } from './words/i18n.ts';

async function start(): Promise<void> {
  listenForPorts();
  startTheme();
  await startWords();
  const host = document.getElementById('root');
  if (!host) throw new Error('index.html has no #root');
  createRoot(host).render(
    <StrictMode>
      <Router base={pageBase}>
        <App />
      </Router>
    </StrictMode>,
  );
  // The fake is left out of what is installed: the condition is known when it is built.
  const fake =
    import.meta.env.DEV || import.meta.env.MODE === 'fake' ? (await import('./dev/fake.ts')).chosenFake() : undefined;
  await keepConnected(fake);
}

// No `await` here: a page loaded later imports from this module and would wait for it for ever.
void start();
