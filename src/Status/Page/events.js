// The list of what happened, the newest on top; read out by screen readers as it grows.

import { make, plural, timeOf } from "./words.js";

const MAX_LINES = 60;
const CROWD = 12; // More of one kind at once are one line.

const WORDS = {
  joined: "joined",
  joining: "is being introduced",
  left: "left",
  died: "died",
  returned: "is back",
  gateway: "is a gateway",
  noGateway: "is no gateway any more",
};

export class EventList {
  #list;
  #empty;
  #choose;

  constructor(list, empty, choose) {
    [this.#list, this.#empty, this.#choose] = [list, empty, choose];
  }

  replace(events) {
    this.#list.replaceChildren();
    this.add(events.slice(-MAX_LINES));
  }

  add(events) {
    const kinds = Map.groupBy(events, event => event.kind);
    for (const event of events) {
      const alike = kinds.get(event.kind);
      if (alike.length <= CROWD) this.#put(event, this.#who(event.id));
      else if (alike[0] === event) this.#put(event, plural(alike.length, "member"));
    }
    while (this.#list.children.length > MAX_LINES) this.#list.lastElementChild.remove();
    this.#empty.hidden = this.#list.children.length > 0;
  }

  #put(event, who) {
    this.#list.prepend(make("li", { class: event.kind }, make("time", { datetime: new Date(event.at).toISOString() }, timeOf(event.at)), make("span", {}, who, " ", WORDS[event.kind] ?? event.kind)));
  }

  #who(id) {
    return make("button", { type: "button", class: "id", onclick: () => this.#choose(id) }, id);
  }
}
