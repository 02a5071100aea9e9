// The same as a table, for those who do not see the picture, and for those who look for somebody.

import { make, plural, rateText } from "./words.js";

const PAGE = 100;
const PERIOD = 1000;

export class MemberTable {
  #rows;
  #more;
  #note;
  #network;
  #choose;
  #shown = PAGE;
  #chosen = null;
  #timer = 0;

  constructor({ rows, more, note }, network, choose) {
    [this.#rows, this.#more, this.#note, this.#network, this.#choose] = [rows, more, note, network, choose];
    more.addEventListener("click", () => {
      this.#shown += PAGE;
      this.#draw();
    });
  }

  set chosen(id) {
    this.#chosen = id;
    this.changed();
  }

  /** Not with every change: who reads a table does not want it to jump. */
  changed() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#draw();
    }, this.#rows.children.length === 0 ? 0 : PERIOD);
  }

  #draw() {
    const focused = document.activeElement?.dataset?.row;
    const ids = this.#network.order;
    this.#rows.replaceChildren(...ids.slice(0, this.#shown).map(id => this.#row(this.#network.members.get(id))));
    this.#more.hidden = ids.length <= this.#shown;
    this.#note.textContent = plural(ids.length, "member") + (ids.length > this.#shown ? `, the first ${this.#shown} by id` : " by id")
      + (this.#network.leftOut > 0 ? `; ${this.#network.leftOut} more are left out` : "");
    if (focused) this.#rows.querySelector(`[data-row="${focused}"]`)?.focus();
  }

  #row(member) {
    return make("tr", { class: member.id === this.#chosen ? "chosen" : null, "aria-selected": member.id === this.#chosen ? "true" : null },
      make("td", {}, make("button", { type: "button", class: "id", "data-row": member.id, onclick: () => this.#choose(member.id) }, member.id)),
      make("td", {}, member.name || "–"),
      make("td", {}, member.silent ? "silent" : member.phase),
      make("td", { class: "id" }, member.above || (this.#network.isTree ? "root" : "–")),
      make("td", { class: "number" }, String(this.#network.linksOf(member.id).length)),
      make("td", { class: "number" }, rateText(this.#network.rateOf(member.id))));
  }
}
