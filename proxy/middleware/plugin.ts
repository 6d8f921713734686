import { z } from 'zod';
import type { MiddlewareDefinition } from './definition.ts';

const schema = z.record(z.string(), z.record(z.string(), z.unknown()));

/** Known, so that it can be refused in words: requests must not pass without what a plugin was to check. */
export const plugin: MiddlewareDefinition<z.infer<typeof schema>> = {
  type: 'plugin',
  summary: 'Would run a plugin of Traefik, which Gatehouse cannot: routers that use it are disabled.',
  schema,
  // Which of its options are secret, only the plugin knows.
  secretOptions: ['*'],
  build(config) {
    const names = Object.keys(config).join(', ') || 'without a name';
    throw new Error(
      `The plugin ${names} is a program for Traefik, and Gatehouse runs none. Take it out of the router, or use one of the built-in middlewares instead.`,
    );
  },
};
