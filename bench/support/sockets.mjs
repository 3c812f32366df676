// The least that holds a WebSocket in Node: the peer of memory.mjs, in a process of its own.

import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => socket.send('{"event_type":"init"}'));
server.on('listening', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
