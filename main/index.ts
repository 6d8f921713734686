import { protocol } from 'electron';
import { pageScheme } from './page-files.ts';
import { startShell } from './shell.ts';

// Must be said before Electron is ready; it waits until this module has been read to its end.
protocol.registerSchemesAsPrivileged([
  { scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);
startShell();
