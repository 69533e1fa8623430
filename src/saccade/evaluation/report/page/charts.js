// Charts as inline SVG, drawn in the pixels that they have, so that text is of the same size everywhere.

const MARGIN = { top: 8, right: 12, bottom: 40, left: 44 };

/** A linear or logarithmic map from values to pixels, with ticks. */
function scale(low, high, from, to, { log = false, ticks = 5 } = {}) {
  const forth = log ? Math.log10 : (value) => value;
  const [a, b] = [forth(low), forth(high)];
  const map = (value) => from + ((forth(value) - a) / (b - a || 1)) * (to - from);
  map.ticks = log ? logTicks(low, high, Math.abs(to - from)) : linearTicks(low, high, ticks);
  return map;
}

function linearTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function logTicks(low, high, pixels) {
  const ticks = [];
  const room = pixels / Math.log10(high / low);
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of room > 120 ? [1, 2, 5] : [1]) ticks.push(factor * 10 ** power);
  }
  return ticks.map((tick) => Number(tick.toPrecision(6))).filter((tick) => tick >= low && tick <= high);
}

/** An empty chart with grid, ticks and labels. */
function frame(width, height, x, y, xLabel, yLabel, margin = MARGIN) {
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, height });
  for (const tick of y.ticks) {
    svg.append(
      draw("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      draw("text", { x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, `${tick}`),
    );
  }
  for (const tick of x.ticks) {
    svg.append(
      draw("line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: bottom }),
      draw("text", { x: x(tick), y: bottom + 16, "text-anchor": "middle" }, `${tick}`),
    );
  }
  svg.append(
    draw("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    draw("text", { x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, xLabel),
  );
  if (yLabel) svg.append(draw("text", { x: 0, y: 0, "text-anchor": "middle", transform: `translate(11 ${(top + bottom) / 2}) rotate(-90)` }, yLabel));
  return svg;
}

/** Points joined by lines, with gaps where there is no value. */
function path(values, x, y) {
  let pen = "M";
  return values.map((value, i) => {
    if (value === null || value === undefined) { pen = "M"; return ""; }
    const step = `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
}

/** Redraws a chart whenever its width or the choice of models changes. */
function living(figure, drawAt) {
  let width = 0;
  const redraw = () => { if (width) drawAt(width); };
  new ResizeObserver(([entry]) => {
    if (Math.round(entry.contentRect.width) === width) return;
    width = Math.round(entry.contentRect.width);
    redraw();
  }).observe(figure);
  return redraw;
}

/** Puts an SVG into a figure in place of the one that was there. */
function place(figure, svg, title) {
  svg.setAttribute("aria-label", title);
  const old = figure.querySelector(":scope > svg");
  if (old) old.replaceWith(svg);
  else figure.append(svg);
}

function figure(title, note = "") {
  return make("figure", { class: "card" }, make("figcaption", {}, title, note ? make("small", {}, note) : null));
}

/** Success, precision and the like: a curve for each line, and what all of them are under the pointer. */
function curveChart(chart, linesOf = shown) {
  const column = report.columns.find((one) => one.key === chart.score);
  const card = figure(chart.title);
  const readout = make("div", { class: "readout", hidden: true });
  card.append(readout);
  const redraw = living(card, (width) => {
    const lines = linesOf().filter((model) => model.curves[chart.key]);
    const xs = chart.x || Array.from({ length: Math.max(2, ...lines.map((model) => model.curves[chart.key].length)) }, (_, i) => i);
    const height = Math.round(Math.min(300, Math.max(220, width * 0.62)));
    const x = scale(xs[0], xs[xs.length - 1], MARGIN.left, width - MARGIN.right);
    const y = scale(0, chart.top ?? 100, height - MARGIN.bottom, MARGIN.top);
    const svg = frame(width, height, x, y, chart.xLabel, chart.yLabel);
    for (const model of [...lines].reverse()) {
      const line = path(model.curves[chart.key], (i) => x(xs[i]), y);
      svg.append(draw("path", { class: "curve", d: line, stroke: model.color, "stroke-dasharray": dashes(model, 2) }));
    }
    const guide = draw("line", { class: "guide", y1: MARGIN.top, y2: height - MARGIN.bottom, visibility: "hidden" });
    svg.append(guide);
    probe(svg, readout, guide, xs, x, (i) => ({
      title: `${xs[i]}`,
      rows: lines.map((model) => [model, model.curves[chart.key][i]]).filter(([, value]) => typeof value === "number"),
    }), chart.decimals ?? 1);
    place(card, svg, `${chart.title}: ${lines.map((model) => `${model.name} ${column ? format(model.scores[chart.score], column) : ""}`).join(", ")}`);
  });
  whenChanged((what) => { if (what === "models") redraw(); });
  return card;
}

/** Shows the values at a place under the pointer, or with the arrow keys. */
function probe(svg, readout, guide, xs, x, values, decimals) {
  let index = Math.floor(xs.length / 2);
  const show = (i) => {
    index = Math.min(Math.max(i, 0), xs.length - 1);
    const { title, rows } = values(index);
    const left = x(xs[index]);
    guide.setAttribute("x1", left);
    guide.setAttribute("x2", left);
    guide.setAttribute("visibility", "visible");
    rows.sort((a, b) => b[1] - a[1]);
    readout.replaceChildren(
      make("div", {}, make("span", {}, title)),
      ...rows.map(([model, value]) => make("div", {}, swatch(model), model.name, make("b", {}, value.toFixed(decimals)))),
    );
    readout.hidden = false;
    const width = svg.clientWidth;
    const room = readout.offsetWidth + 14;
    readout.style.left = `${Math.max(4, left + room + 16 < width ? left + 30 : left - room + 10)}px`;
    readout.style.top = "44px";
  };
  const hide = () => { readout.hidden = true; guide.setAttribute("visibility", "hidden"); };
  fill(svg, {
    tabindex: 0,
    role: "img",
    pointermove: (event) => {
      const px = event.clientX - svg.getBoundingClientRect().left;
      show(xs.reduce((best, value, i) => (Math.abs(x(value) - px) < Math.abs(x(xs[best]) - px) ? i : best), 0));
    },
    pointerleave: hide,
    blur: hide,
    keydown: (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show(readout.hidden ? index : index + step);
    },
  }, []);
}

/** The range of scores, widened to whole ticks and never out of what a score can be. */
function extent(values, column) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = Math.max((high - low) * 0.12, 10 ** -column.decimals);
  const top = column.unit === "%" ? Math.min(100, high + pad) : high + pad;
  return [low >= 0 ? Math.max(0, low - pad) : low - pad, Math.max(top, high)];
}

/** Speed against accuracy: a dot for each model, with its name. */
function speedChart() {
  if (models.filter((model) => model.fps).length < 2) return null;
  const card = figure("Speed and accuracy", "up and to the right is better");
  const redraw = living(card, (width) => {
    const column = choice.column;
    const dots = shown().filter((model) => model.fps && typeof model.scores[column.key] === "number");
    if (!dots.length) { place(card, draw("svg", { height: 40 }), "no model is shown"); return; }
    const height = Math.round(Math.min(300, Math.max(220, width * 0.62)));
    const speeds = dots.map((model) => model.fps);
    const x = scale(Math.min(...speeds) / 1.5, Math.max(...speeds) * 1.5, MARGIN.left, width - MARGIN.right, { log: true });
    const y = scale(...extent(dots.map((model) => model.scores[column.key]), column), height - MARGIN.bottom, MARGIN.top);
    const svg = frame(width, height, x, y, "speed [frames/s]", heading(column));
    const taken = [];
    for (const model of dots) {
      const [px, py] = [x(model.fps), y(model.scores[column.key])];
      svg.append(draw("circle", { class: "dot", cx: px, cy: py, r: 6, fill: model.color }, draw("title", {}, `${model.name}: ${model.fps.toFixed(1)} frames/s, ${format(model.scores[column.key], column)}`)));
      taken.push({ x1: px - 7, x2: px + 7, y1: py - 7, y2: py + 7 });
    }
    for (const model of dots) svg.append(...label(model.name, x(model.fps), y(model.scores[column.key]), width, taken));
    place(card, fill(svg, { role: "img" }, []), `speed and ${column.title} of ${dots.length} models`);
  });
  whenChanged((what) => { if (what === "models" || what === "column") redraw(); });
  return card;
}

/** A name beside a dot, where nothing else is; none where there is no room, for colours tell as well. */
function label(name, px, py, width, taken) {
  const long = name.length * 6.3;
  const places = [[10, 4, "start"], [-10, 4, "end"], [0, -11, "middle"], [0, 19, "middle"], [9, -8, "start"], [9, 16, "start"], [-9, -8, "end"], [-9, 16, "end"]];
  const boxes = places.map(([dx, dy, anchor]) => {
    const x1 = px + dx - { start: 0, middle: long / 2, end: long }[anchor];
    return { x1, x2: x1 + long, y1: py + dy - 9, y2: py + dy + 3, dx, dy, anchor };
  });
  const inside = boxes.filter((box) => box.x1 > MARGIN.left && box.x2 < width - 2);
  const box = inside.find((box) => taken.every((other) => box.x2 < other.x1 || box.x1 > other.x2 || box.y2 < other.y1 || box.y1 > other.y2));
  if (!box) return [];
  taken.push(box);
  return [draw("text", { class: "name", x: px + box.dx, y: py + box.dy, "text-anchor": box.anchor }, name)];
}

/** Scores by attribute: a line of dots for each. */
function attributeChart() {
  const letters = Object.keys(report.attributes);
  if (!letters.length) return null;
  const card = figure("By attribute");
  card.classList.add("wide");
  const redraw = living(card, (width) => {
    const column = choice.column;
    const of = (model, letter) => (model.attributes[letter] || {})[column.key];
    const values = shown().flatMap((model) => letters.map((letter) => of(model, letter))).filter((value) => typeof value === "number");
    if (!values.length) { place(card, draw("svg", { height: 40 }), "no scores"); return; }
    const wide = width > 560;
    const names = letters.map((letter) => (wide && letter !== report.attributes[letter] ? `${report.attributes[letter]} (${letter})` : letter));
    const margin = { ...MARGIN, left: Math.min(width / 2, 16 + 6.6 * Math.max(...names.map((name) => name.length))) };
    const height = margin.top + margin.bottom + 24 * letters.length;
    const x = scale(...extent(values, column), margin.left + 8, width - margin.right - 8);
    const y = (row) => margin.top + 24 * row + 12;
    y.ticks = [];
    const svg = frame(width, height, x, y, heading(column), "", margin);
    letters.forEach((letter, row) => {
      const count = report.sequences.filter((sequence) => sequence.attributes.includes(letter)).length;
      svg.append(
        draw("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(row), y2: y(row) }),
        draw("text", { class: "name", x: margin.left - 8, y: y(row) + 4, "text-anchor": "end" }, names[row], draw("title", {}, `${report.attributes[letter]}: ${counted(count, "sequence")}`)),
      );
      for (const model of [...shown()].reverse()) {
        const value = of(model, letter);
        if (typeof value !== "number") continue;
        svg.append(draw("circle", { class: "dot", cx: x(value), cy: y(row), r: 5.5, fill: model.color }, draw("title", {}, `${model.name}: ${format(value, column)}`)));
      }
    });
    place(card, fill(svg, { role: "img" }, []), `${column.title} by attribute`);
  });
  whenChanged((what) => { if (what === "models" || what === "column") redraw(); });
  return card;
}
