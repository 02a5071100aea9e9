// What stands still between two changes: the circle, the links, the members. Drawn once to a layer of its own and copied to each frame.

import { bend } from "./layout.js";
import { Carrier, Purpose } from "./network.js";
import { theme } from "./theme.js";
import { shortId } from "./words.js";

const LABELS_UP_TO = 100;
const MAX_TONE = 5000; // Faint strokes: more of them make no other tone, and take time.
const TWO_PI = 2 * Math.PI;

/** How large a member's dot is: smaller the more there are. */
export const dotSize = (n, zoom) => Math.max(1.4, Math.min(7, 34 / Math.sqrt(n))) * Math.min(2.6, Math.sqrt(zoom));

export const hasLabels = (network, camera) => network.members.size / camera.zoom <= LABELS_UP_TO;

export class Scene {
  /** Draws everything. With somebody chosen, the others step back. */
  draw(ctx, network, camera, { chosen, origin }) {
    const size = network.members.size;
    this.#frame(ctx, network, camera);
    this.#links(ctx, network, camera, size, chosen);
    if (chosen) this.#linksOf(ctx, network, camera, chosen);
    this.#dots(ctx, network, camera, size, chosen, origin);
    if (hasLabels(network, camera)) this.#labels(ctx, network, camera, chosen);
  }

  #frame(ctx, network, camera) {
    ctx.strokeStyle = theme.circle;
    if (network.isTree) return;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.arc(camera.x(0), camera.y(0), camera.radius, 0, TWO_PI);
    ctx.stroke();
    if (hasLabels(network, camera)) return;
    ctx.fillStyle = theme.quiet;
    ctx.font = "12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
    ctx.textBaseline = "middle";
    for (const [digit, x, y, align] of [["0", 0, -1, "center"], ["4", 1, 0, "left"], ["8", 0, 1, "center"], ["c", -1, 0, "right"]]) {
      ctx.textAlign = align;
      ctx.fillText(digit + "000…", camera.x(x) + x * 38, camera.y(y) + y * 40);
    }
  }

  /** One path for each kind of stroke: thousands of links are a handful of strokes. */
  #links(ctx, network, camera, size, chosen) {
    const paths = new Map();
    const every = Math.ceil(network.links.size / MAX_TONE);
    let skipped = 0;
    for (const link of network.links.values()) {
      const a = network.members.get(link.low);
      const b = network.members.get(link.high);
      if (!a || !b) continue;
      const style = styleOf(network, link, a, b);
      if (style.isTone && ++skipped % every !== 0) continue;
      let path = paths.get(style.name);
      if (!path) paths.set(style.name, path = { style, line: new Path2D() });
      stroke(path.line, network, camera, a, b);
    }

    const crowd = Math.min(1, Math.sqrt(160 / Math.max(1, size))); // Many faint strokes make a tone; the few that matter stay.
    for (const { style, line } of [...paths.values()].sort((one, other) => one.style.rank - other.style.rank)) {
      ctx.strokeStyle = style.color;
      ctx.lineWidth = style.width * Math.max(0.55, crowd);
      ctx.globalAlpha = style.alpha * Math.max(style.least, crowd) * (chosen ? 0.25 : 1);
      ctx.setLineDash(crowd < 0.5 ? [] : style.dash);
      ctx.stroke(line);
    }
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
  }

  #linksOf(ctx, network, camera, id) {
    for (const link of network.linksOf(id)) {
      const a = network.members.get(link.low);
      const b = network.members.get(link.high);
      if (!a || !b) continue;
      const style = styleOf(network, link, a, b);
      const line = new Path2D();
      stroke(line, network, camera, a, b);
      ctx.strokeStyle = style.color;
      ctx.lineWidth = Math.max(1.8, style.width);
      ctx.setLineDash(style.dash);
      ctx.stroke(line);
    }
    ctx.setLineDash([]);
  }

  #dots(ctx, network, camera, size, chosen, origin) {
    const radius = dotSize(size, camera.zoom);
    const near = chosen ? new Set(network.linksOf(chosen).map(link => link.low === chosen ? link.high : link.low)) : null;
    const edge = size < 600 ? 1.5 : 0;
    const layers = new Map([[theme.silent, []], [theme.dot, []]]);
    for (const member of network.members.values()) {
      layers.get(member.silent || member.phase !== "member" && member.phase !== "founding" ? theme.silent : theme.dot).push(member);
    }
    for (const [color, members] of layers) {
      for (const isNear of [false, true]) {
        ctx.globalAlpha = near && !isNear ? 0.4 : 1;
        ctx.beginPath();
        for (const member of members) {
          if ((near ? near.has(member.id) || member.id === chosen : false) !== isNear) continue;
          circle(ctx, camera.x(member.x), camera.y(member.y), isRoot(network, member) ? radius * 1.5 : radius);
        }
        ctx.fillStyle = color;
        ctx.fill();
        if (edge) {
          ctx.strokeStyle = theme.dotEdge;
          ctx.lineWidth = edge;
          ctx.stroke();
        }
      }
    }
    ctx.globalAlpha = 1;
    this.#mark(ctx, network.members.get(origin), camera, radius + 4, theme.dot, 1.6);
    this.#mark(ctx, network.members.get(chosen), camera, radius + 5, theme.chosen, 2.6);
  }

  #mark(ctx, member, camera, radius, color, width) {
    if (!member) return;
    ctx.beginPath();
    circle(ctx, camera.x(member.x), camera.y(member.y), radius);
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.stroke();
  }

  #labels(ctx, network, camera, chosen) {
    const gap = dotSize(network.members.size, camera.zoom) + 7;
    ctx.font = "11.5px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
    ctx.textBaseline = "middle";
    let last = null;
    for (const id of network.order) {
      const member = network.members.get(id);
      const spacing = last === null || network.isTree ? Infinity : (member.turn - last) * TWO_PI * (camera.radius + gap);
      if (spacing < 11 && id !== chosen) continue;
      last = member.turn;
      const text = member.name && !network.isTree ? member.name.slice(0, 10) : shortId(id);
      label(ctx, network, camera, member, text, gap, id === chosen);
    }
  }
}

