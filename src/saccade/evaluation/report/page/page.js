// Puts the page together.

function openingFacts() {
  const frames = report.sequences.reduce((sum, sequence) => sum + sequence.frames, 0);
  const rules = report.dialect ? `, scored in the dialect ${report.dialect}` : "";
  at("facts").textContent =
    `${counted(models.length, "model")} on ${counted(report.sequences.length, "sequence")} with ${counted(frames, "frame")}; protocol ${report.protocol}${rules}.`;
  at("footer").textContent = `saccade ${report.version}. The same numbers stand beside this page: in report.json, report.md and tables/, for papers.`;
}

/** What line is whose, and ticks to hide it. */
function legend() {
  const toggles = models.map((model) => toggle(model));
  at("legend").append(...toggles.map((one) => one.label));
  whenChanged((what) => { if (what === "models") toggles.forEach((one) => one.update()); });
}

openingFacts();
leaderboard();
const charts = [...report.charts.map((chart) => curveChart(chart)), speedChart(), attributeChart()].filter(Boolean);
at("charts").append(...charts);
if (charts.length) legend();
at("curves").parentElement.hidden = !charts.length;
sequenceTable();
player();
detailTables();
choice.sequence = Math.max(0, report.sequences.findIndex((_, index) => at(`playback-${index}`)));
changed("sequence");
