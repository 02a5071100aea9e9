// The browser behind the line protocol of tests/InteropPeer: emitLine(object) says a line, handleLine(object) hears one.
(() => {
  const channels = new Map();
  const sinks = new Map();
  const peer = new RTCPeerConnection({ iceServers: [] });
  let waiting;

  const say = (line) => window.emitLine(JSON.stringify(line));
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

  peer.onicecandidate = ({ candidate }) =>
    candidate && say({ type: 'candidate', candidate: candidate.candidate, sdpMid: candidate.sdpMid });
  peer.onconnectionstatechange = () => say({ type: 'event', event: 'state', state: peer.connectionState });
  peer.ondatachannel = ({ channel }) => adopt(channel, 'remote');

  function adopt(channel, origin) {
    const { label } = channel;
    channels.set(label, channel);
    channel.binaryType = 'arraybuffer';
    const opened = () =>
      say({
        type: 'event', event: 'channel-open', origin, label, protocol: channel.protocol, streamId: channel.id, ordered: channel.ordered,
        maxRetransmits: channel.maxRetransmits, maxPacketLifeTime: channel.maxPacketLifeTime,
      });
    channel.onopen = opened;
    channel.onclose = () => {
      if (channels.get(label) === channel) channels.delete(label);
      say({ type: 'event', event: 'channel-closed', origin, label, streamId: channel.id });
    };
    channel.onmessage = ({ data }) => receive(label, data);
  }

  function receive(label, data) {
    if (label === 'sink') {
      const sink = sinkOf(label);
      sink.parts.push(data);
      sink.bytes += data.byteLength;
      sink.check?.();
    } else {
      waiting?.(data);
    }
  }

  function sinkOf(label) {
    if (!sinks.has(label)) sinks.set(label, { bytes: 0, parts: [] });
    return sinks.get(label);
  }

  const pattern = (size, seed) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 255);

  function equals(left, right) {
    if (typeof left === 'string' || typeof right === 'string') return left === right;
    const bytes = new Uint8Array(left);
    return bytes.length === right.length && bytes.every((byte, i) => byte === right[i]);
  }

  async function echo(channel, message) {
    const answer = await new Promise((resolve) => {
      waiting = resolve;
      channel.send(message);
    });
    return equals(answer, message);
  }

  async function hash(parts) {
    return hex(await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer()));
  }

  async function sendBulk(channel, bytes, messageSize) {
    const begun = performance.now();
    const sent = [];
    const templates = Array.from({ length: 16 }, (_, i) => pattern(messageSize, i));
    channel.bufferedAmountLowThreshold = 256 * 1024;
    for (let left = bytes, seed = 0; left > 0; seed++) {
      const message = templates[seed & 15].subarray(0, Math.min(left, messageSize));
      left -= message.length;
      sent.push(message);
      if (channel.bufferedAmount > 1024 * 1024) {
        await new Promise((resolve) => (channel.onbufferedamountlow = resolve));
      }
      channel.send(message);
    }
    const report = await new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
      channel.send('report');
    });
    const milliseconds = performance.now() - begun;
    return { sha256: await hash(sent), report: JSON.parse(report), milliseconds };
  }

  const commands = {
    'create-channel': ({ label, streamId, ...options }) => {
      adopt(peer.createDataChannel(label, streamId === undefined ? options : { ...options, id: streamId }), 'local');
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
        channel.send(pattern(size, i));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return { back };
    },
    'send-bulk': ({ label, bytes, messageSize }) => sendBulk(channels.get(label), bytes, messageSize),
    'sink-report': ({ label, bytes }) =>
      new Promise((resolve) => {
        const sink = sinkOf(label);
        sink.check = async () => {
          if (sink.bytes < bytes) return;
          sinks.delete(label);
          resolve({ bytes: sink.bytes, messages: sink.parts.length, sha256: await hash(sink.parts) });
        };
        sink.check();
      }),
    'restart-ice': async () => {
      peer.restartIce();
      await describe('offer');
      return {};
    },
    close: () => {
      peer.close();
      return {};
    },
    offer: async () => {
      adopt(peer.createDataChannel('first'), 'local');
      await describe('offer');
      return {};
    },
  };

  async function describe(type) {
    await peer.setLocalDescription(await (type === 'offer' ? peer.createOffer() : peer.createAnswer()));
    say({ type, sdp: peer.localDescription.sdp });
  }

  window.handleLine = async (text) => {
    const message = JSON.parse(text);
    if (message.type === 'offer' || message.type === 'answer') {
      await peer.setRemoteDescription({ type: message.type, sdp: message.sdp });
      if (message.type === 'offer') await describe('answer');
    } else if (message.type === 'candidate') {
      await peer.addIceCandidate({ candidate: message.candidate, sdpMid: message.sdpMid });
    } else if (message.type === 'command') {
      try {
        say({ type: 'result', id: message.id, ok: true, ...(await commands[message.name](message.args ?? {})) });
      } catch (error) {
        say({ type: 'result', id: message.id, ok: false, error: String(error?.stack ?? error) });
      }
    }
  };
})();
