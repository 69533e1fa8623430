// What the tracker sees: search region, score map, loss of the target model, and what it remembers.

import { Chart } from "./charts.js";
import { colorOf } from "./stage.js";

const THUMB = 48;

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

export class Insights {
  constructor(root, note) {
    this.root = root;
    this.note = note;
    this.views = new Map();
  }

  clear() {
    this.root.replaceChildren();
    this.views.clear();
    this.note.hidden = false;
  }

  // bitmap is the frame that was looked at, before the one that was shown until now
  show(bitmap, header, before) {
    const insights = header.insights ?? [];
    this.note.hidden = insights.length > 0;
    for (const id of [...this.views.keys()]) {
      if (insights.some((insight) => insight.id === id)) continue;
      this.views.get(id).root.remove();
      this.views.delete(id);
    }
    insights.forEach((insight, row) => {
      if (!this.views.has(insight.id)) this.add(insight, row);
      this.views.get(insight.id).show(bitmap, insight, header.frame, before);
    });
  }

  add(insight, row) {
    const view = new View(insight, colorOf(insight, row));
    this.views.set(insight.id, view);
    this.root.append(view.root);
  }
}

class View {
  constructor(insight, color) {
    this.color = color;
    this.region = element("canvas", { width: 160, height: 160 });
    this.scores = element("canvas", { width: 160, height: 160 });
    this.peak = element("figcaption");
    this.loss = element("canvas", { className: "chart" });
    this.kept = element("figcaption");
    this.memory = element("div", { className: "memory" });
    this.chart = new Chart(this.loss, "loss");
    this.thumbs = [];
    this.last = null;
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = color;
    this.root = element("div", { className: "insight" },
      element("h3", {}, swatch, `target ${insight.id}`),
      element("div", { className: "maps" },
        element("figure", {}, this.region, element("figcaption", { textContent: "search region" })),
        element("figure", {}, this.scores, this.peak)),
      this.loss, this.kept, this.memory);
  }

  show(bitmap, insight, frame, before) {
    this.cut(bitmap, insight.region, this.region);
    this.cut(bitmap, insight.region, this.scores);
    this.heat(insight);
    this.peak.textContent = `scores, up to ${insight.range[1]?.toPrecision(3) ?? "–"}`;
    this.chart.add(frame, "loss", this.color, insight.loss);
    this.chart.paint();
    this.remember(insight, before);
    this.last = { thumb: this.thumb(bitmap, insight.region), stored: insight.stored };
  }

  cut(bitmap, [x1, y1, x2, y2], canvas) {
    const context = canvas.getContext("2d"), { width, height } = canvas;
    context.fillStyle = "#06080a";
    context.fillRect(0, 0, width, height);
    const across = width / (x2 - x1), down = height / (y2 - y1);
    context.drawImage(bitmap, -x1 * across, -y1 * down, bitmap.width * across, bitmap.height * down);
    return canvas;
  }

  thumb(bitmap, region) {
    return this.cut(bitmap, region, element("canvas", { width: THUMB, height: THUMB }));
  }

  heat({ map, size: [width, height] }) {
    const bytes = Uint8Array.from(atob(map), (letter) => letter.charCodeAt(0));
    const shades = new ImageData(width, height);
    bytes.forEach((value, place) => {
      const v = value / 255;
      shades.data.set([255 * Math.min(1, 2 * v), 255 * Math.max(0, 2 * v - 0.7), 90 * (1 - v), 60 + 170 * v], 4 * place);
    });
    const small = element("canvas", { width, height });
    small.getContext("2d").putImageData(shades, 0, 0);
    this.scores.getContext("2d").drawImage(small, 0, 0, this.scores.width, this.scores.height);
  }

  // the sample that was stored since the last look was cut from the frame of that look, and the first ones
  // from the frame before the first look
  remember({ weights, newest, stored, region }, before) {
    const filled = weights.filter((weight) => weight > 0).length;
    this.kept.textContent = weights.length ? `${filled} of ${weights.length} samples remembered` : "remembers sums, no single samples";
    if (this.last && stored === this.last.stored + 1 && newest >= 0) this.thumbs[newest] = this.last.thumb;
    if (newest < 0 && filled && before) this.thumbs = Array(filled).fill(this.thumb(before, region));
    const most = Math.max(...weights, 1e-9);
    while (this.memory.children.length < filled) this.memory.append(element("canvas", { width: THUMB, height: THUMB }));
    [...this.memory.children].forEach((tile, slot) => {
      const context = tile.getContext("2d");
      context.clearRect(0, 0, THUMB, THUMB);
      if (this.thumbs[slot]) context.drawImage(this.thumbs[slot], 0, 0);
      context.fillStyle = this.color;
      context.fillRect(0, THUMB - 5, (THUMB * weights[slot]) / most, 5);
      tile.title = `sample ${slot}, weight ${weights[slot]}`;
      tile.className = slot === newest ? "newest" : "";
    });
  }
}
