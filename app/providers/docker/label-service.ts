import { z } from 'zod';
import { type LoadBalancerConfig, loadBalancerSchema } from '../../../proxy/model/dynamic.ts';

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

/** The load balancer as the rest of Gatehouse knows it, with the servers that were found for it. */
export function loadBalancerOf(service: LabelService, urls: readonly string[]): LoadBalancerConfig {
  const { server, ...rest } = service.loadBalancer ?? {};
  const options = {
    ...(server?.weight === undefined ? {} : { weight: server.weight }),
    ...(server?.preservePath === undefined ? {} : { preservePath: server.preservePath }),
  };
  return { ...rest, servers: urls.map((url) => ({ url, ...options })) };
}
