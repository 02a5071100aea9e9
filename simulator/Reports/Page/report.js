// Draws the figures of a report from the numbers in #data. No library, no network; every figure is an SVG drawn to the width it has.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const svgNs = "http://www.w3.org/2000/svg";
  const pad = { left: 46, right: 10, top: 16, bottom: 20 };
  const height = 190;
  const figures = [];

  const element = (parent, name, attributes, text) => {
    const made = document.createElementNS(svgNs, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  };
  const color = i => `var(--s${i % 8})`;
  const fixed = value => +value.toFixed(1);

  // Numbers as people read them: 12.3 k, 99.95 %, 1 h 05 m.
  const short = value => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    for (const [limit, unit] of [[1e9, " G"], [1e6, " M"], [1e4, " k"]]) {
      if (size >= limit) return trim(value / (limit === 1e4 ? 1e3 : limit), 2) + unit;
    }
    return size >= 100 ? trim(value, 0) : size >= 10 ? trim(value, 1) : size >= 1 || size === 0 ? trim(value, 2) : trim(value, 4);
  };
  const amount = (value, chart) => chart.unit !== "ms" ? short(value) : value >= 1000 ? `${short(value / 1000)} s` : `${short(value)} ms`;
  const trim = (value, digits) => String(+value.toFixed(digits));
  const time = seconds => {
    const s = Math.round(seconds * 10) / 10;
    if (s < 60) return `${s} s`;
    const h = Math.floor(s / 3600), m = Math.floor(s % 3600 / 60), rest = Math.round(s % 60);
    if (h > 0) return m > 0 ? `${h} h ${String(m).padStart(2, "0")} m` : `${h} h`;
    return rest > 0 ? `${m} m ${String(rest).padStart(2, "0")} s` : `${m} m`;
  };
  const shown = (value, chart) => value === null || value === undefined ? "–" : chart.percent ? trim(value * 100, 2) + " %" : short(value);

  const niceStep = (span, count) => {
    const raw = span / count, power = 10 ** Math.floor(Math.log10(raw)), part = raw / power;
    return (part <= 1 ? 1 : part <= 2 ? 2 : part <= 2.5 ? 2.5 : part <= 5 ? 5 : 10) * power;
  };
  const timeStep = (span, count) => [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 604800, 2592000]
    .find(step => span / step <= count) || span;
  const ticks = (from, to, step) => {
    const all = [];
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) all.push(+(i * step).toPrecision(12));
    return all;
  };

  // The range of the values: from 0, but shares near 1 keep the upper end only, where the news is.
  const rangeOf = (low, high, percent) => {
    if (percent) {
      const least = Math.min(low, 0.999);
      const step = niceStep(1 - least, 3);
      return [Math.max(0, Math.floor(least / step + 1e-9) * step), 1];
    }
    const from = Math.min(0, low), to = high > from ? high : from + 1;
    const step = niceStep(to - from, 4);
    return [Math.floor(from / step) * step, Math.ceil(to / step) * step];
  };

  const frame = (figure, chart, description) => {
    const width = Math.max(220, figure.clientWidth);
    const svg = figure.querySelector("svg");
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    element(svg, "title", {}, chart.title);
    element(svg, "desc", {}, description);
    return { svg, width, left: pad.left, right: width - pad.right, top: pad.top, bottom: height - pad.bottom };
  };
  const valueAxis = (box, chart, low, high) => {
    const [from, to] = rangeOf(low, high, chart.percent);
    const y = value => box.bottom - (value - from) / (to - from) * (box.bottom - box.top);
    for (const tick of ticks(from, to, niceStep(to - from, chart.percent ? 3 : 4))) {
      element(box.svg, "line", { class: tick === from ? "axis" : "grid", x1: box.left, x2: box.right, y1: fixed(y(tick)), y2: fixed(y(tick)) });
      element(box.svg, "text", { x: box.left - 6, y: fixed(y(tick) + 3.5), "text-anchor": "end" }, chart.percent ? trim(tick * 100, 2) + "%" : short(tick));
    }
    return y;
  };

  // A path through the points that are there; a value of null breaks it.
  const pathOf = (points, x, y) => {
    let path = "", pen = false;
    for (const [t, value] of points) {
      if (value === null) { pen = false; continue; }
      path += `${pen ? "L" : "M"}${fixed(x(t))} ${fixed(y(value))}`;
      pen = true;
    }
    // A lone point between two gaps has no line; a tiny one makes it visible.
    return path.replace(/(M([\d.-]+) ([\d.-]+))(?=M|$)/g, "$1l0.01 0");
  };

  const summary = chart => chart.series.map(series => {
    const values = series.points.map(point => point[1]).filter(value => value !== null);
    return values.length === 0 ? `${series.name}: no values` : `${series.name}: from ${shown(Math.min(...values), chart)} to ${shown(Math.max(...values), chart)}, last ${shown(values[values.length - 1], chart)}`;
  }).join("; ") + (chart.unit ? ` (${chart.unit})` : "");

  const legend = (figure, chart, values) => {
    const line = figure.querySelector(".legend");
    line.replaceChildren();
    chart.series.forEach((series, i) => {
      const item = document.createElement("span");
      const swatch = document.createElement("i");
      swatch.style.background = color(series.color ?? i);
      item.append(swatch, series.name);
      if (values[i] !== undefined) {
        const number = document.createElement("b");
        number.textContent = shown(values[i], chart);
        item.append(number);
      }
      line.append(item);
    });
  };
  const last = series => { for (let i = series.points.length - 1; i >= 0; i--) if (series.points[i][1] !== null) return series.points[i][1]; return null; };

  // Values over simulated time, with the phases as bands and the faults as dashed lines.
  const drawTime = (figure, chart) => {
    const stacked = chart.stacked ? stack(chart.series) : chart.series;
    const box = frame(figure, chart, summary(chart));
    const values = stacked.flatMap(series => series.points.map(point => point[1])).filter(value => value !== null);
    const end = data.end > 0 ? data.end : 1;
    const x = t => box.left + t / end * (box.right - box.left);
    data.bands.forEach((band, i) => {
      const from = x(band.from), to = x(Math.min(band.to, end));
      if (i % 2 === 1) element(box.svg, "rect", { class: "band", x: fixed(from), y: box.top, width: fixed(Math.max(0, to - from)), height: box.bottom - box.top });
      const room = Math.floor((to - from - 4) / 5.6);
      if (room >= 3) element(box.svg, "text", { class: "name", x: fixed(from + 3), y: 11 }, band.name.length <= room ? band.name : band.name.slice(0, room - 1) + "…");
    });
    const y = valueAxis(box, chart, values.length ? Math.min(...values) : 0, values.length ? Math.max(...values) : 1);
    for (const tick of ticks(0, end, timeStep(end, box.right - box.left > 500 ? 8 : 5))) {
      element(box.svg, "text", { x: fixed(x(tick)), y: height - 5, "text-anchor": tick === 0 ? "start" : x(tick) > box.right - 16 ? "end" : "middle" }, tick === 0 ? "0" : time(tick));
    }
    for (const fault of data.faults) {
      const line = element(box.svg, "line", { class: "fault", x1: fixed(x(fault.t)), x2: fixed(x(fault.t)), y1: box.top, y2: box.bottom });
      element(line, "title", {}, `${time(fault.t)}: ${fault.text}`);
    }
    for (let i = stacked.length - 1; i >= 0; i--) {
      const series = stacked[i], stroke = color(series.color ?? i);
      const path = pathOf(series.points, x, y);
      if (chart.stacked || stacked.length === 1) fill(box, series.points, x, y, stroke, chart.stacked ? "stack" : "area", chart.stacked && i > 0 ? stacked[i - 1].points : null);
      const line = element(box.svg, "path", { class: "line", d: path || "M0 0", stroke, "data-points": series.points.filter(point => point[1] !== null).length });
      element(line, "title", {}, series.name);
    }
    hover(figure, chart, stacked, box, x, y, end);
    legend(figure, chart, chart.series.map(last));
  };
  // The area down to 0 (or to the lower end where that is above 0), or down to the series below in a stack.
  const fill = (box, points, x, y, tint, name, below) => {
    const there = points.filter(point => point[1] !== null);
    if (there.length < 2) return;
    const base = fixed(Math.min(box.bottom, y(0)));
    const back = below ? [...below].reverse().map(point => `L${fixed(x(point[0]))} ${fixed(y(point[1]))}`).join("")
      : `L${fixed(x(there[there.length - 1][0]))} ${base}L${fixed(x(there[0][0]))} ${base}`;
    element(box.svg, "path", { class: name, d: pathOf(there, x, y) + back + "Z", fill: tint });
  };
  const stack = all => {
    const sums = new Map();
    return all.map(series => ({ ...series, points: series.points.map(([t, value]) => {
      const sum = (sums.get(t) || 0) + (value || 0);
      sums.set(t, sum);
      return [t, sum];
    }) }));
  };

  // Pointing at one figure shows the same moment in all of them.
  const hover = (figure, chart, drawn, box, x, y, end) => {
    const rule = element(box.svg, "line", { class: "rule", y1: box.top, y2: box.bottom });
    const dots = drawn.map((series, i) => element(box.svg, "circle", { class: "dot", r: 3.2, fill: color(series.color ?? i) }));
    figure.show = t => {
      const on = t !== null && chart.series.length > 0;
      rule.style.visibility = on ? "visible" : "hidden";
      const at = chart.series.map((series, i) => on ? nearest(drawn[i].points, t) : -1);
      dots.forEach((dot, i) => {
        const point = at[i] >= 0 ? drawn[i].points[at[i]] : null;
        dot.style.visibility = point && point[1] !== null ? "visible" : "hidden";
        if (point && point[1] !== null) { dot.setAttribute("cx", fixed(x(point[0]))); dot.setAttribute("cy", fixed(y(point[1]))); }
      });
      if (on) { rule.setAttribute("x1", fixed(x(t))); rule.setAttribute("x2", fixed(x(t))); }
      legend(figure, chart, chart.series.map((series, i) => on ? (at[i] >= 0 ? series.points[at[i]][1] : null) : last(series)));
      figure.querySelector(".when").textContent = on ? `at ${time(t)}` : "";
    };
    const move = event => {
      const place = box.svg.getBoundingClientRect();
      const t = ((event.clientX - place.left) * box.width / place.width - box.left) / (box.right - box.left) * end;
      const inside = t >= -end * 0.02 && t <= end * 1.02;
      const first = drawn.find(series => series.points.length > 0);
      const index = inside && first ? nearest(first.points, t) : -1;
      figures.forEach(one => one.show && one.show(index >= 0 ? first.points[index][0] : null));
    };
    box.svg.onpointermove = move;
    box.svg.onpointerdown = move;
    box.svg.onpointerleave = () => figures.forEach(one => one.show && one.show(null));
  };
  const nearest = (points, t) => {
    let low = 0, high = points.length - 1;
    if (high < 0) return -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (points[middle][0] <= t) low = middle; else high = middle;
    }
    return t - points[low][0] <= points[high][0] - t ? low : high;
  };

  // How often which value came, with median and 99th percentile.
  const drawBars = (figure, chart) => {
    const box = frame(figure, chart, `${chart.count} values, mean ${amount(chart.mean, chart)}, median ${amount(chart.p50, chart)}, 99th percentile ${amount(chart.p99, chart)}, largest ${amount(chart.max, chart)}`);
    const place = value => chart.log ? Math.log10(Math.max(value, chart.from)) : value;
    const from = place(chart.from), to = Math.max(place(chart.to), from + 1e-9);
    const x = value => box.left + (place(value) - from) / (to - from) * (box.right - box.left);
    const y = valueAxis(box, { percent: false }, 0, Math.max(...chart.bars.map(bar => 100 * bar[2] / chart.count)));
    const marks = chart.log ? logTicks(chart.from, chart.to) : ticks(chart.from, chart.to, Math.max(1, niceStep(chart.to - chart.from, 8)));
    let free = -1;
    for (const tick of marks) {
      const label = amount(tick, chart);
      if (x(tick) < free) continue;
      free = x(tick) + label.length * 6 + 10;
      element(box.svg, "text", { x: fixed(chart.log ? x(tick) : (x(tick) + x(Math.min(tick + 1, chart.to))) / 2), y: height - 5, "text-anchor": "middle" }, label);
    }
    let path = "";
    for (const [start, stop, count] of chart.bars) {
      const gap = x(stop) - x(start) > 4 ? 0.75 : 0;
      path += `M${fixed(x(start) + gap)} ${box.bottom}V${fixed(y(100 * count / chart.count))}H${fixed(Math.max(x(stop) - gap, x(start) + gap + 0.6))}V${box.bottom}Z`;
    }
    element(box.svg, "path", { class: "bars", d: path, fill: color(chart.color), "data-points": chart.bars.length });
    const middle = value => fixed(Math.min(chart.log ? x(value) : (x(value) + x(Math.min(value + 1, chart.to))) / 2, box.right));
    const isClose = middle(chart.p99) - middle(chart.p50) < 28;
    [["p50", chart.p50], ["p99", chart.p99]].forEach(([name, value], i) => {
      const at = middle(value);
      element(box.svg, "line", { class: "axis", x1: at, x2: at, y1: box.top - 2, y2: box.bottom, style: "stroke: var(--ink); stroke-dasharray: 1 3" });
      element(box.svg, "text", { class: "mark", x: at, y: 10, "text-anchor": isClose ? (i === 0 ? "end" : "start") : at > box.right - 30 ? "end" : "middle" }, name);
    });
    const whole = figure.querySelector(".when");
    let below = 0;
    for (const [start, stop, count] of chart.bars) {
      below += count;
      const share = below / chart.count;
      const hit = element(box.svg, "rect", { class: "hit", x: fixed(x(start)), width: fixed(Math.max(1, x(stop) - x(start))), y: box.top, height: box.bottom - box.top });
      const text = `${chart.log ? amount(start, chart) + " … " + amount(stop, chart) : `${short(start)} ${chart.unit}`}: ${trim(100 * count / chart.count, 2)} %, up to here ${trim(100 * share, 2)} %`;
      element(hit, "title", {}, text);
      hit.onpointerenter = () => { whole.textContent = text; };
      hit.onpointerleave = () => { whole.textContent = ""; };
    }
    figure.querySelector(".legend").textContent = [["mean", chart.mean], ["p50", chart.p50], ["p99", chart.p99]]
      .map(([name, value]) => `${name} ${amount(value, chart)}`).join(" · ");
  };
  const logTicks = (from, to) => {
    const all = [];
    for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
      for (const digit of to / from > 300 ? [1] : to / from > 12 ? [1, 3] : [1, 2, 3, 5, 7]) {
        const tick = +(digit * 10 ** power).toPrecision(3);
        if (tick >= from * 0.999 && tick <= to * 1.001) all.push(tick);
      }
    }
    return all;
  };

  // Means of a sweep with their confidence intervals, over the values of one key.
  const drawSweep = (figure, chart) => {
    const box = frame(figure, chart, summary({ ...chart, series: chart.series.map(series => ({ name: series.name, points: series.points.map(point => [point[0], point[1]]) })) }));
    const all = chart.series.flatMap(series => series.points).filter(point => point[1] !== null);
    const ends = all.flatMap(point => [point[1] - point[2], point[1] + point[2]]);
    const y = valueAxis(box, chart, Math.max(chart.percent ? 0 : -Infinity, Math.min(...ends)), Math.max(...ends));
    const places = chart.x.map(item => item.value), log = chart.logX;
    const place = value => log ? Math.log10(value) : value;
    const from = place(Math.min(...places)), to = place(Math.max(...places));
    const x = value => to === from ? (box.left + box.right) / 2 : box.left + 14 + (place(value) - from) / (to - from) * (box.right - box.left - 28);
    let free = -1;
    for (const item of chart.x) {
      const at = x(item.value), half = item.label.length * 3;
      if (at - half < free) continue;
      free = at + half + 8;
      element(box.svg, "text", { x: fixed(at), y: height - 5, "text-anchor": "middle" }, item.label);
    }
    chart.series.forEach((series, i) => {
      const stroke = color(i);
      for (const [at, mean, half] of series.points) {
        if (mean === null) continue;
        if (half > 0) {
          const [low, high] = [fixed(Math.min(y(mean - half), box.bottom)), fixed(Math.max(y(mean + half), box.top))];
          element(box.svg, "path", { class: "error", stroke, d: `M${fixed(x(at))} ${low}V${high}M${fixed(x(at) - 3)} ${low}h6M${fixed(x(at) - 3)} ${high}h6` });
        }
        const dot = element(box.svg, "circle", { r: 3, fill: stroke, cx: fixed(x(at)), cy: fixed(y(mean)) });
        const label = chart.x.find(item => item.value === at).label;
        element(dot, "title", {}, `${series.name} ${chart.key} ${label}: ${shown(mean, chart)} ± ${shown(half, chart)} ${chart.unit}`);
        dot.onpointerenter = () => { figure.querySelector(".when").textContent = `${label}: ${shown(mean, chart)} ± ${shown(half, chart)}`; };
        dot.onpointerleave = () => { figure.querySelector(".when").textContent = ""; };
      }
      element(box.svg, "path", { class: "line", stroke, d: pathOf(series.points.map(point => [point[0], point[1]]), x, y) || "M0 0", "data-points": series.points.length });
    });
    legend(figure, chart, []);
  };

  const drawers = { time: drawTime, bars: drawBars, sweep: drawSweep };
  const draw = figure => drawers[figure.chart.kind](figure, figure.chart);
  for (const chart of data.charts) {
    const figure = document.getElementById(chart.id);
    figure.chart = chart;
    figures.push(figure);
    draw(figure);
  }
  let waiting = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => figures.forEach(draw));
  }).observe(document.querySelector("main"));
  document.documentElement.dataset.drawn = String(figures.length);
})();
