// The chosen member: its tables, its links, and what was seen of its messages.

import { count, make, millisText, plural, rateText, timeOf } from "./words.js";

const PERIOD = 2000;

/** What a link is for, in the words of each shape. */
const PURPOSES = {
  ring: { ring: "neighbour", application: "app" },
  tree: { ring: "tree", finger: "far link", join: "spare", application: "app" },
};

export class Panel {
  #root;
  #network;
  #choose;
  #id = null;
  #timer = 0;
  #asked = 0;

  constructor(root, network, choose) {
    [this.#root, this.#network, this.#choose] = [root, network, choose];
  }

  show(id) {
    clearTimeout(this.#timer);
    this.#id = id;
    this.#root.hidden = id === null;
    if (id === null) this.#root.replaceChildren();
    else this.#refresh();
  }

  focus() { this.#root.focus(); }

  async #refresh() {
    const asked = ++this.#asked;
    const id = this.#id;
    let detail = null;
    try {
      const response = await fetch(`members/${id}`);
      if (response.status === 200) detail = await response.json();
    } catch {
      // The connection is lost; the header says so.
    }
    if (asked !== this.#asked || id !== this.#id) return;
    if (detail) this.#draw(detail);
    else if (this.#root.dataset.id !== id || !this.#network.members.has(id)) this.#gone(id);
    this.#timer = setTimeout(() => this.#refresh(), PERIOD);
  }

  #gone(id) {
    this.#root.dataset.id = id;
    this.#root.replaceChildren(this.#title(id, null), make("p", { class: "quiet" }, "It is not in the network now."));
  }

  #draw(member) {
    const focused = document.activeElement?.dataset?.key;
    const { isTree } = this.#network;
    this.#root.dataset.id = member.id;
    this.#root.replaceChildren(
      this.#title(member.id, member.name),
      make("p", { class: "quiet" }, `${member.silent ? "did not answer in the last round" : member.phase}, ${plural(member.links.length, "link")}, heard at ${timeOf(Date.parse(member.heardAt))}`),
      member.totals ? make("p", { class: "quiet" }, `forwarded ${count(member.totals.forwarded)}, delivered ${count(member.totals.delivered)}, dropped ${count(member.totals.dropped)} since ${timeOf(Date.now() - member.totals.uptimeMs)}`) : "",
      ...this.#ids(isTree ? "Parent" : "Predecessor", member.above ? [member.above] : [], isTree ? "none: it is the root" : "none"),
      ...this.#ids(isTree ? "Children" : "Successors", member.below, "none"),
      ...this.#links(member.links),
      ...(isTree ? [] : this.#ids("Fingers", member.fingers.map(finger => finger.id), "none", member.fingers.map(finger => `2^${finger.row}`))),
      ...traces(member.traces),
    );
    if (focused) this.#root.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  #title(id, name) {
    return make("div", { class: "title" },
      make("h2", { id: "member-id" }, make("strong", { class: "id" }, id)),
      name ? make("span", {}, name) : null,
      make("button", { type: "button", class: "close", "data-key": "close", "aria-label": "Close", onclick: () => this.#choose(null) }, "×"));
  }

  #ids(title, ids, none, notes = []) {
    return [
      make("h3", {}, title),
      ids.length === 0 ? make("p", { class: "quiet" }, none) : make("p", { class: "chips" }, ...ids.map((id, i) => this.#button(id, `${title}-${i}`, notes[i]))),
    ];
  }

  #links(links) {
    const words = PURPOSES[this.#network.isTree ? "tree" : "ring"];
    const rows = links.map((link, i) => make("tr", {},
      make("td", {}, this.#button(link.id, `link-${i}`)),
      make("td", { class: link.kind === "relayed" ? "relayed-word" : null }, link.phase === "open" ? (link.kind === "unknown" ? "open" : link.kind) : link.phase),
      make("td", {}, link.purpose.split(" ").map(word => words[word] ?? word).join(", ") || (link.incoming ? "theirs" : "–")),
      make("td", { class: "number" }, millisText(link.rttMs)),
      make("td", { class: "number" }, rateText(link.sentPerSecond))));
    return [make("h3", {}, "Links"), make("table", {},
      make("thead", {}, make("tr", {}, ...["to", "way", "for"].map(text => make("th", { scope: "col" }, text)), ...[["RTT", "round-trip time"], ["sent/s", "messages sent a second"]].map(([text, title]) => make("th", { scope: "col", class: "number", title }, text)))),
      make("tbody", {}, ...rows))];
  }

  #button(id, key, title) {
    return make("button", { type: "button", class: "id", "data-key": key, title, onclick: () => this.#choose(id) }, id);
  }
}

function traces(spans) {
  if (spans.length === 0) return [];
  const rows = spans.map(span => make("tr", {},
    make("td", {}, timeOf(Date.parse(span.at))),
    make("td", { title: `trace ${span.traceId}` }, span.name),
    make("td", { class: "id" }, span.peer.slice(0, 12)),
    make("td", { class: "number" }, millisText(span.ms)),
    make("td", { class: ["sent", "done", "open", "ok", ""].includes(span.outcome) ? null : "failed-word" }, span.outcome)));
  return [make("h3", {}, "Recent traces"), make("table", {},
    make("thead", {}, make("tr", {}, ...["at", "what", "with"].map(text => make("th", { scope: "col" }, text)), make("th", { scope: "col", class: "number" }, "took"), make("th", { scope: "col" }, "outcome"))),
    make("tbody", {}, ...rows))];
}
