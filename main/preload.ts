import { contextBridge, ipcRenderer } from 'electron';

/**
 * All that the page gets from Electron: `window.gatehouse.connect()` asks for a line to the engine. The answer is a
 * window message whose data is `gatehouse-port`, with one MessagePort that carries what the control socket would.
 * When the port closes, the engine is away; `connect()` may be called again for a new one.
 */
contextBridge.exposeInMainWorld('gatehouse', { connect: () => ipcRenderer.send('gatehouse-connect') });

ipcRenderer.on('gatehouse-port', (event) => window.postMessage('gatehouse-port', window.origin, [...event.ports]));
