// Watches a run that goes on in a terminal: its pictures, how far it is, and where its files are in the end.

import { Link } from "./page/link.js";
import { Stage } from "./page/stage.js";

const get = (id) => document.getElementById(id);
const link = new Link();
const stage = new Stage(get("canvas"));
let isDrawing = false, isPaused = false, isOver = false, isCut = false;
let boxes = [];
let coming = Promise.resolve();

// pictures come drawn on; only boxes that are being drawn are the page's
function targets() {
  return boxes.map((box, id) => ({ box, id }));
}

function frameCame(header, picture) {
  coming = coming.then(async () => {
    const bitmap = await createImageBitmap(picture);
    stage.show(bitmap, { ...header, size: [bitmap.width, bitmap.height], targets: targets() });
    get("empty").hidden = true;
    ask(header.asks);
    for (const id of ["title", "status", "frame"]) get(id).textContent = header[id];
    get("fps").textContent = header.fps ? header.fps.toFixed(1) : "–";
    get("place").textContent = header.of ? `${header.done} of ${header.of}` : `${header.done} frames`;
    get("done").hidden = !header.of;
    if (header.of) get("done").value = header.done / header.of;
    get("pace-row").hidden = !header.remark;
    get("pace").textContent = header.remark;
    document.title = `${header.title} – saccade`;
    link.say("shown");
  }).catch((error) => complain(`a frame could not be shown (${error.message})`));
}

function ask(asks) {
  isDrawing = stage.enabled = asks && !isOver;
  get("start").hidden = get("undo").hidden = !isDrawing;
  get("pause").hidden = isDrawing;
  get("start").disabled = get("undo").disabled = !boxes.length;
  get("hint").textContent = isDrawing ? "Drag a box around each target, then press Follow (Enter)." : "";
}

function drawn(list) {
  boxes = list;
  stage.shown.targets = targets();
  stage.paint();
  ask(isDrawing);
}

function complain(text) {
  get("message").textContent = text;
  get("message").hidden = !text;
}

function ended(header) {
  coming = coming.then(() => {
    over();
    if (header.error) complain(header.error);
    get("ending").hidden = false;
    get("ending-text").textContent = header.text;
    get("folder").textContent = header.folder;
    get("files").replaceChildren(...header.files.map((name) => Object.assign(document.createElement("li"), { textContent: name })));
    link.say("shown");
  });
}

function over() {
  isOver = true;
  ask(false);
  get("pause").disabled = get("stop").disabled = true;
}

const press = {
  stop: () => link.say("stop"),
  pause: () => {
    isPaused = !isPaused;
    get("pause").textContent = isPaused ? "Go on" : "Pause";
    get("pause").setAttribute("aria-pressed", String(isPaused));
    link.say(isPaused ? "pause" : "play");
  },
  start: () => {
    if (!boxes.length) return;
    link.say("draw", { boxes });
    boxes = [];
    ask(false);
  },
  undo: () => drawn(boxes.slice(0, -1)),
};
for (const [id, act] of Object.entries(press)) get(id).addEventListener("click", act);
stage.drawn = (box) => drawn([...boxes, box]);

document.addEventListener("keydown", (event) => {
  if (isOver || event.ctrlKey || event.metaKey || event.target.closest("button")) return;
  const act = isDrawing
    ? { Enter: press.start, Backspace: press.undo, n: () => stage.begin() }[event.key]
    : { " ": press.pause }[event.key];
  const chosen = act ?? { q: press.stop }[event.key];
  if (!chosen) return;
  event.preventDefault();
  chosen();
});

link.heard = (header, picture) => {
  if (isCut) complain("");
  isCut = false;
  if (header.kind === "frame") frameCame(header, picture);
  else if (header.kind === "ended") {
    link.isOver = true;
    ended(header);
  }
};
link.lost = (reason, seconds) => {
  isCut = true;
  complain(`${reason || "the run cannot be reached; the terminal that it was started in says more"}; it is tried again in ${seconds} s`);
};
link.refused = () => {
  complain("the run is over, and something else answers here");
  over();
};
link.open();
