// The page: a feed, a network, and four views of it: the picture, the totals, the events, the table.

import { EventList } from "./events.js";
import { listen } from "./feed.js";
import { useKeys } from "./keys.js";
import { Network } from "./network.js";
import { Panel } from "./panel.js";
import { Picture } from "./picture.js";
import { MemberTable } from "./table.js";
import { count, plural, rateText } from "./words.js";

const at = id => document.getElementById(id);
const network = new Network();
let chosen = null;

const picture = new Picture(at("picture"), network, { choose, hover });
const panel = new Panel(at("member"), network, choose);
const events = new EventList(at("events"), at("no-events"), choose);
const table = new MemberTable({ rows: at("rows"), more: at("more"), note: at("members-note") }, network, choose);

useKeys(at("picture"), network, { chosen: () => chosen, choose, open: () => chosen && panel.focus(), zoom: factor => picture.zoom(factor) });

at("find").addEventListener("input", event => find(event.target.value.trim().toLowerCase()));
at("member").addEventListener("keydown", event => {
  if (event.key === "Escape") {
    choose(null);
    at("picture").focus();
  }
});

listen({
  snapshot(whole) {
    network.replace(whole);
    introduce();
    events.replace(network.events);
    picture.changed();
    changed();
  },
  delta(part) {
    const { isTree: wasTree, complete: wasComplete } = network;
    const { came, went, events: news } = network.apply(part);
    if (network.isTree !== wasTree) introduce();
    events.add(news);
    picture.changed(wasComplete ? { came, went } : {}); // Until everybody was asked once, nobody is new.
    changed();
  },
  state(state, text) {
    at("connection").dataset.state = state;
    at("connection").textContent = text;
  },
});

setInterval(tell, 1000);

function introduce() {
  const { origin } = network;
  const shape = network.isTree ? "tree" : "ring";
  const name = origin.name ? ` ${origin.name}` : "";
  at("whose").textContent = `the ${shape} as seen by ${origin.kind === "hub" ? "hub" : "node"}${origin.id ? ` ${origin.id}` : ""}${name}`;
  document.title = `Overlay: ${shape} at ${origin.name ?? origin.id ?? origin.kind}`;
  at("column-above").textContent = network.isTree ? "parent" : "predecessor";
  at("legend-finger").textContent = network.isTree ? "spare links" : "fingers";
}

function changed() {
  at("empty").hidden = network.members.size > 0;
  at("empty").textContent = network.cutOff ? "No member can be asked just now. Trying again …" : "Asking the members …";
  table.changed();
  tell();
}

function tell() {
  const totals = network.totals(Date.now());
  at("total-members").textContent = count(totals.members);
  at("note-members").textContent = network.cutOff ? "none can be asked just now" : !network.complete && totals.members > 0 ? "still asking" : totals.silent > 0 ? `${count(totals.silent)} silent` : "";
  at("total-links").textContent = count(totals.links);
  at("note-links").textContent = totals.direct + totals.relayed > 0 ? `${count(totals.direct)} direct, ${count(totals.relayed)} relayed` : "";
  at("total-rate").textContent = rateText(totals.rate);
  at("note-rate").textContent = totals.rate === null ? "" : "over all links";
  at("total-churn").textContent = `${count(totals.came)}, ${count(totals.went)}`;
  at("picture").setAttribute("aria-label", `The ${network.isTree ? "tree" : "ring"} of ${plural(totals.members, "member")} with ${plural(totals.links, "link")}`);
  const times = picture.drawingTimes;
  at("frame").textContent = times.picture === null ? "" : `picture ${times.picture.toFixed(1)} ms, frame ${times.frame.toFixed(1)} ms`;
}

function choose(id) {
  chosen = id ?? null;
  picture.chosen = chosen;
  table.chosen = chosen;
  panel.show(chosen);
  const member = network.members.get(chosen);
  at("announce").textContent = member ? `${member.id}${member.name ? ", " + member.name : ""}: ${member.silent ? "silent" : member.phase}, ${plural(network.linksOf(member.id).length, "link")}` : "";
}

function hover(member, x, y) {
  const tip = at("tip");
  tip.hidden = member === null;
  if (member !== null) {
    const rate = network.rateOf(member.id);
    tip.textContent = `${member.id}${member.name ? " " + member.name : ""} · ${plural(network.linksOf(member.id).length, "link")}${rate === null ? "" : ` · ${rateText(rate)} messages/s`}`;
    const left = Math.min(x + 14, at("stage").clientWidth - tip.offsetWidth - 8);
    tip.style.transform = `translate(${left}px, ${y + 16}px)`;
  }
}

function find(text) {
  if (text.length === 0) return;
  const found = network.order.find(id => id.startsWith(text)) ?? network.order.find(id => network.members.get(id).name.toLowerCase().startsWith(text));
  if (found) choose(found);
}
