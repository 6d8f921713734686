// The server behind all proxies for what nginx does not do: takes uploads, and echoes WebSocket messages. Its port is
// the first argument.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('taken\n'));
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen(Number(process.argv[2]), '127.0.0.1');