function label(ctx, network, camera, member, text, gap, isChosen) {
  const [cos, sin] = isRoot(network, member) ? [0, -1] : [Math.cos(member.angle), Math.sin(member.angle)];
  const x = camera.x(member.x);
  const y = camera.y(member.y);
  ctx.save();
  ctx.translate(x, y);
  ctx.fillStyle = isChosen ? theme.ink : theme.quiet;
  ctx.strokeStyle = theme.back; // Readable over strokes.
  ctx.lineWidth = 4;
  ctx.lineJoin = "round";
  // Along the spoke, and never upside down.
  if (isRoot(network, member)) {
    ctx.textAlign = "center";
    write(ctx, text, 0, -gap - 8);
  } else {
    ctx.rotate(cos < 0 ? member.angle + Math.PI : member.angle);
    ctx.textAlign = cos < 0 ? "right" : "left";
    write(ctx, text, cos < 0 ? -gap : gap, 0);
  }
  ctx.restore();
}

function write(ctx, text, x, y) {
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

const isRoot = (network, member) => network.isTree && member.level === 0;

function circle(ctx, x, y, radius) {
  ctx.moveTo(x + radius, y);
  ctx.arc(x, y, radius, 0, TWO_PI);
}

function stroke(path, network, camera, a, b) {
  const [x, y] = bend(network, a, b);
  path.moveTo(camera.x(a.x), camera.y(a.y));
  path.quadraticCurveTo(camera.x(x), camera.y(y), camera.x(b.x), camera.y(b.y));
}

/** Wider where more flows: none, up to 1, 10, 100 messages a second and more. */
const weight = link => {
  const rate = Math.max(link.up, 0) + Math.max(link.down, 0);
  return rate < 0.5 ? 0 : Math.min(3, 1 + Math.floor(Math.log10(rate)));
};

function styleOf(network, link, a, b) {
  const heavy = weight(link);
  if (link.carrier === Carrier.relayed) {
    return { name: "relayed" + heavy, color: theme.relayed, width: 1.5 + heavy * 0.5, alpha: 0.9, dash: [5, 4], rank: 2, least: 0.22, isTone: false };
  }
  const isNeighbour = network.isTree ? a.above === b.id || b.above === a.id : (link.purpose & Purpose.ring) !== 0;
  return isNeighbour
    ? { name: "neighbour" + heavy, color: theme.neighbour, width: 1.7 + heavy * 0.5, alpha: 0.85, dash: [], rank: 1, least: 0.6, isTone: false }
    : { name: "finger" + heavy, color: theme.finger, width: 1 + heavy * 0.45, alpha: Number(theme.fingerAlpha) + heavy * 0.14, dash: [], rank: 0, least: 0.45, isTone: heavy === 0 };
}
