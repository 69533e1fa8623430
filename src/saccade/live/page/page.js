// Puts the page together: what is chosen and pressed goes to the server, what is found is shown.

import { Camera } from "./camera.js";
import { Chart } from "./charts.js";
import { Insights } from "./insight.js";
import { Link, download, menu, upload } from "./link.js";
import { Stage, colorOf } from "./stage.js";

const get = (id) => document.getElementById(id);
const link = new Link();
const stage = new Stage(get("canvas"));
const insights = new Insights(get("insights"), get("inside-note"));
const charts = { fps: new Chart(get("chart-fps"), "frames/s"), score: new Chart(get("chart-score"), "score") };
let state = { playing: false, points: true, live: false, frontier: -1, first: 0, frames: null };
let camera = null;
let limits = null;
let source = "";
let isOnline = false;
let isCut = false;
let isSaving = false;
let coming = Promise.resolve();

const MARKS = { uncertain: "#d99000", lost: "#d0342c" };

function complain(text) {
  get("message").textContent = text;
  get("message").hidden = !text;
}

// frames are shown one after the other, each as soon as its picture is decoded
function frameCame(header, picture) {
  coming = coming.then(async () => {
    const own = header.own && camera ? camera.answer(header.frame) : null;
    const data = picture ?? own?.picture;
    if (data) {
      const bitmap = await createImageBitmap(data);
      if (header.insights) insights.show(bitmap, header, stage.bitmap);
      stage.show(bitmap, header);
      showFigures(header, own);
    }
    link.say("shown");
  }).catch((error) => complain(`a frame could not be shown (${error.message})`));
}

function showPlace(frame) {
  get("place").textContent = `${frame}${state.frames ? ` / ${state.frames - 1}` : ""}`;
}

function showFigures(header, own) {
  const late = own ? performance.now() - own.at : header.latency;
  get("fps").textContent = header.fps ? header.fps.toFixed(1) : "–";
  get("ms").textContent = header.ms ? header.ms.toFixed(header.ms < 10 ? 1 : 0) : "–";
  get("latency").textContent = late === null ? "–" : late.toFixed(0);
  get("dropped").textContent = header.dropped ?? "–";
  get("recording").hidden = !header.unrecorded;
  get("recording").textContent = `The recording is full: it keeps the newest ${state.recorded} frames, and is without the ${header.unrecorded} before them.`;
  get("empty").hidden = true;
  get("seek").max = Math.max(state.frontier, header.frame);
  get("seek").value = header.frame;
  showPlace(header.frame);
  if (header.fps) charts.fps.add(header.frame, "fps", null, header.fps);
  header.targets.slice(0, 8).forEach((target, row) => {
    if (target.id !== undefined) charts.score.add(header.frame, target.id, colorOf(target, row), target.score, MARKS[target.status]);
  });
  charts.fps.paint();
  charts.score.paint();
  listTargets(header.targets);
}

function listTargets(targets) {
  const list = get("targets"), rows = targets.slice(0, 32);
  const known = new Map([...list.children].map((row) => [row.dataset.key, row]));
  rows.forEach((target, number) => {
    const key = String(target.id ?? `row ${number}`);
    const row = known.get(key) ?? list.appendChild(targetRow(key, target));
    known.delete(key);
    row.querySelector(".swatch").style.background = colorOf(target, number);
    row.querySelector(".name").textContent = target.name ?? `target ${target.id}`;
    const status = row.querySelector(".status");
    status.textContent = `${target.status ?? ""} ${target.score?.toFixed(2) ?? ""}`;
    status.classList.toggle("lost", target.status === "lost");
    row.classList.toggle("chosen", target.id !== undefined && target.id === stage.chosen);
  });
  for (const row of known.values()) row.remove();
  get("no-targets").hidden = rows.length > 0;
}

function targetRow(key, target) {
  const row = document.createElement("li");
  row.dataset.key = key;
  for (const kind of ["swatch", "name", "status"]) row.append(Object.assign(document.createElement("span"), { className: kind }));
  if (target.id === undefined || !state.points) return row;
  const button = (text, name, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    made.setAttribute("aria-label", `${name} target ${target.id}`);
    made.addEventListener("click", act);
    row.append(made);
  };
  button("correct", "correct", () => choose(target.id));
  button("✕", "drop", () => {
    if (stage.chosen === target.id) choose(null);
    link.say("leave", { ids: [target.id] });
    row.remove();
  });
  return row;
}

