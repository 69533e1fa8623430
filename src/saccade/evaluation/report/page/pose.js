// The report on a pose model: how near its joints are, which, and what became of the others.

const ROW = 19;

/** A chart with a row for each joint, its name on the left; `drawRow(svg, joint, x, y)` fills a row. */
function jointChart(card, xLabel, drawRow, title) {
  const names = report.joints.names;
  const redraw = living(card, (width) => {
    const margin = { ...MARGIN, left: Math.min(0.36 * width, 16 + 6.6 * Math.max(...names.map((name) => name.length))) };
    const height = margin.top + margin.bottom + ROW * names.length;
    const x = scale(0, 1, margin.left, width - margin.right);
    const y = scale(0, 1, height - margin.bottom, margin.top);
    y.ticks = [];
    const svg = frame(width, height, x, y, xLabel, "", margin);
    names.forEach((name, joint) => {
      const middle = margin.top + ROW * (joint + 0.5);
      svg.append(draw("text", { class: "name", x: margin.left - 8, y: middle + 4, "text-anchor": "end" }, name));
      drawRow(svg, joint, x, middle);
    });
    place(card, fill(svg, { role: "img" }, []), title);
  });
  whenChanged((what) => { if (what === "models") redraw(); });
  return card;
}

/** How many of each joint are near enough: of the model, and of the mean pose. */
function rateChart() {
  const { title, names, rates } = report.joints;
  const lines = models.filter((model) => model.name in rates);
  return jointChart(figure(title), "share of labelled joints", (svg, joint, x, middle) => {
    for (const model of [...lines].reverse()) {
      const rate = rates[model.name][joint];
      if (choice.hidden.has(model.name) || rate === null) continue;
      const words = draw("title", {}, `${names[joint]}, ${model.name}: ${rate.toFixed(3)}`);
      svg.append(draw("circle", { class: "dot", cx: x(rate), cy: middle, r: 5.5, fill: model.color }, words));
    }
  }, `${title} of ${lines.map((model) => model.name).join(" and ")}`);
}

/** What became of each joint, as shares one after another. */
function fateChart({ words, colors, counts }) {
  const card = figure("What became of joints", "of the model");
  card.classList.add("wide");
  const keys = words.map((word, i) => make("span", { class: "model" }, make("i", { class: "patch", style: `background: ${colors[i]}` }), word));
  card.append(make("div", { class: "legend" }, keys));
  return jointChart(card, "share of labelled joints", (svg, joint, x, middle) => {
    const whole = counts[joint].reduce((sum, count) => sum + count, 0);
    let before = 0;
    counts[joint].forEach((count, i) => {
      if (!count) return;
      const [left, right] = [x(before / whole), x((before + count) / whole)];
      before += count;
      const text = `${report.joints.names[joint]}: ${count} of ${whole} ${words[i]}`;
      svg.append(draw("rect", { x: left, width: right - left, y: middle - 7, height: 14, fill: colors[i] }, draw("title", {}, text)));
    });
  }, "what became of each joint");
}

at("scores-note").textContent = report.note;
at("charts").append(
  curveChart(report.charts[0]),
  histogramChart(report.histogram, { title: "Similarity of poses", note: "of people who were found", xLabel: "similarity to the truth (OKS)", what: "person", many: "people" }),
  ownCurves(report.charts[1], report.precisions),
  rateChart(),
  fateChart(report.fates),
);
fillPage();
