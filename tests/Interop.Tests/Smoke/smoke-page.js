// A page that runs smoke-node as npm has it: files of the package by path in, what a test may ask of the page out.
({ files, hub }) => {
  const loaded = new Map();

  // Just enough of CommonJS for a package without dependencies, so that its files stay as they are.
  function load(path) {
    if (!loaded.has(path)) {
      const module = { exports: {} };
      loaded.set(path, module);
      const resolve = (name) => {
        const parts = path.split('/').slice(0, -1);
        for (const part of name.split('/')) {
          if (part === '..') parts.pop();
          else if (part !== '.') parts.push(part);
        }
        const base = parts.join('/');
        return [`${base}.js`, base === '' ? 'index.js' : `${base}/index.js`].find((file) => file in files);
      };
      new Function('require', 'module', 'exports', files[path])((name) => load(resolve(name)), module, module.exports);
    }
    return loaded.get(path).exports;
  }

  const smoke = load('index.js');
  const nodes = [new smoke.Node({ hub: new smoke.NetworkHub(hub) })];
  const node = nodes[0];

  const pattern = (length, seed) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 255);
  const sum = (bytes) => bytes.reduce((total, byte) => (Math.imul(total, 31) + byte) >>> 0, 0);
  const text = (bytes) => new TextDecoder().decode(new Uint8Array(bytes));
  const describe = (bytes) => ({ length: bytes.length, sum: sum(bytes) });
  const chunks = (bytes, size) => {
    let at = 0;
    return new smoke.Readable({
      pull: (controller) => {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(smoke.Buffer.from(bytes.slice(at, (at += size))));
      },
    });
  };
  async function collect(readable) {
    const all = [];
    for await (const chunk of readable) all.push(...chunk);
    return Uint8Array.from(all);
  }
  function check(actual, expected, what) {
    const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (one !== other) throw new Error(`${what}: ${one?.slice(0, 400)} instead of ${other?.slice(0, 400)}`);
  }
  const checkBytes = (actual, expected, what) => check(describe(actual), describe(expected), what);

  // What a socket lives through, in order.
  function watch(socket) {
    const seen = { socket, events: [], messages: [] };
    let waiting = [];
    const happened = (name) => {
      seen.events.push(name);
      const all = waiting;
      waiting = [];
      all.forEach((resolve) => resolve());
    };
    seen.until = async (condition) => {
      while (!condition(seen)) await new Promise((resolve) => waiting.push(resolve));
    };
    seen.closed = () => seen.until(() => seen.events.includes('close'));
    seen.opened = () => seen.until(() => seen.events.includes('open') || seen.events.includes('close'));
    socket.on('open', () => happened('open'));
    socket.on('message', ({ data }) => {
      seen.messages.push(data);
      happened('message');
    });
    socket.on('error', (error) => {
      seen.error = error.message ?? String(error.error);
      happened('error');
    });
    socket.on('close', () => happened('close'));
    return seen;
  }
  const dial = (host, port) => watch(node.sockets.connect(host, port));

  // The other side of all tests: the same ports and routes as SmokeServer.cs.
  const heard = {};
  function serve() {
    const listen = (port, onSocket) => node.sockets.createServer(onSocket).listen(port);
    const record = (port) =>
      listen(port, (socket) => {
        const entry = (heard[port] = { events: [], messages: [] });
        socket.on('open', () => entry.events.push('open'));
        socket.on('message', ({ data }) => entry.events.push('message') && entry.messages.push(describe(data)));
        socket.on('close', () => entry.events.push('close'));
        if (port === 107) socket.send(smoke.Buffer.from(pattern(1024, 7)));
        if (port === 107) socket.on('message', () => socket.close());
      });
    listen(101, (socket) => (socket.send('hello'), socket.close()));
    [103, 105, 107, 110].forEach(record);
    listen(104, (socket) => (socket.send(smoke.Buffer.from(pattern(1024, 4))), socket.close()));
    listen(106, (socket) => socket.on('message', ({ data }) => (socket.send(data), socket.close())));
    listen(109, (socket) => {
      for (let i = 0; i < 128; i++) socket.send(smoke.Buffer.from(pattern(1024, i)));
      socket.close();
    });
    listen(111, (socket) => {
      socket.on('error', () => {});
      socket.on('message', ({ data }) => socket.send(data));
    });
    listen(113, (socket) => (socket.send('one'), socket.close()));

    const server = node.rest.createServer();
    server.get('/text', (request, response) => response.text('hello world'));
    server.get('/json', (request, response) => response.json({ a: 1, b: [true, null, 'ä'] }));
    server.get('/buffer', (request, response) => response.buffer(smoke.Buffer.from(pattern(128, 3))));
    server.get('/readable', (request, response) => response.readable(chunks(pattern(1000000, 4), 16384)));
    server.get('/echo', async (request, response) => response.buffer(await request.buffer()));
    for (const verb of ['get', 'post', 'put', 'patch', 'delete', 'foo']) {
      server.method(verb, '/verb', (request, response) => response.text(verb));
    }
    server.get('/header', (request, response) => {
      response.headers['x-out'] = 'out';
      response.text(request.headers['x-in']);
    });
    const add = (mark) => (request, response, next) => {
      request.marks = (request.marks ?? '') + mark;
      next();
    };
    server.get('/added', [add('a'), add('b')], (request, response) => response.text(request.marks));
    server.get('/blocked', [(request, response) => response.text('no', 403)], (request, response) => response.text('yes'));
    server.get('/users/:id/orders/:order', (request, response) => {
      response.json({ id: request.params.id, order: request.params.order, a: request.query.a ?? '', b: request.query.b ?? '' });
    });
    server.post('/stream', (request, response) => response.readable(request.readable()));
    server.post('/unread', (request, response) => response.text('unread'));
    server.post('/three', async (request, response) => {
      const readable = request.readable();
      for (let i = 0; i < 3; i++) await readable.read();
      response.text('three');
    });
    server.get('/rows', (request, response) => response.query(queryable(rows())));
    server.get('/throws', () => {
      throw new Error('on purpose');
    });
    server.get('/heard/:port', (request, response) => response.json(heard[request.params.port] ?? { events: [], messages: [] }));
    server.listen(80);
    return server;
  }
  const rows = () => Array.from({ length: 5 }, (_, i) => ({ i }));
  const queryable = (values) =>
    new smoke.Queryable({
      async *[Symbol.asyncIterator]() {
        yield* values;
      },
    });

  // What samples/SmokeCompat serves, and what its probe tries.
  function serveCompat() {
    node.sockets.createServer((socket) => socket.on('message', ({ data }) => socket.send(data))).listen(7000);
    const server = node.rest.createServer();
    server.get('/', (request, response) => response.text('hello world'));
    server.get('/json/:id', (request, response) => response.json({ id: request.params.id, q: request.query }));
    server.post('/echo', (request, response) => response.readable(request.readable()));
    server.get('/rows', (request, response) => response.query(queryable(rows())));
    server.listen(80);
  }
  async function probeCompat(host) {
    check(await (await fetch(host, '/')).text(), 'hello world', 'text');
    check(await (await fetch(host, '/json/42?a=1&b=x&b=y')).json(), { id: '42', q: { a: '1', b: ['x', 'y'] } }, 'json');
    const body = chunks(pattern(300000, 1), 16384);
    checkBytes(await collect((await fetch(host, '/echo', { method: 'post', body })).readable()), pattern(300000, 1), 'echo');
    const all = [];
    for await (const row of (await fetch(host, '/rows')).query()) all.push(row);
    check(all, rows(), 'rows');
    check((await fetch(host, '/missing')).status, 404, 'missing');
    const refused = dial(host, 9);
    await refused.closed();
    check(refused.events, ['error', 'close'], 'refused');
    for (const length of [5, 100000, 1000000]) {
      const seen = dial(host, 7000);
      await seen.opened();
      seen.socket.send(smoke.Buffer.from(pattern(length, 2)));
      await seen.until(() => seen.messages.length > 0 || seen.events.includes('close'));
      checkBytes(seen.messages[0], pattern(length, 2), `socket message of ${length}`);
      seen.socket.close();
    }
    return 'ok';
  }

  const fetch = (host, path, options) => node.rest.fetch(`rest://${host}${path}`, options);
  async function heardAt(host, port, done) {
    for (;;) {
      const entry = await (await fetch(host, `/heard/${port}`)).json();
      if (done(entry)) return entry;
    }
  }
  const closedAt = (host, port) => heardAt(host, port, (entry) => entry.events.includes('close'));

  // One function a row of lists C.1 and C.2.
  const rowsOf = {
    S1: async (host) => {
      const seen = dial(host, 101);
      await seen.closed();
      check([seen.events, text(seen.messages[0])], [['open', 'message', 'close'], 'hello'], 'seen');
    },
    S2: async (host) => {
      await fetch(host, '/text'); // The connection is there: what is measured is the refusal.
      const begun = performance.now();
      const seen = dial(host, 9);
      await seen.closed();
      check([seen.events, /forcefully closed/.test(seen.error)], [['error', 'close'], true], `seen (${seen.error})`);
      check(performance.now() - begun < 1000, true, 'within a second');
    },
    S3: async (host) => {
      const seen = dial(host, 103);
      await seen.opened();
      seen.socket.send('bye');
      seen.socket.close();
      check(await closedAt(host, 103), { events: ['message', 'close'], messages: [describe(new TextEncoder().encode('bye'))] }, 'heard');
    },
    S4: async (host) => {
      const seen = dial(host, 104);
      await seen.closed();
      check(seen.events, ['open', 'message', 'close'], 'events');
      checkBytes(seen.messages[0], pattern(1024, 4), 'message');
    },
    S5: async (host) => {
      const seen = dial(host, 105);
      await seen.opened();
      seen.socket.send(smoke.Buffer.from(pattern(1024, 5)));
      seen.socket.close();
      check(await closedAt(host, 105), { events: ['message', 'close'], messages: [describe(pattern(1024, 5))] }, 'heard');
    },
    S6: async (host) => {
      const seen = dial(host, 106);
      await seen.opened();
      seen.socket.send(smoke.Buffer.from(pattern(1024, 6)));
      await seen.closed();
      checkBytes(seen.messages[0], pattern(1024, 6), 'echo');
    },
    S7: async (host) => {
      const seen = dial(host, 107);
      await seen.until(() => seen.messages.length > 0);
      seen.socket.send(seen.messages[0]);
      await seen.closed();
      check((await closedAt(host, 107)).messages, [describe(pattern(1024, 7))], 'heard');
    },
    S8: async (host) => {
      const socket = node.sockets.connect(host, 101);
      let threw = false;
      try {
        socket.send('too early');
      } catch {
        threw = true;
      }
      check(threw, true, 'threw');
      await watch(socket).closed();
    },
    S9: async (host) => {
      const seen = dial(host, 109);
      await seen.closed();
      check(seen.messages.map(describe), Array.from({ length: 128 }, (_, i) => describe(pattern(1024, i))), 'messages');
    },
    S10: async (host) => {
      const seen = dial(host, 110);
      await seen.opened();
      for (let i = 0; i < 128; i++) seen.socket.send(smoke.Buffer.from(pattern(1024, i)));
      seen.socket.close();
      check((await closedAt(host, 110)).messages, Array.from({ length: 128 }, (_, i) => describe(pattern(1024, i))), 'heard');
    },
    S11: async (host) => {
      const seen = dial(host, 111);
      await seen.opened();
      seen.socket.send(smoke.Buffer.from(pattern(1000000, 11)));
      await seen.until(() => seen.messages.length > 0 || seen.events.includes('close'));
      checkBytes(seen.messages[0], pattern(1000000, 11), 'echo');
      seen.socket.close();
    },
    S12: async (host) => {
      const seen = dial(host, 111);
      await seen.opened();
      let error = '';
      try {
        seen.socket.send(smoke.Buffer.from(pattern(1000001, 12)));
      } catch (e) {
        error = e.message;
      }
      check(error, 'Message size exceeds 1000000 bytes.', 'error');
      seen.socket.send('still there');
      await seen.until(() => seen.messages.length > 0);
      check([seen.messages.length, text(seen.messages[0])], [1, 'still there'], 'messages');
      seen.socket.close();
    },
    S13: async (host, attempts) => {
      let left = 128;
      for (let attempt = 0; left > 0 && attempt < attempts; attempt++) {
        const all = Array.from({ length: left }, () => dial(host, 113));
        await Promise.all(all.map((seen) => seen.closed()));
        const wrong = all.filter((seen) => seen.events.join() !== 'open,message,close' || text(seen.messages[0]) !== 'one');
        left = wrong.length;
        if (left > 0) console.log(`${left} of ${all.length} sockets: ${wrong[0].events} ${wrong[0].error ?? ''}`);
      }
      check(left, 0, 'sockets left');
    },
    R1: async (host) => check(await (await fetch(host, '/text')).text(), 'hello world', 'text'),
    R2: async (host) => check(await (await fetch(host, '/json')).json(), { a: 1, b: [true, null, 'ä'] }, 'json'),
    R3: async (host) => checkBytes(await (await fetch(host, '/buffer')).buffer(), pattern(128, 3), 'buffer'),
    R4: async (host) => checkBytes(await collect((await fetch(host, '/readable')).readable()), pattern(1000000, 4), 'readable'),
    R5: async (host) => check(await (await fetch(host, '/echo', { body: 'hello' })).text(), 'hello', 'text'),
    R6: async (host) => checkBytes(await (await fetch(host, '/echo', { body: smoke.Buffer.from(pattern(1024, 6)) })).buffer(), pattern(1024, 6), 'buffer'),
    R7: async () => {
      const other = new smoke.Node({ hub: new smoke.NetworkHub(hub) });
      const server = other.rest.createServer().get('/own', (request, response) => response.text('own')).listen(80);
      check(await (await other.rest.fetch('/own')).text(), 'own', 'text');
      server.dispose();
      await other.dispose();
      other.hub.dispose();
    },
    ...Object.fromEntries(
      ['get', 'post', 'put', 'patch', 'delete', 'foo'].map((method, i) => [
        `R${8 + i}`,
        async (host) => check(await (await fetch(host, '/verb', { method })).text(), method, 'text'),
      ]),
    ),
    R14: async (host) => check(await (await fetch(host, '/header', { headers: { 'x-in': 'in' } })).text(), 'in', 'text'),
    R15: async (host) => check((await fetch(host, '/header', { headers: { 'x-in': 'in' } })).headers['x-out'], 'out', 'header'),
    R16: async (host) => check(await (await fetch(host, '/added')).text(), 'ab', 'text'),
    R17: async (host) => {
      const response = await fetch(host, '/blocked');
      check([response.status, await response.text()], [403, 'no'], 'response');
    },
    R18: async (host) => check(await (await fetch(host, '/users/u-1/orders/o2')).json(), { id: 'u-1', order: 'o2', a: '', b: '' }, 'params'),
    R19: async (host) => check((({ a, b }) => [a, b])(await (await fetch(host, '/users/1/orders/2?a=10&b=20')).json()), ['10', '20'], 'query'),
    R20: async (host) => check(await (await fetch(host, '/users/1/orders/2?a=x&b=y')).json(), { id: '1', order: '2', a: 'x', b: 'y' }, 'both'),
    R21: async (host) => {
      const response = await fetch(host, '/stream', { method: 'post', body: chunks(pattern(1000000, 21), 16384) });
      checkBytes(await collect(response.readable()), pattern(1000000, 21), 'stream');
    },
    R22: async (host) => check(await (await fetch(host, '/unread', { method: 'post', body: chunks(pattern(1000000, 22), 16384) })).text(), 'unread', 'text'),
    R23: async (host) => check(await (await fetch(host, '/three', { method: 'post', body: chunks(pattern(1000000, 23), 16384) })).text(), 'three', 'text'),
    query: async (host) => {
      const all = [];
      for await (const row of (await fetch(host, '/rows')).query()) all.push(row);
      check(all, rows(), 'rows');
    },
    missing: async (host) => {
      const response = await fetch(host, '/missing');
      check([response.status, await response.text()], [404, 'not found'], 'response');
    },
    throws: async (host) => {
      const response = await fetch(host, '/throws');
      check([response.status, await response.text()], [500, 'internal server error'], 'response');
    },
    // By hand: more than a message may have, in segments. That socket ends, and no other.
    F24: async (host) => {
      const other = dial(host, 111);
      await other.opened();
      const [, channel] = await node.network.connect(host, '111');
      const closed = new Promise((resolve) => channel.addEventListener('close', resolve));
      const segment = new Uint8Array(32769).fill(1);
      for (let i = 0; i < 31; i++) channel.send(segment);
      await closed;
      other.socket.send('still there');
      await other.until(() => other.messages.length > 0);
      check(text(other.messages[0]), 'still there', 'echo');
      other.socket.close();
    },
  };

  // Whoever lost a message waits for it for ever; where a row may be tried again, that is a failed attempt too.
  const attemptLimit = 10000;
  const limited = (attempt) => {
    let handle;
    const late = new Promise((_, reject) => (handle = setTimeout(() => reject(new Error(`no end within ${attemptLimit} ms`)), attemptLimit)));
    return Promise.race([attempt, late]).finally(() => clearTimeout(handle));
  };

  return Object.assign(window, {
    address: () => node.address(),
    serve: () => void serve(),
    serveCompat,
    probeCompat,
    run: async (row, host, attempts) => {
      for (let attempt = 1; ; attempt++) {
        try {
          const running = rowsOf[row](host, attempts);
          await (attempts > 1 ? limited(running) : running);
          return 'ok';
        } catch (error) {
          if (attempt >= attempts) throw error;
          console.log(`${row}: ${error.message}`);
        }
      }
    },
    // Many nodes in one page, each with its own socket to the hub and its own connections.
    addNodes: async (count) => {
      const added = Array.from({ length: count }, () => new smoke.Node({ hub: new smoke.NetworkHub(hub) }));
      for (const one of added) {
        one.rest.createServer().get('/', (request, response) => response.text('page')).listen(80);
      }
      nodes.push(...added);
      return Promise.all(added.map((one) => one.address()));
    },
    fetchFrom: async (index, host) => {
      try {
        return await (await nodes[index].rest.fetch(`rest://${host}/`)).text();
      } catch (error) {
        return error.message;
      }
    },
    // Chromium that takes its own offer back just as it begins to look for its addresses never looks again, whatever it is offered: no candidate, no check, until the page is reloaded.
    standsStill: (index, host) => {
      const { connection } = nodes[index].network.getPeers().get(host);
      return connection.iceGatheringState === 'gathering' && connection.iceConnectionState === 'new';
    },
    get: async (host, path) => {
      try {
        return await (await fetch(host, path)).text();
      } catch (error) {
        return error.message;
      }
    },
    bytes: async (host, path) => describe(await collect((await fetch(host, path)).readable())),
  }) && undefined;
}
