// The network as the server told of it: members, links, what happened.

export const Carrier = { unknown: 0, direct: 1, relayed: 2 };
export const Purpose = { ring: 1, finger: 2, application: 4, join: 8 };

const TURN = 2 ** 48;
const MINUTE = 60_000;

export class Network {
  origin = { kind: "" };
  members = new Map();
  links = new Map();
  events = [];
  isTree = false;
  complete = false;
  cutOff = false;
  leftOut = 0;
  version = 0; // Counts changes of what stands where.
  #order = null;
  #linksOf = null;

  /** Ids in the order of the circle. */
  get order() { return this.#order ??= [...this.members.keys()].sort(); }

  /** Takes the whole picture. */
  replace(picture) {
    this.origin = picture.origin;
    const before = this.members;
    this.members = new Map();
    this.links = new Map();
    for (const row of picture.members) this.#put(row, before.get(row[0]));
    for (const row of picture.links) this.#link(row);
    this.events = picture.events.map(eventOf);
    this.#changed(picture);
  }

  /** Takes changes. Tells who came and who went. */
  apply(delta) {
    const came = [];
    const went = [];
    for (const row of delta.members) {
      if (!this.members.has(row[0])) came.push(row[0]);
      this.#put(row, this.members.get(row[0]));
    }
    for (const id of delta.gone) {
      const member = this.members.get(id);
      if (member) went.push(member);
      this.members.delete(id);
    }
    for (const row of delta.links) this.#link(row);
    for (const [low, high] of delta.cut) this.links.delete(low + high);
    const last = this.events.at(-1)?.number ?? 0;
    const events = delta.events.map(eventOf).filter(event => event.number > last); // What a whole picture has told already is not told again.
    this.events.push(...events);
    this.events.splice(0, Math.max(0, this.events.length - 200));
    this.#changed(delta);
    return { came: came.map(id => this.members.get(id)), went, events };
  }

  /** The links of a member. */
  linksOf(id) {
    if (!this.#linksOf) {
      this.#linksOf = new Map();
      for (const link of this.links.values()) {
        for (const end of [link.low, link.high]) {
          const list = this.#linksOf.get(end);
          if (list) list.push(link);
          else this.#linksOf.set(end, [link]);
        }
      }
    }
    return this.#linksOf.get(id) ?? [];
  }

  /** Messages a second that a member sends; null where nobody said. */
  rateOf(id) {
    let sum = null;
    for (const link of this.linksOf(id)) {
      const rate = link.low === id ? link.up : link.down;
      if (rate >= 0) sum = (sum ?? 0) + rate;
    }
    return sum;
  }

  totals(now) {
    let direct = 0, relayed = 0, rate = null;
    for (const link of this.links.values()) {
      if (link.carrier === Carrier.relayed) relayed++;
      if (link.carrier === Carrier.direct) direct++;
      for (const one of [link.up, link.down]) if (one >= 0) rate = (rate ?? 0) + one;
    }
    const recent = this.events.filter(event => event.at > now - MINUTE);
    return {
      members: this.members.size,
      silent: [...this.members.values()].filter(member => member.silent).length,
      links: this.links.size,
      direct,
      relayed,
      rate,
      came: recent.filter(event => event.kind === "joined" || event.kind === "returned").length,
      went: recent.filter(event => event.kind === "died" || event.kind === "left").length,
    };
  }

  #put([id, phase, above, name, silent], before) {
    this.members.set(id, { ...before, id, phase, above, name, silent: silent === 1, turn: parseInt(id, 16) / TURN });
  }

  #link([low, high, carrier, purpose, up, down]) {
    this.links.set(low + high, { low, high, carrier, purpose, up, down });
  }

  #changed({ topology, complete, cutOff, leftOut }) {
    this.isTree = topology === "tree";
    this.complete = complete;
    this.cutOff = cutOff;
    this.leftOut = leftOut;
    this.#order = null;
    this.#linksOf = null;
    this.version++;
  }
}

const eventOf = ([number, at, kind, id]) => ({ number, at, kind, id });
