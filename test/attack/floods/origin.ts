// The server behind the attacked proxy, as a process of its own: `origin.ts PORT`.
import { createBadServer } from './bad-server.ts';

createBadServer().listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