function choose(id) {
  stage.chosen = stage.chosen === id ? null : id;
  if (stage.chosen !== null) {
    link.say("pause");
    stage.canvas.focus();
  }
  showHint();
  stage.paint();
  for (const row of get("targets").children) row.classList.toggle("chosen", row.dataset.key === String(stage.chosen));
}

function showHint() {
  get("hint").textContent = !state.points
    ? "This model finds things by itself."
    : stage.chosen !== null
      ? `Draw target ${stage.chosen} where it really is; the tracker learns it anew from there.`
      : "Drag a box around what shall be followed; press “correct” at a target to draw its box anew.";
}

// the server gives one file at a time
function offerDownloads() {
  const ready = state.source !== null && isOnline && !isSaving;
  for (const button of get("downloads").children) button.disabled = !ready || state.frontier < 0;
}

function stateCame(news) {
  state = news;
  const ready = state.source !== null && isOnline;
  stage.enabled = state.points && ready;
  const play = get("play");
  play.classList.toggle("plays", state.playing);
  play.setAttribute("aria-label", state.playing ? "Pause" : "Play");
  for (const id of ["play", "step", "back", "rewind", "seek"]) get(id).disabled = !ready;
  get("new").disabled = !stage.enabled;
  get("seek").min = state.first;
  get("seek").max = Math.max(state.frontier, 0);
  get("record").hidden = !state.live;
  get("record").disabled = !isOnline;
  get("record").setAttribute("aria-pressed", String(state.records));
  get("record-text").textContent = state.records ? "Recording" : "Record";
  get("model").value = state.model;
  for (const id of ["model", "source", "use-camera", "use-file"]) get(id).disabled = !isOnline;
  // how many frames there are may be told after the first of them
  if (stage.shown) showPlace(stage.shown.frame);
  offerDownloads();
  get("save-masks").hidden = state.task !== "segment";
  get("save-boxes").hidden = !state.points;
  if (camera) (state.playing ? camera.start() : camera.pause());
  showHint();
}

link.heard = (header, picture) => {
  if (header.kind === "frame") frameCame(header, picture);
  else if (header.kind === "state") stateCame(header);
  else if (header.kind === "loading") {
    get("model").disabled = true;
    get("hint").textContent = `Loading ${header.model} …`;
  } else if (header.kind === "opened") clear();
  else if (header.kind === "error") {
    complain(header.message);
    if (header.ends) over();
    invite();
  } else if (header.kind === "welcome") welcomed(header);
};

// of what was followed before nothing is left
function clear() {
  stage.clear();
  insights.clear();
  Object.values(charts).forEach((chart) => chart.clear());
  choose(null);
  for (const id of ["place", "fps", "ms", "latency", "dropped"]) get(id).textContent = "–";
}

function welcomed(header) {
  const wasCut = isCut;
  [isOnline, isCut] = [true, false];
  complain("");
  if (header.resumed) {
    camera?.resume(header.pictures);
    link.say("again");
    return;
  }
  camera?.close();
  camera = null;
  begin().then(() => {
    if (wasCut) complain("the server knows no longer what was followed here; choose a source again");
  }).catch((error) => complain(error.message));
}

link.lost = (reason, seconds) => {
  [isOnline, isCut] = [false, true];
  complain(`${reason || "the line to the server is cut"}; it is tried again in ${seconds} s`);
  stateCame({ ...state, playing: false });
};

link.refused = () => {
  complain("the server was started anew and asks for another token; open the address that it has printed");
  over();
};

function over() {
  link.isOver = true;
  isOnline = false;
  camera?.close();
  stateCame({ ...state, playing: false });
}

function emptySays(text, offers = true) {
  get("empty").hidden = false;
  get("empty-text").textContent = text;
  get("empty").querySelector(".choices").hidden = !offers;
}

// not over what is shown already, which stays where nothing came of the new source
function invite() {
  if (state.source) get("empty").hidden = true;
  else emptySays("What shall be followed?");
}

function nameSource(key) {
  source = key;
  get("source").value = [...get("source").options].some((option) => option.value === key) ? key : "";
}

