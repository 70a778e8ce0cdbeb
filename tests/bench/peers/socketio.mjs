// SPDX-License-Identifier: Apache-2.0
// The peer "Socket.IO with its Redis Streams adapter": a room for each customer's two sides; the
// adapter adds each broadcast to a stream. Usage: node socketio.mjs REDIS_SOCKET CUSTOMERS AGENTS
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [path, , agents] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const redis = createClient({ socket: { path } });
await redis.connect();
const http = createServer();
const io = new Server(http, {
  adapter: createAdapter(redis), transports: ["websocket"], perMessageDeflate: false,
  connectionStateRecovery: {},
});

io.on("connection", (socket) => {
  const { role, number } = socket.handshake.auth;
  socket.join(`${role}${number}`);
  socket.on("say", (conversation, text, done) => {
    const customer = Number(conversation.slice(1));
    io.to(role === "a" ? `c${customer}` : `a${customer % agents}`).emit("said", conversation, text);
    done();
  });
});
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(http.address().port));
