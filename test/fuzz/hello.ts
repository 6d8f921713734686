/** A ClientHello in one record, as small as it can be (RFC 8446 §4.1.2). */
export function helloBytes(serverName: string, alpn: readonly string[]): Buffer {
  const short = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
  const sized = (content: Buffer): Buffer => Buffer.concat([short(content.length), content]);
  const extension = (type: number, content: Buffer): Buffer => Buffer.concat([short(type), sized(content)]);
  const names = alpn.map((name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]));
  const extensions = Buffer.concat([
    ...(serverName === ''
      ? []
      : [extension(0, sized(Buffer.concat([Buffer.from([0]), sized(Buffer.from(serverName))])))]),
    ...(names.length === 0 ? [] : [extension(16, sized(Buffer.concat(names)))]),
    extension(43, Buffer.from([2, 3, 4])),
  ]);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    sized(Buffer.from([0x13, 0x01])),
    Buffer.from([1, 0]),
    sized(extensions),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), sized(body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), sized(message)]);
}
