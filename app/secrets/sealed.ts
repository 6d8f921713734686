import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

export const keyBytes = 32;

const sealedSchema = z.object({
  format: z.literal(1),
  /** Which key it was sealed with; tells a lost key from a damaged file. */
  key: z.string(),
  iv: z.base64(),
  tag: z.base64(),
  data: z.base64(),
});

/** Tells keys apart, and says nothing of them. */
export function keyMark(key: Buffer): string {
  return createHash('sha256').update('gatehouse key mark').update(key).digest('hex').slice(0, 16);
}

/** AES-256-GCM. The name is bound in, so that one file cannot stand in for another. */
export function seal(key: Buffer, name: string, value: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name));
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  const sealed: z.infer<typeof sealedSchema> = {
    format: 1,
    key: keyMark(key),
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: data.toString('base64'),
  };
  return `${JSON.stringify(sealed)}\n`;
}

export type Unsealed =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'other-key' }
  | { readonly kind: 'damaged' };

export function unseal(key: Buffer, name: string, text: string): Unsealed {
  try {
    const sealed = sealedSchema.parse(JSON.parse(text));
    if (sealed.key !== keyMark(key)) return { kind: 'other-key' };
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'), { authTagLength: 16 })
      .setAAD(Buffer.from(name))
      .setAuthTag(Buffer.from(sealed.tag, 'base64'));
    const value = Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]);
    return { kind: 'value', value: value.toString('utf8') };
  } catch {
    return { kind: 'damaged' };
  }
}
