import net from 'node:net';

const big = Buffer.alloc(16 * 1024 * 1024, 'b');
/**
 * More than a proxy takes in ahead of a client that reads nothing, and little enough for thousands at once: the system
 * has so much memory for sockets, of which all who share the machine feel the end.
 */
const large = big.subarray(0, 192 * 1024);
/** A server that answers well, or as badly as the path says. */
export const createBadServer = (): net.Server => net.createServer({ noDelay: true }, serve);

function serve(socket: net.Socket): void {
  let pending = '';
  let bodyLeft = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    let text = chunk.toString('latin1');
    if (bodyLeft > 0) {
      const taken = Math.min(bodyLeft, text.length);
      bodyLeft -= taken;
      text = text.slice(taken);
      if (bodyLeft === 0 && taken > 0) good(socket);
    }
    pending = (pending + text).slice(-65_536);
    for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
      const head = pending.slice(0, end);
      pending = pending.slice(end + 4);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const here = Math.min(length, pending.length);
      pending = pending.slice(here);
      bodyLeft = length - here;
      if (bodyLeft > 0 || /\r\ntransfer-encoding:/i.test(head)) continue;
      answer(socket, head.split(' ')[1] ?? '/');
    }
  });
}

function good(socket: net.Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
}

function endless(socket: net.Socket, piece: string): void {
  const bytes = Buffer.from(piece.repeat(200));
  const go = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', () => setImmediate(go));
  go();
}

function answer(socket: net.Socket, path: string): void {
  switch (path) {
    case '/big':
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`);
      socket.write(big);
      break;
    case '/large':
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n`);
      socket.write(large);
      break;
    case '/stall':
      socket.write('HTTP/1.1 200 OK\r\nContent-Le');
      break;
    case '/reset':
      socket.resetAndDestroy();
      break;
    case '/short':
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello');
      break;
    case '/long':
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
      );
      break;
    case '/garbage':
      socket.write(Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 31) % 256)));
      break;
    case '/endless-head':
      socket.write('HTTP/1.1 200 OK\r\n');
      endless(socket, `X-Filler: ${'x'.repeat(100)}\r\n`);
      break;
    case '/endless-interim':
      endless(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      break;
    case '/endless-trailers':
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n');
      endless(socket, `X-Filler: ${'x'.repeat(100)}\r\n`);
      break;
    default:
      good(socket);
  }
}
