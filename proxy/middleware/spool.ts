import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** Keeps bytes in memory up to a bound, and what is more in a file that nobody else can open. */
export class Spool {
  readonly #memoryBytes: number;
  #chunks: Uint8Array[] = [];
  #file: { readonly handle: FileHandle; readonly path: string } | null = null;
  #length = 0;
  /** Writes go to the file one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #isInFile = false;

  constructor(memoryBytes: number) {
    this.#memoryBytes = memoryBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Resolves when the bytes are kept; null where that was at once. Rejects where the disk takes no more. */
  write(chunk: Uint8Array): Promise<void> | null {
    this.#length += chunk.byteLength;
    if (!this.#isInFile && this.#length <= this.#memoryBytes) {
      this.#chunks.push(chunk);
      return null;
    }
    this.#isInFile = true;
    this.#writing = this.#writing.then(() => this.#append(chunk));
    return this.#writing;
  }

  async #append(chunk: Uint8Array): Promise<void> {
    if (this.#file === null) {
      const path = join(tmpdir(), `gatehouse-${randomUUID()}`);
      const handle = await open(path, 'wx+', 0o600);
      this.#file = { handle, path };
      // Gone from the folder at once, so that nothing stays behind; Windows takes it away when it is closed.
      await unlink(path).catch(() => undefined);
      for (const held of this.#chunks) await handle.appendFile(held);
      this.#chunks = [];
    }
    await this.#file.handle.appendFile(chunk);
  }

  /** All bytes from the beginning; may be asked for several times, once writing is over. */
  read(): Readable {
    const file = this.#file;
    if (file === null) return Readable.from(this.#chunks, { objectMode: false });
    return file.handle.createReadStream({ start: 0, autoClose: false });
  }

  async close(): Promise<void> {
    this.#chunks = [];
    const file = this.#file;
    this.#file = null;
    await this.#writing.catch(() => undefined);
    if (file === null) return;
    await file.handle.close();
    await unlink(file.path).catch(() => undefined);
  }
}
