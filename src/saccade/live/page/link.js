// The line to the server: commands go out as text, frames come in as a header and a picture.

const WAITS = [0.5, 1, 2, 4, 8, 15, 30]; // seconds, from one try to the next

export class Link {
  constructor() {
    this.heard = () => {};
    this.lost = () => {};
    this.refused = () => {};
    this.session = null;
    this.tries = 0;
    this.isOver = false;
  }

  // a session that the server still has goes on
  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const resume = this.session ? `?resume=${encodeURIComponent(this.session)}` : "";
    this.socket = new WebSocket(`${scheme}://${location.host}/session${resume}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = (event) => this.take(event.data);
    this.socket.onclose = (event) => this.cut(event.reason);
  }

  // it is tried again, after longer and longer waits
  cut(reason = "") {
    if (this.isOver) return;
    const seconds = WAITS[Math.min(this.tries++, WAITS.length - 1)];
    this.lost(reason, seconds);
    setTimeout(() => this.again(), 1000 * seconds);
  }

  // a WebSocket is not told that a server which was started anew asks for another token; a page is
  async again() {
    const answer = await fetch(".", { method: "HEAD" }).catch(() => null);
    if (this.isOver) return;
    if (answer?.status === 403) {
      this.isOver = true;
      this.refused();
    } else if (answer) this.open();
    else this.cut();
  }

  take(data) {
    let header, picture = null;
    if (typeof data === "string") {
      header = JSON.parse(data);
    } else {
      const length = new DataView(data).getUint32(0);
      header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      if (data.byteLength > 4 + length) picture = new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" });
    }
    this.tries = 0;
    if (header.kind === "welcome") this.session = header.session;
    this.heard(header, picture);
  }

  say(kind, rest = {}) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: kind, ...rest }));
  }

  push(picture) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(picture);
  }
}

export async function menu() {
  const answer = await fetch("menu");
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// fetch tells nothing of how far an upload is
export function upload(session, file, progress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `upload/${session}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status === 200) done();
      else failed(new Error(request.response?.message ?? "the clip was not taken; try another one"));
    };
    request.onerror = () => failed(new Error("the upload broke off; the clip may be too large for this server"));
    request.send(file);
  });
}

// what there is to know about the file, if anything
export async function download(session, kind) {
  const answer = await fetch(`download/${session}/${kind}`);
  if (!answer.ok) throw new Error((await answer.json()).message);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = kind;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return answer.headers.get("saccade-remark") ?? "";
}
