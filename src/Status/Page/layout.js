// Where members stand: on the circle by their ids, or around the root of their tree. In units of the circle's radius, the centre at 0, 0.

const TWO_PI = 2 * Math.PI;

/** Sets x, y (and angle) of every member. */
export function place(network) {
  if (network.isTree) placeTree(network);
  else placeRing(network);
}

const CROWD = 400;      // More members than that stand in rows, or they would hide each other.
const MAX_ROWS = 7;
const ROW = 0.017;

function placeRing(network) {
  const rows = Math.min(MAX_ROWS, Math.ceil(network.members.size / CROWD));
  for (const member of network.members.values()) {
    const row = rows > 1 ? parseInt(member.id.slice(-3), 16) % rows : 0; // Its own, whoever comes and goes.
    member.angle = member.turn * TWO_PI - Math.PI / 2; // Id 0 on top, clockwise like the ring.
    member.x = Math.cos(member.angle) * (1 + row * ROW);
    member.y = Math.sin(member.angle) * (1 + row * ROW);
  }
}

function placeTree(network) {
  const children = new Map();
  const roots = [];
  for (const id of network.order) {
    const { above } = network.members.get(id);
    if (!above || !network.members.has(above)) roots.push(id);
    else if (children.has(above)) children.get(above).push(id);
    else children.set(above, [id]);
  }

  const { leaves, depth } = measure(roots, children);
  const ring = 1 / Math.max(1, depth + (roots.length > 1 ? 1 : 0));
  const total = roots.reduce((sum, id) => sum + leaves.get(id), 0);
  let from = -Math.PI / 2;
  for (const root of roots) {
    const arc = TWO_PI * leaves.get(root) / total;
    spread(network, children, leaves, root, from, arc, roots.length > 1 ? 1 : 0, ring);
    from += arc;
  }
}

/** Leaves below each member, and the depth of the deepest; not recursive, since a tree in trouble may be as deep as it has members. */
function measure(roots, children) {
  const leaves = new Map();
  const stack = roots.map(id => ({ id, depth: 0, isDone: false }));
  const seen = new Set(roots);
  let deepest = 0;
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const below = children.get(top.id) ?? [];
    if (top.isDone) {
      stack.pop();
      leaves.set(top.id, Math.max(1, below.reduce((sum, id) => sum + (leaves.get(id) ?? 0), 0)));
      continue;
    }
    top.isDone = true;
    deepest = Math.max(deepest, top.depth);
    for (const id of below) {
      if (!seen.has(id)) {
        seen.add(id);
        stack.push({ id, depth: top.depth + 1, isDone: false });
      }
    }
  }
  return { leaves, depth: deepest };
}

function spread(network, children, leaves, root, from, arc, depth, ring) {
  const stack = [{ id: root, from, arc, depth }];
  while (stack.length > 0) {
    const { id, from: start, arc: width, depth: level } = stack.pop();
    const member = network.members.get(id);
    member.angle = start + width / 2;
    member.level = level;
    member.x = Math.cos(member.angle) * level * ring;
    member.y = Math.sin(member.angle) * level * ring;
    let at = start;
    for (const child of children.get(id) ?? []) {
      const part = width * leaves.get(child) / leaves.get(id);
      stack.push({ id: child, from: at, arc: part, depth: level + 1 });
      at += part;
    }
  }
}

/** The control point of the stroke between two members: near the circle for neighbours, towards the middle for far ones. */
export function bend(network, a, b) {
  const x = (a.x + b.x) / 2;
  const y = (a.y + b.y) / 2;
  if (network.isTree) {
    if (a.above === b.id || b.above === a.id) {
      const [parent, child] = a.above === b.id ? [b, a] : [a, b];
      const radius = (Math.hypot(parent.x, parent.y) + Math.hypot(child.x, child.y)) / 2;
      const level = parent.level === 0 ? child.angle : (parent.angle + child.angle) / 2;
      return [Math.cos(level) * radius, Math.sin(level) * radius];
    }
    return [x * 0.75, y * 0.75];
  }
  const apart = Math.acos(Math.min(1, Math.hypot(x, y))) / (Math.PI / 2); // 0 side by side … 1 across.
  const pull = 1 - 0.9 * Math.min(1, apart * 2.2);
  return [x * pull, y * pull];
}
