// This browser's camera: JPEGs of it, no more of them on their way than the server has shown to keep up with.

const QUALITY = 0.85;
const LARGEST = 1280;
const KEPT = 24;

export class Camera {
  constructor(push, inFlight) {
    this.push = push;
    this.inFlight = inFlight;
    this.sent = new Map();
    this.running = this.isClosed = false;
    this.turn = 0;
  }

  async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("this browser gives its camera only to pages from https, or from this machine (localhost)");
    }
    try {
      const wish = { video: { facingMode: "environment", width: { ideal: 640 } }, audio: false };
      this.stream = await navigator.mediaDevices.getUserMedia(wish);
    } catch (error) {
      throw new Error(error.name === "NotAllowedError"
        ? "the camera was not allowed; allow it beside the address of this page, and choose it again"
        : "there is no camera that can be used; plug one in, or upload a clip");
    }
    this.video = document.createElement("video");
    this.video.muted = this.video.playsInline = true;
    this.video.srcObject = this.stream;
    await this.video.play();
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
    this.stream.getVideoTracks()[0].onended = () => this.stopped();
    this.count = 0;
    this.answered = -1;
  }

  stopped() {}

  // a telephone that is turned changes the size
  measure() {
    const { videoWidth, videoHeight } = this.video, share = Math.min(1, LARGEST / Math.max(videoWidth, videoHeight));
    const [width, height] = [Math.round(videoWidth * share), Math.round(videoHeight * share)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.answered = this.count - 1;
    this.again(++this.turn);
  }

  again(turn) {
    // a page in the background gets no animation frames, and its camera goes on
    if (this.video.requestVideoFrameCallback && !document.hidden) this.video.requestVideoFrameCallback(() => this.tick(turn));
    else setTimeout(() => this.tick(turn), 33);
  }

  // only the last one that was started goes on
  async tick(turn) {
    if (!this.running || turn !== this.turn) return;
    if (this.count - 1 - this.answered < this.inFlight) await this.send();
    this.again(turn);
  }

  // one picture, also while the page is paused
  async send() {
    this.measure();
    this.context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const picture = await new Promise((done) => this.canvas.toBlob(done, "image/jpeg", QUALITY));
    if (this.isClosed) return;
    const number = this.count++;
    this.sent.set(number, { picture, at: performance.now() });
    this.sent.delete(number - KEPT);
    this.push(picture);
  }

  // what was sent as that frame; all before it have been answered, too
  answer(number) {
    this.answered = Math.max(this.answered, number);
    return this.sent.get(number);
  }

  pause() {
    this.running = false;
  }

  // the line was cut: so many pictures have come, and what else was sent is lost
  resume(count) {
    this.sent.clear();
    this.count = count;
    this.answered = count - 1;
  }

  close() {
    this.running = false;
    this.isClosed = true;
    this.stream?.getTracks().forEach((track) => track.stop());
  }
}
