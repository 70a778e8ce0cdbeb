// SPDX-License-Identifier: Apache-2.0
// The peer "ws + XADD": the same frames and duties as the floor, written with the `ws` package and
// ioredis. Usage: node ws.mjs REDIS_SOCKET CUSTOMERS AGENTS; prints its port.
import Redis from "ioredis";
import { WebSocketServer } from "ws";

const [socket, , agents] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const redis = new Redis({ path: socket });
const people = { c: new Map(), a: new Map() };
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });

async function say(sender, message, raw) {
  const customer = sender.role === "a" ? Number(message.conversation.slice(1)) : sender.number;
  await redis.xadd(`f:${customer}`, "*", "e", raw);
  const conversation = `c${customer}`;
  sender.socket.send(JSON.stringify({ type: "ack", id: message.id, conversation, n: message.n, at: "1-0" }));
  const other = sender.role === "a" ? people.c.get(customer) : people.a.get(customer % agents);
  other?.send(JSON.stringify({ type: "entry", conversation, at: "1-0", parts: [{ kind: "message", body: message.body }] }));
}

server.on("connection", (socket) => {
  let sender = null;
  socket.on("message", (raw) => {
    const message = JSON.parse(raw);
    if (message.type === "send") {
      void say(sender, message, raw);
      return;
    }
    sender = { socket, role: message.role, number: message.number };
    people[message.role].set(message.number, socket);
    socket.send(JSON.stringify({ type: "welcome", lineage: "l", conversation: `c${message.number}` }));
  });
});
server.on("listening", () => console.log(server.address().port));
