// A stock SignalR client: joins the chat at the address given, over the transport given, says something and prints what it hears, one JSON object a line.
import dns from "node:dns";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

// Browsers take every name below localhost for this machine by themselves.
const lookup = dns.lookup;
dns.lookup = (host, options, callback) => lookup(host.endsWith(".localhost") ? "127.0.0.1" : host, options, callback);

const [url, transport] = process.argv.slice(2);
const connection = new HubConnectionBuilder()
  .withUrl(url, { transport: HttpTransportType[transport] })
  .configureLogging(LogLevel.Error)
  .build();

const said = new Promise((resolve) => connection.on("said", (from, text) => resolve({ from, text })));
await connection.start();
await connection.invoke("Say", "hello from node.js");
console.log(JSON.stringify({ said: await said }));

// The server streams and the client uploads a stream.
const counted = await new Promise((resolve, reject) => {
  const numbers = [];
  connection.stream("Count", 5).subscribe({ next: (n) => numbers.push(n), complete: () => resolve(numbers), error: reject });
});
console.log(JSON.stringify({ counted }));
await connection.stop();
