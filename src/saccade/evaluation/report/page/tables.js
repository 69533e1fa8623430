// Tables that sort by any of their columns.

/**
 * A table that sorts when a heading is pressed.
 *
 * columns: [{ title, meaning, value(row), cell(row) -> element, text, low }]; `value` is what is sorted by.
 * Returns the element and a function that fills it with rows anew.
 */
function sortable(columns, caption, { sort = null, rowClass = () => null } = {}) {
  const head = make("tr");
  const body = make("tbody");
  const table = make("table", { "aria-label": caption }, make("thead", {}, head), body);
  let rows = [];
  const state = sort || { column: null, falls: true };

  const heads = columns.map((column) => {
    const press = () => {
      if (state.column === column) state.falls = !state.falls;
      else Object.assign(state, { column, falls: !column.text && !column.low });
      update();
    };
    const title = column.head || column.title;
    const button = make("button", { type: "button", title: column.meaning || null, click: press }, title);
    return make("th", { scope: "col", class: column.text ? "text" : null }, button);
  });
  head.append(...heads);

  function update(next = rows) {
    rows = next;
    columns.forEach((column, i) => {
      if (column === state.column) heads[i].setAttribute("aria-sort", state.falls ? "descending" : "ascending");
      else heads[i].removeAttribute("aria-sort");
    });
    const sorted = state.column ? [...rows].sort((a, b) => compare(state.column.value(a), state.column.value(b), state.falls)) : rows;
    body.replaceChildren(...sorted.map((row) => make("tr", { class: rowClass(row) }, columns.map((column) => column.cell(row)))));
  }
  return { table, update };
}

/** Order of two values; those that are missing come last, whichever way. */
function compare(a, b, falls) {
  const [noA, noB] = [a === null || a === undefined, b === null || b === undefined];
  if (noA || noB) return noA - noB;
  const order = typeof a === "string" ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
  return falls ? -order : order;
}

/** A row a model: its scores with their intervals, and how fast it is. */
function leaderboard() {
  const best = (column) => {
    const values = models.map((model) => model.scores[column.key]).filter((value) => typeof value === "number");
    return values.length > 1 ? Math[column.lowIsBest ? "min" : "max"](...values) : null;
  };
  const toggles = models.map((model) => toggle(model));
  const scores = report.columns.map((column) => {
    const top = best(column);
    return {
      title: heading(column),
      meaning: column.meaning,
      low: column.lowIsBest,
      value: (model) => model.scores[column.key],
      cell: (model) => {
        const value = model.scores[column.key];
        const range = model.intervals[column.key];
        const small = range ? make("small", {}, `${format(range[0], column)}–${format(range[1], column)}`) : null;
        return make("td", { class: value === undefined || value === null ? "empty" : value === top ? "best" : null }, format(value, column), small);
      },
    };
  });
  const plain = (title, meaning, value, text) => ({ title, meaning, value, cell: (model) => make("td", {}, text(model)) });
  const columns = [
    { title: "model", text: true, value: (model) => model.name, cell: (model) => make("th", { scope: "row" }, toggles[models.indexOf(model)].label) },
    ...scores,
    plain("fps", "frames by seconds of the model's steps", (model) => model.fps, (model) => (model.fps ? model.fps.toFixed(1) : "–")),
    plain("frames", "on which it was run", (model) => model.frames, (model) => model.frames.toLocaleString("en")),
    plain("sequences", "on which it has a result", (model) => model.done, (model) => (model.failed ? `${model.done} of ${model.done + model.failed}` : `${model.done}`)),
  ];
  const { table, update } = sortable(columns, "Scores by model", { sort: { column: columns[1], falls: !main.lowIsBest } });
  whenChanged((what) => { if (what === "models") toggles.forEach((one) => one.update()); });
  update(models);
  at("leaderboard").append(table);
  const ranged = models.some((model) => Object.keys(model.intervals).length);
  at("scores-note").textContent = [
    "Press a heading to sort; untick a model to hide it everywhere.",
    ranged ? "Small numbers are 95 % intervals: sequences drawn anew." : "",
  ].join(" ");
}

