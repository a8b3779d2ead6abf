// Finds a QR code before the tablet's camera. The browser reads it where it can; else the server
// reads a picture at a time, and keeps none.

import { send } from "./api.js";

const EVERY_MS = 350;
const WIDTH = 960;

export class QrFinder {
  #video;
  #stream = null;
  #timer = null;
  #found;
  #failed;
  #reader = null;

  /** `found(text)` is called once; `failed(problem)` where the service refuses the tablet. */
  constructor(video, found, failed) {
    this.#video = video;
    this.#found = found;
    this.#failed = failed;
  }

  /** Ask for the camera; false where there is none or it may not be used. */
  async open() {
    try {
      const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch {
      return false;
    }
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#reader = await readerOfBrowser();
    this.#look(this.#stream);
    return true;
  }

  close() {
    clearTimeout(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }

  async #look(stream) {
    try {
      const text = this.#video.videoWidth > 0 ? await this.#read() : null;
      if (stream !== this.#stream) {
        return;
      }
      if (text) {
        this.close();
        this.#found(text);
        return;
      }
    } catch (problem) {
      if (problem.status === 401 || problem.status === 403) {
        this.#failed(problem);
        return;
      }
      // The next picture comes at once.
    }
    if (stream === this.#stream) {
      this.#timer = setTimeout(() => this.#look(stream), EVERY_MS);
    }
  }

  async #read() {
    if (this.#reader) {
      return (await this.#reader.detect(this.#video))[0]?.rawValue ?? null;
    }
    const content = await this.#picture();
    const answer = await send("POST", "kiosk/pictures", { content, key: null, anonymous: true });
    return answer.text;
  }

  #picture() {
    const share = Math.min(1, WIDTH / this.#video.videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(this.#video.videoWidth * share);
    canvas.height = Math.round(this.#video.videoHeight * share);
    canvas.getContext("2d").drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  }
}

async function readerOfBrowser() {
  try {
    const formats = await globalThis.BarcodeDetector?.getSupportedFormats();
    return formats?.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}
