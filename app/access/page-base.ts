import type { IncomingMessage } from 'node:http';

/** Where the page stands below its host, such as `/dashboard`, in what the worker asked for; read by the page itself. */
export const pageBase = new WeakMap<IncomingMessage, string>();
