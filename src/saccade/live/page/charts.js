// Lines over the last frames, drawn small.

const LENGTH = 300;

export class Chart {
  constructor(canvas, unit, top = null) {
    this.canvas = canvas;
    this.unit = unit;
    this.top = top;
    this.series = new Map();
    this.marks = [];
    this.frame = 0;
  }

  add(frame, name, color, value, mark = null) {
    if (!this.series.has(name)) this.series.set(name, { color, values: [] });
    const { values } = this.series.get(name);
    while (values.length && values[values.length - 1][0] >= frame) values.pop();
    values.push([frame, value]);
    while (values[0][0] < frame - LENGTH) values.shift();
    if (mark) this.marks.push([frame, mark]);
    this.marks = this.marks.filter(([at]) => at > frame - LENGTH && at <= frame);
    this.frame = frame;
  }

  clear() {
    this.series.clear();
    this.marks = [];
    this.paint();
  }

  paint() {
    const { canvas } = this, ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = canvas.getContext("2d"), style = getComputedStyle(canvas);
    context.scale(ratio, ratio);
    const values = [...this.series.values()].flatMap((one) => one.values.map(([, value]) => value)).filter(Number.isFinite);
    const high = this.top ?? (Math.max(...values, 0) * 1.1 || 1);
    const x = (frame) => width - ((this.frame - frame) / LENGTH) * width;
    const y = (value) => height - 4 - (Math.max(value, 0) / high) * (height - 20);
    context.lineWidth = 1.5;
    for (const { color, values: points } of this.series.values()) {
      context.strokeStyle = color ?? style.caretColor;
      context.beginPath();
      points.forEach(([frame, value]) => Number.isFinite(value) && context.lineTo(x(frame), y(value)));
      context.stroke();
    }
    for (const [frame, color] of this.marks) {
      context.fillStyle = color;
      context.fillRect(x(frame) - 1, height - 4, 2, 4);
    }
    context.fillStyle = style.color;
    context.font = "11px system-ui, sans-serif";
    context.fillText(`${this.unit}, up to ${high >= 10 ? high.toFixed(0) : high.toPrecision(2)}`, 6, 13);
  }
}
