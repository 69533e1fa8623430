// Plays the frames of a sequence with the boxes of every model and the truth, over the scores frame by frame.

const TRUTH = { name: "ground truth", color: "#ffffff", dash: [3, 2] };
const SHAPE_WIDTH = 2;
const RATES = [["2", "2 a second"], ["6", "6 a second"], ["12", "12 a second"], ["24", "24 a second"]];
const ICONS = {
  play: "M3 1l10 6-10 6z",
  pause: "M2 1h4v12H2zM8 1h4v12H8z",
  back: "M12 1v12L4 7zM1 1h2v12H1z",
  forth: "M2 1v12l8-6zM11 1h2v12h-2z",
};

function player() {
  const card = at("player");
  const state = { reel: null, strips: [], place: 0, timer: null, rate: 6, drawn: 0 };
  const screen = make("canvas", { class: "screen", tabindex: 0, role: "img", title: "space plays, arrows step", keydown: onKey });
  const name = make("span");
  const facts = make("small");
  const slider = make("input", { type: "range", min: 0, value: 0, step: 1, "aria-label": "frame", input: () => seek(Number(slider.value)) });
  const clock = make("output", { "aria-live": "off" });
  const play = button("play", "play", () => run(!state.timer));
  play.classList.add("play");
  const cast = make("div", { class: "cast" });
  const chart = make("figure", { style: "padding: 0" });
  const truthToggle = toggle(TRUTH);
  const members = [{ model: TRUTH, ...truthToggle, value: null }, ...models.map((model) => {
    const value = make("b");
    return { model, value, ...toggle(model, value) };
  })];
  cast.append(...members.map((member) => member.label));
  card.append(
    make("h3", {}, name, facts),
    screen,
    make("div", { class: "transport" }, button("back", "previous frame", () => seek(state.place - 1)), play, button("forth", "next frame", () => seek(state.place + 1)), slider, clock),
    cast,
    chart,
    make("div", { class: "filters inline" }, select("speed", RATES, "6", (value) => { state.rate = Number(value); if (state.timer) { run(false); run(true); } })),
  );

  function button(icon, title, click) {
    return make("button", { type: "button", title, "aria-label": title, click }, draw("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, draw("path", { d: ICONS[icon] })));
  }
  function onKey(event) {
    const action = { ArrowLeft: () => seek(state.place - 1), ArrowRight: () => seek(state.place + 1), " ": () => run(!state.timer), Home: () => seek(0), End: () => seek(Infinity) }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /** Shows another sequence; what is played of it is read only now. */
  function open(index) {
    run(false);
    const sequence = report.sequences[index];
    const source = at(`playback-${index}`);
    state.reel = source ? JSON.parse(source.textContent) : null;
    state.strips = state.reel ? state.reel.strips.map(load) : [];
    state.place = 0;
    name.textContent = sequence.name;
    facts.textContent = describe(sequence);
    for (const element of [screen, cast, chart, play.parentElement]) element.hidden = !state.reel;
    if (!state.reel) return;
    slider.max = state.reel.frames.length - 1;
    drawChart();
    seek(0);
  }
  function describe(sequence) {
    const letters = sequence.attributes.length ? `, ${sequence.attributes.join(" ")}` : "";
    const shownFrames = state.reel ? state.reel.frames.length : 0;
    const what = !state.reel ? "; no model has a result" : shownFrames < sequence.frames ? `; ${shownFrames} shown` : "";
    return `${sequence.frames.toLocaleString("en")} frames${what}${letters}${state.reel && !state.reel.strips.length ? "; without pictures" : ""}`;
  }
  function load(source) {
    const image = new Image();
    image.onload = () => paint();
    image.src = source;
    return image;
  }

  function run(plays) {
    clearInterval(state.timer);
    state.timer = plays && state.reel ? setInterval(() => seek((state.place + 1) % state.reel.frames.length), 1000 / state.rate) : null;
    const icon = state.timer ? "pause" : "play";
    play.querySelector("path").setAttribute("d", ICONS[icon]);
    play.title = icon;
    play.setAttribute("aria-label", icon);
  }
  function seek(to) {
    if (!state.reel) return;
    state.place = Math.min(Math.max(to, 0), state.reel.frames.length - 1);
    slider.value = state.place;
    const frameIndex = state.reel.frames[state.place];
    clock.textContent = `frame ${frameIndex}`;
    slider.setAttribute("aria-valuetext", `frame ${frameIndex}`);
    const point = nearest(state.reel.at, frameIndex);
    members.slice(1).forEach((member, i) => {
      const score = (state.reel.scores[i] || [])[point];
      member.value.textContent = typeof score === "number" ? score.toFixed(2) : "–";
    });
    paint();
    moveCursor();
  }
  function nearest(places, wanted) {
    return places.reduce((best, value, i) => (Math.abs(value - wanted) < Math.abs(places[best] - wanted) ? i : best), 0);
  }

  /** Paints the picture and everybody's boxes on it, in the pixels of the screen. */
  function paint() {
    const { reel, place } = state;
    if (!reel || !screen.clientWidth) return;
    const [width, height] = reel.size;
    screen.width = Math.round(Math.min(screen.clientWidth, 960) * Math.min(devicePixelRatio, 2));
    screen.height = Math.round((screen.width * height) / width);
    const scene = screen.getContext("2d");
    scene.fillStyle = "#20272f";
    scene.fillRect(0, 0, screen.width, screen.height);
    const strip = state.strips[Math.floor(place / report.perStrip)];
    const [w, h] = reel.cell;
    if (strip && strip.complete && strip.naturalWidth) {
      scene.imageSmoothingQuality = "high";
      scene.drawImage(strip, 0, h * (place % report.perStrip), w, h, 0, 0, screen.width, screen.height);
    }
    const ratio = screen.width / width;
    // a tall picture is shown smaller than its box is wide
    const pixel = Math.max(screen.width / screen.clientWidth, screen.height / screen.clientHeight);
    const answers = models.map((model, i) => [model, (reel.models[i] || [])[place]]).reverse();
    for (const [model, shapes] of [[TRUTH, reel.truth[place]], ...answers]) {
      if (!shapes || choice.hidden.has(model.name)) continue;
      for (const shape of shapes) outline(scene, shape, model, ratio, pixel);
    }
    screen.setAttribute("aria-label", `frame ${reel.frames[place]} of ${name.textContent}, with the answers of ${shown().length} models`);
  }
  function outline(scene, shape, model, ratio, pixel) {
    scene.beginPath();
    if (shape.length < 6) scene.rect(...shape.slice(0, 4).map((value) => value * ratio));
    else {
      for (let i = 0; i < shape.length; i += 2) scene.lineTo(shape[i] * ratio, shape[i + 1] * ratio);
      scene.closePath();
    }
    // a dark rim tells a line from a picture of its own colour
    for (const [color, width, dash] of [["rgb(0 0 0 / .55)", SHAPE_WIDTH + 2, []], [model.color, SHAPE_WIDTH, model.dash]]) {
      scene.strokeStyle = color;
      scene.lineWidth = width * pixel;
      scene.setLineDash(dash.map((length) => length * SHAPE_WIDTH * pixel));
      scene.stroke();
    }
    if (shape.length !== 5) return;
    scene.font = `${11 * pixel}px system-ui, sans-serif`;
    scene.fillStyle = model.color;
    scene.fillText(`${shape[4]}`, shape[0] * ratio + 3 * pixel, shape[1] * ratio + 12 * pixel);
  }

  let x = null;
  let cursor = null;
  const drawChart = living(chart, (width) => {
    const reel = state.reel;
    const lines = models.map((model, i) => [model, reel && reel.scores[i]]).filter(([model, values]) => values && !choice.hidden.has(model.name));
    chart.hidden = !reel || !reel.at.length;
    if (chart.hidden) return;
    const height = 170;
    const [first, last] = [Math.min(...reel.at), Math.max(...reel.at)];
    x = scale(first, Math.max(last, first + 1), MARGIN.left, width - MARGIN.right);
    const y = scale(0, 1, height - MARGIN.bottom, MARGIN.top, { ticks: 4 });
    const svg = frame(width, height, x, y, "frame", "overlap (IoU)");
    for (const [model, values] of [...lines].reverse()) {
      svg.append(draw("path", { class: "curve", d: path(values, (i) => x(reel.at[i]), y), stroke: model.color, "stroke-width": 1.5, "stroke-dasharray": dashes(model, 1.5) }));
    }
    cursor = draw("line", { class: "axis", y1: MARGIN.top, y2: height - MARGIN.bottom, "stroke-width": 1.5 });
    svg.append(cursor);
    const jump = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const px = event.clientX - svg.getBoundingClientRect().left;
      seek(reel.frames.reduce((best, value, i) => (Math.abs(x(value) - px) < Math.abs(x(reel.frames[best]) - px) ? i : best), 0));
    };
    fill(svg, { role: "img", style: "cursor: pointer", pointerdown: jump, pointermove: jump }, []);
    place(chart, svg, `overlap over time on ${name.textContent}`);
    moveCursor();
  });
  function moveCursor() {
    if (!cursor || !state.reel) return;
    const left = x(state.reel.frames[state.place]);
    cursor.setAttribute("x1", left);
    cursor.setAttribute("x2", left);
  }

  new ResizeObserver(paint).observe(card);
  whenChanged((what) => {
    if (what === "sequence") open(choice.sequence);
    if (what !== "models") return;
    members.forEach((member) => member.update());
    drawChart();
    paint();
  });
}