async function open(key) {
  complain("");
  camera?.close();
  camera = null;
  const before = source;
  nameSource(key);
  if (key === "camera") {
    emptySays("Waiting for the camera …", false);
    const one = new Camera((data) => link.push(data), limits.inFlight);
    one.stopped = () => complain("the camera has stopped; choose it again when it is back");
    try {
      await one.open();
    } catch (error) {
      complain(error.message);
      nameSource(before);
      invite();
      return;
    }
    camera = one;
  } else emptySays("Opening …", false);
  link.say("open", { source: key });
}

async function send(file) {
  if (!file) return;
  complain("");
  if (file.size > limits.upload) {
    complain(`the clip is larger than ${limits.upload >> 20} MB; cut it, or make it smaller`);
    return;
  }
  const bar = get("progress");
  bar.hidden = false;
  emptySays("Uploading …", false);
  try {
    await upload(link.session, file, (share) => { bar.value = share; });
    await open("upload");
  } catch (error) {
    complain(error.message);
    invite();
  } finally {
    bar.hidden = true;
    get("file").value = "";
  }
}

async function begin() {
  const offered = await menu();
  limits = offered.limits;
  get("source").replaceChildren(new Option("choose…", ""));
  get("model").replaceChildren();
  emptySays("What shall be followed?");
  clear();
  listTargets([]);
  const add = (value, text) => get("source").add(new Option(text, value));
  add("camera", "this browser's camera");
  add("file", "upload a clip …");
  offered.sources.forEach((one) => add(one.key, one.name));
  const groups = { track: "trackers", segment: "segmenters", detect: "detectors", pose: "poses" };
  for (const [task, label] of Object.entries(groups)) {
    const models = offered.models.filter((model) => model.task === task);
    if (!models.length) continue;
    const group = Object.assign(document.createElement("optgroup"), { label });
    models.forEach((model) => group.append(Object.assign(new Option(model.name, model.name), { title: model.summary })));
    get("model").append(group);
  }
  const { name, points, task } = offered.models[0];
  stateCame({ ...state, source: null, model: name, points, task });
  if (offered.sources[0]?.key === "given") open("given");
}

stage.began = () => link.say("pause");
stage.drawn = (box) => {
  complain("");
  link.say("point", { frame: stage.shown.frame, targets: [{ id: stage.chosen, box }] });
  choose(null);
  if (state.live) link.say("play");
};

const press = {
  play: () => link.say(state.playing ? "pause" : "play"),
  step: () => {
    link.say("step");
    camera?.send();
  },
  back: () => link.say("seek", { frame: Math.max((stage.shown?.frame ?? 0) - 1, 0) }),
  rewind: () => link.say("seek", { frame: 0 }),
  record: () => link.say("record", { on: !state.records }),
  new: () => stage.begin(),
  "use-camera": () => open("camera"),
  "use-file": () => get("file").click(),
};
for (const [id, act] of Object.entries(press)) get(id).addEventListener("click", act);
get("seek").addEventListener("input", (event) => link.say("seek", { frame: Number(event.target.value) }));
get("file").addEventListener("change", (event) => send(event.target.files[0]));
get("model").addEventListener("change", (event) => link.say("choose", { model: event.target.value }));
get("inside").addEventListener("toggle", (event) => link.say("inspect", { on: event.target.open }));
get("source").addEventListener("change", (event) => {
  const key = event.target.value;
  event.target.value = source;
  if (key === "file") get("file").click();
  else if (key) open(key);
});
for (const button of get("downloads").children) {
  button.addEventListener("click", async () => {
    isSaving = true;
    offerDownloads();
    complain("");
    try {
      complain(await download(link.session, button.dataset.kind));
    } catch (error) {
      complain(error.message);
    } finally {
      isSaving = false;
      offerDownloads();
    }
  });
}

const KEYS = { " ": press.play, ".": press.step, ",": press.back, Home: press.rewind, r: press.record, n: press.new };
document.addEventListener("keydown", (event) => {
  if (event.target.closest("select, input, button, summary") || event.ctrlKey || event.metaKey) return;
  const number = Number(event.key);
  const act = KEYS[event.key] ?? (event.key >= "1" && number <= (stage.shown?.targets.length ?? 0)
    ? () => choose(stage.shown.targets[number - 1].id) : null);
  if (!act || !isOnline) return;
  event.preventDefault();
  act();
});

stateCame({ ...state, source: null, model: "" });
link.open();