/** The sequences, a column for each model that is shown; and the filters above them. */
function sequenceTable() {
  const card = at("by-sequence");
  const rows = report.sequences.map((sequence, index) => ({ ...sequence, index }));
  const sort = { column: null, falls: true, key: null };
  const count = make("output", { "aria-live": "polite" });
  let current = null;

  const score = (row, model) => {
    const cells = row.scores[models.indexOf(model)];
    return cells ? cells[report.columns.indexOf(choice.column)] : null;
  };
  const wanted = () => rows.filter((row) =>
    row.name.toLowerCase().includes(choice.text.toLowerCase()) && (!choice.attribute || row.attributes.includes(choice.attribute)));

  function build() {
    const values = rows.flatMap((row) => shown().map((model) => score(row, model))).filter((value) => typeof value === "number");
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const cell = (row, model) => {
      const value = score(row, model);
      if (typeof value !== "number") return make("td", { class: "empty" }, "–");
      const share = (value - low) / (high - low || 1);
      return make("td", { class: "heat", style: `--share: ${(0.34 * (choice.column.lowIsBest ? 1 - share : share)).toFixed(3)}` }, format(value, choice.column));
    };
    const columns = [
      { key: "name", title: "sequence", text: true, value: (row) => row.name, cell: (row) => make("th", { scope: "row" }, make("button", { type: "button", title: `play ${row.name}`, "aria-pressed": `${row.index === choice.sequence}`, click: () => choose(row.index) }, row.name)) },
      ...shown().map((model) => ({ key: model.name, title: model.name, head: [swatch(model), model.name], low: choice.column.lowIsBest, value: (row) => score(row, model), cell: (row) => cell(row, model) })),
      { key: "frames", title: "frames", value: (row) => row.frames, cell: (row) => make("td", {}, row.frames.toLocaleString("en")) },
    ];
    if (Object.keys(report.attributes).length) {
      columns.push({ key: "attributes", title: "attributes", text: true, value: (row) => row.attributes.join(" "), cell: (row) => make("td", { class: "text" }, row.attributes.join(" ")) });
    }
    sort.column = columns.find((column) => sort.column && column.key === sort.column.key) || null;
    current = sortable(columns, `${heading(choice.column)} by sequence`, { sort, rowClass: (row) => (row.index === choice.sequence ? "chosen" : null) });
    card.replaceChildren(current.table);
    refill();
  }
  function refill() {
    const found = wanted();
    count.textContent = found.length === rows.length ? counted(rows.length, "sequence") : `${found.length} of ${rows.length} sequences`;
    current.update(found);
  }
  function choose(index) {
    choice.sequence = index;
    changed("sequence");
    at("player").scrollIntoView({ block: "nearest" });
    card.querySelector("tr.chosen button")?.focus({ preventScroll: true });
  }

  const search = make("input", { type: "search", placeholder: "part of a name", input: () => { choice.text = search.value; refill(); } });
  const letters = Object.entries(report.attributes).map(([letter, meaning]) => [letter, letter === meaning ? letter : `${meaning} (${letter})`]);
  at("filters").append(
    ...[
      make("label", {}, "sequence", search),
      letters.length ? select("attribute", [["", "all"], ...letters], "", (value) => { choice.attribute = value; refill(); }) : null,
      select("score", report.columns.map((column) => [column.key, heading(column)]), main.key, (value) => {
        choice.column = report.columns.find((column) => column.key === value);
        changed("column");
      }),
      count,
    ].filter(Boolean),
  );
  whenChanged((what) => { if (what === "sequence") refill(); else build(); });
  build();
}

