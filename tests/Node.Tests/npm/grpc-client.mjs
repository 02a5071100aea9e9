// A stock gRPC client: one unary call, a call that streams both ways in turns, and one that fails, printed one JSON object a line.
import grpc from "@grpc/grpc-js";

const [address] = process.argv.slice(2);
const text = { requestSerialize: (s) => Buffer.from(s), requestDeserialize: String, responseSerialize: (s) => Buffer.from(s), responseDeserialize: String };
const method = (name, stream) => ({ path: `/test.Echo/${name}`, requestStream: stream, responseStream: stream, ...text });
const Client = grpc.makeGenericClientConstructor({ once: method("Once", false), chat: method("Chat", true), fail: method("Fail", false) }, "Echo");
const client = new Client(address, grpc.credentials.createInsecure());

const call = (name, request) =>
  new Promise((resolve) => client[name](request, (error, answer) => resolve(error ? { code: error.code, details: error.details } : { answer })));

console.log(JSON.stringify({ once: await call("once", "hello") }));

const heard = await new Promise((resolve, reject) => {
  const chat = client.chat();
  const answers = [];
  chat.on("data", (answer) => {
    answers.push(answer);
    answers.length < 10 ? chat.write(`question ${answers.length}`) : chat.end(); // Each question waits for the answer before.
  });
  chat.on("error", reject);
  chat.on("end", () => resolve(answers));
  chat.write("question 0");
});
console.log(JSON.stringify({ heard }));
console.log(JSON.stringify({ fail: await call("fail", "") }));
client.close();
