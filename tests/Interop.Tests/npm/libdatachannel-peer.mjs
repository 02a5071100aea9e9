// libdatachannel behind the line protocol of tests/InteropPeer: one JSON object a line on stdin and stdout, the role as last argument.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import nodeDataChannel from 'node-datachannel';

const role = process.argv.at(-1);
const write = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const channels = new Map();
const sinks = new Map();

const peer = new nodeDataChannel.PeerConnection(role, { iceServers: [], maxMessageSize: 262144 });
peer.onLocalDescription((sdp, type) => write({ type, sdp }));
peer.onLocalCandidate((candidate, mid) => write({ type: 'candidate', candidate, sdpMid: mid }));
peer.onStateChange((state) => write({ type: 'event', event: 'state', state }));
peer.onDataChannel((channel) => adopt(channel, 'remote'));

function adopt(channel, origin) {
  const label = channel.getLabel();
  channels.set(label, channel);
  let isTold = false;
  const opened = () => {
    if (isTold) return;
    isTold = true;
    write({ type: 'event', event: 'channel-open', origin, label, protocol: channel.getProtocol(), streamId: channel.getId() });
  };
  channel.onOpen(opened);
  channel.onClosed(() => {
    if (channels.get(label) === channel) channels.delete(label);
    write({ type: 'event', event: 'channel-closed', origin, label });
  });
  channel.onMessage((message) => receive(label, channel, message));
  // A channel of the peer's may be open before its callback could be set.
  if (channel.isOpen()) opened();
}

function receive(label, channel, message) {
  if (label === 'sink') {
    const sink = sinks.get(label) ?? { bytes: 0, messages: 0, hash: createHash('sha256') };
    sinks.set(label, sink);
    sink.bytes += message.length;
    sink.messages += 1;
    sink.hash.update(message);
    sink.check?.();
  } else if (waiting) {
    waiting(message);
  }
}

let waiting;

const equals = (left, right) =>
  typeof left === 'string' || typeof right === 'string' ? left === right : Buffer.compare(Buffer.from(left), Buffer.from(right)) === 0;

async function echo(channel, message) {
  const answer = await new Promise((resolve) => {
    waiting = resolve;
    if (typeof message === 'string') channel.sendMessage(message);
    else channel.sendMessageBinary(message);
  });
  return equals(answer, message);
}

// A pattern that shows a lost, doubled or misplaced byte.
const pattern = (size, seed) => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 255));

async function sendBulk(channel, bytes, messageSize) {
  const hash = createHash('sha256');
  const begun = performance.now();
  channel.setBufferedAmountLowThreshold(256 * 1024);
  let seed = 0;
  const templates = Array.from({ length: 16 }, (_, i) => pattern(messageSize, i));
  for (let left = bytes; left > 0; ) {
    const message = templates[seed++ & 15].subarray(0, Math.min(left, messageSize));
    left -= message.length;
    hash.update(message);
    if (channel.bufferedAmount() > 1024 * 1024) {
      await new Promise((resolve) => channel.onBufferedAmountLow(resolve));
    }
    channel.sendMessageBinary(message);
  }
  const sent = hash.digest('hex');
  const report = await new Promise((resolve) => {
    channel.onMessage(resolve);
    channel.sendMessage('report');
  });
  return { sha256: sent, report: JSON.parse(report), milliseconds: performance.now() - begun };
}

const commands = {
  'create-channel': ({ label, protocol, ordered, maxRetransmits, maxPacketLifeTime, negotiated, streamId }) => {
    const init = { unordered: ordered === false };
    if (protocol !== undefined) init.protocol = protocol;
    if (maxRetransmits !== undefined) init.maxRetransmits = maxRetransmits;
    if (maxPacketLifeTime !== undefined) init.maxPacketLifeTime = maxPacketLifeTime;
    if (negotiated) init.negotiated = true;
    if (streamId !== undefined) init.id = streamId;
    adopt(peer.createDataChannel(label, init), 'local');
    return {};
  },
  'close-channel': ({ label }) => {
    channels.get(label).close();
    return {};
  },
  'echo-all': async ({ label, sizes }) => {
    const channel = channels.get(label);
    for (const size of sizes) {
      if (!(await echo(channel, pattern(size, size)))) return { failed: `binary of ${size}` };
      if (!(await echo(channel, 'é~'.repeat(size / 3 + 1).slice(0, Math.floor(size / 2))))) return { failed: `text of about ${size}` };
    }
    return {};
  },
  // On an unreliable channel of a busy machine a message may be given up, so there is no end to sending before enough have come back.
  'echo-until': async ({ label, count, size }) => {
    const channel = channels.get(label);
    let back = 0;
    waiting = () => back++;
    for (let i = 0; back < count; i++) {
      channel.sendMessageBinary(pattern(size, i));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return { back };
  },
  'send-bulk': ({ label, bytes, messageSize }) => sendBulk(channels.get(label), bytes, messageSize),
  'sink-report': ({ label, bytes }) =>
    new Promise((resolve) => {
      const look = () => {
        const sink = sinks.get(label);
        if (sink === undefined || sink.bytes < bytes) return;
        sinks.delete(label);
        resolve({ bytes: sink.bytes, messages: sink.messages, sha256: sink.hash.digest('hex') });
      };
      const sink = sinks.get(label) ?? { bytes: 0, messages: 0, hash: createHash('sha256') };
      sinks.set(label, sink);
      sink.check = look;
      look();
    }),
  close: () => {
    peer.close();
    return {};
  },
  offer: () => {
    adopt(peer.createDataChannel('first'), 'local');
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.type === 'offer' || message.type === 'answer') {
    peer.setRemoteDescription(message.sdp, message.type);
  } else if (message.type === 'candidate') {
    peer.addRemoteCandidate(message.candidate, message.sdpMid ?? '0');
  } else if (message.type === 'command') {
    Promise.resolve()
      .then(() => commands[message.name](message.args ?? {}))
      .then((result) => write({ type: 'result', id: message.id, ok: true, ...result }))
      .catch((error) => write({ type: 'result', id: message.id, ok: false, error: String(error?.stack ?? error) }));
  }
}
process.exit(0);