/** Dialects, comparisons, repetitions, and what was left out. */
function detailTables() {
  const parts = [dialectTable(), comparisonTable(), repetitionTable(), leftOut()].filter(Boolean);
  at("tables").append(...parts);
  at("details").hidden = !parts.length;
}

function block(title, note, content, ...beside) {
  return make("div", {}, make("div", { class: "head" }, make("h3", {}, title), beside), note ? make("p", { class: "note" }, note) : null, make("div", { class: "card scroll" }, content));
}

function dialectTable() {
  const scored = models.filter((model) => Object.keys(model.dialects).length);
  if (!scored.length) return null;
  const shownColumns = report.columns.filter((column) => column.key in Object.values(scored[0].dialects)[0]);
  const number = (column) => ({ title: heading(column), meaning: column.meaning, value: ([, scores]) => scores[column.key], cell: ([, scores]) => make("td", {}, format(scores[column.key], column)) });
  const name = { title: "dialect", text: true, value: ([dialect]) => dialect, cell: ([dialect]) => make("th", { scope: "row" }, dialect, dialect === report.dialect ? " (this report)" : "") };
  const { table, update } = sortable([name, ...shownColumns.map(number)], "One run under all dialects");
  const show = (model) => update(Object.entries(scored.find((one) => one.name === model).dialects));
  show(scored[0].name);
  const pick = select("model", scored.map((model) => [model.name, model.name]), scored[0].name, show);
  return block("One run under all dialects", "The same boxes: benchmarks count frames, thresholds and areas differently.", table, make("div", { class: "filters inline" }, pick));
}

function comparisonTable() {
  if (!report.comparisons.length) return null;
  const signed = (value) => (value >= 0 ? "+" : "−") + Math.abs(value).toFixed(main.decimals);
  const columns = [
    { title: "model", text: true, value: (row) => row[0], cell: (row) => make("th", { scope: "row" }, row[0]) },
    { title: "less", text: true, value: (row) => row[1], cell: (row) => make("td", { class: "text" }, row[1]) },
    { title: "difference", value: (row) => row[2], cell: (row) => make("td", {}, signed(row[2])) },
    { title: "95 % interval", value: (row) => row[3], cell: (row) => make("td", {}, `${signed(row[3])} to ${signed(row[4])}`) },
    { title: "p", low: true, meaning: "probability of a difference as large, were it chance which model is which", value: (row) => row[5], cell: (row) => make("td", {}, row[5] < 0.0001 ? "< 0.0001" : row[5].toFixed(4)) },
    { title: "sequences", value: (row) => row[6], cell: (row) => make("td", {}, `${row[6]}`) },
  ];
  const { table, update } = sortable(columns, "Paired comparison");
  update(report.comparisons);
  const note = `Mean differences of ${heading(main)} on the sequences that both have; p by random signs.`;
  return block("Paired comparison", models.length > 5 ? `The best with each other model. ${note}` : note, table);
}

function repetitionTable() {
  if (!report.repetitions.length) return null;
  const columns = [
    { title: "model", text: true, value: (row) => row.name, cell: (row) => make("th", { scope: "row" }, row.name) },
    { title: "runs", value: (row) => row.runs, cell: (row) => make("td", {}, `${row.runs}`) },
    ...report.columns.map((column) => ({
      title: heading(column),
      meaning: column.meaning,
      value: (row) => row.mean[column.key],
      cell: (row) => make("td", {}, format(row.mean[column.key], column), make("small", {}, column.key in row.deviation ? `± ${format(row.deviation[column.key], column)}` : "")),
    })),
  ];
  const { table, update } = sortable(columns, "Repetitions");
  update(report.repetitions);
  return block("Repetitions", "Mean over seeds, and standard deviation.", table);
}

function leftOut() {
  if (!report.leftOut.length) return null;
  return block("Left out", "What is missing from this report, and why.", make("ul", {}, report.leftOut.map((line) => make("li", {}, line))));
}
