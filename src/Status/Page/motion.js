// What moves: messages along their links, and the moment when somebody comes or goes.

import { bend } from "./layout.js";
import { dotSize } from "./scene.js";
import { theme } from "./theme.js";

const MAX_STREAMS = 240;   // The busiest; more would be a blur.
const TRAVEL = 2600;       // Milliseconds from end to end.
const CAME = 1800;
const WENT = 2600;
const MAX_MOMENTS = 64;
const TWO_PI = 2 * Math.PI;

export class Motion {
  #streams = [];
  #moments = [];

  /** Chooses the streams that are drawn. */
  flow(network, chosen) {
    const streams = [];
    for (const link of chosen ? network.linksOf(chosen) : network.links.values()) {
      const a = network.members.get(link.low);
      const b = network.members.get(link.high);
      if (!a || !b) continue;
      const middle = bend(network, a, b);
      if (link.up >= 0.5) streams.push({ from: a, middle, to: b, rate: link.up });
      if (link.down >= 0.5) streams.push({ from: b, middle, to: a, rate: link.down });
    }
    this.#streams = streams.sort((one, other) => other.rate - one.rate).slice(0, MAX_STREAMS);
    for (const stream of this.#streams) {
      stream.dots = 1 + Math.min(3, Math.floor(Math.log10(stream.rate) + 0.3));
      stream.phase = (stream.from.turn * 7919 + stream.to.turn * 104729) % 1; // Not all at the same step.
    }
  }

  came(members, now) { this.#mark(members, { at: now, life: CAME, isGood: true }); }

  went(members, now) { this.#mark(members, { at: now, life: WENT, isGood: false }); }

  /** Whether the next frame looks different from this one. */
  isMoving(now) {
    this.#moments = this.#moments.filter(moment => now - moment.at < moment.life);
    return this.#streams.length > 0 || this.#moments.length > 0;
  }

  draw(ctx, network, camera, now, isStill) {
    if (!isStill) this.#drawStreams(ctx, camera, now, network.members.size);
    const size = dotSize(network.members.size, camera.zoom);
    for (const moment of this.#moments) drawMoment(ctx, camera, moment, (now - moment.at) / moment.life, size, isStill);
  }

  #mark(members, moment) {
    for (const { x, y } of members) this.#moments.push({ x, y, ...moment });
    this.#moments.splice(0, Math.max(0, this.#moments.length - MAX_MOMENTS));
  }

  #drawStreams(ctx, camera, now, size) {
    const radius = size > 500 ? 1.6 : 2.3;
    ctx.beginPath();
    for (const { from, middle, to, dots, phase } of this.#streams) {
      for (let i = 0; i < dots; i++) {
        const t = (now / TRAVEL + phase + i / dots) % 1;
        const s = 1 - t;
        const x = camera.x(s * s * from.x + 2 * s * t * middle[0] + t * t * to.x);
        const y = camera.y(s * s * from.y + 2 * s * t * middle[1] + t * t * to.y);
        ctx.moveTo(x + radius, y);
        ctx.arc(x, y, radius, 0, TWO_PI);
      }
    }
    ctx.fillStyle = theme.flow;
    ctx.globalAlpha = 0.9;
    ctx.fill();
    ctx.globalAlpha = 1;
  }
}

/** A wave from where it happened; who went fades away with it. */
function drawMoment(ctx, camera, moment, part, size, isStill) {
  const x = camera.x(moment.x);
  const y = camera.y(moment.y);
  const color = moment.isGood ? theme.came : theme.went;
  const fade = 1 - part;
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.globalAlpha = isStill ? 0.9 : fade;
  ctx.lineWidth = 2.4;
  ctx.beginPath();
  ctx.arc(x, y, size + (isStill ? 10 : 4 + 30 * (1 - fade * fade)), 0, TWO_PI);
  ctx.stroke();
  if (!moment.isGood) {
    ctx.beginPath();
    ctx.arc(x, y, size, 0, TWO_PI);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}
