import { contextBridge, ipcRenderer } from 'electron';

/**
 * All that the page gets from Electron. `window.gatehouse` says that it runs in the app's window. Its line to the engine
 * comes as a window message whose data is `gatehouse-port`, with one MessagePort that carries what the control socket
 * would; a new one comes when the engine was away. The page can ask the shell for nothing.
 */
contextBridge.exposeInMainWorld('gatehouse', { shell: 'electron' });

ipcRenderer.on('gatehouse-port', (event) => window.postMessage('gatehouse-port', window.origin, [...event.ports]));
