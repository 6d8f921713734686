import { afterEach } from 'vitest';
import { endHeaders, endStream, frame, frameTypes, requestFields } from '../attack/floods/http2-frames.ts';
import { type Http2Rig, openHttp2, type SeenRequest } from './http2-rig.ts';

type RigOptions = Parameters<typeof openHttp2>[0];

/** Connections that are closed after each test. */
export function connections(): {
  readonly open: (options?: RigOptions) => Promise<Http2Rig>;
  /** Its client has begun as clients do. */
  readonly greeted: (options?: RigOptions, settings?: Record<number, number>) => Promise<Http2Rig>;
} {
  const rigs: Http2Rig[] = [];
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });
  const open = async (options: RigOptions = {}): Promise<Http2Rig> => {
    const rig = await openHttp2(options);
    rigs.push(rig);
    return rig;
  };
  return {
    open,
    async greeted(options = {}, settings = {}) {
      const rig = await open(options);
      rig.client.greet(settings);
      return rig;
    },
  };
}

export const get = (stream: number, path = '/'): Buffer =>
  frame(frameTypes.headers, endHeaders | endStream, stream, requestFields('a.test', path));

export const post = (stream: number, ...more: readonly Buffer[]): Buffer =>
  frame(frameTypes.headers, endHeaders, stream, Buffer.concat([requestFields('a.test', '/', 'POST'), ...more]));

export const data = (stream: number, text: string | Buffer, flags = 0): Buffer =>
  frame(frameTypes.data, flags, stream, Buffer.from(text));

export const ping = (text: string, flags = 0): Buffer => frame(frameTypes.ping, flags, 0, Buffer.from(text));

/** Answers with `hello`. */
export function hello({ stream }: SeenRequest): void {
  stream.respond(200, ['Content-Type', 'text/plain']);
  stream.write(Buffer.from('hello'));
  stream.finish([]);
}
