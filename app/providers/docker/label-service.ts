import { z } from 'zod';
import { loadBalancerSchema, type ServiceConfig } from '../../../proxy/model/dynamic.ts';

/** In labels a service has one server, the container: `loadbalancer.server.port=8080`. */
export const labelServiceSchema = z.strictObject({
  middlewares: z.array(z.string()).optional(),
  loadBalancer: loadBalancerSchema
    .omit({ servers: true })
    .extend({
      server: z
        .strictObject({
          url: z.string().optional(),
          scheme: z.string().optional(),
          port: z.int().min(1).max(65535).optional(),
          weight: z.int().min(0).optional(),
          preservePath: z.boolean().optional(),
        })
        .optional(),
    })
    .optional(),
});

export type LabelService = z.infer<typeof labelServiceSchema>;
export type LabelServer = NonNullable<NonNullable<LabelService['loadBalancer']>['server']>;

/** The service as the rest of Gatehouse knows it, with the servers that were found for it. */
export function configOf(service: LabelService, urls: readonly string[]): ServiceConfig {
  const { server, ...rest } = service.loadBalancer ?? {};
  const options = {
    ...(server?.weight === undefined ? {} : { weight: server.weight }),
    ...(server?.preservePath === undefined ? {} : { preservePath: server.preservePath }),
  };
  return {
    ...(service.middlewares === undefined ? {} : { middlewares: service.middlewares }),
    loadBalancer: { ...rest, servers: urls.map((url) => ({ url, ...options })) },
  };
}
