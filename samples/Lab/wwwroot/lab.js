// What the lab knows, once a second; one trace as a waterfall when it is chosen.
const period = 1000;
const actions = { member: ['kill', 'freeze', 'leave'], frozen: ['thaw', 'kill'], starting: ['kill'], dead: ['start'], left: ['start'] };
const at = id => document.getElementById(id);
let state = { nodes: [], events: [], traces: [], spans: 0 };
let chosen = null;

/** An element with text or children; all text is set as text, whatever nodes call themselves. */
function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Replaces the rows of a table only where something changed, so that a focused button stays focused. */
function fill(parent, items, key, write) {
  const known = new Map([...parent.children].map(child => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const name = String(key(item));
    const text = JSON.stringify(item);
    let child = known.get(name);
    known.delete(name);
    if (!child || child.dataset.text !== text) {
      const fresh = write(item);
      fresh.dataset.key = name;
      fresh.dataset.text = text;
      child?.replaceWith(fresh);
      child = fresh;
    }

    if (parent.children[index] !== child) {
      parent.insertBefore(child, parent.children[index] ?? null);
    }
  });
  known.forEach(child => child.remove());
}

const clock = at => new Date(at).toLocaleTimeString([], { hour12: false });
const cell = (text, className = '') => make('td', { textContent: text, className });

function writeNode(node) {
  const buttons = actions[node.state].map(action => make('button', { textContent: action, title: `${action} ${node.name}`, onclick: () => act(node.name, action) }));
  const cells = make('td');
  buttons.forEach(button => cells.append(button, ' '));
  return make('tr', { title: node.id }, cell(node.name), cell(node.state, node.state), cell(`${node.delivered}/${node.sent}`), cell(node.received), cells);
}

const writeEvent = one => make('li', {}, `${clock(one.at)} `, make('b', { textContent: one.who }), ` ${one.what}`);

function writeTrace(trace) {
  const open = make('button', { textContent: trace.name, onclick: () => choose(trace.id) });
  const row = make('tr', {}, cell(clock(trace.at)), make('td', {}, open), cell(trace.node), cell(trace.milliseconds.toFixed(1)), cell(trace.spans), cell(trace.nodes));
  row.classList.toggle('error', trace.isError);
  return row;
}

function show() {
  const words = at('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = trace => `${trace.name} ${trace.node} ${trace.isError ? 'error' : ''}`.toLowerCase();
  const members = state.nodes.filter(node => node.state === 'member').length;
  at('summary').textContent = `${members} of ${state.nodes.length} nodes are members, ${state.spans} spans came`;
  at('picture').hidden = !state.picture;
  at('picture').href = state.picture ?? '';
  fill(document.querySelector('#nodes tbody'), state.nodes, node => node.name, writeNode);
  fill(at('events'), [...state.events].reverse().slice(0, 40), one => one.number, writeEvent);
  fill(document.querySelector('#traces tbody'), state.traces.filter(trace => words.every(word => text(trace).includes(word))), trace => trace.id, writeTrace);
  for (const row of document.querySelectorAll('#traces tbody tr')) {
    row.setAttribute('aria-selected', String(row.dataset.key === chosen));
  }
}

/** Depth first, as they began: a child below its parent, one without a known parent at the margin. */
function order(spans) {
  const ids = new Set(spans.map(span => span.id));
  const walk = (parent, depth) => spans
    .filter(span => parent === null ? !ids.has(span.parent) : span.parent === parent)
    .flatMap(span => [{ ...span, depth }, ...walk(span.id, depth + 1)]);
  return walk(null, 0);
}

function bar(from, width) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const rect = document.createElementNS(space, 'rect');
  svg.setAttribute('aria-hidden', 'true');
  for (const [name, value] of Object.entries({ x: `${from}%`, y: '25%', width: `${Math.max(width, 0.4)}%`, height: '50%', rx: 2 })) {
    rect.setAttribute(name, value);
  }

  svg.append(rect);
  return svg;
}

async function choose(id) {
  chosen = id;
  history.replaceState(null, '', `#${id}`); // A trace can be pointed at.
  const answer = await fetch(`/api/traces/${id}`);
  const spans = answer.ok ? await answer.json() : [];
  const length = Math.max(...spans.map(span => span.start + span.milliseconds)) || 1;
  at('trace-about').textContent = answer.ok ? `${id}: ${length.toFixed(2)} ms` : (await answer.json()).detail;
  at('attributes').replaceChildren();
  at('waterfall').replaceChildren(...order(spans).map(span => {
    const name = make('span', { className: 'name', title: span.name }, ' '.repeat(2 * span.depth) + span.name + ' ', make('small', { textContent: span.node }));
    const line = make('button', { className: span.isError ? 'error' : '' }, name, bar(100 * span.start / length, 100 * span.milliseconds / length),
      make('span', { className: 'ms', textContent: span.milliseconds.toFixed(2) }));
    line.onclick = () => describe(line, span);
    return make('li', {}, line);
  }));
  show();
}

function describe(line, span) {
  document.querySelectorAll('#waterfall button').forEach(other => other.setAttribute('aria-pressed', String(other === line)));
  at('attributes').replaceChildren(...Object.entries(span.attributes).flatMap(([name, value]) => [make('dt', { textContent: name }), make('dd', { textContent: value })]));
}

const act = (node, action) => fetch(`/api/nodes/${node}/${action}`, { method: 'POST', headers: { 'X-Lab': '1' } }).then(look);

async function look() {
  try {
    state = await (await fetch('/api/state')).json();
    show();
  } catch {
    at('summary').textContent = 'The lab has ended.';
  }
}

at('filter').oninput = show;
await look();
if (location.hash.length > 1) {
  await choose(location.hash.slice(1));
}

setInterval(look, period);
