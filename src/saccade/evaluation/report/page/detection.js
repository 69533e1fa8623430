// The report on a detector: what is drawn of each class, and the tables.

for (const line of models) if (line.isHidden) choice.hidden.add(line.name);

/** A cell of words or of a number, which may be missing. */
function plainCell(text) { return make("td", { class: text === "–" ? "empty" : null }, text); }

/** A table whose first column is text and whose others are numbers, sorted by any of them. */
function plainTable(content) {
  const number = (text) => (text === "–" ? null : Number(text));
  const columns = content.head.map((title, place) => (place
    ? { title, value: (row) => number(row[place]), cell: (row) => plainCell(row[place]) }
    : { title, text: true, value: (row) => row[0], cell: (row) => make("th", { scope: "row", title: row[0] }, row[0]) }));
  const { table, update } = sortable(columns, content.title);
  update(content.rows);
  return table;
}

/** Precision, recall and F1 over thresholds. */
function rateChart() {
  const card = curveChart(report.charts[1], () => report.rates);
  card.querySelector("figcaption").after(make("div", { class: "legend" }, report.rates.map((rate) => make("span", { class: "model" }, swatch(rate), rate.name === "f1" ? "F1" : rate.name))));
  return card;
}

/** How many right detections overlap their truth by how much. */
function histogramChart({ edges, counts }) {
  const card = figure("Overlap of what is right", "from the threshold on");
  living(card, (width) => {
    const height = Math.round(Math.min(300, Math.max(220, width * 0.62)));
    const x = scale(edges[0], edges[edges.length - 1], MARGIN.left, width - MARGIN.right);
    const y = scale(0, Math.max(1, ...counts), height - MARGIN.bottom, MARGIN.top);
    const svg = frame(width, height, x, y, "overlap with the truth (IoU)", "detections");
    counts.forEach((count, bin) => {
      const [left, right] = [x(edges[bin]), x(edges[bin + 1])];
      const title = draw("title", {}, `${edges[bin]} to ${edges[bin + 1]}: ${counted(count, "detection")}`);
      svg.append(draw("rect", { class: "bar", x: left + 1, width: right - left - 2, y: y(count), height: y(0) - y(count) }, title));
    });
    place(card, fill(svg, { role: "img" }, []), `overlaps of ${counts.reduce((sum, count) => sum + count, 0)} detections`);
  });
  return card;
}

/** What is annotated as what, and found as what; background is what is neither. */
function confusionTable({ classes, counts }) {
  const sums = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const head = make("tr", {}, make("th", { scope: "col" }, make("span", {}, "annotated as ↓ found as →")), classes.map((name) => make("th", { scope: "col" }, make("span", {}, name))));
  const cell = (count, row) => (count
    ? make("td", { class: "heat", style: `--share: ${(0.75 * count / sums[row]).toFixed(3)}`, title: `${(100 * count / sums[row]).toFixed(1)} % of the row` }, `${count}`)
    : make("td", { class: "empty" }, "·"));
  const body = classes.map((name, row) => make("tr", {}, make("th", { scope: "row", title: name }, name), counts[row].map((count) => cell(count, row))));
  const table = make("table", { "aria-label": "Confusion" }, make("thead", {}, head), make("tbody", {}, body));
  return block("Confusion", "From the threshold on; right classes are matched first, then what is left whatever its class. The last row is what was found where nothing is, the last column what was not found.", table);
}

/** Ticks to show and hide classes. */
function classLegend() {
  const toggles = models.map((line) => toggle(line));
  at("legend").append(...toggles.map((one) => one.label));
  whenChanged((what) => { if (what === "models") toggles.forEach((one) => one.update()); });
}

function listed(title, lines) {
  return lines.length ? block(title, "", make("ul", {}, lines.map((line) => make("li", {}, line)))) : null;
}

at("facts").textContent = report.facts;
at("footer").textContent = `saccade ${report.version}. The same numbers stand in report.json and report.md, plots in plots/.`;
at("scores-note").textContent = report.threshold === null
  ? "Nothing was found, so there is no threshold to choose."
  : `Precision, recall and F1 of all classes together at a threshold of ${report.threshold.toFixed(3)}, where that F1 is highest, at an overlap of 0.5. “–” has no meaning: there is nothing to be found, or nothing was.`;
at("leaderboard").append(plainTable(report.scores));
at("charts").append(curveChart(report.charts[0]), rateChart(), histogramChart(report.histogram));
classLegend();
at("tables").append(...[
  ...report.tables.map((content) => block(content.title, "", plainTable(content))),
  confusionTable(report.confusion),
  listed("How it was scored", report.how),
  listed("Notes", report.notes),
].filter(Boolean));
