// What all parts of the page use: the report, the choices of the reader, and ways to make elements.

const report = JSON.parse(document.getElementById("report").textContent);
const models = report.models;
const main = report.columns[0];

// What the reader has chosen; `changed` tells all who show it.
const choice = { hidden: new Set(), column: main, attribute: "", text: "", sequence: null };
const listeners = [];
function whenChanged(listener) { listeners.push(listener); }
function changed(what) { for (const listener of listeners) listener(what); }

const shown = () => models.filter((model) => !choice.hidden.has(model.name));

const SVG = "http://www.w3.org/2000/svg";

/** Makes an HTML element; attributes that are functions listen to events. */
function make(tag, attributes = {}, ...children) { return fill(document.createElement(tag), attributes, children); }

/** Makes an SVG element. */
function draw(tag, attributes = {}, ...children) { return fill(document.createElementNS(SVG, tag), attributes, children); }

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

const at = (id) => document.getElementById(id);

/** A number of things. */
function counted(number, word) { return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`; }

/** A score as it is shown. */
function format(value, column) { return value === null || value === undefined ? "–" : value.toFixed(column.decimals); }

/** The title of a score, with its unit. */
function heading(column) { return column.unit ? `${column.title} ${column.unit}` : column.title; }

/** A short line in the ink of a model. */
function swatch(model) {
  const line = draw("line", { x1: 1, y1: 5, x2: 21, y2: 5, stroke: model.color, "stroke-width": 3.5, "stroke-dasharray": dashes(model, 2) });
  return draw("svg", { class: model.color === "#ffffff" ? "swatch rim" : "swatch", viewBox: "0 0 22 10", "aria-hidden": "true" }, line);
}

/** The dashes of a model's lines, of that width in pixels. */
function dashes(model, width) { return model.dash.map((length) => length * width).join(" ") || null; }

/** A tick that shows and hides a model everywhere. */
function toggle(model, ...more) {
  const box = make("input", {
    type: "checkbox",
    "aria-label": `show ${model.name}`,
    change: () => {
      if (box.checked) choice.hidden.delete(model.name);
      else choice.hidden.add(model.name);
      changed("models");
    },
  });
  const label = make("label", { class: "model" }, box, swatch(model), make("span", { title: model.name }, model.name), more);
  const update = () => {
    box.checked = !choice.hidden.has(model.name);
    label.classList.toggle("off", !box.checked);
  };
  update();
  return { label, update };
}

/** A drop-down list of [value, text] pairs. */
function select(title, options, value, onChange) {
  const list = make("select", { change: () => onChange(list.value) }, options.map(([v, text]) => make("option", { value: v }, text)));
  list.value = value;
  return make("label", {}, title, list);
}
