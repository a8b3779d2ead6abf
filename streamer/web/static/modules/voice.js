// Reads out what the page says, in its language, unless somebody has switched that off.
//
// There is only what the tablet's system brings: without a voice of the language nothing is said.

import { language } from "./texts.js";

const KEPT = "kirdi-voice";
const tag = { kk: "kk-KZ", ru: "ru-RU", en: "en-GB" }[language] ?? language;

export const voiceIsOn = () => localStorage.getItem(KEPT) !== "off";

export function switchVoice(on) {
  localStorage.setItem(KEPT, on ? "on" : "off");
  if (!on) {
    hush();
  }
}

export function hush() {
  globalThis.speechSynthesis?.cancel();
}

export function speak(line) {
  const speech = globalThis.speechSynthesis;
  if (!speech || !voiceIsOn()) {
    return;
  }
  const voice = speech.getVoices().find((one) => one.lang.toLowerCase().startsWith(language));
  if (!voice) {
    return;
  }
  speech.cancel();
  const said = new SpeechSynthesisUtterance(line);
  said.lang = tag;
  said.voice = voice;
  speech.speak(said);
}
