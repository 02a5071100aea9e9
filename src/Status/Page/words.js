// How numbers, moments and ids are written.

export const shortId = id => id.slice(0, 4);

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const timeOf = ms => clock.format(new Date(ms));

export function rateText(rate) {
  if (rate === null || rate < 0) return "–";
  if (rate === 0) return "0";
  if (rate < 10) return rate.toFixed(1);
  return Math.round(rate).toLocaleString("en");
}

export const count = n => n.toLocaleString("en");

export const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;

export function millisText(ms) {
  if (ms === null) return "–";
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** An element with what it holds; strings become text, never markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}
