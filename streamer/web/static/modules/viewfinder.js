// The browser's own camera, and advice about what it sees: the server looks at a picture twice a
// second, keeps none, and says what to do.

import { send } from "./api.js";

const EVERY_MS = 500;
const ADVICE_WIDTH = 640;

export class Viewfinder {
  #video;
  #advised;
  #stream = null;
  #timer = null;

  /** `advised(advice)` is called with what the API says of each picture. */
  constructor(video, advised) {
    this.#video = video;
    this.#advised = advised;
  }

  /** Ask for the camera; false where there is none or it may not be used. */
  async open() {
    try {
      const wanted = { width: { ideal: 1280 }, height: { ideal: 960 }, facingMode: "user" };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch {
      return false;
    }
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#look();
    return true;
  }

  /** The picture as it is now, in full size: a JPEG. */
  take() {
    return this.#picture(this.#video.videoWidth);
  }

  close() {
    clearTimeout(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }

  #picture(width) {
    const share = Math.min(1, width / this.#video.videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(this.#video.videoWidth * share);
    canvas.height = Math.round(this.#video.videoHeight * share);
    canvas.getContext("2d").drawImage(this.#video, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  }

  async #look() {
    try {
      if (!document.hidden && this.#video.videoWidth > 0) {
        this.#advised(await advice(await this.#picture(ADVICE_WIDTH)));
      }
    } catch {
      // The next picture is half a second away.
    }
    if (this.#stream) {
      this.#timer = setTimeout(() => this.#look(), EVERY_MS);
    }
  }
}

/** What the server says of one picture. */
export async function advice(picture) {
  const form = new FormData();
  form.append("photo", picture, "photo.jpg");
  return send("POST", "enrolments/advice", { form, key: null });
}
