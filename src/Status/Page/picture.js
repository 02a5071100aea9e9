// The canvas: its size, its frames, and the pointer on it.

import { Camera } from "./camera.js";
import { place } from "./layout.js";
import { Motion } from "./motion.js";
import { Scene, dotSize } from "./scene.js";
import { isStill, theme, watchTheme } from "./theme.js";

const REACH = 14;             // Pixels around a member within which the pointer means it.
const CROWD = 500;            // From here on the standing layer is drawn anew at most …
const CROWD_PERIOD = 250;     // … so often.
const DRAG = 4;
const FOOT = 34;              // Pixels below the picture, for what is written there.

export class Picture {
  #canvas;
  #ctx;
  #layer = document.createElement("canvas");
  #network;
  #camera = new Camera();
  #scene = new Scene();
  #motion = new Motion();
  #choose;
  #hover;
  #chosen = null;
  #isStale = true;
  #drawnAt = 0;
  #waiting = 0;
  #drag = null;
  #times = { frame: [], picture: [] };

  constructor(canvas, network, { choose, hover }) {
    [this.#canvas, this.#network, this.#choose, this.#hover] = [canvas, network, choose, hover];
    this.#ctx = canvas.getContext("2d");
    watchTheme(() => this.#redraw());
    new ResizeObserver(() => this.#redraw()).observe(canvas);
    document.addEventListener("visibilitychange", () => this.#frame());
    canvas.addEventListener("pointerdown", event => this.#down(event));
    canvas.addEventListener("pointermove", event => this.#move(event));
    canvas.addEventListener("pointerup", event => this.#up(event));
    canvas.addEventListener("pointerleave", () => this.#hover(null));
    canvas.addEventListener("dblclick", () => this.zoom(0));
    canvas.addEventListener("wheel", event => this.#wheel(event), { passive: false });
  }

  /** Medians of what it took lately to draw a frame, and the picture anew, in milliseconds; null: nothing was drawn yet. */
  get drawingTimes() {
    const median = times => [...times].sort((one, other) => one - other)[times.length >> 1] ?? null;
    return { frame: median(this.#times.frame), picture: median(this.#times.picture) };
  }

  /** The network changed. */
  changed({ came = [], went = [] } = {}) {
    place(this.#network);
    const now = performance.now();
    this.#motion.came(came, now);
    this.#motion.went(went, now);
    this.#motion.flow(this.#network, this.#chosen);
    this.#redraw();
  }

  set chosen(id) {
    this.#chosen = id;
    const member = this.#network.members.get(id);
    if (member) this.#camera.show(member.x, member.y);
    this.#motion.flow(this.#network, id);
    this.#drawnAt = 0; // A choice is seen at once, in a crowd too.
    this.#redraw();
  }

  /** Larger, smaller, or (0) as a whole. */
  zoom(factor) {
    if (factor === 0) this.#camera.reset();
    else this.#camera.scale(factor);
    this.#redraw();
  }

  /** Where a member is, in the pixels of the page's canvas. */
  positionOf(id) {
    const member = this.#network.members.get(id);
    return member ? { x: this.#camera.x(member.x), y: this.#camera.y(member.y) } : null;
  }

  #redraw() {
    this.#isStale = true;
    this.#frame();
  }

  #frame() {
    if (this.#waiting || document.hidden) return;
    this.#waiting = requestAnimationFrame(now => {
      this.#waiting = 0;
      this.#draw(now);
    });
  }

  #draw(now) {
    this.#fit();
    const isCrowd = this.#network.members.size > CROWD && now - this.#drawnAt < CROWD_PERIOD;
    if (this.#isStale && !isCrowd) this.#measure("picture", () => this.#drawLayer(now));
    const isMoving = this.#motion.isMoving(now);
    this.#measure("frame", () => this.#drawFrame(now));
    if (this.#isStale || (isMoving && !isStill())) this.#frame();
    else if (isMoving) setTimeout(() => this.#frame(), 500);
  }

  #drawFrame(now) {
    const ctx = this.#ctx;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    ctx.drawImage(this.#layer, 0, 0);
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.#motion.draw(ctx, this.#network, this.#camera, now, isStill());
  }

  #measure(what, draw) {
    const begun = performance.now();
    draw();
    const times = this.#times[what];
    times.push(performance.now() - begun);
    if (times.length > 120) times.shift();
  }

  #drawLayer(now) {
    const ctx = this.#layer.getContext("2d");
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.#layer.width, this.#layer.height);
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.#scene.draw(ctx, this.#network, this.#camera, { chosen: this.#network.members.has(this.#chosen) ? this.#chosen : null, origin: this.#network.origin.id });
    this.#canvas.dataset.members = this.#network.members.size; // How many are on it: a crowd is drawn a moment after it is counted.
    this.#isStale = false;
    this.#drawnAt = now;
  }

  #fit() {
    const width = this.#canvas.clientWidth;
    const height = this.#canvas.clientHeight;
    const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) {
      [this.#canvas.width, this.#canvas.height] = [this.#layer.width, this.#layer.height] = [w, h];
      this.#isStale = true;
    }
    this.#camera.resize(width, height - FOOT, 52);
  }

  /** The member next to a point, if one is near enough. */
  #at(x, y) {
    let [best, nearest] = [null, Math.max(REACH, dotSize(this.#network.members.size, this.#camera.zoom) + 6)];
    for (const member of this.#network.members.values()) {
      const away = Math.hypot(this.#camera.x(member.x) - x, this.#camera.y(member.y) - y);
      if (away < nearest) [best, nearest] = [member, away];
    }
    return best;
  }

  #down(event) {
    this.#drag = { x: event.offsetX, y: event.offsetY, isMoved: false };
    this.#canvas.setPointerCapture(event.pointerId);
  }

  #move(event) {
    if (this.#drag) {
      const [dx, dy] = [event.offsetX - this.#drag.x, event.offsetY - this.#drag.y];
      if (!this.#drag.isMoved && Math.hypot(dx, dy) < DRAG) return;
      this.#drag = { x: event.offsetX, y: event.offsetY, isMoved: true };
      this.#canvas.classList.add("dragging");
      this.#camera.pan(dx, dy);
      this.#hover(null);
      this.#redraw();
      return;
    }
    const member = this.#at(event.offsetX, event.offsetY);
    this.#canvas.classList.toggle("pointing", member !== null);
    this.#hover(member, event.offsetX, event.offsetY);
  }

  #up(event) {
    const isClick = this.#drag && !this.#drag.isMoved;
    this.#drag = null;
    this.#canvas.classList.remove("dragging");
    if (isClick) this.#choose(this.#at(event.offsetX, event.offsetY)?.id ?? null);
  }

  #wheel(event) {
    event.preventDefault();
    this.#camera.scale(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    this.#redraw();
  }
}
