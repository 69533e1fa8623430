// What the reports on models over annotated pictures have in common: tables, ticks, rules and notes.

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

/** Ticks to show and hide lines. */
function tickLegend() {
  const toggles = models.map((line) => toggle(line));
  at("legend").append(...toggles.map((one) => one.label));
  whenChanged((what) => { if (what === "models") toggles.forEach((one) => one.update()); });
}

/** Curves that only this chart has, with its own legend. */
function ownCurves(chart, lines, nameOf = (one) => one.name) {
  const card = curveChart(chart, () => lines);
  card.querySelector("figcaption").after(make("div", { class: "legend" }, lines.map((one) => make("span", { class: "model" }, swatch(one), nameOf(one)))));
  return card;
}

/** How many things lie between each two edges. */
function histogramChart({ edges, counts }, { title, note, xLabel, what, many }) {
  const card = figure(title, note);
  living(card, (width) => {
    const height = Math.round(Math.min(300, Math.max(220, width * 0.62)));
    const x = scale(edges[0], edges[edges.length - 1], MARGIN.left, width - MARGIN.right);
    const y = scale(0, Math.max(1, ...counts), height - MARGIN.bottom, MARGIN.top);
    const svg = frame(width, height, x, y, xLabel, many);
    counts.forEach((count, bin) => {
      const [left, right] = [x(edges[bin]), x(edges[bin + 1])];
      const words = draw("title", {}, `${edges[bin]} to ${edges[bin + 1]}: ${count} ${count === 1 ? what : many}`);
      svg.append(draw("rect", { class: "bar", x: left + 1, width: Math.max(1, right - left - 2), y: y(count), height: y(0) - y(count) }, words));
    });
    place(card, fill(svg, { role: "img" }, []), `${title}: ${counts.reduce((sum, count) => sum + count, 0)} ${many}`);
  });
  return card;
}

function listed(title, lines) {
  return lines.length ? block(title, "", make("ul", {}, lines.map((line) => make("li", {}, line)))) : null;
}

/** All that stands around the charts; `more` stands below the tables. */
function fillPage(...more) {
  at("facts").textContent = report.facts;
  at("footer").textContent = `saccade ${report.version}. The same numbers stand beside this page: in report.json and report.md.`;
  at("leaderboard").append(plainTable(report.scores));
  tickLegend();
  at("tables").append(...[
    ...report.tables.map((content) => block(content.title, "", plainTable(content))),
    ...more,
    listed("How it was scored", report.how),
    listed("Notes", report.notes),
  ].filter(Boolean));
}
