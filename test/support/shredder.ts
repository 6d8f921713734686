import type net from 'node:net';
import { Duplex } from 'node:stream';

/** Sends what it is given first, a TLS client's hello, in records of one size, each in a packet of its own. */
export class Shredder extends Duplex {
  readonly #socket: net.Socket;
  readonly #size: number;
  #first = true;

  constructor(socket: net.Socket, size: number) {
    super();
    this.#socket = socket;
    this.#size = size;
    socket.on('data', (chunk) => this.push(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    if (!this.#first) {
      this.#socket.write(chunk, () => callback());
      return;
    }
    this.#first = false;
    const hello = chunk.subarray(5);
    const send = (at: number): void => {
      if (at >= hello.length) {
        callback();
        return;
      }
      const part = hello.subarray(at, at + this.#size);
      const head = Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]);
      this.#socket.write(Buffer.concat([head, part]), () => setImmediate(() => send(at + this.#size)));
    };
    send(0);
  }
}
