import { compileGoTemplate } from '../../config/go-template.ts';
import type { TemplateRecord } from '../../config/go-template-functions.ts';

export { normalize, type TemplateRecord } from '../../config/go-template-functions.ts';
export { TemplateError } from '../../config/go-template-parse.ts';

/** Compiles a template of default rules. Throws a TemplateError for what it does not know, here or when it runs. */
export function compileTemplate(text: string): (data: TemplateRecord) => string {
  return compileGoTemplate(text, { knownFields: '.Name, .ContainerName and .Labels' });
}
