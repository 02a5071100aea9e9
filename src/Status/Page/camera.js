// From the unit circle to the screen, with zoom and pan.

const MAX_ZOOM = 40;

export class Camera {
  width = 1;
  height = 1;
  zoom = 1;
  #x = 0;
  #y = 0;
  #margin = 40;

  /** Pixels of the circle's radius. */
  get radius() { return Math.max(10, (Math.min(this.width, this.height) / 2 - this.#margin)) * this.zoom; }

  resize(width, height, margin) {
    [this.width, this.height, this.#margin] = [width, height, margin];
  }

  x(unit) { return this.width / 2 + this.#x + unit * this.radius; }

  y(unit) { return this.height / 2 + this.#y + unit * this.radius; }

  reset() { [this.zoom, this.#x, this.#y] = [1, 0, 0]; }

  pan(dx, dy) {
    this.#x += dx;
    this.#y += dy;
    this.#keepInSight();
  }

  /** Larger or smaller, with what is at a point of the screen staying there. */
  scale(factor, x = this.width / 2, y = this.height / 2) {
    const before = this.zoom;
    this.zoom = Math.min(MAX_ZOOM, Math.max(1, this.zoom * factor));
    const ratio = this.zoom / before;
    this.#x = (x - this.width / 2) * (1 - ratio) + this.#x * ratio;
    this.#y = (y - this.height / 2) * (1 - ratio) + this.#y * ratio;
    this.#keepInSight();
  }

  /** Moves so that a point of the picture is in sight. */
  show(x, y) {
    const [left, top] = [this.x(x), this.y(y)];
    const edge = 60;
    if (left < edge || left > this.width - edge) this.#x += this.width / 2 - left;
    if (top < edge || top > this.height - edge) this.#y += this.height / 2 - top;
    this.#keepInSight();
  }

  #keepInSight() {
    if (this.zoom === 1) [this.#x, this.#y] = [0, 0];
    const most = this.radius;
    this.#x = Math.max(-most, Math.min(most, this.#x));
    this.#y = Math.max(-most, Math.min(most, this.#y));
  }
}
