// The picture with what was found on it, and the pencil that draws boxes: mouse, touch and keyboard.

export const COLORS = ["#FFC61A", "#1FB6FF", "#FF5A4D", "#5BD75B", "#C77DFF", "#FF8FC7",
  "#00D1B2", "#FF9F1C", "#7C9BFF", "#C6E65A", "#E0B0A0", "#66E0E0"];
const TRACE = 60;
const SMALLEST = 4;

export const colorOf = (target, row) => COLORS[(Number.isInteger(target.id) ? target.id : row) % COLORS.length];

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.bitmap = null;
    this.shown = null;
    this.traces = new Map();
    this.draft = null;
    this.chosen = null;
    this.enabled = false;
    this.drawn = () => {};
    this.began = () => {};
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", () => this.drop());
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  show(bitmap, header) {
    this.bitmap?.close();
    this.bitmap = bitmap;
    if (this.shown && header.frame <= this.shown.frame) this.cutTraces(header.frame);
    this.shown = header;
    for (const target of header.targets) {
      if (target.id === undefined || target.status === "lost") continue;
      const [x, y, w, h] = target.box;
      const trace = this.traces.get(target.id) ?? [];
      trace.push([header.frame, x + w / 2, y + h / 2]);
      if (trace.length > TRACE) trace.shift();
      this.traces.set(target.id, trace);
    }
    [this.canvas.width, this.canvas.height] = header.size;
    this.paint();
  }

  cutTraces(frame) {
    for (const [id, trace] of this.traces) this.traces.set(id, trace.filter(([at]) => at < frame));
  }

  clear() {
    this.traces.clear();
    this.shown = this.draft = null;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  paint() {
    const { context, canvas } = this;
    if (!this.bitmap || !this.shown) return;
    // a camera that has changed its size is fitted into the first one, as the server does
    const { width, height } = this.bitmap, share = Math.min(canvas.width / width, canvas.height / height);
    const [left, top] = [(canvas.width - share * width) / 2, (canvas.height - share * height) / 2];
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(this.bitmap, left, top, share * width, share * height);
    const line = Math.max(Math.sqrt(canvas.width * canvas.height) / 260, 1.5);
    this.shown.targets.forEach((target, row) => this.paintTarget(target, colorOf(target, row), line));
    if (this.draft) {
      const [x, y, w, h] = this.draft;
      context.lineWidth = line;
      context.setLineDash([3 * line, 2 * line]);
      for (const [color, offset] of [["#000", 0], ["#fff", 2.5 * line]]) {
        context.strokeStyle = color;
        context.lineDashOffset = offset;
        context.strokeRect(x, y, w, h);
      }
      context.setLineDash([]);
    }
  }

  paintTarget(target, color, line) {
    const { context } = this, [x, y, w, h] = target.box, scale = 6 * line;
    const trace = this.traces.get(target.id) ?? [];
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = line;
    context.globalAlpha = 0.8;
    context.beginPath();
    trace.forEach(([, px, py]) => context.lineTo(px, py));
    context.stroke();
    if (target.outline) {
      context.globalAlpha = 0.4;
      context.beginPath();
      for (const polygon of target.outline) {
        polygon.forEach(([px, py], place) => (place ? context.lineTo(px, py) : context.moveTo(px, py)));
        context.closePath();
      }
      context.fill("evenodd");
    }
    context.globalAlpha = target.status === "lost" ? 0.5 : 1;
    if (target.status && target.status !== "tracked") context.setLineDash([4 * line, 3 * line]);
    context.lineWidth = target.id !== undefined && target.id === this.chosen ? 2 * line : line;
    context.strokeRect(x, y, w, h);
    context.setLineDash([]);
    if (target.points) this.paintPose(target.points, line);
    const label = [target.name, target.id, target.score?.toFixed(2)].filter((part) => part !== undefined).join(" ");
    context.font = `600 ${Math.max(scale, 11)}px system-ui, sans-serif`;
    const width = context.measureText(label).width + scale, top = Math.max(y - 1.5 * scale, 0);
    context.fillStyle = color;
    context.fillRect(x - line / 2, top, width, 1.5 * scale);
    context.fillStyle = "#101418";
    context.fillText(label, x - line / 2 + scale / 2, top + 1.1 * scale);
    context.globalAlpha = 1;
  }

  paintPose(points, line) {
    const { context } = this, seen = ([, , score]) => score > 0.3;
    context.lineWidth = line;
    for (const [a, b] of this.shown.edges ?? []) {
      if (!seen(points[a]) || !seen(points[b])) continue;
      context.beginPath();
      context.moveTo(points[a][0], points[a][1]);
      context.lineTo(points[b][0], points[b][1]);
      context.stroke();
    }
    for (const [x, y] of points.filter(seen)) context.fillRect(x - line, y - line, 2 * line, 2 * line);
  }

  // the place of a pointer in pixels of the frame; the picture may be letterboxed in its element
  placeOf(event) {
    const shape = this.canvas.getBoundingClientRect(), { width, height } = this.canvas;
    const share = Math.min(shape.width / width, shape.height / height);
    const left = shape.left + (shape.width - share * width) / 2, top = shape.top + (shape.height - share * height) / 2;
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    return [inside((event.clientX - left) / share, width), inside((event.clientY - top) / share, height)];
  }

  down(event) {
    if (!this.enabled || !this.shown || event.button) return;
    this.canvas.focus({ focusVisible: false });
    this.canvas.setPointerCapture(event.pointerId);
    this.anchor = this.placeOf(event);
    this.draft = [...this.anchor, 0, 0];
    this.began();
  }

  move(event) {
    if (!this.anchor) return;
    const [x, y] = this.placeOf(event), [ax, ay] = this.anchor;
    this.draft = [Math.min(x, ax), Math.min(y, ay), Math.abs(x - ax), Math.abs(y - ay)];
    this.paint();
  }

  up(event) {
    if (!this.anchor) return;
    this.move(event);
    this.anchor = null;
    this.take();
  }

  take() {
    const box = this.draft;
    this.draft = null;
    if (box && Math.min(box[2], box[3]) >= SMALLEST) this.drawn(box.map((value) => Math.round(10 * value) / 10));
    this.paint();
  }

  drop() {
    this.anchor = this.draft = null;
    this.paint();
  }

  // a box to be moved by the keyboard: that of the chosen target, or one in the middle
  begin() {
    if (!this.enabled || !this.shown) return;
    const { width, height } = this.canvas;
    const target = this.shown.targets.find((one) => one.id === this.chosen && this.chosen !== null);
    this.draft = target ? [...target.box] : [0.4 * width, 0.4 * height, 0.2 * width, 0.2 * height];
    this.canvas.focus();
    this.began();
    this.paint();
  }

  key(event) {
    if (!this.draft || this.anchor) return;
    const step = event.altKey ? 1 : Math.max(Math.round(this.canvas.width / 100), 1);
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    if (event.key === "Enter") this.take();
    else if (event.key === "Escape") this.drop();
    else if (dx === undefined) return;
    else if (event.shiftKey) {
      this.draft[2] = Math.max(this.draft[2] + dx, SMALLEST);
      this.draft[3] = Math.max(this.draft[3] + dy, SMALLEST);
    } else {
      this.draft[0] += dx;
      this.draft[1] += dy;
    }
    event.preventDefault();
    event.stopPropagation();
    this.paint();
  }
}
