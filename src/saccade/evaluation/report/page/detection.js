// The report on a detector: what is drawn of each class, and its confusion.

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

at("scores-note").textContent = report.threshold === null
  ? "Nothing was found, so there is no threshold to choose."
  : `Precision, recall and F1 of all classes together at a threshold of ${report.threshold.toFixed(3)}, where that F1 is highest, at an overlap of 0.5. “–” has no meaning: there is nothing to be found, or nothing was.`;
at("charts").append(
  curveChart(report.charts[0]),
  ownCurves(report.charts[1], report.rates, (rate) => (rate.name === "f1" ? "F1" : rate.name)),
  histogramChart(report.histogram, { title: "Overlap of what is right", note: "from the threshold on", xLabel: "overlap with the truth (IoU)", what: "detection", many: "detections" }),
);
fillPage(confusionTable(report.confusion));
