import type { OpenAPI } from '@orpc/openapi';

let document: Promise<OpenAPI.Document> | undefined;

/** The contract as an OpenAPI document. Made when it is first asked for: the generator is large and seldom needed. */
export function openApiDocument(version: string): Promise<OpenAPI.Document> {
  document ??= (async () => {
    const [{ OpenAPIGenerator }, { ZodToJsonSchemaConverter }, { contract }] = await Promise.all([
      import('@orpc/openapi'),
      import('@orpc/zod/zod4'),
      import('../contract/contract.ts'),
    ]);
    const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
    return generator.generate(contract, {
      info: { title: 'Gatehouse', version },
      servers: [{ url: '/api/gatehouse' }],
      security: [{ token: [] }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    });
  })();
  return document;
}
